//! What others hold of a stream: a handle to look, ask and join, and the viewer guard that keeps it wanted.

use crate::hls::HlsStream;
use crate::id::StreamKey;
use crate::stream::hub::Hub;
use crate::stream::policy::RecoverOutcome;
use crate::stream::registry::StreamConfig;
use crate::stream::session;
use crate::stream::status::{StreamStatus, ViewerCounts, ViewerKind};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{mpsc, oneshot, watch};

/// Commands that wait for the stream's task.
pub(super) const COMMANDS: usize = 32;
/// `Shared::last_frame_us` before the first frame.
const NEVER: u64 = u64::MAX;

/// What a stream's task is asked to do.
#[derive(Debug)]
pub(super) enum Command {
    Recover(oneshot::Sender<RecoverOutcome>),
    Restart(oneshot::Sender<RecoverOutcome>),
}

/// Consumers of a stream by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Consumers {
    pub(super) viewers: ViewerCounts,
    /// Recorder, snapshot and the like: they keep the stream wanted but are no viewers.
    pub(super) internal: u32,
}

impl Consumers {
    pub(super) fn any(&self) -> bool {
        let ViewerCounts { mse, hls, webrtc, mjpeg } = self.viewers;
        [mse, hls, webrtc, mjpeg, self.internal].iter().any(|count| *count > 0)
    }

    fn count_of(&mut self, kind: ViewerKind) -> &mut u32 {
        match kind {
            ViewerKind::Mse => &mut self.viewers.mse,
            ViewerKind::Hls => &mut self.viewers.hls,
            ViewerKind::Webrtc => &mut self.viewers.webrtc,
            ViewerKind::Mjpeg => &mut self.viewers.mjpeg,
            ViewerKind::Internal => &mut self.internal,
        }
    }
}

/// The parts of a stream that its task and its handles share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) key: StreamKey,
    pub(super) hub: Hub,
    pub(super) hls: HlsStream,
    pub(super) config: watch::Sender<Arc<StreamConfig>>,
    pub(super) consumers: watch::Sender<Consumers>,
    pub(super) status: watch::Sender<StreamStatus>,
    pub(super) commands: mpsc::Sender<Command>,
    /// Monotonic time of the newest video frame in µs: written per frame, so that a status is exact between two publications.
    last_frame_us: AtomicU64,
}

impl Shared {
    pub(super) fn new(key: StreamKey, hub: Hub, hls: HlsStream, config: Arc<StreamConfig>, commands: mpsc::Sender<Command>) -> Self {
        Self {
            key,
            hub,
            hls,
            config: watch::Sender::new(config),
            consumers: watch::Sender::default(),
            status: watch::Sender::new(StreamStatus::idle(key.quality, session::now().utc_ms)),
            commands,
            last_frame_us: AtomicU64::new(NEVER),
        }
    }

    pub(super) fn note_frame(&self, mono_us: u64) {
        self.last_frame_us.store(mono_us, Ordering::Relaxed);
    }

    /// Age of the newest video frame now, in ms.
    pub(super) fn last_frame_age_ms(&self) -> Option<u64> {
        match self.last_frame_us.load(Ordering::Relaxed) {
            NEVER => None,
            at => Some(session::now().mono_us.saturating_sub(at) / 1000),
        }
    }

    fn change(&self, kind: ViewerKind, change: impl FnOnce(u32) -> u32) {
        self.consumers.send_modify(|consumers| {
            let count = consumers.count_of(kind);
            *count = change(*count);
        });
    }
}

/// A stream, as the rest of the server sees it. Cheap to clone.
#[derive(Clone)]
pub struct StreamHandle {
    pub(super) shared: Arc<Shared>,
}

impl fmt::Debug for StreamHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StreamHandle").field(&self.shared.key).finish()
    }
}

impl StreamHandle {
    pub fn key(&self) -> StreamKey {
        self.shared.key
    }

    /// The newest measurements; the frame's age and the viewers are those of this moment.
    pub fn status(&self) -> StreamStatus {
        let mut status = self.shared.status.borrow().clone();
        status.last_frame_age_ms = self.shared.last_frame_age_ms();
        status.viewers = self.shared.consumers.borrow().viewers;
        status
    }

    /// Statuses as they are published: on every change, and about once a second while live. Ends when the stream is removed.
    pub fn watch(&self) -> watch::Receiver<StreamStatus> {
        self.shared.status.subscribe()
    }

    /// Counts a consumer in until the guard is dropped; the first one starts the stream.
    pub fn join(&self, kind: ViewerKind) -> Viewer {
        self.shared.change(kind, |count| count.saturating_add(1));
        Viewer { shared: Arc::clone(&self.shared), kind }
    }

    /// The chunks, without joining: this does not keep the stream running.
    pub fn hub(&self) -> &Hub {
        &self.shared.hub
    }

    /// The playlist, without joining.
    pub fn hls(&self) -> &HlsStream {
        &self.shared.hls
    }

    /// Opens a new session if our own evidence says that this one is bad. Any number of simultaneous calls is one restart.
    pub async fn recover(&self) -> RecoverOutcome {
        self.ask(Command::Recover).await
    }

    /// Opens a new session whatever the evidence, on an operator's request. Never sends a login that is blocked.
    pub async fn restart(&self) -> RecoverOutcome {
        self.ask(Command::Restart).await
    }

    async fn ask(&self, command: impl FnOnce(oneshot::Sender<RecoverOutcome>) -> Command) -> RecoverOutcome {
        let (reply, answer) = oneshot::channel();
        let gone = || RecoverOutcome::no("The stream was removed.");
        if self.shared.commands.send(command(reply)).await.is_err() {
            return gone();
        }
        answer.await.unwrap_or_else(|_| gone())
    }
}

/// Keeps a stream wanted and counted as long as it lives.
pub struct Viewer {
    shared: Arc<Shared>,
    kind: ViewerKind,
}

impl fmt::Debug for Viewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Viewer").field("key", &self.shared.key).field("kind", &self.kind).finish()
    }
}

impl Viewer {
    pub fn hub(&self) -> &Hub {
        &self.shared.hub
    }

    pub fn hls(&self) -> &HlsStream {
        &self.shared.hls
    }

    /// The stream's handle.
    pub fn handle(&self) -> StreamHandle {
        StreamHandle { shared: Arc::clone(&self.shared) }
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.shared.change(self.kind, |count| count.saturating_sub(1));
    }
}
