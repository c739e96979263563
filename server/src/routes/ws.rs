//! `GET /api/v1/ws`: state and its changes, pushed to browsers. The full state first, then what changes.

use crate::bucket::Bucket;
use crate::error::AppResult;
use crate::routes::live::same_origin;
use crate::services::feed;
use crate::state::AppState;
use app::model::{ClientMessage, MAX_LATENCIES};
use axum::Router;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use futures::SinkExt;
use media::id::{CameraId, Quality};
use std::time::{Duration, Instant};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

/// A connection that takes nothing for this long is closed.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// Messages that a page may send at once. A page tells every few seconds what it measures; what is not known is ignored and counted.
const BURST: u32 = 100;
/// In the long run it may send one in this time: beyond, the connection is closed.
const PACE: Duration = Duration::from_secs(1);

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
    if send_all(&mut socket, full(&state)).await.is_none() {
        return;
    }
    let _counted = state.system.counters.page();
    let mut bucket = Bucket::new(BURST, PACE, Instant::now());
    loop {
        let texts = tokio::select! {
            biased;
            () = state.stopping.cancelled() => return close(socket, 1001, "The server is stopping.").await,
            message = socket.recv() => {
                let understood = match message {
                    Some(Ok(Message::Text(text))) => understand(&state, &text),
                    Some(Ok(Message::Binary(_))) => false,
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => true,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                };
                if !understood {
                    state.system.counters.messages_ignored.add();
                }
                if !bucket.take(Instant::now()) {
                    state.system.counters.pages_flooding.add();
                    return close(socket, 1008, "Too many messages.").await;
                }
                continue;
            }
            change = changes.recv() => match change {
                Ok(text) => pending(text, &mut changes),
                Err(RecvError::Lagged(_)) => {
                    state.system.counters.pages_lagged.add();
                    full(&state)
                }
                Err(RecvError::Closed) => return,
            },
        };
        if send_all(&mut socket, texts).await.is_none() {
            return;
        }
    }
}

/// Takes what a page tells. False if it means nothing here.
fn understand(state: &AppState, text: &str) -> bool {
    let Ok(ClientMessage::Latency { streams }) = serde_json::from_str(text) else { return false };
    streams.len() <= MAX_LATENCIES
        && streams.iter().all(|told| {
            let quality = match told.quality {
                app::model::Quality::Main => Quality::Main,
                app::model::Quality::Sub => Quality::Sub,
            };
            // A camera that was just deleted is no reason to doubt the rest.
            let Ok(stream) = state.cameras.stream(CameraId(told.camera_id), quality) else { return true };
            state.system.tell_latency(stream.key(), told.ms)
        })
}

/// The full state: cameras and streams, then the alerts.
fn full(state: &AppState) -> Vec<Utf8Bytes> {
    let mut texts = feed::full(&state.cameras);
    texts.push(feed::text(&state.recovery.alerts_message()));
    texts
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
