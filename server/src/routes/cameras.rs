//! `/api/v1/cameras`: one file per resource below it.

mod collection;
mod item;
mod order;
mod probe;
mod recovery;
mod settings;
mod streams;

use crate::guard::Gate;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn router() -> OpenApiRouter<Gate> {
    OpenApiRouter::new()
        .routes(routes!(collection::list, collection::create))
        .routes(routes!(order::reorder))
        .routes(routes!(probe::probe))
        .routes(routes!(item::get, item::update, item::delete))
        .routes(routes!(settings::inherited))
        .routes(routes!(settings::of_camera))
        .routes(routes!(recovery::of_camera))
        .routes(routes!(streams::list))
        .routes(routes!(streams::recover))
        .routes(routes!(streams::restart))
}
