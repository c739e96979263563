//! The production [`Connect`]: sends each spec to its kind of source, and keeps what was learned about each camera.

use super::net::{self, AddressPolicy};
use super::{Connect, Credentials, Knocked, LoginMark, Source, SourceSpec, TransportChoice, ffmpeg, knock, rtsp};
use crate::error::StreamError;
use async_trait::async_trait;
use retina::client::SessionGroup;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use url::Url;

/// Known cameras beyond which forgotten ones are looked for. Not a limit on cameras.
const PRUNE_ABOVE: usize = 64;

/// Settings of a [`Connector`].
#[derive(Debug, Clone)]
pub struct ConnectorOptions {
    pub addresses: AddressPolicy,
    /// The ffmpeg program: a name to look up in `PATH`, or a path.
    pub ffmpeg: std::path::PathBuf,
}

impl Default for ConnectorOptions {
    fn default() -> Self {
        Self { addresses: AddressPolicy::default(), ffmpeg: "ffmpeg".into() }
    }
}

/// Opens real sources. One per process: cameras that are met again are recognised.
#[derive(Debug)]
pub struct Connector {
    ffmpeg: std::path::PathBuf,
    addresses: Mutex<AddressPolicy>,
    peers: Mutex<HashMap<PeerKey, Arc<Peer>>>,
}

/// One login at one host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct PeerKey {
    host: String,
    port: Option<u16>,
    username: Option<String>,
}

/// What is shared by the streams of one camera, and remembered from one session to the next.
#[derive(Default)]
pub(super) struct Peer {
    /// Sessions that ended and may not be over for the camera yet: awaited before the next one.
    pub group: Arc<SessionGroup>,
    /// Since when sessions have been waited for.
    ending_since: Mutex<Option<Instant>>,
    learned: Mutex<Learned>,
    /// Addresses whose next session tries a transport, and whether that is UDP.
    trials: Mutex<HashMap<Url, bool>>,
}

/// Found out by trying; only ever a better first guess.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Learned {
    /// The camera answered 461 to TCP.
    pub over_udp: bool,
}

impl Peer {
    /// What is left of `limit` for sessions that are ending. It is given once, however many attempts are made until they have ended.
    pub fn patience(&self, limit: Duration) -> Duration {
        let mut since = lock(&self.ending_since);
        if since.is_some_and(|since| since.elapsed() > limit) && self.group.stale_sessions().num_sessions == 0 {
            *since = None;
        }
        limit.saturating_sub(since.get_or_insert_with(Instant::now).elapsed())
    }

    /// What earlier sessions found out.
    pub fn learned(&self) -> Learned {
        *lock(&self.learned)
    }

    /// The transport that the next session of this address is to try: true for UDP. Asked for once.
    pub fn take_trial(&self, url: &Url) -> Option<bool> {
        lock(&self.trials).remove(url)
    }

    pub fn learn(&self, change: impl FnOnce(&mut Learned)) {
        change(&mut lock(&self.learned));
    }
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peer").field("learned", &self.learned()).finish_non_exhaustive()
    }
}

impl Default for Connector {
    fn default() -> Self {
        Self::new(ConnectorOptions::default())
    }
}

impl Connector {
    pub fn new(options: ConnectorOptions) -> Self {
        Self { ffmpeg: options.ffmpeg, addresses: Mutex::new(options.addresses), peers: Mutex::default() }
    }

    fn peer(&self, url: &Url, credentials: Option<&Credentials>) -> Arc<Peer> {
        let key = PeerKey {
            host: url.host_str().unwrap_or_default().to_ascii_lowercase(),
            port: url.port(),
            username: credentials.map(|credentials| credentials.username.clone()),
        };
        let mut peers = lock(&self.peers);
        if peers.len() > PRUNE_ABOVE && !peers.contains_key(&key) {
            // Held by nobody, and no session left to wait for: as good as never met.
            peers.retain(|_, peer| {
                let used = Arc::strong_count(peer) > 1 || peer.group.stale_sessions().num_sessions > 0;
                used || !lock(&peer.trials).is_empty()
            });
        }
        Arc::clone(peers.entry(key).or_default())
    }
}

#[async_trait]
impl Connect for Connector {
    async fn connect(&self, spec: &SourceSpec, login: &LoginMark) -> Result<Box<dyn Source>, StreamError> {
        let addresses = *lock(&self.addresses);
        match spec {
            SourceSpec::Rtsp(spec) => {
                let peer = self.peer(&spec.url, spec.credentials.as_ref());
                Ok(Box::new(Box::pin(rtsp::open(spec, &peer, addresses, login)).await?))
            }
            SourceSpec::Ffmpeg(spec) => Ok(Box::new(Box::pin(ffmpeg::open(spec, &self.ffmpeg, addresses)).await?)),
            SourceSpec::TestPattern(spec) => Ok(Box::new(Box::pin(ffmpeg::open_test_pattern(spec, &self.ffmpeg)).await?)),
        }
    }

    async fn knock(&self, spec: &SourceSpec, limit: Duration) -> Option<Knocked> {
        let (url, port) = spec.remote()?;
        let permitted = *lock(&self.addresses);
        // A name that is not known belongs to a camera that announces itself, and is off.
        let Ok(addresses) = net::resolve(url, port, permitted).await else { return Some(Knocked::Shut) };
        let speaks_rtsp = matches!(spec, SourceSpec::Rtsp(_));
        Some(knock::knock(&addresses, speaks_rtsp.then_some(url), limit).await)
    }

    fn try_other_transport(&self, spec: &SourceSpec) -> Option<&'static str> {
        let SourceSpec::Rtsp(spec) = spec else { return None };
        if spec.transport != TransportChoice::Auto {
            return None;
        }
        let peer = self.peer(&spec.url, spec.credentials.as_ref());
        let over_udp = !peer.learned().over_udp;
        lock(&peer.trials).insert(spec.url.clone(), over_udp);
        Some(if over_udp { "UDP" } else { "TCP" })
    }

    fn set_addresses(&self, addresses: AddressPolicy) {
        *lock(&self.addresses) = addresses;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is kept here is whole after every statement, so a panic elsewhere does no harm.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
