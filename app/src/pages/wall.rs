//! The camera wall at `/`, and one camera enlarged over it at `/camera/{id}`.

use crate::backend::{ServerBackend, WallData, load_wall};
use crate::components::banner::Banner;
use crate::components::empty::{AllHidden, EmptyWall, Skeletons};
use crate::components::header::Header;
use crate::components::icon::{Glyph, IconButton};
use crate::components::tile::Tile;
use crate::components::tile_menu::TileMenu;
use crate::hooks::keys::use_keys;
use crate::hooks::size::use_room;
use crate::lazy::{Lazy, dialog};
use crate::pages::not_found::NotFound;
use crate::state::{Dialog, Enlarged, use_details, use_dialogs, use_style, use_toasts, use_wall};
use crate::text;
use crate::view::layout::{grid, neighbour};
use leptos::ev::KeyboardEvent;
use leptos::html::Main;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Loads the first state, then shows the wall. The browser takes over the state that came with the page.
#[component]
pub fn WallPage() -> impl IntoView {
    let wall = use_wall();
    let first = Resource::new_blocking(|| (), |()| load_wall());
    // As the document was asked for. Later the wall follows the address itself.
    let asked = use_location().pathname.get_untracked();
    view! {
        <Suspense fallback=Skeletons>
            {move || {
                let (asked, backend) = (asked.clone(), use_context::<ServerBackend>());
                Suspend::new(async move {
                match first.await {
                    Ok(data) if leads_nowhere(&asked, &data) => {
                        if let Some(backend) = backend {
                            backend.0.missing();
                        }
                        return view! { <NotFound /> }.into_any();
                    }
                    // What came over the live line meanwhile is newer.
                    Ok(data) if !wall.loaded.get_untracked() => wall.seed(data),
                    Ok(_) => {}
                    Err(_) => wall.failed.set(true),
                }
                view! { <LoadedWall /> }.into_any()
            })}}
        </Suspense>
        <Outlet />
    }
}

/// Whether a document was asked for at an address of a camera that does not exist, for whoever asked.
fn leads_nowhere(path: &str, data: &WallData) -> bool {
    path.strip_prefix("/camera/").is_some_and(|id| {
        let id = id.trim_end_matches('/').parse::<i64>();
        id.map_or(true, |id| data.cameras.iter().all(|camera| camera.id != id))
    })
}

#[component]
fn LoadedWall() -> impl IntoView {
    let (wall, style, toasts) = (use_wall(), use_style(), use_toasts());
    let enlarged = Enlarged::from_address();
    let shown = Memo::new(move |_| wall.shown(style.wall.get().show_hidden, enlarged.id.get()));
    let count = Memo::new(move |_| shown.with(Vec::len));
    let element = NodeRef::<Main>::new();
    let room = use_room(element);
    let shape = Memo::new(move |_| room.get().map(|room| grid(style.wall.get(), count.get(), room)));
    // The server writes the title after the body is rendered and this component's signals may be gone.
    let title = move || {
        let named =
            |id: i64| wall.cameras.try_with(|cameras| cameras.iter().find(|camera| camera.id == id).map(|camera| camera.name.clone()));
        let name = enlarged.id.try_get().flatten().and_then(|id| named(id).flatten());
        name.map_or_else(|| text::PRODUCT.to_owned(), |name| format!("{name} – {}", text::PRODUCT))
    };

    // An address of a camera that is not there leads back to the wall.
    Effect::new(move |_| {
        let missing = wall.loaded.get() && enlarged.id.get().is_some_and(|id| shown.with(|shown| !shown.contains(&id)));
        if missing {
            toasts.bad(text::NO_SUCH_CAMERA);
            enlarged.close();
        }
    });
    use_wall_keys(enlarged, shown);

    view! {
        <Title text=title />
        <div class="page" class:page--enlarged=move || enlarged.id.get().is_some()>
            <div class="page__top" inert=move || enlarged.id.get().is_some()>
                <Header />
                <Banner />
            </div>
            <main id="wall" class="wall" class:wall--spaced=move || style.wall.get().spaced node_ref=element tabindex="-1" aria-label=text::WALL>
                <Show when=move || count.get() == 0>
                    <NoTiles />
                </Show>
                <div
                    class="grid"
                    class:grid--spotlight=move || shape.get().is_some_and(|shape| shape.first_span > 1)
                    class:grid--measured=move || shape.get().is_some()
                    style:--columns=move || shape.get().map(|shape| shape.columns.to_string())
                    style:--span=move || shape.get().map(|shape| shape.first_span.to_string())
                    style:--width=move || shape.get().map(|shape| format!("{:.2}px", shape.width_px))
                    data-count=move || count.get().min(5).to_string()
                >
                    <For each=move || shown.get() key=|id| *id let:id>
                        <Tile id enlarged />
                    </For>
                </div>
            </main>
            <Show when=move || enlarged.id.get().is_some() && (count.get() > 1)>
                <Steps enlarged shown />
            </Show>
        </div>
        <TileMenu />
        <OpenDialog />
    }
}

/// The dialog that was asked for, if one was.
#[component]
fn OpenDialog() -> impl IntoView {
    let dialogs = use_dialogs();
    move || {
        dialogs.open.get().map(|open| {
            dialog(match open {
                Dialog::Add => Lazy::Camera(None),
                Dialog::Find => Lazy::Find,
                Dialog::Search => Lazy::Search,
                Dialog::Edit(id) => Lazy::Camera(Some(id)),
                Dialog::History(id) => Lazy::History(id),
                Dialog::Delete(id) => Lazy::Delete(id),
            })
        })
    }
}

/// What stands on the wall when no tile does.
#[component]
fn NoTiles() -> impl IntoView {
    let wall = use_wall();
    let any = Memo::new(move |_| wall.any());
    move || {
        if !wall.loaded.get() {
            view! { <Skeletons /> }.into_any()
        } else if any.get() {
            view! { <AllHidden /> }.into_any()
        } else {
            view! { <EmptyWall /> }.into_any()
        }
    }
}

/// The arrows to the neighbouring cameras while one is enlarged.
#[component]
fn Steps(enlarged: Enlarged, shown: Memo<Vec<i64>>) -> impl IntoView {
    let step = move |by: i64| {
        if let Some(id) = enlarged.id.get_untracked() {
            move_by(enlarged, &shown.get_untracked(), id, by);
        }
    };
    view! {
        <div class="steps steps--left">
            <IconButton glyph=Glyph::ChevronLeft label=text::PREVIOUS on_press=move |_| step(-1) />
        </div>
        <div class="steps steps--right">
            <IconButton glyph=Glyph::ChevronRight label=text::NEXT on_press=move |_| step(1) />
        </div>
    }
}

/// The arrows and Esc while a camera is enlarged; I shows the details, of that camera or of all; / looks for a camera.
fn use_wall_keys(enlarged: Enlarged, shown: Memo<Vec<i64>>) {
    let (wall, dialogs, details) = (use_wall(), use_dialogs(), use_details());
    let busy = move || dialogs.open.get_untracked().is_some() || dialogs.menu.get_untracked().is_some();
    use_keys(move |event| {
        let Some(id) = enlarged.id.get_untracked() else { return };
        if event.default_prevented() || busy() {
            return;
        }
        let step = match event.key().as_str() {
            "Escape" => return enlarged.close(),
            "ArrowRight" => 1,
            "ArrowLeft" => -1,
            _ => return,
        };
        move_by(enlarged, &shown.get_untracked(), id, step);
    });

    use_keys(move |event| {
        let plain = !(event.ctrl_key() || event.meta_key() || event.alt_key() || event.repeat());
        if !plain || busy() || event.default_prevented() || is_typing(&event) {
            return;
        }
        match (event.key().as_str(), enlarged.id.get_untracked()) {
            ("i" | "I", Some(id)) => details.toggle(id),
            ("i" | "I", None) => details.toggle_all(),
            ("/", _) if untrack(|| wall.any()) => {
                // Otherwise it is typed into the field.
                event.prevent_default();
                dialogs.show(Dialog::Search);
            }
            _ => {}
        }
    });
}

/// The key goes into a field.
fn is_typing(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
    target.is_some_and(|target| target.is_content_editable() || matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"))
}

fn move_by(enlarged: Enlarged, order: &[i64], from: i64, step: i64) {
    if let Some(next) = neighbour(order, from, step).filter(|next| *next != from) {
        enlarged.open(next);
    }
}
