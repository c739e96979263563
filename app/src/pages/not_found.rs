//! An address that leads nowhere.

use crate::components::icon::Mark;
use crate::text;
use leptos::prelude::*;

#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <main class="empty">
            <div class="empty__scene" aria-hidden="true">
                <Mark />
            </div>
            <h1>{text::NOT_FOUND}</h1>
            <p>{text::NOT_FOUND_TEXT}</p>
            <div class="empty__actions">
                <a class="button button--primary" href="/">
                    {text::TO_WALL}
                </a>
            </div>
        </main>
    }
}
