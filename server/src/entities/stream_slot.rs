//! Table `stream_slots`: how long a stream was live, dark and idle in each five minutes.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stream_slots")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub camera_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub quality: String,
    /// Seconds since 1970 divided by 300.
    #[sea_orm(primary_key, auto_increment = false)]
    pub slot: i64,
    pub live_ms: i64,
    pub dark_ms: i64,
    pub idle_ms: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
