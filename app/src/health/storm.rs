//! Many tiles that stop together: the page's or the server's fault, answered once for all of them.

/// Fewer tiles than this are each judged by themselves.
const LEAST: usize = 3;
/// Pictures that stopped within this time of each other stopped together, milliseconds.
const TOGETHER_MS: f64 = 3_000.0;
/// A tile that showed something more recently than this is well, milliseconds.
const WELL_MS: f64 = 1_500.0;
/// Waits after the first, second, … answer, milliseconds; the last one repeats.
const WAITS_MS: [f64; 3] = [30_000.0, 60_000.0, 120_000.0];
/// After so long without one, the next is a first one again, milliseconds.
const FORGET_MS: f64 = 300_000.0;

/// Whose fault a standstill is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// This tile's own.
    Tile,
    /// The page's: reconnect and renew every player, one after the other. `anew`: renewing did not help before, so they are rebuilt.
    Page { anew: bool },
    /// The page's, and it was answered a moment ago: nobody acts.
    Patience,
}

/// The page's memory of such moments.
#[derive(Debug, Default)]
pub struct Storm {
    answers: u32,
    last_ms: Option<f64>,
}

impl Storm {
    /// A tile stands still since `stopped_ms`. `tiles`: the last new picture of every tile that is being judged, this one included.
    pub fn judge(&mut self, now_ms: f64, stopped_ms: f64, tiles: &[f64]) -> Blame {
        let together = tiles.iter().filter(|picture| (**picture - stopped_ms).abs() <= TOGETHER_MS && now_ms - **picture > WELL_MS).count();
        if together < LEAST || together * 2 <= tiles.len() {
            return Blame::Tile;
        }
        if self.last_ms.is_some_and(|last| now_ms - last > FORGET_MS) {
            self.answers = 0;
        }
        let waits = self.answers.checked_sub(1).map_or(0.0, |at| WAITS_MS[(at as usize).min(WAITS_MS.len() - 1)]);
        if self.last_ms.is_some_and(|last| now_ms - last < waits) {
            return Blame::Patience;
        }
        self.answers += 1;
        self.last_ms = Some(now_ms);
        Blame::Page { anew: self.answers > 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn twelve_that_stop_at_once_are_answered_once() {
        let mut storm = Storm::default();
        let tiles = [100_000.0; 12];
        assert_eq!(storm.judge(106_000.0, 100_000.0, &tiles), Blame::Page { anew: false });
        for later in [106_001.0, 110_000.0, 130_000.0] {
            assert_eq!(storm.judge(later, 100_000.0, &tiles), Blame::Patience);
        }
        assert_eq!(storm.judge(137_000.0, 100_000.0, &tiles), Blame::Page { anew: true }, "renewing did not help");
        assert_eq!(storm.judge(190_000.0, 100_000.0, &tiles), Blame::Patience, "the waits grow");
        let later = [900_000.0; 12];
        assert_eq!(storm.judge(906_000.0, 900_000.0, &later), Blame::Page { anew: false });
    }

    #[test]
    fn one_of_many_and_all_of_few_stand_for_themselves() {
        let mut storm = Storm::default();
        let mut tiles = [205_900.0; 12];
        tiles[3] = 200_000.0;
        assert_eq!(storm.judge(206_000.0, 200_000.0, &tiles), Blame::Tile);
        assert_eq!(storm.judge(206_000.0, 200_000.0, &[200_000.0, 200_000.0]), Blame::Tile, "two say nothing about the page");
        let half = [200_000.0, 200_100.0, 200_200.0, 205_900.0, 205_950.0, 205_990.0];
        assert_eq!(storm.judge(206_000.0, 200_000.0, &half), Blame::Tile, "half is not most");
        let one_by_one = [200_000.0, 190_000.0, 180_000.0, 170_000.0];
        assert_eq!(storm.judge(206_000.0, 200_000.0, &one_by_one), Blame::Tile, "not at the same moment");
    }

    proptest! {
        /// However often and with whatever tiles it is asked, the page reconnects rarely.
        #[test]
        fn answers_keep_their_distance(
            asked in prop::collection::vec((1.0..5_000.0_f64, prop::collection::vec(0.0..20_000.0_f64, 1..20)), 1..200),
        ) {
            let (mut storm, mut now, mut answers) = (Storm::default(), 0.0, Vec::new());
            for (step, ages) in asked {
                now += step;
                let tiles: Vec<f64> = ages.iter().map(|age| now - age).collect();
                if matches!(storm.judge(now, tiles[0], &tiles), Blame::Page { .. }) {
                    answers.push(now);
                }
            }
            for pair in answers.windows(2) {
                prop_assert!(pair[1] - pair[0] >= WAITS_MS[0]);
            }
        }
    }
}
