//! Health for supervisors and load balancers.

use crate::guard::{Anyone, Gate, Permit};
use axum::Json;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Answer of both health addresses.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok` or `not_ready`.
    status: &'static str,
    /// Why it is not ready; empty if it is.
    reasons: Vec<String>,
}

pub fn router() -> OpenApiRouter<Gate> {
    OpenApiRouter::new().routes(routes!(live)).routes(routes!(ready))
}

/// The process runs.
#[utoipa::path(get, path = "/health/live", tag = "health", security(()), responses((status = OK, body = Health)))]
async fn live() -> Json<Health> {
    Json(Health { status: "ok", reasons: Vec::new() })
}

/// The server can do its work.
#[utoipa::path(get, path = "/health/ready", tag = "health", security(()), responses((status = OK, body = Health), (status = SERVICE_UNAVAILABLE, body = Health)))]
async fn ready(state: Permit<Anyone>) -> (StatusCode, Json<Health>) {
    let mut reasons = Vec::new();
    if state.stopping.is_cancelled() {
        reasons.push("The server is stopping.".to_owned());
    }
    if let Err(error) = state.db.ping().await {
        tracing::warn!(%error, "the database does not answer");
        reasons.push("The database does not answer.".to_owned());
    }
    if reasons.is_empty() {
        (StatusCode::OK, Json(Health { status: "ok", reasons }))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(Health { status: "not_ready", reasons }))
    }
}
