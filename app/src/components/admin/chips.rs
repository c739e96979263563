//! Choices as tiles: one of a few with a word of help, and ticks in a row.

use leptos::prelude::*;

/// One of a few, each with a line of help.
#[component]
pub fn Choices<T: Copy + PartialEq + Send + Sync + 'static>(
    /// Name of the group of radio buttons; unique on the page.
    name: &'static str,
    legend: &'static str,
    /// Value, title, help.
    options: Vec<(T, &'static str, &'static str)>,
    chosen: RwSignal<T>,
) -> impl IntoView {
    let option = move |(value, title, help): (T, &'static str, &'static str)| {
        view! {
            <label class="kind">
                <input type="radio" name=name prop:checked=move || chosen.get() == value on:change=move |_| chosen.set(value) />
                <span class="kind__card">
                    <span class="kind__title">{title}</span>
                    <span class="kind__help">{help}</span>
                </span>
            </label>
        }
    };
    let count = options.len().to_string();
    view! {
        <fieldset class="field">
            <legend>{legend}</legend>
            <div class="kinds kinds--words" data-count=count>
                {options.into_iter().map(option).collect_view()}
            </div>
        </fieldset>
    }
}

/// A tick with its word in it. `why`: it is ticked by something else and cannot be changed here.
#[component]
pub fn Chip(
    word: &'static str,
    #[prop(into)] label: String,
    #[prop(into)] on: Signal<bool>,
    #[prop(into)] why: Signal<Option<String>>,
    set: Callback<bool>,
) -> impl IntoView {
    let given = move || why.with(Option::is_some);
    view! {
        <label class="pick" class:pick--given=given title=move || why.get()>
            <input
                type="checkbox"
                aria-label=label
                prop:checked=move || on.get() || given()
                disabled=given
                on:change:target=move |event| set.run(event.target().checked())
            />
            <span>{word}</span>
        </label>
    }
}
