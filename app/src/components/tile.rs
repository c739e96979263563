//! A camera on the wall: picture, name, state, controls. Enlarged, the same element fills the page.

pub mod controls;
pub mod cover;
pub mod details;
pub mod flag;
pub mod layer;
mod reading;
pub mod recording;
mod stage;
pub mod watch;

use crate::components::icon::{Glyph, Icon};
use crate::components::tile::controls::TileControls;
use crate::components::tile::cover::TileCover;
use crate::components::tile::details::TileDetails;
use crate::components::tile::flag::TileFlag;
use crate::components::tile::layer::LiveVideo;
use crate::components::tile::reading::Reading;
use crate::components::tile::recording::RecordingMark;
use crate::components::tile::stage::Stage;
use crate::components::tile::watch::PictureWatch;
use crate::hooks::poster::use_poster;
use crate::hooks::timer::after;
use crate::hooks::visible::use_in_sight;
use crate::live::snapshot_address;
use crate::model::{Quality, StreamStatus};
use crate::state::dialog::MenuRequest;
use crate::state::{Enlarged, use_details, use_dialogs, use_wall};
use crate::text;
use crate::view::face::Face;
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
    let stage = Stage::new(id, enlarged, enabled, in_sight);
    let reading = Reading::new(id, stage, enabled);

    let of_any = move |has: fn(&StreamStatus) -> bool| {
        [Quality::Main, Quality::Sub].into_iter().any(|quality| wall.status(id, quality).is_some_and(|seen| has(&seen.status)))
    };
    let has_audio = Memo::new(move |_| of_any(|status| status.sound));
    let muted = Memo::new(move |_| wall.listening.get() != Some(id));
    // Asked for only if there has been a frame, and kept from then on.
    let poster = Memo::new(move |before: Option<&bool>| before == Some(&true) || of_any(|status| status.last_frame_age_ms.is_some()));
    let blank = Memo::new(move |_| poster.get() && reading.line_up.get() && stage.visible.get() && !stage.front().has_picture.get());
    let still = use_poster(id, blank);
    let picture_age = Memo::new(move |_| reading.picture_age(still));
    let alerted = Memo::new(move |_| wall.alerts.with(|alerts| alerts.iter().any(|alert| alert.camera_id == id)));
    let watched = Memo::new(move |_| dialogs.watched.with(|shown| shown.contains(&id)));
    let shown_details = use_details();
    // They lie in the same place.
    let details = Memo::new(move |_| !watched.get() && shown_details.choice.with(|choice| choice.shows(id)));

    let touch = Touch::new();
    // A tap that led to the enlarged camera is used up: back on the wall the first tap shows the controls again.
    Effect::new(move |_| {
        if stage.large.get() {
            touch.end();
        }
    });
    let on_open = move |event: MouseEvent| {
        event.prevent_default();
        if !touch.takes(&event) && !stage.large.get_untracked() {
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
            class:tile--large=move || stage.large.get()
            class:tile--touched=move || touch.shown.get()
            class:tile--dimmed=move || reading.face.with(Face::is_dimmed)
            class:tile--old=move || reading.face.with(Face::is_old)
            node_ref=root
            data-camera=id.to_string()
            data-tone=move || reading.face.with(|face| face.tone.as_str())
            data-quality=move || if stage.main_shown.get() { "main" } else { "sub" }
            aria-label=move || name.get()
            inert=move || stage.covered.get()
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
                <Videos id stage muted />
            </div>
            <a class="tile__open" href=format!("/camera/{id}") aria-label=move || text::enlarge(&name.get()) draggable="false" on:click=on_open></a>
            <TileCover id face=reading.face stage />
            <TileFlag remark=reading.remark />
            <Show when=move || details.get()>
                <TileDetails id stage moving=Signal::derive(move || reading.is_moving()) />
            </Show>
            <Show when=move || watched.get()>
                <PictureWatch id stage />
            </Show>
            <RecordingMark id />
            <Plate name alerted face=reading.face latency=reading.latency picture_age />
            <TileControls id name has_audio muted details enlarged stage />
        </article>
    }
}

/// The two players, one behind the other.
#[component]
fn Videos(id: i64, stage: Stage, muted: Memo<bool>) -> impl IntoView {
    let main_shown = stage.main_shown;
    view! {
        <LiveVideo
            camera_id=id
            quality=Quality::Sub
            layer=stage.sub
            active=stage.sub_active
            muted=Signal::derive(move || muted.get() || main_shown.get())
            shown=Signal::derive(move || !main_shown.get())
        />
        <Show when=move || stage.keep_main.get()>
            <LiveVideo
                camera_id=id
                quality=Quality::Main
                layer=stage.main
                active=stage.wanted
                muted=Signal::derive(move || muted.get() || !main_shown.get())
                shown=main_shown
            />
        </Show>
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
