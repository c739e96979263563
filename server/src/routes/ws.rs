//! `GET /api/v1/ws`: state and its changes, pushed to browsers. The full state first, then what changes.

use crate::error::AppResult;
use crate::routes::live::same_origin;
use crate::services::feed;
use crate::state::AppState;
use axum::Router;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use futures::SinkExt;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

/// A connection that takes nothing for this long is closed.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// Clients have nothing to say here yet: messages are ignored and counted, and beyond this number the connection is closed.
const MAX_IGNORED: u32 = 100;

pub fn router() -> Router<AppState> {
    Router::new().route("/api/v1/ws", get(connect))
}

async fn connect(State(state): State<AppState>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> AppResult<Response> {
    same_origin(&headers)?;
    let tasks = state.tasks.clone();
    let upgrade = upgrade.max_message_size(4096).max_frame_size(4096);
    Ok(upgrade.on_upgrade(move |socket| tasks.track_future(run(socket, state))))
}

async fn run(mut socket: WebSocket, state: AppState) {
    let mut changes = state.feed.subscribe();
    if send_all(&mut socket, feed::full(&state.cameras)).await.is_none() {
        return;
    }
    let mut ignored = 0;
    loop {
        let texts = tokio::select! {
            biased;
            () = state.stopping.cancelled() => return close(socket, 1001, "The server is stopping.").await,
            message = socket.recv() => {
                match message {
                    Some(Ok(Message::Text(_) | Message::Binary(_))) => ignored += 1,
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                }
                if ignored > MAX_IGNORED {
                    return close(socket, 1008, "Too many messages.").await;
                }
                continue;
            }
            change = changes.recv() => match change {
                Ok(text) => pending(text, &mut changes),
                Err(RecvError::Lagged(_)) => feed::full(&state.cameras),
                Err(RecvError::Closed) => return,
            },
        };
        if send_all(&mut socket, texts).await.is_none() {
            return;
        }
    }
}

/// What has piled up goes out in one flush.
fn pending(first: Utf8Bytes, changes: &mut Receiver<Utf8Bytes>) -> Vec<Utf8Bytes> {
    let mut texts = vec![first];
    while let Ok(text) = changes.try_recv() {
        texts.push(text);
    }
    texts
}

async fn send_all(socket: &mut WebSocket, texts: Vec<Utf8Bytes>) -> Option<()> {
    let sending = async {
        for text in texts {
            socket.feed(Message::Text(text)).await?;
        }
        socket.flush().await
    };
    timeout(SEND_TIMEOUT, sending).await.ok()?.ok()
}

async fn close(mut socket: WebSocket, code: u16, reason: &'static str) {
    let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
    // The peer may be gone already.
    let _ = timeout(SEND_TIMEOUT, socket.send(Message::Close(Some(frame)))).await;
}
