//! One stream in the list: a row of numbers, and its details below when it is open.

use super::line::Line;
use super::streams::{Hours, head, newest_latency};
use crate::components::icon::{Glyph, Icon};
use crate::model::{StreamHistory, StreamState, StreamStatus};
use crate::state::use_wall;
use crate::text::{UNKNOWN, health as text};
use crate::view::face::Tone;
use crate::view::number;
use crate::view::spark::{dark, spark};
use crate::view::streams::{Column, StreamKey, face, viewers};
use crate::view::time::{age, parse_rfc3339, seconds_until};
use leptos::prelude::*;

/// Of a `<tbody>`: a row and perhaps a second one with the details.
#[component]
pub fn StreamRow(key: StreamKey, open: RwSignal<Vec<StreamKey>>, hours: Memo<Hours>) -> impl IntoView {
    let wall = use_wall();
    let name = Memo::new(move |_| wall.camera(key.camera_id).map(|camera| camera.name).unwrap_or_default());
    let seen = Memo::new(move |_| wall.status(key.camera_id, key.quality));
    let is_open = Memo::new(move |_| open.with(|open| open.contains(&key)));
    let toggle = move |_| {
        open.update(|open| match open.iter().position(|other| *other == key) {
            Some(place) => {
                open.remove(place);
            }
            None => open.push(key),
        });
    };
    let face = Memo::new(move |_| seen.with(|seen| seen.as_ref().map_or((Tone::Off, UNKNOWN), |seen| face(&seen.status))));
    // One line of text per cell, made anew only when it reads differently.
    let of = move |read: fn(&StreamStatus) -> Option<String>| {
        Memo::new(move |_| seen.with(|seen| seen.as_ref().and_then(|seen| read(&seen.status)).unwrap_or_else(|| UNKNOWN.to_owned())))
    };
    let reason = Memo::new(move |_| seen.with(|seen| seen.as_ref().and_then(|seen| second_line(&seen.status))));
    let last_frame = Memo::new(move |_| last_frame(seen.get()?, wall.now_ms.get()));
    let connected = Memo::new(move |_| {
        let since = parse_rfc3339(seen.with(|seen| seen.as_ref().and_then(|seen| seen.status.connected_at.clone()))?.as_str())?;
        Some(age(wall.server_now()? - since))
    });
    let hour = Memo::new(move |_| hours.with(|hours| hours.get(&(key.camera_id, key.quality)).cloned()));
    let line = move |read: fn(&StreamHistory) -> Vec<Option<f64>>| {
        Memo::new(move |_| hour.with(|hour| hour.as_ref().map(|hour| spark(&read(hour)))))
    };
    let dark_stretches = Memo::new(move |_| hour.with(|hour| hour.as_ref().map(|hour| dark(&hour.states)).unwrap_or_default()));
    let latency = Memo::new(move |_| {
        let ms = hour.with(|hour| hour.as_ref().and_then(|hour| newest_latency(hour)));
        ms.map_or_else(|| UNKNOWN.to_owned(), |ms| number::latency(f64::from(ms)))
    });
    view! {
        <tbody class="stream" data-tone=move || face.get().0.as_str() class:is-open=move || is_open.get()>
            <tr>
                <th scope="row" class="cell cell--camera">
                    <button
                        type="button"
                        class="stream__name"
                        aria-expanded=move || is_open.get().to_string()
                        aria-label=move || text::details_of(&name.get(), key.quality)
                        on:click=toggle
                    >
                        <span class="stream__turn">
                            <Icon glyph=Glyph::ChevronRight />
                        </span>
                        <span class="stream__words">
                            <span class="stream__camera">{move || name.get()}</span>
                            <span class="stream__small">{text::quality(key.quality)}</span>
                        </span>
                    </button>
                </th>
                <td class="cell cell--state" data-label=text::COLUMN_STATE>
                    <span class="stream__state">
                        <span class="dot" aria-hidden="true"></span>
                        {move || face.get().1}
                    </span>
                    <span class="stream__small" title=move || reason.get()>
                        {move || reason.get()}
                    </span>
                </td>
                <Number column=Column::Fps text=of(|status| is_live(status).then(|| number::fps(f64::from(status.fps))))>
                    <Line name=text::COLUMN_FPS words=number::fps spark=line(|hour| floats(&hour.fps)) dark=dark_stretches />
                </Number>
                <Number column=Column::Bitrate text=of(|status| is_live(status).then(|| number::bitrate(status.bitrate_kbps)))>
                    <Line name=text::COLUMN_BITRATE words=bitrate spark=line(|hour| whole(&hour.bitrate_kbps)) />
                </Number>
                <Number column=Column::Latency text=latency title=text::LATENCY_HELP>
                    <Line name=text::COLUMN_LATENCY words=number::latency spark=line(|hour| whole(&hour.latency_ms)) />
                </Number>
                <td class="cell cell--video" data-label=text::COLUMN_VIDEO>
                    <span>{of(video)}</span>
                    <span class="stream__small">{move || seen.with(|seen| seen.as_ref().and_then(|seen| key_frames(&seen.status)))}</span>
                </td>
                <Number column=Column::LastFrame text=Memo::new(move |_| last_frame.get().unwrap_or_else(|| UNKNOWN.to_owned())) />
                <Number column=Column::Connected text=Memo::new(move |_| connected.get().unwrap_or_else(|| UNKNOWN.to_owned())) />
                <Number column=Column::Reconnects text=of(|status| Some(status.reconnects.to_string()))>
                    <Line name=text::COLUMN_RECONNECTS words=count spark=line(|hour| whole(&hour.reconnects)) />
                </Number>
                <Number column=Column::Dropped text=of(|status| Some(status.frames_dropped.to_string())) />
                <Number column=Column::Viewers text=of(|status| Some(viewers(status).to_string())) />
            </tr>
            <Show when=move || is_open.get()>
                <tr class="stream__details">
                    <td colspan=Column::ALL.len()>
                        <Details seen=Signal::from(seen) />
                    </td>
                </tr>
            </Show>
        </tbody>
    }
}

#[component]
fn Number(
    column: Column,
    text: Memo<String>,
    #[prop(optional)] title: Option<&'static str>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <td class=format!("cell cell--number cell--{}", column.as_str()) data-label=head(column) title=title>
            <span>{move || text.get()}</span>
            {children.map(|children| children())}
        </td>
    }
}

fn floats(values: &[Option<f32>]) -> Vec<Option<f64>> {
    values.iter().map(|value| value.map(f64::from)).collect()
}

fn whole(values: &[Option<u32>]) -> Vec<Option<f64>> {
    values.iter().map(|value| value.map(f64::from)).collect()
}

/// Whole numbers went in.
fn bitrate(kbps: f64) -> String {
    number::bitrate(kbps as u32)
}

fn count(number: f64) -> String {
    format!("{number:.0}")
}

/// Everything there is to know of a stream.
#[component]
fn Details(seen: Signal<Option<crate::state::wall::Seen>>) -> impl IntoView {
    let wall = use_wall();
    let of = move |read: fn(&StreamStatus) -> Option<String>| move || seen.with(|seen| seen.as_ref().and_then(|seen| read(&seen.status)));
    let since = move || {
        let since = parse_rfc3339(&seen.with(|seen| seen.as_ref().map(|seen| seen.status.since.clone()))?)?;
        Some(age(wall.server_now()? - since))
    };
    let next = move || {
        let at = seen.with(|seen| seen.as_ref().and_then(|seen| seen.status.error.as_ref()?.next_try_at.clone()))?;
        Some(text::in_seconds(seconds_until(parse_rfc3339(&at)?, wall.server_now()?)))
    };
    view! {
        <dl class="facts">
            <Fact name=text::DETAIL_REASON wide=true value=Signal::derive(of(|status| status.error.as_ref().map(|error| error.message.clone()))) />
            <Fact name=text::DETAIL_NEXT_TRY value=Signal::derive(next) />
            <Fact name=text::DETAIL_SINCE value=Signal::derive(since) />
            <Fact name=text::DETAIL_SOURCE value=Signal::derive(of(|status| status.source.clone())) />
            <Fact name=text::DETAIL_CODEC value=Signal::derive(of(|status| status.video.as_ref().map(|video| video.codec.clone()))) />
            <Fact name=text::DETAIL_AUDIO value=Signal::derive(of(|status| Some(audio(status)))) />
            <Fact name=text::DETAIL_BYTES value=Signal::derive(of(|status| Some(number::bytes(status.bytes_received)))) />
            <Fact
                name=text::DETAIL_VIEWERS
                value=Signal::derive(of(|status| {
                    let counts = status.viewers;
                    Some(text::viewers(counts.mse, counts.hls, counts.webrtc, counts.mjpeg))
                }))
            />
        </dl>
    }
}

/// A name and its value; nothing while there is none.
#[component]
fn Fact(name: &'static str, value: Signal<Option<String>>, #[prop(optional)] wide: bool) -> impl IntoView {
    view! {
        <Show when=move || value.with(Option::is_some)>
            <div class="fact" class:fact--wide=wide>
                <dt>{name}</dt>
                <dd>{move || value.get()}</dd>
            </div>
        </Show>
    }
}

fn is_live(status: &StreamStatus) -> bool {
    matches!(status.state, StreamState::Live | StreamState::Stalled)
}

/// What is wrong, or how the stream is carried if nothing is.
fn second_line(status: &StreamStatus) -> Option<String> {
    status.error.as_ref().map(|error| error.message.clone()).or_else(|| status.source.clone())
}

fn video(status: &StreamStatus) -> Option<String> {
    let video = status.video.as_ref()?;
    Some(format!("{} {}×{}", number::codec(&video.codec), video.width, video.height))
}

fn key_frames(status: &StreamStatus) -> Option<String> {
    Some(text::key_frames(&number::latency(f64::from(status.key_frame_interval_ms?))))
}

fn audio(status: &StreamStatus) -> String {
    match &status.audio {
        Some(audio) => text::audio(&number::codec(&audio.codec), audio.rate_hz, audio.channels),
        None => text::NO_AUDIO.to_owned(),
    }
}

/// The age of the newest frame: as measured while they come, running on while they don't.
fn last_frame(seen: crate::state::wall::Seen, now_ms: Option<i64>) -> Option<String> {
    let measured = seen.status.last_frame_age_ms?;
    if seen.status.state == StreamState::Live {
        return Some(number::latency(measured as f64));
    }
    let since = now_ms.zip(seen.at_ms).map_or(0, |(now, at)| (now - at).max(0));
    Some(age(i64::try_from(measured).unwrap_or(i64::MAX).saturating_add(since)))
}
