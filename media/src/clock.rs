//! Timestamp repair: from the camera's clock to one timeline that never goes back, jumps or drifts away.
//!
//! Both tracks of a session share one anchor (camera time → timeline), so that they stay in sync; a track whose own timestamps
//! jumped carries an extra shift, and falls back to the other track's when both jumped alike. Sans-IO: receive times are arguments.
//! Decode order, durations and boxes are not here.

use crate::time::{Stamp, VIDEO_TIMESCALE};

mod drift;
mod pace;
mod track;

pub use pace::Lag;
pub(crate) use track::Interval;
pub use track::Order;

use drift::Drift;
use track::{TrackClock, ticks};

/// A step that differs from the receive clock's by more than this is an outlier, in seconds.
pub const OUTLIER_S: i64 = 5;
/// A frame that comes by this much (and by more than a frame) before its time has a clock that jumped, in milliseconds: what is delayed
/// comes late, never early.
pub const EARLY_MS: i64 = 500;
/// After this many frames that agree with each other the camera's clock is taken to have jumped.
pub const JUMP_FRAMES: u32 = 3;
/// Without audio, a gap longer than this (and than four frames) is closed: nobody would watch it.
pub const LONG_GAP_S: i64 = 1;

/// Two shifts nearer than this come from the same jump, in 90 kHz ticks.
const SAME_JUMP: i64 = 45_000;

const VIDEO_RATE: i64 = VIDEO_TIMESCALE as i64;

/// Counts of what was repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClockStats {
    /// Timestamps that were replaced.
    pub repaired: u64,
    /// Jumps of the camera's clock that were taken over.
    pub jumps: u64,
    /// Long gaps that were closed.
    pub gaps_closed: u64,
}

/// The clock of one camera session.
#[derive(Debug, Clone)]
pub struct SessionClock {
    /// Timeline = camera time + anchor, in 90 kHz ticks, for both tracks.
    anchor: i64,
    video: TrackClock,
    audio: Option<TrackClock>,
    drift: Drift,
    stats: ClockStats,
}

impl SessionClock {
    /// A clock whose next video frame, with timestamp `pts`, is stamped `start`. `interval` is the expected frame duration.
    pub fn new(pts: i64, start: i64, interval: i64) -> Self {
        Self {
            anchor: start.saturating_sub(bounded(pts)),
            video: TrackClock::new(VIDEO_RATE, interval),
            audio: None,
            drift: Drift::default(),
            stats: ClockStats::default(),
        }
    }

    /// Adds, replaces (at another rate) or removes the audio track.
    pub fn set_audio(&mut self, rate_hz: Option<u32>) {
        let rate = rate_hz.map(i64::from);
        if self.audio.as_ref().map(|track| track.rate) != rate {
            self.audio = rate.map(|rate| TrackClock::new(rate, rate / 50));
        }
    }

    pub fn stats(&self) -> ClockStats {
        self.stats
    }

    /// The latest video time that was given, in 90 kHz ticks.
    pub fn latest_video(&self) -> Option<i64> {
        self.video.latest()
    }

    /// How far the newest video frame is behind its time. None while it is about on time, or that cannot be said.
    pub fn lag(&self) -> Option<Lag> {
        self.video.lag()
    }

    /// The time of a video frame on the timeline, in 90 kHz ticks: unique, and rising unless `order` lets it go back.
    pub fn video(&mut self, pts: i64, received: Stamp, order: Order) -> i64 {
        let pts = bounded(pts);
        if let Some(elapsed) = self.video.elapsed_us(received) {
            self.anchor = self.anchor.saturating_add(self.drift.slew(elapsed));
        }
        let closed = if self.audio.is_none() { self.video.long_gap(self.raw_video(pts), received) } else { 0 };
        if closed > 0 {
            self.anchor = self.anchor.saturating_sub(closed);
            self.drift.shift(closed);
            self.stats.gaps_closed += 1;
        }
        let stamped = self.video.stamp(self.raw_video(pts), pts, received, order, closed);
        self.stats.repaired += u64::from(stamped.repaired);
        if stamped.jumped {
            self.stats.jumps += 1;
            let shift = stamped.time.saturating_sub(pts).saturating_sub(self.anchor);
            self.video.shift = shift;
            let audio = self.audio.as_ref().map(|audio| to_video(audio.shift, audio.rate));
            if let Some(shared) = audio.filter(|shared| near(*shared, shift)) {
                self.video.shift = shared;
            }
            self.drift.restart();
        } else if !stamped.repaired && !stamped.reordered {
            self.drift.observe(stamped.time, received);
        }
        stamped.time
    }

    /// The time of an audio frame on the timeline, in ticks of the audio rate. None without an audio track.
    pub fn audio(&mut self, pts: i64, samples: u32, received: Stamp) -> Option<i64> {
        let pts = bounded(pts);
        let anchor = self.anchor;
        let video = self.video.latest().zip(self.video.elapsed_us(received));
        let video_shift = self.video.shift;
        let audio = self.audio.as_mut()?;
        let base = pts.saturating_add(from_video(anchor, audio.rate));
        audio.interval.set(i64::from(samples).max(1));
        if audio.latest().is_none()
            && let Some((latest, elapsed)) = video
        {
            // The first audio frame: if its timestamp has nothing to do with video's, the source did not know the common zero.
            let expected = from_video(latest, audio.rate).saturating_add(ticks(elapsed, audio.rate));
            let shifted = base.saturating_add(from_video(video_shift, audio.rate));
            audio.shift = if (shifted.saturating_sub(expected)).abs() <= OUTLIER_S * audio.rate {
                from_video(video_shift, audio.rate)
            } else {
                expected.saturating_sub(base)
            };
        }
        let stamped = audio.stamp(base.saturating_add(audio.shift), pts, received, Order::Increasing, 0);
        self.stats.repaired += u64::from(stamped.repaired);
        if stamped.jumped {
            self.stats.jumps += 1;
            audio.shift = stamped.time.saturating_sub(base);
            if near(to_video(audio.shift, audio.rate), video_shift) {
                audio.shift = from_video(video_shift, audio.rate);
            }
        }
        Some(stamped.time)
    }

    fn raw_video(&self, pts: i64) -> i64 {
        pts.saturating_add(self.anchor).saturating_add(self.video.shift)
    }
}

/// Converts 90 kHz ticks into ticks of another rate, rounded down.
pub fn from_video(ticks_90k: i64, rate: i64) -> i64 {
    scale(ticks_90k, rate, VIDEO_RATE)
}

fn to_video(ticks: i64, rate: i64) -> i64 {
    scale(ticks, VIDEO_RATE, rate)
}

fn scale(value: i64, numerator: i64, denominator: i64) -> i64 {
    let scaled = (i128::from(value) * i128::from(numerator)).div_euclid(i128::from(denominator.max(1)));
    i64::try_from(scaled).unwrap_or(if value < 0 { i64::MIN / 4 } else { i64::MAX / 4 })
}

fn near(a: i64, b: i64) -> bool {
    a.saturating_sub(b).saturating_abs() <= SAME_JUMP
}

/// Keeps hostile timestamps where sums of a few cannot overflow.
fn bounded(pts: i64) -> i64 {
    const LIMIT: i64 = 1 << 60;
    pts.clamp(-LIMIT, LIMIT)
}

#[cfg(test)]
#[path = "clock/tests.rs"]
mod tests;
