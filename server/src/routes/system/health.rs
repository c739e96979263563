//! Figures of the process and its machine.

use crate::error::{AppError, AppResult};
use crate::guard::{Operator, Permit};
use app::model::{Problem, SystemHealth};
use axum::Json;

/// How the server's process, its machine, its database and its streams are: the newest sample, at most a few seconds old.
#[utoipa::path(
    get,
    path = "/api/v1/system/health",
    tag = "system",
    responses((status = OK, body = SystemHealth), (status = SERVICE_UNAVAILABLE, body = Problem, content_type = "application/problem+json"))
)]
pub async fn health(state: Permit<Operator>) -> AppResult<Json<SystemHealth>> {
    let health = state.system.health().await.ok_or_else(|| AppError::unavailable("no_sample", "Nothing has been measured yet.", 2))?;
    Ok(Json(SystemHealth::clone(&health)))
}
