//! Which code and which sentence a failed RTSP session gets.
//!
//! retina's errors are opaque: a status code if the camera answered with one, and a text. The text is read only for the operating
//! system's error number; what else stands in it goes to the debug log, not to people.

use super::diagnose::{Answer, Diagnosis};
use crate::error::{ErrorCode, StreamError};
use std::net::SocketAddr;

/// What was being done when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Describe,
    Setup,
    Play,
    /// Frames were flowing, or should have been.
    Stream,
}

/// A failure that the camera itself named by an RTSP status.
pub(super) fn from_status(stage: Stage, status: u16, has_credentials: bool) -> StreamError {
    let (code, message) = match (status, stage) {
        // A "success" that retina refused: the answer was 200 but its content can't be used.
        (200..=299, Stage::Describe) => (
            ErrorCode::Protocol,
            "The camera describes its stream in a way that can't be read. Try another path or codec setting in the camera.".to_owned(),
        ),
        (200..=299, _) => (
            ErrorCode::Protocol,
            "The camera's answer breaks the RTSP protocol. Try the other transport, or update its firmware.".to_owned(),
        ),
        (401, _) if !has_credentials => (ErrorCode::AuthFailed, "The camera asks for a user name and password. Enter them.".to_owned()),
        (401, _) => (ErrorCode::AuthFailed, "The camera refused the user name or password. Check both.".to_owned()),
        // Not a wrong password, and no login is locked for it: Dahua answers so from the seventh viewer on (AlexxIT/WebRTC#959).
        (403, Stage::Describe) => (
            ErrorCode::SessionLimit,
            "The camera forbids this user to watch the stream (403). Close other programs that watch it, or give the user the right to see live video."
                .to_owned(),
        ),
        (403 | 453 | 503, _) => (
            ErrorCode::SessionLimit,
            format!("The camera serves no more viewers ({status}). Close other programs that watch it, or raise its limit."),
        ),
        (404 | 410, _) => (ErrorCode::NotFound, "The camera knows no such path. Check the part of the address after the host.".to_owned()),
        (461, _) => (ErrorCode::UnsupportedTransport, "The camera takes neither TCP nor UDP for its video.".to_owned()),
        (300..=399, _) => (
            ErrorCode::Protocol,
            format!("The camera redirects to another address ({status}), which is not followed. Enter the final address."),
        ),
        (500..=599, _) => (
            ErrorCode::Protocol,
            format!(
                "The camera reports a fault of its own ({status}). If other programs watch it, it may be at its limit; otherwise restart it."
            ),
        ),
        _ => (
            ErrorCode::Protocol,
            format!("The camera refused the request with RTSP status {status}. Check the path, or try the other transport."),
        ),
    };
    StreamError::new(code, message)
}

/// A failure without a status. `diagnosis` says what was found on the port afterwards; only made while describing.
pub(super) fn from_text(stage: Stage, text: &str, address: SocketAddr, diagnosis: Option<Diagnosis>) -> StreamError {
    if let Some(error) = diagnosis.and_then(|diagnosis| from_diagnosis(diagnosis, address)) {
        return error;
    }
    if stage != Stage::Describe && is_connection_loss(text) {
        let message = match stage {
            Stage::Stream => "The camera closed the connection.",
            _ => "The camera closed the connection while the stream was being opened.",
        };
        return StreamError::new(ErrorCode::Unreachable, message);
    }
    let message = match stage {
        Stage::Stream => "The camera sent something that breaks the stream. It is opened again.",
        _ => "What the camera answered is not valid RTSP. Check the port, or update its firmware.",
    };
    StreamError::new(ErrorCode::Protocol, message)
}

fn from_diagnosis(diagnosis: Diagnosis, address: SocketAddr) -> Option<StreamError> {
    let port = address.port();
    match diagnosis {
        Diagnosis::Unreachable(error) => Some(error),
        Diagnosis::Answered(Answer::Rtsp) => None,
        Diagnosis::Answered(Answer::Http) => Some(StreamError::new(
            ErrorCode::Protocol,
            format!("A web server answers on port {port}, not RTSP. Enter the camera's RTSP port; it is usually 554."),
        )),
        Diagnosis::Answered(Answer::Tls) => Some(StreamError::new(
            ErrorCode::Tls,
            format!(
                "Port {port} expects an encrypted connection. Use rtsps:// with this port, or the camera's plain RTSP port (usually 554)."
            ),
        )),
        Diagnosis::Answered(Answer::Ssh) => Some(StreamError::new(
            ErrorCode::Protocol,
            format!("An SSH server answers on port {port}, not RTSP. Enter the camera's RTSP port; it is usually 554."),
        )),
        Diagnosis::Answered(Answer::Closed) => Some(StreamError::new(
            ErrorCode::Protocol,
            format!("Port {port} accepts connections and closes them at once. Check the port; RTSP is usually on 554."),
        )),
        Diagnosis::Answered(Answer::Other) => Some(StreamError::new(
            ErrorCode::Protocol,
            format!("What answers on port {port} is not RTSP. Enter the camera's RTSP port; it is usually 554."),
        )),
        Diagnosis::Silent => Some(silent(address)),
    }
}

/// The camera asked for a login, got one, and said no more.
pub(super) fn login_unanswered() -> StreamError {
    let message =
        "The camera asked for a user name and password and did not answer them. Check both; if they are right, restart the camera.";
    StreamError::new(ErrorCode::Timeout, message)
}

/// The port is open and nothing is said.
pub(super) fn silent(address: SocketAddr) -> StreamError {
    StreamError::new(
        ErrorCode::Timeout,
        format!("{address} accepts connections but does not answer. Check the port; if it is right, restart the camera."),
    )
}

/// One transport was asked for by the user and the camera refused it.
pub(super) fn only_other_transport(refused: &str, other: &str) -> StreamError {
    StreamError::new(
        ErrorCode::UnsupportedTransport,
        format!("The camera does not send its video over {refused}. Set the transport to {other} or automatic."),
    )
}

pub(super) fn unsupported_codec(name: &str) -> StreamError {
    StreamError::new(
        ErrorCode::UnsupportedCodec,
        format!("The camera sends {name} video, which can't be shown. Set this stream to H.264 (or H.265) in the camera."),
    )
}

pub(super) fn no_video() -> StreamError {
    StreamError::new(ErrorCode::NoVideo, "The stream has no video. Check the path, or switch video on in the camera.")
}

/// The peer went away, as told by the words and error numbers of the standard library (EOF, ECONNRESET, EPIPE, ETIMEDOUT, EHOSTUNREACH …).
fn is_connection_loss(text: &str) -> bool {
    ["EOF while", "EOF ", "(os error 104)", "(os error 32)", "(os error 103)", "(os error 110)", "(os error 113)", "(os error 101)"]
        .iter()
        .any(|sign| text.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_codes_map_to_stable_codes() {
        let code = |stage, status| from_status(stage, status, true).code;
        assert_eq!(code(Stage::Describe, 401), ErrorCode::AuthFailed);
        assert_eq!(code(Stage::Describe, 403), ErrorCode::SessionLimit);
        assert_eq!(code(Stage::Describe, 404), ErrorCode::NotFound);
        assert_eq!(code(Stage::Setup, 403), ErrorCode::SessionLimit);
        assert_eq!(code(Stage::Setup, 453), ErrorCode::SessionLimit);
        assert_eq!(code(Stage::Play, 503), ErrorCode::SessionLimit);
        assert_eq!(code(Stage::Setup, 461), ErrorCode::UnsupportedTransport);
        assert_eq!(code(Stage::Describe, 500), ErrorCode::Protocol);
        assert_eq!(code(Stage::Describe, 302), ErrorCode::Protocol);
    }
}
