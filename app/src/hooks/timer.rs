//! Waiting, in the browser.

use futures::channel::oneshot;
use gloo::timers::callback::{Interval, Timeout};
use leptos::prelude::*;
use std::future::Future;

/// Runs `action` once after `delay_ms`. It is not cancelled by the caller's end: `action` must bear that. Browser only.
pub fn after(delay_ms: u32, action: impl FnOnce() + 'static) {
    Timeout::new(delay_ms, action).forget();
}

/// Completes after `delay_ms`; the timer goes when the future is dropped. Browser only.
pub fn sleep(delay_ms: u32) -> impl Future<Output = ()> {
    let (done, wait) = oneshot::channel();
    let timer = Timeout::new(delay_ms, move || {
        // The receiver lives in the same future as the timer.
        let _ = done.send(());
    });
    async move {
        let _ = wait.await;
        drop(timer);
    }
}

/// Runs `action` every `period_ms` as long as the component lives. No-op on the server.
pub fn use_every(period_ms: u32, action: impl Fn() + Clone + 'static) {
    Effect::new(move |_| {
        let interval = StoredValue::new_local(Some(Interval::new(period_ms, action.clone())));
        on_cleanup(move || {
            interval.try_update_value(Option::take);
        });
    });
}
