//! `GET /live/{camera}/{quality}/mse`: live view over a WebSocket. The messages are made by [`media::mse`]; here is the socket.

use super::LivePath;
use crate::bucket::Bucket;
use crate::error::{AppError, Kind};
use crate::guard::{Lost, On, Permit, Standing};
use crate::people::principal::deed;
use crate::routes::socket::{SEND_TIMEOUT, SIGNED_OUT, STOPPING, close, close_code};
use crate::services::status;
use app::model::{CameraAction, StreamStatus};
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use futures::SinkExt;
use media::Quality;
use media::mse::{self, ReaderChange, Session};
use media::stream::handle::Viewer;
use media::stream::hub::Item;
use media::stream::status::{StreamState, ViewerKind};
use serde::Serialize;
use std::time::{Duration, Instant};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

/// Unread stream bytes after which a viewer is moved to the next key frame.
const MAX_LAG_BYTES: usize = 4 << 20;
/// Hard limit of bytes in one socket's own write buffer.
const MAX_WRITE_BUFFER: usize = 8 << 20;
/// Pings find dead peers that are paused.
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// Chunks written before the socket is flushed; bounds the time between two looks at the client's messages.
const BATCH: usize = 64;
/// Messages at once that are no commands; a client that sends more is closed.
const MAX_UNKNOWN: u32 = 100;
/// In the long run it may send one in this time, so that a page of an older version is not closed after months.
const UNKNOWN_PACE: Duration = Duration::from_secs(1);

const NOT_THERE: &str = "There is no such camera or stream.";

#[derive(Serialize)]
#[serde(tag = "type", rename = "status")]
struct StatusMessage {
    #[serde(flatten)]
    status: StreamStatus,
}

/// Upgrades to a WebSocket, also where whoever asks is refused: a browser reads the close code only.
pub async fn live(
    permit: Result<Permit<On<deed::Live>>, AppError>,
    path: Result<LivePath, AppError>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Response> {
    // Who asks without a WebSocket can read a status, and learns no more than elsewhere.
    let upgrade = match (upgrade, &permit) {
        (Ok(upgrade), _) => upgrade,
        (Err(_), Err(_)) => return Err(permit.map(drop).into_response()),
        (Err(rejection), Ok(_)) => return Err(rejection.into_response()),
    };
    let upgrade = upgrade.max_message_size(4096).max_frame_size(4096).max_write_buffer_size(MAX_WRITE_BUFFER);
    // A browser cannot read the status of a refused upgrade: what is wrong is said by the close code.
    let permit = match permit {
        Ok(permit) => permit,
        Err(error) if error.kind() == Kind::NotSignedIn => {
            return Ok(upgrade.on_upgrade(|socket| close(socket, close_code::NOT_SIGNED_IN, SIGNED_OUT)));
        }
        Err(_) => return Ok(upgrade.on_upgrade(|socket| close(socket, close_code::UNKNOWN, NOT_THERE))),
    };
    let Ok((handle, quality)) = path.and_then(|path| Ok((path.handle(&permit)?, path.quality))) else {
        return Ok(upgrade.on_upgrade(|socket| close(socket, close_code::UNKNOWN, NOT_THERE)));
    };
    if handle.status().state == StreamState::Disabled {
        return Ok(upgrade.on_upgrade(|socket| close(socket, close_code::NO_STREAM, "This camera is switched off.")));
    }
    let stopping = permit.stopping.clone();
    let tasks = permit.tasks.clone();
    let standing = permit.standing_on_camera();
    Ok(upgrade.on_upgrade(move |socket| {
        tasks.track_future(async move {
            let viewer = handle.join(ViewerKind::Mse);
            run(socket, viewer, quality, standing, stopping).await;
        })
    }))
}

async fn run(mut socket: WebSocket, viewer: Viewer, quality: Quality, mut standing: Standing<On<deed::Live>>, stopping: CancellationToken) {
    let mut reader = viewer.hub().subscribe(MAX_LAG_BYTES);
    let mut statuses = viewer.handle().watch();
    let mut session = Session::new();
    // Nothing was read yet: there is nothing to go on from.
    let _ = session.set_silent(!standing.actions().has(CameraAction::Audio));
    let mut told = None;
    let mut unknown = Bucket::new(MAX_UNKNOWN, UNKNOWN_PACE, Instant::now());
    let mut flooding = false;
    let mut out = Vec::new();
    let mut ping = interval(PING_INTERVAL);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping.tick().await;
    statuses.mark_changed();
    loop {
        tokio::select! {
            biased;
            () = stopping.cancelled() => return close(socket, close_code::GOING_AWAY, STOPPING).await,
            changed = standing.changed() => match changed {
                Ok(()) => {
                    if session.set_silent(!standing.actions().has(CameraAction::Audio)) == ReaderChange::ResumeLive {
                        reader.resume_live();
                    }
                    // The status tells of sound, too.
                    told = None;
                    statuses.mark_changed();
                },
                Err(Lost::SignedOut) => return close(socket, close_code::NOT_SIGNED_IN, SIGNED_OUT).await,
                Err(Lost::Gone) => return close(socket, close_code::UNKNOWN, NOT_THERE).await,
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => match session.command(&text) {
                    Ok(ReaderChange::ResumeLive) => reader.resume_live(),
                    Ok(ReaderChange::None) => {}
                    Err(_) => flooding |= !unknown.take(Instant::now()),
                },
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Binary(_))) => flooding |= !unknown.take(Instant::now()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            changed = statuses.changed() => {
                if changed.is_err() {
                    return close(socket, close_code::UNKNOWN, "The camera was removed.").await;
                }
                let current = statuses.borrow_and_update().clone();
                if current.state == StreamState::Disabled {
                    return close(socket, close_code::NO_STREAM, "This camera was switched off.").await;
                }
                let essence = (current.state, current.error.as_ref().map(|error| (error.error.code, error.next_try_utc_ms)));
                if told.as_ref() != Some(&essence) {
                    told = Some(essence);
                    let shown = StreamStatus { quality: status::quality(quality), ..status::stream_status(&current) };
                    let hears = standing.actions().has(CameraAction::Audio);
                    let shown = if hears { shown } else { shown.without_sound() };
                    let message = StatusMessage { status: shown };
                    out.push(mse::Message::Text(serde_json::to_string(&message).unwrap_or_default()));
                }
            },
            _ = ping.tick() => {
                if timeout(SEND_TIMEOUT, socket.send(Message::Ping(bytes::Bytes::new()))).await.is_err() {
                    return;
                }
            },
            item = reader.next(), if !session.is_paused() => {
                let Some(item) = item else {
                    return close(socket, close_code::NO_STREAM, "The stream has ended.").await;
                };
                batch(&mut session, item, &mut reader, &mut out);
            },
        }
        if flooding {
            return close(socket, close_code::POLICY, "Too many messages that are not commands.").await;
        }
        if !out.is_empty() && !matches!(timeout(SEND_TIMEOUT, send(&mut socket, &mut out)).await, Ok(Ok(()))) {
            return;
        }
    }
}

/// What is in the ring now goes out in one flush.
fn batch(session: &mut Session, first: Item, reader: &mut media::stream::hub::Reader, out: &mut Vec<mse::Message>) {
    session.push(first, out);
    while out.len() < BATCH
        && let Some(item) = reader.try_next()
    {
        session.push(item, out);
    }
}

async fn send(socket: &mut WebSocket, out: &mut Vec<mse::Message>) -> Result<(), axum::Error> {
    for message in out.drain(..) {
        let message = match message {
            mse::Message::Text(text) => Message::Text(text.into()),
            mse::Message::Binary(bytes) => Message::Binary(bytes),
        };
        socket.feed(message).await?;
    }
    socket.flush().await
}
