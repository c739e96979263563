//! The incident feed: what happened last with all cameras and the server, as it happens.

use crate::components::incident_list::IncidentList;
use crate::hooks::api;
use crate::model::{Incident, IncidentQuery};
use crate::state::{use_link, use_wall};
use crate::text::health as text;
use crate::view::history::merged;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// Entries that are shown; a camera's own history has the rest.
const NEWEST: u32 = 50;

#[component]
pub fn Feed() -> impl IntoView {
    let (wall, link) = (use_wall(), use_link());
    let loaded = RwSignal::new(None::<Vec<Incident>>);
    let failed = RwSignal::new(false);
    // Again when the server is back: what happened in between was not pushed.
    Effect::new(move |_| {
        link.returns.track();
        spawn_local(async move {
            let query = IncidentQuery { limit: Some(NEWEST), ..IncidentQuery::default() };
            let answer = api::incidents(None, &query).await;
            // The page may have been left meanwhile.
            failed.try_set(answer.is_err());
            if let Ok(page) = answer {
                loaded.try_set(Some(page));
            }
        });
    });
    let all = Memo::new(move |_| {
        let mut all = merged(loaded.get().unwrap_or_default().into_iter().chain(wall.incidents.get()));
        all.truncate(NEWEST as usize);
        all
    });
    let empty = Memo::new(move |_| all.with(Vec::is_empty));
    let quiet = move || {
        if failed.get() {
            text::FEED_FAILED
        } else if loaded.with(Option::is_none) {
            text::FEED_LOADING
        } else {
            text::FEED_EMPTY
        }
    };
    view! {
        <section class="feed" aria-labelledby="feed-title">
            <h2 id="feed-title">{text::FEED}</h2>
            <Show when=move || !empty.get() fallback=move || view! { <p class="nothing" role="status">{quiet}</p> }>
                <IncidentList incidents=all with_camera=true />
            </Show>
        </section>
    }
}
