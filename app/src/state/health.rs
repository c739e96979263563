//! The tiles that are being watched on this page, and the page's own memory of moments at which most of them stopped.

use crate::health::Storm;
use crate::hooks::health::Watched;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use std::rc::Rc;

#[derive(Clone, Copy)]
pub struct Health {
    /// Empty on the server: its threads never meet a value that belongs to the browser's one.
    watched: StoredValue<Vec<SendWrapper<Rc<Watched>>>>,
    pub storm: StoredValue<Storm>,
}

pub(super) fn provide() {
    provide_context(Health { watched: StoredValue::new(Vec::new()), storm: StoredValue::new(Storm::default()) });
}

pub fn use_health_state() -> Health {
    expect_context()
}

impl Health {
    pub fn add(self, watched: SendWrapper<Rc<Watched>>) {
        self.watched.try_update_value(|list| list.push(watched));
    }

    pub fn remove(self, watched: &Rc<Watched>) {
        self.watched.try_update_value(|list| list.retain(|known| !Rc::ptr_eq(known, watched)));
    }

    pub fn all(self) -> Vec<Rc<Watched>> {
        self.watched.try_with_value(|list| list.iter().map(|watched| Rc::clone(watched)).collect()).unwrap_or_default()
    }
}
