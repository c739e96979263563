//! One setting: its own value or none, what is inherited then, and the way back to it. For cameras and for the installation.

use crate::model::{AllowedValues, SettingOrigin, SettingValue};
use crate::text::settings as words;
use crate::view::setting::{self, Known};
use leptos::prelude::*;
use serde_json::Value;

/// `own` is the value that was set here, `inherited` what counts without it. The key is the id of the control.
#[component]
pub fn SettingRow(
    known: &'static Known,
    allowed: AllowedValues,
    inherited: SettingValue,
    /// Where a shorter one than the setting's own is clear.
    #[prop(optional)]
    label: Option<&'static str>,
    /// Says where the inherited value comes from.
    #[prop(default = words::inherited)]
    origin: fn(&str, SettingOrigin) -> String,
    /// The choice of having no own value.
    #[prop(default = words::INHERIT)]
    nothing: &'static str,
    /// What leads there.
    #[prop(default = words::BACK)]
    back: &'static str,
    #[prop(into)] own: Signal<Option<Value>>,
    #[prop(into)] complaint: Signal<Option<String>>,
    choose: Callback<Option<Value>>,
) -> impl IntoView {
    let key = known.key;
    let typed = Memo::new(move |_| own.with(|own| own.as_ref().map(setting::shown)));
    let hint = origin(&setting::read(&inherited.value), inherited.origin);
    let control = match allowed {
        AllowedValues::OneOf { values } => {
            let options = values.into_iter().map(|value| (value.clone(), value.replace('_', " "))).collect();
            view! { <Choice key nothing options typed complaint read=setting::typed choose /> }.into_any()
        }
        AllowedValues::Switch => {
            let options = [true, false].map(|on| (on.to_string(), setting::read(&on.into()))).to_vec();
            view! { <Choice key nothing options typed complaint read=setting::typed_switch choose /> }.into_any()
        }
        AllowedValues::Range { .. } => view! {
            <input
                id=key
                type="text"
                inputmode="numeric"
                autocomplete="off"
                maxlength="10"
                placeholder=setting::read(&inherited.value)
                prop:value=move || typed.get().unwrap_or_default()
                aria-invalid=move || complaint.with(Option::is_some).to_string()
                aria-describedby=format!("{key}-hint {key}-complaint")
                on:input:target=move |event| choose.run(setting::typed_number(&event.target().value()))
            />
        }
        .into_any(),
    };
    view! {
        <div class="field setting" class:field--wrong=move || complaint.with(Option::is_some)>
            <label for=key>{label.unwrap_or(known.label)}</label>
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
                    <button type="button" class="setting__back" on:click=move |_| choose.run(None)>
                        {back}
                    </button>
                </Show>
            </p>
        </div>
    }
}

/// One of a few values, or none.
#[component]
fn Choice(
    key: &'static str,
    nothing: &'static str,
    /// Value and words.
    options: Vec<(String, String)>,
    typed: Memo<Option<String>>,
    complaint: Signal<Option<String>>,
    read: fn(&str) -> Option<Value>,
    choose: Callback<Option<Value>>,
) -> impl IntoView {
    let option = |(value, label): (String, String)| {
        let own = value.clone();
        view! {
            <option value=value selected=move || typed.get().as_deref() == Some(&*own)>
                {label}
            </option>
        }
    };
    view! {
        <select
            id=key
            aria-invalid=move || complaint.with(Option::is_some).to_string()
            aria-describedby=format!("{key}-hint {key}-complaint")
            on:change:target=move |event| choose.run(read(&event.target().value()))
        >
            <option value="" selected=move || typed.with(Option::is_none)>
                {nothing}
            </option>
            {options.into_iter().map(option).collect_view()}
        </select>
    }
}
