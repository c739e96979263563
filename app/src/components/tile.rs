//! A camera on the wall: picture, name, state, controls. Enlarged, the same element fills the page.

pub mod controls;
pub mod cover;
pub mod details;
pub mod layer;

use crate::components::tile::controls::TileControls;
use crate::components::tile::cover::TileCover;
use crate::components::tile::details::TileDetails;
use crate::components::tile::layer::{Layer, LiveVideo};
use crate::hooks::timer::after;
use crate::hooks::visible::use_in_sight;
use crate::model::Quality;
use crate::state::dialog::MenuRequest;
use crate::state::{Enlarged, use_dialogs, use_wall};
use crate::text;
use crate::view::face::{PlayerPhase, face};
use crate::view::number;
use leptos::ev::MouseEvent;
use leptos::html::Article;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::PointerEvent;

/// How long the controls stay after a tap.
const TOUCHED_MS: u32 = 4_000;

#[component]
pub fn Tile(id: i64, enlarged: Enlarged) -> impl IntoView {
    let (wall, dialogs) = (use_wall(), use_dialogs());
    let root = NodeRef::<Article>::new();
    let in_sight = use_in_sight(root);

    let camera = Memo::new(move |_| wall.camera(id));
    let name = Memo::new(move |_| camera.with(|camera| camera.as_ref().map(|camera| camera.name.clone()).unwrap_or_default()));
    let enabled = Memo::new(move |_| camera.with(|camera| camera.as_ref().is_some_and(|camera| camera.enabled)));
    let large = Memo::new(move |_| enlarged.id.get() == Some(id));
    let covered = Memo::new(move |_| enlarged.id.get().is_some_and(|other| other != id));

    let (sub, main) = (Layer::new(), Layer::new());
    let wanted = Memo::new(move |_| enabled.get() && in_sight.get() && wall.page_visible.get() && !covered.get());
    // Main starts behind when the tile is enlarged; when it is shrunk, main stays in front until sub has a picture again.
    let keep_main = Memo::new(move |before: Option<&bool>| large.get() || (before == Some(&true) && !covered.get() && !sub.is_playing()));
    let main_shown = Memo::new(move |_| keep_main.get() && main.has_picture.get());
    let sub_active = Memo::new(move |_| wanted.get() && !(large.get() && main.is_playing()));
    let phase = Memo::new(move |_| if main_shown.get() { main.phase.get() } else { sub.phase.get() });
    let status = Memo::new(move |_| {
        let main_status = main_shown.get().then(|| wall.status(id, Quality::Main)).flatten();
        main_status.or_else(|| wall.leading(id)).map(|seen| seen.status)
    });
    let state = Memo::new(move |_| face(enabled.get(), status.get().as_ref(), phase.get()));

    let has_audio = Memo::new(move |_| {
        [Quality::Main, Quality::Sub].into_iter().any(|quality| wall.status(id, quality).is_some_and(|seen| seen.status.audio.is_some()))
    });
    let muted = Memo::new(move |_| wall.listening.get() != Some(id));
    let latency = Memo::new(move |_| {
        let stats = if main_shown.get() { main.stats.get() } else { sub.stats.get() };
        let live = phase.get() == PlayerPhase::Playing;
        stats.filter(|_| live).and_then(|stats| stats.latency_ms).map(number::latency)
    });
    // Asked for only if there has been a frame, and kept from then on.
    let poster = Memo::new(move |before: Option<&bool>| {
        before == Some(&true)
            || [Quality::Main, Quality::Sub]
                .into_iter()
                .any(|quality| wall.status(id, quality).is_some_and(|seen| seen.status.last_frame_age_ms.is_some()))
    });
    let details = Memo::new(move |_| dialogs.details.with(|shown| shown.contains(&id)));

    let touched = RwSignal::new(false);
    // Counts what makes an earlier tap's time-out void.
    let touches = StoredValue::new(0_u32);
    let touch = move |shows: bool| {
        touches.update_value(|count| *count = count.wrapping_add(1));
        touched.set(shows);
    };
    // A tap that led to the enlarged camera is used up: back on the wall the first tap shows the controls again.
    Effect::new(move |_| {
        if large.get() {
            touch(false);
        }
    });
    let on_open = move |event: MouseEvent| {
        event.prevent_default();
        let by_touch = event.dyn_ref::<PointerEvent>().is_some_and(|pointer| pointer.pointer_type() == "touch");
        if by_touch && !touched.get_untracked() {
            touch(true);
            let this = touches.get_value();
            after(TOUCHED_MS, move || {
                if touches.try_get_value() == Some(this) {
                    touched.try_set(false);
                }
            });
        } else if !large.get_untracked() {
            enlarged.open(id);
        }
    };
    let on_menu = move |event: MouseEvent| {
        event.prevent_default();
        dialogs.menu.set(Some(MenuRequest { camera_id: id, x: f64::from(event.client_x()), y: f64::from(event.client_y()) }));
    };

    view! {
        <article
            class="tile"
            class:tile--large=move || large.get()
            class:tile--touched=move || touched.get()
            class:tile--dimmed=move || state.with(|state| state.is_dimmed())
            node_ref=root
            data-camera=id.to_string()
            data-tone=move || state.with(|state| state.tone.as_str())
            data-quality=move || if main_shown.get() { "main" } else { "sub" }
            aria-label=move || name.get()
            inert=move || covered.get()
            on:contextmenu=on_menu
        >
            <div class="tile__picture">
                <Show when=move || poster.get()>
                    <img
                        class="tile__poster"
                        src=format!("/api/v1/cameras/{id}/snapshot.jpg?width=640")
                        alt=""
                        decoding="async"
                        draggable="false"
                    />
                </Show>
                <LiveVideo
                    camera_id=id
                    quality=Quality::Sub
                    layer=sub
                    active=sub_active
                    muted=Signal::derive(move || muted.get() || main_shown.get())
                    shown=Signal::derive(move || !main_shown.get())
                />
                <Show when=move || keep_main.get()>
                    <LiveVideo
                        camera_id=id
                        quality=Quality::Main
                        layer=main
                        active=wanted
                        muted=Signal::derive(move || muted.get() || !main_shown.get())
                        shown=main_shown
                    />
                </Show>
            </div>
            <a class="tile__open" href=format!("/camera/{id}") aria-label=move || text::enlarge(&name.get()) draggable="false" on:click=on_open></a>
            <TileCover id face=state sub main />
            <Show when=move || details.get()>
                <TileDetails id main_shown sub main />
            </Show>
            <div class="tile__plate">
                <span class="tile__name">{move || name.get()}</span>
                <span class="tile__state">
                    <span class="dot" aria-hidden="true"></span>
                    {move || state.with(|state| state.word)}
                </span>
                <span class="tile__latency" title=text::LATENCY_HELP>
                    {move || latency.get()}
                </span>
            </div>
            <TileControls id name has_audio muted details large enlarged sub main />
        </article>
    }
}
