//! The shell around the window: one mutex held for moments, a watch that wakes blocked requests, a cache of rendered texts.

use super::choose::SECOND;
use super::playlist::{self, Report};
use super::reload::{PlaylistError, Verdict};
use super::segment::{Names, Resource};
use super::window::Window;
use super::{HlsOptions, MediaBody, Skip, Sound, Variant};
use crate::cmaf::{Chunk, Epoch};
use crate::time::Stamp;
use bytes::Bytes;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Different renderings kept per state: low-latency and plain, whole and delta, a few sets of peers.
const MAX_RENDERINGS: usize = 8;

/// The playlists and media of one stream. Cheap to clone; outlives the camera's sessions.
#[derive(Debug, Clone)]
pub struct HlsStream {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Held for lookups, rendering (some 20 µs) and pushes; never across an await, and never two streams' at once.
    state: Mutex<State>,
    version: watch::Sender<u64>,
    /// The window's names, readable without the lock.
    names: Names,
}

#[derive(Debug)]
struct State {
    window: Window,
    /// Renderings of `rendered_version`.
    renderings: Vec<(RenderKey, Rendered)>,
    rendered_version: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct RenderKey {
    low_latency: bool,
    sound: Sound,
    skip: bool,
    peers: Vec<String>,
}

/// What a client asks of a media playlist.
#[derive(Debug, Clone, Default)]
pub struct PlaylistRequest {
    /// `_HLS_msn`.
    pub msn: Option<u64>,
    /// `_HLS_part`.
    pub part: Option<u32>,
    /// `_HLS_skip`.
    pub skip: Skip,
    /// False for players that know no parts.
    pub low_latency: bool,
    pub sound: Sound,
    /// The camera's other renditions, for rendition reports.
    pub renditions: Vec<RenditionPeer>,
}

/// Another rendition of the same camera.
#[derive(Debug, Clone)]
pub struct RenditionPeer {
    /// Its media playlist, relative to this one, e.g. `../sub/index.m3u8`. Without quotes and line ends.
    pub uri: String,
    pub stream: HlsStream,
}

/// A rendered playlist, shared by all requests that it answers.
#[derive(Debug, Clone)]
pub struct Rendered(Arc<RenderedText>);

#[derive(Debug)]
struct RenderedText {
    text: Bytes,
    etag: String,
    gzip: OnceLock<Bytes>,
}

impl Rendered {
    fn new(text: String) -> Self {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let etag = format!("\"{:016x}\"", hasher.finish());
        Self(Arc::new(RenderedText { text: Bytes::from(text), etag, gzip: OnceLock::new() }))
    }

    pub fn text(&self) -> &Bytes {
        &self.0.text
    }

    /// Strong ETag of the text as it is, with its quotes. A compressed form needs another (append a suffix inside the quotes).
    pub fn etag(&self) -> &str {
        &self.0.etag
    }

    /// The compressed form, made once by `compress` for all requests that share this rendering.
    pub fn gzip_with(&self, compress: impl FnOnce(&[u8]) -> Bytes) -> Bytes {
        self.0.gzip.get_or_init(|| compress(&self.0.text)).clone()
    }
}

impl HlsStream {
    /// `now` seeds the sequence numbers, so that they never go back over restarts.
    pub fn new(options: HlsOptions, now: Stamp) -> Self {
        // The random part keeps names apart on machines whose clock starts at the same moment after every boot.
        let run = format!("{:x}{:04x}", now.utc_ms.max(0), rand::random::<u16>());
        let window = Window::new(options, run, now);
        let names = window.names().clone();
        let state = State { window, renderings: Vec::new(), rendered_version: 0 };
        Self { shared: Arc::new(Shared { state: Mutex::new(state), version: watch::channel(0).0, names }) }
    }

    /// Announces the epoch of the chunks that follow.
    pub fn push_epoch(&self, epoch: Arc<Epoch>) {
        self.update(|window| window.push_epoch(epoch));
    }

    /// Adds a chunk. Chunks of an epoch that was not announced last are ignored, as are those before its first key frame.
    pub fn push(&self, chunk: Arc<Chunk>) {
        self.update(|window| window.push(chunk));
    }

    /// Upstream is gone: nothing new until the next epoch.
    pub fn session_ended(&self) {
        self.update(Window::end_session);
    }

    /// Whether anybody watches by HLS. Without an audience the window shrinks to save memory; sequence numbers go on.
    pub fn set_audience(&self, present: bool) {
        self.update(|window| window.set_audience(present));
    }

    /// Another wished length of parts (100-1000 ms); it counts from the next key frame on, without a new session.
    pub fn set_part_target(&self, wish: Duration) {
        self.state().window.set_part_target(wish);
    }

    /// The media playlist; waits as `request` asks.
    pub async fn playlist(&self, request: PlaylistRequest) -> Result<Rendered, PlaylistError> {
        let settled = self.settled(|window| {
            let Some(edge) = window.edge() else { return Some(Err(PlaylistError::NotReady { retry_after_s: 1 })) };
            match edge.judge(request.msn, request.part) {
                Verdict::Answer => Some(Ok(())),
                Verdict::Refuse(reason) => Some(Err(PlaylistError::BadRequest(reason))),
                Verdict::Wait => None,
            }
        });
        settled.await.unwrap_or(Err(PlaylistError::TimedOut { retry_after_s: 1 }))?;
        self.render(&request)
    }

    /// What `look` finds in the window, looked for at every change of it, for as long as the window was patient when the wait began.
    /// None: that was not long enough.
    async fn settled<T>(&self, look: impl Fn(&Window) -> Option<T>) -> Option<T> {
        let mut version = self.shared.version.subscribe();
        let mut deadline = None;
        loop {
            version.mark_unchanged();
            let patience = {
                let state = self.state();
                if let Some(found) = look(&state.window) {
                    return Some(found);
                }
                state.window.patience()
            };
            let until = *deadline.get_or_insert_with(|| Instant::now() + patience);
            tokio::time::timeout_at(until, version.changed()).await.ok()?.ok()?;
        }
    }

    fn render(&self, request: &PlaylistRequest) -> Result<Rendered, PlaylistError> {
        let key = RenderKey {
            low_latency: request.low_latency,
            sound: request.sound,
            skip: request.low_latency && request.skip != Skip::No,
            peers: if request.low_latency { request.renditions.iter().map(|peer| peer.uri.clone()).collect() } else { Vec::new() },
        };
        if let Some(rendered) = self.state().cached(&key) {
            return Ok(rendered);
        }
        // Peers are asked before the own lock is taken again: two streams that report each other never hold both locks.
        let reports: Vec<Report> = request.renditions.iter().filter_map(RenditionPeer::report).collect();
        let mut state = self.state();
        if let Some(rendered) = state.cached(&key) {
            return Ok(rendered);
        }
        let Some(targets) = state.window.ready() else { return Err(PlaylistError::NotReady { retry_after_s: 1 }) };
        let names = self.shared.names.with(key.sound);
        let text = match key.low_latency {
            true => playlist::low_latency(&state.window, &names, targets, key.skip, &reports),
            false => playlist::plain(&state.window, &names, targets),
        };
        let rendered = Rendered::new(text);
        if state.renderings.len() < MAX_RENDERINGS {
            state.renderings.push((key, rendered.clone()));
        }
        Ok(rendered)
    }

    /// An init segment by its name.
    pub fn init(&self, name: &str) -> Option<Bytes> {
        let (resource, sound) = self.shared.names.parse(name).filter(|(resource, _)| matches!(resource, Resource::Init(_)))?;
        self.state().window.fetch(resource, sound)?.parts.pop()
    }

    /// A whole segment by its name.
    pub fn segment(&self, name: &str) -> Option<MediaBody> {
        let (resource, sound) = self.shared.names.parse(name).filter(|(resource, _)| matches!(resource, Resource::Segment(_)))?;
        self.state().window.fetch(resource, sound)
    }

    /// A part by its name. The hinted one is waited for as long as a playlist would be.
    pub async fn part(&self, name: &str) -> Option<MediaBody> {
        let Some((Resource::Part(number), sound)) = self.shared.names.parse(name) else { return None };
        self.settled(|window| (window.next_part() != number).then(|| window.fetch(Resource::Part(number), sound))).await?
    }

    /// Any media resource by its name: init, segment or part. Names of media with sound mean nothing to those who get none.
    pub async fn resource(&self, name: &str, sound: Sound) -> Option<MediaBody> {
        match self.shared.names.parse(name)? {
            (_, Sound::With) if sound == Sound::Without => None,
            (Resource::Part(_), _) => self.part(name).await,
            (resource, named) => self.state().window.fetch(resource, named),
        }
    }

    /// Waits until there is a playlist to give, at most `patience`; says whether there is.
    pub async fn ready(&self, patience: Duration) -> bool {
        self.lists(1, Duration::ZERO, patience).await
    }

    /// Waits until the playlist lists so many whole segments that are so long together, at most `patience`; says whether it does.
    pub async fn lists(&self, segments: usize, together: Duration, patience: Duration) -> bool {
        let mut version = self.shared.version.subscribe();
        let wait = version.wait_for(|_| {
            let state = self.state();
            let listed = state.window.listed();
            let ticks: u64 = listed.iter().map(|segment| segment.duration).sum();
            state.window.ready().is_some()
                && listed.len() >= segments
                && u128::from(ticks) * 1000 >= together.as_millis() * u128::from(SECOND)
        });
        tokio::time::timeout(patience, wait).await.is_ok_and(|result| result.is_ok())
    }

    /// Newest media sequence number and part that the low-latency playlist shows.
    pub fn position(&self) -> Option<(u64, Option<u32>)> {
        self.state().window.position()
    }

    /// This stream as a variant of the multivariant playlist; None until it is measured.
    pub fn variant(&self, uri: impl Into<String>, sound: Sound) -> Option<Variant> {
        let state = self.state();
        let epoch = state.window.epoch()?;
        let (bandwidth, average_bandwidth) = state.window.bandwidth()?;
        let interval = u32::try_from(state.window.frame_interval()?).ok()?;
        let ticks = u32::try_from(SECOND).ok()?;
        Some(Variant {
            uri: uri.into(),
            codecs: match sound {
                Sound::With => epoch.codecs(),
                Sound::Without => epoch.tracks.video.rfc6381.clone(),
            },
            width: epoch.tracks.video.width,
            height: epoch.tracks.video.height,
            frame_rate: f64::from(ticks) / f64::from(interval.max(1)),
            bandwidth,
            average_bandwidth,
        })
    }

    /// The number that the next discontinuity after all that is listed will have: no later run may start below it.
    pub fn next_discontinuity(&self) -> u64 {
        self.state().window.next_discontinuity()
    }

    /// Counts how often the frozen targets had to be given up: the camera's frame rate changed for good, or another part length is wished.
    pub fn identity(&self) -> u32 {
        self.state().window.identity()
    }

    /// Media bytes held.
    pub fn bytes(&self) -> u64 {
        self.state().window.bytes()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every step of the window leaves it usable; a panic elsewhere must not end the stream.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, change: impl FnOnce(&mut Window)) {
        let version = {
            let mut state = self.state();
            change(&mut state.window);
            state.window.version()
        };
        self.shared.version.send_if_modified(|current| std::mem::replace(current, version) != version);
    }
}

impl RenditionPeer {
    fn report(&self) -> Option<Report> {
        let (last_msn, last_part) = self.stream.position()?;
        let clean = !self.uri.contains(['"', '\n', '\r']);
        clean.then(|| Report { uri: self.uri.clone(), last_msn, last_part })
    }
}

impl State {
    fn cached(&mut self, key: &RenderKey) -> Option<Rendered> {
        if self.rendered_version != self.window.version() {
            self.rendered_version = self.window.version();
            self.renderings.clear();
        }
        self.renderings.iter().find(|(cached, _)| cached == key).map(|(_, rendered)| rendered.clone())
    }
}
