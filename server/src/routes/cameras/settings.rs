//! A camera's settings with where each value comes from.

use crate::error::AppResult;
use crate::extract::ApiQuery;
use crate::guard::{Admin, On, Permit};
use crate::people::principal::deed;
use app::model::{CameraSetting, SettingsQuery};
use axum::Json;

/// Every setting of a camera: its value, where it comes from (the camera's `overrides`, its profile, the installation, built in), what it
/// would be without the camera's own value, and what it may be. `PATCH` the camera's `overrides` to change one.
#[utoipa::path(
    get,
    path = "/api/v1/cameras/{id}/settings",
    tag = "cameras",
    params(("id" = i64, Path)),
    responses((status = OK, body = Vec<CameraSetting>))
)]
pub async fn of_camera(permit: Permit<On<deed::Configure>>) -> AppResult<Json<Vec<CameraSetting>>> {
    permit.cameras.settings_of(permit.camera().0).map(Json)
}

/// What a new camera of a profile inherits.
#[utoipa::path(
    get,
    path = "/api/v1/cameras/settings",
    tag = "cameras",
    params(SettingsQuery),
    responses((status = OK, body = Vec<CameraSetting>))
)]
pub async fn inherited(permit: Permit<Admin>, ApiQuery(query): ApiQuery<SettingsQuery>) -> Json<Vec<CameraSetting>> {
    Json(permit.cameras.inherited_settings(query.profile))
}
