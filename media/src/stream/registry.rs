//! Every stream of the installation by its key: at most one supervised task each.
//!
//! What does not belong here: what a stream does ([`super::supervisor`], [`super::policy`]), who may see it, where its configuration is stored.

use crate::error::{ErrorCode, StreamError};
use crate::hls::{HlsOptions, HlsStream};
use crate::id::StreamKey;
use crate::ingest::{Connect, OPENING_LIMIT, SourceSpec};
use crate::stream::breaker::LoginGate;
use crate::stream::handle::{COMMANDS, Shared, StreamHandle};
use crate::stream::hub::{Hub, HubLimits};
use crate::stream::policy::PolicySettings;
use crate::stream::probe::{self, ProbeResult, Probing};
use crate::stream::session::{self, ConnectLimit, Opened, Upstream};
use crate::stream::status::{StreamState, StreamStatus};
use crate::stream::supervisor::Supervisor;
use crate::time::Stamp;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// Longest wait for the end of a stream that is removed, and of all of them at shutdown.
const TEARDOWN: Duration = Duration::from_secs(5);

/// Settings of the whole registry.
#[derive(Debug, Clone)]
pub struct StreamsOptions {
    /// Connections that may be opened at once, over all streams; at least 1.
    pub connect_limit: usize,
    /// Longest wait for one connection to be opened: the net below the limits that each source keeps by itself.
    pub connect_timeout: Duration,
    /// State changes kept for a slow listener of [`Streams::events`].
    pub event_capacity: usize,
    pub hub: HubLimits,
    /// `part_target` is each stream's own setting.
    pub hls: HlsOptions,
}

impl Default for StreamsOptions {
    fn default() -> Self {
        Self {
            connect_limit: 8,
            connect_timeout: OPENING_LIMIT,
            event_capacity: 1024,
            hub: HubLimits::default(),
            hls: HlsOptions::default(),
        }
    }
}

/// What one stream is configured to be. Two equal configurations make no difference, credentials included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamConfig {
    pub source: SourceSpec,
    /// Off: no session, whoever watches.
    pub enabled: bool,
    /// Runs without viewers.
    pub always_on: bool,
    pub settings: StreamSettings,
}

impl StreamConfig {
    /// An enabled stream that starts with its first viewer.
    pub fn new(source: SourceSpec) -> Self {
        Self { source, enabled: true, always_on: false, settings: StreamSettings::default() }
    }
}

/// Resolved tunables of one stream. Changes apply without a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamSettings {
    pub policy: PolicySettings,
    /// Wished length of an HLS part, 100-1000 ms. A change counts from the next key frame on.
    pub hls_part_target: Duration,
}

impl Default for StreamSettings {
    fn default() -> Self {
        Self { policy: PolicySettings::default(), hls_part_target: HlsOptions::default().part_target }
    }
}

/// One change of state: the raw material of the incident log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamEvent {
    pub key: StreamKey,
    pub at: Stamp,
    pub from: StreamState,
    pub to: StreamState,
    /// One or two plain sentences.
    pub reason: String,
    /// The failure behind it, if one is. `Backoff` without one: the camera is asleep.
    pub code: Option<ErrorCode>,
    /// Number of the current or next attempt since the stream was last live, from 1.
    pub attempt: u32,
    /// How long it had been wanted and not live.
    pub dark_for: Option<Duration>,
    /// Where it was live until now: how old its newest frame is. That long nothing had come before it was noticed.
    pub silent_for: Option<Duration>,
}

/// All streams. Clones share one registry.
#[derive(Clone)]
pub struct Streams {
    inner: Arc<Inner>,
}

struct Inner {
    options: StreamsOptions,
    upstream: Arc<Upstream>,
    events: broadcast::Sender<StreamEvent>,
    /// Held for map accesses only, never across an await.
    streams: Mutex<HashMap<StreamKey, Entry>>,
    tasks: TaskTracker,
    /// Parent of every stream's token.
    cancel: CancellationToken,
}

struct Entry {
    handle: StreamHandle,
    cancel: CancellationToken,
    /// Cancelled when the task has ended and its session is closed.
    ended: CancellationToken,
    /// Removed, but its session may still be open. A new stream of this key waits for it.
    leaving: bool,
}

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams").field("streams", &self.inner.streams().len()).finish_non_exhaustive()
    }
}

impl Streams {
    /// An empty registry. Needs a tokio runtime from the first [`Streams::configure`] on.
    pub fn new(options: StreamsOptions, connect: Arc<dyn Connect>) -> Self {
        let cancel = CancellationToken::new();
        let upstream = Upstream {
            connect,
            gate: LoginGate::default(),
            limit: ConnectLimit::new(options.connect_limit),
            connect_timeout: options.connect_timeout,
            closing: TaskTracker::new(),
            stopping: cancel.clone(),
        };
        Self {
            inner: Arc::new(Inner {
                events: broadcast::channel(options.event_capacity.max(1)).0,
                options,
                upstream: Arc::new(upstream),
                streams: Mutex::default(),
                tasks: TaskTracker::new(),
                cancel,
            }),
        }
    }

    /// Adds a stream or changes it. An unchanged configuration changes nothing; a new source restarts this stream only, and anything
    /// else applies without a restart.
    pub fn configure(&self, key: StreamKey, config: StreamConfig) {
        let mut streams = self.inner.streams();
        let predecessor = match streams.get(&key) {
            Some(entry) if !entry.leaving => {
                let config = Arc::new(config);
                entry.handle.shared.config.send_if_modified(|current| {
                    let changed = **current != *config;
                    if changed {
                        *current = config;
                    }
                    changed
                });
                return;
            }
            Some(leaving) => Some(leaving.ended.clone()),
            None => None,
        };
        streams.insert(key, self.start(key, config, predecessor));
    }

    /// Ends a stream and waits for its session to be closed, at most 5 s.
    pub async fn remove(&self, key: StreamKey) {
        let ended = {
            let mut streams = self.inner.streams();
            let Some(entry) = streams.get_mut(&key) else { return };
            entry.leaving = true;
            entry.cancel.cancel();
            entry.ended.clone()
        };
        let _ = timeout(TEARDOWN, ended.cancelled()).await;
        let mut streams = self.inner.streams();
        // A stream that was configured anew meanwhile stays.
        if streams.get(&key).is_some_and(|entry| entry.leaving) {
            streams.remove(&key);
        }
    }

    /// The stream of this key. None: it is not configured, or being removed.
    pub fn handle(&self, key: StreamKey) -> Option<StreamHandle> {
        self.inner.streams().get(&key).filter(|entry| !entry.leaving).map(|entry| entry.handle.clone())
    }

    /// Handles of all streams, by key.
    pub fn handles(&self) -> Vec<StreamHandle> {
        let mut handles: Vec<_> = self.inner.streams().values().filter(|entry| !entry.leaving).map(|entry| entry.handle.clone()).collect();
        handles.sort_by_key(StreamHandle::key);
        handles
    }

    /// Statuses of all streams, by key.
    pub fn statuses(&self) -> Vec<(StreamKey, StreamStatus)> {
        self.handles().into_iter().map(|handle| (handle.key(), handle.status())).collect()
    }

    /// Makes a stream's next session try the transport that was not used last; its name. None where there is no choice.
    pub fn try_other_transport(&self, key: StreamKey) -> Option<&'static str> {
        let config = Arc::clone(&*self.handle(key)?.shared.config.borrow());
        self.inner.upstream.connect.try_other_transport(&config.source)
    }

    /// Every change of state from now on. A listener that is too slow is told how many it missed.
    pub fn events(&self) -> broadcast::Receiver<StreamEvent> {
        self.inner.events.subscribe()
    }

    /// Tries a source once, within `limit`. A live stream of the same source answers from its newest key frame, because some cameras
    /// serve one session only; otherwise this counts as a login like any other.
    ///
    /// # Errors
    /// Why it cannot be shown, with a sentence that says what to do.
    pub async fn probe(&self, spec: &SourceSpec, limit: Duration) -> Result<ProbeResult, StreamError> {
        if let Some(found) = self.already_live(spec) {
            return Ok(found);
        }
        let started = Instant::now();
        let mut probing = Probing::new(&self.inner.upstream, spec);
        match timeout(limit, probing.opened()).await {
            Ok(Opened::Source(source)) => probe::first_picture(source, started, limit).await,
            Ok(Opened::Failed(error)) => Err(error),
            Ok(Opened::Blocked { .. }) => Err(crate::stream::policy::login_blocked()),
            Err(_) => Err(StreamError::no_answer(limit)),
        }
    }

    /// Ends every session (TEARDOWN sent, children reaped), within 5 s. Nothing can be configured afterwards.
    pub async fn shutdown(&self) {
        self.inner.cancel.cancel();
        self.inner.tasks.close();
        self.inner.upstream.closing.close();
        let all = async {
            self.inner.tasks.wait().await;
            self.inner.upstream.closing.wait().await;
        };
        if timeout(TEARDOWN, all).await.is_err() {
            tracing::warn!("Some camera sessions did not end within {} s and were left behind.", TEARDOWN.as_secs());
        }
    }

    fn start(&self, key: StreamKey, config: StreamConfig, predecessor: Option<CancellationToken>) -> Entry {
        let inner = &self.inner;
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let hls_options = HlsOptions { part_target: config.settings.hls_part_target, ..inner.options.hls.clone() };
        let hls = HlsStream::new(hls_options, session::now());
        let shared = Arc::new(Shared::new(key, Hub::new(inner.options.hub), hls, Arc::new(config), commands));
        let cancel = inner.cancel.child_token();
        let ended = CancellationToken::new();
        let supervisor = Supervisor::new(Arc::clone(&inner.upstream), Arc::clone(&shared), receiver, inner.events.clone(), cancel.clone());
        let finished = ended.clone().drop_guard();
        let span = tracing::info_span!("stream", camera.id = key.camera.0, stream.quality = key.quality.as_str());
        inner.tasks.spawn(
            async move {
                // Dropped when the task ends, however it ends.
                let _finished = finished;
                if let Some(predecessor) = predecessor {
                    let _ = timeout(TEARDOWN, predecessor.cancelled()).await;
                }
                supervisor.run().await;
            }
            .instrument(span),
        );
        Entry { handle: StreamHandle { shared }, cancel, ended, leaving: false }
    }

    fn already_live(&self, spec: &SourceSpec) -> Option<ProbeResult> {
        let handle = self.handles().into_iter().find(|handle| handle.shared.config.borrow().source == *spec)?;
        let status = handle.status();
        if status.state != StreamState::Live {
            return None;
        }
        let (epoch, key_frame) = handle.hub().last_key_frame()?;
        Some(ProbeResult { tracks: epoch.tracks.clone(), carried: status.source?, epoch, key_frame, took: Duration::ZERO })
    }
}

impl Inner {
    fn streams(&self) -> MutexGuard<'_, HashMap<StreamKey, Entry>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "registry/tests.rs"]
mod tests;
