//! The dialog's fields: each with its label, its help and, when something is wrong, the sentence beside it.

use super::Form;
use crate::components::entry::LookButton;
use crate::components::icon::{Glyph, Icon};
use crate::components::segments::Segments;
use crate::model::{Profile, Transport};
use crate::text;
use crate::view::form::{Draft, Field, free_name};
use leptos::prelude::*;

/// A line of text. `value` and `change` connect it to the draft.
#[component]
pub fn TextField(
    form: Form,
    field: Field,
    label: &'static str,
    #[prop(optional)] optional: bool,
    #[prop(optional, into)] hint: Option<Signal<&'static str>>,
    #[prop(optional, into)] placeholder: Option<Signal<&'static str>>,
    value: fn(&Draft) -> String,
    change: fn(&mut Draft, String),
    /// A password: hidden, with a button to look.
    #[prop(optional)]
    secret: bool,
    /// An address: no spelling help, no capitals; credentials in it move to their fields when it is left.
    #[prop(optional)]
    address: bool,
    #[prop(optional)] autofocus: bool,
) -> impl IntoView {
    let id = field.id();
    let complaint = Memo::new(move |_| form.complaint_at(field));
    let looked_at = RwSignal::new(false);
    let kind = move || if secret && !looked_at.get() { "password" } else { "text" };
    let mode = if address { "url" } else { "text" };
    let machine = address || secret || field == Field::Username;
    view! {
        <div class="field" class:field--wrong=move || complaint.with(Option::is_some)>
            <label for=id>
                {label} {optional.then(|| view! { <span class="field__optional">{text::OPTIONAL}</span> })}
            </label>
            <div class="field__box">
                <input
                    id=id
                    type=kind
                    inputmode=mode
                    placeholder=move || placeholder.map(|placeholder| placeholder.get())
                    prop:value=move || form.draft.with(value)
                    autofocus=autofocus
                    autocomplete=if secret { "new-password" } else { "off" }
                    autocapitalize=if machine { "off" } else { "sentences" }
                    spellcheck=if machine { "false" } else { "true" }
                    maxlength="2000"
                    aria-invalid=move || complaint.with(Option::is_some).to_string()
                    aria-describedby=format!("{id}-hint {id}-complaint")
                    on:input:target=move |event| form.edit(|draft| change(draft, event.target().value()))
                    on:blur=move |_| {
                        if address {
                            form.draft.update(Draft::tidy);
                        }
                    }
                />
                {secret.then(|| view! { <LookButton looked_at /> })}
            </div>
            <p class="field__complaint" id=format!("{id}-complaint") role="alert">
                {move || complaint.get()}
            </p>
            {hint.map(|hint| view! { <p class="field__hint" id=format!("{id}-hint")>{move || hint.get()}</p> })}
        </div>
    }
}

/// The kinds of camera, as cards.
#[component]
pub fn Kinds(form: Form) -> impl IntoView {
    let card = move |profile: Profile, glyph: Glyph, title: &'static str, help: &'static str| {
        view! {
            <label class="kind">
                <input
                    type="radio"
                    name="camera-kind"
                    prop:checked=move || form.draft.with(|draft| draft.profile) == profile
                    on:change=move |_| {
                        form.edit(|draft| {
                            draft.profile = profile;
                            if profile == Profile::TestPattern && draft.name.is_empty() {
                                draft.name = form.wall.cameras.with_untracked(|cameras| {
                                    free_name(text::DEMO_NAME, cameras.iter().map(|camera| camera.name.as_str()))
                                });
                            }
                        })
                    }
                />
                <span class="kind__card">
                    <Icon glyph=glyph />
                    <span class="kind__title">{title}</span>
                    <span class="kind__help">{help}</span>
                </span>
            </label>
        }
    };
    view! {
        <fieldset class="kinds">
            <legend class="visually-hidden">{text::DIALOG_KIND}</legend>
            {card(Profile::GenericRtsp, Glyph::Camera, text::KIND_RTSP, text::KIND_RTSP_TEXT)}
            {card(Profile::Ffmpeg, Glyph::Signal, text::KIND_OTHER, text::KIND_OTHER_TEXT)}
            {card(Profile::TestPattern, Glyph::Clock, text::KIND_DEMO, text::KIND_DEMO_TEXT)}
        </fieldset>
    }
}

/// One of a few, side by side.
#[component]
pub fn Choice(form: Form, field: Field, label: &'static str, hint: &'static str, options: [(Transport, &'static str); 3]) -> impl IntoView {
    let id = field.id();
    let complaint = Memo::new(move |_| form.complaint_at(field));
    let chosen = Signal::derive(move || form.draft.with(|draft| draft.transport));
    view! {
        <fieldset class="field" id=id tabindex="-1">
            <legend>{label}</legend>
            <Segments name=id options=options.to_vec() chosen choose=move |transport| form.edit(|draft| draft.transport = transport) />
            <p class="field__complaint" role="alert">
                {move || complaint.get()}
            </p>
            <p class="field__hint">{hint}</p>
        </fieldset>
    }
}

/// On or off.
#[component]
pub fn Switch(
    form: Form,
    label: &'static str,
    hint: &'static str,
    value: fn(&Draft) -> bool,
    change: fn(&mut Draft, bool),
) -> impl IntoView {
    let on = Memo::new(move |_| form.draft.with(value));
    view! {
        <button
            type="button"
            class="switch"
            role="switch"
            aria-checked=move || on.get().to_string()
            on:click=move |_| form.draft.update(|draft| change(draft, !value(draft)))
        >
            <span class="switch__words">
                <span>{label}</span>
                <span class="field__hint">{hint}</span>
            </span>
            <span class="switch__track" aria-hidden="true"></span>
        </button>
    }
}
