//! Figures of the process and its machine.

use crate::error::AppResult;
use crate::guard::{Operator, Permit};
use app::model::SystemHealth;
use axum::Json;

/// How the server's process, its machine, its database and its streams are: the newest sample, at most a few seconds old.
#[utoipa::path(
    get,
    path = "/api/v1/system/health",
    tag = "system",
    responses((status = OK, body = SystemHealth))
)]
pub async fn health(state: Permit<Operator>) -> AppResult<Json<SystemHealth>> {
    Ok(Json(SystemHealth::clone(&*state.system.newest().await?)))
}
