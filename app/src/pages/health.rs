//! The health page at `/health`: how the cameras and the machine are.

use crate::backend::{load_system, load_wall};
use crate::components::health::feed::Feed;
use crate::components::health::figures::{CountersList, Figures};
use crate::components::health::streams::Streams;
use crate::components::icon::{Glyph, Icon};
use crate::hooks::api;
use crate::hooks::poll::use_poll;
use crate::hooks::role::administers;
use crate::model::{History, SystemHealth};
use crate::state::use_wall;
use crate::text;
use leptos::prelude::*;
use leptos_meta::Title;

/// How often the figures are asked for; the server takes them as often.
const FIGURES_MS: u32 = 5_000;
/// How often the last hour is asked for, and the seconds of one of its points.
const HISTORY_MS: u32 = 20_000;
const HISTORY_STEP_S: u32 = 60;

/// Loads the first state, then follows it.
#[component]
pub fn HealthPage() -> impl IntoView {
    let wall = use_wall();
    let first = Resource::new_blocking(|| (), |()| async { futures::join!(load_wall(), load_system()) });
    let health = RwSignal::new(None);
    view! {
        <Title text=text::pages::title(text::pages::HEALTH) />
        <div class="page-head">
            <h1>{text::pages::HEALTH}</h1>
            {administers()
                .then(|| {
                    view! {
                        <a class="button" href="/api/v1/system/diagnostics.zip" download="" title=text::health::DIAGNOSTICS_TEXT>
                            <Icon glyph=Glyph::Download />
                            {text::health::DIAGNOSTICS}
                        </a>
                    }
                })}
        </div>
        <Suspense fallback=|| view! { <p class="nothing" role="status">{text::health::LOADING}</p> }>
            {move || Suspend::new(async move {
                let (cameras, system) = first.await;
                match cameras {
                    // What came over the live line meanwhile is newer.
                    Ok(data) if !wall.loaded.get_untracked() => wall.seed(data),
                    Ok(_) => {}
                    Err(_) => wall.failed.set(true),
                }
                if let Ok(system) = system {
                    health.set(Some(system));
                }
                view! { <Loaded health /> }
            })}
        </Suspense>
    }
}

#[component]
fn Loaded(health: RwSignal<Option<SystemHealth>>) -> impl IntoView {
    let wall = use_wall();
    let history = RwSignal::new(History::default());
    use_poll(FIGURES_MS, FIGURES_MS, api::system_health, move |figures| health.set(Some(figures)));
    use_poll(0, HISTORY_MS, || api::history(HISTORY_STEP_S), move |hour| history.set(hour));
    view! {
        <Figures health />
        <div class="health-columns">
            <Show when=move || wall.loaded.get() fallback=|| view! { <p class="nothing" role="status">{text::health::FAILED}</p> }>
                <Streams history />
            </Show>
            <Feed />
        </div>
        <CountersList health />
        {administers().then(|| view! { <p class="page-note">{text::health::DIAGNOSTICS_TEXT}</p> })}
    }
}
