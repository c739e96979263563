//! Whether the database answers, and how fast it writes.

use crate::db::Db;
use crate::entities::setting;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// The row of the test write: when the server last wrote.
const KEY: &str = "system.written_at";
/// A database that takes longer is told as one that does not answer.
const PATIENCE: Duration = Duration::from_secs(4);

/// Milliseconds until a query was answered; None if it was not.
pub async fn read_ms(db: &Db) -> Option<f32> {
    measured(db.ping()).await
}

/// Milliseconds that a small change took, its commit included: a full or read-only disk is noticed before a person's change is refused.
pub async fn write_ms(db: &Db, now: &str) -> Option<f32> {
    measured(write(db, now)).await
}

/// Bytes of the whole database where it is not a file.
pub async fn postgres_bytes(db: &Db) -> Option<u64> {
    let connection = db.read();
    let query = Statement::from_string(DbBackend::Postgres, "SELECT pg_database_size(current_database()) AS size");
    let row = timeout(PATIENCE, connection.query_one_raw(query)).await.ok()?.ok()??;
    u64::try_from(row.try_get::<i64>("", "size").ok()?).ok()
}

async fn write(db: &Db, now: &str) -> Result<(), DbErr> {
    let transaction = db.begin().await?;
    setting::put(&transaction, KEY, now.into()).await?;
    transaction.commit().await
}

async fn measured(work: impl Future<Output = Result<(), DbErr>>) -> Option<f32> {
    let started = Instant::now();
    match timeout(PATIENCE, work).await {
        Ok(Ok(())) => Some((started.elapsed().as_secs_f64() * 1000.0) as f32),
        Ok(Err(error)) => {
            tracing::debug!(%error, "the database did not carry out a test");
            None
        }
        Err(_) => None,
    }
}
