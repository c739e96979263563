//! A camera's history: how much of the week it could be seen, a strip of the last day or week, and what happened in plain words.

mod strip;
mod week;

use crate::components::incident_list::IncidentList;
use crate::components::modal::Modal;
use crate::hooks::api;
use crate::model::{Incident, IncidentQuery};
use crate::state::{use_dialogs, use_link, use_wall};
use crate::text::history as words;
use crate::view::history::merged;
use leptos::prelude::*;
use leptos::task::spawn_local;
use strip::Strip;
use week::Week;

/// Entries that are asked for at once.
const PAGE: u32 = 30;

#[component]
pub fn HistoryDialog(id: i64) -> impl IntoView {
    let (wall, dialogs, link) = (use_wall(), use_dialogs(), use_link());
    let name = Memo::new(move |_| wall.camera(id).map(|camera| camera.name).unwrap_or_default());
    let pushed = Memo::new(move |_| {
        wall.incidents.with(|all| all.iter().filter(|incident| incident.camera_id == Some(id)).cloned().collect::<Vec<_>>())
    });
    // Strip and week are asked for again when an incident begins or ends, and when the server is back.
    let news = Memo::new(move |_| {
        let ends = pushed.with(|all| all.iter().map(|incident| (incident.id, incident.ended_at.is_some())).collect::<Vec<_>>());
        (link.returns.get(), ends)
    });
    let again = Signal::derive(move || {
        news.track();
    });
    view! {
        <Modal
            title=Signal::derive(move || words::title(&name.get()))
            wide=true
            on_close=Callback::new(move |()| dialogs.open.set(None))
        >
            <div class="modal__body history">
                <Week id again />
                <Strip id again />
                <Entries id pushed />
            </div>
        </Modal>
    }
}

/// The list: what was stored, and what is pushed while it is looked at.
#[component]
fn Entries(id: i64, pushed: Memo<Vec<Incident>>) -> impl IntoView {
    let link = use_link();
    let loaded = RwSignal::new(None::<Vec<Incident>>);
    let (more, busy, failure) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(None::<String>));
    let load = move |before: Option<i64>| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let query = IncidentQuery { before, limit: Some(PAGE), ..IncidentQuery::default() };
            let answer = api::incidents(Some(id), &query).await;
            // The dialog may have been closed meanwhile.
            busy.try_set(false);
            match answer {
                Ok(page) => {
                    failure.try_set(None);
                    let full = page.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
                    if before.is_some() || loaded.try_with_untracked(Option::is_none) == Some(true) {
                        more.try_set(full);
                    }
                    loaded.try_update(|loaded| *loaded = Some(merged(loaded.take().unwrap_or_default().into_iter().chain(page))));
                }
                Err(problem) => drop(failure.try_set(Some(problem.detail))),
            }
        });
    };
    Effect::new(move |_| {
        link.returns.track();
        load(None);
    });
    let all = Memo::new(move |_| merged(loaded.get().unwrap_or_default().into_iter().chain(pushed.get())));
    let oldest = move || loaded.with_untracked(|loaded| loaded.as_ref().and_then(|loaded| loaded.iter().map(|one| one.id).min()));
    let empty = Memo::new(move |_| all.with(Vec::is_empty));
    view! {
        <section class="history__part" aria-labelledby="history-list">
            <h3 id="history-list">{words::INCIDENTS}</h3>
            <Show when=move || !empty.get()>
                <IncidentList incidents=all />
            </Show>
            {move || {
                if let Some(sentence) = failure.get() {
                    view! {
                        <p class="complaint" role="alert">
                            {sentence}
                        </p>
                        <button type="button" class="button" on:click=move |_| load(oldest())>
                            {crate::text::TRY_AGAIN}
                        </button>
                    }
                        .into_any()
                } else if loaded.with(Option::is_none) {
                    view! { <p class="history__quiet" role="status">{words::LOADING}</p> }.into_any()
                } else if empty.get() {
                    view! { <p class="history__quiet">{words::NO_INCIDENTS}</p> }.into_any()
                } else if more.get() {
                    view! {
                        <button type="button" class="button history__more" disabled=move || busy.get() on:click=move |_| load(oldest())>
                            {move || if busy.get() { words::LOADING } else { words::MORE }}
                        </button>
                    }
                        .into_any()
                } else {
                    ().into_any()
                }
            }}
        </section>
    }
}
