//! RTSP by retina.

/// Camera quirks as named settings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Quirks {}
