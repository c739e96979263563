//! People, roles and what may be done with a camera.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a person is on the whole. The order is that of rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Watches what was granted.
    Viewer,
    /// Also operates what was granted: restarts streams, records.
    Operator,
    /// May do everything, with every camera and with people.
    Admin,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| "a role is admin, operator or viewer".to_owned())
    }
}

/// What may be done with a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CameraAction {
    /// Its live picture, its state, its incidents.
    Live,
    /// Its sound.
    Audio,
    /// Moving it.
    Ptz,
    /// Its recordings.
    Playback,
    /// Files of its recordings.
    Export,
    /// Starting and stopping recordings by hand.
    Record,
    /// Changing its settings.
    Configure,
}

impl CameraAction {
    pub const ALL: [Self; 7] = [Self::Live, Self::Audio, Self::Ptz, Self::Playback, Self::Export, Self::Record, Self::Configure];

    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Audio => "audio",
            Self::Ptz => "ptz",
            Self::Playback => "playback",
            Self::Export => "export",
            Self::Record => "record",
            Self::Configure => "configure",
        }
    }
}

impl std::str::FromStr for CameraAction {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|action| action.as_str() == text).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.into_iter().map(Self::as_str).collect();
            format!("{text} is not one of {}", names.join(", "))
        })
    }
}

/// How far an API token reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TokenScope {
    /// As a viewer.
    Read,
    /// As an operator.
    Operate,
    /// As an admin.
    Admin,
}

impl TokenScope {
    pub const ALL: [Self; 3] = [Self::Read, Self::Operate, Self::Admin];

    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Operate => "operate",
            Self::Admin => "admin",
        }
    }
}

impl std::str::FromStr for TokenScope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or_else(|| "a scope is read, operate or admin".to_owned())
    }
}

/// Which cameras a grant is about. Neither: all, also those that are added later.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum GrantTarget {
    All,
    Group(String),
    Camera(i64),
}

/// Something that a person may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Grant {
    pub target: GrantTarget,
    pub actions: Vec<CameraAction>,
}

/// A password on its way to the server. Never shown, also not by `{:?}`.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Body of `POST /session`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub username: String,
    pub password: Password,
    /// A display such as a tablet on the wall: it stays signed in for 400 days, also when it is not used.
    #[serde(default)]
    pub stay: bool,
}

/// Body of `POST /setup`: the first account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FirstAdmin {
    /// What the console prints when the server starts without accounts.
    pub setup_token: Password,
    pub username: String,
    pub password: Password,
}

/// Body of `PUT /session/password`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    pub current: Password,
    pub new: Password,
}

/// What somebody is signed in as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WhoKind {
    Person,
    Token,
    Guest,
}

/// Answer of `GET /session`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct WhoAmI {
    pub kind: WhoKind,
    /// The account's, token's or link's name.
    pub username: String,
    pub role: Role,
    /// Whether the connection is encrypted; if not, passwords and pictures can be read on the way.
    pub encrypted: bool,
    /// When it ends whatever happens.
    pub expires_at: Option<String>,
}

/// One place where somebody is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SessionInfo {
    /// Names the session; of no use to sign in.
    pub id: String,
    /// The one that this answer was asked with.
    pub current: bool,
    pub created_at: String,
    pub last_seen_at: String,
    pub expires_at: String,
    pub address: String,
    /// What the browser calls itself.
    pub user_agent: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let sign_in = SignIn { username: "ann".into(), password: Password("correct horse".into()), stay: false };
        assert!(!format!("{sign_in:?}").contains("horse"));
        assert_eq!(serde_json::to_value(&sign_in).expect("JSON")["password"], "correct horse");
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).expect("JSON"), role.as_str());
        }
        for action in CameraAction::ALL {
            assert_eq!(action.as_str().parse(), Ok(action));
            assert_eq!(serde_json::to_value(action).expect("JSON"), action.as_str());
        }
        for scope in TokenScope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
            assert_eq!(serde_json::to_value(scope).expect("JSON"), scope.as_str());
        }
        assert!("root".parse::<Role>().is_err());
    }
}
