//! What admins see and change: accounts, API tokens, links, and the log of who did what.

use super::{CameraAction, Grant, Password, Quality, Role, TokenScope};
use serde::{Deserialize, Serialize};

/// An account, as admins see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct UserInfo {
    pub id: i64,
    pub username: String,
    pub role: Role,
    /// May not sign in; their tokens and links rest.
    pub disabled: bool,
    /// What was granted. Admins may do everything without.
    pub grants: Vec<Grant>,
    pub created_at: String,
    pub password_changed_at: String,
    pub last_sign_in_at: Option<String>,
    /// In how many places they are signed in.
    pub sessions: u32,
    /// The one who asks.
    pub own: bool,
}

/// Body of `POST /users`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UserInput {
    pub username: String,
    pub password: Password,
    pub role: Role,
    /// Absent: what the role starts with; operators operate all cameras, viewers see none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Vec<Grant>>,
}

/// Body of `PATCH /users/{id}`: what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct UserPatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Another role ends the sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// `true` ends the sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// Replaces all grants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grants: Option<Vec<Grant>>,
}

/// Body of `PUT /users/{id}/password`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    pub password: Password,
}

/// An API token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TokenInfo {
    pub id: i64,
    pub name: String,
    /// How it begins, to recognise it by.
    pub prefix: String,
    pub scope: TokenScope,
    /// It reaches no further than this account, and goes with it. None: made on the server's console.
    pub owner: Option<String>,
    /// None: all cameras.
    pub camera_ids: Option<Vec<i64>>,
    pub created_at: String,
    pub expires_at: Option<String>,
    pub last_used_at: Option<String>,
    /// Whether it is accepted now: not expired, and its owner is not disabled.
    pub active: bool,
    /// Told once, when it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// Body of `POST /tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TokenInput {
    /// What it is for, to recognise it by.
    pub name: String,
    pub scope: TokenScope,
    /// Absent: all cameras. Not for scope `admin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera_ids: Option<Vec<i64>>,
    /// RFC 3339. Absent: it does not end by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// Players open it: VLC, a wall panel.
    Media,
    /// Browsers of guests open it.
    Guest,
}

/// Body of `POST /links`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LinkInput {
    pub kind: LinkKind,
    /// What it is for, to recognise it by.
    pub label: String,
    pub camera_id: i64,
    /// It shows this stream only. For players; absent: all of the camera.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Quality>,
    /// It shows this recording of the camera and nothing else. For guests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording_id: Option<i64>,
    /// `live` at least; of a recording `playback`, with `audio` if it may be heard and `export` if it may be downloaded. What one may not do oneself one cannot give away.
    pub actions: Vec<CameraAction>,
    /// RFC 3339; within 7 days for players, within a year for guests.
    pub expires_at: String,
}

/// A link that has neither ended nor been revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct LinkInfo {
    pub id: i64,
    pub kind: LinkKind,
    pub label: String,
    pub camera_id: i64,
    /// It shows this stream only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Quality>,
    /// It shows this recording only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording_id: Option<i64>,
    pub actions: Vec<CameraAction>,
    /// Who made it; it reaches no further than they do.
    pub created_by: Option<String>,
    pub created_at: String,
    pub expires_at: String,
    pub last_used_at: Option<String>,
    /// Whether it opens now: whoever made it is not disabled.
    pub active: bool,
    /// The path to open; told once, when the link is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    pub id: i64,
    pub at: String,
    /// `person`, `token`, `guest`, `player`, `nobody` (not signed in), `console` or `server`.
    pub actor_kind: String,
    pub actor_id: Option<i64>,
    /// Of nobody: the account that was named, if there is one.
    pub actor_name: String,
    pub address: String,
    /// `session.sign_in`, `camera.update`, …
    pub action: String,
    /// `ok` or `refused`.
    pub outcome: String,
    /// `user`, `camera`, `api_token`, `link`, … or empty.
    pub target_kind: String,
    pub target_id: String,
    pub target_name: String,
    /// More about it; of a change `changes` with `before` and `after` by field. Secrets are masked.
    pub details: serde_json::Value,
}

/// Query of `GET /audit` and `GET /audit/export`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "ssr", into_params(parameter_in = Query))]
#[serde(default)]
pub struct AuditQuery {
    /// RFC 3339: only what was done then or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// RFC 3339: only what was done before then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Number of an account: what it did, and attempts to sign in as it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<i64>,
    /// `session.sign_in`, or how several begin: `session.`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// `ok` or `refused`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Somewhere in the names, the address or the action; in any case of letters. At most 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Only entries with a smaller `id`: the last one of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<i64>,
    /// 1-500 entries; 100 without it. An export is not cut by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// How the audit log is exported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuditFormat {
    #[default]
    Csv,
    Json,
}

/// How long the audit log is kept: `GET` and `PUT /audit/retention`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AuditRetention {
    /// Days, 7 to 3650. Older entries are removed.
    pub days: u32,
}
