//! `window.__nightjar`: what tests and curious people read. Read-only.

use super::Shared;
use js_sys::{JSON, Object, Reflect};
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;

/// Puts `players()` in place: a list with one object per living player (`camera_id`, `quality`, `transport`, `state`, `stats`).
pub(crate) fn install(shared: &Rc<Shared>) {
    let shared: Weak<Shared> = Rc::downgrade(shared);
    let players = Closure::<dyn Fn() -> JsValue>::new(move || {
        let tiles: Vec<_> = shared
            .upgrade()
            .map(|shared| shared.tiles.borrow().iter().filter_map(Weak::upgrade).map(|tile| tile.describe()).collect())
            .unwrap_or_default();
        JSON::parse(&serde_json::Value::Array(tiles).to_string()).unwrap_or(JsValue::NULL)
    });
    let hook = Object::new();
    // Setting a member of a fresh object or of window can't fail.
    let _ = Reflect::set(&hook, &"players".into(), players.as_ref());
    let _ = Reflect::set(&js_sys::global(), &"__nightjar".into(), &hook);
    // Lives as long as the page.
    players.forget();
}
