//! Failures of the last minute, oldest first.

use std::collections::VecDeque;

/// More are never told apart.
const MOST: usize = 64;

/// See the module; times are milliseconds of the monitor's clock.
#[derive(Debug, Clone, Default)]
pub struct Window {
    at_ms: VecDeque<f64>,
}

impl Window {
    /// Adds a failure; where there are too many, the oldest goes.
    pub fn push(&mut self, now_ms: f64) {
        if self.at_ms.len() == MOST {
            self.at_ms.pop_front();
        }
        self.at_ms.push_back(now_ms);
    }

    /// Forgets what is older than `span_ms`. Called only while pictures come: a standstill that lasts longer than the window is one
    /// trouble and goes on counting.
    pub fn prune(&mut self, now_ms: f64, span_ms: f64) {
        while self.at_ms.front().is_some_and(|at| now_ms - at >= span_ms) {
            self.at_ms.pop_front();
        }
    }

    pub fn clear(&mut self) {
        self.at_ms.clear();
    }

    pub fn count(&self) -> u32 {
        u32::try_from(self.at_ms.len()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_window_holds_exactly_what_is_young_enough(times in prop::collection::vec(0.0..1e6_f64, 0..60), now in 0.0..1e6_f64) {
            let mut times = times;
            times.retain(|at| *at <= now);
            times.sort_by(f64::total_cmp);
            let mut window = Window::default();
            for at in &times {
                window.push(*at);
            }
            window.prune(now, 60_000.0);
            let young = times.iter().filter(|at| now - **at < 60_000.0).count();
            prop_assert_eq!(window.count() as usize, young);
        }
    }

    #[test]
    fn it_stays_small() {
        let mut window = Window::default();
        for at in 0..10_000 {
            window.push(f64::from(at));
        }
        assert_eq!(window.count(), 64);
    }
}
