//! Key presses anywhere in the page.

use leptos::ev::{self, KeyboardEvent};
use leptos::prelude::*;

/// Calls `action` for every key press in the window until the component goes. No-op on the server.
pub fn use_keys(action: impl Fn(KeyboardEvent) + Clone + 'static) {
    Effect::new(move |_| {
        let listener = window_event_listener(ev::keydown, action.clone());
        on_cleanup(move || listener.remove());
    });
}
