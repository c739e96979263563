//! The application: contexts and routes.

use crate::backend::load_wall;
use crate::text;
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

/// The root component, rendered by the server and hydrated in the browser.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title text=text::PRODUCT />
        <Router>
            <Routes fallback=|| "Not found">
                <Route path=path!("/") view=FirstWall />
            </Routes>
        </Router>
    }
}

#[component]
fn FirstWall() -> impl IntoView {
    let wall = Resource::new_blocking(|| (), |()| load_wall());
    view! {
        <main>
            <Suspense>
                {move || Suspend::new(async move {
                    wall.await.unwrap_or_default().cameras.into_iter().map(|camera| view! { <p>{camera.name}</p> }).collect_view()
                })}
            </Suspense>
        </main>
    }
}
