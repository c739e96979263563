//! Asking the server again and again for what it does not tell by itself.

use crate::hooks::timer::sleep;
use crate::model::Problem;
use crate::state::use_wall;
use futures::future::{AbortHandle, Abortable};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::future::Future;

/// Calls `fetch` after `first_ms` and then `period_ms` after each answer, while the page is in the foreground, and hands what came to
/// `take`. What fails is asked for again at the next time: what is shown stays. Ends with the component; no-op on the server.
pub fn use_poll<T: 'static, F: Future<Output = Result<T, Problem>> + 'static>(
    first_ms: u32,
    period_ms: u32,
    fetch: impl Fn() -> F + Copy + 'static,
    take: impl Fn(T) + Copy + 'static,
) {
    let wall = use_wall();
    Effect::new(move |_| {
        let (stop, registration) = AbortHandle::new_pair();
        let asking = async move {
            sleep(first_ms).await;
            loop {
                if wall.page_visible.get_untracked()
                    && let Ok(answer) = fetch().await
                {
                    take(answer);
                }
                sleep(period_ms).await;
            }
        };
        spawn_local(async move {
            let _ = Abortable::new(asking, registration).await;
        });
        on_cleanup(move || stop.abort());
    });
}
