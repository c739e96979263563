//! `/api/v1/cameras`: one file per resource below it.

mod collection;
mod item;
mod order;

use crate::state::AppState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(collection::list, collection::create)).routes(routes!(order::reorder)).routes(routes!(
        item::get,
        item::update,
        item::delete
    ))
}
