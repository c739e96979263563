//! Searching the network for cameras.

use crate::error::AppResult;
use crate::guard::{Admin, Gate, Permit};
use crate::services::discovery;
use app::model::DiscoveryReport;
use axum::Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn router() -> OpenApiRouter<Gate> {
    OpenApiRouter::new().routes(routes!(search))
}

/// Asks the networks of the server (WS-Discovery, as ONVIF cameras speak it) and answers after three seconds with who answered. Nothing is
/// stored. Who asks while a search runs gets its result. 503 `no_network` where there is none to search.
#[utoipa::path(post, path = "/api/v1/discovery", tag = "cameras", responses((status = OK, body = DiscoveryReport)))]
async fn search(permit: Permit<Admin>) -> AppResult<Json<DiscoveryReport>> {
    let found = permit.discovery.search().await?;
    Ok(Json(discovery::report(&found, &permit.visible())))
}
