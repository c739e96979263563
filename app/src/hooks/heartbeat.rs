//! The page's second hand and whether the page is in the foreground, kept in the wall's state.

use crate::state::use_wall;
use gloo::timers::callback::Interval;
use leptos::ev;
use leptos::prelude::*;
use web_sys::VisibilityState;

/// Milliseconds since 1970 by the browser's clock. Browser only.
pub fn browser_now_ms() -> i64 {
    // Whole milliseconds far below 2^53.
    js_sys::Date::now() as i64
}

/// Starts the second hand and follows the page's visibility. No-op on the server: effects don't run there.
pub fn use_heartbeat() {
    let wall = use_wall();
    Effect::new(move |_| {
        wall.now_ms.set(Some(browser_now_ms()));
        let interval = Interval::new(1_000, move || wall.now_ms.set(Some(browser_now_ms())));
        let interval = StoredValue::new_local(Some(interval));
        on_cleanup(move || {
            interval.try_update_value(Option::take);
        });

        let look = move || wall.page_visible.set(document().visibility_state() != VisibilityState::Hidden);
        look();
        let listener = window_event_listener(ev::visibilitychange, move |_| look());
        on_cleanup(move || listener.remove());
    });
}
