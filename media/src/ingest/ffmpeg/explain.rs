//! From the last words of an ffmpeg child to a code and a sentence. The words come masked ([`crate::child`]).

use crate::error::{ErrorCode, StreamError, plainly};
use std::io;
use std::path::Path;
use std::process::ExitStatus;

/// The longest piece of ffmpeg's own words that is shown, in characters.
const QUOTE: usize = 160;

pub(super) fn not_started(program: &Path, error: &io::Error) -> StreamError {
    let message = match error.kind() {
        io::ErrorKind::NotFound => {
            format!("The program {} is not installed. Install ffmpeg (on Debian: apt install ffmpeg) or set its path.", program.display())
        }
        _ => format!("The program {} can't be started: {}.", program.display(), plainly(error)),
    };
    StreamError::new(ErrorCode::FfmpegFailed, message)
}

pub(super) fn no_video() -> StreamError {
    StreamError::new(ErrorCode::NoVideo, "The source has no video. Check its address.")
}

pub(super) fn unsupported_codec(fourcc: &[u8]) -> StreamError {
    let name: String = String::from_utf8_lossy(fourcc).chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    let name = if name.is_empty() { "an unknown kind of".to_owned() } else { name.to_ascii_uppercase() };
    StreamError::new(
        ErrorCode::UnsupportedCodec,
        format!("The source sends {name} video, which can't be shown. Set it to H.264 (or H.265)."),
    )
}

/// What ffmpeg says, in lower case, and what it means.
const SIGNS: &[(&[&str], ErrorCode, &str)] = &[
    (
        &["401 unauthorized", "authorization failed", "403 forbidden", "authentication failed"],
        ErrorCode::AuthFailed,
        "The source refused the user name or password. Check both.",
    ),
    (
        &["404 not found", "no such file or directory", "streamnotfound", "stream not found"],
        ErrorCode::NotFound,
        "The source knows no such path. Check the part of the address after the host.",
    ),
    (
        &["connection refused"],
        ErrorCode::Refused,
        "The host is there, but nothing listens on that port. Check the port, and that the source is switched on.",
    ),
    (
        &["failed to resolve hostname", "name or service not known"],
        ErrorCode::Dns,
        "The host name is not known. Check its spelling, or enter an IP address.",
    ),
    (
        &["no route to host", "network is unreachable", "host is unreachable"],
        ErrorCode::Unreachable,
        "The host can't be reached. Check the address, and that it has power and is on this network.",
    ),
    (&["timed out", "timeout"], ErrorCode::Timeout, "The source did not answer in time. Check the address and port."),
    (&["matches no streams"], ErrorCode::NoVideo, "The source has no video. Check its address."),
    (
        &["gnutls", "openssl", "tls handshake", "ssl routines", "certificate", "tls packet"],
        ErrorCode::Tls,
        "The encrypted connection failed. Check that the source speaks TLS on this port.",
    ),
    (
        &["invalid data found", "error in the received packet", "protocol not found", "not on whitelist", "handshake"],
        ErrorCode::Protocol,
        "What was answered is not the expected kind of stream. Check the address and port.",
    ),
];

/// The child ended by itself.
pub(super) fn ended(status: Option<ExitStatus>, tail: &[String]) -> StreamError {
    let words = tail.join("\n").to_ascii_lowercase();
    for (signs, code, message) in SIGNS {
        if signs.iter().any(|sign| words.contains(sign)) {
            return StreamError::new(*code, *message);
        }
    }
    let last: String = tail.last().map(|line| line.chars().take(QUOTE).collect()).unwrap_or_default();
    match status {
        Some(status) if status.success() => StreamError::new(ErrorCode::Unreachable, "The source ended the stream."),
        _ if last.is_empty() => {
            StreamError::new(ErrorCode::FfmpegFailed, "The video program (ffmpeg) ended unexpectedly. It is started again.")
        }
        _ => StreamError::new(ErrorCode::FfmpegFailed, format!("The video program (ffmpeg) failed: {last}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_words_get_their_code() {
        let code = |line: &str| ended(None, &[line.to_owned()]).code;
        assert_eq!(code("rtmp://***@h/x: Connection refused"), ErrorCode::Refused);
        assert_eq!(code("[rtsp @ 0x1] method DESCRIBE failed: 401 Unauthorized"), ErrorCode::AuthFailed);
        assert_eq!(code("Stream map '0:v:0' matches no streams."), ErrorCode::NoVideo);
        assert_eq!(code("pipe:0: Invalid data found when processing input"), ErrorCode::Protocol);
        assert_eq!(code("something new"), ErrorCode::FfmpegFailed);
    }
}
