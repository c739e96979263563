//! The live state that browsers follow: the list of cameras and every stream's status, as ready-made JSON texts that all connections share.
//!
//! What does not belong here: the connection itself (`routes::ws`), measuring (`media::stream`).

use crate::services::cameras::Cameras;
use app::model::{Camera, CameraAction, PictureState, Quality, ServerMessage, StreamError, StreamState, StreamStatus, VideoInfo};
use axum::extract::ws::Utf8Bytes;
use media::stream::registry::Streams;
use media::time::Stamp;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// Texts that a slow connection may be behind; beyond, it gets the full state again.
const BACKLOG: usize = 1024;
/// How often measurements are looked at.
const SWEEP: Duration = Duration::from_millis(500);
/// How often the measurements of a stream that is not idle are sent while nothing else changes.
const REFRESH: Duration = Duration::from_secs(2);
/// How often a sign of life is sent.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Made once; connections subscribe.
#[derive(Debug, Clone)]
pub struct Feed {
    told: broadcast::Sender<Told>,
}

/// A message, ready to be sent to whoever may know.
#[derive(Debug, Clone)]
pub struct Told {
    pub about: About,
    /// Of [`About::Cameras`], [`About::Alerts`] and [`About::Recordings`]: as those read it who see everything.
    text: Utf8Bytes,
    /// For those who may not hear the camera, where that makes a difference.
    silent: Option<Utf8Bytes>,
}

impl Told {
    /// As it is read by somebody who may know of it; `hears`: also of the camera's sound.
    pub fn text(self, hears: bool) -> Utf8Bytes {
        if hears { self.text } else { self.silent.unwrap_or(self.text) }
    }
}

/// What a message is about, for the question who may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The list of cameras, which is another for everybody.
    Cameras,
    /// The alerts, which are others for everybody.
    Alerts,
    /// The recordings that run, which are others for everybody.
    Recordings,
    /// One camera.
    Camera(i64),
    /// The server.
    Server,
    /// Everybody: signs of life.
    Everybody,
}

impl About {
    fn of(message: &ServerMessage) -> Self {
        match message {
            ServerMessage::StreamStatus { camera_id, .. } => Self::Camera(*camera_id),
            ServerMessage::Cameras { .. } => Self::Cameras,
            ServerMessage::Incident { incident } => incident.camera_id.map_or(Self::Server, Self::Camera),
            ServerMessage::Alerts { .. } => Self::Alerts,
            ServerMessage::Recordings { .. } => Self::Recordings,
            ServerMessage::Heartbeat { .. } => Self::Everybody,
        }
    }
}

/// What makes a status worth telling at once.
#[derive(PartialEq)]
struct Essence {
    state: StreamState,
    error: Option<StreamError>,
    video: Option<VideoInfo>,
    since: String,
    picture: PictureState,
    sound: bool,
}

type Known = HashMap<(i64, Quality), (Essence, Instant)>;

impl Default for Feed {
    fn default() -> Self {
        Self { told: broadcast::channel(BACKLOG).0 }
    }
}

impl Feed {
    /// The changes from now on. Ask for [`full`] afterwards, so that nothing is missed in between.
    pub fn subscribe(&self) -> broadcast::Receiver<Told> {
        self.told.subscribe()
    }

    /// Watches cameras and streams until cancelled.
    pub async fn run(&self, cameras: &Cameras, streams: &Streams, stopping: CancellationToken) {
        let mut wall = cameras.watch();
        let mut events = streams.events();
        let mut told = Known::new();
        let mut sweep = interval(SWEEP);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stopping.cancelled() => return,
                changed = wall.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let list = wall.borrow_and_update().cameras.clone();
                    told.retain(|(id, _), _| list.iter().any(|camera| camera.id == *id));
                    let all = |camera| Camera { actions: CameraAction::ALL.to_vec(), ..camera };
                    self.send(&ServerMessage::Cameras { cameras: list.into_iter().map(all).collect() });
                    self.sweep(cameras, &mut told);
                }
                event = events.recv() => match event {
                    Err(broadcast::error::RecvError::Closed) => return,
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => self.sweep(cameras, &mut told),
                },
                _ = sweep.tick() => self.sweep(cameras, &mut told),
                _ = heartbeat.tick() => self.send(&ServerMessage::Heartbeat { wallclock_ms: Stamp::now().utc_ms }),
            }
        }
    }

    /// Sends the statuses that changed, and those whose measurements are due.
    fn sweep(&self, cameras: &Cameras, told: &mut Known) {
        if self.told.receiver_count() == 0 {
            return;
        }
        let now = Instant::now();
        for (camera_id, status) in cameras.statuses() {
            let essence = Essence::of(&status);
            let quiet = matches!(status.state, StreamState::Idle | StreamState::Disabled);
            let due = told
                .get(&(camera_id, status.quality))
                .is_none_or(|(before, at)| *before != essence || (!quiet && now.duration_since(*at) >= REFRESH));
            if due {
                told.insert((camera_id, status.quality), (essence, now));
                self.send(&ServerMessage::StreamStatus { camera_id, status });
            }
        }
    }

    /// Tells every browser that listens; none is no failure.
    pub fn tell(&self, message: &ServerMessage) {
        if self.told.receiver_count() > 0 {
            self.send(message);
        }
    }

    fn send(&self, message: &ServerMessage) {
        let silent = match message {
            ServerMessage::StreamStatus { camera_id, status } if status.audio.is_some() => {
                Some(text(&ServerMessage::StreamStatus { camera_id: *camera_id, status: status.clone().without_sound() }))
            }
            _ => None,
        };
        // Nobody listening is no failure.
        let _ = self.told.send(Told { about: About::of(message), text: text(message), silent });
    }
}

impl Essence {
    fn of(status: &StreamStatus) -> Self {
        Self {
            state: status.state,
            error: status.error.clone(),
            video: status.video.clone(),
            since: status.since.clone(),
            picture: status.picture,
            sound: status.sound,
        }
    }
}

/// The full state as texts, of what somebody may see: cameras first, then every stream's status.
pub fn full(cameras: &Cameras, visible: Vec<Camera>) -> Vec<Utf8Bytes> {
    let statuses: Vec<_> = statuses(cameras, &visible)
        .into_iter()
        .map(|(camera_id, status)| text(&ServerMessage::StreamStatus { camera_id, status }))
        .collect();
    std::iter::once(list(visible)).chain(statuses).collect()
}

/// The statuses of the streams that somebody may watch, by what they may do with each camera; of those that they may not hear without sound.
pub fn statuses(cameras: &Cameras, visible: &[Camera]) -> Vec<(i64, StreamStatus)> {
    let theirs = |(id, status): (i64, StreamStatus)| {
        let camera = visible.iter().find(|camera| camera.id == id).filter(|camera| camera.may(CameraAction::Live))?;
        Some((id, if camera.may(CameraAction::Audio) { status } else { status.without_sound() }))
    };
    cameras.statuses().into_iter().filter_map(theirs).collect()
}

/// The list of cameras that somebody may see.
pub fn list(visible: Vec<Camera>) -> Utf8Bytes {
    text(&ServerMessage::Cameras { cameras: visible })
}

/// A message as it is sent.
pub fn text(message: &ServerMessage) -> Utf8Bytes {
    serde_json::to_string(message).unwrap_or_default().into()
}
