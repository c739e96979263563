//! What listener and connections share: scripts, mounts, counters; and the listener itself.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::Auth;
use crate::connection;
use crate::fixture::{Fixture, LOOP_SECONDS};
use crate::mount::Mount;
use crate::script::{Action, ConnectBehaviour, Script, Step};

/// The default script and those of single mounts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scripts {
    pub default: Script,
    pub mounts: HashMap<String, Script>,
}

impl Scripts {
    pub(crate) fn get(&self, mount: Option<&str>) -> &Script {
        mount.and_then(|path| self.mounts.get(path)).unwrap_or(&self.default)
    }
}

/// State shared by listener and connections.
#[derive(Debug)]
pub(crate) struct Shared {
    pub auth: Option<Auth>,
    pub scripts: watch::Sender<Scripts>,
    /// One-shot events with the mount they are for; `None` is all.
    pub actions: broadcast::Sender<(Option<String>, Action)>,
    /// True while rebooting.
    pub off: watch::Sender<bool>,
    pub listening: watch::Sender<bool>,
    pub fixtures: Vec<(String, Fixture)>,
    pub cameras: u32,
    pub mounts: Mutex<BTreeMap<String, Arc<Mount>>>,
    pub connections_open: AtomicU64,
    pub connections_total: AtomicU64,
    pub handshakes_open: AtomicU64,
    pub handshakes_max: AtomicU64,
    pub logins_ok: AtomicU64,
    pub logins_failed: AtomicU64,
    pub cancel: CancellationToken,
    pub tracker: TaskTracker,
}

impl Shared {
    /// The mount at a path, opened on its first visit.
    pub(crate) async fn mount(&self, path: &str) -> Result<Option<Arc<Mount>>> {
        if let Some(mount) = self.mounts.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return Ok(Some(Arc::clone(mount)));
        }
        let Some((fixture, number)) = self.fixture_at(path) else { return Ok(None) };
        let content = tokio::task::spawn_blocking(move || fixture.load()).await??;
        // Golden-ratio steps spread any number of cameras evenly over the loop.
        let phase = (f64::from(number) * 0.618_034).fract() * f64::from(LOOP_SECONDS);
        let mut mounts = self.mounts.lock().unwrap_or_else(PoisonError::into_inner);
        let mount =
            mounts.entry(path.to_owned()).or_insert_with(|| Arc::new(Mount::new(path.to_owned(), content, Duration::from_secs_f64(phase))));
        Ok(Some(Arc::clone(mount)))
    }

    /// `/main`, `/cam/7/sub`, or `/fixture/h265_aac` for anything that has a name.
    fn fixture_at(&self, path: &str) -> Option<(Fixture, u32)> {
        let configured = |path: &str| self.fixtures.iter().find(|(known, _)| known == path).map(|(_, fixture)| *fixture);
        if let Some(fixture) = configured(path) {
            return Some((fixture, 0));
        }
        if let Some(name) = path.strip_prefix("/fixture/") {
            return Some((Fixture::named(name)?, 0));
        }
        let (number, quality) = path.strip_prefix("/cam/")?.split_once('/')?;
        let number = number.parse().ok().filter(|number| (1..=self.cameras).contains(number))?;
        Some((configured(&format!("/{quality}"))?, number))
    }

    /// Takes one use of the first answer scripted for a step.
    pub(crate) fn scripted_answer(&self, mount: Option<&str>, step: Step) -> Option<u16> {
        let mut status = None;
        self.scripts.send_if_modified(|scripts| {
            let script = match mount.and_then(|path| scripts.mounts.get_mut(path)) {
                Some(own) => own,
                None => &mut scripts.default,
            };
            let Some(at) = script.answers.iter().position(|answer| answer.step == step && answer.times != Some(0)) else { return false };
            status = Some(script.answers[at].status);
            if let Some(times) = &mut script.answers[at].times {
                *times -= 1;
            }
            false
        });
        status
    }
}

/// Counts a session that is being opened for as long as it lives.
#[derive(Debug)]
pub(crate) struct Handshake {
    shared: Arc<Shared>,
}

impl Handshake {
    pub(crate) fn begin(shared: &Arc<Shared>) -> Self {
        let now = shared.handshakes_open.fetch_add(1, Ordering::SeqCst) + 1;
        shared.handshakes_max.fetch_max(now, Ordering::SeqCst);
        Self { shared: Arc::clone(shared) }
    }
}

impl Drop for Handshake {
    fn drop(&mut self) {
        self.shared.handshakes_open.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Accepts connections for as long as script and power allow; the port is closed meanwhile, so that connects are refused.
pub(crate) async fn listen(shared: Arc<Shared>, address: SocketAddr, mut listener: Option<TcpListener>) {
    let mut scripts = shared.scripts.subscribe();
    let mut off = shared.off.subscribe();
    loop {
        let wanted = scripts.borrow_and_update().default.connect != ConnectBehaviour::Refuse && !*off.borrow_and_update();
        if !wanted {
            listener = None;
        } else if listener.is_none() {
            listener = match TcpListener::bind(address).await {
                Ok(listener) => Some(listener),
                Err(error) => {
                    // Some other program's outgoing connection may sit on the port for a moment.
                    tracing::warn!(%error, %address, "fake camera cannot listen again yet");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    None
                }
            };
            if listener.is_none() {
                continue;
            }
        }
        shared.listening.send_replace(listener.is_some());
        let accept = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = shared.cancel.cancelled() => return,
            Ok(()) = scripts.changed() => {}
            Ok(()) = off.changed() => {}
            accepted = accept => match accepted {
                Ok((stream, _)) => {
                    shared.connections_total.fetch_add(1, Ordering::SeqCst);
                    shared.connections_open.fetch_add(1, Ordering::SeqCst);
                    let connection = Arc::clone(&shared);
                    shared.tracker.spawn(async move {
                        connection::serve(&connection, stream).await;
                        connection.connections_open.fetch_sub(1, Ordering::SeqCst);
                    });
                }
                Err(error) => tracing::warn!(%error, "accept"),
            },
        }
    }
}
