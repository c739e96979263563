//! Words of the health page.

use crate::model::{Quality, StreamState};
use crate::view::number::thousands;
use crate::view::time::remaining;

pub const STREAMS: &str = "Streams";
pub const ONLY_TROUBLE: &str = "Only with trouble";
pub const NO_STREAMS: &str = "No cameras yet";
pub const NO_STREAMS_TEXT: &str = "Once a camera is added on the wall, its streams are listed here.";
pub const NO_TROUBLE: &str = "No stream is in trouble now.";
pub const FAILED: &str = "The state of the cameras could not be loaded. It comes as soon as the server answers.";
pub const LOADING: &str = "Loading the state of the cameras";
pub const SORT_BY: &str = "Sort by";
pub const ASCENDING: &str = "Smallest first";
pub const DESCENDING: &str = "Largest first";

// Columns.
pub const COLUMN_CAMERA: &str = "Camera";
pub const COLUMN_STATE: &str = "State";
pub const COLUMN_FPS: &str = "Frame rate";
pub const COLUMN_BITRATE: &str = "Bit rate";
pub const COLUMN_LATENCY: &str = "Latency";
pub const COLUMN_VIDEO: &str = "Video";
pub const COLUMN_LAST_FRAME: &str = "Last frame";
pub const COLUMN_CONNECTED: &str = "Connected";
pub const COLUMN_RECONNECTS: &str = "Reconnects";
pub const COLUMN_DROPPED: &str = "Dropped";
pub const COLUMN_VIEWERS: &str = "Viewers";

// What a live stream shows.
pub const PICTURE_FROZEN: &str = "Live, frozen";
pub const PICTURE_DARK: &str = "Live, dark";

// Details of a row.
pub const DETAIL_REASON: &str = "Why";
pub const DETAIL_SINCE: &str = "In this state for";
pub const DETAIL_NEXT_TRY: &str = "Next attempt";
pub const DETAIL_CODEC: &str = "Codec";
pub const DETAIL_AUDIO: &str = "Sound";
pub const DETAIL_SOURCE: &str = "Carried by";
pub const DETAIL_BYTES: &str = "Received";
pub const DETAIL_VIEWERS: &str = "Viewers by kind";
pub const NO_AUDIO: &str = "none";
pub const NOW: &str = "now";

pub fn details_of(camera: &str, quality: Quality) -> String {
    format!("Details of {camera}, {}", self::quality(quality))
}

pub fn quality(quality: Quality) -> &'static str {
    match quality {
        Quality::Main => "main stream",
        Quality::Sub => "sub stream",
    }
}

/// A state in a word or two.
pub fn state(state: StreamState) -> &'static str {
    match state {
        StreamState::Idle => "Idle",
        StreamState::Connecting => "Connecting",
        StreamState::Live => "Live",
        StreamState::Stalled => "Stalled",
        StreamState::Backoff => "Retrying",
        StreamState::AuthBlocked => "Sign-in refused",
        StreamState::CircuitOpen => "Offline",
        StreamState::Disabled => "Off",
    }
}

/// Beside the heading: how many streams there are and how many give pictures.
pub fn streams_summary(live: usize, all: usize) -> String {
    format!("{live} of {all} live")
}

pub fn trouble_count(count: usize) -> String {
    if count == 0 { ONLY_TROUBLE.to_owned() } else { format!("{ONLY_TROUBLE} ({count})") }
}

/// `key frame every 2.0 s`.
pub fn key_frames(interval: &str) -> String {
    format!("key frame every {interval}")
}

/// `AAC, 16 kHz, mono`.
pub fn audio(codec: &str, rate_hz: u32, channels: u16) -> String {
    let channels = match channels {
        1 => "mono".to_owned(),
        2 => "stereo".to_owned(),
        other => format!("{other} channels"),
    };
    format!("{codec}, {} kHz, {channels}", f64::from(rate_hz) / 1_000.0)
}

pub fn ago(age: &str) -> String {
    format!("{age} ago")
}

pub fn in_seconds(seconds: i64) -> String {
    if seconds > 0 { format!("in {}", remaining(seconds)) } else { NOW.to_owned() }
}

/// `2 MSE, 1 HLS`, or that nobody watches.
pub fn viewers(mse: u32, hls: u32, webrtc: u32, mjpeg: u32) -> String {
    let kinds = [(mse, "MSE"), (hls, "HLS"), (webrtc, "WebRTC"), (mjpeg, "MJPEG")];
    let words: Vec<String> = kinds.into_iter().filter(|(count, _)| *count > 0).map(|(count, kind)| format!("{count} {kind}")).collect();
    if words.is_empty() { "nobody".to_owned() } else { words.join(", ") }
}

// Figures of the server.
pub const SERVER: &str = "Server";
pub const DISK: &str = "Disk";
pub const MEMORY: &str = "Memory";
pub const CPU: &str = "Processor";
pub const DATABASE: &str = "Database";
pub const FILES: &str = "Open files";
pub const TASKS: &str = "Tasks";
pub const CHILDREN: &str = "Child processes";
pub const VIEWERS: &str = "Viewers";
pub const UPTIME: &str = "Running for";
pub const NOT_TOLD: &str = "–";
pub const DISK_SILENT: &str = "the disk does not answer";
pub const DATABASE_SILENT: &str = "no answer";
pub const DATABASE_READ_ONLY: &str = "does not take changes";
pub const NO_LIMIT: &str = "no limit";
pub const NO_CHILDREN: &str = "none needed now";
pub const FIGURES_FAILED: &str = "The figures of the server could not be loaded. They come as soon as it answers.";

pub fn percent(percent: f64) -> String {
    format!("{percent:.0} %")
}

pub fn used(percent: f64) -> String {
    format!("{percent:.0} % used")
}

pub fn free_of(free: &str, total: &str) -> String {
    format!("{free} free of {total}")
}

pub fn machine_uses(percent: f64, total: &str) -> String {
    format!("machine: {percent:.0} % of {total} in use")
}

pub fn of_cores(cores: u32) -> String {
    if cores == 1 { "of 1 core".to_owned() } else { format!("of {cores} cores") }
}

pub fn database_speed(kind: &str, read: &str, write: &str) -> String {
    format!("{kind}, reads in {read}, writes in {write}")
}

pub fn of_limit(limit: u64) -> String {
    format!("of at most {}", thousands(limit))
}

pub fn threads(count: u32) -> String {
    format!("on {count} threads")
}

pub fn watching(count: u32) -> String {
    if count == 0 { "nobody".to_owned() } else { format!("{count} watching") }
}

pub fn pages_open(count: u32) -> String {
    if count == 1 { "1 page open".to_owned() } else { format!("{count} pages open") }
}

pub fn version(version: &str) -> String {
    format!("version {version}")
}

/// Above the figures when they have not come for a while.
pub fn figures_old(age: &str) -> String {
    format!("These figures are {age} old.")
}

// Counted since the start.
pub const COUNTERS: &str = "Counted since the server started";
pub const COUNT_DROPPED: &str = "Frames dropped";
pub const COUNT_RECONNECTS: &str = "Reconnects";
pub const COUNT_LAGGED: &str = "Pages too slow for the changes";
pub const COUNT_IGNORED: &str = "Unknown messages of pages";
pub const COUNT_FLOODING: &str = "Pages cut off for too many messages";
pub const COUNT_LATENCIES: &str = "Delays told by pages";

// Lines of the last hour.
pub const LATENCY_HELP: &str =
    "From the server’s receiving a picture to a viewer’s screen, as the watching pages measure it. Nothing while nobody watches.";

/// What a line says to those who don't see it.
pub fn spark(name: &str, range: Option<(&str, &str)>) -> String {
    match range {
        Some((low, high)) if low == high => format!("{name}: {low} over the last hour"),
        Some((low, high)) => format!("{name}: {low} to {high} over the last hour"),
        None => format!("{name}: nothing measured in the last hour"),
    }
}

// Incident feed.
pub const FEED: &str = "What happened last";
pub const FEED_LOADING: &str = "Loading …";
pub const FEED_EMPTY: &str = "Nothing has gone wrong.";
pub const FEED_FAILED: &str = "The incident log could not be loaded. It comes as soon as the server answers.";

// Diagnostics.
pub const DIAGNOSTICS: &str = "Download diagnostics";
pub const DIAGNOSTICS_TEXT: &str = "The diagnostics are a zip with the states of all streams, the cameras, the last hour, incidents, versions, settings and the newest log lines. No password or key is in it; names and addresses of cameras are.";
