//! Recordings: `/api/v1/recordings`, and starting and ending them at `/api/v1/cameras/{id}/recording`.

mod film;
mod item;
mod list;
mod manual;

use crate::guard::Gate;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn router() -> OpenApiRouter<Gate> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(manual::start, manual::stop))
        .routes(routes!(item::get, item::update, item::delete))
        .routes(routes!(film::watch))
        .routes(routes!(film::export))
        .routes(routes!(film::poster))
}
