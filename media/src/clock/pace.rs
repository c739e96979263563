//! How a track's timestamps keep up with the receive clock: the delay of its newest frame against the smallest there was.
//!
//! The delay is kept as a running sum that never falls below zero (Lindley's recursion): it grows while less media than time comes, and
//! falls while a backlog comes in. A frame that would make it fall far below zero came before it can have been taken: its clock jumped.

use crate::time::Stamp;
use std::time::Duration;

/// The smallest delay counts as known after so long in a row without a notable one. What comes before that (a burst of buffered frames,
/// a first picture that is older than the others) says nothing, and neither does a camera that is never on time.
const SETTLED_US: u64 = 3_000_000;
/// A delay above this is notable, in seconds.
const LATE_S: i64 = 1;

/// How far the newest frame is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// By so much more than usual the newest frame was delayed.
    pub late: Duration,
    /// Since then it has not become less: no backlog is coming in.
    pub since: Stamp,
    /// When the newest frame came that was about on time.
    pub on_time: Stamp,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pace {
    /// Delay of the newest frame above the smallest, in ticks of the track.
    late: i64,
    on_time_since: Option<Stamp>,
    /// The newest frame that was about on time.
    on_time: Option<Stamp>,
    settled: bool,
    /// The smallest delay since it became notable, and when that was reached.
    least: Option<(i64, Stamp)>,
}

impl Pace {
    /// By how much earlier than any before it a frame comes whose step is `step`, in ticks. None while that cannot be said.
    pub(super) fn lead(&self, step: i64, elapsed: i64) -> Option<i64> {
        self.settled.then(|| step.saturating_sub(elapsed).saturating_sub(self.late))
    }

    /// The timeline went on by `step` ticks while `elapsed` ticks passed. `rate` in ticks per second.
    pub(super) fn advance(&mut self, step: i64, elapsed: i64, received: Stamp, rate: i64) {
        self.late = self.late.saturating_add(elapsed).saturating_sub(step).max(0);
        if self.late <= LATE_S * rate {
            self.least = None;
            self.on_time = Some(received);
            let since = *self.on_time_since.get_or_insert(received);
            self.settled |= received.mono_us.saturating_sub(since.mono_us) >= SETTLED_US;
            return;
        }
        self.on_time_since = None;
        match self.least {
            Some((least, _)) if self.late >= least => {}
            _ => self.least = Some((self.late, received)),
        }
    }

    /// The camera's clock jumped: what was measured before means nothing now.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    /// None while the newest frame is about on time, or that cannot be said.
    pub(super) fn lag(&self, rate: i64) -> Option<Lag> {
        let (_, since) = self.least.filter(|_| self.settled)?;
        let on_time = self.on_time?;
        let us = i128::from(self.late) * 1_000_000 / i128::from(rate.max(1));
        Some(Lag { late: Duration::from_micros(u64::try_from(us).unwrap_or(u64::MAX)), since, on_time })
    }
}
