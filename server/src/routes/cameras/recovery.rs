//! What is done for a camera that stays dark.

use crate::error::AppResult;
use crate::guard::{On, Permit};
use crate::people::principal::deed;
use app::model::CameraRecovery;
use axum::Json;

/// The camera's recovery ladder: which rungs can be taken and how often they were, since when the camera has been dark, what comes next.
/// Its waits and limits are settings (`recovery.…`); its steps stand in the incident log.
#[utoipa::path(
    get,
    path = "/api/v1/cameras/{id}/recovery",
    tag = "cameras",
    params(("id" = i64, Path)),
    responses((status = OK, body = CameraRecovery))
)]
pub async fn of_camera(permit: Permit<On<deed::Live>>) -> AppResult<Json<CameraRecovery>> {
    permit.recovery.of(permit.camera().0).map(Json)
}
