//! An address that leads nowhere, or to a page for others.

use crate::backend::ServerBackend;
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
                <a class="button button--primary" href="/" rel="external">
                    {text::TO_WALL}
                </a>
            </div>
        </main>
    }
}

/// A page that is for operators or admins, for somebody who is neither.
#[component]
pub fn NotYours() -> impl IntoView {
    if let Some(ServerBackend(backend)) = use_context() {
        backend.refused();
    }
    view! {
        <Title text=text::pages::title(text::people::NOT_YOURS) />
        <div class="page-head">
            <h1>{text::people::NOT_YOURS}</h1>
        </div>
        <p class="nothing">{text::people::NOT_YOURS_TEXT}</p>
    }
}
