//! Recordings: `/api/v1/recordings`, and starting and ending them at `/api/v1/cameras/{id}/recording`.

mod film;
mod item;
mod list;
mod manual;

use crate::guard::{Gate, Kind, Permit};
use crate::people::principal::Who;
use app::model::Recording;
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

/// As it is told to whoever asks: guests come from outside the house and need not know who lives in it.
fn told<K: Kind>(permit: &Permit<K>, recording: Recording) -> Recording {
    match permit.principal().who {
        Who::Guest { .. } => Recording { recorded_by: String::new(), ..recording },
        _ => recording,
    }
}
