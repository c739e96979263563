//! Where this page is: its address, and going to another one with a fresh document.

use crate::backend::load_https;
use crate::model::HttpsStatus;
use crate::view::address::local;
use leptos::prelude::*;

/// Whether nobody on the way can read along: HTTPS, or this very machine. True on the server, which decides nothing by it.
pub fn use_encrypted() -> ReadSignal<bool> {
    let (encrypted, set_encrypted) = signal(true);
    // After the hydration, so that both sides begin alike.
    Effect::new(move |_| {
        let location = window().location();
        let own = matches!(location.hostname().as_deref(), Ok("localhost" | "127.0.0.1" | "[::1]"));
        set_encrypted.set(own || location.protocol().is_ok_and(|protocol| protocol == "https:"));
    });
    encrypted
}

/// The address of this page over HTTPS, where the server offers that and the page came without.
pub fn use_over_https(encrypted: ReadSignal<bool>) -> RwSignal<Option<String>> {
    let address = RwSignal::new(None);
    Effect::new(move |_| {
        if encrypted.get() {
            return;
        }
        leptos::task::spawn_local(async move {
            let Ok(HttpsStatus { port: Some(port), .. }) = load_https().await else { return };
            let location = window().location();
            let (Ok(host), Ok(path), Ok(search)) = (location.hostname(), location.pathname(), location.search()) else { return };
            // The page may have been left.
            address.try_set(Some(format!("https://{host}:{port}{path}{search}")));
        });
    });
    address
}

/// Whether this page is for people who are not signed in: it follows no cameras.
pub fn is_entry() -> bool {
    let path = window().location().pathname().unwrap_or_default();
    path == "/sign-in" || path == "/setup"
}

/// Loads a page of this site anew: who is signed in has changed.
pub fn go(path: &str) {
    // Fails only for addresses that cannot be read, and these are ours.
    let _ = window().location().assign(local(path));
}

/// Loads this page anew: the server has another version.
pub fn renew() {
    // Fails only where scripts may not navigate, and this is the page's own.
    let _ = window().location().reload();
}

/// To the sign-in page, which leads back here.
pub fn go_to_sign_in() {
    if is_entry() {
        return;
    }
    let location = window().location();
    let here = format!("{}{}", location.pathname().unwrap_or_default(), location.search().unwrap_or_default());
    let next: String = js_sys::encode_uri_component(&here).into();
    go(&format!("/sign-in?next={next}"));
}

/// Where the sign-in page leads.
pub fn after_sign_in() -> String {
    let search = window().location().search().unwrap_or_default();
    let params = web_sys::UrlSearchParams::new_with_str(&search).ok();
    let next = params.and_then(|params| params.get("next")).unwrap_or_default();
    local(&next).to_owned()
}
