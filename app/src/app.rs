//! The application: contexts and routes.

use crate::components::overlay::ServerGone;
use crate::components::page_shell::PageShell;
use crate::components::toasts::ToastCorner;
use crate::hooks::health::use_health_rounds;
use crate::hooks::heartbeat::use_heartbeat;
use crate::hooks::live_line::use_live_line;
use crate::hooks::role::{administers, operates};
use crate::lazy::{Lazy, page};
use crate::pages::not_found::{NotFound, NotYours};
use crate::pages::wall::WallPage;
use crate::{state, text};
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::{SsrMode, path};

/// A page for operators and above.
fn operator(what: Lazy) -> AnyView {
    if operates() { page(what) } else { NotYours.into_any() }
}

/// A page for admins.
fn admin(what: Lazy) -> AnyView {
    if administers() { page(what) } else { NotYours.into_any() }
}

/// The root component, rendered by the server and hydrated in the browser.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    state::provide();
    use_heartbeat();
    use_live_line();
    use_health_rounds();
    view! {
        <Title text=text::PRODUCT />
        <Router>
            <Routes fallback=NotFound>
                // One page for both addresses: the wall keeps running behind an enlarged camera.
                // Rendered whole before it is sent: the first picture of the page is the wall itself.
                <ParentRoute path=path!("") view=WallPage ssr=SsrMode::Async>
                    <Route path=path!("") view=|| () ssr=SsrMode::Async />
                    <Route path=path!("camera/:id") view=|| () ssr=SsrMode::Async />
                </ParentRoute>
                <ParentRoute path=path!("") view=PageShell ssr=SsrMode::Async>
                    <Route path=path!("recordings") view=|| page(Lazy::Recordings) ssr=SsrMode::Async />
                    <Route path=path!("recordings/:id") view=|| page(Lazy::Recording) ssr=SsrMode::Async />
                    <Route path=path!("health") view=|| operator(Lazy::Health) ssr=SsrMode::Async />
                    <Route path=path!("settings") view=|| admin(Lazy::Settings) ssr=SsrMode::Async />
                    <Route path=path!("https") view=|| page(Lazy::Https) ssr=SsrMode::Async />
                    <Route path=path!("people") view=|| admin(Lazy::People) ssr=SsrMode::Async />
                    <Route path=path!("people/:id") view=|| admin(Lazy::Person) ssr=SsrMode::Async />
                    <Route path=path!("tokens") view=|| admin(Lazy::Tokens) ssr=SsrMode::Async />
                    <Route path=path!("audit") view=|| admin(Lazy::Audit) ssr=SsrMode::Async />
                    <Route path=path!("account") view=|| page(Lazy::Account) ssr=SsrMode::Async />
                </ParentRoute>
                <Route path=path!("sign-in") view=|| page(Lazy::SignIn) ssr=SsrMode::Async />
                <Route path=path!("setup") view=|| page(Lazy::Setup) ssr=SsrMode::Async />
                <Route path=path!("welcome") view=|| admin(Lazy::Welcome) ssr=SsrMode::Async />
            </Routes>
        </Router>
        <ToastCorner />
        <ServerGone />
    }
}
