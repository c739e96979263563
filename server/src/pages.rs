//! Server-rendered pages: the `app` crate's components with what they need from the server in their context.

use crate::middleware::headers::page_policy;
use crate::state::AppState;
use app::assets::Assets;
use app::backend::{Answer, Backend, CameraStatus, ServerBackend, WallData};
use axum::Router;
use axum::http::{HeaderValue, header};
use leptos::nonce::use_nonce;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::{LeptosRoutes, ResponseOptions, generate_route_list};
use std::sync::Arc;

/// The pages and the server functions they call.
pub fn router(state: &AppState, assets: Assets) -> Router<AppState> {
    let routes = generate_route_list(app::App);
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
    Router::new().leptos_routes_with_context(state, routes, context, shell)
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

/// The server as the pages see it.
struct Pages {
    state: AppState,
}

impl Backend for Pages {
    fn wall(&self) -> Answer<'_, WallData> {
        Box::pin(async move {
            let cameras = self.state.cameras.wall().cameras.clone();
            let statuses: Vec<CameraStatus> = Vec::new();
            Ok(WallData { cameras, statuses })
        })
    }
}
