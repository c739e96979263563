//! The cameras, the status of their streams, and the time.

use crate::backend::WallData;
use crate::model::{Alert, Camera, CameraAction, Incident, Quality, RunningRecording, ServerMessage, StreamStatus};
use crate::text;
use crate::view::face::is_online;
use leptos::prelude::*;
use std::collections::HashMap;

/// A status and when it came, in browser time, so that ages in it can run on. `at_ms` is None for what the server rendered.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub status: StreamStatus,
    pub at_ms: Option<i64>,
}

/// Pushed entries of the incident log that a page keeps; lists ask the server for older ones.
const MOST_INCIDENTS: usize = 200;

type StatusCell = ArcRwSignal<Option<Seen>>;

/// The cameras of this installation. The list is only ever replaced by a newer whole list, never by an error.
#[derive(Clone, Copy)]
pub struct Wall {
    pub cameras: RwSignal<Vec<Camera>>,
    /// A list has come at least once.
    pub loaded: RwSignal<bool>,
    /// The first list could not be had with the page.
    pub failed: RwSignal<bool>,
    /// The camera whose sound is on; one at a time.
    pub listening: RwSignal<Option<i64>>,
    /// Browser time in milliseconds, once a second. None while the server renders and until the page runs, so that both render the same.
    pub now_ms: RwSignal<Option<i64>>,
    /// The page is in the foreground.
    pub page_visible: RwSignal<bool>,
    /// Server clock minus browser clock, milliseconds.
    pub skew_ms: RwSignal<i64>,
    /// What the incident log said while this page ran: the newest form of each entry, the newest entries last.
    pub incidents: RwSignal<Vec<Incident>>,
    /// The cameras for which people are asked to look.
    pub alerts: RwSignal<Vec<Alert>>,
    /// The recordings that run now, of the cameras that may be watched.
    pub recordings: RwSignal<Vec<RunningRecording>>,
    /// One cell per stream, so that a status wakes only its own tile.
    cells: StoredValue<HashMap<(i64, Quality), StatusCell>>,
}

pub(super) fn provide() {
    provide_context(Wall {
        cameras: RwSignal::new(Vec::new()),
        loaded: RwSignal::new(false),
        failed: RwSignal::new(false),
        listening: RwSignal::new(None),
        now_ms: RwSignal::new(None),
        page_visible: RwSignal::new(true),
        skew_ms: RwSignal::new(0),
        incidents: RwSignal::new(Vec::new()),
        alerts: RwSignal::new(Vec::new()),
        recordings: RwSignal::new(Vec::new()),
        cells: StoredValue::new(HashMap::new()),
    });
}

/// The page's cameras.
pub fn use_wall() -> Wall {
    expect_context()
}

impl Wall {
    /// Takes what came with the page.
    pub fn seed(self, data: WallData) {
        for entry in data.statuses {
            self.put(entry.camera_id, entry.status, None);
        }
        self.set_cameras(data.cameras);
    }

    /// Takes a message of `/api/v1/ws` that came at `now_ms` in browser time.
    pub fn apply(self, message: ServerMessage, now_ms: i64) {
        match message {
            ServerMessage::Cameras { cameras } => self.set_cameras(cameras),
            ServerMessage::StreamStatus { camera_id, status } => self.put(camera_id, status, Some(now_ms)),
            ServerMessage::Incident { incident } => self.put_incident(incident),
            ServerMessage::Alerts { alerts } => self.alerts.set(alerts),
            ServerMessage::Recordings { running } => self.recordings.set(running),
            ServerMessage::Heartbeat { wallclock_ms } => self.skew_ms.set(wallclock_ms - now_ms),
        }
    }

    /// Takes a camera that was just saved, without waiting for the server's own message.
    pub fn upsert(self, camera: Camera) {
        self.cameras.update(|cameras| match cameras.iter_mut().find(|known| known.id == camera.id) {
            Some(known) => *known = camera,
            None => cameras.push(camera),
        });
    }

    /// Takes out a camera that was just deleted, without waiting for the server's own message.
    pub fn remove(self, id: i64) {
        self.cameras.update(|cameras| cameras.retain(|camera| camera.id != id));
    }

    /// The newest status of a stream; tracks it.
    pub fn status(self, camera_id: i64, quality: Quality) -> Option<Seen> {
        self.cell(camera_id, quality).get()
    }

    /// The status that a tile goes by: the sub stream's, or the main stream's if there is no sub.
    pub fn leading(self, camera_id: i64) -> Option<Seen> {
        self.status(camera_id, Quality::Sub).or_else(|| self.status(camera_id, Quality::Main))
    }

    /// A camera by id; tracks the list.
    pub fn camera(self, id: i64) -> Option<Camera> {
        self.cameras.with(|cameras| cameras.iter().find(|camera| camera.id == id).cloned())
    }

    /// Whether whoever looks at the page may do this with a camera; tracks the list.
    pub fn may(self, id: i64, action: CameraAction) -> bool {
        self.cameras.with(|cameras| cameras.iter().any(|camera| camera.id == id && camera.may(action)))
    }

    /// The recording of a camera that runs now; tracks them.
    pub fn recording(self, camera_id: i64) -> Option<RunningRecording> {
        self.recordings.with(|running| running.iter().find(|running| running.camera_id == camera_id).cloned())
    }

    /// Whether a recording of this camera can be started or ended by whoever looks; tracks the list.
    pub fn records(self, id: i64) -> bool {
        self.cameras.with(|cameras| cameras.iter().any(|camera| camera.id == id && camera.enabled && camera.may(CameraAction::Record)))
    }

    /// Whether there is any camera that the wall could show.
    pub fn any(self) -> bool {
        self.cameras.with(|cameras| cameras.iter().any(is_watched))
    }

    /// Ids of the cameras that the wall shows, in their order: of those that may be watched live. The enlarged one is among them even if
    /// it is hidden otherwise.
    pub fn shown(self, with_hidden: bool, enlarged: Option<i64>) -> Vec<i64> {
        let shows = |camera: &&Camera| is_watched(camera) && (with_hidden || !camera.hidden || enlarged == Some(camera.id));
        self.cameras.with(|cameras| cameras.iter().filter(shows).map(|camera| camera.id).collect())
    }

    /// What a search finds among the cameras that may be watched live, the hidden ones too; tracks the list.
    pub fn find(self, search: impl FnOnce(&mut dyn Iterator<Item = &Camera>) -> Vec<i64>) -> Vec<i64> {
        self.cameras.with(|cameras| search(&mut cameras.iter().filter(|camera| is_watched(camera))))
    }

    /// How many cameras are hidden.
    pub fn hidden(self) -> usize {
        self.cameras.with(|cameras| cameras.iter().filter(|camera| is_watched(camera) && camera.hidden).count())
    }

    /// All ids with one camera moved by `step` places, or None if it already stands at that end.
    pub fn moved(self, id: i64, step: isize) -> Option<Vec<i64>> {
        let mut ids: Vec<i64> = self.cameras.with_untracked(|cameras| cameras.iter().map(|camera| camera.id).collect());
        let from = ids.iter().position(|known| *known == id)?;
        let to = from.checked_add_signed(step).filter(|to| *to < ids.len())?;
        ids.swap(from, to);
        Some(ids)
    }

    /// (online, all) of the cameras that are shown.
    pub fn online(self) -> (usize, usize) {
        self.cameras.with(|cameras| {
            let shown = cameras.iter().filter(|camera| is_watched(camera) && !camera.hidden);
            shown.fold((0, 0), |(online, all), camera| {
                let seen = self.leading(camera.id);
                let counts = is_online(camera.enabled, seen.as_ref().map(|seen| &seen.status));
                (online + usize::from(counts), all + 1)
            })
        })
    }

    /// The server's time now, milliseconds. None before the page runs.
    pub fn server_now(self) -> Option<i64> {
        self.now_ms.get().map(|now| now + self.skew_ms.get())
    }

    fn set_cameras(self, cameras: Vec<Camera>) {
        self.cells.update_value(|cells| cells.retain(|(id, _), _| cameras.iter().any(|camera| camera.id == *id)));
        self.loaded.set(true);
        self.failed.set(false);
        if self.cameras.with_untracked(|known| *known != cameras) {
            self.cameras.set(cameras);
        }
    }

    fn put(self, camera_id: i64, status: StreamStatus, at_ms: Option<i64>) {
        self.cell(camera_id, status.quality).set(Some(Seen { status, at_ms }));
    }

    /// Which cameras people are asked to look at, in a sentence. `moment` writes a time of the server's (RFC 3339) as the viewer's clock shows it.
    pub fn asked_to_look(self, moment: impl Fn(&str) -> Option<String>) -> Option<String> {
        self.alerts.with(|alerts| match alerts.as_slice() {
            [] => None,
            [one] => {
                let since = moment(&one.since);
                Some(text::settings::look_at(&self.camera(one.camera_id)?.name, since.as_deref(), &one.message))
            }
            many => {
                let names: Vec<_> = many.iter().filter_map(|alert| self.camera(alert.camera_id).map(|camera| camera.name)).collect();
                (!names.is_empty()).then(|| text::settings::look_at_all(&names))
            }
        })
    }

    fn put_incident(self, incident: Incident) {
        self.incidents.update(|known| {
            known.retain(|other| other.id != incident.id);
            known.push(incident);
            if known.len() > MOST_INCIDENTS {
                known.remove(0);
            }
        });
    }

    fn cell(self, camera_id: i64, quality: Quality) -> StatusCell {
        let mut found = None;
        self.cells.update_value(|cells| found = Some(cells.entry((camera_id, quality)).or_default().clone()));
        found.unwrap_or_default()
    }
}

/// Other rights than to watch it live show nothing on a wall.
fn is_watched(camera: &Camera) -> bool {
    camera.may(CameraAction::Live)
}
