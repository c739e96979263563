//! A camera on the wall: picture, name, state, controls. Enlarged, the same element fills the page.

pub mod controls;
pub mod cover;
pub mod details;
pub mod flag;
pub mod layer;
pub mod watch;

use crate::components::icon::{Glyph, Icon};
use crate::components::tile::controls::TileControls;
use crate::components::tile::cover::TileCover;
use crate::components::tile::details::TileDetails;
use crate::components::tile::flag::TileFlag;
use crate::components::tile::layer::{Layer, LiveVideo};
use crate::components::tile::watch::PictureWatch;
use crate::health::Phase;
use crate::hooks::heartbeat::browser_moment;
use crate::hooks::poster::use_poster;
use crate::hooks::timer::after;
use crate::hooks::visible::use_in_sight;
use crate::live::snapshot_address;
use crate::model::Quality;
use crate::state::dialog::MenuRequest;
use crate::state::{Enlarged, LinkState, use_details, use_dialogs, use_link, use_wall};
use crate::text;
use crate::view::face::{Evidence, Face, face};
use crate::view::flag::flag;
use crate::view::number;
use crate::view::time::age;
use leptos::ev::MouseEvent;
use leptos::html::Article;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::PointerEvent;

/// How long the controls stay after a tap.
const TOUCHED_MS: u32 = 4_000;

#[component]
pub fn Tile(id: i64, enlarged: Enlarged) -> impl IntoView {
    let (wall, dialogs, link) = (use_wall(), use_dialogs(), use_link());
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
    let front = move || if main_shown.get() { main } else { sub };
    // Once a second, and at once when the page comes back.
    let now = Memo::new(move |_| wall.now_ms.get().map(|_| browser_moment()));
    let overdue = Memo::new(move |_| now.get().zip(front().shown.get()).is_some_and(|(now, shown)| shown.is_overdue(now)));
    let line_up = Memo::new(move |_| matches!(link.state.get(), LinkState::Up | LinkState::Starting));
    let evidence = Memo::new(move |_| Evidence {
        phase: phase.get(),
        overdue: overdue.get(),
        line_up: line_up.get(),
        latency_ms: front().stats.get().and_then(|stats| stats.latency_ms),
        given_up: front().health.with(|view| view.is_some_and(|view| view.phase == Phase::GivenUp)),
    });
    let state = Memo::new(move |_| face(enabled.get(), status.get().as_ref(), &evidence.get()));
    let remark = Memo::new(move |_| {
        let live = state.with(|state| state.is_live());
        live.then(|| status.with(|status| flag(status.as_ref(), front().verdict.get().picture))).flatten()
    });

    let has_audio = Memo::new(move |_| {
        [Quality::Main, Quality::Sub].into_iter().any(|quality| wall.status(id, quality).is_some_and(|seen| seen.status.sound))
    });
    let muted = Memo::new(move |_| wall.listening.get() != Some(id));
    let latency = Memo::new(move |_| {
        let evidence = evidence.get();
        evidence.latency_ms.filter(|_| evidence.is_moving()).map(number::latency)
    });
    // Asked for only if there has been a frame, and kept from then on.
    let poster = Memo::new(move |before: Option<&bool>| {
        before == Some(&true)
            || [Quality::Main, Quality::Sub]
                .into_iter()
                .any(|quality| wall.status(id, quality).is_some_and(|seen| seen.status.last_frame_age_ms.is_some()))
    });
    let alerted = Memo::new(move |_| wall.alerts.with(|alerts| alerts.iter().any(|alert| alert.camera_id == id)));
    let blank = Memo::new(move |_| {
        poster.get() && line_up.get() && in_sight.get() && wall.page_visible.get() && !covered.get() && !front().has_picture.get()
    });
    let still = use_poster(id, blank);
    // How old the picture is that stands there, while it is not a moving one.
    let picture_age = Memo::new(move |_| {
        if evidence.get().is_moving() && !state.with(|state| state.is_dimmed()) {
            return None;
        }
        let now = now.get()?;
        let age_ms = if front().has_picture.get() { front().shown.get()?.age_ms(now) } else { still.taken()?.age_ms(now) };
        Some(text::ago(&age(age_ms as i64)))
    });
    let watched = Memo::new(move |_| dialogs.watched.with(|shown| shown.contains(&id)));
    let shown_details = use_details();
    // They lie in the same place.
    let details = Memo::new(move |_| !watched.get() && shown_details.choice.with(|choice| choice.shows(id)));

    let touch = Touch::new();
    // A tap that led to the enlarged camera is used up: back on the wall the first tap shows the controls again.
    Effect::new(move |_| {
        if large.get() {
            touch.end();
        }
    });
    let on_open = move |event: MouseEvent| {
        event.prevent_default();
        if !touch.takes(&event) && !large.get_untracked() {
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
            class:tile--touched=move || touch.shown.get()
            class:tile--dimmed=move || state.with(|state| state.is_dimmed())
            class:tile--old=move || state.with(|state| state.is_old())
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
                        src=move || still.url().unwrap_or_else(|| snapshot_address(id))
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
            <TileFlag remark />
            <Show when=move || details.get()>
                <TileDetails id main_shown moving=Signal::derive(move || evidence.get().is_moving()) sub main />
            </Show>
            <Show when=move || watched.get()>
                <PictureWatch id main_shown sub main />
            </Show>
            <Plate name alerted face=state latency picture_age />
            <TileControls id name has_audio muted details large enlarged sub main />
        </article>
    }
}

/// What a tile says of its camera, below the picture.
#[component]
fn Plate(
    name: Memo<String>,
    /// People are asked to look at it.
    alerted: Memo<bool>,
    face: Memo<Face>,
    latency: Memo<Option<String>>,
    /// Of a picture that is not a moving one.
    picture_age: Memo<Option<String>>,
) -> impl IntoView {
    view! {
        <div class="tile__plate">
            <span class="tile__name">{move || name.get()}</span>
            <Show when=move || alerted.get()>
                <span class="tile__alert" title=text::settings::NEEDS_LOOK>
                    <Icon glyph=Glyph::Alert />
                    <span class="visually-hidden">{text::settings::NEEDS_LOOK}</span>
                </span>
            </Show>
            <span class="tile__state">
                <span class="dot" aria-hidden="true"></span>
                {move || face.with(|face| face.word)}
            </span>
            <span class="tile__latency" title=text::LATENCY_HELP>
                {move || latency.get()}
            </span>
            <span class="tile__age" class:is-shown=move || picture_age.with(Option::is_some)>
                <span class="tile__age-words">{text::PICTURE_FROM}</span>
                " "
                {move || picture_age.get()}
            </span>
        </div>
    }
}

/// A finger has no hover: its first tap shows the controls for a while, the next one is a press.
#[derive(Clone, Copy)]
struct Touch {
    /// The controls stand there for a tap.
    shown: RwSignal<bool>,
    /// Counts what makes an earlier tap's time-out void.
    count: StoredValue<u32>,
}

impl Touch {
    fn new() -> Self {
        Self { shown: RwSignal::new(false), count: StoredValue::new(0) }
    }

    /// Whether a click is a finger's first tap, and so used up by showing the controls.
    fn takes(self, event: &MouseEvent) -> bool {
        let by_touch = event.dyn_ref::<PointerEvent>().is_some_and(|pointer| pointer.pointer_type() == "touch");
        let first = by_touch && !self.shown.get_untracked();
        if first {
            self.set(true);
            let this = self.count.get_value();
            after(TOUCHED_MS, move || {
                if self.count.try_get_value() == Some(this) {
                    self.shown.try_set(false);
                }
            });
        }
        first
    }

    fn end(self) {
        self.set(false);
    }

    fn set(self, shown: bool) {
        self.count.update_value(|count| *count = count.wrapping_add(1));
        self.shown.set(shown);
    }
}
