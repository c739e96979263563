//! The numbers of a tile's stream, on demand.

use crate::components::tile::layer::Layer;
use crate::model::Quality;
use crate::state::use_wall;
use crate::text;
use crate::view::number;
use leptos::prelude::*;

/// A line of the table; empty values stand as a dash so that nothing jumps.
fn row(name: &'static str, value: impl Fn() -> Option<String> + Send + 'static) -> impl IntoView {
    view! {
        <dt>{name}</dt>
        <dd>{move || value().unwrap_or_else(|| text::UNKNOWN.to_owned())}</dd>
    }
}

/// `main_shown`: the numbers are the main stream's.
#[component]
pub fn TileDetails(id: i64, #[prop(into)] main_shown: Signal<bool>, sub: Layer, main: Layer) -> impl IntoView {
    let wall = use_wall();
    let quality = move || if main_shown.get() { Quality::Main } else { Quality::Sub };
    let status = move || wall.status(id, quality()).map(|seen| seen.status);
    let stats = move || if main_shown.get() { main.stats.get() } else { sub.stats.get() };
    let video = move || {
        let video = status()?.video?;
        Some(format!("{} {}×{}", number::codec(&video.codec), video.width, video.height))
    };
    let audio = move || Some(status()?.audio.map_or_else(|| text::NONE.to_owned(), |audio| number::codec(&audio.codec)));
    view! {
        <dl class="details">
            {row(text::DETAIL_STREAM, move || Some(if main_shown.get() { text::DETAIL_MAIN } else { text::DETAIL_SUB }.to_owned()))}
            {row(text::DETAIL_SOURCE, move || status()?.source)}
            {row(text::DETAIL_VIDEO, video)}
            {row(text::DETAIL_AUDIO, audio)}
            {row(
                text::DETAIL_SENT,
                move || {
                    let status = status()?;
                    Some(format!("{}, {}", number::fps(f64::from(status.fps)), number::bitrate(status.bitrate_kbps)))
                },
            )}
            {row(text::DETAIL_KEY_FRAMES, move || Some(number::latency(f64::from(status()?.key_frame_interval_ms?))))}
            {row(text::DETAIL_TRANSPORT, move || Some(stats()?.transport.label().to_owned()))}
            {row(text::DETAIL_SHOWN, move || Some(number::fps(stats()?.fps)))}
            {row(text::DETAIL_LATENCY, move || Some(number::latency(stats()?.latency_ms?)))}
            {row(text::DETAIL_BUFFER, move || Some(number::latency(stats()?.buffered_s * 1_000.0)))}
            {row(text::DETAIL_DROPPED, move || Some(stats()?.dropped_frames.to_string()))}
            {row(text::DETAIL_RECONNECTS, move || Some(status()?.reconnects.to_string()))}
        </dl>
    }
}
