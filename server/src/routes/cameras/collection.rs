//! All cameras: list and create.

use crate::error::AppResult;
use crate::extract::{ApiJson, ApiQuery};
use crate::guard::{Admin, Permit, SignedIn};
use crate::people::audit::Entry;
use app::model::{Camera, CameraInput, Problem, SaveQuery};
use axum::Json;
use axum::http::{HeaderName, StatusCode, header};
use serde_json::json;

/// All cameras that one may see, in their order. Addresses and user names are left empty for those who may not change a camera.
#[utoipa::path(get, path = "/api/v1/cameras", tag = "cameras", responses((status = OK, body = Vec<Camera>)))]
pub async fn list(permit: Permit<SignedIn>) -> Json<Vec<Camera>> {
    Json(permit.visible())
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
        (status = CONFLICT, body = Problem, content_type = "application/problem+json", description = "The name is taken"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, content_type = "application/problem+json", description = "A value is wrong, or the camera gives no picture; see `field` and `code`"),
    )
)]
pub async fn create(
    permit: Permit<Admin>,
    ApiQuery(query): ApiQuery<SaveQuery>,
    ApiJson(input): ApiJson<CameraInput>,
) -> AppResult<(StatusCode, [(HeaderName, String); 1], Json<Camera>)> {
    let created = |permit: Permit<Admin>| async move {
        let camera = permit.cameras.create(input, query.force).await?;
        permit.note(|actor| {
            Entry::new(actor, "camera.create").target("camera", camera.id, &camera.name).details(json!({ "camera": camera }))
        });
        Ok((StatusCode::CREATED, [(header::LOCATION, format!("/api/v1/cameras/{}", camera.id))], Json(permit.shown(camera))))
    };
    permit.detached(created).await
}
