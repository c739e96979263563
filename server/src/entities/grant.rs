//! Table `grants`: what a person may do with one camera, with a group, or (neither) with all.

use app::model::CameraAction;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "grants")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub user_id: i64,
    pub camera_id: Option<i64>,
    pub group_name: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub actions: StoredActions,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct StoredActions(pub Vec<CameraAction>);

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
