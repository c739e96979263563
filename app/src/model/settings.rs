//! Settings of a camera with where each value comes from: camera, profile, installation, built in.

use serde::{Deserialize, Serialize};

/// Where a value comes from, the nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SettingOrigin {
    /// The camera's `overrides`.
    Camera,
    /// The camera's profile.
    Profile,
    /// `[defaults]` in the installation's file.
    Installation,
    BuiltIn,
}

/// What a setting may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AllowedValues {
    /// One of these names.
    OneOf { values: Vec<String> },
    /// A whole number, both ends included, in the unit that the key ends with.
    Range { min: i64, max: i64 },
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SettingValue {
    /// A name or a whole number.
    pub value: serde_json::Value,
    pub origin: SettingOrigin,
}

/// One setting of a camera. In `overrides` its `key` sets `value`; leaving the key out goes back to `inherited`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CameraSetting {
    pub key: String,
    /// A name or a whole number: what is in force.
    pub value: serde_json::Value,
    pub origin: SettingOrigin,
    /// What is in force without the camera's own value.
    pub inherited: SettingValue,
    pub allowed: AllowedValues,
}

/// Query of `GET /cameras/settings`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "ssr", into_params(parameter_in = Query))]
#[serde(default)]
pub struct SettingsQuery {
    /// The profile of the camera that is to be added.
    pub profile: super::Profile,
}
