//! One stream in the list: a row of numbers, and its details below when it is open.

use super::line::Line;
use super::streams::{Hours, head, newest_latency};
use crate::components::icon::{Glyph, Icon};
use crate::model::{StreamHistory, StreamState, StreamStatus};
use crate::state::wall::Seen;
use crate::state::{Wall, use_wall};
use crate::text::{UNKNOWN, health as text};
use crate::view::face::Tone;
use crate::view::number;
use crate::view::spark::{Spark, dark, spark};
use crate::view::streams::{Column, StreamKey, face, viewers};
use crate::view::time::{age, parse_rfc3339, seconds_until};
use leptos::prelude::*;
use std::sync::Arc;

/// Where a row reads: the stream's status, and its last hour.
#[derive(Clone, Copy)]
struct Source {
    seen: Memo<Option<Seen>>,
    hour: Memo<Option<Arc<StreamHistory>>>,
}

impl Source {
    fn new(wall: Wall, hours: Memo<Hours>, key: StreamKey) -> Self {
        Self {
            seen: Memo::new(move |_| wall.status(key.camera_id, key.quality)),
            hour: Memo::new(move |_| hours.with(|hours| hours.get(&(key.camera_id, key.quality)).cloned())),
        }
    }

    /// Something of the status, if there is one; tracks it.
    fn status<T>(self, read: impl FnOnce(&StreamStatus) -> Option<T>) -> Option<T> {
        self.seen.with(|seen| seen.as_ref().and_then(|seen| read(&seen.status)))
    }

    /// A cell's text, made anew only when it reads differently.
    fn cell(self, read: fn(&StreamStatus) -> Option<String>) -> Memo<String> {
        Memo::new(move |_| self.status(read).unwrap_or_else(|| UNKNOWN.to_owned()))
    }

    /// The line of a number over the hour.
    fn line(self, read: fn(&StreamHistory) -> Vec<Option<f64>>) -> Memo<Option<Spark>> {
        Memo::new(move |_| self.hour.with(|hour| hour.as_ref().map(|hour| spark(&read(hour)))))
    }
}

/// Of a `<tbody>`: a row and perhaps a second one with the details.
#[component]
pub fn StreamRow(key: StreamKey, open: RwSignal<Vec<StreamKey>>, hours: Memo<Hours>) -> impl IntoView {
    let wall = use_wall();
    let source = Source::new(wall, hours, key);
    let is_open = Memo::new(move |_| open.with(|open| open.contains(&key)));
    let face = Memo::new(move |_| source.status(|status| Some(face(status))).unwrap_or((Tone::Off, UNKNOWN)));
    let last_frame = Memo::new(move |_| {
        let age = source.seen.get().and_then(|seen| last_frame(seen, wall.now_ms.get()));
        age.unwrap_or_else(|| UNKNOWN.to_owned())
    });
    let connected = Memo::new(move |_| {
        let since = source.status(|status| parse_rfc3339(status.connected_at.as_deref()?));
        since.zip(wall.server_now()).map_or_else(|| UNKNOWN.to_owned(), |(since, now)| age(now - since))
    });
    let dark_stretches = Memo::new(move |_| source.hour.with(|hour| hour.as_ref().map(|hour| dark(&hour.states)).unwrap_or_default()));
    let latency = Memo::new(move |_| {
        let ms = source.hour.with(|hour| hour.as_ref().and_then(|hour| newest_latency(hour)));
        ms.map_or_else(|| UNKNOWN.to_owned(), |ms| number::latency(f64::from(ms)))
    });
    view! {
        <tbody class="stream" data-tone=move || face.get().0.as_str() class:is-open=move || is_open.get()>
            <tr>
                <NameCell key open is_open />
                <StateCell word=Signal::derive(move || face.get().1) source />
                <Number column=Column::Fps text=source.cell(|status| is_live(status).then(|| number::fps(f64::from(status.fps))))>
                    <Line name=text::COLUMN_FPS words=number::fps spark=source.line(|hour| floats(&hour.fps)) dark=dark_stretches />
                </Number>
                <Number column=Column::Bitrate text=source.cell(|status| is_live(status).then(|| number::bitrate(status.bitrate_kbps)))>
                    <Line name=text::COLUMN_BITRATE words=bitrate spark=source.line(|hour| whole(&hour.bitrate_kbps)) />
                </Number>
                <Number column=Column::Latency text=latency title=text::LATENCY_HELP>
                    <Line name=text::COLUMN_LATENCY words=number::latency spark=source.line(|hour| whole(&hour.latency_ms)) />
                </Number>
                <td class="cell cell--video" data-label=text::COLUMN_VIDEO>
                    <span>{source.cell(video)}</span>
                    <span class="stream__small">{move || source.status(key_frames)}</span>
                </td>
                <Number column=Column::LastFrame text=last_frame />
                <Number column=Column::Connected text=connected />
                <Number column=Column::Reconnects text=source.cell(|status| Some(status.reconnects.to_string()))>
                    <Line name=text::COLUMN_RECONNECTS words=count spark=source.line(|hour| whole(&hour.reconnects)) />
                </Number>
                <Number column=Column::Dropped text=source.cell(|status| Some(status.frames_dropped.to_string())) />
                <Number column=Column::Viewers text=source.cell(|status| Some(viewers(status).to_string())) />
            </tr>
            <Show when=move || is_open.get()>
                <tr class="stream__details">
                    <td colspan=Column::ALL.len()>
                        <Details source />
                    </td>
                </tr>
            </Show>
        </tbody>
    }
}

/// The camera and which of its streams; opens the details.
#[component]
fn NameCell(key: StreamKey, open: RwSignal<Vec<StreamKey>>, is_open: Memo<bool>) -> impl IntoView {
    let wall = use_wall();
    let name = Memo::new(move |_| wall.camera(key.camera_id).map(|camera| camera.name).unwrap_or_default());
    let toggle = move |_| {
        open.update(|open| match open.iter().position(|other| *other == key) {
            Some(place) => {
                open.remove(place);
            }
            None => open.push(key),
        });
    };
    view! {
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
    }
}

#[component]
fn StateCell(word: Signal<&'static str>, source: Source) -> impl IntoView {
    let reason = Memo::new(move |_| source.status(second_line));
    view! {
        <td class="cell cell--state" data-label=text::COLUMN_STATE>
            <span class="stream__state">
                <span class="dot" aria-hidden="true"></span>
                {move || word.get()}
            </span>
            <span class="stream__small" title=move || reason.get()>
                {move || reason.get()}
            </span>
        </td>
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
fn Details(source: Source) -> impl IntoView {
    let wall = use_wall();
    let of = move |read: fn(&StreamStatus) -> Option<String>| move || source.status(read);
    let since = move || {
        let since = source.status(|status| parse_rfc3339(&status.since))?;
        Some(age(wall.server_now()? - since))
    };
    let next = move || {
        let at = source.status(|status| parse_rfc3339(status.error.as_ref()?.next_try_at.as_deref()?))?;
        Some(text::in_seconds(seconds_until(at, wall.server_now()?)))
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
fn last_frame(seen: Seen, now_ms: Option<i64>) -> Option<String> {
    let measured = seen.status.last_frame_age_ms?;
    if seen.status.state == StreamState::Live {
        return Some(number::latency(measured as f64));
    }
    let since = now_ms.zip(seen.at_ms).map_or(0, |(now, at)| (now - at).max(0));
    Some(age(i64::try_from(measured).unwrap_or(i64::MAX).saturating_add(since)))
}
