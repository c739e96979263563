//! The last hour of every stream.

use crate::extract::ApiQuery;
use crate::guard::{Operator, Permit};
use app::model::{History, HistoryQuery};
use axum::Json;

/// The last hour of every stream, from memory: frame rate, bit rate, delay at the viewers, reconnects and states. Empty after a start.
#[utoipa::path(get, path = "/api/v1/system/history", tag = "system", params(HistoryQuery), responses((status = OK, body = History)))]
pub async fn history(permit: Permit<Operator>, ApiQuery(query): ApiQuery<HistoryQuery>) -> Json<History> {
    let mut history = permit.system.history(query.step_s.unwrap_or(0));
    history.streams.retain(|stream| permit.watches(stream.camera_id));
    Json(history)
}
