//! Words of the health page.

use crate::model::{Quality, StreamState};

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
    if seconds > 0 { format!("in {seconds} s") } else { NOW.to_owned() }
}

/// `2 MSE, 1 HLS`, or that nobody watches.
pub fn viewers(mse: u32, hls: u32, webrtc: u32, mjpeg: u32) -> String {
    let kinds = [(mse, "MSE"), (hls, "HLS"), (webrtc, "WebRTC"), (mjpeg, "MJPEG")];
    let words: Vec<String> = kinds.into_iter().filter(|(count, _)| *count > 0).map(|(count, kind)| format!("{count} {kind}")).collect();
    if words.is_empty() { "nobody".to_owned() } else { words.join(", ") }
}
