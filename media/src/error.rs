//! Why a stream is not live: a stable code for programs and one sentence for people.

use std::fmt;

/// Stable codes of the outside contract (`error.code` of a stream's status, `code` of a refused camera).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// No route, or the host is down.
    Unreachable,
    /// The host answered, the port is closed.
    Refused,
    /// Nothing was answered in time.
    Timeout,
    /// The host name does not resolve.
    Dns,
    /// The camera refused the user name or password.
    AuthFailed,
    /// Two refusals in a row: no further login until the credentials change or 30 minutes pass.
    AuthBlocked,
    /// The camera knows no such path.
    NotFound,
    /// Neither TCP nor UDP was accepted (RTSP 461).
    UnsupportedTransport,
    /// The video codec cannot be carried.
    UnsupportedCodec,
    /// The stream has no video track.
    NoVideo,
    /// What was answered is not the expected protocol, or breaks it.
    Protocol,
    /// The session is open but no frame arrives.
    Stalled,
    /// The camera serves no more sessions (RTSP 453, 503, some 403).
    SessionLimit,
    /// The TLS handshake failed, or TLS was expected or offered where it is not.
    Tls,
    /// The ffmpeg child could not be started or ended by itself.
    FfmpegFailed,
    /// A fault of ours.
    Internal,
}

impl ErrorCode {
    /// The code as it stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::Dns => "dns",
            Self::AuthFailed => "auth_failed",
            Self::AuthBlocked => "auth_blocked",
            Self::NotFound => "not_found",
            Self::UnsupportedTransport => "unsupported_transport",
            Self::UnsupportedCodec => "unsupported_codec",
            Self::NoVideo => "no_video",
            Self::Protocol => "protocol",
            Self::Stalled => "stalled",
            Self::SessionLimit => "session_limit",
            Self::Tls => "tls",
            Self::FfmpegFailed => "ffmpeg_failed",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A failure of a source or stream. `message` is one or two plain sentences that say what to do; it never holds credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StreamError {
    pub code: ErrorCode,
    pub message: String,
}

impl StreamError {
    /// `message`: sentences for people that say what to do, without a secret.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// Nothing, or not enough, was answered within `limit`.
    pub(crate) fn no_answer(limit: std::time::Duration) -> Self {
        let text = format!("The camera did not answer within {} s. Check its address, its power and the network.", limit.as_secs());
        Self::new(ErrorCode::Timeout, text)
    }
}
