//! Short messages about what was done.

use crate::hooks::timer::after;
use leptos::prelude::*;

/// One message; `good` ones are shown for 4 s, others for 10 s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    pub id: u32,
    pub sentence: String,
    pub good: bool,
}

#[derive(Clone, Copy)]
pub struct Toasts {
    pub list: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

/// More than these hide the wall: the oldest goes.
const MOST: usize = 4;

pub(super) fn provide() {
    provide_context(Toasts { list: RwSignal::new(Vec::new()), next: StoredValue::new(0) });
}

pub fn use_toasts() -> Toasts {
    expect_context()
}

impl Toasts {
    /// Says that something was done.
    pub fn good(self, sentence: impl Into<String>) {
        self.push(sentence.into(), true, 4_000);
    }

    /// Says that something failed. The same sentence stands there once.
    pub fn bad(self, sentence: impl Into<String>) {
        self.push(sentence.into(), false, 10_000);
    }

    pub fn dismiss(self, id: u32) {
        self.list.update(|list| list.retain(|toast| toast.id != id));
    }

    fn push(self, sentence: String, good: bool, for_ms: u32) {
        let id = self.next.get_value();
        self.next.set_value(id.wrapping_add(1));
        self.list.update(|list| {
            list.retain(|toast| toast.sentence != sentence);
            list.push(Toast { id, sentence, good });
            if list.len() > MOST {
                list.remove(0);
            }
        });
        after(for_ms, move || self.dismiss(id));
    }
}
