//! Table `sessions`: where people and guests are signed in.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    /// SHA-256 of the cookie's value, in hex.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id_hash: String,
    /// Either a person …
    pub user_id: Option<i64>,
    /// … or whoever has a guest link.
    pub link_id: Option<i64>,
    /// The person's generation at the sign-in.
    pub generation: i64,
    /// How often the person's rights had risen when the id was made.
    pub rises: i64,
    pub address: String,
    pub user_agent: String,
    pub created_at: TimeDateTimeWithTimeZone,
    pub last_seen_at: TimeDateTimeWithTimeZone,
    /// It ends then, however busy it is.
    pub expires_at: TimeDateTimeWithTimeZone,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("session").field("user_id", &self.user_id).field("link_id", &self.link_id).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
