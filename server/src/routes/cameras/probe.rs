//! Trying a camera without storing it.

use crate::error::AppResult;
use crate::extract::{ApiJson, ApiQuery};
use crate::state::AppState;
use app::model::{CameraInput, ProbeQuery, ProbeReport, Problem};
use axum::Json;
use axum::extract::State;

/// What the camera offers, or why it gives no picture. Nothing is stored.
#[utoipa::path(
    post,
    path = "/api/v1/cameras/probe",
    tag = "cameras",
    params(ProbeQuery),
    request_body = CameraInput,
    responses(
        (status = OK, body = ProbeReport),
        (status = UNPROCESSABLE_ENTITY, body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn probe(
    State(state): State<AppState>,
    ApiQuery(query): ApiQuery<ProbeQuery>,
    ApiJson(input): ApiJson<CameraInput>,
) -> AppResult<Json<ProbeReport>> {
    state.cameras.probe(input, query.camera_id).await.map(Json)
}
