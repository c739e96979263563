//! The history of the database schema, for SQLite and PostgreSQL. A migration that was released is never edited.
//!
//! What does not belong here: entities, queries, anything that knows what the columns mean to the server.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod m20261121_000001_cameras;
mod m20261121_000002_incidents;
mod m20261121_000003_recovery;
mod m20261121_000100_accounts;
mod m20261121_000101_rises;
mod m20261121_000102_link_streams;
mod m20261121_000103_recordings;

/// All migrations, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_cameras::Migration),
            Box::new(m20261121_000002_incidents::Migration),
            Box::new(m20261121_000003_recovery::Migration),
            Box::new(m20261121_000100_accounts::Migration),
            Box::new(m20261121_000101_rises::Migration),
            Box::new(m20261121_000102_link_streams::Migration),
            Box::new(m20261121_000103_recordings::Migration),
        ]
    }
}
