//! Names of things: which camera, which of its streams.

use std::fmt;
use std::str::FromStr;

/// A camera's number in the installation. Positive; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CameraId(pub i64);

impl fmt::Display for CameraId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which of a camera's two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Quality {
    /// Full resolution: enlarged view and recording.
    Main,
    /// Small picture: grid tiles, motion detection.
    Sub,
}

impl Quality {
    /// Both qualities, main first.
    pub const ALL: [Quality; 2] = [Quality::Main, Quality::Sub];

    /// The name used in URLs and JSON: `main` or `sub`.
    pub fn as_str(self) -> &'static str {
        match self {
            Quality::Main => "main",
            Quality::Sub => "sub",
        }
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text was neither `main` nor `sub`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stream is called main or sub")]
pub struct UnknownQuality;

impl FromStr for Quality {
    type Err = UnknownQuality;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "main" => Ok(Quality::Main),
            "sub" => Ok(Quality::Sub),
            _ => Err(UnknownQuality),
        }
    }
}

/// The key of everything that is about one stream: there is at most one upstream session per key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamKey {
    pub camera: CameraId,
    pub quality: Quality,
}

impl StreamKey {
    pub fn new(camera: CameraId, quality: Quality) -> Self {
        Self { camera, quality }
    }
}

impl fmt::Display for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.camera, self.quality)
    }
}
