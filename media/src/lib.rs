//! Streams and packaging: everything Nightjar knows about bytes, codecs, time, cameras' protocols and child processes.
//!
//! One upstream session per (camera, quality) is opened by [`ingest`], its access units are muxed once by [`mux`] into CMAF
//! chunks ([`cmaf`]), and the ref-counted chunks are fanned out by [`stream`] to every consumer ([`mse`], [`hls`], [`snapshot`]).
//!
//! What does not belong here: HTTP routes, SQL, users, HTML. Cores are sans-IO (time and bytes are arguments); sockets, files,
//! timers and tokio appear only in the thin shells beside them.

pub mod child;
pub mod clock;
pub mod cmaf;
pub mod codec;
pub mod error;
pub mod hls;
pub mod id;
pub mod ingest;
pub mod mjpeg;
pub mod mse;
pub mod mux;
pub mod record;
pub mod redacted;
pub mod reorder;
pub mod snapshot;
pub mod stream;
pub mod time;
pub mod unit;

pub use error::{ErrorCode, StreamError};
pub use id::{CameraId, Quality, StreamKey};
