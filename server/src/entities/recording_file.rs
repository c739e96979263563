//! Table `recording_files`: the files of the recordings that have ended, in their order.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recording_files")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub recording_id: i64,
    /// Below the recording's folder.
    pub name: String,
    /// Milliseconds since 1970 UTC, as is `end_ms`.
    pub start_ms: i64,
    pub end_ms: i64,
    /// How long it plays.
    pub duration_ms: i64,
    pub bytes: i64,
    /// Video pictures in it.
    pub pictures: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
