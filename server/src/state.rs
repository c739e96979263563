//! What every handler shares. Cheap to clone; made once by `nightjar serve` or by a test.

use crate::config::Settings;
use crate::db::Db;
use crate::secrets::Sealer;
use crate::services::address::{AddressPolicy, Resolve};
use crate::services::cameras::{Cameras, Parts};
use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use std::ops::Deref;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The shared state of the application.
#[derive(Clone)]
pub struct AppState {
    inner: Arc<Inner>,
}

/// What [`AppState`] dereferences to.
pub struct Inner {
    pub settings: Settings,
    pub db: Db,
    pub cameras: Cameras,
    pub addresses: AddressPolicy,
    /// How pages are rendered.
    pub leptos: LeptosOptions,
    /// Cancelled when the server begins to stop: long answers (WebSockets, waiting playlists) end then.
    pub stopping: CancellationToken,
    /// Every task that handlers and services start.
    pub tasks: TaskTracker,
}

/// What differs between production and tests.
pub struct Outside {
    pub resolver: Arc<dyn Resolve>,
}

impl Deref for AppState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}

impl AppState {
    /// Makes the data folder if there is none, opens the database in it and starts the cameras.
    ///
    /// # Errors
    /// In a sentence that says what to do.
    pub async fn start(settings: Settings, outside: Outside) -> Result<Self, String> {
        make_data_folder(&settings.data).map_err(|error| format!("the data folder {} cannot be made: {error}", settings.data.display()))?;
        let sealer = Sealer::open(&settings.data).map_err(|error| error.to_string())?;
        let db = Db::open(&settings).await.map_err(|error| format!("the database cannot be opened: {error}"))?;
        let addresses = AddressPolicy::new(&settings, outside.resolver);
        let tasks = TaskTracker::new();
        let parts = Parts { db: db.clone(), sealer, addresses: addresses.clone(), tasks: tasks.clone() };
        let cameras = Cameras::start(&settings, parts).await?;
        let leptos = LeptosOptions::builder().output_name("nightjar").site_root("target/site").site_pkg_dir("pkg").build();
        let stopping = CancellationToken::new();
        Ok(Self { inner: Arc::new(Inner { settings, db, cameras, addresses, leptos, stopping, tasks }) })
    }

    /// Ends everything that runs behind the routes. The caller has stopped taking requests.
    pub async fn shutdown(&self) {
        self.stopping.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.db.close().await;
    }
}

/// For the owner only: passwords' key, database and recordings are in it.
fn make_data_folder(path: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}
