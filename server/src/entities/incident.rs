//! Table `incidents`. What the columns mean: [`app::model::Incident`].

use crate::services::incidents::Step;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "incidents")]
pub struct Model {
    /// Given by the server.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub camera_id: Option<i64>,
    pub quality: Option<String>,
    /// The kind's name in JSON.
    pub kind: String,
    pub code: Option<String>,
    /// Milliseconds since 1970.
    pub started_ms: i64,
    pub ended_ms: Option<i64>,
    pub dark_ms: Option<i64>,
    pub attempts: i64,
    pub summary: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub steps: Steps,
    pub left_out: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Steps(pub Vec<Step>);

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
