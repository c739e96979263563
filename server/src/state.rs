//! What every handler shares. Cheap to clone; made once by `cli::serve` or by a test.

use crate::config::Settings;
use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use std::ops::Deref;
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
    /// How pages are rendered.
    pub leptos: LeptosOptions,
    /// Cancelled when the server begins to stop: long answers (WebSockets, waiting playlists) end then.
    pub stopping: CancellationToken,
    /// Every task that handlers and services start.
    pub tasks: TaskTracker,
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
    pub fn new(settings: Settings) -> Self {
        let leptos = LeptosOptions::builder().output_name("nightjar").site_root("target/site").site_pkg_dir("pkg").build();
        Self { inner: Arc::new(Inner { settings, leptos, stopping: CancellationToken::new(), tasks: TaskTracker::new() }) }
    }
}
