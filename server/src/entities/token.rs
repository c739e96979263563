//! Table `tokens`: programs that may ask the API.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tokens")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub name: String,
    /// The first letters, to recognise it by.
    pub prefix: String,
    /// SHA-256 in hex.
    #[sea_orm(unique)]
    pub secret_hash: String,
    /// The scope's name in JSON.
    pub scope: String,
    /// It reaches no further than this person; none: made at the console.
    pub owner_id: Option<i64>,
    /// None: all cameras.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub camera_ids: Option<CameraIds>,
    pub created_at: TimeDateTimeWithTimeZone,
    pub expires_at: Option<TimeDateTimeWithTimeZone>,
    pub last_used_at: Option<TimeDateTimeWithTimeZone>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct CameraIds(pub Vec<i64>);

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("token").field("id", &self.id).field("name", &self.name).field("scope", &self.scope).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
