//! How WebSockets end: the codes of the contract (`docs/live-protocol.md`) and the last message. Whether a page may open one at all is
//! decided before any route (`middleware::origin`).

pub use app::model::close_code;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use std::time::Duration;
use tokio::time::timeout;

/// A socket that takes nothing for this long is closed.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// What goes with [`close_code::NOT_SIGNED_IN`].
pub const SIGNED_OUT: &str = "Sign in first.";
/// What goes with [`close_code::GOING_AWAY`].
pub const STOPPING: &str = "The server is stopping.";

/// Ends a socket with a code and a sentence.
pub async fn close(mut socket: WebSocket, code: u16, reason: &'static str) {
    let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
    // The peer may be gone already; there is nobody to tell.
    let _ = timeout(SEND_TIMEOUT, socket.send(Message::Close(Some(frame)))).await;
}
