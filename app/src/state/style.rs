//! How this browser shows the wall: remembered in its local storage.

use crate::hooks::remembered::use_remembered;
use crate::view::layout::WallStyle;
use leptos::prelude::*;

const KEY: &str = "nightjar.wall";

#[derive(Clone, Copy)]
pub struct StyleState {
    pub wall: RwSignal<WallStyle>,
}

pub(super) fn provide() {
    provide_context(StyleState { wall: use_remembered(KEY) });
}

pub fn use_style() -> StyleState {
    expect_context()
}
