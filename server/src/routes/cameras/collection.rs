//! All cameras: list and create.

use crate::error::AppResult;
use crate::extract::{ApiJson, ApiQuery};
use crate::state::AppState;
use app::model::{Camera, CameraInput, Problem, SaveQuery};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};

/// All cameras in their order.
#[utoipa::path(get, path = "/api/v1/cameras", tag = "cameras", responses((status = OK, body = Vec<Camera>)))]
pub async fn list(State(state): State<AppState>) -> Json<Vec<Camera>> {
    Json(state.cameras.wall().cameras.clone())
}

/// Adds a camera. It is tried first: a camera that gives no picture is a 422 with the reason, unless `force=true`.
#[utoipa::path(
    post,
    path = "/api/v1/cameras",
    tag = "cameras",
    params(SaveQuery),
    request_body = CameraInput,
    responses(
        (status = CREATED, body = Camera, headers(("Location" = String, description = "The camera's address"))),
        (status = BAD_REQUEST, body = Problem, content_type = "application/problem+json"),
        (status = CONFLICT, body = Problem, content_type = "application/problem+json", description = "The name is taken"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, content_type = "application/problem+json", description = "A value is wrong, or the camera gives no picture; see `field` and `code`"),
    )
)]
pub async fn create(
    State(state): State<AppState>,
    ApiQuery(query): ApiQuery<SaveQuery>,
    ApiJson(input): ApiJson<CameraInput>,
) -> AppResult<(StatusCode, [(HeaderName, String); 1], Json<Camera>)> {
    let camera = state.cameras.create(input, query.force).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/api/v1/cameras/{}", camera.id))], Json(camera)))
}
