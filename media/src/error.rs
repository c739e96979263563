//! Why a stream is not live: a stable code for programs and one sentence for people.

use std::{fmt, io};

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

/// What the operating system refused, in plain words that can end a sentence: "there is no route to it". Never its error number.
pub fn plainly(error: &io::Error) -> String {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::HostUnreachable => "there is no route to it",
        Kind::NetworkUnreachable => "there is no route to its network",
        Kind::NetworkDown => "this machine's network is down",
        Kind::ConnectionRefused => "it refused the connection",
        Kind::ConnectionReset => "the connection was reset",
        Kind::ConnectionAborted | Kind::BrokenPipe | Kind::UnexpectedEof | Kind::NotConnected => "the connection was closed",
        Kind::TimedOut => "it did not answer in time",
        Kind::AddrNotAvailable => "this machine has no such address",
        Kind::AddrInUse => "another program uses it",
        Kind::PermissionDenied => "it is not permitted",
        Kind::NotFound => "there is no such file",
        _ => {
            // "Bad file descriptor (os error 9)": without the number it says as much.
            let text = error.to_string();
            let words = text.split(" (os error ").next().unwrap_or_default();
            let mut letters = words.chars();
            return letters.next().map_or_else(|| "it failed".to_owned(), |first| first.to_lowercase().chain(letters).collect());
        }
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_number_reaches_a_person() {
        // Every number of Linux.
        for number in 0..=133 {
            let words = plainly(&io::Error::from_raw_os_error(number));
            assert!(!words.is_empty() && !words.contains("os error") && !words.ends_with('.'), "{number}: {words}");
        }
        let told = |number| plainly(&io::Error::from_raw_os_error(number));
        assert_eq!(told(113), "there is no route to it");
        assert_eq!(told(101), "there is no route to its network");
        assert_eq!(told(111), "it refused the connection");
        assert_eq!(told(104), "the connection was reset");
        assert_eq!(told(9), "bad file descriptor");
        assert_eq!(plainly(&io::Error::other("")), "it failed");
    }
}
