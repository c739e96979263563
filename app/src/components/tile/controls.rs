//! A tile's buttons: shown on hover, focus and tap, always while enlarged.

use crate::components::icon::{Glyph, Icon, IconButton};
use crate::components::tile::recording::toggle;
use crate::components::tile::stage::Stage;
use crate::state::dialog::MenuRequest;
use crate::state::{Enlarged, use_details, use_dialogs, use_toasts, use_wall};
use crate::text;
use crate::text::recordings as words;
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

#[component]
pub fn TileControls(
    id: i64,
    name: Memo<String>,
    has_audio: Memo<bool>,
    muted: Memo<bool>,
    details: Memo<bool>,
    enlarged: Enlarged,
    stage: Stage,
) -> impl IntoView {
    let (wall, dialogs, shown, toasts) = (use_wall(), use_dialogs(), use_details(), use_toasts());
    let running = Memo::new(move |_| wall.recording(id).is_some());
    let records = Memo::new(move |_| wall.records(id));
    let refresh = move |_| stage.refresh();
    let listen = move |_| wall.listening.set(if muted.get_untracked() { Some(id) } else { None });
    let more = move |event: MouseEvent| {
        let button = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
        let Some(place) = button.map(|button| button.get_bounding_client_rect()) else { return };
        dialogs.menu.set(Some(MenuRequest { camera_id: id, x: place.right(), y: place.bottom() }));
    };
    let file_name = move || format!("{}.jpg", name.get());
    view! {
        <div class="tile__controls" role="toolbar" aria-label=move || text::actions_for(&name.get())>
            <Show when=move || has_audio.get()>
                <IconButton
                    glyph=Signal::derive(move || if muted.get() { Glyph::SpeakerOff } else { Glyph::SpeakerOn })
                    label=Signal::derive(move || if muted.get() { text::UNMUTE } else { text::MUTE }.to_owned())
                    pressed=Signal::derive(move || !muted.get())
                    on_press=listen
                />
            </Show>
            <span class="tile__extra">
                <IconButton glyph=Glyph::Refresh label=text::REFRESH on_press=refresh />
                <a
                    class="icon-button"
                    href=format!("/api/v1/cameras/{id}/snapshot.jpg")
                    download=file_name
                    rel="external"
                    aria-label=text::SNAPSHOT
                    title=text::SNAPSHOT
                >
                    <Icon glyph=Glyph::Photo />
                </a>
                <IconButton
                    glyph=Glyph::Info
                    label=text::DETAILS
                    pressed=Signal::from(details)
                    on_press=move |_| shown.toggle(id)
                />
                <Show when=move || stage.large.get() && records.get()>
                    <IconButton
                        glyph=Signal::derive(move || if running.get() { Glyph::Stop } else { Glyph::Record })
                        label=Signal::derive(move || if running.get() { words::STOP } else { words::RECORD }.to_owned())
                        pressed=Signal::from(running)
                        on_press=move |_| toggle(wall, toasts, id, untrack(|| wall.recording(id)))
                    />
                </Show>
            </span>
            <IconButton glyph=Glyph::More label=text::MORE on_press=more />
            <IconButton
                glyph=Signal::derive(move || if stage.large.get() { Glyph::Shrink } else { Glyph::Enlarge })
                label=Signal::derive(move || if stage.large.get() { text::SHRINK } else { text::ENLARGE }.to_owned())
                on_press=move |_| if stage.large.get_untracked() { enlarged.close() } else { enlarged.open(id) }
            />
        </div>
    }
}
