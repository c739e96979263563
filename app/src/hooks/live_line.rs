//! The WebSocket of `/api/v1/ws`: keeps the wall's state current and the link's state true, and reconnects for ever.

use crate::hooks::heartbeat::browser_now_ms;
use crate::hooks::timer::sleep;
use crate::hooks::{api, place};
use crate::live::{Players, use_players};
use crate::model::{ClientMessage, MAX_LATENCIES, ServerMessage, close_code};
use crate::state::latency::Latencies;
use crate::state::link::retry_delay_ms;
use crate::state::{Link, LinkState, Wall, use_latencies, use_link, use_wall};
use futures::future::{AbortHandle, Abortable, Aborted, Either, select};
use futures::{SinkExt, StreamExt};
use gloo::net::websocket::futures::WebSocket;
use gloo::net::websocket::{Message, WebSocketError};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::pin::pin;

/// The server says something at least every 5 s: after this long without a word the line is dead, whatever TCP believes.
const SILENCE_MS: i64 = 12_000;
/// How often the page tells the delays that it measured: at least once in each step of the server's history.
const TELL_MS: i64 = 8_000;

/// Opens the line and keeps it. No-op on the server.
pub fn use_live_line() {
    let (wall, link, latencies, players) = (use_wall(), use_link(), use_latencies(), use_players());
    Effect::new(move |_| {
        if place::is_entry() {
            return;
        }
        let (stop, registration) = AbortHandle::new_pair();
        let players = players.clone();
        spawn_local(async move {
            let _ = Abortable::new(run(wall, link, latencies, players), registration).await;
        });
        on_cleanup(move || stop.abort());
    });
}

async fn run(wall: Wall, link: Link, latencies: Latencies, players: Option<Players>) {
    let mut attempt = 0;
    loop {
        let (handle, registration) = AbortHandle::new_pair();
        link.opened(handle);
        match Abortable::new(run_once(wall, link, latencies, players.as_ref()), registration).await {
            Ok(true) => attempt = 0,
            Ok(false) => {}
            // On purpose, and the server is there as far as anybody knows.
            Err(Aborted) => continue,
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
async fn run_once(wall: Wall, link: Link, latencies: Latencies, players: Option<&Players>) -> bool {
    let Some(url) = address() else { return false };
    let Ok(mut socket) = WebSocket::open(&url) else { return false };
    let mut heard = false;
    let mut silent_at = browser_now_ms() + SILENCE_MS;
    let mut tell_at = browser_now_ms() + TELL_MS;
    loop {
        let next = pin!(socket.next());
        let pause = pin!(sleep(left_ms(silent_at.min(tell_at))));
        match select(next, pause).await {
            Either::Left((Some(Ok(message)), _)) => {
                silent_at = browser_now_ms() + SILENCE_MS;
                let Message::Text(json) = message else { continue };
                heard = true;
                link.up();
                // A newer server may say things that this page doesn't know: they are left alone.
                if let Some(message) = ServerMessage::read(&json) {
                    let now_ms = browser_now_ms();
                    if let (ServerMessage::Heartbeat { wallclock_ms }, Some(players)) = (&message, players) {
                        players.heard_server(*wallclock_ms as f64, now_ms as f64);
                    }
                    wall.apply(message, now_ms);
                }
            }
            Either::Left((Some(Err(WebSocketError::ConnectionClose(event))), _)) if event.code == close_code::NOT_SIGNED_IN => {
                place::go_to_sign_in();
                return heard;
            }
            Either::Left(_) => return heard,
            Either::Right(_) if browser_now_ms() >= silent_at => return heard,
            Either::Right(_) => {
                tell_at = browser_now_ms() + TELL_MS;
                if heard && tell(&mut socket, latencies).await.is_none() {
                    return heard;
                }
            }
        }
    }
}

/// Tells the server what only a browser can measure.
async fn tell(socket: &mut WebSocket, latencies: Latencies) -> Option<()> {
    for streams in latencies.take().chunks(MAX_LATENCIES) {
        let message = ClientMessage::Latency { streams: streams.to_vec() };
        socket.send(Message::Text(serde_json::to_string(&message).ok()?)).await.ok()?;
    }
    Some(())
}

/// Milliseconds until a moment in browser time.
fn left_ms(moment: i64) -> u32 {
    u32::try_from((moment - browser_now_ms()).max(0)).unwrap_or(u32::MAX)
}

fn address() -> Option<String> {
    let location = window().location();
    let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
    Some(format!("{scheme}://{}/api/v1/ws", location.host().ok()?))
}
