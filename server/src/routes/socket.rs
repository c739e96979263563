//! How WebSockets end: the codes of the contract (`docs/live-protocol.md`) and the last message. Whether a page may open one at all is
//! decided before any route (`middleware::origin`).

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use std::time::Duration;
use tokio::time::timeout;

/// A socket that takes nothing for this long is closed.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// Close codes. A browser cannot read the status of a refused upgrade: what is wrong is said by one of these.
pub mod code {
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

/// What goes with [`code::NOT_SIGNED_IN`].
pub const SIGNED_OUT: &str = "Sign in first.";
/// What goes with [`code::GOING_AWAY`].
pub const STOPPING: &str = "The server is stopping.";

/// Ends a socket with a code and a sentence.
pub async fn close(mut socket: WebSocket, code: u16, reason: &'static str) {
    let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
    // The peer may be gone already; there is nobody to tell.
    let _ = timeout(SEND_TIMEOUT, socket.send(Message::Close(Some(frame)))).await;
}
