//! Finds out who asks, once per request: see [`Client`].

use crate::listen::client::{Arrival, Client};
use crate::state::AppState;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

/// Puts the [`Client`] among the request's extensions.
pub async fn identify(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let arrival = request.extensions().get::<Arrival>().copied();
    let client = Client::of(arrival, request.headers(), request.uri(), &state.settings.get());
    request.extensions_mut().insert(client);
    next.run(request).await
}
