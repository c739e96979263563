//! Table `audit`: who did what, when and from where. Rows are only added, and removed by age.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub at: TimeDateTimeWithTimeZone,
    /// `person`, `token`, `guest`, `player`, `nobody` (not signed in), `console` or `server`.
    pub actor_kind: String,
    pub actor_id: Option<i64>,
    pub actor_name: String,
    pub address: String,
    /// `session.sign_in`, `camera.update`, …
    pub action: String,
    /// `ok` or `refused`.
    pub outcome: String,
    pub target_kind: String,
    pub target_id: String,
    pub target_name: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub details: Json,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
