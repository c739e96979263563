//! The monitor's thresholds: their names, ranges and built-in values. Where a value comes from is the server's `tunables`.

use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// What one camera's pictures are watched by, in force now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct HealthSettings {
    /// False: nothing is watched and nothing is done.
    pub enabled: bool,
    /// Seconds after a start or an action during which nothing is judged.
    pub warm_up_s: u32,
    /// Milliseconds between two looks at the picture.
    pub sample_interval_ms: u32,
    /// Seconds without a new picture after which it stands still.
    pub stale_after_s: u32,
    /// Seconds of moving pictures after which failures and waits are forgotten.
    pub cool_down_s: u32,
    /// Seconds for which a failure counts once pictures come again.
    pub window_s: u32,
    /// So many failures in the window are answered by renewing the player; the next ones by starting over and `recover`.
    pub refreshes: u32,
    /// Seconds that are waited at least after the first action of a series; doubles with each.
    pub first_wait_s: u32,
    /// Seconds that are waited at most, before jitter.
    pub longest_wait_s: u32,
    /// Actions of a series; 0: no limit.
    pub max_attempts: u32,
    /// So many even or black samples in a row are flagged.
    pub blank_samples: u32,
    /// So many identical samples in a row, of pictures that are said to be new, count as frozen.
    pub frozen_samples: u32,
}

impl Default for HealthSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            warm_up_s: 10,
            sample_interval_ms: 1_500,
            stale_after_s: 6,
            cool_down_s: 30,
            window_s: 60,
            refreshes: 3,
            first_wait_s: 5,
            longest_wait_s: 60,
            max_attempts: 0,
            blank_samples: 5,
            frozen_samples: 10,
        }
    }
}

/// What the values may be, both ends included.
impl HealthSettings {
    pub const WARM_UP_S: RangeInclusive<u32> = 1..=120;
    pub const SAMPLE_INTERVAL_MS: RangeInclusive<u32> = 500..=5_000;
    pub const STALE_AFTER_S: RangeInclusive<u32> = 2..=120;
    pub const COOL_DOWN_S: RangeInclusive<u32> = 1..=600;
    pub const WINDOW_S: RangeInclusive<u32> = 10..=600;
    pub const REFRESHES: RangeInclusive<u32> = 0..=20;
    pub const FIRST_WAIT_S: RangeInclusive<u32> = 1..=60;
    pub const LONGEST_WAIT_S: RangeInclusive<u32> = 5..=600;
    pub const MAX_ATTEMPTS: RangeInclusive<u32> = 0..=1_000;
    pub const BLANK_SAMPLES: RangeInclusive<u32> = 2..=120;
    pub const FROZEN_SAMPLES: RangeInclusive<u32> = 3..=120;

    /// In milliseconds, as the monitor counts; likewise the next three.
    pub fn warm_up_ms(&self) -> f64 {
        seconds(self.warm_up_s)
    }

    pub fn interval_ms(&self) -> f64 {
        f64::from(self.sample_interval_ms)
    }

    pub fn cool_down_ms(&self) -> f64 {
        seconds(self.cool_down_s)
    }

    pub fn window_ms(&self) -> f64 {
        seconds(self.window_s)
    }

    /// Standstill in milliseconds, for a stream whose pictures are `gap_ms` apart: a camera that sends one picture in ten seconds, or
    /// stills of one, does not stand still between two of them.
    pub fn stale_ms(&self, gap_ms: f64) -> f64 {
        seconds(self.stale_after_s).max(gap_ms * 2.5)
    }

    /// Probes further apart than this say nothing: the browser held the page's timers back.
    pub fn held_back_ms(&self) -> f64 {
        self.interval_ms() * 3.0 + 500.0
    }

    /// Milliseconds to wait after action number `attempt` (1 is the first). `random` in 0..1 adds up to a quarter, so that tiles that
    /// failed together do not try together.
    pub fn wait_ms(&self, attempt: u32, random: f64) -> f64 {
        let doublings = attempt.saturating_sub(1).min(10);
        let wait = seconds(self.first_wait_s) * f64::from(1_u32 << doublings);
        wait.min(seconds(self.longest_wait_s.max(self.first_wait_s))) * (1.0 + 0.25 * random.clamp(0.0, 1.0))
    }
}

fn seconds(count: u32) -> f64 {
    f64::from(count) * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_the_longest_and_jitter_never_shortens_them() {
        let settings = HealthSettings::default();
        let waits: Vec<f64> = (1..=7).map(|attempt| settings.wait_ms(attempt, 0.0) / 1_000.0).collect();
        assert_eq!(waits, [5.0, 10.0, 20.0, 40.0, 60.0, 60.0, 60.0]);
        assert!((settings.wait_ms(2, 1.0) - 12_500.0).abs() < 1e-6);
        assert!(settings.wait_ms(u32::MAX, 1.0) <= 75_000.0);
    }

    #[test]
    fn what_is_missing_is_built_in() {
        let read: HealthSettings = serde_json::from_str(r#"{"stale_after_s": 9}"#).expect("reads");
        assert_eq!(read, HealthSettings { stale_after_s: 9, ..HealthSettings::default() });
    }

    #[test]
    fn a_slow_camera_is_given_its_time() {
        let settings = HealthSettings::default();
        assert_eq!(settings.stale_ms(40.0), 6_000.0);
        assert_eq!(settings.stale_ms(10_000.0), 25_000.0);
    }
}
