//! The page's second hand and whether the page is in the foreground, kept in the wall's state.

use crate::live::proof::Moment;
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

/// Milliseconds of the page's monotonic clock. Browser only.
pub fn monotonic_ms() -> f64 {
    window().performance().map_or_else(js_sys::Date::now, |performance| performance.now())
}

/// Now, on both of the browser's clocks. Browser only.
pub fn browser_moment() -> Moment {
    Moment { mono_ms: monotonic_ms(), wall_ms: js_sys::Date::now() }
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

        let look = move || {
            // The second hand may have stood still in the background: ages are true before anything is seen.
            wall.now_ms.set(Some(browser_now_ms()));
            wall.page_visible.set(document().visibility_state() != VisibilityState::Hidden);
        };
        look();
        // A page that is left and kept for "back" rests meanwhile: it must not hold connections, and not come back with dead ones.
        let listeners = [
            window_event_listener(ev::visibilitychange, move |_| look()),
            window_event_listener_untyped("pagehide", move |_| wall.page_visible.set(false)),
            window_event_listener_untyped("pageshow", move |_| look()),
        ];
        on_cleanup(move || listeners.into_iter().for_each(WindowListenerHandle::remove));
    });
}
