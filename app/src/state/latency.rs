//! How old the pictures of this page are, gathered for the server: only a browser can measure it.

use crate::model::{LatencyReport, Quality};
use leptos::prelude::*;
use std::collections::HashMap;

/// A delay beyond this is a clock that was set, and no delay.
const LONGEST_MS: f64 = 60_000.0;

/// Sums and counts since they were last taken.
#[derive(Clone, Copy)]
pub struct Latencies(StoredValue<HashMap<(i64, Quality), (f64, u32)>>);

pub(super) fn provide() {
    provide_context(Latencies(StoredValue::new(HashMap::new())));
}

pub fn use_latencies() -> Latencies {
    expect_context()
}

impl Latencies {
    /// A player measured a delay.
    pub fn note(self, camera_id: i64, quality: Quality, ms: f64) {
        if (0.0..=LONGEST_MS).contains(&ms) {
            self.0.update_value(|known| add(known, (camera_id, quality), ms));
        }
    }

    /// The means since they were last taken.
    pub fn take(self) -> Vec<LatencyReport> {
        let mut taken = HashMap::new();
        self.0.update_value(|known| taken = std::mem::take(known));
        means(taken)
    }
}

fn add(known: &mut HashMap<(i64, Quality), (f64, u32)>, key: (i64, Quality), ms: f64) {
    let (sum, count) = known.entry(key).or_default();
    *sum += ms;
    *count += 1;
}

fn means(known: HashMap<(i64, Quality), (f64, u32)>) -> Vec<LatencyReport> {
    let mean = |(sum, count): (f64, u32)| (sum / f64::from(count.max(1))).round() as u32;
    let one = |((camera_id, quality), sums)| LatencyReport { camera_id, quality, ms: mean(sums) };
    let mut means: Vec<_> = known.into_iter().map(one).collect();
    means.sort_by_key(|report| (report.camera_id, report.quality));
    means
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stream_has_its_mean() {
        let mut known = HashMap::new();
        for (camera, quality, ms) in
            [(2, Quality::Sub, 100.0), (1, Quality::Sub, 90.0), (1, Quality::Main, 300.0), (1, Quality::Sub, 110.0)]
        {
            add(&mut known, (camera, quality), ms);
        }
        let told: Vec<_> = means(known).into_iter().map(|report| (report.camera_id, report.quality, report.ms)).collect();
        assert_eq!(told, [(1, Quality::Main, 300), (1, Quality::Sub, 100), (2, Quality::Sub, 100)]);
    }
}
