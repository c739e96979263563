//! The settings that few cameras need, behind a disclosure: what is in force, what would be inherited, and the way back to it.

use super::Form;
use crate::hooks::api;
use crate::model::{AllowedValues, CameraSetting, Profile};
use crate::text;
use crate::view::form::Field;
use crate::view::setting;
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
    let rows = move || match settings.get() {
        None => view! { <p class="field__hint">{text::ADVANCED_LOADING}</p> }.into_any(),
        Some(Err(sentence)) => view! { <p class="complaint">{sentence}</p> }.into_any(),
        Some(Ok(settings)) => {
            let profile = profile.get();
            let shown = settings.into_iter().filter_map(|setting| Some((setting::of(&setting.key, profile)?, setting)));
            shown.map(|(known, setting)| view! { <Row form known setting /> }).collect_view().into_any()
        }
    };
    view! {
        <details
            class="advanced"
            prop:open=move || open.get()
            on:toggle:target=move |event| open.set(event.target().has_attribute("open"))
        >
            <summary>
                {text::ADVANCED}
                <span class="advanced__count">
                    {move || text::settings_changed(form.draft.with(|draft| draft.overrides.len()))}
                </span>
            </summary>
            <p class="field__hint">{text::ADVANCED_HINT}</p>
            {rows}
        </details>
    }
}

/// One setting.
#[component]
fn Row(form: Form, known: &'static setting::Known, setting: CameraSetting) -> impl IntoView {
    let key = known.key;
    let field = Field::Setting(key);
    let complaint = Memo::new(move |_| form.complaint_at(field));
    let own = Memo::new(move |_| form.draft.with(|draft| draft.overrides.get(key).map(setting::shown)));
    let inherited = setting::shown(&setting.inherited.value);
    let hint = text::setting_inherited(&inherited, setting.inherited.origin);
    let choose = move |value: Option<Value>| {
        form.edit(|draft| match value {
            Some(value) => drop(draft.overrides.insert(key.to_owned(), value)),
            None => drop(draft.overrides.remove(key)),
        });
    };
    let control = match setting.allowed {
        AllowedValues::OneOf { values } => {
            let option = |value: String| {
                let own_value = value.clone();
                view! {
                    <option value=value.clone() selected=move || own.get().as_deref() == Some(&*own_value)>
                        {value.replace('_', " ")}
                    </option>
                }
            };
            view! {
                <select
                    id=key
                    aria-invalid=move || complaint.with(Option::is_some).to_string()
                    aria-describedby=format!("{key}-hint {key}-complaint")
                    on:change:target=move |event| choose(setting::typed(&event.target().value()))
                >
                    <option value="" selected=move || own.with(Option::is_none)>
                        {text::SETTING_INHERIT}
                    </option>
                    {values.into_iter().map(option).collect_view()}
                </select>
            }
            .into_any()
        }
        AllowedValues::Range { .. } => view! {
            <input
                id=key
                type="text"
                inputmode="numeric"
                autocomplete="off"
                maxlength="10"
                placeholder=inherited
                prop:value=move || own.get().unwrap_or_default()
                aria-invalid=move || complaint.with(Option::is_some).to_string()
                aria-describedby=format!("{key}-hint {key}-complaint")
                on:input:target=move |event| choose(setting::typed_number(&event.target().value()))
            />
        }
        .into_any(),
    };
    view! {
        <div class="field advanced__row" class:field--wrong=move || complaint.with(Option::is_some)>
            <label for=key>{known.label}</label>
            {control}
            <p class="field__complaint" id=format!("{key}-complaint") role="alert">
                {move || complaint.get()}
            </p>
            <p class="field__hint" id=format!("{key}-hint")>
                {known.hint}
                " "
                {hint}
                <Show when=move || own.with(Option::is_some)>
                    " "
                    <button type="button" class="advanced__back" on:click=move |_| choose(None)>
                        {text::SETTING_BACK}
                    </button>
                </Show>
            </p>
        </div>
    }
}
