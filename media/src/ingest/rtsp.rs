//! RTSP by retina.

/// Camera quirks as named settings.
#[derive(Debug, Clone, Default)]
pub struct Quirks {}
