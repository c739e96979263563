//! A secret that is shown once, with a button that copies it, and the end of the dialog that made it.

use crate::hooks::clipboard::copy;
use crate::text::admin as words;
use leptos::html::Input;
use leptos::prelude::*;
use leptos::task::spawn_local;
use send_wrapper::SendWrapper;

#[component]
pub fn Secret(label: &'static str, help: &'static str, value: String) -> impl IntoView {
    let field = NodeRef::<Input>::new();
    let said = RwSignal::new("");
    let press = move |_| {
        let Some(field) = field.get_untracked() else { return };
        let field = SendWrapper::new(field);
        spawn_local(async move {
            let copied = copy(&field).await;
            said.try_set(if copied { words::COPIED } else { words::COPY_BY_HAND });
        });
    };
    view! {
        <div class="field secret">
            <label for="secret">{label}</label>
            <div class="secret__row">
                <input
                    id="secret"
                    node_ref=field
                    type="text"
                    readonly
                    autocomplete="off"
                    spellcheck="false"
                    prop:value=value
                    aria-describedby="secret-help"
                    on:focus:target=|event| event.target().select()
                />
                <button type="button" class="button button--primary" autofocus=true on:click=press>
                    {words::COPY}
                </button>
            </div>
            <p class="secret__said" role="status">
                {move || said.get()}
            </p>
            <p class="field__hint" id="secret-help">
                {help}
            </p>
        </div>
    }
}

/// What was made, and a button that ends the dialog.
#[component]
pub fn Made(close: Callback<()>, children: Children) -> impl IntoView {
    view! {
        <div class="modal__body">{children()}</div>
        <footer class="modal__foot">
            <span class="modal__space"></span>
            <button type="button" class="button" on:click=move |_| close.run(())>
                {words::DONE}
            </button>
        </footer>
    }
}
