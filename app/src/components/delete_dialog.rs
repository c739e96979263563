//! Asks before a camera is deleted.

use crate::components::confirm::Confirm;
use crate::hooks::api;
use crate::state::{use_dialogs, use_toasts, use_wall};
use crate::text;
use leptos::prelude::*;

#[component]
pub fn DeleteDialog(id: i64) -> impl IntoView {
    let (wall, dialogs, toasts) = (use_wall(), use_dialogs(), use_toasts());
    let name = untrack(|| wall.camera(id)).map(|camera| camera.name).unwrap_or_default();
    let title = text::delete_title(&name);
    let act = move || async move {
        match api::delete_camera(id).await {
            // Somebody else was quicker.
            Err(problem) if problem.status == 404 => Ok(()),
            answer => answer,
        }
    };
    let done = Callback::new(move |()| {
        wall.remove(id);
        toasts.good(text::deleted(&name));
    });
    view! {
        <Confirm
            title
            sentence=text::DELETE_TEXT
            label=text::DELETE_DO
            busy_label=text::DELETING
            act
            done
            close=Callback::new(move |()| dialogs.open.set(None))
        />
    }
}
