//! One file per address or small family of addresses: extract, call a service, map. No logic that a second caller could want.

pub mod audit;
pub mod cameras;
pub mod discovery;
pub mod guest;
pub mod health;
pub mod https;
pub mod incidents;
pub mod links;
pub mod live;
pub mod recordings;
pub mod session;
pub mod settings;
pub mod setup;
pub mod socket;
pub mod system;
pub mod tokens;
pub mod users;
pub mod ws;

use crate::guard::Gate;
use utoipa_axum::router::OpenApiRouter;

/// Everything that the OpenAPI document describes.
pub fn api() -> OpenApiRouter<Gate> {
    OpenApiRouter::new()
        .merge(audit::router())
        .merge(cameras::router())
        .merge(discovery::router())
        .merge(incidents::router())
        .merge(health::router())
        .merge(https::router())
        .merge(links::router())
        .merge(recordings::router())
        .merge(session::router())
        .merge(settings::router())
        .merge(setup::router())
        .merge(system::router())
        .merge(tokens::router())
        .merge(users::router())
}
