//! Passwords that the browser makes up.

use crate::view::password::{MADE_UP_BYTES, made_up};
use js_sys::{Function, Reflect, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// A password nobody can guess; None if the browser gives no random numbers. Browser only.
pub fn password() -> Option<String> {
    let bytes = Uint8Array::new_with_length(u32::try_from(MADE_UP_BYTES).ok()?);
    let crypto = Reflect::get(&window(), &"crypto".into()).ok()?;
    let fill: Function = Reflect::get(&crypto, &"getRandomValues".into()).ok()?.dyn_into().ok()?;
    fill.call1(&crypto, &bytes).ok()?;
    Some(made_up(&bytes.to_vec()))
}
