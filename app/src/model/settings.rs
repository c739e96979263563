//! Settings of a camera with where each value comes from: camera, profile, installation, built in.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a value comes from, the nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SettingOrigin {
    /// The camera's `overrides`.
    Camera,
    /// The camera's profile.
    Profile,
    /// What was set for all cameras: in the application, or under `[defaults]` in the installation's file.
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
    /// `true` or `false`.
    Switch,
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SettingValue {
    /// A name, a whole number, or true or false.
    pub value: serde_json::Value,
    pub origin: SettingOrigin,
}

/// One setting of a camera. In `overrides` its `key` sets `value`; leaving the key out goes back to `inherited`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CameraSetting {
    pub key: String,
    /// A name, a whole number, or true or false: what is in force.
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

/// The installation's value of one setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct InstallationSetting {
    pub key: String,
    /// What cameras inherit that have no value of their own.
    pub value: serde_json::Value,
    /// Set in the application. `null` in `PATCH /settings` takes it back to `inherited`.
    pub stored: bool,
    /// What the installation's file says (origin `installation`), else the built-in value.
    pub inherited: SettingValue,
    pub allowed: AllowedValues,
}

/// Answer of `GET` and `PATCH /settings`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct InstallationSettings {
    /// Every setting that cameras inherit.
    pub defaults: Vec<InstallationSetting>,
    /// The webhook of the recovery ladder.
    pub webhook: Option<super::WebhookView>,
    /// The rungs of the recovery ladder in their order.
    pub rungs: Vec<super::RungView>,
}

/// Body of `PATCH /settings`: what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct InstallationPatch {
    /// Values by key, as in a camera's `overrides`; `null` goes back to the file's or the built-in value. Keys that are absent stay.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub defaults: BTreeMap<String, serde_json::Value>,
    /// `null` takes it out.
    #[serde(skip_serializing_if = "Option::is_none", with = "super::present_or_null")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<super::WebhookInput>))]
    pub webhook: Option<Option<super::WebhookInput>>,
}

/// Where recordings go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RecordingPlace {
    /// The whole path.
    pub folder: String,
    /// It is the one below the data folder: no other was chosen.
    pub is_default: bool,
    /// Of the folder's disk; null if it does not tell.
    pub total_bytes: Option<u64>,
    /// What may still be filled.
    pub free_bytes: Option<u64>,
    /// Why nothing can be kept there, in a sentence.
    pub problem: Option<String>,
}

/// Body of `PUT /settings/recordings`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RecordingPlaceInput {
    /// A whole path on the server; it is made if it is missing. `null`: the folder below the data folder.
    pub folder: Option<String>,
}
