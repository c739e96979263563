//! One camera: read, change, delete.

use crate::error::AppResult;
use crate::extract::{ApiJson, ApiPath, ApiQuery};
use crate::state::AppState;
use app::model::{Camera, CameraPatch, Problem, SaveQuery};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

/// One camera.
#[utoipa::path(
    get,
    path = "/api/v1/cameras/{id}",
    tag = "cameras",
    params(("id" = i64, Path)),
    responses((status = OK, body = Camera), (status = NOT_FOUND, body = Problem, content_type = "application/problem+json"))
)]
pub async fn get(State(state): State<AppState>, ApiPath(id): ApiPath<i64>) -> AppResult<Json<Camera>> {
    state.cameras.get(id).map(Json)
}

/// Changes what the body names. Without a new password the stored one stays. A changed source is tried first, unless `force=true`.
#[utoipa::path(
    patch,
    path = "/api/v1/cameras/{id}",
    tag = "cameras",
    params(("id" = i64, Path), SaveQuery),
    request_body = CameraPatch,
    responses(
        (status = OK, body = Camera),
        (status = NOT_FOUND, body = Problem, content_type = "application/problem+json"),
        (status = CONFLICT, body = Problem, content_type = "application/problem+json"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn update(
    State(state): State<AppState>,
    ApiPath(id): ApiPath<i64>,
    ApiQuery(query): ApiQuery<SaveQuery>,
    ApiJson(patch): ApiJson<CameraPatch>,
) -> AppResult<Json<Camera>> {
    state.cameras.update(id, patch, query.force).await.map(Json)
}

/// Deletes a camera and ends its streams.
#[utoipa::path(
    delete,
    path = "/api/v1/cameras/{id}",
    tag = "cameras",
    params(("id" = i64, Path)),
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = Problem, content_type = "application/problem+json"))
)]
pub async fn delete(State(state): State<AppState>, ApiPath(id): ApiPath<i64>) -> AppResult<StatusCode> {
    state.cameras.delete(id).await.map(|()| StatusCode::NO_CONTENT)
}
