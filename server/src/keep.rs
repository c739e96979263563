//! Parts of the server that run as long as it does.

use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long a part that has panicked rests: it may do so again at once. Twice as long each time, so that the recent log is not full of it.
const REST: Duration = Duration::from_secs(1);
/// The longest rest.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// A part that has run this long begins with the shortest rest again.
const WELL: Duration = Duration::from_secs(600);

/// Runs a part until it ends by itself, which it does once `stopping` is cancelled. One that panics is begun again: without it the server would
/// go on half dead, for months. What it shares with others is behind locks whose poison nobody minds.
pub async fn kept<F: Future<Output = ()>>(name: &'static str, stopping: CancellationToken, part: impl Fn() -> F) {
    let mut rest = REST;
    loop {
        let begun = Instant::now();
        if AssertUnwindSafe(part()).catch_unwind().await.is_ok() {
            return;
        }
        if begun.elapsed() >= WELL {
            rest = REST;
        }
        tracing::error!(
            part = name,
            after_s = rest.as_secs(),
            "a part of the server failed by a mistake of its own; it is begun again (please report this)"
        );
        if stopping.run_until_cancelled(tokio::time::sleep(rest)).await.is_none() {
            return;
        }
        rest = (rest * 2).min(LONGEST_REST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test(start_paused = true)]
    async fn a_part_that_panics_is_begun_again_and_one_that_ends_is_not() {
        let runs = AtomicU32::new(0);
        kept("test", CancellationToken::new(), || async { assert!(runs.fetch_add(1, Ordering::Relaxed) >= 2, "on purpose") }).await;
        assert_eq!(runs.load(Ordering::Relaxed), 3);
    }

    /// How long a part rested after each of its runs; `run` is told how many there were before.
    async fn rests<F: Future<Output = ()>>(runs: usize, run: impl Fn(usize) -> F) -> Vec<u64> {
        let (begun, ended) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
        let part = || async {
            let before = begun.borrow().len();
            begun.borrow_mut().push(Instant::now());
            run(before).await;
            ended.borrow_mut().push(Instant::now());
            assert_eq!(before, runs, "on purpose");
        };
        kept("test", CancellationToken::new(), part).await;
        let (begun, ended) = (begun.into_inner(), ended.into_inner());
        begun.iter().skip(1).zip(&ended).map(|(next, end)| next.duration_since(*end).as_secs()).collect()
    }

    /// Each failure is lines in the log, which keeps its newest part only.
    #[tokio::test(start_paused = true)]
    async fn a_part_that_panics_every_time_rests_longer_each_time_up_to_a_minute() {
        assert_eq!(rests(9, |_| tokio::time::sleep(Duration::from_secs(59))).await, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_ran_for_long_before_rests_for_a_moment() {
        let run = |before| tokio::time::sleep(if before == 3 { Duration::from_secs(3600) } else { Duration::ZERO });
        assert_eq!(rests(6, run).await, [1, 2, 4, 1, 2, 4]);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_begun_again_while_the_server_stops() {
        let (runs, stopping) = (AtomicU32::new(0), CancellationToken::new());
        let part = || async {
            runs.fetch_add(1, Ordering::Relaxed);
            stopping.cancel();
            panic!("on purpose");
        };
        kept("test", stopping.clone(), part).await;
        assert_eq!(runs.load(Ordering::Relaxed), 1);
    }
}
