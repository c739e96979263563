//! What a recording is called, and changing it in its place.

use crate::components::form::Form;
use crate::components::icon::{Glyph, IconButton};
use crate::hooks::api::recordings as api;
use crate::hooks::timer::after;
use crate::model::{CameraAction, MAX_RECORDING_TITLE, Recording};
use crate::state::use_toasts;
use crate::text::CANCEL;
use crate::text::recordings as words;
use crate::view::recordings::name;
use leptos::html::{Div, Input};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// The page's heading. `changed` is told the recording as it is after a change.
#[component]
pub fn RecordingTitle(recording: Memo<Recording>, changed: Callback<Recording>) -> impl IntoView {
    let editing = RwSignal::new(false);
    let place = NodeRef::<Div>::new();
    let edits = Memo::new(move |_| recording.with(|one| one.may(CameraAction::Record)));
    let label = move || recording.with(|one| if one.title.is_empty() { words::RENAME_ADD } else { words::RENAME });
    let end = Callback::new(move |()| {
        editing.set(false);
        // Back to the button, once it is there again.
        after(0, move || {
            let button = place.try_get_untracked().flatten().and_then(|place| place.query_selector("button").ok().flatten());
            if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
                let _ = button.focus();
            }
        });
    });
    view! {
        <div class="clip-title" node_ref=place>
            <Show
                when=move || editing.get()
                fallback=move || {
                    view! {
                        <h1>{move || recording.with(name)}</h1>
                        <Show when=move || edits.get()>
                            <IconButton
                                glyph=Glyph::Pencil
                                label=Signal::derive(move || label().to_owned())
                                on_press=move |_| editing.set(true)
                            />
                        </Show>
                    }
                }
            >
                <TitleForm recording changed end />
            </Show>
        </div>
    }
}

#[component]
fn TitleForm(recording: Memo<Recording>, changed: Callback<Recording>, end: Callback<()>) -> impl IntoView {
    let toasts = use_toasts();
    let (id, title) = recording.with_untracked(|one| (one.id, one.title.clone()));
    let value = RwSignal::new(title.clone());
    let field = NodeRef::<Input>::new();
    let form = Form::new(&["title"]);
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            let _ = field.focus();
            field.select();
        }
    });
    let submit = form.on_submit(move || {
        let written = value.get_untracked().trim().to_owned();
        if written == title {
            return end.run(());
        }
        form.send(async move { api::rename(id, written).await }, move |answer| {
            toasts.good(words::RENAMED);
            changed.run(answer);
            end.run(());
        });
    });
    let complaint = move || form.complaint("title").get().or_else(|| form.complaint("").get());
    view! {
        <form class="clip-title__form" method="post" novalidate on:submit=submit>
            <div class="field" class:field--wrong=move || complaint().is_some()>
                <label class="visually-hidden" for="recording-title">
                    {words::TITLE}
                </label>
                <input
                    id="recording-title"
                    node_ref=field
                    type="text"
                    autocomplete="off"
                    maxlength=MAX_RECORDING_TITLE.to_string()
                    placeholder=recording.with_untracked(|one| one.camera_name.clone())
                    prop:value=move || value.get()
                    aria-invalid=move || complaint().is_some().to_string()
                    aria-describedby="recording-title-complaint"
                    on:input:target=move |event| value.set(event.target().value())
                    on:keydown=move |event| {
                        if event.key() == "Escape" {
                            event.prevent_default();
                            end.run(());
                        }
                    }
                />
                <p class="field__complaint" id="recording-title-complaint" role="alert">
                    {complaint}
                </p>
            </div>
            <button type="submit" class="button button--primary" disabled=move || form.is_busy()>
                {move || if form.is_busy() { words::SAVING } else { words::SAVE }}
            </button>
            <button type="button" class="button" on:click=move |_| end.run(())>
                {CANCEL}
            </button>
        </form>
    }
}
