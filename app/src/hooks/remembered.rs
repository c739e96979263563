//! A value that this browser keeps: in its local storage.

use gloo::storage::{LocalStorage, Storage};
use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A signal that begins with what was stored under `key`, and stores every change there. The default on the server and until the page runs.
pub fn use_remembered<T>(key: &'static str) -> RwSignal<T>
where
    T: Clone + Default + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let value = RwSignal::new(T::default());
    // After hydration, so that the first render equals the server's.
    Effect::new(move |first: Option<()>| {
        if first.is_none()
            && let Ok(stored) = LocalStorage::get(key)
        {
            value.set(stored);
        }
        // Private windows may refuse storage: the value then lasts as long as the page.
        let _ = LocalStorage::set(key, value.get());
    });
    value
}
