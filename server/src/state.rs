//! What every handler shares. Cheap to clone; made once by `nightjar serve` or by a test.

use crate::certificates::Certificates;
use crate::config::{Current, Settings};
use crate::db::Db;
use crate::keep::kept;
use crate::people::People;
use crate::people::sessions::Lifetimes;
use crate::routes::live::audience::HlsAudience;
use crate::secrets::Sealer;
use crate::services::address::{AddressPolicy, Resolve, SystemResolver};
use crate::services::cameras::{Cameras, Parts};
use crate::services::diagnostics::Bundler;
use crate::services::discovery::{self, Discovery};
use crate::services::feed::Feed;
use crate::services::incidents::{Incidents, Sources};
use crate::services::installation::{self, Installation};
use crate::services::recordings::{self, Recordings};
use crate::services::recovery::{self, NoAddress, Recovery};
use crate::services::storage::Storage;
use crate::services::system::{self, System};
use crate::services::{pictures, sequences, webhook};
use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use media::hls::HlsOptions;
use media::ingest::Connect;
use media::ingest::connect::{Connector, ConnectorOptions};
use media::mjpeg::MjpegTaps;
use media::snapshot::Snapshotter;
use media::stream::{Streams, StreamsOptions};
use std::ops::Deref;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Key frames that are decoded at the same time.
const SNAPSHOTS_AT_ONCE: usize = 2;
/// How long changes and connections may take to end once the streams have.
const LAST_TASKS: Duration = Duration::from_secs(1);
const CLOSE_DATABASE: Duration = Duration::from_secs(1);

/// The shared state of the application.
#[derive(Clone)]
pub struct AppState {
    inner: Arc<Inner>,
}

/// What [`AppState`] dereferences to.
pub struct Inner {
    pub settings: Current,
    pub db: Db,
    pub cameras: Cameras,
    /// What is set for all cameras.
    pub installation: Installation,
    /// Where recordings go.
    pub storage: Storage,
    pub recordings: Recordings,
    pub streams: Streams,
    pub snapshots: Arc<Snapshotter>,
    /// Conversions to motion JPEG, at most one per stream.
    pub mjpeg: MjpegTaps,
    /// Who watches by HLS.
    pub hls_audience: HlsAudience,
    /// State and its changes, for browsers.
    pub feed: Feed,
    /// What went wrong with cameras, and when.
    pub incidents: Incidents,
    /// How the process and its machine are.
    pub system: System,
    pub bundler: Bundler,
    /// Finds cameras on the network.
    pub discovery: Discovery,
    /// What is done for cameras that stay dark.
    pub recovery: Recovery,
    pub addresses: AddressPolicy,
    /// Who may do what.
    pub people: People,
    /// What HTTPS is served with.
    pub certificates: Certificates,
    /// Opens the cameras' streams.
    connect: Arc<dyn Connect>,
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
    /// Opens the cameras' streams.
    pub connect: Arc<dyn Connect>,
    /// How cameras are searched for.
    pub discovery: discovery::Terms,
}

impl Outside {
    /// The real network.
    pub fn real(settings: &Settings) -> Self {
        let addresses = media::ingest::net::AddressPolicy { allow_loopback: settings.allow_loopback_cameras, ..Default::default() };
        let connector = Connector::new(ConnectorOptions { addresses, ..ConnectorOptions::default() });
        Self { resolver: Arc::new(SystemResolver), connect: Arc::new(connector), discovery: discovery::Terms::default() }
    }
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
        let people = People::start(db.clone(), &sealer, Lifetimes::default(), tasks.clone()).await;
        let people = people.map_err(|error| format!("the accounts cannot be read: {error}"))?;
        let first_discontinuity = sequences::begin(&db).await.map_err(|error| format!("the database cannot be written: {error}"))?;
        let hls = HlsOptions { first_discontinuity, ..HlsOptions::default() };
        let streams = Streams::new(StreamsOptions { hls, ..StreamsOptions::default() }, Arc::clone(&outside.connect));
        // Before the first stream starts: it hears every change of state.
        let incidents = Incidents::open(&db, &streams).await.map_err(|error| format!("the incident log cannot be opened: {error}"))?;
        let snapshots = Arc::new(Snapshotter::new(SNAPSHOTS_AT_ONCE));
        let parts = Parts {
            db: db.clone(),
            sealer: sealer.clone(),
            streams: streams.clone(),
            snapshots: Arc::clone(&snapshots),
            addresses: addresses.clone(),
            tasks: tasks.clone(),
        };
        let certificates = Certificates::new(&settings.data);
        let settings = Current::new(settings);
        installation::load(&db, &settings).await.map_err(|error| format!("the database cannot be read: {error}"))?;
        let cameras = Cameras::start(settings.clone(), parts).await?;
        let (webhooks, reboot) = (webhook::Sender::new(addresses.clone()), Arc::new(NoAddress));
        let parts = installation::Parts {
            db: db.clone(),
            sealer,
            settings: settings.clone(),
            cameras: cameras.clone(),
            webhooks: webhooks.clone(),
            reboot: reboot.clone(),
            tasks: tasks.clone(),
        };
        let installation = Installation::open(parts).await.map_err(|error| format!("the database cannot be read: {error}"))?;
        let storage =
            Storage::open(db.clone(), &settings.get().data).await.map_err(|error| format!("the database cannot be read: {error}"))?;
        let feed = Feed::default();
        let recovery = Recovery::new(recovery::Parts {
            db: db.clone(),
            cameras: cameras.clone(),
            streams: streams.clone(),
            installation: installation.clone(),
            incidents: incidents.clone(),
            feed: feed.clone(),
            webhooks,
            reboot,
            tasks: tasks.clone(),
        });
        let leptos = LeptosOptions::builder().output_name("nightjar").site_root("target/site").site_pkg_dir("pkg").build();
        let stopping = CancellationToken::new();
        let recordings = Recordings::new(recordings::Parts {
            db: db.clone(),
            cameras: cameras.clone(),
            storage: storage.clone(),
            snapshots: Arc::clone(&snapshots),
            feed: feed.clone(),
            tasks: tasks.clone(),
            stopping: stopping.clone(),
        });
        let discovery = Discovery::new(outside.discovery, settings.clone(), tasks.clone(), stopping.clone());
        let inner = Inner {
            settings,
            db,
            cameras,
            installation,
            storage,
            recordings,
            streams,
            snapshots,
            mjpeg: MjpegTaps::new(),
            hls_audience: HlsAudience::default(),
            feed,
            incidents,
            system: System::default(),
            bundler: Bundler::default(),
            discovery,
            recovery,
            addresses,
            people,
            certificates,
            connect: outside.connect,
            leptos,
            stopping,
            tasks,
        };
        let state = Self { inner: Arc::new(inner) };
        state.run_parts(first_discontinuity);
        Ok(state)
    }

    /// Starts what runs behind the routes.
    fn run_parts(&self, first_discontinuity: u64) {
        self.keep("feed", |state| async move { state.feed.run(&state.cameras, &state.streams, state.stopping.clone()).await });
        self.keep("incidents", |state| async move {
            let sources = Sources { cameras: &state.cameras, feed: &state.feed, settings: &state.settings };
            state.incidents.run(sources, state.stopping.clone()).await;
        });
        self.keep("pictures", |state| async move { pictures::follow(&state.streams, &state.incidents, state.stopping.clone()).await });
        self.keep("people", |state| async move { state.people.run(state.stopping.clone()).await });
        self.keep("recordings", |state| async move { state.recordings.run().await });
        self.keep("recovery", |state| async move { state.recovery.run(state.stopping.clone()).await });
        self.keep("audience of HLS", |state| async move { state.hls_audience.run(state.stopping.clone()).await });
        self.keep("system", |state| async move {
            let settings = state.settings.get();
            let sqlite = settings.database_url.is_empty().then(|| settings.sqlite_file());
            let sources = system::Sources { db: state.db.clone(), streams: state.streams.clone(), data: settings.data.clone(), sqlite };
            state.system.run(sources, state.stopping.clone()).await;
        });
        self.keep("sequences", move |state| async move {
            sequences::follow(&state.db, &state.streams, first_discontinuity, state.stopping.clone()).await;
        });
    }

    /// Runs a part of the server until it stops by itself, which it does once [`Inner::stopping`] is cancelled.
    fn keep<F: Future<Output = ()> + Send + 'static>(&self, name: &'static str, part: impl Fn(Self) -> F + Send + 'static) {
        let state = self.clone();
        self.tasks.spawn(kept(name, self.stopping.clone(), move || part(state.clone())));
    }

    /// Tells where the server listens, so that no camera's address leads back to it.
    pub fn listens(&self, address: std::net::SocketAddr) {
        self.addresses.set_listener(address);
        self.follow_addresses();
    }

    /// What opens the cameras' streams goes by the same rules as what saves their addresses.
    fn follow_addresses(&self) {
        let mut own_ports = [0; 2];
        for (port, own) in own_ports.iter_mut().zip(self.addresses.listeners()) {
            *port = own.port();
        }
        self.connect.set_addresses(media::ingest::net::AddressPolicy { allow_loopback: self.addresses.allow_loopback(), own_ports });
    }

    /// Puts other settings in force. The answer names those that only a new start can change.
    ///
    /// # Errors
    /// The cameras could not be read again.
    pub async fn reconfigure(&self, settings: Settings) -> Result<Vec<&'static str>, String> {
        self.addresses.follow(&settings);
        self.follow_addresses();
        let fixed = self.settings.replace(settings);
        self.certificates.look_again();
        self.cameras.follow_settings().await?;
        Ok(fixed)
    }

    /// Ends everything that runs behind the routes within about seven seconds: sessions are torn down, children reaped, the database closed.
    pub async fn shutdown(&self) {
        self.stopping.cancel();
        self.mjpeg.shutdown().await;
        self.streams.shutdown().await;
        self.tasks.close();
        if tokio::time::timeout(LAST_TASKS, self.tasks.wait()).await.is_err() {
            tracing::warn!(left = self.tasks.len(), "some tasks did not end in time and are cut off");
        }
        if tokio::time::timeout(CLOSE_DATABASE, self.db.close()).await.is_err() {
            tracing::warn!("the database did not close in time; it recovers at the next start");
        }
    }
}

/// For the owner only: passwords' key, database and recordings are in it.
pub(crate) fn make_data_folder(path: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}
