//! Asks before something is taken away for good.

use crate::components::form::{Form, FormComplaint};
use crate::components::modal::Modal;
use crate::model::Problem;
use crate::text;
use leptos::prelude::*;
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
    let form = Form::new(&[]);
    let confirm = move || {
        form.send(act(), move |()| {
            close.run(());
            done.run(());
        });
    };
    view! {
        <Modal title=title narrow=true on_close=close>
            <div class="modal__body">
                <p>{sentence}</p>
                {(!more.is_empty()).then(|| view! { <p>{more}</p> })}
                <FormComplaint form />
            </div>
            <footer class="modal__foot">
                <span class="modal__space"></span>
                <button type="button" class="button" autofocus=true on:click=move |_| close.run(())>
                    {text::CANCEL}
                </button>
                <button type="button" class="button button--danger" disabled=move || form.is_busy() on:click=move |_| form.press(confirm)>
                    {move || if form.is_busy() { busy_label } else { label }}
                </button>
            </footer>
        </Modal>
    }
}
