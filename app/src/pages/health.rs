//! The health page at `/health`: how the cameras and the machine are.

use crate::backend::load_wall;
use crate::components::health::streams::Streams;
use crate::state::use_wall;
use crate::text;
use leptos::prelude::*;
use leptos_meta::Title;

/// Loads the first state, then follows it.
#[component]
pub fn HealthPage() -> impl IntoView {
    let wall = use_wall();
    let first = Resource::new_blocking(|| (), |()| load_wall());
    view! {
        <Title text=text::pages::title(text::pages::HEALTH) />
        <div class="page-head">
            <h1>{text::pages::HEALTH}</h1>
        </div>
        <Suspense fallback=|| view! { <p role="status">{text::health::LOADING}</p> }>
            {move || Suspend::new(async move {
                match first.await {
                    // What came over the live line meanwhile is newer.
                    Ok(data) if !wall.loaded.get_untracked() => wall.seed(data),
                    Ok(_) => {}
                    Err(_) => wall.failed.set(true),
                }
                view! { <Loaded /> }
            })}
        </Suspense>
    }
}

#[component]
fn Loaded() -> impl IntoView {
    let wall = use_wall();
    view! {
        <Show when=move || wall.loaded.get() fallback=|| view! { <p class="nothing" role="status">{text::health::FAILED}</p> }>
            <Streams />
        </Show>
    }
}
