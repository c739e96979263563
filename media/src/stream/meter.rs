//! Measures one stream: frame rate, bit rate, key-frame distance, ages and counts. Sans-IO; nothing here decides anything.

use crate::time::Stamp;
use std::collections::VecDeque;
use std::time::Duration;

/// What rates are averaged over.
const WINDOW: Duration = Duration::from_secs(4);
/// Resolution of the window.
const BUCKET: Duration = Duration::from_millis(250);
/// Gaps between frames after which the usual interval counts as known.
const INTERVAL_GAPS: u32 = 2;
/// Gaps up to this are believed at once, longer ones by and by.
const BELIEVED: Duration = Duration::from_secs(1);
/// A longer gap is a fault and says nothing about the usual interval.
const MAX_INTERVAL: Duration = Duration::from_secs(60);

/// Counters of one stream over all its sessions, and rates of the current one.
#[derive(Debug, Default)]
pub struct Meter {
    /// Oldest first; at most `WINDOW / BUCKET` + 1.
    buckets: VecDeque<Bucket>,
    /// When the first frame of this session came.
    started: Option<Stamp>,
    frames: u32,
    last_frame: Option<Stamp>,
    last_key: Option<Stamp>,
    key_interval: Option<Duration>,
    interval: Option<Duration>,
    /// Gaps that `interval` was made of, over all sessions.
    gaps: u32,
    connected_at: Option<Stamp>,
    sessions: u32,
    bytes: u64,
    lost_packets: u64,
    panics: u32,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    start: Stamp,
    frames: u32,
    bytes: u64,
}

/// A reading.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Reading {
    pub fps: f32,
    pub bitrate_kbps: u32,
    pub key_frame_interval: Option<Duration>,
    pub last_frame: Option<Stamp>,
    pub connected_at: Option<Stamp>,
    pub bytes: u64,
    pub reconnects: u32,
    pub lost_packets: u64,
}

impl Meter {
    /// A session was opened.
    pub fn connected(&mut self, now: Stamp) {
        self.session_ended();
        self.sessions = self.sessions.saturating_add(1);
        self.connected_at = Some(now);
    }

    /// The session is over: rates start from nothing. The usual frame interval is a property of the camera and stays.
    pub fn session_ended(&mut self) {
        self.buckets.clear();
        self.started = None;
        self.frames = 0;
        self.last_key = None;
        self.key_interval = None;
        self.connected_at = None;
    }

    /// A video frame of `bytes` bytes arrived.
    pub fn video(&mut self, now: Stamp, key: bool, bytes: usize) {
        if let (Some(last), true) = (self.last_frame, self.frames > 0) {
            self.note_interval(now.since(last));
        }
        self.frames = self.frames.saturating_add(1);
        self.last_frame = Some(now);
        self.started.get_or_insert(now);
        if key {
            self.key_interval = self.last_key.map(|last| now.since(last)).or(self.key_interval);
            self.last_key = Some(now);
        }
        self.count(now, 1, bytes);
    }

    /// An audio frame arrived.
    pub fn audio(&mut self, now: Stamp, bytes: usize) {
        self.count(now, 0, bytes);
    }

    /// The network lost packets.
    pub fn lost(&mut self, packets: u32) {
        self.lost_packets = self.lost_packets.saturating_add(u64::from(packets));
    }

    /// The stream's task broke and was restarted.
    pub fn panicked(&mut self) -> u32 {
        self.panics = self.panics.saturating_add(1);
        self.panics
    }

    /// The usual time between frames, once a few have been seen.
    pub fn frame_interval(&self) -> Option<Duration> {
        self.interval.filter(|_| self.gaps >= INTERVAL_GAPS)
    }

    /// The newest video frame, of any session.
    pub fn last_frame(&self) -> Option<Stamp> {
        self.last_frame
    }

    /// What is measured at `now`.
    pub fn read(&self, now: Stamp) -> Reading {
        let (fps, bitrate_kbps) = self.rates(now);
        Reading {
            fps,
            bitrate_kbps,
            key_frame_interval: self.key_interval,
            last_frame: self.last_frame,
            connected_at: self.connected_at,
            bytes: self.bytes,
            reconnects: self.sessions.saturating_sub(1),
            lost_packets: self.lost_packets,
        }
    }

    fn rates(&self, now: Stamp) -> (f32, u32) {
        let Some(started) = self.started else { return (0.0, 0) };
        let recent = self.buckets.iter().filter(|bucket| now.since(bucket.start) <= WINDOW);
        let (frames, bytes, oldest) = recent.fold((0_u32, 0_u64, None), |(frames, bytes, oldest), bucket| {
            (frames + bucket.frames, bytes + bucket.bytes, oldest.or(Some(bucket.start)))
        });
        // A young session is averaged over its age; a camera slower than the window still shows its rate.
        let covered = now.since(oldest.unwrap_or(started)).max(BUCKET);
        let span = if now.since(started) > WINDOW { covered.max(WINDOW - BUCKET) } else { covered };
        let seconds = span.as_secs_f64();
        let kbps = (bytes as f64) * 8.0 / 1000.0 / seconds;
        // Float to integer saturates; both are small positive numbers.
        ((f64::from(frames) / seconds) as f32, kbps as u32)
    }

    fn count(&mut self, now: Stamp, frames: u32, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(0);
        self.bytes = self.bytes.saturating_add(bytes);
        match self.buckets.back_mut() {
            Some(bucket) if now.since(bucket.start) < BUCKET => {
                bucket.frames += frames;
                bucket.bytes += bytes;
            }
            _ => {
                self.buckets.push_back(Bucket { start: now, frames, bytes });
                while self.buckets.front().is_some_and(|bucket| now.since(bucket.start) > WINDOW) {
                    self.buckets.pop_front();
                }
            }
        }
    }

    /// A moving average over about eight frames: follows a camera that lowers its rate at night, hardly moved by one late frame.
    fn note_interval(&mut self, gap: Duration) {
        // Pictures that trickle in are no slow camera: were it believed at once, the stall limit would run away before them.
        let most = self.interval.map_or(MAX_INTERVAL, |usual| (usual * 4).max(BELIEVED)).min(MAX_INTERVAL);
        let gap = gap.min(most);
        self.gaps = self.gaps.saturating_add(1);
        self.interval = Some(self.interval.map_or(gap, |usual| (usual * 7 + gap) / 8));
    }
}

#[cfg(test)]
#[path = "meter/tests.rs"]
mod tests;
