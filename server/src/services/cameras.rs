//! Cameras: what is stored, what is running, and the checks between a person's input and both.
//!
//! The database is the truth; a copy of it is held in memory ([`Wall`]) and replaced after every change, so that the media path and page
//! rendering never wait for a query. Every change runs in a task of its own: a client that hangs up cannot leave the three out of step.

mod input;
mod record;
mod store;
pub mod url_rules;

use crate::config::Settings;
use crate::db::Db;
use crate::error::{AppError, AppResult, Kind};
use crate::secrets::Sealer;
use crate::services::address::AddressPolicy;
use app::model::{Camera, CameraInput, CameraPatch};
use input::Draft;
use media::StreamKey;
use media::id::{CameraId, Quality};
use record::Record;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

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
    addresses: AddressPolicy,
    /// Folders that `file:` addresses may point into.
    media_folders: Vec<PathBuf>,
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

    fn record(&self, id: i64) -> AppResult<&Arc<Record>> {
        self.records.get(&id).ok_or_else(AppError::camera_not_found)
    }
}

/// What the service is made of.
pub struct Parts {
    pub db: Db,
    pub sealer: Sealer,
    pub addresses: AddressPolicy,
    pub tasks: TaskTracker,
}

impl Cameras {
    /// Reads all cameras and starts their streams.
    ///
    /// # Errors
    /// The database cannot be read, or its passwords were sealed with another key.
    pub async fn start(settings: &Settings, parts: Parts) -> Result<Self, String> {
        let Parts { db, sealer, addresses, tasks } = parts;
        let inner = Inner {
            db,
            sealer,
            addresses,
            media_folders: settings.media_folders.clone(),
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

    /// The stream that serves `quality` of a camera: a camera without a sub stream serves both from main. None for an unknown camera.
    pub fn stream_key(&self, camera: CameraId, quality: Quality) -> Option<StreamKey> {
        let wall = self.wall();
        let record = wall.records.get(&camera.0)?;
        let own = record.sources.iter().any(|(existing, _)| *existing == quality);
        Some(StreamKey::new(camera, if own { quality } else { Quality::Main }))
    }

    /// Checks, tries and stores a new camera. `force` stores it without trying it.
    ///
    /// # Errors
    /// 422 with the wrong field, 409 for a name that is taken.
    pub async fn create(&self, input: CameraInput, force: bool) -> AppResult<Camera> {
        let draft = self.checked(input, None, force).await?;
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
    pub async fn update(&self, id: i64, patch: CameraPatch, force: bool) -> AppResult<Camera> {
        for _ in 0..CHANGE_ATTEMPTS {
            let current = Arc::clone(self.wall().record(id)?);
            let draft = self.checked(input::merge(current.as_input(), patch.clone()), Some(&current), force).await?;
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

    /// The rules of the fields and the name's being free.
    async fn checked(&self, input: CameraInput, current: Option<&Record>, _force: bool) -> AppResult<Draft> {
        let draft = input::check(input)?;
        self.check_name(&draft, current)?;
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
    /// Replaces the copy in memory by what is stored.
    async fn reload(&self) -> Result<(), String> {
        let records = store::load(&self.db, &self.sealer).await?;
        self.wall.send_replace(Arc::new(Wall::new(records)));
        Ok(())
    }
}
