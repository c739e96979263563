//! HLS players must never see EXT-X-DISCONTINUITY-SEQUENCE go back, also not over a restart of the server (RFC 8216 section 6.2.2). The
//! number that all streams start from is kept in the database: one for the installation, above everything any stream has shown.

use crate::db::Db;
use crate::entities::setting;
use media::stream::Streams;
use sea_orm::{DbErr, EntityTrait};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

const KEY: &str = "hls.first_discontinuity";
/// How often the number is looked at.
const INTERVAL: Duration = Duration::from_secs(30);
/// How far the stored number goes above what was shown when it is written.
const MARGIN: u64 = 32;
/// How far it stays above at each look: what a run that is then killed may have counted since. No stream begins anew more often than once in
/// two seconds for long.
const AHEAD: u64 = MARGIN / 2;

/// The number that this run's streams start from; the next run's is stored at once, so that even a run that ends within a moment counts.
///
/// # Errors
/// The database cannot be read or written.
pub async fn begin(db: &Db) -> Result<u64, DbErr> {
    let stored = setting::Entity::find_by_id(KEY).one(db.read()).await?;
    let first = stored.and_then(|row| row.value.as_u64()).unwrap_or(0);
    store(db, first.saturating_add(MARGIN)).await?;
    Ok(first)
}

/// Keeps the stored number above what the streams have shown, until cancelled and once more then.
pub async fn follow(db: &Db, streams: &Streams, first: u64, stopping: CancellationToken) {
    let mut stored = first.saturating_add(MARGIN);
    let mut tick = interval(INTERVAL);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let stop = tokio::select! {
            () = stopping.cancelled() => true,
            _ = tick.tick() => false,
        };
        let shown = streams.handles().iter().map(|handle| handle.hls().next_discontinuity()).max().unwrap_or(0);
        if let Some(next) = due(shown, stored) {
            match store(db, next).await {
                Ok(()) => stored = next,
                Err(error) => tracing::warn!(%error, "the number of HLS discontinuities could not be stored"),
            }
        }
        if stop {
            return;
        }
    }
}

/// What is to be stored once streams have shown `shown`; None while what is stored is far enough above.
fn due(shown: u64, stored: u64) -> Option<u64> {
    (shown.saturating_add(AHEAD) > stored).then(|| shown.saturating_add(MARGIN))
}

async fn store(db: &Db, value: u64) -> Result<(), DbErr> {
    let transaction = db.begin().await?;
    setting::put(&transaction, KEY, value.into()).await?;
    transaction.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What had been shown was stored as it was: a run that was killed before the next look had shown more.
    #[test]
    fn a_run_that_is_killed_at_any_moment_has_shown_nothing_above_what_is_stored() {
        let (mut shown, mut stored) = (7, 7 + MARGIN);
        for step in 0..1000 {
            shown += step % (AHEAD + 1);
            assert!(shown <= stored, "after {step} looks: {shown} above {stored}");
            stored = due(shown, stored).unwrap_or(stored);
        }
        assert_eq!(due(shown, stored), None, "once is enough");
    }
}
