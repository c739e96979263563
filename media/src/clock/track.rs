//! One track's timestamps: outliers re-stamped, jumps accepted after a few agreeing frames, equal and backward steps mended.

use super::pace::{Lag, Pace};
use super::{EARLY_MS, JUMP_FRAMES, LONG_GAP_S, OUTLIER_S};
use crate::time::Stamp;
use std::collections::VecDeque;

/// How far back a reordered picture may go, in pictures (the deepest reordering of H.264 and H.265).
const REORDER_PICTURES: usize = 16;

/// Whether a picture's time may lie before that of a picture decoded earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// No.
    Increasing,
    /// No, and no later picture may go back before this one (H.264 IDR).
    Barrier,
    /// Yes: a B picture.
    MayGoBack,
}

/// A time on the timeline and how it came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamped {
    pub time: i64,
    /// The camera's timestamp was not used.
    pub repaired: bool,
    /// Earlier than a picture before it, as it may be.
    pub reordered: bool,
    /// The camera's clock has jumped: `time` is the place of this frame from now on.
    pub jumped: bool,
}

/// The usual distance of two frames: median of the last three, so that one odd step changes nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interval([i64; 3]);

impl Interval {
    pub(crate) fn new(interval: i64) -> Self {
        Self([interval.max(1); 3])
    }

    pub(crate) fn get(self) -> i64 {
        let [a, b, c] = self.0;
        a.min(b).max(a.max(b).min(c))
    }

    pub(crate) fn push(&mut self, step: i64) {
        let [_, b, c] = self.0;
        self.0 = [b, c, step.max(1)];
    }

    pub(crate) fn set(&mut self, interval: i64) {
        *self = Self::new(interval);
    }
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    pts: i64,
    frames: u32,
}

#[derive(Debug, Clone, Copy)]
struct Latest {
    /// The highest time given so far.
    time: i64,
    /// When the newest frame was received.
    received: Stamp,
    /// Time and receive time of the newest frame whose timestamp was sound.
    sound: (i64, Stamp),
}

#[derive(Debug, Clone)]
pub(super) struct TrackClock {
    /// Ticks per second.
    pub rate: i64,
    /// Added to anchored timestamps since the last jump of this track's own clock.
    pub shift: i64,
    pub interval: Interval,
    pace: Pace,
    latest: Option<Latest>,
    /// Reordered pictures lie above this.
    floor: i64,
    /// Times of the newest pictures, sorted.
    recent: VecDeque<i64>,
    /// Frames with a new clock that agree with each other.
    candidate: Option<Candidate>,
    /// Unsound timestamps in a row.
    unsound: u32,
}

impl TrackClock {
    /// `rate` in ticks per second; `interval`: the distance of two frames in ticks, as long as none was seen.
    pub fn new(rate: i64, interval: i64) -> Self {
        Self {
            rate,
            shift: 0,
            interval: Interval::new(interval),
            pace: Pace::default(),
            latest: None,
            floor: i64::MIN,
            recent: VecDeque::with_capacity(REORDER_PICTURES + 1),
            candidate: None,
            unsound: 0,
        }
    }

    /// The latest time that was given, in ticks.
    pub fn latest(&self) -> Option<i64> {
        self.latest.map(|latest| latest.time)
    }

    /// How far the newest frame is behind, if it is.
    pub fn lag(&self) -> Option<Lag> {
        self.pace.lag(self.rate)
    }

    /// Receive time since the last frame.
    pub fn elapsed_us(&self, received: Stamp) -> Option<u64> {
        self.latest.map(|latest| received.mono_us.saturating_sub(latest.received.mono_us))
    }

    /// By how much a sound step is longer than a frame, if it is a long gap; otherwise 0.
    pub fn long_gap(&self, raw: i64, received: Stamp) -> i64 {
        let Some(latest) = self.latest else { return 0 };
        let step = raw.saturating_sub(latest.time);
        let interval = self.interval.get();
        if step <= self.rate * LONG_GAP_S || step <= interval.saturating_mul(4) || !self.is_sound(step, received) {
            return 0;
        }
        step - interval
    }

    /// Places a frame. `raw` is its anchored and shifted timestamp, `pts` the camera's own; `closed` is the gap that was taken out
    /// of `raw` just before. The gap counts as interval: to a camera that has slowed down to a frame every few seconds it is none.
    pub fn stamp(&mut self, raw: i64, pts: i64, received: Stamp, order: Order, closed: i64) -> Stamped {
        let Some(latest) = self.latest else {
            self.latest = Some(Latest { time: raw, received, sound: (raw, received) });
            // Nothing goes back before the session: the timeline there is already served.
            self.remember(raw, Order::Barrier);
            return Stamped { time: raw, repaired: false, reordered: false, jumped: false };
        };
        let step = raw.saturating_sub(latest.time);
        let stamped = if order == Order::MayGoBack && self.may_go_back_to(raw, step) {
            Stamped { time: raw, repaired: false, reordered: true, jumped: false }
        } else if step > 0 && self.is_sound(step, received) {
            self.interval.push(step.saturating_add(closed));
            Stamped { time: raw, repaired: false, reordered: false, jumped: false }
        } else {
            self.mend(latest, step, pts, received)
        };
        if !stamped.repaired {
            self.candidate = None;
            self.unsound = 0;
        }
        let time = latest.time.max(stamped.time);
        let sound = if stamped.repaired || stamped.reordered { latest.sound } else { (time, received) };
        if stamped.jumped {
            self.pace.restart();
        }
        let elapsed = ticks(received.mono_us.saturating_sub(latest.received.mono_us), self.rate);
        // What was taken out of the timeline has passed all the same.
        let passed = time.saturating_sub(latest.time).saturating_add(closed);
        // A place that was made up says nothing of how late the frame is.
        if !stamped.repaired || stamped.jumped {
            self.pace.advance(passed, elapsed, received, self.rate);
        }
        self.latest = Some(Latest { time, received, sound });
        self.remember(stamped.time, order);
        stamped
    }

    /// A step forward is sound if it is short, or if as much time has really passed. It is not if the frame would have come before it can
    /// have been taken: earlier, by its timestamp, than any frame before it.
    fn is_sound(&self, step: i64, received: Stamp) -> bool {
        let limit = self.rate * OUTLIER_S;
        let elapsed = ticks(self.elapsed_us(received).unwrap_or(0), self.rate);
        let early = self.interval.get().max(self.rate * EARLY_MS / 1000);
        let possible = self.pace.lead(step, elapsed).is_none_or(|lead| lead <= early);
        possible && (step <= limit || step.saturating_sub(elapsed).saturating_abs() <= limit)
    }

    fn may_go_back_to(&self, raw: i64, step: i64) -> bool {
        step < 0 && step > -self.rate * OUTLIER_S && raw > self.floor && self.recent.binary_search(&raw).is_err()
    }

    /// Gives an unsound timestamp a place, or accepts that the camera's clock has jumped.
    fn mend(&mut self, latest: Latest, step: i64, pts: i64, received: Stamp) -> Stamped {
        let interval = self.interval.get().min(self.rate);
        let shortest = (self.rate / 1000).max(1);
        self.unsound = self.unsound.saturating_add(1);
        let frames = match self.candidate {
            Some(last) if pts > last.pts && pts.saturating_sub(last.pts) <= self.rate * OUTLIER_S => last.frames + 1,
            _ => 1,
        };
        self.candidate = Some(Candidate { pts, frames });
        if frames >= JUMP_FRAMES {
            // Where the timeline would be had it followed the receive clock: nothing is lost over the frames in doubt.
            let (time, then) = latest.sound;
            let passed = ticks(received.mono_us.saturating_sub(then.mono_us), self.rate);
            let passed = passed.min(interval.saturating_mul(i64::from(self.unsound) + 1).saturating_add(self.rate));
            let place = time.saturating_add(passed).max(latest.time.saturating_add(interval));
            self.candidate = None;
            self.unsound = 0;
            return Stamped { time: place, repaired: true, reordered: false, jumped: true };
        }
        let elapsed = ticks(received.mono_us.saturating_sub(latest.received.mono_us), self.rate);
        let forward = if self.unsound > JUMP_FRAMES {
            // The camera's clock says nothing at all: follow ours.
            elapsed.clamp(shortest, self.rate * OUTLIER_S)
        } else if step <= 0 && step >= -(interval + interval / 2) {
            // Equal or slightly early: stay close, the next frame is probably right.
            shortest.min(interval)
        } else {
            interval
        };
        Stamped { time: latest.time.saturating_add(forward), repaired: true, reordered: false, jumped: false }
    }

    fn remember(&mut self, time: i64, order: Order) {
        if order == Order::Barrier {
            self.recent.clear();
            self.floor = time;
        }
        let index = self.recent.binary_search(&time).unwrap_or_else(|index| index);
        self.recent.insert(index, time);
        if self.recent.len() > REORDER_PICTURES
            && let Some(oldest) = self.recent.pop_front()
        {
            self.floor = self.floor.max(oldest);
        }
    }
}

/// Microseconds in ticks of `rate`.
pub(super) fn ticks(us: u64, rate: i64) -> i64 {
    i64::try_from(i128::from(us) * i128::from(rate) / 1_000_000).unwrap_or(i64::MAX / 4)
}
