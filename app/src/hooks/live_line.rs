//! The WebSocket of `/api/v1/ws`: keeps the wall's state current and the link's state true, and reconnects for ever.

use crate::hooks::api;
use crate::hooks::heartbeat::browser_now_ms;
use crate::hooks::timer::sleep;
use crate::model::ServerMessage;
use crate::state::link::retry_delay_ms;
use crate::state::{Link, LinkState, Wall, use_link, use_wall};
use futures::StreamExt;
use futures::future::{AbortHandle, Abortable, Either, select};
use gloo::net::websocket::Message;
use gloo::net::websocket::futures::WebSocket;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::pin::pin;

/// The server says something at least every 5 s: after this long without a word the line is dead, whatever TCP believes.
const SILENCE_MS: u32 = 12_000;

/// Opens the line and keeps it. No-op on the server.
pub fn use_live_line() {
    let (wall, link) = (use_wall(), use_link());
    Effect::new(move |_| {
        let (stop, registration) = AbortHandle::new_pair();
        spawn_local(async move {
            let _ = Abortable::new(run(wall, link), registration).await;
        });
        on_cleanup(move || stop.abort());
    });
}

async fn run(wall: Wall, link: Link) {
    let mut attempt = 0;
    loop {
        if run_once(wall, link).await {
            attempt = 0;
        }
        let delay_ms = retry_delay_ms(attempt);
        // Is it the line or the server? Only a server that is gone covers the page, and not for a blink.
        if attempt == 0 || api::server_answers().await {
            link.state.set(LinkState::Interrupted);
        } else {
            link.state.set(LinkState::Gone { next_try_ms: Some(browser_now_ms() + i64::from(delay_ms)) });
        }
        wait(link, delay_ms).await;
        if link.state.with_untracked(|state| matches!(state, LinkState::Gone { .. })) {
            link.state.set(LinkState::Gone { next_try_ms: None });
        }
        attempt += 1;
    }
}

/// Waits, but not longer than until the person asks for an attempt.
async fn wait(link: Link, delay_ms: u32) {
    let asked = link.nudges.get_untracked();
    let mut left_ms = delay_ms;
    while left_ms > 0 && link.nudges.get_untracked() == asked {
        let step_ms = left_ms.min(200);
        sleep(step_ms).await;
        left_ms -= step_ms;
    }
}

/// One connection from opening to its end. True if it ever carried a message.
async fn run_once(wall: Wall, link: Link) -> bool {
    let Some(url) = address() else { return false };
    let Ok(mut socket) = WebSocket::open(&url) else { return false };
    let mut heard = false;
    loop {
        let next = pin!(socket.next());
        let silence = pin!(sleep(SILENCE_MS));
        let Either::Left((Some(Ok(message)), _)) = select(next, silence).await else { return heard };
        let Message::Text(json) = message else { continue };
        heard = true;
        link.up();
        // A newer server may say things that this page doesn't know: they are left alone.
        if let Ok(message) = serde_json::from_str::<ServerMessage>(&json) {
            wall.apply(message, browser_now_ms());
        }
    }
}

fn address() -> Option<String> {
    let location = window().location();
    let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
    Some(format!("{scheme}://{}/api/v1/ws", location.host().ok()?))
}
