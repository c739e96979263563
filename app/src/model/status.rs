//! The status of a stream.

use super::Quality;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StreamState {
    Idle,
    Connecting,
    Live,
    Stalled,
    Backoff,
    AuthBlocked,
    CircuitOpen,
    Disabled,
}

/// What a live picture looks like from outside, judged by the sizes and repetitions of its coded frames.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PictureState {
    /// Nothing remarkable.
    #[default]
    Ok,
    /// The camera sends the same picture again and again.
    Frozen,
    /// Next to nothing is to be seen: night without light, or a covered lens. Not an error.
    Dark,
}

/// The picture as it comes from the camera.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct VideoInfo {
    /// RFC 6381.
    pub codec: String,
    pub width: u32,
    pub height: u32,
}

/// The sound as it comes from the camera.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AudioInfo {
    pub codec: String,
    pub channels: u16,
    pub rate_hz: u32,
}

/// Who takes the stream now, by transport.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ViewerCounts {
    pub mse: u32,
    pub hls: u32,
    pub webrtc: u32,
    pub mjpeg: u32,
}

/// Why the stream is not live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StreamError {
    /// Stable code, see the API page.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    pub since: String,
    pub next_try_at: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StreamStatus {
    pub quality: Quality,
    pub state: StreamState,
    pub since: String,
    pub fps: f32,
    pub bitrate_kbps: u32,
    pub video: Option<VideoInfo>,
    pub audio: Option<AudioInfo>,
    /// The announced sound really comes, in a codec that browsers get.
    #[serde(default)]
    pub sound: bool,
    /// Always `ok` while not live.
    #[serde(default)]
    pub picture: PictureState,
    /// Since when the picture is frozen or dark.
    #[serde(default)]
    pub picture_since: Option<String>,
    pub last_frame_age_ms: Option<u64>,
    pub key_frame_interval_ms: Option<u32>,
    pub connected_at: Option<String>,
    pub bytes_received: u64,
    pub reconnects: u32,
    pub frames_dropped: u64,
    pub viewers: ViewerCounts,
    /// `RTSP over TCP`, …
    pub source: Option<String>,
    /// The camera sleeps to save its battery (setting `stream.sleep_prone`): `state` is `backoff` then, and `error` is null.
    #[serde(default)]
    pub asleep: bool,
    pub error: Option<StreamError>,
}

impl StreamStatus {
    /// The same for somebody who may not hear the camera.
    #[must_use]
    pub fn without_sound(self) -> Self {
        Self { audio: None, sound: false, ..self }
    }

    /// Nothing measured, nothing wanted.
    pub fn idle(quality: Quality) -> Self {
        Self {
            quality,
            state: StreamState::Idle,
            since: String::new(),
            fps: 0.0,
            bitrate_kbps: 0,
            video: None,
            audio: None,
            sound: false,
            picture: PictureState::Ok,
            picture_since: None,
            last_frame_age_ms: None,
            key_frame_interval_ms: None,
            connected_at: None,
            bytes_received: 0,
            reconnects: 0,
            frames_dropped: 0,
            viewers: ViewerCounts::default(),
            source: None,
            asleep: false,
            error: None,
        }
    }
}
