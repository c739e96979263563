//! The latency of the last minutes, second by second: the median and the line that the overlay draws. Pure.

use std::collections::VecDeque;
use std::fmt::Write;

/// Seconds that are kept.
pub const SPAN_S: usize = 180;
/// Seconds that the median is taken of.
const MEDIAN_S: usize = 60;
/// Fewer readings than this say nothing.
const LEAST_READINGS: usize = 5;
/// The line's height stands for at least this much, so that small wavering does not look like mountains (milliseconds).
const LEAST_SCALE_MS: f32 = 250.0;

/// One place per second, the newest last; None where nothing was known.
#[derive(Debug, Clone, Default)]
pub struct LatencyHistory {
    places: VecDeque<Option<f32>>,
    /// The second (of a monotonic clock) of the newest place.
    newest_s: i64,
}

impl LatencyHistory {
    /// Takes the reading of this moment (milliseconds of a monotonic clock) in.
    pub fn push(&mut self, now_ms: f64, latency_ms: Option<f64>) {
        // Below 2^53 ms; the cast saturates.
        let second = (now_ms / 1_000.0).floor() as i64;
        let reading = latency_ms.filter(|latency| latency.is_finite()).map(|latency| latency as f32);
        let passed = if self.places.is_empty() { 1 } else { second.saturating_sub(self.newest_s) };
        if passed <= 0 {
            // Two in one second: the later one counts, nothing known doesn't erase.
            if let Some(newest) = self.places.back_mut() {
                *newest = reading.or(*newest);
            }
            return;
        }
        // A timer that fires at 999 ms and 2 001 ms has missed nothing.
        let skipped = usize::try_from(passed - 1).unwrap_or(SPAN_S).min(SPAN_S);
        let fill = if skipped == 1 { self.places.back().copied().flatten() } else { None };
        self.places.extend(std::iter::repeat_n(fill, skipped));
        self.places.push_back(reading);
        let over = self.places.len().saturating_sub(SPAN_S);
        self.places.drain(..over);
        self.newest_s = second;
    }

    /// The median of the last minute, milliseconds. None: too little is known.
    pub fn median_ms(&self) -> Option<f64> {
        let mut known: Vec<f32> = self.places.iter().rev().take(MEDIAN_S).copied().flatten().collect();
        if known.len() < LEAST_READINGS {
            return None;
        }
        known.sort_by(f32::total_cmp);
        known.get(known.len() / 2).copied().map(f64::from)
    }

    /// The line as SVG path data on a field of this size; the newest second is at the right, gaps stay gaps.
    pub fn path(&self, width: f32, height: f32) -> String {
        let highest = self.places.iter().copied().flatten().fold(LEAST_SCALE_MS, f32::max);
        let step = width / (SPAN_S - 1) as f32;
        let first = SPAN_S - self.places.len().min(SPAN_S);
        let mut path = String::new();
        let mut drawing = false;
        for (place, reading) in (first..).zip(&self.places) {
            if let Some(latency) = reading {
                let (x, y) = (place as f32 * step, height * (1.0 - latency / highest));
                // Writing into a String can't fail.
                let _ = write!(path, "{}{x:.1} {y:.1}", if drawing { 'L' } else { 'M' });
            }
            drawing = reading.is_some();
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(readings: &[Option<f64>]) -> LatencyHistory {
        let mut history = LatencyHistory::default();
        for (second, reading) in readings.iter().enumerate() {
            history.push(second as f64 * 1_000.0, *reading);
        }
        history
    }

    #[test]
    fn the_median_is_of_the_last_minute_and_not_of_a_handful() {
        assert_eq!(of(&[Some(100.0); 4]).median_ms(), None);
        let mut readings = vec![Some(900.0); 100];
        readings.extend(vec![Some(120.0); 59]);
        readings.push(Some(5_000.0));
        assert_eq!(of(&readings).median_ms(), Some(120.0));
        assert_eq!(of(&[None; 100]).median_ms(), None);
    }

    #[test]
    fn a_rest_is_a_gap_and_a_late_timer_is_none() {
        let mut history = LatencyHistory::default();
        history.push(999.0, Some(100.0));
        history.push(2_001.0, Some(100.0));
        history.push(12_000.0, Some(100.0));
        let places: Vec<bool> = history.places.iter().map(Option::is_some).collect();
        assert_eq!(places.iter().filter(|known| **known).count(), 4);
        assert_eq!(places.len(), 13);
        assert_eq!(history.path(180.0, 20.0).matches('M').count(), 2);
    }

    #[test]
    fn the_line_keeps_inside_its_field_and_ends_at_the_right() {
        let path = of(&[Some(0.0), Some(1_000.0), Some(500.0)]).path(179.0, 20.0);
        assert_eq!(path, "M177.0 20.0L178.0 0.0L179.0 10.0");
    }

    proptest! {
        #[test]
        fn it_never_grows_beyond_its_span(steps in prop::collection::vec((0.0..400_000.0_f64, prop::option::of(-10.0..1e7_f64)), 0..300)) {
            let mut history = LatencyHistory::default();
            let mut now = 0.0;
            for (step, reading) in steps {
                now += step;
                history.push(now, reading);
                prop_assert!(history.places.len() <= SPAN_S);
            }
            prop_assert!(!history.path(100.0, 10.0).contains("NaN"));
        }
    }
}
