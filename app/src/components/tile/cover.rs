//! What lies over a tile's picture while it is not live.

use crate::components::icon::{Glyph, Icon};
use crate::components::tile::stage::Stage;
use crate::hooks::{api, role};
use crate::model::{CameraAction, CameraPatch, StreamState};
use crate::state::{Dialog, use_dialogs, use_toasts, use_wall};
use crate::text;
use crate::view::face::{Cover, Face};
use crate::view::time::seconds_until;
use leptos::prelude::*;
use leptos::task::spawn_local;

#[component]
pub fn TileCover(id: i64, #[prop(into)] face: Signal<Face>, stage: Stage) -> impl IntoView {
    move || match face.get().cover {
        Cover::None => ().into_any(),
        Cover::Starting => view! { <div class="tile__starting" aria-hidden="true"></div> }.into_any(),
        Cover::Tap => {
            let tap = move |_| {
                stage.gesture();
            };
            view! {
                <div class="tile__cover">
                    <button type="button" class="tile__tap" aria-label=text::TAP_TO_PLAY on:click=tap>
                        <Icon glyph=Glyph::Play />
                    </button>
                    <p>{text::TAP_TO_PLAY}</p>
                </div>
            }
            .into_any()
        }
        Cover::Reason { sentence, retry_at_ms } => view! { <Reason id sentence retry_at_ms stage /> }.into_any(),
    }
}

/// The plain reason, when it is tried again, and what can be done. How old the picture behind is stands on the plate: it ticks, and
/// whoever listens to the page is not to hear every second.
#[component]
fn Reason(id: i64, sentence: String, retry_at_ms: Option<i64>, stage: Stage) -> impl IntoView {
    let (wall, dialogs) = (use_wall(), use_dialogs());
    let state = Memo::new(move |_| wall.leading(id).map(|seen| seen.status.state));
    let enabled = Memo::new(move |_| wall.camera(id).is_some_and(|camera| camera.enabled));
    let glyph = Signal::derive(move || match state.get() {
        _ if !enabled.get() => Glyph::Power,
        Some(StreamState::AuthBlocked) => Glyph::Lock,
        _ => Glyph::Unplugged,
    });
    // Only while the page runs: the server would render another second than the browser.
    let countdown = move || Some(text::trying_again(seconds_until(retry_at_ms?, wall.server_now()?)));
    view! {
        <div class="tile__cover" role="status">
            <span class="tile__cover-icon">
                <Icon glyph=glyph />
            </span>
            <p class="tile__reason">{sentence} " " <span class="tile__countdown">{countdown}</span></p>
            <div class="tile__remedies">
                <Remedy id state enabled stage />
                <Show when=move || enabled.get()>
                    <button type="button" class="button button--small" on:click=move |_| dialogs.show(Dialog::History(id))>
                        {text::history::WHAT_HAPPENED}
                    </button>
                </Show>
            </div>
        </div>
    }
}

/// The one button that helps.
#[component]
fn Remedy(id: i64, state: Memo<Option<StreamState>>, enabled: Memo<bool>, stage: Stage) -> impl IntoView {
    let (wall, dialogs, toasts) = (use_wall(), use_dialogs(), use_toasts());
    let edits = Memo::new(move |_| wall.may(id, CameraAction::Configure));
    let operates = role::operates();
    let turn_on = move |_| {
        spawn_local(async move {
            let patch = CameraPatch { enabled: Some(true), ..CameraPatch::default() };
            match api::update_camera(id, &patch, true).await {
                Ok(camera) => wall.upsert(camera),
                Err(problem) => toasts.bad(problem.detail),
            }
        });
    };
    let try_now = move |_| {
        let upstream = untrack(|| wall.leading(id)).map(|seen| seen.status);
        stage.refresh();
        if let Some(status) = upstream.filter(|status| status.state != StreamState::Live) {
            spawn_local(async move {
                // Whoever only watches can ask; the server restarts what it finds broken itself.
                let done = if operates { api::restart(id, status.quality).await } else { api::recover(id, status.quality).await.map(drop) };
                if let Err(problem) = done {
                    toasts.bad(problem.detail);
                }
            });
        }
    };
    move || {
        if !edits.get() && (!enabled.get() || state.get() == Some(StreamState::AuthBlocked)) {
            // Only those who may change the camera can do something about it.
            ().into_any()
        } else if !enabled.get() {
            view! {
                <button type="button" class="button button--small" on:click=turn_on>
                    {text::TURN_ON}
                </button>
            }
            .into_any()
        } else if state.get() == Some(StreamState::AuthBlocked) {
            view! {
                <button type="button" class="button button--small" on:click=move |_| dialogs.show(Dialog::Edit(id))>
                    {text::SIGN_IN_AGAIN}
                </button>
            }
            .into_any()
        } else {
            view! {
                <button type="button" class="button button--small" on:click=try_now>
                    {text::TRY_NOW}
                </button>
            }
            .into_any()
        }
    }
}
