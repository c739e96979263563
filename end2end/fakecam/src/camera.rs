//! The camera as tests hold it: builder, switches, counters. What its tasks share is in `shared.rs`.

use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::Auth;
use crate::fixture::Fixture;
#[cfg(doc)]
use crate::loops::Loop;
use crate::mount::{FrameClock, MountCounters};
use crate::script::{Action, Answer, ConnectBehaviour, LoginBehaviour, Script, Step};
use crate::shared::{Scripts, Shared, listen};

/// Everything the camera has counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// TCP connections open now.
    pub connections_open: u64,
    /// TCP connections accepted ever.
    pub connections_total: u64,
    /// Most sessions that were being opened at once, from the first `SETUP` to the answer to `PLAY`, over all mounts.
    pub handshakes_max: u64,
    /// Connections on which credentials were accepted.
    pub logins_ok: u64,
    /// Requests with credentials that were refused: each one counts towards a real camera's lock.
    pub logins_failed: u64,
    /// By path of the mount.
    pub mounts: BTreeMap<String, MountCounters>,
}

/// Settings of a camera to be started.
#[derive(Debug)]
#[must_use]
pub struct Builder {
    fixtures: Vec<(String, Fixture)>,
    cameras: u32,
    script: Script,
    auth: Option<Auth>,
    listen: SocketAddr,
}

impl Builder {
    /// Plays `fixture` at `/main`.
    pub fn fixture(self, fixture: Fixture) -> Self {
        self.mount("/main", fixture)
    }

    /// Plays `fixture` at `path`; the last one given for a path counts.
    pub fn mount(mut self, path: &str, fixture: Fixture) -> Self {
        self.fixtures.retain(|(known, _)| known != path);
        self.fixtures.push((path.to_owned(), fixture));
        self
    }

    /// `/cam/1/main` to `/cam/N/main` and `/cam/N/sub` play what `/main` and `/sub` play, each with its own phase.
    pub fn cameras(mut self, count: u32) -> Self {
        self.cameras = count;
        self
    }

    /// Behaviour from the start.
    pub fn behaviour(mut self, script: Script) -> Self {
        self.script = script;
        self
    }

    /// Asks for credentials.
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = Some(auth);
        self
    }

    /// Default: a free port on 127.0.0.1.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Encodes missing fixtures, opens the port.
    pub async fn start(mut self) -> Result<FakeCamera> {
        if self.fixtures.is_empty() {
            self.fixtures = vec![("/main".into(), Fixture::main()), ("/sub".into(), Fixture::sub())];
        }
        let fixtures = self.fixtures.clone();
        tokio::task::spawn_blocking(move || fixtures.iter().try_for_each(|(_, fixture)| fixture.load().map(drop)))
            .await
            .context("loading fixtures")??;
        let listener = TcpListener::bind(self.listen).await.with_context(|| format!("listening on {}", self.listen))?;
        let address = listener.local_addr()?;
        let refuse = self.script.connect == ConnectBehaviour::Refuse;
        let shared = Arc::new(Shared {
            auth: self.auth,
            scripts: watch::Sender::new(Scripts { default: self.script, mounts: HashMap::new() }),
            actions: broadcast::Sender::new(64),
            off: watch::Sender::new(false),
            listening: watch::Sender::new(!refuse),
            fixtures: self.fixtures,
            cameras: self.cameras,
            mounts: Mutex::default(),
            connections_open: AtomicU64::new(0),
            connections_total: AtomicU64::new(0),
            handshakes_open: AtomicU64::new(0),
            handshakes_max: AtomicU64::new(0),
            logins_ok: AtomicU64::new(0),
            logins_failed: AtomicU64::new(0),
            cancel: CancellationToken::new(),
            tracker: TaskTracker::new(),
        });
        let listener = (!refuse).then_some(listener);
        shared.tracker.spawn(listen(Arc::clone(&shared), address, listener));
        Ok(FakeCamera { shared, address })
    }
}

/// A running camera. Dropping it closes everything.
#[derive(Debug)]
pub struct FakeCamera {
    shared: Arc<Shared>,
    address: SocketAddr,
}

impl FakeCamera {
    /// Without further words: `/main` (1080p, 4 Mbit/s) and `/sub` (360p), no credentials, no faults, a free port on
    /// 127.0.0.1. Once a mount is named, only the named ones are there.
    pub fn builder() -> Builder {
        Builder {
            fixtures: Vec::new(),
            cameras: 0,
            script: Script::default(),
            auth: None,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// URL of a mount, without credentials.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("rtsp://{}/{}", self.address, path.trim_start_matches('/'))
    }

    /// URL with credentials in it, as ffmpeg wants them.
    #[must_use]
    pub fn url_with_credentials(&self, path: &str) -> String {
        let user = self.shared.auth.as_ref().map_or_else(String::new, |auth| format!("{}:{}@", auth.username, auth.password));
        format!("rtsp://{user}{}/{}", self.address, path.trim_start_matches('/'))
    }

    /// Everything counted so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let shared = &self.shared;
        let mounts = shared.mounts.lock().unwrap_or_else(PoisonError::into_inner);
        Counters {
            connections_open: shared.connections_open.load(Ordering::SeqCst),
            connections_total: shared.connections_total.load(Ordering::SeqCst),
            handshakes_max: shared.handshakes_max.load(Ordering::SeqCst),
            logins_ok: shared.logins_ok.load(Ordering::SeqCst),
            logins_failed: shared.logins_failed.load(Ordering::SeqCst),
            mounts: mounts.iter().map(|(path, mount)| (path.clone(), mount.counters())).collect(),
        }
    }

    /// One mount's counters; zeroes before its first visitor.
    #[must_use]
    pub fn mount_counters(&self, path: &str) -> MountCounters {
        self.counters().mounts.remove(path).unwrap_or_default()
    }

    /// Sessions open now, over all mounts.
    #[must_use]
    pub fn sessions_open(&self) -> u64 {
        self.counters().mounts.values().map(|mount| mount.sessions_open).sum()
    }

    /// Sessions ever, over all mounts.
    #[must_use]
    pub fn sessions_total(&self) -> u64 {
        self.counters().mounts.values().map(|mount| mount.sessions_total).sum()
    }

    /// Most sessions that any one mount had at once.
    #[must_use]
    pub fn sessions_max(&self) -> u64 {
        self.counters().mounts.values().map(|mount| mount.sessions_max).max().unwrap_or(0)
    }

    /// Requests with refused credentials.
    #[must_use]
    pub fn logins_failed(&self) -> u64 {
        self.shared.logins_failed.load(Ordering::SeqCst)
    }

    /// Connections with accepted credentials.
    #[must_use]
    pub fn logins_ok(&self) -> u64 {
        self.shared.logins_ok.load(Ordering::SeqCst)
    }

    /// When the mount sends which frame; `None` for a mount that does not exist.
    pub async fn frame_clock(&self, path: &str) -> Result<Option<FrameClock>> {
        Ok(self.shared.mount(path).await?.map(|mount| mount.frame_clock()))
    }

    /// When the video unit at `place` (see [`Loop::find_video_unit`]) was last written to a session of the mount.
    #[must_use]
    pub fn last_sent(&self, path: &str, place: usize) -> Option<Instant> {
        self.shared.mounts.lock().unwrap_or_else(PoisonError::into_inner).get(path)?.last_sent(place)
    }

    /// The script in force: of one mount, or the camera's.
    #[must_use]
    pub fn script(&self, mount: Option<&str>) -> Script {
        self.shared.scripts.borrow().get(mount).clone()
    }

    /// Changes the camera's script (`None`) or that of one mount, which then no longer follows the camera's.
    /// Returns when the listener is as the script wants it.
    pub async fn update(&self, mount: Option<&str>, change: impl FnOnce(&mut Script)) {
        self.shared.scripts.send_modify(|scripts| match mount {
            None => change(&mut scripts.default),
            Some(path) => {
                let own = scripts.mounts.entry(path.to_owned()).or_insert_with(|| scripts.default.clone());
                change(own);
            }
        });
        self.settled().await;
    }

    /// No more lasting faults, on any mount.
    pub async fn resume(&self) {
        self.shared.scripts.send_replace(Scripts::default());
        self.settled().await;
    }

    async fn settled(&self) {
        let open = self.shared.scripts.borrow().default.connect != ConnectBehaviour::Refuse && !*self.shared.off.borrow();
        // An error means that the camera is shut down: nothing to wait for.
        let _ = self.shared.listening.subscribe().wait_for(|listening| *listening == open).await;
    }

    /// Makes something happen once, to the sessions of one mount or of all.
    pub async fn act(&self, mount: Option<&str>, action: Action) -> Result<()> {
        match &action {
            Action::Switch { fixture } => {
                let fixture = Fixture::named(fixture).with_context(|| format!("there is no fixture {fixture:?}"))?;
                self.switch(mount, fixture).await?;
            }
            Action::Reboot { seconds, .. } => {
                self.shared.off.send_replace(true);
                // Without a connection nobody listens.
                let _ = self.shared.actions.send((None, action.clone()));
                self.settled().await;
                let (shared, seconds) = (Arc::clone(&self.shared), Duration::try_from_secs_f64(*seconds)?);
                self.shared.tracker.spawn(async move {
                    tokio::select! {
                        () = shared.cancel.cancelled() => {}
                        () = tokio::time::sleep(seconds) => { shared.off.send_replace(false); }
                    }
                });
            }
            _ => {
                let _ = self.shared.actions.send((mount.map(str::to_owned), action));
            }
        }
        Ok(())
    }

    /// Another loop on one mount, or on all that were ever visited.
    pub async fn switch(&self, mount: Option<&str>, fixture: Fixture) -> Result<()> {
        let content = tokio::task::spawn_blocking(move || fixture.load()).await??;
        let mounts = match mount {
            Some(path) => vec![self.shared.mount(path).await?.with_context(|| format!("no mount {path}"))?],
            None => self.shared.mounts.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect(),
        };
        for mount in mounts {
            mount.switch(Arc::clone(&content));
        }
        Ok(())
    }

    /// New connections are refused by the kernel; open ones live on.
    pub async fn refuse(&self) {
        self.update(None, |script| script.connect = ConnectBehaviour::Refuse).await;
    }

    /// RTSP goes on, media stops.
    pub async fn stall(&self) {
        self.update(None, |script| script.stall = true).await;
    }

    /// Every credential is wrong.
    pub async fn refuse_logins(&self) {
        self.update(None, |script| script.login = LoginBehaviour::RefuseAll).await;
    }

    /// An error answer at a step.
    pub async fn answer(&self, step: Step, status: u16) {
        self.update(None, |script| script.answers.push(Answer { step, status, times: None })).await;
    }

    /// All connections end with a FIN.
    pub async fn drop_connections(&self) -> Result<()> {
        self.act(None, Action::DropConnections { reset: false }).await
    }

    /// Timestamps of all running sessions move.
    pub async fn jump_timestamps(&self, seconds: f64) -> Result<()> {
        self.act(None, Action::JumpTimestamps { seconds }).await
    }

    /// All visited mounts switch to a loop with other parameter sets and another resolution.
    pub async fn change_sps(&self) -> Result<()> {
        self.switch(None, Fixture::other_sps()).await
    }

    /// Ends all connections and waits for their tasks.
    pub async fn shutdown(self) {
        self.shared.cancel.cancel();
        self.shared.tracker.close();
        self.shared.tracker.wait().await;
    }
}

impl Drop for FakeCamera {
    fn drop(&mut self) {
        self.shared.cancel.cancel();
    }
}
