//! Where somebody is signed in.

use super::Answer;
use crate::hooks::api::admin as api;
use crate::hooks::local_time::when;
use crate::model::{Problem, SessionInfo};
use crate::state::use_toasts;
use crate::text::{admin as words, people};
use crate::view::password::browser;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// `again` counts up when the list must be asked for anew.
#[component]
pub fn Sessions(id: i64, name: Signal<String>, again: RwSignal<u32>) -> impl IntoView {
    let toasts = use_toasts();
    let sessions = RwSignal::new(None::<Result<Vec<SessionInfo>, Problem>>);
    let load = move || {
        spawn_local(async move {
            let answer = api::user_sessions(id).await;
            sessions.try_set(Some(answer));
        });
    };
    Effect::new(move |_| {
        again.track();
        load();
    });
    let end = move |session: String| {
        spawn_local(async move {
            match api::end_user_session(id, &session).await {
                Ok(()) => load(),
                Err(problem) => toasts.bad(problem.detail),
            }
        });
    };
    let end_all = move |_| {
        spawn_local(async move {
            match api::end_user_sessions(id).await {
                Ok(()) => {
                    toasts.good(words::signed_out(&name.get_untracked()));
                    load();
                }
                Err(problem) => toasts.bad(problem.detail),
            }
        });
    };
    let row = move |session: SessionInfo| {
        let what = browser(&session.user_agent);
        let label = people::end_session(&what);
        let key = session.id.clone();
        view! {
            <li class="sessions__row">
                <div>
                    <p>{what} {session.current.then(|| view! { <span class="sessions__here">{people::THIS_ONE}</span> })}</p>
                    <p class="field__hint">{people::session_facts(&session.address, &when(&session.last_seen_at))}</p>
                </div>
                {(!session.current)
                    .then(|| {
                        view! {
                            <button type="button" class="button button--small" aria-label=label on:click=move |_| end(key.clone())>
                                {people::END}
                            </button>
                        }
                    })}
            </li>
        }
    };
    let show = move |sessions: Vec<SessionInfo>| {
        if sessions.is_empty() {
            return view! { <p class="admin__quiet">{words::NO_SESSIONS}</p> }.into_any();
        }
        view! {
            <ul class="sessions">{sessions.into_iter().map(row).collect_view()}</ul>
            <button type="button" class="button" on:click=end_all>
                {words::END_ALL}
            </button>
        }
        .into_any()
    };
    view! { <Answer answer=sessions retry=Callback::new(move |()| load()) show /> }
}
