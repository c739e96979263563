//! How this browser shows the wall: remembered in its local storage.

use crate::view::layout::WallStyle;
use leptos::prelude::*;

const KEY: &str = "nightjar.wall";

#[derive(Clone, Copy)]
pub struct StyleState {
    pub wall: RwSignal<WallStyle>,
}

pub(super) fn provide() {
    let state = StyleState { wall: RwSignal::new(WallStyle::default()) };
    provide_context(state);
    // After hydration, so that the first render equals the server's.
    Effect::new(move |first: Option<()>| {
        use gloo::storage::{LocalStorage, Storage};
        if first.is_none()
            && let Ok(stored) = LocalStorage::get(KEY)
        {
            state.wall.set(stored);
        }
        let style = state.wall.get();
        // Private windows may refuse storage: the choice then lasts as long as the page.
        let _ = LocalStorage::set(KEY, style);
    });
}

pub fn use_style() -> StyleState {
    expect_context()
}
