//! One of a few, side by side.

use leptos::prelude::*;

/// One of a few, side by side. What they are about is said around them: by a `legend`, or by the heading that `labelled_by` names.
#[component]
pub fn Segments<T: Copy + PartialEq + Send + Sync + 'static>(
    /// Name of the group of radio buttons; unique on the page.
    name: &'static str,
    /// Value and word.
    options: Vec<(T, &'static str)>,
    #[prop(into)] chosen: Signal<T>,
    choose: impl Fn(T) + Copy + Send + Sync + 'static,
    /// Id of a heading, where no `fieldset` makes them a group.
    #[prop(optional)]
    labelled_by: Option<&'static str>,
) -> impl IntoView {
    let option = move |(value, word): (T, &'static str)| {
        view! {
            <label class="segment">
                <input type="radio" name=name prop:checked=move || chosen.get() == value on:change=move |_| choose(value) />
                <span>{word}</span>
            </label>
        }
    };
    view! {
        <div class="segments" role=labelled_by.map(|_| "radiogroup") aria-labelledby=labelled_by>
            {options.into_iter().map(option).collect_view()}
        </div>
    }
}
