//! A camera's menu, opened by its button or a right click. One for the page, above everything.

use crate::components::icon::{Glyph, Icon};
use crate::components::tile::recording::toggle;
use crate::hooks::keys::use_keys;
use crate::hooks::{api, role};
use crate::model::{Camera, CameraAction, CameraPatch};
use crate::state::dialog::MenuRequest;
use crate::state::{Dialog, Dialogs, Toasts, Wall, use_details, use_dialogs, use_toasts, use_wall};
use crate::text;
use crate::view::streams::streams_of;
use leptos::ev;
use leptos::html::Div;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlElement, Node};

/// Its size for keeping it inside the window, CSS pixels.
const WIDTH: f64 = 220.0;
const HEIGHT: f64 = 536.0;

#[component]
pub fn TileMenu() -> impl IntoView {
    let (dialogs, wall) = (use_dialogs(), use_wall());
    // A camera that is gone by now has none.
    let asked = move |request: MenuRequest| Some((request, untrack(|| wall.camera(request.camera_id))?));
    move || dialogs.menu.get().and_then(asked).map(|(request, camera)| view! { <OpenMenu request camera /> })
}

#[component]
fn Entry(
    glyph: Glyph,
    #[prop(into)] label: Signal<String>,
    #[prop(optional)] danger: bool,
    on_press: impl Fn() + 'static,
) -> impl IntoView {
    view! {
        <button type="button" role="menuitem" class="menu__entry" class:menu__entry--danger=danger on:click=move |_| on_press()>
            <Icon glyph=glyph />
            {move || label.get()}
        </button>
    }
}

/// What the entries do, for one camera. Each closes the menu first.
#[derive(Clone, Copy)]
struct Deeds {
    id: i64,
    wall: Wall,
    dialogs: Dialogs,
    toasts: Toasts,
}

impl Deeds {
    fn close(self) {
        self.dialogs.menu.set(None);
    }

    /// Changes the camera; `told` is said of it as it is then.
    fn change(self, patch: CameraPatch, told: fn(&Camera) -> String) {
        self.close();
        let Self { id, wall, toasts, .. } = self;
        spawn_local(async move {
            match api::update_camera(id, &patch, true).await {
                Ok(camera) => {
                    toasts.good(told(&camera));
                    wall.upsert(camera);
                }
                Err(problem) => toasts.bad(problem.detail),
            }
        });
    }

    fn turn(self, on: bool) {
        let patch = CameraPatch { enabled: Some(on), ..CameraPatch::default() };
        self.change(patch, |camera| text::turned(&camera.name, camera.enabled));
    }

    fn hide(self, hidden: bool) {
        let patch = CameraPatch { hidden: Some(hidden), ..CameraPatch::default() };
        self.change(patch, |camera| text::hidden_or_shown(&camera.name, camera.hidden));
    }

    /// Moves the camera by so many places.
    fn shift(self, step: isize) {
        self.close();
        let Some(order) = self.wall.moved(self.id, step) else { return };
        spawn_local(async move {
            // The new order comes back over the live line, for every page that is open.
            if let Err(problem) = api::reorder_cameras(order).await {
                self.toasts.bad(problem.detail);
            }
        });
    }

    fn restart(self, camera: &Camera) {
        self.close();
        let (name, streams) = (camera.name.clone(), streams_of(camera));
        spawn_local(async move {
            let mut failed = None;
            for key in streams {
                if let Err(problem) = api::restart(key.camera_id, key.quality).await {
                    failed.get_or_insert(problem);
                }
            }
            match failed {
                None => self.toasts.good(text::restarting(&name)),
                Some(problem) => self.toasts.bad(problem.detail),
            }
        });
    }
}

#[component]
fn OpenMenu(request: MenuRequest, camera: Camera) -> impl IntoView {
    let (wall, dialogs, details) = (use_wall(), use_dialogs(), use_details());
    let id = request.camera_id;
    let deeds = Deeds { id, wall, dialogs, toasts: use_toasts() };
    let element = NodeRef::<Div>::new();
    use_focus_within(element, move || deeds.close());

    let camera = StoredValue::new(camera);
    let (enabled, hidden) = camera.with_value(|camera| (camera.enabled, camera.hidden));
    let edits = camera.with_value(|camera| camera.may(CameraAction::Configure));
    let plays = camera.with_value(|camera| camera.may(CameraAction::Playback));
    let records = untrack(|| wall.records(id));
    // Which cameras there are, and in which order, is for admins.
    let administers = role::administers();
    let (left, top) = corner(&request);
    view! {
        <div
            class="panel menu"
            role="menu"
            aria-label=camera.with_value(|camera| text::actions_for(&camera.name))
            node_ref=element
            style:left=format!("{left}px")
            style:top=format!("{top}px")
        >
            {edits.then(|| view! { <Entry glyph=Glyph::Pencil label=text::EDIT on_press=move || dialogs.show(Dialog::Edit(id)) /> })}
            <Entry
                glyph=Glyph::Info
                label=text::DETAILS
                on_press=move || {
                    deeds.close();
                    details.toggle(id);
                }
            />
            {records.then(|| view! { <RecordEntry deeds /> })}
            {plays
                .then(|| {
                    view! {
                        <a role="menuitem" class="menu__entry" href=format!("/recordings?camera={id}") on:click=move |_| deeds.close()>
                            <Icon glyph=Glyph::Film />
                            {text::recordings::RECORDINGS}
                        </a>
                    }
                })}
            <Entry glyph=Glyph::Clock label=text::history::OPEN on_press=move || dialogs.show(Dialog::History(id)) />
            <Entry
                glyph=Glyph::Signal
                label=text::PICTURE_WATCH
                on_press=move || {
                    deeds.close();
                    dialogs.toggle_watched(id);
                }
            />
            {(enabled && role::operates())
                .then(|| {
                    let restart = move || camera.with_value(|camera| deeds.restart(camera));
                    view! { <Entry glyph=Glyph::Refresh label=text::RESTART on_press=restart /> }
                })}
            {edits
                .then(|| {
                    let label = if enabled { text::TURN_OFF } else { text::TURN_ON };
                    view! { <Entry glyph=Glyph::Power label on_press=move || deeds.turn(!enabled) /> }
                })}
            {administers.then(|| view! { <Moves deeds /> })}
            {edits
                .then(|| {
                    let (glyph, label) = if hidden { (Glyph::Eye, text::UNHIDE) } else { (Glyph::EyeOff, text::HIDE) };
                    view! { <Entry glyph label on_press=move || deeds.hide(!hidden) /> }
                })}
            {administers
                .then(|| {
                    view! {
                        <hr />
                        <Entry glyph=Glyph::Trash label=text::DELETE danger=true on_press=move || dialogs.show(Dialog::Delete(id)) />
                    }
                })}
        </div>
    }
}

/// Starts a recording, or ends the one that runs.
#[component]
fn RecordEntry(deeds: Deeds) -> impl IntoView {
    let Deeds { id, wall, toasts, .. } = deeds;
    // As it was when the menu opened: it must not change under the finger.
    let running = StoredValue::new(untrack(|| wall.recording(id)));
    let (glyph, label) = match running.get_value() {
        Some(_) => (Glyph::Stop, text::recordings::STOP),
        None => (Glyph::Record, text::recordings::RECORD),
    };
    let press = move || {
        deeds.close();
        toggle(wall, toasts, id, running.get_value());
    };
    view! { <Entry glyph label on_press=press /> }
}

/// One place to the front and one to the back, where there is a camera.
#[component]
fn Moves(deeds: Deeds) -> impl IntoView {
    [(Glyph::ChevronLeft, text::MOVE_EARLIER, -1), (Glyph::ChevronRight, text::MOVE_LATER, 1)].map(|(glyph, label, step)| {
        deeds.wall.moved(deeds.id, step).map(|_| view! { <Entry glyph label on_press=move || deeds.shift(step) /> })
    })
}

/// The menu's upper left corner: at the pointer, or so far from it that the menu is inside the window.
fn corner(request: &MenuRequest) -> (f64, f64) {
    let pixels = |size: Result<JsValue, JsValue>| size.ok().and_then(|size| size.as_f64()).unwrap_or(f64::INFINITY);
    let (width, height) = (pixels(window().inner_width()), pixels(window().inner_height()));
    let left = (request.x - if request.x + WIDTH > width - 8.0 { WIDTH } else { 0.0 }).max(8.0);
    let top = if request.y + HEIGHT > height - 8.0 { (request.y - HEIGHT).max(8.0) } else { request.y + 4.0 };
    (left, top)
}

/// Leads the focus into the menu and back again; closes it by Esc, Tab and a press beside it, and goes through its entries by the arrows.
fn use_focus_within(element: NodeRef<Div>, close: impl Fn() + Copy + Send + Sync + 'static) {
    Effect::new(move |_| {
        let Some(menu) = element.get() else { return };
        let before = document().active_element().and_then(|element| element.dyn_into::<HtmlElement>().ok());
        focus_entry(&menu, 0);
        let before = StoredValue::new_local(before);
        on_cleanup(move || {
            if let Some(Some(before)) = before.try_update_value(Option::take) {
                // A dialog that opens now takes the focus itself.
                let _ = before.focus();
            }
        });
    });
    Effect::new(move |_| {
        let listener = window_event_listener(ev::pointerdown, move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<Node>().ok());
            if element.get_untracked().is_some_and(|menu| !menu.contains(target.as_ref())) {
                close();
            }
        });
        on_cleanup(move || listener.remove());
    });
    use_keys(move |event| {
        let Some(menu) = element.get_untracked() else { return };
        match event.key().as_str() {
            "Escape" | "Tab" => {
                event.prevent_default();
                close();
            }
            "ArrowDown" => {
                event.prevent_default();
                focus_entry(&menu, 1);
            }
            "ArrowUp" => {
                event.prevent_default();
                focus_entry(&menu, -1);
            }
            _ => {}
        }
    });
}

/// Moves the focus by `step` entries, or to the first one if none has it.
fn focus_entry(menu: &web_sys::Element, step: i32) {
    let Ok(entries) = menu.query_selector_all("[role=menuitem]") else { return };
    let count = i32::try_from(entries.length()).unwrap_or(0);
    if count == 0 {
        return;
    }
    let active = document().active_element();
    let at = (0..count).find(|place| {
        let entry = u32::try_from(*place).ok().and_then(|place| entries.item(place));
        active.as_ref().is_some_and(|active| active.is_same_node(entry.as_ref()))
    });
    let next = at.map_or(0, |at| (at + step).rem_euclid(count));
    let entry = u32::try_from(next).ok().and_then(|place| entries.item(place));
    if let Some(entry) = entry.and_then(|entry| entry.dyn_into::<HtmlElement>().ok()) {
        // Focus can only fail for an element that is gone.
        let _ = entry.focus();
    }
}
