//! Messages of `/api/v1/ws`, server to client: the full state first, then changes.

use super::{Camera, StreamStatus};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
// Not so large where pointers have 32 bits.
#[cfg_attr(
    not(target_arch = "wasm32"),
    expect(clippy::large_enum_variant, reason = "the large variant is nearly every message, and messages live for a moment")
)]
pub enum ServerMessage {
    /// The status of one stream, sent for every stream at first and then on change, at least every 2 s while it is not idle.
    StreamStatus {
        camera_id: i64,
        #[serde(flatten)]
        status: StreamStatus,
    },
    /// All cameras in their order: first, and again whenever one was added, changed or removed.
    Cameras { cameras: Vec<Camera> },
    /// Sent every 5 s so that a client knows the line is alive.
    Heartbeat { wallclock_ms: i64 },
}
