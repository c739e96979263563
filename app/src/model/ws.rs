//! Messages of `/api/v1/ws`. Server to client: the full state first, then changes. Client to server: what only a browser can measure.

use super::{Alert, Camera, Incident, Quality, StreamStatus};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The status of one stream, sent for every stream at first and then on change, at least every 2 s while it is not idle.
    StreamStatus {
        camera_id: i64,
        #[serde(flatten)]
        status: StreamStatus,
    },
    /// All cameras in their order: first, and again whenever one was added, changed or removed.
    Cameras { cameras: Vec<Camera> },
    /// An entry of the incident log: when it begins, while it goes on (at most once a second), and when it ends.
    Incident { incident: Incident },
    /// Every camera for which people are asked to look: first, and again whenever one is added or removed.
    Alerts { alerts: Vec<Alert> },
    /// Sent every 5 s so that a client knows the line is alive.
    Heartbeat { wallclock_ms: i64 },
}

/// What a page tells on `/api/v1/ws`. Anything else is ignored and counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    /// How old the pictures are that this page shows, every 8 s, at most [`MAX_LATENCIES`] streams a message.
    Latency { streams: Vec<LatencyReport> },
}

/// Streams in one [`ClientMessage::Latency`].
pub const MAX_LATENCIES: usize = 40;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LatencyReport {
    pub camera_id: i64,
    pub quality: Quality,
    /// From the server's receiving the frame to its being on the screen, milliseconds.
    pub ms: u32,
}
