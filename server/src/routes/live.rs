//! Live media: LL-HLS, MSE over WebSocket, snapshots.

use crate::state::AppState;
use axum::Router;

/// `/live/…` and the snapshot.
pub fn router() -> Router<AppState> {
    Router::new()
}
