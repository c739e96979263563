//! Which tiles show their stream's numbers: all or none, and those that differ. Remembered in the browser's local storage.

use crate::hooks::remembered::use_remembered;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

const KEY: &str = "nightjar.details";

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DetailsChoice {
    pub all: bool,
    /// Cameras that differ from `all`.
    pub except: Vec<i64>,
}

impl DetailsChoice {
    pub fn shows(&self, camera_id: i64) -> bool {
        self.all != self.except.contains(&camera_id)
    }

    pub fn toggle(&mut self, camera_id: i64) {
        match self.except.iter().position(|id| *id == camera_id) {
            Some(place) => {
                self.except.remove(place);
            }
            None => self.except.push(camera_id),
        }
    }

    /// One switch for all: nobody differs any more.
    pub fn toggle_all(&mut self) {
        self.all = !self.all;
        self.except.clear();
    }
}

#[derive(Clone, Copy)]
pub struct Details {
    pub choice: RwSignal<DetailsChoice>,
}

pub(super) fn provide() {
    provide_context(Details { choice: use_remembered(KEY) });
}

pub fn use_details() -> Details {
    expect_context()
}

impl Details {
    pub fn toggle(self, camera_id: i64) {
        self.choice.update(|choice| choice.toggle(camera_id));
    }

    pub fn toggle_all(self) {
        self.choice.update(DetailsChoice::toggle_all);
    }
}

#[cfg(test)]
mod tests {
    use super::DetailsChoice;

    #[test]
    fn one_can_differ_from_all_and_all_makes_all_alike() {
        let mut choice = DetailsChoice::default();
        choice.toggle(2);
        assert!(choice.shows(2) && !choice.shows(1));
        choice.toggle_all();
        assert!(choice.shows(2) && choice.shows(1));
        choice.toggle(2);
        assert!(!choice.shows(2) && choice.shows(1));
        choice.toggle_all();
        assert!(!choice.shows(2) && !choice.shows(1));
    }
}
