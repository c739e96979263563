//! Copying text. Browsers give the clipboard to pages over HTTPS only: elsewhere the text is marked, and copied the old way.

use js_sys::{Function, Promise, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlInputElement;

/// Copies what stands in a field; whether that worked. It is marked in any case. Browser only.
pub async fn copy(field: &HtmlInputElement) -> bool {
    field.select();
    if let Some(writing) = write(&field.value()) {
        return JsFuture::from(writing).await.is_ok();
    }
    let document: JsValue = document().into();
    let command = Reflect::get(&document, &"execCommand".into()).ok().and_then(|command| command.dyn_into::<Function>().ok());
    command.and_then(|command| command.call1(&document, &"copy".into()).ok()).is_some_and(|done| done.is_truthy())
}

fn write(text: &str) -> Option<Promise> {
    let navigator = Reflect::get(&window(), &"navigator".into()).ok()?;
    let clipboard = Reflect::get(&navigator, &"clipboard".into()).ok().filter(|clipboard| !clipboard.is_undefined())?;
    let write: Function = Reflect::get(&clipboard, &"writeText".into()).ok()?.dyn_into().ok()?;
    write.call1(&clipboard, &text.into()).ok()?.dyn_into().ok()
}
