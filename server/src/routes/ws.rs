//! `GET /api/v1/ws`: state and its changes, pushed to browsers.

use crate::state::AppState;
use axum::Router;

pub fn router() -> Router<AppState> {
    Router::new()
}
