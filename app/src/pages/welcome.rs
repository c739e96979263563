//! After the first account at `/welcome`: where recordings go, then cameras; ends on the live wall.

use crate::components::empty::AddButtons;
use crate::components::entry::EntryCard;
use crate::components::recordings::RecordingFolder;
use crate::hooks::place;
use crate::lazy::{Lazy, dialog};
use crate::state::{Dialog, use_dialogs, use_wall};
use crate::text;
use crate::text::people as words;
use leptos::prelude::*;
use leptos_meta::Title;

#[component]
pub fn WelcomePage() -> impl IntoView {
    let cameras = RwSignal::new(false);
    view! {
        <Title text=text::pages::title(words::SETUP) />
        {move || {
            if cameras.get() {
                view! { <Cameras /> }.into_any()
            } else {
                view! {
                    <EntryCard title=words::RECORDINGS help=words::RECORDINGS_TEXT>
                        <p class="entry__step">{words::step(2)}</p>
                        <RecordingFolder action=words::NEXT on_chosen=Callback::new(move |()| cameras.set(true)) />
                    </EntryCard>
                }
                    .into_any()
            }
        }}
    }
}

#[component]
fn Cameras() -> impl IntoView {
    let (wall, dialogs) = (use_wall(), use_dialogs());
    let count = Memo::new(move |_| wall.cameras.with(Vec::len));
    view! {
        <EntryCard title=words::CAMERAS help=text::EMPTY_TEXT>
            <p class="entry__step">{words::step(3)}</p>
            <div class="entry__form">
                // The count below says that it worked.
                <AddButtons added=Callback::new(|_| ()) />
                <p class="entry__room" role="status">
                    {move || words::added_so_far(count.get())}
                </p>
                <button type="button" class="button button--primary" on:click=move |_| place::go("/")>
                    {words::TO_LIVE_WALL}
                </button>
            </div>
        </EntryCard>
        {move || match dialogs.open.get() {
            Some(Dialog::Add) => Some(dialog(Lazy::Camera(None))),
            Some(Dialog::Find) => Some(dialog(Lazy::Find)),
            _ => None,
        }}
    }
}
