//! The order of the cameras on the wall.

use crate::error::AppResult;
use crate::extract::ApiJson;
use crate::guard::{Admin, Permit};
use crate::people::audit::Entry;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// Body of the request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CameraOrder {
    /// First to last. Cameras that are not named follow in the order they had.
    camera_ids: Vec<i64>,
}

/// Puts the cameras into an order.
#[utoipa::path(
    put,
    path = "/api/v1/cameras/order",
    tag = "cameras",
    request_body = CameraOrder,
    responses((status = NO_CONTENT))
)]
pub async fn reorder(permit: Permit<Admin>, ApiJson(order): ApiJson<CameraOrder>) -> AppResult<StatusCode> {
    let reordered = |permit: Permit<Admin>| async move {
        let ids = || permit.cameras.wall().cameras.iter().map(|camera| camera.id).collect::<Vec<_>>();
        let before = ids();
        permit.cameras.reorder(order.camera_ids).await?;
        permit.note(|actor| Entry::new(actor, "camera.order").changes(&json!({ "order": before }), &json!({ "order": ids() })));
        Ok(StatusCode::NO_CONTENT)
    };
    permit.detached(reordered).await
}
