//! Holding the live edge: where the playhead should be, and what to do about where it is. Pure; the shell samples the element and obeys.
//!
//! The wanted position follows from one measurement: at every arrival, how old was the end of the buffer just before it?
//! The worst such age that came twice in the last seconds is what the buffer must cover; it contains frame interval (or part duration), network
//! and camera jitter alike. The playhead is held that far behind "now", plus a margin that grows when the picture stalls.

use super::buffer::Ranges;

/// Limits of one transport.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EdgeOptions {
    /// Seconds between the newest media and the playhead at the start, while nothing is measured.
    pub start_s: f64,
    /// Seconds held in addition to the measured need.
    pub margin_s: f64,
    /// The need is never taken for less (seconds).
    pub least_need_s: f64,
    /// An arrival later than this (seconds) is an outage, not jitter: it doesn't widen the buffer.
    pub outage_s: f64,
    /// How far the rate may go up, and down (apart from standing still).
    pub max_rate: f64,
    pub min_rate: f64,
    /// Further behind than this (seconds): a seek instead of a rate.
    pub seek_beyond_s: f64,
}

impl EdgeOptions {
    /// One frame per append.
    pub const MSE: Self =
        Self { start_s: 0.12, margin_s: 0.05, least_need_s: 0.02, outage_s: 1.0, max_rate: 1.1, min_rate: 0.95, seek_beyond_s: 1.5 };

    /// Parts by hls.js: two round trips per part, so more is held.
    pub const LL_HLS: Self =
        Self { start_s: 0.6, margin_s: 0.12, least_need_s: 0.1, outage_s: 2.0, max_rate: 1.1, min_rate: 0.95, seek_beyond_s: 1.5 };

    /// For Safari, which re-buffers at every change of rate: it jumps, earlier and more rarely.
    #[must_use]
    pub fn without_rate(self) -> Self {
        Self { max_rate: 1.0, min_rate: 1.0, seek_beyond_s: 0.7, margin_s: self.margin_s + 0.1, ..self }
    }
}

/// What to do to the element.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum EdgeAction {
    Keep,
    /// Set `playbackRate`; 0 holds the picture while the buffer grows.
    Rate(f64),
    /// Set `currentTime` (and the rate back to 1).
    Seek(f64),
}

/// The second-worst second of the last ten: what happens once is not planned for (a page that hung, a burst of other work), what
/// happens again is. Values may be negative; an empty second holds minus infinity.
#[derive(Debug, Clone, Copy)]
struct Worst {
    seconds: [f64; Self::SPAN],
    /// The second (of the monotonic clock) that is being filled.
    at: u64,
}

impl Worst {
    /// Longer than two groups of pictures: key frames are big and arrive late.
    const SPAN: usize = 10;
    const EMPTY: Self = Self { seconds: [f64::NEG_INFINITY; Self::SPAN], at: 0 };

    fn push(&mut self, value: f64, now_s: f64) {
        // A clock below zero or beyond 2^53 s doesn't exist; the cast saturates.
        let second = now_s as u64;
        for skipped in (self.at + 1..=second).rev().take(Self::SPAN) {
            *self.slot(skipped) = f64::NEG_INFINITY;
        }
        self.at = second;
        let slot = self.slot(second);
        *slot = slot.max(value);
    }

    fn slot(&mut self, second: u64) -> &mut f64 {
        let index = usize::try_from(second % Self::SPAN as u64).unwrap_or(0);
        &mut self.seconds[index]
    }

    /// None while less than two seconds were seen.
    fn value(&self) -> Option<f64> {
        let (mut first, mut second) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        for &value in &self.seconds {
            if value > first {
                (first, second) = (value, first);
            } else {
                second = second.max(value);
            }
        }
        second.is_finite().then_some(second)
    }
}

/// The controller of one player.
#[derive(Debug)]
pub struct EdgeControl {
    options: EdgeOptions,
    /// End of the newest media (s) at the last arrival. None: no media on this timeline yet.
    newest_s: Option<f64>,
    last_arrival_s: f64,
    /// When this timeline began: the cached group of pictures comes in a burst that says nothing about jitter.
    began_s: Option<f64>,
    need: Worst,
    /// Grows by a step at each stall, shrinks slowly.
    extra_s: f64,
    extra_since_s: f64,
    rate: f64,
    last_seek_s: f64,
}

impl EdgeControl {
    /// Arrivals are not measured for this long after the start (s).
    const SETTLE_S: f64 = 0.5;
    /// Seek threshold during that time (s).
    const STARTING_SEEK_S: f64 = 0.3;
    const STALL_STEP_S: f64 = 0.04;
    const MAX_EXTRA_S: f64 = 0.3;
    /// A third of the stalls' margin is given back after this long without another (s).
    const FORGIVE_S: f64 = 10.0;
    /// Errors smaller than this start no correction, and one that runs ends below the second (s).
    const START_ERROR_S: f64 = 0.045;
    const END_ERROR_S: f64 = 0.012;
    /// Ahead of the wanted position by this much (s), the playhead waits in one go: a rate of 0.95 would take seconds to build
    /// the buffer up and the picture would stutter all the while. It waits until the second is reached.
    const HOLD_ERROR_S: f64 = 0.12;
    const RELEASE_ERROR_S: f64 = 0.02;
    /// Rate change per second of error.
    const GAIN: f64 = 0.6;
    /// Seeks are at least this far apart (s), except over gaps.
    const SEEK_PAUSE_S: f64 = 2.0;

    pub fn new(options: EdgeOptions) -> Self {
        Self {
            options,
            newest_s: None,
            last_arrival_s: 0.0,
            began_s: None,
            need: Worst::EMPTY,
            extra_s: 0.0,
            extra_since_s: 0.0,
            rate: 1.0,
            last_seek_s: f64::NEG_INFINITY,
        }
    }

    /// A new timeline begins: what was measured about positions is void, what was learned about stalls stays.
    pub fn restart(&mut self) {
        self.newest_s = None;
        self.began_s = None;
        self.need = Worst::EMPTY;
        self.rate = 1.0;
        self.last_seek_s = f64::NEG_INFINITY;
    }

    /// Media up to `end_s` has been appended. `now_s`: any monotonic clock in seconds, the same everywhere.
    pub fn arrived(&mut self, end_s: f64, now_s: f64) {
        let began = *self.began_s.get_or_insert(now_s);
        if let Some(before) = self.newest_s
            && end_s > before + 0.001
        {
            let silence = now_s - self.last_arrival_s;
            if now_s - began > Self::SETTLE_S && silence < self.options.outage_s {
                // Relative to the media clock: only differences between such ages have a meaning, see `wanted`.
                let age = now_s - before;
                self.measure(age, now_s);
            }
        }
        if self.newest_s.is_none_or(|before| end_s > before + 0.001) {
            self.last_arrival_s = now_s;
        }
        self.newest_s = Some(self.newest_s.map_or(end_s, |before| if end_s < before - 1.0 { end_s } else { before.max(end_s) }));
    }

    /// `age` is now minus media time and as such an arbitrary big number; it is kept as is, as the windows only compare.
    fn measure(&mut self, age: f64, now_s: f64) {
        // The timelines moved against each other (an outage was bridged, a clock repaired): older ages are of another line.
        if self.need.value().is_some_and(|need| (age - need).abs() > self.options.outage_s) {
            self.need = Worst::EMPTY;
        }
        self.need.push(age, now_s);
    }

    /// The picture stood still although data was coming.
    pub fn stalled(&mut self, now_s: f64) {
        if now_s - self.last_arrival_s < self.options.outage_s && self.began_s.is_some_and(|began| now_s - began > 2.0 * Self::SETTLE_S) {
            self.extra_s = (self.extra_s + Self::STALL_STEP_S).min(Self::MAX_EXTRA_S);
            self.extra_since_s = now_s;
        }
    }

    fn margin(&self) -> f64 {
        self.options.margin_s + self.extra_s
    }

    /// Where the playhead should be now.
    fn wanted(&self, end_s: f64, now_s: f64) -> f64 {
        match self.need.value() {
            // While nothing arrives the frontier walks on without the media.
            Some(need) => (now_s - need).min(end_s - self.options.least_need_s) - self.margin(),
            None => end_s - self.options.start_s - self.extra_s,
        }
    }

    /// Seconds the control wants between the playhead and the newest media.
    pub fn target_s(&self, now_s: f64) -> f64 {
        self.newest_s.map_or(self.options.start_s, |end| end - self.wanted(end, now_s))
    }

    /// The playback rate that was last asked for, 1.0 for real time.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Decides. `position_s`: `currentTime`. Call it a few times a second and when data has come.
    pub fn step(&mut self, position_s: f64, ranges: &Ranges, now_s: f64) -> EdgeAction {
        if self.extra_s > 0.0 && now_s - self.extra_since_s > Self::FORGIVE_S {
            self.extra_s = if self.extra_s < Self::END_ERROR_S { 0.0 } else { self.extra_s * 0.67 };
            self.extra_since_s = now_s;
        }
        let Some(&(start, end)) = ranges.last() else { return EdgeAction::Keep };
        let wanted = self.wanted(end, now_s).clamp(start, end);
        if position_s < start - 0.001 || position_s > end + 0.5 {
            return self.leave_gap(position_s, ranges, wanted, now_s);
        }
        let error = wanted - position_s;
        // The cached group of pictures may come in several appends: the playhead follows to the real edge before anything is seen.
        let starting = self.began_s.is_some_and(|began| now_s - began < Self::SETTLE_S) && error > Self::STARTING_SEEK_S;
        if starting || (error > self.options.seek_beyond_s && now_s - self.last_seek_s > Self::SEEK_PAUSE_S) {
            return self.seek(wanted, now_s);
        }
        if self.options.min_rate < 1.0 && -error > if self.rate == 0.0 { Self::RELEASE_ERROR_S } else { Self::HOLD_ERROR_S } {
            return self.set_rate(0.0);
        }
        let correcting = self.rate > 0.0 && (self.rate - 1.0).abs() > f64::EPSILON;
        let threshold = if correcting { Self::END_ERROR_S } else { Self::START_ERROR_S };
        let rate = if error.abs() < threshold || (correcting && (error > 0.0) != (self.rate > 1.0)) {
            1.0
        } else {
            let rate = (1.0 + error * Self::GAIN).clamp(self.options.min_rate, self.options.max_rate);
            // Steps of 1 %, at least one: each change costs the browser a little.
            let steps = ((rate - 1.0) * 100.0).round();
            let steps = if steps == 0.0 { error.signum() } else { steps };
            (1.0 + steps / 100.0).clamp(self.options.min_rate, self.options.max_rate)
        };
        self.set_rate(rate)
    }

    fn set_rate(&mut self, rate: f64) -> EdgeAction {
        if (rate - self.rate).abs() < 0.005 {
            return EdgeAction::Keep;
        }
        self.rate = rate;
        EdgeAction::Rate(rate)
    }

    /// The playhead is outside of the newest span.
    fn leave_gap(&mut self, position_s: f64, ranges: &Ranges, wanted: f64, now_s: f64) -> EdgeAction {
        // Still inside an older span: play it out unless that is too far behind.
        let playable = ranges.iter().any(|&(start, end)| position_s >= start - 0.001 && position_s < end - 0.08);
        if playable && wanted - position_s < self.options.seek_beyond_s {
            return EdgeAction::Keep;
        }
        self.seek(wanted, now_s)
    }

    fn seek(&mut self, to: f64, now_s: f64) -> EdgeAction {
        self.last_seek_s = now_s;
        self.rate = 1.0;
        EdgeAction::Seek(to)
    }
}

#[cfg(test)]
mod tests;
