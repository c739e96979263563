//! A camera's settings with where each value comes from.

use crate::error::AppResult;
use crate::extract::{ApiPath, ApiQuery};
use crate::state::AppState;
use app::model::{CameraSetting, Problem, SettingsQuery};
use axum::Json;
use axum::extract::State;

/// Every setting of a camera: its value, where it comes from (the camera's `overrides`, its profile, the installation, built in), what it
/// would be without the camera's own value, and what it may be. `PATCH` the camera's `overrides` to change one.
#[utoipa::path(
    get,
    path = "/api/v1/cameras/{id}/settings",
    tag = "cameras",
    params(("id" = i64, Path)),
    responses((status = OK, body = Vec<CameraSetting>), (status = NOT_FOUND, body = Problem, content_type = "application/problem+json"))
)]
pub async fn of_camera(State(state): State<AppState>, ApiPath(id): ApiPath<i64>) -> AppResult<Json<Vec<CameraSetting>>> {
    state.cameras.settings_of(id).map(Json)
}

/// What a new camera of a profile inherits.
#[utoipa::path(
    get,
    path = "/api/v1/cameras/settings",
    tag = "cameras",
    params(SettingsQuery),
    responses((status = OK, body = Vec<CameraSetting>), (status = BAD_REQUEST, body = Problem, content_type = "application/problem+json"))
)]
pub async fn inherited(State(state): State<AppState>, ApiQuery(query): ApiQuery<SettingsQuery>) -> Json<Vec<CameraSetting>> {
    Json(state.cameras.inherited_settings(query.profile))
}
