//! The browser side of Nightjar: starts the application on the server's HTML and gives it what only a browser has, the players.
//!
//! Pages, components and every decision that can be made without a browser object are in `app`.

pub mod players;

use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called once by the page's module script, after the WebAssembly is ready. Fails if the page is in a module that can't be fetched.
#[wasm_bindgen]
pub async fn hydrate() -> Result<(), JsValue> {
    console_error_panic_hook::set_once();
    app::prepare().await.map_err(|app::NotLoaded| JsValue::from_str("the page's module could not be fetched"))?;
    let host = players::BrowserPlayers::install();
    leptos::mount::hydrate_body(move || {
        app::live::provide_players(host.clone());
        view! { <app::App /> }
    });
    Ok(())
}
