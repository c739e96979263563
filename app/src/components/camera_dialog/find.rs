//! The list of cameras on the network: asked for when it opens, and still there after one of them was added.

use super::{Form, Stage};
use crate::components::icon::{Glyph, Icon};
use crate::hooks::api;
use crate::hooks::timer::after;
use crate::model::{DiscoveryReport, FoundDevice};
use crate::text::find as words;
use crate::view::form::Draft;
use crate::view::found::{Maker, draft, facts, known_as, title};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// What is kept while the dialog is open.
#[derive(Clone, Copy)]
pub struct Finder {
    /// The newest answer, or why there is none.
    result: RwSignal<Option<Result<DiscoveryReport, String>>>,
    searching: RwSignal<bool>,
    /// The device whose form is shown.
    pub chosen: RwSignal<Option<FoundDevice>>,
    /// What had been typed before it was chosen.
    typed: RwSignal<Draft>,
    /// What was added from the list just now, in a sentence.
    pub added: RwSignal<Option<String>>,
}

impl Finder {
    pub fn new() -> Self {
        Self {
            result: RwSignal::new(None),
            searching: RwSignal::new(false),
            chosen: RwSignal::new(None),
            typed: RwSignal::new(Draft::new()),
            added: RwSignal::new(None),
        }
    }

    fn search(self) {
        if self.searching.get_untracked() {
            return;
        }
        self.searching.set(true);
        self.added.set(None);
        spawn_local(async move {
            let answer = api::discover().await.map_err(|problem| problem.detail);
            // The dialog may have been closed.
            self.result.try_set(Some(answer));
            self.searching.try_set(false);
        });
    }
}

/// Shows the list, and searches if that was not done yet.
pub fn open_list(form: Form) {
    if form.finder.chosen.get_untracked().is_some() {
        form.finder.chosen.set(None);
        let typed = form.finder.typed.get_untracked();
        form.edit(|draft| *draft = typed);
    }
    form.stage.set(Stage::Find);
    lead_to("found-list");
}

fn choose(form: Form, device: FoundDevice) {
    let draft = form.wall.cameras.with_untracked(|cameras| draft(&device, cameras.iter().map(|camera| camera.name.as_str())));
    form.finder.typed.set(form.draft.get_untracked());
    form.finder.added.set(None);
    form.edit(|old| *old = draft);
    form.finder.chosen.set(Some(device));
    form.stage.set(Stage::Form);
    lead_to("found-chosen");
}

/// The focus goes to what has come in the place of what was pressed.
fn lead_to(id: &'static str) {
    after(0, move || {
        if let Some(element) = document().get_element_by_id(id).and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
            // Fails only for an element that is gone.
            let _ = element.focus();
        }
    });
}

#[component]
pub fn Find(form: Form, close: Callback<()>) -> impl IntoView {
    let finder = form.finder;
    if finder.result.with_untracked(Option::is_none) {
        finder.search();
    }
    let by_address = move |_| {
        form.stage.set(Stage::Form);
        lead_to("camera-name");
    };
    view! {
        <div class="form">
            <div class="modal__body found" id="found-list" tabindex="-1" role="group" aria-label=words::TITLE>
                // Read aloud; the list itself, which may be long, is not.
                <div class="found__said" role="status">
                    {move || match finder.result.get() {
                        _ if finder.searching.get() => view! { <Searching /> }.into_any(),
                        None => ().into_any(),
                        Some(Err(sentence)) => view! {
                            <div class="verdict verdict--bad">
                                <Icon glyph=Glyph::Alert />
                                <p>{sentence}</p>
                            </div>
                        }
                        .into_any(),
                        Some(Ok(report)) => view! { <Outcome finder devices=report.devices.len() /> }.into_any(),
                    }}
                </div>
                {move || match finder.result.get() {
                    _ if finder.searching.get() => ().into_any(),
                    None | Some(Err(_)) => ().into_any(),
                    Some(Ok(report)) if report.devices.is_empty() => view! { <Nothing report /> }.into_any(),
                    Some(Ok(report)) => view! { <Devices form report /> }.into_any(),
                }}
            </div>
            <footer class="modal__foot found__foot">
                // Not `disabled`: it would lose the focus.
                <button type="button" class="button" aria-disabled=move || finder.searching.get().to_string() on:click=move |_| finder.search()>
                    <Icon glyph=Glyph::Refresh />
                    {words::AGAIN}
                </button>
                <span class="modal__space"></span>
                <button type="button" class="button button--quiet" on:click=by_address>
                    {words::BY_ADDRESS}
                </button>
                <button type="button" class="button button--primary" on:click=move |_| close.run(())>
                    {words::DONE}
                </button>
            </footer>
        </div>
    }
}

#[component]
fn Searching() -> impl IntoView {
    view! {
        <div class="found__wait">
            <span class="found__radar" aria-hidden="true">
                <Icon glyph=Glyph::Search />
            </span>
            <p class="found__title">{words::SEARCHING}</p>
            <p class="field__hint">{words::SEARCHING_TEXT}</p>
        </div>
    }
}

/// What a search came to, or what was done with it since.
#[component]
fn Outcome(finder: Finder, devices: usize) -> impl IntoView {
    move || match finder.added.get() {
        Some(added) => view! { <p class="found__new">{added}</p> }.into_any(),
        None if devices == 0 => view! { <p class="found__title">{words::NOTHING}</p> }.into_any(),
        None => view! { <p class="field__hint">{words::answered(devices)}</p> }.into_any(),
    }
}

/// What to look at when nobody answered.
#[component]
fn Nothing(report: DiscoveryReport) -> impl IntoView {
    let from = (!report.searched_from.is_empty()).then(|| words::searched_from(&report.searched_from));
    view! {
        <div class="found__nothing">
            <ul>{words::NOTHING_TEXT.map(|text| view! { <li>{text}</li> }).into_iter().collect_view()}</ul>
            <p>{words::NOTHING_ADDRESS}</p>
            {from.map(|from| view! { <p class="field__hint">{from}</p> })}
        </div>
    }
}

#[component]
fn Devices(form: Form, report: DiscoveryReport) -> impl IntoView {
    view! {
        <ul class="found__list" aria-label=words::LIST>
            {report.devices.into_iter().map(|device| view! { <Row form device /> }).collect_view()}
        </ul>
    }
}

#[component]
fn Row(form: Form, device: FoundDevice) -> impl IntoView {
    let known = {
        let device = device.clone();
        Memo::new(move |_| form.wall.cameras.with(|cameras| known_as(&device, cameras).map(words::added_as)))
    };
    let (name, facts) = (title(&device).to_owned(), facts(&device));
    view! {
        <li>
            <button type="button" class="found__row" on:click=move |_| choose(form, device.clone())>
                <span class="found__icon" class:found__icon--added=move || known.with(Option::is_some)>
                    <Icon glyph=Signal::derive(move || if known.with(Option::is_some) { Glyph::Check } else { Glyph::Camera }) />
                </span>
                <span class="found__words">
                    <span class="found__name">{name}</span>
                    <span class="found__facts">{facts}</span>
                    {move || known.get().map(|known| view! { <span class="found__added">{known}</span> })}
                </span>
                <Icon glyph=Glyph::ChevronRight />
            </button>
        </li>
    }
}

/// The way from the form to the list.
#[component]
pub fn FindEntry(form: Form) -> impl IntoView {
    view! {
        <button
            type="button"
            class="found__row found__row--entry"
            // What is being saved would come back to a form with something else in it.
            disabled=move || form.busy.get().is_some()
            on:click=move |_| open_list(form)
        >
            <span class="found__icon">
                <Icon glyph=Glyph::Search />
            </span>
            <span class="found__words">
                <span class="found__name">{words::FIND}</span>
                <span class="found__facts">{words::FIND_TEXT}</span>
            </span>
            <Icon glyph=Glyph::ChevronRight />
        </button>
    }
}

/// Over the form of a chosen device: what it is, and what its addresses are worth.
#[component]
pub fn Chosen(device: FoundDevice) -> impl IntoView {
    let worth = Maker::of(&device).map_or_else(|| words::NOT_PROPOSED.to_owned(), |maker| words::proposed(maker.label()));
    view! {
        <div class="found__chosen" id="found-chosen" tabindex="-1" role="group" aria-label=words::CHOSEN>
            <p class="found__facts">{facts(&device)}</p>
            <p class="field__hint">{worth}</p>
        </div>
    }
}
