//! Parts of the server that run as long as it does.

use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long a part that has panicked rests: it may do so again at once.
const REST: Duration = Duration::from_secs(1);

/// Runs a part until it ends by itself, which it does once `stopping` is cancelled. One that panics is begun again: without it the server would
/// go on half dead, for months. What it shares with others is behind locks whose poison nobody minds.
pub async fn kept<F: Future<Output = ()>>(name: &'static str, stopping: CancellationToken, part: impl Fn() -> F) {
    while AssertUnwindSafe(part()).catch_unwind().await.is_err() {
        tracing::error!(part = name, "a part of the server failed by a mistake of its own; it is begun again (please report this)");
        if stopping.run_until_cancelled(tokio::time::sleep(REST)).await.is_none() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test(start_paused = true)]
    async fn a_part_that_panics_is_begun_again_and_one_that_ends_is_not() {
        let runs = AtomicU32::new(0);
        kept("test", CancellationToken::new(), || async { assert!(runs.fetch_add(1, Ordering::Relaxed) >= 2, "on purpose") }).await;
        assert_eq!(runs.load(Ordering::Relaxed), 3);
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
