//! The numbers of a tile's stream, on demand: in a box of fixed width that changes once a second and moves nothing.

use crate::components::tile::stage::Stage;
use crate::model::Quality;
use crate::state::use_wall;
use crate::text::details as text;
use crate::view::number;
use leptos::prelude::*;

/// The latency line's field, in units of its own.
const LINE: (f32, f32) = (180.0, 24.0);

/// A line of the table; empty values stand as a dash so that nothing jumps. `class` says in how small a box it still stands.
fn row(name: &'static str, class: &'static str, value: impl Fn() -> Option<String> + Send + 'static) -> impl IntoView {
    view! {
        <div class=class>
            <dt>{name}</dt>
            <dd>{move || value().unwrap_or_else(|| text::UNKNOWN.to_owned())}</dd>
        </div>
    }
}

/// Always, in tiles of usual size, in large ones.
const ALWAYS: &str = "details__row";
const USUAL: &str = "details__row details__row--usual";
const LARGE: &str = "details__row details__row--large";

/// The numbers of the stream that is in front.
#[component]
pub fn TileDetails(
    id: i64,
    stage: Stage,
    /// Pictures are being presented; without, there is nothing to measure.
    #[prop(into)]
    moving: Signal<bool>,
) -> impl IntoView {
    let wall = use_wall();
    let quality = move || if stage.main_shown.get() { Quality::Main } else { Quality::Sub };
    let status = Memo::new(move |_| wall.status(id, quality()).map(|seen| seen.status));
    let layer = move || stage.front();
    let stats = move || layer().stats.get().filter(|_| moving.get());
    // Read again whenever a measurement came.
    let median = move || {
        layer().stats.track();
        layer().with_history(|history| history.median_ms()).flatten()
    };
    let line = move || {
        layer().stats.track();
        layer().with_history(|history| history.path(LINE.0, LINE.1)).unwrap_or_default()
    };
    let latency = move || Some(number::latency(stats()?.latency_ms?));
    let pictures = move || {
        let sent = status.get().filter(|status| status.fps > 0.0).map(|status| number::fps(f64::from(status.fps)));
        let shown = stats().map(|stats| number::count(stats.fps));
        // Nothing is sent and nothing shown: one dash says it.
        if sent.is_none() && shown.is_none() {
            return None;
        }
        let unknown = || text::UNKNOWN.to_owned();
        Some(text::pictures(&shown.unwrap_or_else(unknown), &sent.unwrap_or_else(unknown)))
    };
    let video = move || {
        let video = status.get()?.video?;
        Some(format!("{} {}×{}", number::codec(&video.codec), video.width, video.height))
    };
    let sound = move || {
        let status = status.get()?;
        Some(match status.audio {
            None => text::NONE.to_owned(),
            Some(audio) if status.sound => number::codec(&audio.codec),
            Some(audio) if audio.codec.starts_with("mp4a") => text::SOUND_SILENT.to_owned(),
            Some(audio) => number::codec(&audio.codec),
        })
    };
    view! {
        <div class="details">
            <p class="details__latency">
                <span class="details__name">{text::LATENCY}</span>
                <strong>{move || latency().unwrap_or_else(|| text::UNKNOWN.to_owned())}</strong>
                <span class="details__median">{move || median().map(|median| text::median(&number::latency(median)))}</span>
            </p>
            <svg class="details__line" viewBox=format!("0 -1 {} {}", LINE.0, LINE.1 + 2.0) preserveAspectRatio="none" role="img" aria-label=text::LATENCY_LINE>
                <path d=line />
            </svg>
            <dl class="details__rows">
                {row(text::PICTURES, ALWAYS, pictures)}
                {row(text::RATE, ALWAYS, move || Some(number::bitrate(status.get().filter(|status| status.fps > 0.0)?.bitrate_kbps)))}
                {row(text::TRANSPORT, ALWAYS, move || Some(stats()?.transport.label().to_owned()))}
                {row(text::DROPPED, ALWAYS, move || Some(stats()?.dropped_frames.to_string()))}
                {row(text::VIDEO, USUAL, video)}
                {row(text::KEY_FRAMES, USUAL, move || Some(number::latency(f64::from(status.get()?.key_frame_interval_ms?))))}
                {row(text::BUFFER, USUAL, move || Some(number::latency(stats()?.buffered_s * 1_000.0)))}
                {row(text::STREAM, USUAL, move || Some(if stage.main_shown.get() { text::MAIN } else { text::SUB }.to_owned()))}
                {row(text::SOURCE, LARGE, move || status.get()?.source)}
                {row(text::SOUND, LARGE, sound)}
                {row(text::RECONNECTS, LARGE, move || Some(status.get()?.reconnects.to_string()))}
            </dl>
        </div>
    }
}
