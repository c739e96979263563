//! What stands around every page but the wall: the bar with the ways to the other pages, and room that scrolls.
//!
//! The route of a page inside it is a child of the shell's route in `app.rs`: who may see these pages is decided in one place.

use crate::backend::Guest;
use crate::components::banner::Banner;
use crate::components::icon::Mark;
use crate::components::nav::{PagesMenu, PagesRow};
use crate::hooks::role::guest;
use crate::text;
use leptos::prelude::*;
use leptos_router::components::Outlet;

#[component]
pub fn PageShell() -> impl IntoView {
    // Whoever has a link to a recording has nothing else here.
    let wall = !matches!(guest(), Some(Guest::Recording(_)));
    view! {
        <div class="page">
            <div class="page__top">
                <a class="skip" href="#content">
                    {text::pages::SKIP}
                </a>
                <header class="bar bar--pages">
                    <a class="bar__brand" href=wall.then_some("/") aria-label=wall.then_some(text::TO_WALL)>
                        <Mark />
                        <span class="bar__name">{text::PRODUCT}</span>
                    </a>
                    {wall
                        .then(|| {
                            view! {
                                <PagesRow />
                                <div class="bar__tools">
                                    <PagesMenu />
                                </div>
                            }
                        })}
                </header>
                <Banner />
            </div>
            <main id="content" class="content" tabindex="-1">
                <Outlet />
            </main>
        </div>
    }
}
