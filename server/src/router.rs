//! The whole application as one router: API, media, pages, and what surrounds every request.

use crate::guard::{Cookies, Gate, resolve, sessions};
use crate::middleware::{client, headers, limits, observe, origin, problems, redirect};
use crate::state::AppState;
use crate::{description, pages, routes};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::any;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

/// Largest body of a request, in bytes. The longest honest one is a camera.
const BODY_LIMIT: usize = 64 << 10;

/// Head of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(info(
    title = "Nightjar",
    description = "Live camera wall and network video recorder. Failures are application/problem+json with a stable `code`."
))]
struct ApiDoc;

/// The API's routes and their description.
fn api() -> (Router<Gate>, utoipa::openapi::OpenApi) {
    let (router, mut document) = OpenApiRouter::with_openapi(ApiDoc::openapi()).merge(routes::api()).split_for_parts();
    description::complete(&mut document);
    (router, document)
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
        .merge(routes::https::files())
        .merge(routes::guest::router())
        .merge(pages::router(&state))
        .route("/api/{*rest}", any(pages::no_such_address))
        .layer(from_fn_with_state(state.clone(), resolve))
        .layer(from_fn_with_state(Cookies::new(&state.people), sessions))
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(BODY_LIMIT))
        .layer(from_fn(problems::in_time))
        .layer(from_fn(limits::bound))
        .layer(CatchPanicLayer::custom(problems::panicked))
        .layer(from_fn(problems::explain))
        .layer(from_fn_with_state(state.clone(), origin::check))
        .merge(routes::https::challenges())
        .layer(from_fn_with_state(state.clone(), redirect::to_https))
        .layer(from_fn(headers::add))
        .layer(from_fn_with_state(state.clone(), client::identify))
        .layer(from_fn(observe::request))
        .with_state(Gate::new(state))
}
