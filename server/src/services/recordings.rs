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
use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use time::OffsetDateTime;
use tokio::sync::{oneshot, watch};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Lengths that may be asked for, in seconds.
const LENGTHS: RangeInclusive<u32> = 1..=LONGEST_RECORDING_S;
/// How often it is looked what is left to do with recordings whose disk was not there.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// A disk that takes longer is not waited for.
const PATIENCE: Duration = Duration::from_secs(10);

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
    films: Arc<Films>,
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
    fn end_orphans(&self, wall: &Wall) {
        let on = |id: i64| wall.cameras.iter().any(|camera| camera.id == id && camera.enabled);
        for one in self.running().values().filter(|one| !on(one.camera)) {
            one.stop(RecordingEnd::CameraGone);
        }
    }

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

/// What ran at some moment.
pub struct Runs(Vec<Arc<Running>>);

impl Recordings {
    pub fn new(parts: Parts) -> Self {
        Self { inner: Arc::new(Inner { parts, running: Mutex::default(), films: Arc::default() }) }
    }

    fn db(&self) -> &Db {
        &self.inner.parts.db
    }

    /// Looks after recordings until cancelled: ends those of cameras that are switched off or removed, finishes what an earlier run of the server
    /// left unfinished, and removes the files of what was deleted. A disk that hangs holds up the last two only.
    pub async fn run(&self) {
        let stopping = self.inner.parts.stopping.clone();
        stopping.run_until_cancelled(async { tokio::join!(self.end_orphans(), Box::pin(self.tidy())) }).await;
    }

    async fn end_orphans(&self) {
        let mut wall = self.inner.parts.cameras.watch();
        loop {
            self.inner.end_orphans(&wall.borrow_and_update().clone());
            if wall.changed().await.is_err() {
                return;
            }
        }
    }

    async fn tidy(&self) {
        let mut look = tokio::time::interval(LOOK_AGAIN);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // What was said of a recording whose disk is away is not said again each minute.
        let mut told = HashSet::new();
        loop {
            look.tick().await;
            for (id, done) in self.tidied().await {
                match done {
                    Ok(()) => drop(told.remove(&id)),
                    Err(reason) if told.insert(id) => {
                        tracing::warn!(recording.id = id, reason, "the files of a recording cannot be used; trying again every minute");
                    }
                    Err(_) => {}
                }
            }
        }
    }

    /// Recordings with something left to do, and whether it could be done.
    async fn tidied(&self) -> Vec<(i64, Result<(), String>)> {
        let (unfinished, deleted) = match (store::unfinished(self.db()).await, store::deleted(self.db()).await) {
            (Ok(unfinished), Ok(deleted)) => (unfinished, deleted),
            (Err(error), _) | (_, Err(error)) => {
                tracing::warn!(%error, "recordings could not be looked after; trying again");
                return Vec::new();
            }
        };
        let mut done = Vec::new();
        for row in unfinished {
            // This one runs, or one of its camera is just being begun: this one, as far as can be told here.
            let begins = |running: &Arc<Running>| running.id == 0 || running.id == row.id;
            if !self.inner.running().get(&row.camera_id).is_some_and(begins) {
                done.push((row.id, self.finish_interrupted(&row).await));
            }
        }
        for row in deleted {
            done.push((row.id, self.remove_files(&row).await));
        }
        done
    }

    async fn finish_interrupted(&self, row: &store::Row) -> Result<(), String> {
        let (folder, stem) = (PathBuf::from(&row.folder), row.stem.clone());
        let found = tokio::task::spawn_blocking(move || {
            files::on_disk(&folder, &stem)?;
            media::record::recover(&folder, &stem)
        });
        let files = found.await.map_err(|error| error.to_string())?.map_err(|error| media::error::plainly(&error))?;
        store::finish(self.db(), row.id, &files, RecordingEnd::ServerStopped).await.map_err(|error| error.to_string())?;
        tracing::info!(recording.id = row.id, "a recording that was interrupted is whole again");
        Ok(())
    }

    async fn remove_files(&self, row: &store::Row) -> Result<(), String> {
        let (folder, stem) = (PathBuf::from(&row.folder), row.stem.clone());
        let removed = tokio::task::spawn_blocking(move || files::remove(&folder, &stem));
        removed.await.map_err(|error| error.to_string())?.map_err(|error| media::error::plainly(&error))?;
        store::forget(self.db(), row.id).await.map_err(|error| error.to_string())
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
        // No other recording's, also not of another server or an older database: files are found by it.
        let stem = format!("{}-{:08x}", asked_at.unix_timestamp(), rand::random::<u32>());
        let note = {
            let (folder, stem, name, at) = (folder.clone(), stem.clone(), told.name.clone(), moment::told(asked_at));
            tokio::task::spawn_blocking(move || files::begin(&folder, &stem, &name, &at))
        };
        note.await.map_err(AppError::internal)?.map_err(|error| films::unusable("Nothing can be recorded now", &error))?;
        let new = store::New { camera: (camera.0, &told.name), quality, folder: &folder, stem: &stem, at: asked_at, by: named };
        let details = json!({ "camera": camera.0, "seconds": length_s });
        let entry = |id: i64| Entry::new(by, "recording.start").target("recording", id, &told.name).details(details);
        let id = store::insert(&parts.db, new, entry).await?;
        let running = Arc::new(running(id, Some(stop)));
        self.inner.running().insert(camera.0, Arc::clone(&running));
        begun.done = true;
        let take = take::Take { id, handle, folder, stem, length, stopped, progress };
        parts.tasks.spawn(take::record(Arc::clone(&self.inner), take, running));
        // It may have been switched off meanwhile.
        self.inner.end_orphans(&parts.cameras.wall());
        self.inner.tell();
        Ok(id)
    }

    /// Ends a camera's recording and waits until it is stored; its number.
    ///
    /// # Errors
    /// 409 if there is none, 503 if the disk takes long.
    pub async fn stop(&self, camera: CameraId) -> AppResult<i64> {
        let running = self.inner.running().get(&camera.0).filter(|one| one.id > 0).cloned();
        let none = || AppError::new(Kind::Conflict, "not_recording", "This camera is not being recorded.");
        let running = running.ok_or_else(none)?;
        running.stop(RecordingEnd::Stopped);
        let silent = |_| AppError::unavailable("recording_unavailable", "The disk takes long to write the end. It goes on by itself.", 10);
        tokio::time::timeout(PATIENCE, running.stored.cancelled()).await.map_err(silent)?;
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
        // Before the row is read: one that ends in between must not look as if it had been interrupted.
        let runs = self.runs();
        let row = store::find(self.db(), id).await?;
        Ok(self.shown(row, actions, &runs))
    }

    /// Those of a span, newest first, with the files of each, and what ran when it was asked.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn list(&self, span: &Span) -> AppResult<(Vec<(store::Row, Vec<store::File>)>, Runs)> {
        let runs = self.runs();
        Ok((store::list(self.db(), span).await?, runs))
    }

    fn runs(&self) -> Runs {
        Runs(self.inner.running().values().cloned().collect())
    }

    /// A row as the API tells it.
    pub fn shown(&self, row: store::Row, actions: Actions, runs: &Runs) -> Recording {
        let wall = self.inner.parts.cameras.wall();
        let camera = wall.cameras.iter().find(|camera| camera.id == row.camera_id);
        let running = runs.0.iter().find(|one| one.id == row.id && row.ended_by.is_none());
        let progress = running.map(|one| one.progress.borrow().clone());
        let ended_by = row.ended_by.as_deref().map(store::end_of);
        Recording {
            id: row.id,
            camera_id: row.camera_id,
            camera_gone: camera.is_none(),
            camera_name: camera.map_or(row.camera_name, |camera| camera.name.clone()),
            quality: store::quality_of(&row.quality),
            kind: RecordingKind::Manual,
            title: row.title,
            start: moment::told(running.map_or_else(|| store::moment_of(row.start_ms), |one| one.start())),
            end: row.end_ms.map(|end| moment::told(store::moment_of(end))),
            ends_at: running.map(|one| moment::told(one.ends_at)),
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

    /// Deletes a recording; links to it go with it. Its files are removed at once, or when their disk is there again.
    ///
    /// # Errors
    /// 404; 409 while it runs.
    pub async fn delete(&self, by: Actor, id: i64) -> AppResult<()> {
        if self.inner.running().values().any(|one| one.id == id) {
            return Err(AppError::new(Kind::Conflict, "recording_runs", "It is being recorded now. Stop it first."));
        }
        let entry = |row: &store::Row| {
            let details = json!({ "camera": row.camera_id, "start": moment::told(store::moment_of(row.start_ms)), "title": row.title });
            Entry::new(by, "recording.delete").target("recording", id, &row.camera_name).details(details)
        };
        let row = store::delete(self.db(), id, entry).await?;
        self.inner.films.forget(id);
        let removed = tokio::time::timeout(PATIENCE, self.remove_files(&row)).await;
        if let Err(reason) = removed.unwrap_or_else(|_| Err("its disk does not answer".to_owned())) {
            tracing::warn!(recording.id = id, reason, "the files of a deleted recording are still there; trying again every minute");
        }
        Ok(())
    }
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
