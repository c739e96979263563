//! The choice of the wall's arrangement.

use crate::components::icon::{Glyph, Icon, IconButton};
use crate::hooks::outside::use_outside;
use crate::state::{use_details, use_style, use_wall};
use crate::text;
use crate::view::layout::Layout;
use leptos::html::Div;
use leptos::prelude::*;

/// The small picture of a layout: rectangles on a 24 × 16 field as (x, y, width, height).
fn picture(layout: Layout) -> Vec<(f64, f64, f64, f64)> {
    let field = |columns: u32, rows: u32| {
        let (width, height) = (24.0 / f64::from(columns), 16.0 / f64::from(rows));
        (0..columns * rows).map(move |cell| (f64::from(cell % columns) * width, f64::from(cell / columns) * height, width, height))
    };
    match layout {
        Layout::Auto => vec![(0.0, 0.0, 12.0, 8.0), (12.0, 0.0, 12.0, 8.0), (0.0, 8.0, 12.0, 8.0), (12.0, 8.0, 12.0, 8.0)],
        Layout::Columns(columns) => field(u32::from(columns), if columns == 1 { 2 } else { u32::from(columns).min(4) }).collect(),
        Layout::OnePlusFive => spotlight(3),
        Layout::OnePlusSeven => spotlight(4),
    }
}

fn spotlight(columns: u32) -> Vec<(f64, f64, f64, f64)> {
    let (width, height, span) = (24.0 / f64::from(columns), 16.0 / f64::from(columns), f64::from(columns - 1));
    let mut cells = vec![(0.0, 0.0, width * span, height * span)];
    cells.extend((0..columns - 1).map(|row| (width * span, height * f64::from(row), width, height)));
    cells.extend((0..columns).map(|column| (width * f64::from(column), height * span, width, height)));
    cells
}

fn name(layout: Layout) -> String {
    match layout {
        Layout::Auto => text::LAYOUT_AUTO.to_owned(),
        Layout::Columns(columns) => text::columns(columns),
        Layout::OnePlusFive => text::PRESET_1_5.to_owned(),
        Layout::OnePlusSeven => text::PRESET_1_7.to_owned(),
    }
}

#[component]
fn Choice(layout: Layout, open: RwSignal<bool>) -> impl IntoView {
    let style = use_style();
    let chosen = Memo::new(move |_| style.wall.get().layout == layout);
    let cells = picture(layout)
        .into_iter()
        .map(|(x, y, width, height)| view! { <rect x=x + 0.75 y=y + 0.75 width=width - 1.5 height=height - 1.5 rx="0.8" /> })
        .collect_view();
    view! {
        <button
            type="button"
            class="layout-choice"
            role="radio"
            aria-checked=move || chosen.get().to_string()
            aria-label=name(layout)
            title=name(layout)
            on:click=move |_| {
                style.wall.update(|style| style.layout = layout);
                open.set(false);
            }
        >
            <svg viewBox="0 0 24 16" aria-hidden="true">
                {cells}
            </svg>
            {(layout == Layout::Auto).then(|| view! { <span>{text::LAYOUT_AUTO}</span> })}
        </button>
    }
}

/// The button and its panel.
#[component]
pub fn LayoutMenu() -> impl IntoView {
    let style = use_style();
    let (wall, details) = (use_wall(), use_details());
    let open = RwSignal::new(false);
    let place = NodeRef::<Div>::new();
    use_outside(place, open);
    let spaced = Memo::new(move |_| style.wall.get().spaced);
    view! {
        <div class="layout" node_ref=place>
            <IconButton
                glyph=Glyph::Grid
                label=text::LAYOUT
                pressed=Signal::from(open)
                on_press=move |_| open.update(|open| *open = !*open)
            />
            <Show when=move || open.get()>
                <div class="panel layout__panel" role="dialog" aria-label=text::LAYOUT>
                    <div role="radiogroup" aria-label=text::LAYOUT>
                        <Choice layout=Layout::Auto open />
                        <p class="panel__title">{text::LAYOUT_COLUMNS}</p>
                        <div class="layout__row">
                            {(1..=5).map(|columns| view! { <Choice layout=Layout::Columns(columns) open /> }).collect_view()}
                        </div>
                        <p class="panel__title">{text::LAYOUT_PRESETS}</p>
                        <div class="layout__row">
                            <Choice layout=Layout::OnePlusFive open />
                            <Choice layout=Layout::OnePlusSeven open />
                        </div>
                    </div>
                    <button
                        type="button"
                        class="switch"
                        role="switch"
                        aria-checked=move || spaced.get().to_string()
                        on:click=move |_| style.wall.update(|style| style.spaced = !style.spaced)
                    >
                        <Icon glyph=Glyph::Spaced />
                        <span>{text::LAYOUT_SPACING}</span>
                        <span class="switch__track" aria-hidden="true"></span>
                    </button>
                    <button
                        type="button"
                        class="switch"
                        role="switch"
                        aria-checked=move || details.choice.with(|choice| choice.all).to_string()
                        aria-keyshortcuts="I"
                        on:click=move |_| details.toggle_all()
                    >
                        <Icon glyph=Glyph::Info />
                        <span>{text::LAYOUT_DETAILS}</span>
                        <span class="switch__track" aria-hidden="true"></span>
                    </button>
                    <Show when=move || { wall.hidden() > 0 }>
                        <button
                            type="button"
                            class="switch"
                            role="switch"
                            aria-checked=move || style.wall.get().show_hidden.to_string()
                            on:click=move |_| style.wall.update(|style| style.show_hidden = !style.show_hidden)
                        >
                            <Icon glyph=Glyph::Eye />
                            <span>{move || text::hidden_cameras(wall.hidden())}</span>
                            <span class="switch__track" aria-hidden="true"></span>
                        </button>
                    </Show>
                </div>
            </Show>
        </div>
    }
}
