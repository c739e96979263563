//! The search for one camera among many: by name, group or tag, with the keyboard or a finger. What it finds opens large.
//!
//! It looks through the cameras that the page has, which are those that whoever looks at it may see.

use crate::components::modal::Modal;
use crate::state::{Enlarged, use_dialogs, use_wall};
use crate::text::search as words;
use crate::view::face::standing;
use crate::view::search::{facts, found};
use leptos::ev::KeyboardEvent;
use leptos::html::Ul;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

const LIST: &str = "search-list";

fn option_id(camera_id: i64) -> String {
    format!("search-{camera_id}")
}

#[component]
pub fn SearchDialog() -> impl IntoView {
    let (wall, dialogs) = (use_wall(), use_dialogs());
    let enlarged = Enlarged::from_address();
    let query = RwSignal::new(String::new());
    let results = Memo::new(move |_| query.with(|query| wall.find(|cameras| found(query, cameras))));
    // The camera that Enter opens: the one that was gone to, or the best, also when what is found changes meanwhile.
    let gone_to = RwSignal::new(None::<i64>);
    let chosen = Memo::new(move |_| results.with(|results| gone_to.get().filter(|id| results.contains(id)).or(results.first().copied())));
    let list = NodeRef::<Ul>::new();
    let close = move || dialogs.open.set(None);
    let open = move |id: i64| {
        close();
        enlarged.open(id);
    };
    let go = move |by: isize| {
        let next = results.with_untracked(|results| {
            let at = chosen.get_untracked().and_then(|id| results.iter().position(|known| *known == id))?;
            results.get(at.saturating_add_signed(by).min(results.len().saturating_sub(1))).copied()
        });
        gone_to.set(next);
        show(list, next);
    };
    let on_key = move |event: KeyboardEvent| {
        // Meant for an input method: it ends a word, or goes through what is proposed for it.
        if event.is_composing() {
            return;
        }
        match event.key().as_str() {
            "ArrowDown" => go(1),
            "ArrowUp" => go(-1),
            "Enter" => {
                if let Some(id) = chosen.get_untracked() {
                    open(id);
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    let on_input = move |event| {
        query.set(event_target_value(&event));
        gone_to.set(None);
    };
    view! {
        <Modal title=words::FIND narrow=true high=true on_close=Callback::new(move |()| close())>
            <div class="modal__body search">
                <div class="field">
                <input
                    // Not of type "search": there the first Esc would only empty it.
                    type="text"
                    inputmode="search"
                    role="combobox"
                    autofocus=true
                    autocomplete="off"
                    spellcheck="false"
                    enterkeyhint="go"
                    maxlength="100"
                    aria-label=words::FIELD
                    placeholder=words::FIELD
                    aria-autocomplete="list"
                    aria-controls=LIST
                    aria-expanded=move || results.with(|results| !results.is_empty()).to_string()
                    aria-activedescendant=move || chosen.get().map(option_id)
                    on:input=on_input
                    on:keydown=on_key
                />
                </div>
                <ul class="search__list" id=LIST role="listbox" aria-label=words::RESULTS node_ref=list>
                    <For each=move || results.get() key=|id| *id let:id>
                        <Row id chosen open=Callback::new(open) />
                    </For>
                </ul>
                <p class="search__nothing" role="status" class:visually-hidden=move || results.with(|results| !results.is_empty())>
                    {move || {
                        let count = results.with(Vec::len);
                        if count == 0 { words::nothing(query.get().trim()) } else { words::count(count) }
                    }}
                </p>
                <p class="search__hint" aria-hidden="true">
                    {words::HINT}
                </p>
            </div>
        </Modal>
    }
}

#[component]
fn Row(id: i64, chosen: Memo<Option<i64>>, open: Callback<i64>) -> impl IntoView {
    let wall = use_wall();
    let camera = Memo::new(move |_| wall.camera(id));
    let name = move || camera.with(|camera| camera.as_ref().map(|camera| camera.name.clone()));
    let facts = move || camera.with(|camera| camera.as_ref().map(facts).filter(|facts| !facts.is_empty()));
    let state = Memo::new(move |_| {
        let enabled = camera.with(|camera| camera.as_ref().is_some_and(|camera| camera.enabled));
        standing(enabled, wall.leading(id).as_ref().map(|seen| &seen.status))
    });
    view! {
        <li
            class="search__row"
            id=option_id(id)
            role="option"
            aria-selected=move || (chosen.get() == Some(id)).to_string()
            // The field keeps the focus.
            on:mousedown=|event| event.prevent_default()
            on:click=move |_| open.run(id)
        >
            <span class="dot" data-tone=move || state.get().0.as_str() aria-hidden="true"></span>
            <span class="search__words">
                <span class="search__name">{name}</span>
                <span class="search__facts">
                    {facts}
                </span>
            </span>
            <span class="search__state">{move || state.get().1}</span>
        </li>
    }
}

/// Brings a row into sight.
fn show(list: NodeRef<Ul>, camera_id: Option<i64>) {
    let row = camera_id.and_then(|id| document().get_element_by_id(&option_id(id)));
    let row = row.and_then(|row| row.dyn_into::<HtmlElement>().ok());
    if let (Some(list), Some(row)) = (list.get_untracked(), row) {
        let (top, bottom) = (row.offset_top(), row.offset_top() + row.offset_height());
        if top < list.scroll_top() {
            list.set_scroll_top(top);
        } else if bottom > list.scroll_top() + list.client_height() {
            list.set_scroll_top(bottom - list.client_height());
        }
    }
}
