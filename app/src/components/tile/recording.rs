//! Recording by hand: the mark on a tile, and what starts and stops it.

use crate::hooks::api;
use crate::model::{CameraAction, RunningRecording};
use crate::state::{Toasts, Wall, use_wall};
use crate::text::recordings as words;
use crate::view::recordings::{address, length};
use crate::view::time::parse_rfc3339;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// On the tile of a camera that is being recorded, with how long.
#[component]
pub fn RecordingMark(id: i64) -> impl IntoView {
    let wall = use_wall();
    let running = Memo::new(move |_| wall.recording(id));
    move || {
        running.get().map(|running| {
            let start = parse_rfc3339(&running.start);
            let lasts = move || start.zip(wall.server_now()).map(|(start, now)| length(now - start));
            view! {
                <p class="tile__rec" title=words::BEING_RECORDED>
                    <span class="dot" data-tone="bad" aria-hidden="true"></span>
                    <span class="visually-hidden">{words::BEING_RECORDED}</span>
                    <span aria-hidden="true">{words::MARK} " " {lasts}</span>
                </p>
            }
        })
    }
}

/// Starts a camera's recording, or ends the one that `running` says, as the button that was pressed said; and says so.
pub fn toggle(wall: Wall, toasts: Toasts, id: i64, running: Option<RunningRecording>) {
    let Some(camera) = untrack(|| wall.camera(id)) else { return };
    // Somebody else has ended it, and perhaps begun another one, while the menu was open.
    if running.is_some() && untrack(|| wall.recording(id)).map(|now| now.recording_id) != running.as_ref().map(|then| then.recording_id) {
        return toasts.good(words::stopped(&camera.name));
    }
    spawn_local(async move {
        let done = match running {
            None => api::start_recording(id).await.map(|()| toasts.good_long(words::started(&camera.name))),
            Some(running) => api::stop_recording(id).await.map(|()| {
                let ended = words::stopped(&camera.name);
                if camera.may(CameraAction::Playback) {
                    toasts.good_at(ended, words::WATCH, address(running.recording_id));
                } else {
                    toasts.good(ended);
                }
            }),
        };
        if let Err(problem) = done {
            toasts.bad(problem.detail);
        }
    });
}
