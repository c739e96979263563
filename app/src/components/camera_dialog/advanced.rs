//! The settings that few cameras need, behind a disclosure: what is in force, what would be inherited, and the way back to it.

use super::Form;
use crate::components::setting_row::SettingRow;
use crate::hooks::api;
use crate::model::{CameraSetting, Profile};
use crate::text::settings as words;
use crate::view::form::Field;
use crate::view::setting::{self, Area, Known};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

/// Asks for the settings when it is first opened, and again for another profile.
#[component]
pub fn Advanced(form: Form, profile: Memo<Profile>) -> impl IntoView {
    let open = RwSignal::new(false);
    let settings = RwSignal::new(None::<Result<Vec<CameraSetting>, String>>);
    Effect::new(move |_| {
        if form.complaint.with(|complaint| complaint.as_ref().is_some_and(|complaint| matches!(complaint.field, Some(Field::Setting(_))))) {
            open.set(true);
        }
    });
    Effect::new(move |_| {
        let profile = profile.get();
        if !open.get() {
            return;
        }
        let camera_id = form.camera.with_value(|camera| camera.as_ref().map(|camera| camera.id));
        spawn_local(async move {
            let answer = api::settings(camera_id, profile).await.map_err(|problem| problem.detail);
            // The dialog may have been closed, or another kind chosen, meanwhile.
            if form.draft.try_with_untracked(|draft| draft.profile) == Some(profile) {
                settings.try_set(Some(answer));
            }
        });
    });
    let groups = move || match settings.get() {
        None => view! { <p class="field__hint">{words::LOADING}</p> }.into_any(),
        Some(Err(sentence)) => view! { <p class="complaint">{sentence}</p> }.into_any(),
        Some(Ok(settings)) => {
            let profile = profile.get();
            Area::ALL.map(|area| group(form, area, profile, &settings)).collect_view().into_any()
        }
    };
    view! {
        <details
            class="advanced"
            prop:open=move || open.get()
            on:toggle:target=move |event| open.set(event.target().has_attribute("open"))
        >
            <summary>
                {words::ADVANCED}
                <span class="advanced__count">
                    {move || words::changed(form.draft.with(|draft| draft.overrides.len()))}
                </span>
            </summary>
            <p class="field__hint">{words::ADVANCED_HINT}</p>
            {groups}
        </details>
    }
}

/// The settings of one area, if cameras of this profile have any there.
fn group(form: Form, area: Area, profile: Profile, settings: &[CameraSetting]) -> Option<impl IntoView + use<>> {
    let row = |known: &'static Known| settings.iter().find(|setting| setting.key == known.key).map(|setting| row(form, known, setting));
    let rows: Vec<_> = setting::of_area(area, Some(profile)).filter_map(row).collect();
    (!rows.is_empty()).then(|| {
        view! {
            <fieldset class="advanced__group">
                <legend>{area.label()}</legend>
                {rows}
            </fieldset>
        }
    })
}

fn row(form: Form, known: &'static Known, setting: &CameraSetting) -> impl IntoView + use<> {
    let key = known.key;
    let complaint = Memo::new(move |_| form.complaint_at(Field::Setting(key)));
    let own = Memo::new(move |_| form.draft.with(|draft| draft.overrides.get(key).cloned()));
    let choose = Callback::new(move |value: Option<Value>| {
        form.edit(|draft| match value {
            Some(value) => drop(draft.overrides.insert(key.to_owned(), value)),
            None => drop(draft.overrides.remove(key)),
        });
    });
    view! { <SettingRow known allowed=setting.allowed.clone() inherited=setting.inherited.clone() own complaint choose /> }
}
