//! The dialog that makes a guest's link to one recording, and shows it once.

use crate::components::admin::link_dialog::{LinkFrame, lives};
use crate::components::admin::token_dialog::{DAY_S, Lasts, Tick};
use crate::components::entry::EntryField;
use crate::components::form::{DialogForm, Form};
use crate::hooks::api::admin as api;
use crate::hooks::local_time::from_now;
use crate::model::{CameraAction, LinkInput, LinkKind};
use crate::text::admin as link_words;
use crate::text::recordings as words;
use leptos::prelude::*;

/// `gives`: what whoever shares may let others do with it, of [`CameraAction::Audio`] and [`CameraAction::Export`]. `made` hears when there is a new link, `close` of every end.
#[component]
pub fn ShareDialog(id: i64, camera_id: i64, gives: Vec<CameraAction>, close: Callback<()>, made: Callback<()>) -> impl IntoView {
    let fields = move |done| view! { <Fields id camera_id gives=gives.clone() close done /> }.into_any();
    view! { <LinkFrame title=words::SHARE_TITLE help=words::SHARE_ONCE close made fields /> }
}

#[component]
fn Fields(id: i64, camera_id: i64, gives: Vec<CameraAction>, close: Callback<()>, done: Callback<String>) -> impl IntoView {
    let label = RwSignal::new(String::new());
    let days = RwSignal::new(Some(7_u32));
    let (hears, exports) = (gives.contains(&CameraAction::Audio), gives.contains(&CameraAction::Export));
    let (sound, download) = (RwSignal::new(hears), RwSignal::new(false));
    let form = Form::new(&["label"]);
    let submit = move || {
        let also = |action, ticked: RwSignal<bool>| ticked.get_untracked().then_some(action);
        let also = [also(CameraAction::Audio, sound), also(CameraAction::Export, download)];
        let input = LinkInput {
            kind: LinkKind::Guest,
            label: label.get_untracked(),
            camera_id,
            stream: None,
            recording_id: Some(id),
            actions: std::iter::once(CameraAction::Playback).chain(also.into_iter().flatten()).collect(),
            expires_at: from_now(i64::from(days.get_untracked().unwrap_or(1)) * DAY_S),
        };
        form.send(async move { api::add_link(&input).await }, move |link| done.run(link.path.unwrap_or_default()));
    };
    view! {
        <DialogForm form submit close label=link_words::TOKEN_DO busy_label=link_words::MAKING>
            <p class="field__hint">{words::SHARE_TEXT}</p>
            <EntryField
                id="link-label"
                label=link_words::LINK_LABEL
                value=label
                complaint=form.complaint("label")
                autocomplete="off"
                hint=link_words::LINK_LABEL_HINT
                autofocus=true
            />
            <Lasts id="link-ends" label=link_words::LINK_ENDS lives=lives(LinkKind::Guest) days />
            <div class="admin__chips">
                {hears.then(|| view! { <Tick word=link_words::LINK_SOUND on=sound /> })}
                {exports.then(|| view! { <Tick word=words::SHARE_DOWNLOAD on=download /> })}
            </div>
        </DialogForm>
    }
}
