//! The application: contexts and routes.

use crate::components::overlay::ServerGone;
use crate::components::page_shell::PageShell;
use crate::components::toasts::ToastCorner;
use crate::hooks::health::use_health_rounds;
use crate::hooks::heartbeat::use_heartbeat;
use crate::hooks::live_line::use_live_line;
use crate::hooks::role::{administers, operates};
use crate::pages::account::AccountPage;
use crate::pages::audit::AuditPage;
use crate::pages::health::HealthPage;
use crate::pages::https::HttpsPage;
use crate::pages::not_found::{NotFound, NotYours};
use crate::pages::people::PeoplePage;
use crate::pages::person::PersonPage;
use crate::pages::settings::SettingsPage;
use crate::pages::setup::SetupPage;
use crate::pages::sign_in::SignInPage;
use crate::pages::tokens::TokensPage;
use crate::pages::wall::WallPage;
use crate::pages::welcome::WelcomePage;
use crate::{state, text};
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::{SsrMode, path};

fn health() -> impl IntoView {
    if operates() { HealthPage.into_any() } else { NotYours.into_any() }
}

fn settings() -> impl IntoView {
    if administers() { SettingsPage.into_any() } else { NotYours.into_any() }
}

fn people() -> impl IntoView {
    if administers() { PeoplePage.into_any() } else { NotYours.into_any() }
}

fn person() -> impl IntoView {
    if administers() { PersonPage.into_any() } else { NotYours.into_any() }
}

fn tokens() -> impl IntoView {
    if administers() { TokensPage.into_any() } else { NotYours.into_any() }
}

fn audit() -> impl IntoView {
    if administers() { AuditPage.into_any() } else { NotYours.into_any() }
}

fn welcome() -> impl IntoView {
    if administers() { WelcomePage.into_any() } else { NotYours.into_any() }
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
                    <Route path=path!("health") view=health ssr=SsrMode::Async />
                    <Route path=path!("settings") view=settings ssr=SsrMode::Async />
                    <Route path=path!("https") view=HttpsPage ssr=SsrMode::Async />
                    <Route path=path!("people") view=people ssr=SsrMode::Async />
                    <Route path=path!("people/:id") view=person ssr=SsrMode::Async />
                    <Route path=path!("tokens") view=tokens ssr=SsrMode::Async />
                    <Route path=path!("audit") view=audit ssr=SsrMode::Async />
                    <Route path=path!("account") view=AccountPage ssr=SsrMode::Async />
                </ParentRoute>
                <Route path=path!("sign-in") view=SignInPage ssr=SsrMode::Async />
                <Route path=path!("setup") view=SetupPage ssr=SsrMode::Async />
                <Route path=path!("welcome") view=welcome ssr=SsrMode::Async />
            </Routes>
        </Router>
        <ToastCorner />
        <ServerGone />
    }
}
