//! Closing what is open by a press beside it, or by Esc.

use crate::hooks::keys::use_keys;
use leptos::ev;
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Closes `open` when the pointer goes down outside `place`, and by Esc. No-op on the server.
pub fn use_outside(place: NodeRef<Div>, open: RwSignal<bool>) {
    use_keys(move |event| {
        if open.get_untracked() && event.key() == "Escape" {
            event.prevent_default();
            open.set(false);
        }
    });
    Effect::new(move |_| {
        let listener = window_event_listener(ev::pointerdown, move |event| {
            let inside = place.get_untracked().is_some_and(|place| {
                let target = event.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
                place.contains(target.as_ref())
            });
            if !inside && open.get_untracked() {
                open.set(false);
            }
        });
        on_cleanup(move || listener.remove());
    });
}
