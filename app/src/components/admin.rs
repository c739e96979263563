//! Parts of the pages for admins.

pub mod add_person;
pub mod chips;
pub mod grants;
pub mod link_dialog;
pub mod secret;
pub mod sessions;
pub mod token_dialog;

use crate::model::Problem;
use crate::text::admin as words;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// The pages for admins, side by side.
#[component]
pub fn Tabs() -> impl IntoView {
    const TABS: [(&str, &str); 3] = [("/people", words::TAB_PEOPLE), ("/tokens", words::TAB_TOKENS), ("/audit", words::TAB_AUDIT)];
    let path = use_location().pathname;
    view! {
        <nav class="tabs" aria-label=words::TABS>
            {TABS
                .into_iter()
                .map(|(to, label)| {
                    view! {
                        <a class="tabs__tab" href=to aria-current=move || path.with(|path| path == to).then_some("page")>
                            {label}
                        </a>
                    }
                })
                .collect_view()}
        </nav>
    }
}

/// What was asked for: not there yet, a failure with a way to try again, or the thing itself.
#[component]
pub fn Answer<T, V>(
    answer: RwSignal<Option<Result<T, Problem>>>,
    retry: Callback<()>,
    show: impl Fn(T) -> V + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    move || match answer.get() {
        None => view! {
            <p class="admin__quiet" role="status">
                {words::LOADING}
            </p>
        }
        .into_any(),
        Some(Err(problem)) => view! {
            <div class="admin__failure" role="alert">
                <p>{problem.detail}</p>
                <button type="button" class="button" on:click=move |_| retry.run(())>
                    {words::TRY_AGAIN}
                </button>
            </div>
        }
        .into_any(),
        Some(Ok(found)) => show(found).into_any(),
    }
}
