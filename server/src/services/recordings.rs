//! Recordings: starting and ending them by hand, what is stored of them, and reading them back.
//!
//! A recording runs in a task of its own, which is one more reader of the stream's hub; its row is in the database from the press of the
//! button on, so that nothing is lost if the server breaks off: the next start looks at the files of whatever has no end. What the files
//! are like is `media::record`'s business.

mod files;
mod films;
mod store;
mod take;

pub use store::{Span, gaps};

use crate::db::Db;
use crate::error::{AppError, AppResult, Kind};
use crate::moment;
use crate::people::audit::{Actor, Entry};
use crate::people::rights::Actions;
use crate::services::cameras::{Cameras, Wall};
use crate::services::feed::Feed;
use crate::services::storage::Storage;
use crate::typed;
use app::model::{LONGEST_RECORDING_S, MAX_RECORDING_TITLE, Recording, RecordingEnd, RecordingKind, RunningRecording, ServerMessage};
use films::Films;
use media::CameraId;
use media::record::Progress;
use media::snapshot::Snapshotter;
use serde_json::json;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use time::OffsetDateTime;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Lengths that may be asked for, in seconds.
const LENGTHS: RangeInclusive<u32> = 1..=LONGEST_RECORDING_S;
/// How often recordings that the server left unfinished are looked at again, if their disk was not there.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Recordings {
    inner: Arc<Inner>,
}

/// What the service is made of.
pub struct Parts {
    pub db: Db,
    pub cameras: Cameras,
    pub storage: Storage,
    pub snapshots: Arc<Snapshotter>,
    pub feed: Feed,
    pub tasks: TaskTracker,
    pub stopping: CancellationToken,
}

struct Inner {
    parts: Parts,
    /// By their cameras. Held for map accesses only.
    running: Mutex<BTreeMap<i64, Arc<Running>>>,
    films: Films,
}

/// A recording that runs.
struct Running {
    id: i64,
    camera: i64,
    asked_at: OffsetDateTime,
    ends_at: OffsetDateTime,
    /// Ends it, for the reason that is told.
    stop: Mutex<Option<oneshot::Sender<RecordingEnd>>>,
    progress: watch::Receiver<Progress>,
    /// Cancelled once it is stored.
    stored: CancellationToken,
}

impl Running {
    fn stop(&self, why: RecordingEnd) {
        if let Some(stop) = self.stop.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // It may be ending by itself just now.
            let _ = stop.send(why);
        }
    }

    fn start(&self) -> OffsetDateTime {
        self.progress.borrow().started_utc_ms.map_or(self.asked_at, store::moment_of)
    }
}

/// A camera's place while its recording is being begun: it goes if that fails.
struct Begun<'a> {
    service: &'a Inner,
    camera: i64,
    done: bool,
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.service.running().remove(&self.camera);
        }
    }
}

impl Inner {
    fn running(&self) -> MutexGuard<'_, BTreeMap<i64, Arc<Running>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        self.parts.feed.tell(&ServerMessage::Recordings { running: self.told() });
    }

    fn told(&self) -> Vec<RunningRecording> {
        let running = self.running();
        let told = |one: &Arc<Running>| RunningRecording {
            recording_id: one.id,
            camera_id: one.camera,
            start: moment::told(one.start()),
            ends_at: moment::told(one.ends_at),
        };
        // A place without a number is only being begun.
        running.values().filter(|one| one.id > 0).map(told).collect()
    }
}

impl Recordings {
    pub fn new(parts: Parts) -> Self {
        Self { inner: Arc::new(Inner { parts, running: Mutex::default(), films: Films::default() }) }
    }

    fn db(&self) -> &Db {
        &self.inner.parts.db
    }

    /// Finishes what an earlier run of the server left unfinished, and ends the recordings of cameras that are switched off or removed, until
    /// cancelled.
    pub async fn run(&self) {
        let stopping = &self.inner.parts.stopping;
        let mut wall = self.inner.parts.cameras.watch();
        let mut look = tokio::time::interval(LOOK_AGAIN);
        let mut left = true;
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                changed = wall.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let wall = wall.borrow_and_update().clone();
                    self.end_orphans(&wall);
                }
                _ = look.tick(), if left => left = self.finish_interrupted().await,
            }
        }
    }

    fn end_orphans(&self, wall: &Wall) {
        let on = |id: i64| wall.cameras.iter().any(|camera| camera.id == id && camera.enabled);
        for one in self.inner.running().values().filter(|one| !on(one.camera)) {
            one.stop(RecordingEnd::CameraGone);
        }
    }

    /// Looks at the files of recordings that have no end and do not run. True if some could not be read yet.
    async fn finish_interrupted(&self) -> bool {
        let unfinished = match store::unfinished(self.db()).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::warn!(%error, "recordings that were interrupted could not be looked for; trying again");
                return true;
            }
        };
        let mut left = false;
        for row in unfinished {
            // One of this camera runs, or is just being begun: this one, as far as can be told here.
            if let Some(running) = self.inner.running().get(&row.camera_id) {
                left |= running.id != row.id;
                continue;
            }
            let (id, folder) = (row.id, PathBuf::from(&row.folder));
            let found = tokio::task::spawn_blocking(move || media::record::recover(&folder, &stem(id))).await;
            let stored = match found {
                Ok(Ok(files)) => store::finish(self.db(), id, &files, RecordingEnd::ServerStopped).await.map_err(|error| error.to_string()),
                // Its folder was made before it was stored: without it, its disk is not there.
                Ok(Err(error)) => Err(media::error::plainly(&error)),
                Err(error) => Err(error.to_string()),
            };
            match stored {
                Ok(()) => tracing::info!(recording.id = id, "a recording that was interrupted is whole again"),
                Err(reason) => {
                    tracing::warn!(recording.id = id, reason, "an interrupted recording cannot be looked at; trying again in a minute");
                    left = true;
                }
            }
        }
        left
    }

    /// Starts recording a camera's main stream, for so many seconds, or until it is stopped. `named`: who does, as the recording tells it.
    ///
    /// # Errors
    /// 404; 422 for the length; 409 if it is being recorded or switched off; 503 if nothing can be written.
    pub async fn start(&self, by: Actor, named: &str, camera: CameraId, length_s: Option<u32>) -> AppResult<i64> {
        let length_s = length_s.unwrap_or(*LENGTHS.end());
        if !LENGTHS.contains(&length_s) {
            return Err(AppError::out_of_range("duration_s", &LENGTHS, "seconds"));
        }
        let parts = &self.inner.parts;
        let told = parts.cameras.get(camera.0)?;
        if !told.enabled {
            return Err(AppError::new(Kind::Conflict, "camera_off", "This camera is switched off. Switch it on to record it."));
        }
        let handle = parts.cameras.stream(camera, media::Quality::Main)?;
        let quality = crate::services::status::quality(handle.key().quality);
        let length = Duration::from_secs(length_s.into());
        let asked_at = OffsetDateTime::now_utc();
        let (stop, stopped) = oneshot::channel();
        let (progress, following) = watch::channel(Progress::default());
        let running = |id: i64, stop| Running {
            id,
            camera: camera.0,
            asked_at,
            ends_at: asked_at + length,
            stop: Mutex::new(stop),
            progress: following.clone(),
            stored: CancellationToken::new(),
        };
        match self.inner.running().entry(camera.0) {
            std::collections::btree_map::Entry::Occupied(_) => return Err(runs()),
            std::collections::btree_map::Entry::Vacant(place) => drop(place.insert(Arc::new(running(0, None)))),
        }
        let mut begun = Begun { service: &self.inner, camera: camera.0, done: false };
        let folder = parts.storage.folder_for(&camera.0.to_string()).await?;
        let new = store::New { camera: (camera.0, &told.name), quality, folder: &folder, at: asked_at, by: named };
        let details = json!({ "camera": camera.0, "seconds": length_s });
        let entry = |id: i64| Entry::new(by, "recording.start").target("recording", id, &told.name).details(details);
        let id = store::insert(&parts.db, new, entry).await?;
        let running = Arc::new(running(id, Some(stop)));
        self.inner.running().insert(camera.0, Arc::clone(&running));
        begun.done = true;
        let take = take::Take { id, handle, folder, length, stopped, progress };
        parts.tasks.spawn(take::record(Arc::clone(&self.inner), take, running));
        self.inner.tell();
        Ok(id)
    }

    /// Ends a camera's recording and waits until it is stored; its number.
    ///
    /// # Errors
    /// 409 if there is none.
    pub async fn stop(&self, camera: CameraId) -> AppResult<i64> {
        let running = self.inner.running().get(&camera.0).filter(|one| one.id > 0).cloned();
        let none = || AppError::new(Kind::Conflict, "not_recording", "This camera is not being recorded.");
        let running = running.ok_or_else(none)?;
        running.stop(RecordingEnd::Stopped);
        running.stored.cancelled().await;
        Ok(running.id)
    }

    /// What runs now.
    pub fn running(&self) -> Vec<RunningRecording> {
        self.inner.told()
    }

    /// The camera of a recording, with the name that it had.
    ///
    /// # Errors
    /// 404.
    pub async fn camera_of(&self, id: i64) -> AppResult<(i64, String)> {
        let row = store::find(self.db(), id).await?;
        Ok((row.camera_id, row.camera_name))
    }

    /// One recording, for somebody who may do this with it.
    ///
    /// # Errors
    /// 404.
    pub async fn get(&self, id: i64, actions: Actions) -> AppResult<Recording> {
        let row = store::find(self.db(), id).await?;
        Ok(self.shown(row, actions))
    }

    /// Those of a span, newest first, with the files of each. `limit`: at most so many.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn list(&self, span: &Span) -> AppResult<Vec<(store::Row, Vec<store::File>)>> {
        store::list(self.db(), span).await
    }

    /// A row as the API tells it.
    pub fn shown(&self, row: store::Row, actions: Actions) -> Recording {
        let wall = self.inner.parts.cameras.wall();
        let camera = wall.cameras.iter().find(|camera| camera.id == row.camera_id);
        let running = self.inner.running().get(&row.camera_id).filter(|one| one.id == row.id).cloned();
        let progress = running.as_ref().map(|one| one.progress.borrow().clone());
        let ended_by = row.ended_by.as_deref().map(store::end_of);
        Recording {
            id: row.id,
            camera_id: row.camera_id,
            camera_gone: camera.is_none(),
            camera_name: camera.map_or(row.camera_name, |camera| camera.name.clone()),
            quality: store::quality_of(&row.quality),
            kind: RecordingKind::Manual,
            title: row.title,
            start: moment::told(running.as_ref().map_or_else(|| store::moment_of(row.start_ms), |one| one.start())),
            end: row.end_ms.map(|end| moment::told(store::moment_of(end))),
            ends_at: running.as_ref().map(|one| moment::told(one.ends_at)),
            bytes: progress.as_ref().map_or_else(|| store::unsigned(row.bytes), |progress| progress.bytes),
            duration_ms: progress.as_ref().map_or_else(
                || store::unsigned(row.duration_ms),
                |progress| u64::try_from(progress.duration.as_millis()).unwrap_or(u64::MAX),
            ),
            // One that was interrupted and has not been looked at yet does not run.
            ended_by: ended_by.or_else(|| running.is_none().then_some(RecordingEnd::ServerStopped)),
            recorded_by: row.recorded_by,
            has_poster: row.has_poster,
            actions: actions.list(),
        }
    }

    /// Writes what somebody says about a recording; the title before.
    ///
    /// # Errors
    /// 404, 422.
    pub async fn rename(&self, by: Actor, id: i64, title: &str) -> AppResult<()> {
        let title = checked_title(title)?;
        store::rename(self.db(), id, &title, |row| {
            let (before, after) = (json!({ "title": row.title }), json!({ "title": title }));
            Entry::new(by, "recording.update").target("recording", id, &row.camera_name).changes(&before, &after)
        })
        .await
    }

    /// Deletes a recording with its files; links to it go with it.
    ///
    /// # Errors
    /// 404; 409 while it runs; 503 if its files cannot be removed.
    pub async fn delete(&self, by: Actor, id: i64) -> AppResult<()> {
        let row = store::find(self.db(), id).await?;
        if self.inner.running().values().any(|one| one.id == id) {
            return Err(AppError::new(Kind::Conflict, "recording_runs", "It is being recorded now. Stop it first."));
        }
        let folder = PathBuf::from(&row.folder);
        self.inner.films.forget(id);
        let removed =
            tokio::task::spawn_blocking(move || files::remove(&folder, &stem(id), &poster(id))).await.map_err(AppError::internal)?;
        removed.map_err(|error| films::unusable(&media::error::plainly(&error)))?;
        let details = json!({ "camera": row.camera_id, "start": moment::told(store::moment_of(row.start_ms)), "title": row.title });
        store::delete(self.db(), id, Entry::new(by, "recording.delete").target("recording", id, &row.camera_name).details(details)).await
    }
}

/// What the names of a recording's files begin with.
fn stem(id: i64) -> String {
    format!("recording-{id}")
}

/// The name of its still.
fn poster(id: i64) -> String {
    format!("{}.jpg", stem(id))
}

fn runs() -> AppError {
    AppError::new(Kind::Conflict, "recording_runs", "This camera is being recorded already.")
}

fn checked_title(text: &str) -> AppResult<String> {
    let text = text.trim();
    if text.chars().count() > MAX_RECORDING_TITLE {
        return Err(AppError::invalid("title", "title_too_long", format!("At most {MAX_RECORDING_TITLE} characters.")));
    }
    if text.chars().any(|c| c.is_control() || typed::is_invisible(c)) {
        return Err(AppError::invalid("title", "title_characters", "Leave out line breaks and invisible characters."));
    }
    Ok(text.to_owned())
}
