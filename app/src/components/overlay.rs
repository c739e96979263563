//! The whole-page cover while the server does not answer. It comes and goes by the state of the link alone.

use crate::components::icon::Mark;
use crate::state::{LinkState, use_link, use_wall};
use crate::text;
use crate::view::time::seconds_until;
use leptos::prelude::*;

#[component]
pub fn ServerGone() -> impl IntoView {
    let (link, wall) = (use_link(), use_wall());
    let gone = Memo::new(move |_| link.is_gone());
    let progress = move || {
        let LinkState::Gone { next_try_ms } = link.state.get() else { return String::new() };
        match (next_try_ms, wall.now_ms.get()) {
            (Some(next), Some(now)) => text::trying_again(seconds_until(next, now)),
            _ => text::SERVER_TRYING.to_owned(),
        }
    };
    view! {
        <Show when=move || gone.get()>
            <div class="gone" role="alertdialog" aria-modal="true" aria-labelledby="gone-title" aria-describedby="gone-text">
                <div class="gone__box">
                    <div class="gone__mark">
                        <Mark />
                    </div>
                    <h1 id="gone-title">{text::SERVER_GONE}</h1>
                    <p id="gone-text">{text::SERVER_GONE_TEXT}</p>
                    <p class="gone__progress" aria-live="off">
                        {progress}
                    </p>
                    <button type="button" class="button" on:click=move |_| link.nudges.update(|count| *count += 1)>
                        {text::TRY_AGAIN}
                    </button>
                </div>
            </div>
        </Show>
    }
}
