//! Text messages of the MSE WebSocket, server to client, and its close codes. Parsing only; the binary messages are media and stay opaque.

use super::FailReason;
use crate::model::close_code;
use serde::Deserialize;

/// One text message. What a newer server may add is [`ServerText::Other`], never an error.
#[derive(Debug, Clone, PartialEq)]
pub enum ServerText {
    /// The next binary message is the init segment of this epoch.
    Init {
        /// `video/mp4; codecs="avc1.640028,mp4a.40.2"`.
        mime: String,
        epoch: u64,
    },
    /// The server left out this many frames and went on at a key frame.
    Dropped {
        frames: u64,
    },
    /// The moment at which the server received the frame of this media time.
    Clock {
        /// Seconds on the media timeline (what `currentTime` counts in).
        media_time: f64,
        /// Milliseconds since 1970 UTC by the server's clock.
        wallclock_ms: f64,
    },
    Other,
}

/// All fields of all messages: read at once, without serde's buffer for tagged enums, which weighs more in the browser than all of this.
#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "type")]
    kind: String,
    mime: Option<String>,
    epoch: Option<u64>,
    frames: Option<u64>,
    media_time: Option<f64>,
    wallclock_ms: Option<f64>,
}

/// Reads a text message. None: not JSON, or a known type with missing or absurd fields.
pub fn parse(text: &str) -> Option<ServerText> {
    let Fields { kind, mime, epoch, frames, media_time, wallclock_ms } = serde_json::from_str(text).ok()?;
    Some(match &*kind {
        "init" => ServerText::Init { mime: mime?, epoch: epoch? },
        "dropped" => ServerText::Dropped { frames: frames? },
        "clock" => ServerText::Clock {
            media_time: media_time.filter(|at| at.is_finite())?,
            wallclock_ms: wallclock_ms.filter(|at| at.is_finite())?,
        },
        _ => ServerText::Other,
    })
}

/// What a WebSocket's close code means for the player. `was_open`: the handshake had succeeded.
/// None: the code alone doesn't tell a dead server from a blocked transport, so somebody must ask the server over plain HTTP.
pub fn close_reason(code: u16, was_open: bool) -> Option<FailReason> {
    match code {
        close_code::NOT_SIGNED_IN => Some(FailReason::SignedOut),
        close_code::UNKNOWN => Some(FailReason::Gone),
        close_code::NO_STREAM => Some(FailReason::NoStream),
        // Was open and ended: the server restarts, or the network went.
        _ if was_open => Some(FailReason::Unreachable),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_the_contract_are_read() {
        let init = r#"{"type":"init","mime":"video/mp4; codecs=\"avc1.640028,mp4a.40.2\"","epoch":7,"wallclock_ms":1790000000000}"#;
        assert_eq!(parse(init), Some(ServerText::Init { mime: r#"video/mp4; codecs="avc1.640028,mp4a.40.2""#.into(), epoch: 7 }));
        assert_eq!(parse(r#"{"type":"dropped","frames":12}"#), Some(ServerText::Dropped { frames: 12 }));
        assert_eq!(
            parse(r#"{"type":"clock","media_time":12.5,"wallclock_ms":1790000000000}"#),
            Some(ServerText::Clock { media_time: 12.5, wallclock_ms: 1_790_000_000_000.0 })
        );
    }

    #[test]
    fn unknown_types_are_passed_over_and_garbage_is_none() {
        assert_eq!(parse(r#"{"type":"status","state":"live","fps":25.0}"#), Some(ServerText::Other));
        assert_eq!(parse(r#"{"type":"init"}"#), None);
        assert_eq!(parse(r#"{"type":"clock","media_time":"x","wallclock_ms":1}"#), None);
        assert_eq!(parse("<html>"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn close_codes_tell_final_from_passing() {
        assert_eq!(close_reason(4401, true), Some(FailReason::SignedOut));
        assert_eq!(close_reason(4404, true), Some(FailReason::Gone));
        assert_eq!(close_reason(4503, true), Some(FailReason::NoStream));
        assert_eq!(close_reason(1006, true), Some(FailReason::Unreachable));
        assert_eq!(close_reason(1006, false), None, "a proxy may block WebSockets only");
    }
}
