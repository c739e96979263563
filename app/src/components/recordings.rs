//! Choosing the folder that recordings go to.

use crate::components::entry::EntryField;
use crate::components::form::Form;
use crate::hooks::api;
use crate::model::{RecordingPlace, RecordingPlaceInput};
use crate::text::people as words;
use crate::view::number;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The folder with the room on its disk, and a field for another one. `on_chosen` runs once the server has taken it.
#[component]
pub fn RecordingFolder(action: &'static str, on_chosen: Callback<()>) -> impl IntoView {
    let place = RwSignal::new(None::<Result<RecordingPlace, String>>);
    let folder = RwSignal::new(String::new());
    let form = Form::new(&[]).rest_at("folder");
    let take = move |found: RecordingPlace| {
        // The page may have been left.
        folder.try_set(found.folder.clone());
        place.try_set(Some(Ok(found)));
    };
    Effect::new(move |_| {
        spawn_local(async move {
            match api::recording_place().await {
                Ok(found) => take(found),
                Err(problem) => {
                    place.try_set(Some(Err(problem.detail)));
                }
            }
        });
    });
    let submit = form.on_submit(move || {
        let default =
            place.with_untracked(|place| matches!(place, Some(Ok(place)) if place.is_default && place.folder == folder.get_untracked()));
        let input = RecordingPlaceInput { folder: (!default).then(|| folder.get_untracked()) };
        form.send(async move { api::choose_recording_place(&input).await }, move |found| {
            take(found);
            form.rest();
            on_chosen.run(());
        });
    });
    let room = move || {
        place.with(|place| match place {
            None => words::LOADING.to_owned(),
            Some(Err(sentence)) => sentence.clone(),
            Some(Ok(place)) => match (&place.problem, place.free_bytes, place.total_bytes) {
                (Some(problem), ..) => problem.clone(),
                (None, Some(free), Some(total)) => words::room(&number::bytes(free), &number::bytes(total)),
                (None, ..) => String::new(),
            },
        })
    };
    let wrong = move || place.with(|place| matches!(place, Some(Ok(place)) if place.problem.is_some()));
    view! {
        <form class="entry__form" method="post" on:submit=submit>
            <EntryField
                id="folder"
                label=words::FOLDER
                value=folder
                complaint=form.complaint("folder")
                autocomplete="off"
                hint=words::FOLDER_HINT
            />
            <p class="entry__room" class:entry__room--wrong=wrong role="status">
                {room}
            </p>
            <button type="submit" class="button button--primary" aria-busy=move || form.is_busy().to_string() disabled=move || form.is_busy()>
                {action}
            </button>
        </form>
    }
}
