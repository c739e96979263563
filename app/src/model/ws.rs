//! Messages of `/api/v1/ws`. Server to client: the full state first, then changes. Client to server: what only a browser can measure.

use super::{Alert, Camera, Incident, Quality, RunningRecording, StreamStatus};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// With which code the server closes a WebSocket, this one or a player's. A browser cannot read the status of a refused upgrade: what is
/// wrong is said by one of these.
pub mod close_code {
    /// Nobody is signed in, or not any more.
    pub const NOT_SIGNED_IN: u16 = 4401;
    /// No such camera or stream, for whoever asks.
    pub const UNKNOWN: u16 = 4404;
    /// The camera is switched off, or its stream has ended.
    pub const NO_STREAM: u16 = 4503;
    /// The server stops (RFC 6455).
    pub const GOING_AWAY: u16 = 1001;
    /// The client does what it may not (RFC 6455).
    pub const POLICY: u16 = 1008;
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The status of one stream, sent for every stream at first and then on change, at least every 2 s while it is not idle.
    StreamStatus {
        camera_id: i64,
        #[serde(flatten)]
        status: StreamStatus,
    },
    /// All cameras in their order: first, and again whenever one was added, changed or removed.
    Cameras { cameras: Vec<Camera> },
    /// An entry of the incident log: when it begins, while it goes on (at most once a second), and when it ends.
    Incident { incident: Incident },
    /// Every camera for which people are asked to look: first, and again whenever one is added or removed.
    Alerts { alerts: Vec<Alert> },
    /// Every camera that is being recorded: first, and again whenever a recording begins or ends.
    Recordings { running: Vec<RunningRecording> },
    /// Sent every 5 s so that a client knows the line is alive.
    Heartbeat { wallclock_ms: i64 },
}

impl ServerMessage {
    /// Reads a message; None for what this version doesn't know. As the derived reader does, but by its type first and then at once:
    /// that one goes through serde's buffer for tagged enums, which costs the browser a second reader for every struct in a message.
    pub fn read(json: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Kind<'a> {
            #[serde(rename = "type", borrow)]
            kind: Cow<'a, str>,
        }
        #[derive(Deserialize)]
        struct Cameras {
            cameras: Vec<Camera>,
        }
        #[derive(Deserialize)]
        struct OfCamera {
            camera_id: i64,
        }
        #[derive(Deserialize)]
        struct OfIncident {
            incident: Incident,
        }
        #[derive(Deserialize)]
        struct Alerts {
            alerts: Vec<Alert>,
        }
        #[derive(Deserialize)]
        struct Recordings {
            running: Vec<RunningRecording>,
        }
        #[derive(Deserialize)]
        struct Heartbeat {
            wallclock_ms: i64,
        }
        let message = match &*part::<Kind>(json)?.kind {
            "stream_status" => Self::StreamStatus { camera_id: part::<OfCamera>(json)?.camera_id, status: part(json)? },
            "cameras" => Self::Cameras { cameras: part::<Cameras>(json)?.cameras },
            "incident" => Self::Incident { incident: part::<OfIncident>(json)?.incident },
            "alerts" => Self::Alerts { alerts: part::<Alerts>(json)?.alerts },
            "recordings" => Self::Recordings { running: part::<Recordings>(json)?.running },
            "heartbeat" => Self::Heartbeat { wallclock_ms: part::<Heartbeat>(json)?.wallclock_ms },
            _ => return None,
        };
        Some(message)
    }
}

/// Some fields of a message.
fn part<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
    serde_json::from_str(json).ok()
}

/// What a page tells on `/api/v1/ws`. Anything else is ignored and counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    /// How old the pictures are that this page shows, every 8 s, at most [`MAX_LATENCIES`] streams a message.
    Latency { streams: Vec<LatencyReport> },
}

/// Streams in one [`ClientMessage::Latency`].
pub const MAX_LATENCIES: usize = 40;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LatencyReport {
    pub camera_id: i64,
    pub quality: Quality,
    /// From the server's receiving the frame to its being on the screen, milliseconds.
    pub ms: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_readers_agree() {
        let messages = [
            ServerMessage::StreamStatus { camera_id: 7, status: StreamStatus::idle(Quality::Sub) },
            ServerMessage::Cameras { cameras: Vec::new() },
            ServerMessage::Alerts { alerts: Vec::new() },
            ServerMessage::Recordings { running: Vec::new() },
            ServerMessage::Heartbeat { wallclock_ms: 1_790_000_000_000 },
        ];
        for message in messages {
            let json = serde_json::to_string(&message).expect("plain data");
            assert_eq!(ServerMessage::read(&json).as_ref(), Some(&message), "{json}");
            assert_eq!(serde_json::from_str::<ServerMessage>(&json).ok(), Some(message));
        }
    }

    #[test]
    fn what_is_not_known_or_not_whole_is_passed_over() {
        for json in ["", "[]", "{}", r#"{"type":"weather"}"#, r#"{"type":"heartbeat"}"#, r#"{"type":"stream_status","camera_id":1}"#] {
            assert_eq!(ServerMessage::read(json), None, "{json}");
        }
        assert_eq!(
            ServerMessage::read(r#"{"wallclock_ms":5,"later":true,"type":"heartb\u0065at"}"#),
            Some(ServerMessage::Heartbeat { wallclock_ms: 5 })
        );
    }
}
