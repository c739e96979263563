//! The whole application as one router: API, media, pages, and what surrounds every request.

use crate::error::{AppError, Kind};
use crate::routes;
use crate::state::AppState;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

/// Largest body of an ordinary API request, in bytes.
const BODY_LIMIT: usize = 64 << 10;

/// Head of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(info(
    title = "Nightjar",
    description = "Live camera wall and network video recorder. Failures are application/problem+json with a stable `code`."
))]
struct ApiDoc;

/// The API's routes and their description.
fn api() -> (Router<AppState>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(ApiDoc::openapi()).merge(routes::api()).split_for_parts()
}

/// The OpenAPI 3.1 document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    api().1
}

/// The application.
pub fn app(state: AppState) -> Router {
    let (api, document) = api();
    Router::new()
        .merge(api)
        .merge(SwaggerUi::new("/api/docs").url("/api/v1/openapi.json", document))
        .merge(routes::live::router())
        .merge(routes::ws::router())
        .route("/api/{*rest}", axum::routing::any(no_such_address))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(state)
}

async fn no_such_address() -> AppError {
    AppError::not_found("not_found", "There is nothing at this address. /api/docs lists what there is.")
}

async fn method_not_allowed() -> AppError {
    AppError::new(
        Kind::MethodNotAllowed,
        "method_not_allowed",
        "This address does not take this method. The Allow header names those it takes.",
    )
}
