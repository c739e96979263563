//! An address that leads nowhere.

use crate::components::icon::Mark;
use crate::text;
use leptos::prelude::*;
use leptos_meta::Title;

#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <Title text=text::pages::title(text::NOT_FOUND_TITLE) />
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
