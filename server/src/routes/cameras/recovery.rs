//! What is done for a camera that stays dark.

use crate::error::AppResult;
use crate::extract::ApiPath;
use crate::state::AppState;
use app::model::{CameraRecovery, Problem};
use axum::Json;
use axum::extract::State;

/// The camera's recovery ladder: which rungs can be taken and how often they were, since when the camera has been dark, what comes next.
/// Its waits and limits are settings (`recovery.…`); its steps stand in the incident log.
#[utoipa::path(
    get,
    path = "/api/v1/cameras/{id}/recovery",
    tag = "cameras",
    params(("id" = i64, Path)),
    responses((status = OK, body = CameraRecovery), (status = NOT_FOUND, body = Problem, content_type = "application/problem+json"))
)]
pub async fn of_camera(State(state): State<AppState>, ApiPath(id): ApiPath<i64>) -> AppResult<Json<CameraRecovery>> {
    state.recovery.of(id).map(Json)
}
