//! Opening the database: SQLite in the data folder, or PostgreSQL. Brings the schema up to date.
//!
//! SQLite is opened twice: one connection writes, a small pool reads. Two writers would only wait for each other, and a transaction that
//! reads before it writes would fail with "database is locked" however long the busy timeout is (SQLite's BUSY_SNAPSHOT).

use crate::config::Settings;
use migrations::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use std::time::Duration;
use tracing::log::LevelFilter;

/// Connections that read SQLite at the same time.
const READERS: u32 = 4;
/// Connections to PostgreSQL.
const POSTGRES_POOL: u32 = 10;
/// Pages that each SQLite connection keeps in memory, KiB. The system caches the file as well, so that little is gained by SQLite's 2 MB, which five
/// connections fill over hours and never give back.
const PAGE_CACHE_KIB: u32 = 512;
/// How long a statement waits for another process that holds SQLite (a backup, a `nightjar` command beside the server).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Both sides of the database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Db {
    read: DatabaseConnection,
    write: DatabaseConnection,
}

impl Db {
    /// Opens the database and migrates it. The data folder exists.
    ///
    /// # Errors
    /// It cannot be opened or migrated.
    pub async fn open(settings: &Settings) -> Result<Self, DbErr> {
        let db = if settings.database_url.is_empty() {
            let write = sqlite(settings, 1, false).await?;
            Migrator::up(&write, None).await?;
            Self { read: sqlite(settings, READERS, true).await?, write }
        } else {
            let mut options = ConnectOptions::new(&settings.database_url);
            quiet(&mut options).max_connections(POSTGRES_POOL);
            let pool = Database::connect(options).await?;
            Migrator::up(&pool, None).await?;
            Self { read: pool.clone(), write: pool }
        };
        Ok(db)
    }

    /// For queries outside a transaction.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// Begins a transaction that may write; with SQLite it is the only one until it ends.
    ///
    /// # Errors
    /// The database is gone, or locked by another process for too long.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let mode = TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..TransactionOptions::default() };
        self.write.begin_with_options(mode).await
    }

    /// Whether a query is answered.
    ///
    /// # Errors
    /// It is not.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.read.execute_unprepared("SELECT 1").await.map(drop)
    }

    /// Closes all connections; SQLite's log is folded into its file.
    pub async fn close(&self) {
        for connection in [&self.read, &self.write] {
            if let Err(error) = connection.clone().close().await {
                tracing::warn!(%error, "the database did not close cleanly");
            }
        }
    }
}

async fn sqlite(settings: &Settings, connections: u32, read_only: bool) -> Result<DatabaseConnection, DbErr> {
    use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
    let file = settings.sqlite_file();
    let mut options = ConnectOptions::new("sqlite:");
    quiet(&mut options).max_connections(connections).map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .filename(&file)
            .create_if_missing(!read_only)
            .journal_mode(SqliteJournalMode::Wal)
            // With WAL, NORMAL can lose the last commits in a power cut but never corrupts. A camera that was answered with 201 must stay: FULL.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("cache_size", format!("-{PAGE_CACHE_KIB}"))
            .pragma("query_only", if read_only { "1" } else { "0" })
    });
    Database::connect(options).await
}

/// sqlx logs every statement at INFO by default.
fn quiet(options: &mut ConnectOptions) -> &mut ConnectOptions {
    options.sqlx_logging_level(LevelFilter::Debug).acquire_timeout(Duration::from_secs(10))
}
