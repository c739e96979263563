//! Table `users`.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub name: String,
    /// The name as it is compared; unique.
    #[sea_orm(unique)]
    pub name_key: String,
    /// The role's name in JSON.
    pub role: String,
    /// A PHC string.
    pub password_hash: String,
    pub disabled: bool,
    /// Sessions of an older generation are dead.
    pub generation: i64,
    /// How often a larger grant was given: sessions that were named before get another id.
    pub rises: i64,
    pub created_at: TimeDateTimeWithTimeZone,
    pub password_changed_at: TimeDateTimeWithTimeZone,
    pub last_sign_in_at: Option<TimeDateTimeWithTimeZone>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("user").field("id", &self.id).field("name", &self.name).field("role", &self.role).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
