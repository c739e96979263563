//! Asks before something is taken away for good.

use crate::components::modal::Modal;
use crate::model::Problem;
use crate::text;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::future::Future;

/// `act` is done when it is confirmed; `done` hears of its success, `close` of every end.
#[component]
pub fn Confirm<F: Future<Output = Result<(), Problem>> + 'static>(
    #[prop(into)] title: String,
    #[prop(into)] sentence: String,
    #[prop(optional, into)] more: String,
    label: &'static str,
    busy_label: &'static str,
    act: impl Fn() -> F + Copy + Send + Sync + 'static,
    done: Callback<()>,
    close: Callback<()>,
) -> impl IntoView {
    let busy = RwSignal::new(false);
    let failure = RwSignal::new(None::<String>);
    let press = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match act().await {
                Ok(()) => {
                    close.run(());
                    done.run(());
                }
                Err(problem) => {
                    // The dialog may have been closed meanwhile.
                    failure.try_set(Some(problem.detail));
                    busy.try_set(false);
                }
            }
        });
    };
    view! {
        <Modal title=title narrow=true on_close=close>
            <div class="modal__body">
                <p>{sentence}</p>
                {(!more.is_empty()).then(|| view! { <p>{more}</p> })}
                {move || failure.get().map(|sentence| view! { <p class="complaint" role="alert">{sentence}</p> })}
            </div>
            <footer class="modal__foot">
                <span class="modal__space"></span>
                <button type="button" class="button" autofocus=true on:click=move |_| close.run(())>
                    {text::CANCEL}
                </button>
                <button type="button" class="button button--danger" disabled=move || busy.get() on:click=press>
                    {move || if busy.get() { busy_label } else { label }}
                </button>
            </footer>
        </Modal>
    }
}
