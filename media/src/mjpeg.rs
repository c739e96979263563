//! Motion JPEG for browsers and programs that can play nothing better: one ffmpeg child per stream, started by the first viewer and
//! ended after the last, fed with the stream's own chunks.
//!
//! Every viewer sees the newest picture: a slow one skips pictures, the child never waits for it.

pub mod multipart;
