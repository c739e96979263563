//! Cameras: what is stored, what is running, and the checks between a person's input and both.
//!
//! The database is the truth; a copy of it is held in memory ([`Wall`]) and replaced after every change, so that the media path and page
//! rendering never wait for a query. Every change runs in a task of its own: a client that hangs up cannot leave the three out of step.

mod input;
mod ladders;
mod places;
mod record;
mod store;
mod trial;
pub mod url_rules;

pub use ladders::LadderOf;
pub use places::StoredPassword;

use crate::config::Current;
use crate::db::Db;
use crate::error::{AppError, AppResult, Kind};
use crate::people::principal::Place;
use crate::secrets::Sealer;
use crate::services::address::AddressPolicy;
use crate::services::status::{self, stream_status};
use crate::tunables;
use app::model::{Camera, CameraInput, CameraPatch, CameraSetting, ProbeReport, Profile, StreamStatus};
use input::Draft;
use media::StreamKey;
use media::id::{CameraId, Quality};
use media::ingest::{Credentials, SourceSpec};
use media::snapshot::Snapshotter;
use media::stream::{StreamConfig, StreamHandle, Streams};
use record::Record;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use trial::Trials;

/// How often a change is worked out anew when another change of the same camera came between.
const CHANGE_ATTEMPTS: usize = 3;

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Cameras {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    sealer: Sealer,
    streams: Streams,
    trials: Trials,
    /// What cameras inherit, and the folders that `file:` addresses may point into.
    settings: Current,
    wall: watch::Sender<Arc<Wall>>,
    /// One change at a time, from its transaction to the running streams: otherwise an older copy could replace a newer one. An async lock,
    /// because it is held across the transaction.
    writing: tokio::sync::Mutex<()>,
    tasks: TaskTracker,
}

/// All cameras at one moment.
#[derive(Debug, Default)]
pub struct Wall {
    /// In their order.
    pub cameras: Vec<Camera>,
    records: BTreeMap<i64, Arc<Record>>,
}

impl Wall {
    fn new(records: Vec<Record>) -> Self {
        let cameras = records.iter().map(|record| record.camera.clone()).collect();
        Self { cameras, records: records.into_iter().map(|record| (record.camera.id, Arc::new(record))).collect() }
    }

    /// A camera, as far as rights go by it.
    pub fn place(&self, id: CameraId) -> Option<Place<'_>> {
        self.records.get(&id.0).map(|record| Place::of(id, record.camera.group.as_deref()))
    }

    fn record(&self, id: i64) -> AppResult<&Arc<Record>> {
        self.records.get(&id).ok_or_else(AppError::camera_not_found)
    }
}

/// What the service is made of.
pub struct Parts {
    pub db: Db,
    pub sealer: Sealer,
    pub streams: Streams,
    pub snapshots: Arc<Snapshotter>,
    pub addresses: AddressPolicy,
    pub tasks: TaskTracker,
}

impl Cameras {
    /// Reads all cameras and starts their streams.
    ///
    /// # Errors
    /// The database cannot be read, or its passwords were sealed with another key.
    pub async fn start(settings: Current, parts: Parts) -> Result<Self, String> {
        let Parts { db, sealer, streams, snapshots, addresses, tasks } = parts;
        let inner = Inner {
            db,
            sealer,
            trials: Trials::new(streams.clone(), snapshots, addresses, settings.clone()),
            streams,
            settings,
            wall: watch::channel(Arc::default()).0,
            writing: tokio::sync::Mutex::new(()),
            tasks,
        };
        let cameras = Self { inner: Arc::new(inner) };
        cameras.inner.reload().await?;
        Ok(cameras)
    }

    /// All cameras now.
    pub fn wall(&self) -> Arc<Wall> {
        self.inner.wall.borrow().clone()
    }

    /// Every stored login, to be kept out of what is told.
    pub fn logins(&self) -> Vec<Credentials> {
        self.wall().records.values().filter_map(|record| record.credentials.clone()).collect()
    }

    /// All cameras, and again after each change.
    pub fn watch(&self) -> watch::Receiver<Arc<Wall>> {
        self.inner.wall.subscribe()
    }

    /// One camera.
    ///
    /// # Errors
    /// 404.
    pub fn get(&self, id: i64) -> AppResult<Camera> {
        self.wall().record(id).map(|record| record.camera.clone())
    }

    /// Every setting of a camera and where it comes from.
    ///
    /// # Errors
    /// 404.
    pub fn settings_of(&self, id: i64) -> AppResult<Vec<CameraSetting>> {
        let wall = self.wall();
        let camera = &wall.record(id)?.camera;
        Ok(tunables::settings(&camera.overrides, camera.profile, &self.inner.settings.defaults()))
    }

    /// What a new camera inherits.
    pub fn inherited_settings(&self, profile: Profile) -> Vec<CameraSetting> {
        tunables::settings(&tunables::Layer::new(), profile, &self.inner.settings.defaults())
    }

    /// Brings the streams in line with the installation's settings, after these changed. Streams that they make no difference to go on.
    ///
    /// # Errors
    /// The cameras cannot be read.
    pub async fn follow_settings(&self) -> Result<(), String> {
        let inner = Arc::clone(&self.inner);
        let change = async move {
            let _one = inner.writing.lock().await;
            inner.reload().await
        };
        self.inner.tasks.spawn(change).await.map_err(|error| error.to_string())?
    }

    /// The stream that serves `quality` of a camera: a camera without a sub stream serves both from main.
    ///
    /// # Errors
    /// 404 for an unknown camera, 503 for one that has no stream to open.
    pub fn stream(&self, camera: CameraId, quality: Quality) -> AppResult<StreamHandle> {
        let wall = self.wall();
        let own = wall.record(camera.0)?.sources.iter().any(|(existing, _)| *existing == quality);
        let key = StreamKey::new(camera, if own { quality } else { Quality::Main });
        // Between a change of the wall and of the streams, and for files outside the permitted folders.
        self.inner
            .streams
            .handle(key)
            .ok_or_else(|| AppError::unavailable("no_stream", "This camera's stream is not running. Check its address.", 2))
    }

    /// The streams of a camera as the API tells them, main and sub. A camera without a sub stream shows main's measurements for both.
    ///
    /// # Errors
    /// 404.
    pub fn streams_of(&self, id: i64) -> AppResult<Vec<StreamStatus>> {
        self.wall().record(id)?;
        Ok(Quality::ALL.into_iter().filter_map(|quality| self.shown_status(CameraId(id), quality)).collect())
    }

    /// The streams of all cameras, in the cameras' order.
    pub fn statuses(&self) -> Vec<(i64, StreamStatus)> {
        let wall = self.wall();
        let ids = wall.cameras.iter().map(|camera| camera.id);
        ids.flat_map(|id| Quality::ALL.into_iter().filter_map(move |quality| Some((id, self.shown_status(CameraId(id), quality)?))))
            .collect()
    }

    fn shown_status(&self, id: CameraId, quality: Quality) -> Option<StreamStatus> {
        let status = stream_status(&self.stream(id, quality).ok()?.status());
        Some(StreamStatus { quality: status::quality(quality), ..status })
    }

    /// Checks, tries and stores a new camera. `force` stores it without trying it.
    ///
    /// # Errors
    /// 422 with the wrong field, 409 for a name that is taken.
    pub async fn create(&self, input: CameraInput, force: bool) -> AppResult<Camera> {
        let draft = self.checked(input, None, force).await?;
        if draft.input.enabled && !force {
            self.inner.trials.run(&self.inner.draft_specs(&draft, 0)).await?;
        }
        let inner = Arc::clone(&self.inner);
        self.detached(async move {
            let _one = inner.writing.lock().await;
            let id = store::insert(&inner.db, &inner.sealer, &draft).await?;
            inner.reload().await.map_err(AppError::internal)?;
            Ok(id)
        })
        .await
        .and_then(|id| self.get(id))
    }

    /// Changes a camera. Its source is tried again only if what is opened changes.
    ///
    /// # Errors
    /// 404, 422 with the wrong field, 409 for a name that is taken.
    pub async fn update(&self, id: i64, patch: CameraPatch, force: bool, stored: StoredPassword) -> AppResult<Camera> {
        let typed = patch.credentials.as_ref().and_then(Option::as_ref).is_some_and(|login| login.password.is_some());
        let mut tried: Vec<(Quality, SourceSpec)> = Vec::new();
        for _ in 0..CHANGE_ATTEMPTS {
            let current = Arc::clone(self.wall().record(id)?);
            let draft = self.checked(input::merge(current.as_input(), patch.clone()), Some(&current), force).await?;
            if !typed {
                stored.check(&current.camera, &draft)?;
            }
            let mut changed = self.inner.draft_specs(&draft, id);
            changed.retain(|spec| !current.sources.contains(spec) && !tried.contains(spec));
            if draft.input.enabled && !force && !changed.is_empty() {
                self.inner.trials.run(&changed).await?;
                tried.append(&mut changed);
            }
            let inner = Arc::clone(&self.inner);
            let stored = self
                .detached(async move {
                    let _one = inner.writing.lock().await;
                    let stored = store::update(&inner.db, &inner.sealer, &current, &draft).await?;
                    inner.reload().await.map_err(AppError::internal)?;
                    Ok(stored)
                })
                .await?;
            if stored {
                return self.get(id);
            }
        }
        Err(AppError::new(
            Kind::Conflict,
            "changed_meanwhile",
            "Somebody else is changing this camera. Look at it again, then repeat your change.",
        ))
    }

    /// Deletes a camera and ends its streams.
    ///
    /// # Errors
    /// 404.
    pub async fn delete(&self, id: i64) -> AppResult<()> {
        let inner = Arc::clone(&self.inner);
        self.detached(async move {
            let _one = inner.writing.lock().await;
            store::delete(&inner.db, id).await?;
            inner.reload().await.map_err(AppError::internal)
        })
        .await
    }

    /// Puts the cameras into this order. Cameras that are not named follow in the order they had.
    ///
    /// # Errors
    /// 422 for an unknown or repeated camera.
    pub async fn reorder(&self, ids: Vec<i64>) -> AppResult<()> {
        let inner = Arc::clone(&self.inner);
        self.detached(async move {
            let _one = inner.writing.lock().await;
            store::reorder(&inner.db, &ids).await?;
            inner.reload().await.map_err(AppError::internal)
        })
        .await
    }

    /// Tries a camera without storing it. `existing` is the camera that is being edited: its password is used if the body has none.
    ///
    /// # Errors
    /// As [`Cameras::create`].
    pub async fn probe(&self, mut input: CameraInput, existing: Option<i64>, stored: StoredPassword) -> AppResult<ProbeReport> {
        let wall = self.wall();
        let current = existing.map(|id| wall.record(id)).transpose()?;
        let typed = input.credentials.as_ref().is_some_and(|login| login.password.is_some());
        if let (Some(credentials), Some(stored)) = (&mut input.credentials, current.and_then(|record| record.as_input().credentials)) {
            credentials.password = credentials.password.take().or(stored.password);
        }
        let draft = self.checked(input, current.map(AsRef::as_ref), false).await?;
        if let Some(current) = current.filter(|_| !typed) {
            stored.check(&current.camera, &draft)?;
        }
        let found = self.inner.trials.run(&self.inner.draft_specs(&draft, existing.unwrap_or(0))).await?;
        Ok(self.inner.trials.report(&found).await)
    }

    /// The rules of the fields, the name's being free, and what may be opened.
    async fn checked(&self, input: CameraInput, current: Option<&Record>, offline: bool) -> AppResult<Draft> {
        let draft = input::check(input)?;
        self.check_name(&draft, current)?;
        let same_places =
            current.is_some_and(|record| record.camera.sources == draft.input.sources && record.camera.profile == draft.input.profile);
        if !same_places {
            self.inner.trials.check_places(&draft, offline || !draft.input.enabled).await?;
        }
        Ok(draft)
    }

    /// Early, so that nobody waits for a camera to be tried under a name that is taken. The database's unique index decides in the end.
    fn check_name(&self, draft: &Draft, current: Option<&Record>) -> AppResult<()> {
        let key = input::name_key(&draft.input.name);
        let own = current.map(|record| record.camera.id);
        let taken = self.wall().cameras.iter().any(|camera| Some(camera.id) != own && input::name_key(&camera.name) == key);
        if taken { Err(store::name_taken()) } else { Ok(()) }
    }

    /// Runs a change to its end even if the caller goes away.
    async fn detached<T: Send + 'static>(&self, change: impl Future<Output = AppResult<T>> + Send + 'static) -> AppResult<T> {
        self.inner.tasks.spawn(change).await.map_err(AppError::internal)?
    }
}

impl Inner {
    /// Replaces the copy in memory by what is stored, then brings the streams in line with it.
    async fn reload(&self) -> Result<(), String> {
        let new = Arc::new(Wall::new(store::load(&self.db, &self.sealer, &self.settings.defaults()).await?));
        let old = self.wall.send_replace(Arc::clone(&new));
        self.apply(&old, &new);
        Ok(())
    }

    fn draft_specs(&self, draft: &Draft, id: i64) -> Vec<(Quality, SourceSpec)> {
        record::draft_specs(draft, id, &self.settings.defaults())
    }

    /// A stream whose configuration is unchanged is not touched.
    fn apply(&self, old: &Wall, new: &Wall) {
        let settings = self.settings.get();
        let mut wanted = HashSet::new();
        for record in new.records.values() {
            for (quality, source) in &record.sources {
                if !may_open(source, &settings.media_folders) {
                    tracing::warn!(camera.id = record.camera.id, "the camera's file is no longer in a permitted folder; it stays dark");
                    continue;
                }
                let key = StreamKey::new(CameraId(record.camera.id), *quality);
                wanted.insert(key);
                let config = StreamConfig {
                    source: source.clone(),
                    enabled: record.camera.enabled,
                    always_on: record.camera.always_on,
                    settings: record.stream_settings.clone(),
                };
                self.streams.configure(key, config);
            }
        }
        let before = old.records.values().flat_map(|record| {
            let id = CameraId(record.camera.id);
            record.sources.iter().map(move |(quality, _)| StreamKey::new(id, *quality))
        });
        for key in before.filter(|key| !wanted.contains(key)) {
            let streams = self.streams.clone();
            // Not awaited: a camera that does not answer its TEARDOWN must not hold up the person who deletes it.
            self.tasks.spawn(async move { streams.remove(key).await });
        }
    }
}

fn may_open(source: &SourceSpec, media_folders: &[PathBuf]) -> bool {
    match source {
        SourceSpec::Ffmpeg(spec) => match &spec.input {
            media::ingest::FfmpegInput::File(path) => trial::is_named_in_folders(path, media_folders),
            _ => true,
        },
        _ => true,
    }
}
