//! Table `recordings`: spans of cameras' streams that are kept.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recordings")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of a camera that may be gone by now.
    pub camera_id: i64,
    /// As it was called when the recording began.
    pub camera_name: String,
    /// `main` or `sub`.
    pub quality: String,
    /// `manual`.
    pub kind: String,
    pub title: String,
    /// The folder that its files are in.
    pub folder: String,
    /// What the names of its files begin with.
    pub stem: String,
    /// Milliseconds since 1970 UTC, as is `end_ms`.
    pub start_ms: i64,
    /// None while it runs, or if the server broke off and has not looked at its files yet.
    pub end_ms: Option<i64>,
    pub duration_ms: i64,
    pub bytes: i64,
    /// How it ended; None as long as `end_ms`.
    pub ended_by: Option<String>,
    /// The name of whoever started it.
    pub recorded_by: String,
    pub has_poster: bool,
    /// Only its files are left, until their disk is there.
    pub deleted: bool,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
