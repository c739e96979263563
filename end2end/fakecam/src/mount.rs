//! One mount point = one camera's encoder: which loop it plays, when each frame is due, who watches.
//!
//! A mount has one clock for all its viewers, as a camera has one sensor: frame n leaves at the same instant for
//! everyone, so that one `frame-clock` answer tells the age of any picture. Writing packets is the session's work.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::fixture::LOOP_SECONDS;
use crate::loops::{Loop, Track};
use crate::packetize::Unit;

/// Which loop plays since when. Replaced, never changed: sessions notice by `version`.
#[derive(Debug)]
pub(crate) struct Timeline {
    pub version: u64,
    pub content: Arc<Loop>,
    /// When unit 0 was or will be sent.
    origin: Instant,
    /// Media time at `origin`: RTP timestamps run on over a change of loop.
    media: Duration,
}

impl Timeline {
    pub(crate) fn unit(&self, track: usize, index: u64) -> Option<(&Track, &Unit)> {
        let track = self.content.tracks.get(track)?;
        let unit = track.units.get((index % track.units.len() as u64) as usize)?;
        Some((track, unit))
    }

    /// When a unit is to be sent. Units are counted on over the loop's seam.
    pub(crate) fn due(&self, track: usize, index: u64) -> Option<Instant> {
        let (track, unit) = self.unit(track, index)?;
        Some(self.origin + self.within(track, index, unit.send_ticks))
    }

    /// A unit's presentation time, in ticks since the mount was opened.
    pub(crate) fn presentation_ticks(&self, track: usize, index: u64) -> Option<u64> {
        let (track, unit) = self.unit(track, index)?;
        let laps = index / track.units.len() as u64;
        Some(ticks(self.media, track.clock_rate) + laps * track.loop_ticks + unit.rtp_ticks)
    }

    /// Media time at an instant, in ticks of a track: what a sender report pairs with the wall clock.
    pub(crate) fn ticks_at(&self, track: usize, at: Instant) -> u64 {
        let Some(track) = self.content.tracks.get(track) else { return 0 };
        ticks(self.media + at.saturating_duration_since(self.origin), track.clock_rate)
    }

    /// The first unit due at or after `at`; the first key frame if `key`.
    pub(crate) fn first_at(&self, track: usize, at: Instant, key: bool) -> u64 {
        let Some(content) = self.content.tracks.get(track) else { return 0 };
        let units = content.units.len() as u64;
        let laps = at.saturating_duration_since(self.origin).as_secs() / u64::from(LOOP_SECONDS);
        let candidates = laps * units..(laps + 2) * units;
        candidates
            .into_iter()
            .find(|index| {
                let reached = self.due(track, *index).is_some_and(|due| due >= at);
                reached && (!key || self.unit(track, *index).is_some_and(|(_, unit)| unit.key))
            })
            .unwrap_or((laps + 2) * units)
    }

    fn within(&self, track: &Track, index: u64, send_ticks: u64) -> Duration {
        let laps = index / track.units.len() as u64;
        let nanos = u128::from(laps * track.loop_ticks + send_ticks) * 1_000_000_000 / u128::from(track.clock_rate);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

fn ticks(media: Duration, clock_rate: u32) -> u64 {
    u64::try_from(media.as_nanos() * u128::from(clock_rate) / 1_000_000_000).unwrap_or(u64::MAX)
}

/// Milliseconds since 1970 of a monotonic instant.
pub(crate) fn epoch_ms(at: Instant) -> f64 {
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1000.0;
    let now = Instant::now();
    let ahead = at.saturating_duration_since(now).as_secs_f64() - now.saturating_duration_since(at).as_secs_f64();
    now_ms + ahead * 1000.0
}

/// When frames are sent: age of a picture = now − (`loop_start_epoch_ms` + `send_offsets_ms[frame]` + whole laps).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FrameClock {
    /// Id in the clock strip.
    pub loop_id: u16,
    /// Milliseconds since 1970 when frame 0 of the present lap was sent.
    pub loop_start_epoch_ms: f64,
    /// Milliseconds since 1970 when this answer was made.
    pub now_epoch_ms: f64,
    /// Frames per second.
    pub fps: u32,
    /// Frames per lap.
    pub frames_per_loop: u32,
    /// Length of a lap.
    pub loop_ms: u32,
    /// When each frame is sent after the lap's start, by the index in the strip (display order).
    pub send_offsets_ms: Vec<f64>,
}

/// What a mount has seen so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MountCounters {
    /// Sessions between their first `SETUP` and their end.
    pub sessions_open: u64,
    /// Sessions ever.
    pub sessions_total: u64,
    /// Most sessions at once.
    pub sessions_max: u64,
    /// Sessions that play.
    pub playing: u64,
    /// Sessions ended by `TEARDOWN`.
    pub teardowns: u64,
    /// Video frames and audio frames sent.
    pub units_sent: u64,
    /// Media bytes sent.
    pub bytes_sent: u64,
}

#[derive(Debug)]
pub(crate) struct Mount {
    pub path: String,
    state: Mutex<State>,
    pub units_sent: AtomicU64,
    pub bytes_sent: AtomicU64,
    /// When each video unit of the loop was last written, by its place in sending order.
    sent: Mutex<Vec<Option<Instant>>>,
}

#[derive(Debug)]
struct State {
    timeline: Arc<Timeline>,
    counters: MountCounters,
}

impl Mount {
    /// `phase` is how far into the loop the mount is when it opens: spreads the key frames of many cameras.
    pub(crate) fn new(path: String, content: Arc<Loop>, phase: Duration) -> Self {
        let now = Instant::now();
        let origin = now.checked_sub(phase).unwrap_or(now);
        let timeline = Arc::new(Timeline { version: 0, content, origin, media: Duration::ZERO });
        let state = Mutex::new(State { timeline, counters: MountCounters::default() });
        Self { path, state, units_sent: AtomicU64::new(0), bytes_sent: AtomicU64::new(0), sent: Mutex::default() }
    }

    /// Notes that a video unit is being written now.
    pub(crate) fn note_sent(&self, index: u64, units: usize) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.resize(units, None);
        sent[(index % units as u64) as usize] = Some(Instant::now());
    }

    /// When the video unit at this place of the loop was last written to a session.
    pub(crate) fn last_sent(&self, place: usize) -> Option<Instant> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).get(place).copied().flatten()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn timeline(&self) -> Arc<Timeline> {
        Arc::clone(&self.state().timeline)
    }

    /// The encoder makes a key frame now: the loop starts over, media time runs on.
    /// Not while another session plays, which would see its frames jump.
    pub(crate) fn key_frame_now(&self, own_sessions: u64) {
        let mut state = self.state();
        if state.counters.playing <= own_sessions {
            let content = Arc::clone(&state.timeline.content);
            state.replace(content, Instant::now());
        }
    }

    /// Another loop, from the next frame's slot on.
    pub(crate) fn switch(&self, content: Arc<Loop>) {
        let mut state = self.state();
        let now = Instant::now();
        let next = state.timeline.first_at(0, now, false);
        let at = state.timeline.due(0, next).unwrap_or(now);
        state.replace(content, at);
    }

    /// Counts a session in, unless there are `limit` already.
    pub(crate) fn open_session(self: &Arc<Self>, limit: Option<u32>) -> Option<SessionGuard> {
        let mut state = self.state();
        let counters = &mut state.counters;
        if limit.is_some_and(|limit| counters.sessions_open >= u64::from(limit)) {
            return None;
        }
        counters.sessions_open += 1;
        counters.sessions_total += 1;
        counters.sessions_max = counters.sessions_max.max(counters.sessions_open);
        drop(state);
        Some(SessionGuard { mount: Arc::clone(self), playing: false })
    }

    pub(crate) fn counters(&self) -> MountCounters {
        let mut counters = self.state().counters.clone();
        counters.units_sent = self.units_sent.load(Ordering::Relaxed);
        counters.bytes_sent = self.bytes_sent.load(Ordering::Relaxed);
        counters
    }

    pub(crate) fn frame_clock(&self) -> FrameClock {
        let timeline = self.timeline();
        let now = Instant::now();
        let laps = now.saturating_duration_since(timeline.origin).as_secs() / u64::from(LOOP_SECONDS);
        let fixture = timeline.content.fixture;
        let fps = fixture.video.map_or(0, |video| video.fps);
        FrameClock {
            loop_id: fixture.loop_id,
            loop_start_epoch_ms: epoch_ms(timeline.origin + Duration::from_secs(laps * u64::from(LOOP_SECONDS))),
            now_epoch_ms: epoch_ms(now),
            fps,
            frames_per_loop: fps * LOOP_SECONDS,
            loop_ms: LOOP_SECONDS * 1000,
            send_offsets_ms: timeline.content.send_offsets_ms(),
        }
    }
}

impl State {
    fn replace(&mut self, content: Arc<Loop>, origin: Instant) {
        let old = &self.timeline;
        let media = old.media + origin.saturating_duration_since(old.origin);
        self.timeline = Arc::new(Timeline { version: old.version + 1, content, origin, media });
    }
}

/// Counts a session for as long as it lives.
#[derive(Debug)]
pub(crate) struct SessionGuard {
    mount: Arc<Mount>,
    playing: bool,
}

impl SessionGuard {
    pub(crate) fn set_playing(&mut self, playing: bool) {
        if playing != self.playing {
            let mut state = self.mount.state();
            if playing {
                state.counters.playing += 1;
            } else {
                state.counters.playing -= 1;
            }
            self.playing = playing;
        }
    }

    pub(crate) fn torn_down(&self) {
        self.mount.state().counters.teardowns += 1;
    }
}

impl Drop for SessionGuard {
    fn drop(&mut self) {
        self.set_playing(false);
        self.mount.state().counters.sessions_open -= 1;
    }
}
