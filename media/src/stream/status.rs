//! What is measured about a stream, as everyone outside sees it.

use crate::error::StreamError;
use crate::id::Quality;
use crate::stream::picture::PictureState;

/// Where a stream is in its life. The names in JSON are the snake_case of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StreamState {
    /// Nobody wants it.
    #[default]
    Idle,
    /// A session is being opened, or no key frame has come yet.
    Connecting,
    /// Frames flow.
    Live,
    /// The session is open, but no frame for the stall time.
    Stalled,
    /// Waiting for the next attempt.
    Backoff,
    /// The camera refused the login twice.
    AuthBlocked,
    /// Many failures in a row: attempts go on at a slower pace.
    CircuitOpen,
    /// Switched off by a person.
    Disabled,
}

impl StreamState {
    /// All states.
    pub const ALL: [Self; 8] =
        [Self::Idle, Self::Connecting, Self::Live, Self::Stalled, Self::Backoff, Self::AuthBlocked, Self::CircuitOpen, Self::Disabled];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Stalled => "stalled",
            Self::Backoff => "backoff",
            Self::AuthBlocked => "auth_blocked",
            Self::CircuitOpen => "circuit_open",
            Self::Disabled => "disabled",
        }
    }
}

/// Why the stream is not live, and when something happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusError {
    pub error: StreamError,
    /// Since when it has been failing, ms since 1970 UTC.
    pub since_utc_ms: i64,
    /// When the next attempt starts, ms since 1970 UTC; None while one runs or none is due.
    pub next_try_utc_ms: Option<i64>,
}

/// What kind of consumer holds the stream open; counted per kind in the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ViewerKind {
    Mse,
    Hls,
    Webrtc,
    Mjpeg,
    /// Snapshot, probe, recorder and other inner consumers.
    Internal,
}

/// Viewers by kind (inner consumers are not viewers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ViewerCounts {
    pub mse: u32,
    pub hls: u32,
    pub webrtc: u32,
    pub mjpeg: u32,
}

/// A snapshot of one stream. Everything in it is measured, nothing is bookkeeping of intentions.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamStatus {
    pub quality: Quality,
    pub state: StreamState,
    /// Since when `state` holds, ms since 1970 UTC.
    pub since_utc_ms: i64,
    /// Video frames per second over the last few seconds; 0 when not live.
    pub fps: f32,
    /// Payload of all tracks over the last few seconds, kbit/s.
    pub bitrate_kbps: u32,
    pub video: Option<VideoInfo>,
    pub audio: Option<AudioInfo>,
    /// Announced sound really comes, in a codec that browsers get.
    pub sound: bool,
    /// What the picture looks like from outside; `Ok` while not live.
    pub picture: PictureState,
    /// Since when, ms since 1970 UTC; None while `Ok`.
    pub picture_since_utc_ms: Option<i64>,
    /// Age of the newest video frame when this snapshot was taken.
    pub last_frame_age_ms: Option<u64>,
    /// Time between the last two key frames.
    pub key_frame_interval_ms: Option<u32>,
    pub connected_at_utc_ms: Option<i64>,
    /// Payload bytes over all sessions since the stream was configured.
    pub bytes_received: u64,
    /// Sessions opened after the first.
    pub reconnects: u32,
    /// Frames not delivered: lost on the network, or skipped for slow viewers.
    pub frames_dropped: u64,
    pub viewers: ViewerCounts,
    /// How it is carried, e.g. `RTSP over TCP`.
    pub source: Option<String>,
    /// The camera sleeps to save its battery, which is no failure; the state is `backoff` then, without an error.
    pub asleep: bool,
    pub error: Option<StatusError>,
}

impl StreamStatus {
    /// Nothing measured yet, since `utc_ms`.
    pub fn idle(quality: Quality, utc_ms: i64) -> Self {
        Self {
            quality,
            state: StreamState::Idle,
            since_utc_ms: utc_ms,
            fps: 0.0,
            bitrate_kbps: 0,
            video: None,
            audio: None,
            sound: false,
            picture: PictureState::Ok,
            picture_since_utc_ms: None,
            last_frame_age_ms: None,
            key_frame_interval_ms: None,
            connected_at_utc_ms: None,
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

/// The picture as it comes from the camera: codec by its RFC 6381 name, size in pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoInfo {
    pub codec: String,
    pub width: u32,
    pub height: u32,
}

/// The sound as it comes from the camera: codec by its RFC 6381 name, rate in Hz.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioInfo {
    pub codec: String,
    pub channels: u16,
    pub rate_hz: u32,
}
