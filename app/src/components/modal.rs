//! The frame of a dialog: the browser's own modal `<dialog>`, which traps the focus and makes the page behind inert.

use crate::components::icon::{Glyph, IconButton};
use crate::hooks::timer::after;
use crate::text;
use leptos::ev::{Event, MouseEvent};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// `on_close` is called for Esc, the cross and a press beside the dialog; the caller then takes it away.
#[component]
pub fn Modal(
    #[prop(into)] title: Signal<String>,
    #[prop(optional)] narrow: bool,
    #[prop(optional)] wide: bool,
    /// Near the top of the window.
    #[prop(optional)]
    high: bool,
    on_close: Callback<()>,
    children: Children,
) -> impl IntoView {
    let element = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = element.get() else { return };
        let before = document().active_element().and_then(|element| element.dyn_into::<HtmlElement>().ok());
        // Fails only for a dialog that is open or detached, and this one is neither.
        let _ = dialog.show_modal();
        let before = StoredValue::new_local(before);
        on_cleanup(move || {
            if let Some(Some(before)) = before.try_update_value(Option::take) {
                // Once the dialog is out of the document: a modal one keeps the focus to itself.
                after(0, move || {
                    let _ = before.focus();
                });
            }
        });
    });
    let beside = move |event: MouseEvent| {
        // The dialog's own area is covered by its box: a press on the element itself is one on the backdrop.
        let on_backdrop = match (event.target(), element.get_untracked()) {
            (Some(target), Some(dialog)) => target.dyn_ref::<web_sys::Node>().is_some_and(|target| dialog.is_same_node(Some(target))),
            _ => false,
        };
        if on_backdrop {
            on_close.run(());
        }
    };
    view! {
        <dialog
            class="modal"
            class:modal--narrow=narrow
            class:modal--wide=wide
            class:modal--high=high
            node_ref=element
            aria-labelledby="modal-title"
            on:cancel=move |event: Event| {
                event.prevent_default();
                on_close.run(());
            }
            on:mousedown=beside
        >
            <div class="modal__box">
                <header class="modal__head">
                    <h2 id="modal-title">{move || title.get()}</h2>
                    <IconButton glyph=Glyph::Close label=text::CLOSE on_press=move |_| on_close.run(()) />
                </header>
                {children()}
            </div>
        </dialog>
    }
}
