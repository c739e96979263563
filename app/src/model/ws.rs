//! Messages of `/api/v1/ws`, server to client: the full state first, then changes.

use super::{Camera, Incident, StreamStatus};
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
    /// Sent every 5 s so that a client knows the line is alive.
    Heartbeat { wallclock_ms: i64 },
}
