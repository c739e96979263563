//! What every camera inherits.

use super::Sheet;
use crate::text::settings as words;
use crate::view::setting::{self, Area};
use leptos::prelude::*;

/// The areas that have no part of the page to themselves.
#[component]
pub fn Defaults(sheet: Sheet) -> impl IntoView {
    let group = move |area: Area| {
        view! {
            <fieldset class="settings__group">
                <legend>{area.label()}</legend>
                <div class="settings__rows">
                    {setting::of_area(area, None).filter_map(|known| sheet.row(known.key, None)).collect_view()}
                </div>
            </fieldset>
        }
    };
    view! {
        <section class="settings__part" aria-labelledby="defaults-title">
            <h2 id="defaults-title">{words::DEFAULTS}</h2>
            <p class="settings__intro">{words::DEFAULTS_HINT}</p>
            {Area::ALL.into_iter().filter(|area| *area != Area::Recovery).map(group).collect_view()}
        </section>
    }
}
