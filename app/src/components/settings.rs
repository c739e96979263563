//! Parts of the settings page, and the sheet that they fill in together.

pub mod defaults;
pub mod ladder;
pub mod webhook;

use crate::components::setting_row::SettingRow;
use crate::hooks::api;
use crate::model::{InstallationPatch, InstallationSettings, Problem};
use crate::state::{Toasts, use_toasts};
use crate::text::settings as words;
use crate::view::setting;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;
use std::collections::BTreeMap;

/// The values that are set here, as stored and as they stand in the page.
#[derive(Clone, Copy)]
pub struct Sheet {
    pub stored: RwSignal<InstallationSettings>,
    draft: RwSignal<BTreeMap<String, Value>>,
    complaint: RwSignal<Option<Problem>>,
    pub busy: RwSignal<bool>,
    toasts: Toasts,
}

/// The values that were set here.
fn own(settings: &InstallationSettings) -> BTreeMap<String, Value> {
    let stored = settings.defaults.iter().filter(|setting| setting.stored);
    stored.map(|setting| (setting.key.clone(), setting.value.clone())).collect()
}

impl Sheet {
    pub fn new(settings: InstallationSettings) -> Self {
        Self {
            draft: RwSignal::new(own(&settings)),
            stored: RwSignal::new(settings),
            complaint: RwSignal::new(None),
            busy: RwSignal::new(false),
            toasts: use_toasts(),
        }
    }

    /// What the server has now. What was typed and is not stored yet stays.
    pub fn take(self, settings: InstallationSettings) {
        self.stored.set(settings);
    }

    pub fn is_changed(self) -> bool {
        self.draft.with(|draft| self.stored.with(|stored| *draft != own(stored)))
    }

    /// Back to what is stored.
    pub fn undo(self) {
        self.complaint.set(None);
        self.draft.set(self.stored.with_untracked(own));
    }

    /// Sends what differs. The complaint stands beside its field.
    pub fn save(self) {
        let before = self.stored.with_untracked(own);
        let after = self.draft.get_untracked();
        let taken_out = before.keys().filter(|key| !after.contains_key(*key)).map(|key| (key.clone(), Value::Null));
        let set = after.iter().filter(|(key, value)| before.get(*key) != Some(value)).map(|(key, value)| (key.clone(), value.clone()));
        let patch = InstallationPatch { defaults: taken_out.chain(set).collect(), webhook: None };
        self.complaint.set(None);
        self.busy.set(true);
        spawn_local(async move {
            let answer = api::update_installation(&patch).await;
            // The page may have been left.
            if self.busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(settings) => {
                    self.draft.set(own(&settings));
                    self.take(settings);
                    self.toasts.good(words::SAVED.to_owned());
                }
                Err(problem) if problem.field.is_none() => self.toasts.bad(problem.detail),
                Err(problem) => self.complaint.set(Some(problem)),
            }
        });
    }

    /// The value in force of a key, as it stands in the page.
    pub fn value(self, key: &str) -> Option<Value> {
        let inherited = || {
            self.stored
                .with(|stored| stored.defaults.iter().find(|setting| setting.key == key).map(|setting| setting.inherited.value.clone()))
        };
        self.draft.with(|draft| draft.get(key).cloned()).or_else(inherited)
    }

    /// The row of a setting that the server knows.
    pub fn row(self, key: &'static str, label: Option<&'static str>) -> Option<impl IntoView + use<>> {
        let known = setting::of(key)?;
        let (allowed, inherited) = self.stored.with_untracked(|stored| {
            let setting = stored.defaults.iter().find(|setting| setting.key == key)?;
            Some((setting.allowed.clone(), setting.inherited.clone()))
        })?;
        let own = Memo::new(move |_| self.draft.with(|draft| draft.get(key).cloned()));
        let complaint = Memo::new(move |_| {
            self.complaint.with(|problem| {
                let problem = problem.as_ref()?;
                let here = problem.field.as_deref()?.strip_prefix("defaults.")? == key;
                here.then(|| problem.detail.clone())
            })
        });
        let choose = Callback::new(move |value: Option<Value>| {
            self.complaint.set(None);
            self.draft.update(|draft| match value {
                Some(value) => drop(draft.insert(key.to_owned(), value)),
                None => drop(draft.remove(key)),
            });
        });
        let label = label.unwrap_or(known.label);
        Some(
            view! { <SettingRow known allowed inherited label=label origin=words::otherwise nothing=words::DEFAULT back=words::BACK_TO_DEFAULT own complaint choose /> },
        )
    }
}
