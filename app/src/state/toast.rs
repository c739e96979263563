//! Short messages about what was done.

use crate::hooks::timer::after;
use leptos::prelude::*;

/// One message; `good` ones are shown for 4 s, longer ones and others for 10 s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    pub id: u32,
    pub sentence: String,
    pub good: bool,
    /// Where it leads: a word, and an address of ours.
    pub link: Option<(&'static str, String)>,
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
        self.push(sentence.into(), true, None, 4_000);
    }

    /// The same, with more to read.
    pub fn good_long(self, sentence: impl Into<String>) {
        self.push(sentence.into(), true, None, 10_000);
    }

    /// Says that something was done, and where it is seen.
    pub fn good_at(self, sentence: impl Into<String>, label: &'static str, href: String) {
        self.push(sentence.into(), true, Some((label, href)), 10_000);
    }

    /// Says that something failed. The same sentence stands there once.
    pub fn bad(self, sentence: impl Into<String>) {
        self.push(sentence.into(), false, None, 10_000);
    }

    pub fn dismiss(self, id: u32) {
        self.list.update(|list| list.retain(|toast| toast.id != id));
    }

    fn push(self, sentence: String, good: bool, link: Option<(&'static str, String)>, for_ms: u32) {
        let id = self.next.get_value();
        self.next.set_value(id.wrapping_add(1));
        self.list.update(|list| {
            list.retain(|toast| toast.sentence != sentence);
            list.push(Toast { id, sentence, good, link });
            if list.len() > MOST {
                list.remove(0);
            }
        });
        after(for_ms, move || self.dismiss(id));
    }
}
