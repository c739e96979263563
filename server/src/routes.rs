//! One file per address or small family of addresses: extract, call a service, map. No logic that a second caller could want.

pub mod cameras;
pub mod health;
pub mod https;
pub mod incidents;
pub mod live;
pub mod settings;
pub mod system;
pub mod ws;

use crate::state::AppState;
use utoipa_axum::router::OpenApiRouter;

/// Everything that the OpenAPI document describes.
pub fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(cameras::router())
        .merge(incidents::router())
        .merge(health::router())
        .merge(https::router())
        .merge(settings::router())
        .merge(system::router())
}
