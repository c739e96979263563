//! What is set for the whole installation.

use crate::error::AppResult;
use crate::extract::ApiJson;
use crate::state::AppState;
use app::model::{InstallationPatch, InstallationSettings, Problem};
use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(read, update))
}

/// The defaults that cameras inherit: their values, where they come from, and what they may be.
#[utoipa::path(get, path = "/api/v1/settings", tag = "settings", responses((status = OK, body = InstallationSettings)))]
async fn read(State(state): State<AppState>) -> Json<InstallationSettings> {
    Json(state.installation.settings())
}

/// Changes defaults; they apply at once, and only to cameras that inherit them. A value that is not allowed changes nothing; `field` is
/// `defaults.` and its key.
#[utoipa::path(
    patch,
    path = "/api/v1/settings",
    tag = "settings",
    request_body = InstallationPatch,
    responses(
        (status = OK, body = InstallationSettings),
        (status = UNPROCESSABLE_ENTITY, body = Problem, content_type = "application/problem+json")
    )
)]
async fn update(State(state): State<AppState>, ApiJson(patch): ApiJson<InstallationPatch>) -> AppResult<Json<InstallationSettings>> {
    state.installation.update(patch).await.map(Json)
}
