//! Trying a camera without storing it.

use crate::error::AppResult;
use crate::extract::{ApiJson, ApiQuery};
use crate::guard::{Admin, Permit};
use app::model::{CameraInput, ProbeQuery, ProbeReport, Problem};
use axum::Json;

/// What the camera offers, or why it gives no picture. Nothing is stored.
#[utoipa::path(
    post,
    path = "/api/v1/cameras/probe",
    tag = "cameras",
    params(ProbeQuery),
    request_body = CameraInput,
    responses(
        (status = OK, body = ProbeReport),
        (status = NOT_FOUND, body = Problem, content_type = "application/problem+json", description = "There is no camera `camera_id`"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn probe(
    permit: Permit<Admin>,
    ApiQuery(query): ApiQuery<ProbeQuery>,
    ApiJson(input): ApiJson<CameraInput>,
) -> AppResult<Json<ProbeReport>> {
    permit.cameras.probe(input, query.camera_id).await.map(Json)
}
