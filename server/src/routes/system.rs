//! `/api/v1/system`: how the server and its machine are, the last hour, and the diagnostics.

mod diagnostics;
mod health;
mod history;

use crate::guard::Gate;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn router() -> OpenApiRouter<Gate> {
    OpenApiRouter::new().routes(routes!(health::health)).routes(routes!(history::history)).routes(routes!(diagnostics::diagnostics))
}
