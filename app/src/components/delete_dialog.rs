//! Asks before a camera is deleted.

use crate::components::modal::Modal;
use crate::hooks::api;
use crate::state::{use_dialogs, use_toasts, use_wall};
use crate::text;
use leptos::prelude::*;
use leptos::task::spawn_local;

#[component]
pub fn DeleteDialog(id: i64) -> impl IntoView {
    let (wall, dialogs, toasts) = (use_wall(), use_dialogs(), use_toasts());
    let name = StoredValue::new(untrack(|| wall.camera(id)).map(|camera| camera.name).unwrap_or_default());
    let busy = RwSignal::new(false);
    let failure = RwSignal::new(None::<String>);
    let close = move || dialogs.open.set(None);
    let delete = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let name = name.get_value();
        spawn_local(async move {
            match api::delete_camera(id).await {
                Ok(()) => {
                    close();
                    wall.remove(id);
                    toasts.good(text::deleted(&name));
                }
                // Somebody else was quicker.
                Err(problem) if problem.status == 404 => {
                    close();
                    wall.remove(id);
                }
                Err(problem) => {
                    failure.try_set(Some(problem.detail));
                    busy.try_set(false);
                }
            }
        });
    };
    view! {
        <Modal title=name.with_value(|name| text::delete_title(name)) narrow=true on_close=Callback::new(move |()| close())>
            <div class="modal__body">
                <p>{text::DELETE_TEXT}</p>
                {move || failure.get().map(|sentence| view! { <p class="complaint" role="alert">{sentence}</p> })}
            </div>
            <footer class="modal__foot">
                <span class="modal__space"></span>
                <button type="button" class="button" autofocus=true on:click=move |_| close()>
                    {text::CANCEL}
                </button>
                <button type="button" class="button button--danger" disabled=move || busy.get() on:click=delete>
                    {move || if busy.get() { text::DELETING } else { text::DELETE_DO }}
                </button>
            </footer>
        </Modal>
    }
}
