//! Cameras as they are written and read.

use super::CameraAction;
use crate::health::HealthSettings;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which of a camera's two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    Main,
    Sub,
}

impl Quality {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Sub => "sub",
        }
    }
}

/// How a camera's addresses are built and what it can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Any RTSP camera, by the addresses in `sources`.
    #[default]
    GenericRtsp,
    /// RTMP, RTMPS, RTSPS, HTTP-FLV or a file, read by ffmpeg in copy mode.
    Ffmpeg,
    /// A demo camera: a moving picture with the wall clock in it.
    TestPattern,
}

/// RTP transport of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    #[default]
    Auto,
    Tcp,
    Udp,
}

/// The address of one stream. A URL never carries a user name or password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SourceAddress {
    pub url: String,
    #[serde(default)]
    pub transport: Transport,
}

/// The addresses of a camera. Without `sub`, the main stream serves both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Sources {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub main: Option<SourceAddress>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<SourceAddress>,
}

/// Credentials as written.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CredentialsInput {
    pub username: String,
    /// Absent in a change: the stored password stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

impl std::fmt::Debug for CredentialsInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CredentialsInput").field("username", &self.username).field("has_password", &self.password.is_some()).finish()
    }
}

/// Credentials as read: never the password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CredentialsView {
    pub username: String,
    pub has_password: bool,
}

fn enabled_by_default() -> bool {
    true
}

/// Body of `POST /cameras` and `POST /cameras/probe`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CameraInput {
    /// 1-100 characters, unique without regard to case.
    pub name: String,
    #[serde(default)]
    pub profile: Profile,
    #[serde(default = "enabled_by_default")]
    pub enabled: bool,
    #[serde(default)]
    pub hidden: bool,
    #[serde(default)]
    pub group: Option<String>,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(default)]
    pub sources: Sources,
    #[serde(default)]
    pub credentials: Option<CredentialsInput>,
    /// Keep the streams open without viewers.
    #[serde(default = "enabled_by_default")]
    pub always_on: bool,
    /// Settings that differ from the profile's and the installation's, by key: `rtsp.teardown`, `stream.stall_timeout_s`, …
    /// `GET /cameras/{id}/settings` lists every key with the values that it may have.
    #[serde(default)]
    pub overrides: BTreeMap<String, serde_json::Value>,
}

/// Body of `PATCH /cameras/{id}`: absent fields stay; `group: null` and `credentials: null` clear.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct CameraPatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none", with = "present_or_null")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>))]
    pub group: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sources: Option<Sources>,
    #[serde(skip_serializing_if = "Option::is_none", with = "present_or_null")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<CredentialsInput>))]
    pub credentials: Option<Option<CredentialsInput>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub always_on: Option<bool>,
    /// The whole table: keys that are left out go back to what is inherited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overrides: Option<BTreeMap<String, serde_json::Value>>,
}

/// Tells an absent field (outer None, by `default`) from a `null` (inner None).
pub(super) mod present_or_null {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer, T: Serialize>(value: &Option<Option<T>>, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
        Option::<T>::deserialize(deserializer).map(Some)
    }
}

/// A camera as read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Camera {
    pub id: i64,
    pub name: String,
    pub profile: Profile,
    pub enabled: bool,
    pub hidden: bool,
    pub group: Option<String>,
    pub tags: Vec<String>,
    pub sources: Sources,
    pub credentials: Option<CredentialsView>,
    pub always_on: bool,
    pub overrides: BTreeMap<String, serde_json::Value>,
    /// What its pictures are watched by in a browser: the settings `health.…` that are in force.
    #[serde(default)]
    pub health: HealthSettings,
    /// What whoever reads it may do with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<CameraAction>,
    pub created_at: String,
}

impl Camera {
    /// Whether whoever reads it may do this with it.
    pub fn may(&self, action: CameraAction) -> bool {
        self.actions.contains(&action)
    }
}

/// Query of `POST /cameras` and `PATCH /cameras/{id}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "ssr", into_params(parameter_in = Query))]
#[serde(default)]
pub struct SaveQuery {
    /// Store it although the camera can't be reached now. Without it a camera that does not answer is a 422 whose `code` is the
    /// stream error's (`unreachable`, `auth_failed`, …) and whose `field` is the address or the credentials.
    pub force: bool,
}

/// Query of `POST /cameras/probe`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "ssr", into_params(parameter_in = Query))]
#[serde(default)]
pub struct ProbeQuery {
    /// The camera that is being edited: its stored password is used if the body's credentials have none. Whoever may change this camera
    /// may try it; without one, only admins may try.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera_id: Option<i64>,
}

/// Answer of `POST /cameras/probe`: what each stream offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ProbeReport {
    pub streams: Vec<ProbedStream>,
}

/// One stream that was opened and gave a key frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ProbedStream {
    pub quality: Quality,
    pub video: super::VideoInfo,
    pub audio: Option<super::AudioInfo>,
    /// `RTSP over TCP`, …
    pub source: String,
    /// The key frame as a JPEG `data:` URL, if it could be decoded.
    pub picture: Option<String>,
    /// Sentences about what would hurt live view (H.265 in this browser, …). Empty if all is well.
    pub hints: Vec<String>,
}
