//! The recovery ladder: what is done for a camera that stays dark, and the webhook that is one of its rungs.

use serde::{Deserialize, Serialize};

/// HTTP method of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum WebhookMethod {
    #[default]
    Post,
    Put,
    Get,
}

impl WebhookMethod {
    /// The name as it stands in JSON and in HTTP.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Get => "GET",
        }
    }
}

/// A webhook as written: one HTTP request to a program or device, a PoE switch or a smart plug for example.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WebhookInput {
    /// `http` or `https`, without a user name or password. Redirects are not followed.
    pub url: String,
    #[serde(default)]
    pub method: WebhookMethod,
    /// JSON, for POST and PUT. In its texts `{camera}`, `{camera_id}` and `{reason}` are replaced.
    #[serde(default)]
    pub body: Option<String>,
    /// Name of a header that carries `secret`, `Authorization` for example.
    #[serde(default)]
    pub header: Option<String>,
    /// Value of that header. Absent: the stored one stays, as long as the address's host does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl std::fmt::Debug for WebhookInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookInput").field("method", &self.method).field("has_secret", &self.secret.is_some()).finish_non_exhaustive()
    }
}

/// A webhook as read: never the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct WebhookView {
    pub url: String,
    pub method: WebhookMethod,
    pub body: Option<String>,
    pub header: Option<String>,
    pub has_secret: bool,
}

/// Answer of `POST /settings/webhook/test`: it was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct WebhookReport {
    /// The receiver's HTTP status, 200-299.
    pub status: u16,
    /// A sentence for people.
    pub message: String,
    pub took_ms: u64,
}

/// One thing that can be done for a dark camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RecoveryRung {
    /// Ask for the streams anew, ahead of the next attempt that is planned.
    Reconnect,
    /// Try UDP where it was TCP, and the other way round.
    Transport,
    /// Let the camera restart itself.
    Reboot,
    /// Tell another program, which can switch the camera's power.
    Webhook,
    /// Tell people.
    Alert,
}

impl RecoveryRung {
    /// In the order in which they are tried.
    pub const ALL: [Self; 5] = [Self::Reconnect, Self::Transport, Self::Reboot, Self::Webhook, Self::Alert];

    /// The name as it stands in JSON, in keys of settings and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reconnect => "reconnect",
            Self::Transport => "transport",
            Self::Reboot => "reboot",
            Self::Webhook => "webhook",
            Self::Alert => "alert",
        }
    }

    /// The rung of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rung| rung.as_str() == name)
    }

    /// Its place on the ladder, from 0.
    pub fn place(self) -> usize {
        match self {
            Self::Reconnect => 0,
            Self::Transport => 1,
            Self::Reboot => 2,
            Self::Webhook => 3,
            Self::Alert => 4,
        }
    }
}

/// Whether a rung can be taken at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RungView {
    pub rung: RecoveryRung,
    pub available: bool,
    /// Why not, in a sentence.
    pub reason: Option<String>,
    /// How often it was taken in the last 24 hours. Of one camera only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<u32>,
}

/// Answer of `GET /cameras/{id}/recovery`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CameraRecovery {
    pub camera_id: i64,
    pub enabled: bool,
    /// Steps are said and not taken.
    pub dry_run: bool,
    pub rungs: Vec<RungView>,
    /// Since when the camera has been dark; None while it is not.
    pub dark_since: Option<String>,
    /// What comes next if it stays dark.
    pub next: Option<NextStep>,
}

/// A step to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NextStep {
    pub rung: RecoveryRung,
    pub at: String,
}

/// A camera that stayed dark whatever was done: people are asked to look. It ends when the camera gives pictures again, or is not wanted
/// any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Alert {
    pub camera_id: i64,
    /// Since when the camera has been dark.
    pub since: String,
    /// Why, in one or two sentences for people.
    pub message: String,
}
