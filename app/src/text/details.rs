//! The words of the details overlay: short, they stand in a small box.

pub use super::UNKNOWN;

pub const STREAM: &str = "Stream";
pub const MAIN: &str = "Main";
pub const SUB: &str = "Sub";
pub const TRANSPORT: &str = "Player";
pub const VIDEO: &str = "Video";
pub const SOUND: &str = "Sound";
pub const SOUND_SILENT: &str = "announced, not sent";
pub const PICTURES: &str = "Pictures";
pub const RATE: &str = "Rate";
pub const LATENCY: &str = "Latency";
pub const LATENCY_LINE: &str = "Latency over the last three minutes";
pub const BUFFER: &str = "Buffer";
pub const DROPPED: &str = "Dropped";
pub const SOURCE: &str = "Source";
pub const KEY_FRAMES: &str = "Key frames";
pub const RECONNECTS: &str = "Reconnects";
pub const NONE: &str = "none";

/// Shown and sent per second: `25 of 25 fps`.
pub fn pictures(shown: &str, sent: &str) -> String {
    format!("{shown} of {sent}")
}

/// The median of the last minute behind the latency of now.
pub fn median(latency: &str) -> String {
    format!("median {latency}")
}
