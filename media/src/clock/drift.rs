//! Drift between the camera's clock and ours, measured and slewed away.
//!
//! The measure is the smallest delay (receive time minus timeline) in a window: the frame that the network held up least.
//! Bursts and stalls hardly move it; a camera clock that runs fast or slow does.

use super::VIDEO_RATE;
use crate::time::Stamp;

/// Length of a measuring window.
const WINDOW_US: u64 = 5_000_000;
/// Deviations below this are noise of the network.
const DEAD_ZONE_US: i64 = 100_000;
/// The deviation is worn down with this time constant: 1 s of it changes the speed by a tenth at most, 0.2 s by 2 %.
const TIME_CONSTANT_US: i128 = 10_000_000;

#[derive(Debug, Clone, Default)]
pub(super) struct Drift {
    /// Smallest delay of the first window after a start.
    baseline: Option<i64>,
    window: Option<Window>,
    /// Deviation still to be worn down; positive: the timeline lags behind the receive clock.
    error_us: i64,
    /// Slewed microseconds that have not made a whole tick yet.
    rest_us: i64,
}

#[derive(Debug, Clone)]
struct Window {
    start: Stamp,
    smallest_us: i64,
}

impl Drift {
    /// Ticks to move the anchor by after `elapsed_us` of receive time.
    pub(super) fn slew(&mut self, elapsed_us: u64) -> i64 {
        if self.error_us == 0 {
            return 0;
        }
        let elapsed = i128::from(elapsed_us.min(1_000_000));
        let moved = i64::try_from(i128::from(self.error_us) * elapsed / TIME_CONSTANT_US).unwrap_or(0);
        self.error_us -= moved;
        self.rest_us += moved;
        let whole = self.rest_us * 9 / 100;
        self.rest_us -= whole * 100 / 9;
        whole
    }

    /// A frame with a sound timestamp.
    pub(super) fn observe(&mut self, time: i64, received: Stamp) {
        let timeline_us = i64::try_from(i128::from(time) * 1_000_000 / i128::from(VIDEO_RATE)).unwrap_or(i64::MAX);
        let delay = i64::try_from(received.mono_us).unwrap_or(i64::MAX).saturating_sub(timeline_us);
        let window = self.window.get_or_insert(Window { start: received, smallest_us: delay });
        window.smallest_us = window.smallest_us.min(delay);
        if received.mono_us.saturating_sub(window.start.mono_us) < WINDOW_US {
            return;
        }
        let smallest = window.smallest_us;
        self.window = None;
        let baseline = *self.baseline.get_or_insert(smallest);
        let error = smallest.saturating_sub(baseline);
        self.error_us = if error.saturating_abs() > DEAD_ZONE_US { error } else { 0 };
    }

    /// The timeline was moved back by `by` ticks on purpose.
    pub(super) fn shift(&mut self, by: i64) {
        let by_us = i64::try_from(i128::from(by) * 1_000_000 / i128::from(VIDEO_RATE)).unwrap_or(0);
        self.baseline = self.baseline.map(|baseline| baseline.saturating_add(by_us));
        self.window = None;
    }

    /// The camera's clock jumped: what was measured before means nothing now.
    pub(super) fn restart(&mut self) {
        *self = Self { rest_us: self.rest_us, ..Self::default() };
    }
}
