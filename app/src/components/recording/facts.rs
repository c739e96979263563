//! What is known about a recording.

use super::row::span_of;
use crate::hooks::heartbeat::browser_now_ms;
use crate::hooks::local_time::{local_time, when};
use crate::model::{Quality, Recording};
use crate::state::use_wall;
use crate::text::recordings as words;
use crate::view::number::bytes;
use crate::view::recordings::{camera, day, lasts, length};
use crate::view::time::parse_rfc3339;
use leptos::prelude::*;

/// `Today, 21:30:12 – 21:31:12`. Browser only.
pub fn moment_of(recording: &Recording) -> String {
    let start = parse_rfc3339(&recording.start).map(local_time);
    let date = start.map(|start| format!("{}, ", day(&start, &local_time(browser_now_ms())))).unwrap_or_default();
    format!("{date}{}", span_of(recording))
}

/// `dark_ms`: without a picture in between. `holds_until`: when the link of whoever looks ends, if they have one. `leads`: the list of the
/// camera's recordings is for whoever looks.
#[component]
pub fn Facts(recording: Memo<Recording>, dark_ms: RwSignal<i64>, holds_until: RwSignal<Option<String>>, leads: bool) -> impl IntoView {
    let wall = use_wall();
    let line = |name: &'static str, say: Signal<Option<String>>| {
        move || {
            say.get().map(|said| {
                view! {
                    <div class="clip-facts__line">
                        <dt>{name}</dt>
                        <dd>{said}</dd>
                    </div>
                }
            })
        }
    };
    let of = move |say: fn(&Recording) -> Option<String>| Signal::derive(move || recording.with(say));
    let long = Signal::derive(move || recording.with(|one| lasts(one, wall.server_now())));
    let dark = Signal::derive(move || (dark_ms.get() >= 1_000).then(|| length(dark_ms.get())));
    let holds = Signal::derive(move || holds_until.with(|at| at.as_deref().map(|at| words::link_ends(&when(at)))));
    let named = Memo::new(move |_| recording.with(camera));
    let list = move || format!("/recordings?camera={}", recording.with(|one| one.camera_id));
    view! {
        <dl class="clip-facts" aria-label=words::FACTS>
            <div class="clip-facts__line">
                <dt>{words::CAMERA}</dt>
                <dd>
                    {move || {
                        if leads { view! { <a href=list>{named.get()}</a> }.into_any() } else { named.get().into_any() }
                    }}
                </dd>
            </div>
            {line(words::FACT_LENGTH, long)} {line(words::FACT_DARK, dark)}
            {line(words::FACT_SIZE, of(|one| (one.bytes > 0).then(|| bytes(one.bytes))))}
            {line(words::FACT_STREAM, of(|one| Some(words::stream(one.quality == Quality::Main).to_owned())))}
            {line(words::FACT_BY, of(|one| Some(one.recorded_by.clone()).filter(|who| !who.is_empty())))}
            {line(words::FACT_END, of(|one| one.ended_by.map(|by| words::ended(by).to_owned())))} {line(words::FACT_LINK, holds)}
        </dl>
    }
}
