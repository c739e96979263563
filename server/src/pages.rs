//! Server-rendered pages: the `app` crate's components with what they need from the server in their context.

use crate::error::AppError;
use crate::guard::{Asked, Gate, visible, wants_page};
use crate::middleware::headers::page_policy;
use crate::people::principal::{Principal, Who, authorize, deed, not_allowed, not_signed_in};
use crate::services::feed;
use crate::site;
use crate::state::AppState;
use app::assets::Assets;
use app::backend::{Answer, Backend, CameraStatus, Guest, ServerBackend, WallData};
use app::model::{HttpsStatus, Role, SystemHealth};
use axum::Router;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use leptos::nonce::use_nonce;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::{LeptosRoutes, ResponseOptions, generate_route_list};
use std::sync::Arc;

/// The pages, the server functions they call, the site's files, and the page for addresses that do not exist.
pub fn router(state: &AppState) -> Router<Gate> {
    let assets = Assets::from(site::asset_map());
    let backend = ServerBackend(Arc::new(Pages { state: state.clone() }));
    let shell = {
        let assets = assets.clone();
        move || app::shell(assets.clone())
    };
    let context = move || {
        provide_context(backend.clone());
        provide_context(assets.clone());
        set_policy();
    };
    let missing = {
        let context = context.clone();
        leptos_axum::render_app_to_stream_with_context(
            move || {
                context();
                if let Some(response) = use_context::<ResponseOptions>() {
                    response.set_status(StatusCode::NOT_FOUND);
                }
            },
            shell.clone(),
        )
    };
    let fallback = move |request: Request| {
        let missing = missing.clone();
        async move {
            if let Some(file) = file_of_site(&request) {
                return file;
            }
            let reads = matches!(*request.method(), Method::GET | Method::HEAD);
            if reads && wants_page(request.headers()) {
                missing(request).await.into_response()
            } else {
                no_such_address().await.into_response()
            }
        }
    };
    Router::new().leptos_routes_with_context(&Gate::new(state.clone()), generate_route_list(app::App), context, shell).fallback(fallback)
}

fn file_of_site(request: &Request) -> Option<Response> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    site::serve(request.uri().path().strip_prefix('/')?, request.headers())
}

/// 404 for programs.
pub async fn no_such_address() -> AppError {
    AppError::not_found("not_found", "There is nothing at this address. /api/docs lists what there is.")
}

/// The page's scripts run by this response's nonce only.
fn set_policy() {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else { return };
    if let Ok(policy) = HeaderValue::from_str(&page_policy(&nonce)) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
    // The page shows this moment's cameras: a copy of it is of no use to anybody.
    response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// Who asked for the page that is being rendered, or calls a server function.
fn principal() -> Principal {
    let parts = use_context::<Parts>();
    parts.and_then(|parts| parts.extensions.get::<Principal>().cloned()).unwrap_or_else(Principal::nobody)
}

fn set_status(status: StatusCode) {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(status);
    }
}

/// The server as the pages see it.
struct Pages {
    state: AppState,
}

impl Backend for Pages {
    fn wall(&self) -> Answer<'_, WallData> {
        let principal = principal();
        Box::pin(async move {
            if principal.is_nobody() {
                return Err(not_signed_in().problem());
            }
            let cameras = visible(&self.state, &principal);
            let statuses = feed::statuses(&self.state.cameras, &cameras).into_iter();
            let statuses = statuses.map(|(camera_id, status)| CameraStatus { camera_id, status }).collect();
            Ok(WallData { cameras, statuses })
        })
    }

    fn system(&self) -> Answer<'_, SystemHealth> {
        let principal = principal();
        let allowed = principal.role() >= Role::Operator;
        if !allowed {
            set_status(StatusCode::FORBIDDEN);
        }
        Box::pin(async move {
            if !allowed {
                return Err(not_allowed().problem());
            }
            self.state.system.newest().await.map(|health| SystemHealth::clone(&health)).map_err(|error| error.problem())
        })
    }

    fn https(&self) -> Answer<'_, HttpsStatus> {
        let principal = principal();
        Box::pin(async move {
            let status = self.state.certificates.status(&self.state.settings.get());
            // The pages of signing in and setting up point to it.
            if principal.is_nobody() {
                return Ok(HttpsStatus { port: status.port, ..HttpsStatus::default() });
            }
            // Whoever watches has a device that needs the certificate; what is wrong with it is for those who can do something about it.
            Ok(if principal.role() == Role::Admin { status } else { HttpsStatus { problem: None, ..status } })
        })
    }

    fn role(&self) -> Option<Role> {
        let principal = principal();
        (!principal.is_nobody()).then(|| principal.role())
    }

    fn guest(&self) -> Option<Guest> {
        let principal = principal();
        let guest = matches!(principal.who, Who::Guest { .. });
        guest.then(|| principal.rights().recording().map_or(Guest::Camera, Guest::Recording))
    }

    fn recording(&self, id: i64) -> Answer<'_, ()> {
        let principal = principal();
        Box::pin(async move {
            let camera = self.state.recordings.camera_of(id).await.map_err(|error| error.problem())?.0;
            let wall = self.state.cameras.wall();
            authorize::<deed::Glance>(&principal, Asked::recording(camera, id).place(&wall)).map_err(|error| error.problem())?;
            Ok(())
        })
    }

    fn missing(&self) {
        set_status(StatusCode::NOT_FOUND);
    }

    fn refused(&self) {
        set_status(StatusCode::FORBIDDEN);
    }
}
