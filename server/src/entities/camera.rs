//! Table `cameras`.

use app::model::Sources;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cameras")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Place on the wall; ties by id.
    pub position: i64,
    pub name: String,
    /// `name` in lower case; unique.
    #[sea_orm(unique)]
    pub name_key: String,
    /// The profile's name in JSON.
    pub profile: String,
    pub enabled: bool,
    pub hidden: bool,
    pub group_name: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub tags: Tags,
    #[sea_orm(column_type = "JsonBinary")]
    pub sources: StoredSources,
    pub always_on: bool,
    #[sea_orm(column_type = "JsonBinary")]
    pub overrides: Overrides,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Tags(pub Vec<String>);

/// The addresses; never with a password.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct StoredSources(pub Sources);

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Overrides(pub BTreeMap<String, serde_json::Value>);

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_one = "super::credential::Entity")]
    Credential,
}

impl Related<super::credential::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Credential.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
