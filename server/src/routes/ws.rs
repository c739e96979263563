//! `GET /api/v1/ws`: state and its changes, pushed to browsers. The full state first, then what changes.

use crate::bucket::Bucket;
use crate::error::{AppError, AppResult, Kind};
use crate::guard::{Gate, Lost, Permit, SignedIn, Standing, actions_on, visible};
use crate::people::principal::Principal;
use crate::routes::socket::{SEND_TIMEOUT, SIGNED_OUT, STOPPING, close, close_code};
use crate::services::feed;
use crate::services::feed::{About, Told};
use crate::state::AppState;
use app::model::{CameraAction, ClientMessage, MAX_LATENCIES, Role, ServerMessage};
use axum::Router;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::get;
use futures::SinkExt;
use media::id::{CameraId, Quality};
use std::time::{Duration, Instant};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

/// Messages that a page may send at once. A page tells every few seconds what it measures; what is not known is ignored and counted.
const BURST: u32 = 100;
/// Longest message that is looked at; a longer one means nothing here and is ignored …
const KNOWN_BYTES: usize = 4 << 10;
/// … and the connection ends with one that is longer than this.
const TAKEN_BYTES: usize = 64 << 10;
/// In the long run it may send one in this time: beyond, the connection is closed.
const PACE: Duration = Duration::from_secs(1);

pub fn router() -> Router<Gate> {
    Router::new().route("/api/v1/ws", get(connect))
}

async fn connect(permit: Result<Permit<SignedIn>, AppError>, upgrade: WebSocketUpgrade) -> AppResult<Response> {
    let upgrade = upgrade.max_message_size(TAKEN_BYTES).max_frame_size(TAKEN_BYTES);
    let permit = match permit {
        Ok(permit) => permit,
        // A browser cannot read the status of a refused upgrade.
        Err(error) if error.kind() == Kind::NotSignedIn => {
            return Ok(upgrade.on_upgrade(|socket| close(socket, close_code::NOT_SIGNED_IN, SIGNED_OUT)));
        }
        Err(error) => return Err(error),
    };
    let tasks = permit.tasks.clone();
    Ok(upgrade.on_upgrade(move |socket| tasks.track_future(run(socket, permit.state().clone(), permit.standing()))))
}

async fn run(mut socket: WebSocket, state: AppState, mut standing: Standing<SignedIn>) {
    let mut changes = state.feed.subscribe();
    if send_all(&mut socket, full(&state, standing.principal())).await.is_none() {
        return;
    }
    let _counted = state.system.counters.page();
    let mut bucket = Bucket::new(BURST, PACE, Instant::now());
    loop {
        let texts = tokio::select! {
            biased;
            () = state.stopping.cancelled() => return close(socket, close_code::GOING_AWAY, STOPPING).await,
            changed = standing.changed() => match changed {
                Ok(()) => full(&state, standing.principal()),
                Err(Lost::SignedOut | Lost::Gone) => return close(socket, close_code::NOT_SIGNED_IN, SIGNED_OUT).await,
            },
            message = socket.recv() => {
                let understood = match message {
                    Some(Ok(Message::Text(text))) if text.len() > KNOWN_BYTES => false,
                    Some(Ok(Message::Text(text))) => understand(&state, standing.principal(), &text),
                    Some(Ok(Message::Binary(_))) => false,
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => true,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                };
                if !understood {
                    state.system.counters.messages_ignored.add();
                }
                if !bucket.take(Instant::now()) {
                    state.system.counters.pages_flooding.add();
                    return close(socket, close_code::POLICY, "Too many messages.").await;
                }
                continue;
            }
            change = changes.recv() => match change {
                Ok(told) => pending(&state, standing.principal(), told, &mut changes),
                Err(RecvError::Lagged(_)) => {
                    state.system.counters.pages_lagged.add();
                    full(&state, standing.principal())
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
fn understand(state: &AppState, principal: &Principal, text: &str) -> bool {
    let Ok(ClientMessage::Latency { streams }) = serde_json::from_str(text) else { return false };
    streams.len() <= MAX_LATENCIES
        && streams.iter().all(|told| {
            let quality = match told.quality {
                app::model::Quality::Main => Quality::Main,
                app::model::Quality::Sub => Quality::Sub,
            };
            if !watches(state, principal, told.camera_id) {
                return true;
            }
            // A camera that was just deleted is no reason to doubt the rest.
            let Ok(stream) = state.cameras.stream(CameraId(told.camera_id), quality) else { return true };
            state.system.tell_latency(stream.key(), told.ms)
        })
}

/// What has piled up goes out in one flush.
fn pending(state: &AppState, principal: &Principal, first: Told, changes: &mut Receiver<Told>) -> Vec<Utf8Bytes> {
    let mut texts: Vec<_> = text_for(state, principal, first).into_iter().collect();
    while let Ok(told) = changes.try_recv() {
        texts.extend(text_for(state, principal, told));
    }
    texts
}

/// The message as somebody may read it, if they may.
fn text_for(state: &AppState, principal: &Principal, told: Told) -> Option<Utf8Bytes> {
    let admin = principal.role() == Role::Admin;
    match told.about {
        About::Everybody => Some(told.text(true)),
        About::Server => admin.then(|| told.text(true)),
        About::Camera(id) => {
            let actions = actions_on(state, principal, id);
            actions.has(CameraAction::Live).then(|| told.text(actions.has(CameraAction::Audio)))
        }
        About::Cameras if admin => Some(told.text(true)),
        About::Cameras => Some(feed::list(visible(state, principal))),
        About::Alerts if admin => Some(told.text(true)),
        About::Alerts => Some(alerts(state, principal)),
        About::Recordings if admin => Some(told.text(true)),
        About::Recordings => Some(recordings(state, principal)),
    }
}

/// A camera's state, incidents and alerts are for those who may watch it live.
fn watches(state: &AppState, principal: &Principal, camera: i64) -> bool {
    actions_on(state, principal, camera).has(CameraAction::Live)
}

/// The full state, of what somebody may see: cameras and streams, then the alerts and what is being recorded.
fn full(state: &AppState, principal: &Principal) -> Vec<Utf8Bytes> {
    let mut texts = feed::full(&state.cameras, visible(state, principal));
    texts.push(alerts(state, principal));
    texts.push(recordings(state, principal));
    texts
}

fn recordings(state: &AppState, principal: &Principal) -> Utf8Bytes {
    let mut running = state.recordings.running();
    running.retain(|one| watches(state, principal, one.camera_id));
    feed::text(&ServerMessage::Recordings { running })
}

fn alerts(state: &AppState, principal: &Principal) -> Utf8Bytes {
    let mut alerts = state.recovery.alerts();
    alerts.retain(|alert| watches(state, principal, alert.camera_id));
    feed::text(&ServerMessage::Alerts { alerts })
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
