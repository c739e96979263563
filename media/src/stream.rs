//! One supervised stream per [`crate::StreamKey`]: its long task, its status, and the fan-out of its chunks.
//!
//! [`registry::Streams`] is the door: everything else reaches a stream through its [`handle::StreamHandle`]. Decisions are in the
//! sans-IO cores [`policy`], [`breaker`], [`meter`] and [`picture`]; [`supervisor`] is the one task that carries them out.

pub mod breaker;
pub mod handle;
pub mod hub;
mod knock;
pub mod meter;
pub mod picture;
pub mod policy;
pub mod probe;
pub mod registry;
mod session;
pub mod status;
mod supervisor;
#[cfg(test)]
pub(crate) mod testing;

pub use handle::{StreamHandle, Viewer};
pub use policy::{PolicySettings, RecoverOutcome};
pub use probe::ProbeResult;
pub use registry::{StreamConfig, StreamEvent, StreamSettings, Streams, StreamsOptions};
pub use status::{StreamState, StreamStatus, ViewerKind};
