//! What the pages of signing in, setting up and the account are made of: a card, and fields with their complaint.

use crate::components::icon::{Glyph, IconButton, Mark};
use crate::hooks::place;
use crate::text;
use crate::view::password::{Strength, strength};
use leptos::prelude::*;

/// The card in the middle of an otherwise empty page.
#[component]
pub fn EntryCard(title: &'static str, help: &'static str, children: Children) -> impl IntoView {
    let encrypted = place::use_encrypted();
    let over_https = place::use_over_https(encrypted);
    view! {
        <main class="entry">
            <div class="entry__card">
                <div class="entry__mark" aria-hidden="true">
                    <Mark />
                </div>
                <h1>{title}</h1>
                <p class="entry__help">{help}</p>
                {children()}
                <Show when=move || !encrypted.get()>
                    <div class="entry__warning" role="note">
                        <p>{text::people::NOT_ENCRYPTED}</p>
                        <Show when=move || over_https.with(Option::is_some)>
                            <p>
                                <a href=move || over_https.get() rel="external">
                                    {text::people::OVER_HTTPS}
                                </a>
                            </p>
                            <p>{text::people::HTTPS_WARNING}</p>
                        </Show>
                    </div>
                </Show>
            </div>
        </main>
    }
}

/// A line of text with its label, its help and, when something is wrong, the sentence beside it.
#[component]
pub fn EntryField(
    id: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    complaint: Signal<Option<String>>,
    /// What browsers and password managers fill in: `username`, `current-password`, `new-password`, `off`.
    autocomplete: &'static str,
    #[prop(optional)] secret: bool,
    #[prop(optional)] hint: Option<&'static str>,
    #[prop(optional)] autofocus: bool,
) -> impl IntoView {
    let looked_at = RwSignal::new(false);
    let kind = move || if secret && !looked_at.get() { "password" } else { "text" };
    view! {
        <div class="field" class:field--wrong=move || complaint.with(Option::is_some)>
            <label for=id>{label}</label>
            <div class="field__box">
                <input
                    id=id
                    name=id
                    type=kind
                    prop:value=move || value.get()
                    autofocus=autofocus
                    autocomplete=autocomplete
                    autocapitalize="off"
                    spellcheck="false"
                    maxlength="256"
                    required
                    aria-invalid=move || complaint.with(Option::is_some).to_string()
                    aria-describedby=format!("{id}-hint {id}-complaint")
                    on:input:target=move |event| value.set(event.target().value())
                />
                {secret.then(|| view! { <LookButton looked_at /> })}
            </div>
            <p class="field__complaint" id=format!("{id}-complaint") role="alert">
                {move || complaint.get()}
            </p>
            {hint.map(|hint| view! { <p class="field__hint" id=format!("{id}-hint")>{hint}</p> })}
        </div>
    }
}

/// Shows a password that is being typed, and hides it again.
#[component]
pub fn LookButton(looked_at: RwSignal<bool>) -> impl IntoView {
    let label = move || if looked_at.get() { text::people::PASSWORD_HIDE } else { text::people::PASSWORD_SHOW };
    view! {
        <IconButton
            glyph=Signal::derive(move || if looked_at.get() { Glyph::EyeOff } else { Glyph::Eye })
            label=Signal::derive(move || label().to_owned())
            on_press=move |_| looked_at.update(|looked_at| *looked_at = !*looked_at)
        />
    }
}

/// How good a new password is.
#[component]
pub fn Meter(value: RwSignal<String>) -> impl IntoView {
    let strength = Memo::new(move |_| value.with(|value| strength(value)));
    let words = move || match strength.get() {
        Strength::Empty => "",
        Strength::Short => text::people::TOO_SHORT,
        Strength::Fair => text::people::FAIR,
        Strength::Good => text::people::GOOD,
    };
    let level = move || match strength.get() {
        Strength::Empty => "0",
        Strength::Short => "1",
        Strength::Fair => "2",
        Strength::Good => "3",
    };
    view! {
        <div class="meter" data-level=level>
            <div class="meter__bar" role="meter" aria-label=text::people::METER aria-valuemin="0" aria-valuemax="3" aria-valuenow=level>
                <span></span>
                <span></span>
                <span></span>
            </div>
            <p class="field__hint" aria-live="polite">
                {words}
            </p>
        </div>
    }
}
