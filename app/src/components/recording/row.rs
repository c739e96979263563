//! A recording in the list.

use crate::components::icon::{Glyph, Icon};
use crate::hooks::api::recordings::poster;
use crate::hooks::heartbeat::browser_now_ms;
use crate::hooks::local_time::local_time;
use crate::model::{Recording, RecordingGap};
use crate::state::use_wall;
use crate::text::recordings as words;
use crate::view::number::bytes;
use crate::view::recordings::{address, camera, dark_ms, lasts, length, name, span};
use crate::view::time::parse_rfc3339;
use leptos::prelude::*;

/// When it was, on the viewer's clock. Browser only.
pub fn span_of(recording: &Recording) -> String {
    let local = |at: &str| parse_rfc3339(at).map(local_time);
    let Some(start) = local(&recording.start) else { return String::new() };
    let end = recording.end.as_deref().filter(|_| !recording.runs()).and_then(local);
    // Without a picture it has a beginning only.
    let moment = !recording.runs() && end.is_none_or(|end| end == start);
    if moment { start.clock() } else { span(&start, end.as_ref(), &local_time(browser_now_ms())) }
}

/// One line of the list; `id` is in it.
#[component]
pub fn Row(id: i64, list: RwSignal<Vec<Recording>>, gaps: RwSignal<Vec<RecordingGap>>) -> impl IntoView {
    let wall = use_wall();
    let recording = Memo::new(move |_| list.with(|list| list.iter().find(|one| one.id == id).cloned()));
    let of = move |say: fn(&Recording) -> String| move || recording.with(|one| one.as_ref().map(say));
    let runs = Memo::new(move |_| recording.with(|one| one.as_ref().is_some_and(Recording::runs)));
    let pictured = Memo::new(move |_| recording.with(|one| one.as_ref().is_some_and(|one| one.has_poster)));
    let how_long = move || recording.with(|one| one.as_ref().and_then(|one| lasts(one, wall.server_now())));
    let facts = move || {
        let dark = dark_ms(id, &gaps.read());
        recording.with(|one| one.as_ref().map(|one| facts(one, dark)))
    };
    let tags = move || {
        let said = recording.with(|one| one.as_ref().map(remarks).unwrap_or_default());
        said.into_iter().map(|word| view! { <span class="tag tag--bad">{word}</span> }).collect_view()
    };
    view! {
        <li>
            <a class="card card--link clip" href=address(id)>
                <span class="clip__picture">
                    <Show when=move || pictured.get() fallback=|| view! { <Icon glyph=Glyph::Film /> }>
                        <img src=poster(id) alt="" loading="lazy" decoding="async" />
                    </Show>
                    <span class="clip__length" class:clip__length--runs=move || runs.get()>
                        <Show when=move || runs.get()>
                            <span class="dot" data-tone="bad" aria-hidden="true"></span>
                        </Show>
                        {how_long}
                    </span>
                </span>
                <span class="card__words">
                    <span class="card__title">{of(name)} " " {tags}</span>
                    <span class="card__facts">
                        <Show when=move || runs.get()>
                            <strong class="clip__runs">{words::RUNS}</strong>
                            " · "
                        </Show>
                        {move || recording.with(|one| one.as_ref().filter(|one| !one.title.is_empty()).map(|one| format!("{} · ", camera(one))))}
                        {of(span_of)}
                    </span>
                    <span class="card__facts">{facts}</span>
                </span>
                <span class="card__more" aria-hidden="true">
                    <Icon glyph=Glyph::ChevronRight />
                </span>
            </a>
        </li>
    }
}

/// What is not as one would wish.
fn remarks(recording: &Recording) -> Vec<&'static str> {
    let empty = recording.duration_ms == 0 && !recording.runs();
    [recording.ended_by.and_then(words::ended_early), empty.then_some(words::NO_PICTURE)].into_iter().flatten().collect()
}

fn facts(recording: &Recording, dark_ms: i64) -> String {
    let size = (recording.bytes > 0).then(|| bytes(recording.bytes));
    let dark = (dark_ms >= 1_000).then(|| words::dark(&length(dark_ms)));
    [size, Some(&recording.recorded_by).filter(|who| !who.is_empty()).map(|who| words::recorded_by(who)), dark]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ")
}
