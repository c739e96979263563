//! How the process and its machine are, and the last hour of every stream: sampled by one task, read by everybody else from memory.
//!
//! What belongs here: figures about the server. What does not: measuring a stream (`media::stream::meter`), judging or repairing anything.

mod database;
mod history;
mod machine;
mod proc;
mod sampler;

use crate::error::{AppError, AppResult};
use crate::services::status;
use app::model::{History, StreamHistory, SystemCounters, SystemHealth};
use history::{Point, Rings, STEP_S, STEPS};
use media::id::Quality;
use media::stream::StreamState;
use media::{StreamKey, time::Stamp};
pub use sampler::Sources;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// A delay that a page cannot mean: it is ignored.
const LONGEST_LATENCY_MS: u32 = 60_000;

/// The figures. Made once.
#[derive(Debug)]
pub struct System {
    pub counters: Counters,
    health: watch::Sender<Option<Arc<SystemHealth>>>,
    /// Held for copies only, never across an await.
    rings: Mutex<Rings>,
    latencies: Latencies,
    started: Stamp,
}

impl Default for System {
    fn default() -> Self {
        Self {
            counters: Counters::default(),
            health: watch::Sender::default(),
            rings: Mutex::default(),
            latencies: Latencies::default(),
            started: Stamp::now(),
        }
    }
}

impl System {
    /// The newest sample. Waits only in the first moment after the start; None if the server ends before there is one.
    pub async fn health(&self) -> Option<Arc<SystemHealth>> {
        let mut receiver = self.health.subscribe();
        receiver.wait_for(Option::is_some).await.ok()?.clone()
    }

    /// The newest sample, for an answer.
    ///
    /// # Errors
    /// 503 if the server ends before there is one.
    pub async fn newest(&self) -> AppResult<Arc<SystemHealth>> {
        self.health().await.ok_or_else(|| AppError::unavailable("no_sample", "Nothing has been measured yet.", 2))
    }

    /// Every sample as it is taken.
    pub fn watch(&self) -> watch::Receiver<Option<Arc<SystemHealth>>> {
        self.health.subscribe()
    }

    /// The last hour in points of `step_s` seconds (10-600).
    pub fn history(&self, step_s: u32) -> History {
        let factor = (step_s / STEP_S).clamp(1, 60);
        let (series, end_utc_ms) = {
            let rings = self.rings();
            (rings.read(factor as usize), rings.end_utc_ms())
        };
        let streams = series.into_iter().map(|(key, points)| told(key, &points)).collect();
        History { end: status::rfc3339(end_utc_ms.unwrap_or(self.started.utc_ms)), step_s: factor * STEP_S, streams }
    }

    /// Takes what a page measured. False if it cannot be meant.
    pub fn tell_latency(&self, key: StreamKey, ms: u32) -> bool {
        let sane = ms <= LONGEST_LATENCY_MS;
        if sane {
            self.latencies.tell(key, ms);
            self.counters.latencies_told.add();
        }
        sane
    }

    fn rings(&self) -> MutexGuard<'_, Rings> {
        // Every step leaves the rings whole.
        self.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A series as the API tells it.
fn told(key: StreamKey, points: &[Point]) -> StreamHistory {
    let of = |read: fn(&Point) -> u32| points.iter().map(|point| point.is_measured().then(|| read(point))).collect();
    StreamHistory {
        camera_id: key.camera.0,
        quality: match key.quality {
            Quality::Main => app::model::Quality::Main,
            Quality::Sub => app::model::Quality::Sub,
        },
        fps: points.iter().map(|point| point.is_measured().then(|| point.fps())).collect(),
        bitrate_kbps: of(Point::bitrate_kbps),
        latency_ms: points.iter().map(Point::latency_ms).collect(),
        reconnects: of(Point::reconnects),
        states: points.iter().map(|point| point.state().map_or('-', |state| status::state(state).letter())).collect(),
    }
}

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What handlers count.
#[derive(Debug, Default)]
pub struct Counters {
    pages: Arc<AtomicU32>,
    /// Pages that got the full state again because they were too far behind.
    pub pages_lagged: Count,
    pub messages_ignored: Count,
    pub pages_flooding: Count,
    latencies_told: Count,
}

impl Counters {
    /// Counts a page in until the answer is dropped.
    pub fn page(&self) -> PageGuard {
        self.pages.fetch_add(1, Ordering::Relaxed);
        PageGuard(Arc::clone(&self.pages))
    }

    fn read(&self) -> SystemCounters {
        SystemCounters {
            pages_lagged: self.pages_lagged.get(),
            messages_ignored: self.messages_ignored.get(),
            pages_flooding: self.pages_flooding.get(),
            latencies_told: self.latencies_told.get(),
            ..SystemCounters::default()
        }
    }
}

/// A page that is connected.
#[derive(Debug)]
pub struct PageGuard(Arc<AtomicU32>);

impl Drop for PageGuard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What pages told since it was last taken. As many entries as there are streams: callers tell of streams that exist.
#[derive(Debug, Default)]
struct Latencies(Mutex<HashMap<StreamKey, (u64, u32)>>);

impl Latencies {
    fn tell(&self, key: StreamKey, ms: u32) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (sum, count) = told.entry(key).or_default();
        *sum += u64::from(ms);
        *count += 1;
    }

    /// The means, ms.
    fn take(&self) -> HashMap<StreamKey, u32> {
        let told = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        told.into_iter().map(|(key, (sum, count))| (key, u32::try_from(sum / u64::from(count.max(1))).unwrap_or(u32::MAX))).collect()
    }
}

/// Seconds that the history goes back.
pub const HISTORY_S: u32 = STEP_S * STEPS as u32;

/// Weight of a state: the worst one within a step is kept.
fn weight(state: StreamState) -> u8 {
    let told = status::state(state);
    let place = app::model::StreamState::BY_WEIGHT.iter().position(|other| *other == told).unwrap_or(0);
    u8::try_from(place).unwrap_or(0)
}
