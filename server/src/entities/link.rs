//! Table `links`: signed media links for players, and guest links, each to one camera or one recording.

use super::grant::StoredActions;
use sea_orm::entity::prelude::*;

/// `kind` of a link that players open; its address is signed.
pub const MEDIA: &str = "media";
/// `kind` of a link that a guest's browser opens; its address holds a secret.
pub const GUEST: &str = "guest";

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "links")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    /// [`MEDIA`] or [`GUEST`].
    pub kind: String,
    pub label: String,
    pub camera_id: i64,
    /// `main` or `sub`: it shows that stream only. Of media links.
    pub stream: Option<String>,
    /// It shows this recording of the camera only. Of guest links.
    pub recording_id: Option<i64>,
    #[sea_orm(column_type = "JsonBinary")]
    pub actions: StoredActions,
    /// SHA-256 in hex of a guest link's secret.
    pub secret_hash: Option<String>,
    /// It reaches no further than this person.
    pub created_by_id: Option<i64>,
    pub created_at: TimeDateTimeWithTimeZone,
    pub expires_at: TimeDateTimeWithTimeZone,
    pub revoked_at: Option<TimeDateTimeWithTimeZone>,
    pub last_used_at: Option<TimeDateTimeWithTimeZone>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("link").field("id", &self.id).field("kind", &self.kind).field("camera_id", &self.camera_id).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
