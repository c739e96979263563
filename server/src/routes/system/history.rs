//! The last hour of every stream.

use crate::extract::ApiQuery;
use crate::state::AppState;
use app::model::{History, HistoryQuery};
use axum::Json;
use axum::extract::State;

/// The last hour of every stream, from memory: frame rate, bit rate, delay at the viewers, reconnects and states. Empty after a start.
#[utoipa::path(get, path = "/api/v1/system/history", tag = "system", params(HistoryQuery), responses((status = OK, body = History)))]
pub async fn history(State(state): State<AppState>, ApiQuery(query): ApiQuery<HistoryQuery>) -> Json<History> {
    Json(state.system.history(query.step_s.unwrap_or(0)))
}
