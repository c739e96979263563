//! Which dialog or menu is open: one at a time.

use leptos::prelude::*;

/// A dialog of the wall; of a camera by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialog {
    Add,
    /// Adding what is found on the network.
    Find,
    /// Looking for a camera of the wall.
    Search,
    Edit(i64),
    Delete(i64),
    History(i64),
}

/// A camera's menu and where it was asked for, CSS pixels in the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MenuRequest {
    pub camera_id: i64,
    pub x: f64,
    pub y: f64,
}

/// What lies over the wall. Small and copied.
#[derive(Clone, Copy)]
pub struct Dialogs {
    pub open: RwSignal<Option<Dialog>>,
    pub menu: RwSignal<Option<MenuRequest>>,
    /// Cameras whose picture watch is shown.
    pub watched: RwSignal<Vec<i64>>,
}

pub(super) fn provide() {
    provide_context(Dialogs { open: RwSignal::new(None), menu: RwSignal::new(None), watched: RwSignal::new(Vec::new()) });
}

pub fn use_dialogs() -> Dialogs {
    expect_context()
}

impl Dialogs {
    /// Opens a dialog in place of the menu.
    pub fn show(self, dialog: Dialog) {
        self.menu.set(None);
        self.open.set(Some(dialog));
    }

    pub fn toggle_watched(self, camera_id: i64) {
        self.watched.update(|shown| match shown.iter().position(|id| *id == camera_id) {
            Some(place) => drop(shown.remove(place)),
            None => shown.push(camera_id),
        });
    }
}
