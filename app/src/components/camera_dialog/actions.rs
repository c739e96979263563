//! What the dialog's buttons do.

use super::find::open_list;
use super::{Busy, Form};
use crate::hooks::api;
use crate::text;
use crate::view::form::{Complaint, Field};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Opens the streams as typed and shows what they give.
pub fn test(form: Form) {
    form.draft.update(|draft| draft.tidy());
    let draft = form.draft.get_untracked();
    if let Err((field, sentence)) = draft.check_sources() {
        return complain(form, Complaint::local(field, sentence));
    }
    begin(form, Busy::Test);
    let mut input = draft.input();
    if input.name.is_empty() {
        // A test needs no name, the body does.
        input.name = text::TEST.to_owned();
    }
    let camera_id = form.camera.with_value(|camera| camera.as_ref().map(|camera| camera.id));
    spawn_local(async move {
        let result = api::probe(&input, camera_id).await;
        // The dialog may have been closed, or the address changed, while the camera was asked.
        if form.draft.try_get_untracked() != Some(draft) {
            form.busy.try_set(None);
            return;
        }
        form.busy.set(None);
        match result {
            Ok(report) => form.report.set(Some(report)),
            Err(problem) => complain(form, Complaint { can_force: false, ..Complaint::of(&problem) }),
        }
    });
}

/// Saves; the server tries the camera first unless `force`.
pub fn save(form: Form, force: bool) {
    if form.busy.get_untracked().is_some() {
        return;
    }
    form.draft.update(|draft| draft.tidy());
    let draft = form.draft.get_untracked();
    if let Err((field, sentence)) = draft.check() {
        return complain(form, Complaint::local(field, sentence));
    }
    begin(form, Busy::Save);
    let before = form.camera.get_value();
    let Form { wall, dialogs, toasts, .. } = form;
    spawn_local(async move {
        let result = match &before {
            Some(camera) => api::update_camera(camera.id, &draft.patch(camera), force).await,
            None => api::create_camera(&draft.input(), force).await,
        };
        match result {
            Ok(camera) => {
                let sentence = if before.is_some() { text::saved(&camera.name) } else { text::added(&camera.name) };
                wall.upsert(camera);
                // For the next one. The list says it: a toast would lie behind the dialog.
                if form.finder.chosen.try_with_untracked(Option::is_some) == Some(true) {
                    form.busy.set(None);
                    open_list(form);
                    return form.finder.added.set(Some(sentence));
                }
                toasts.good(sentence);
                // Only this dialog closes: it may have been closed and another one opened.
                if form.busy.try_set(None).is_none() {
                    dialogs.open.set(None);
                }
            }
            Err(problem) => {
                if form.busy.try_set(None).is_none() {
                    complain(form, Complaint::of(&problem));
                } else {
                    toasts.bad(problem.detail);
                }
            }
        }
    });
}

fn begin(form: Form, busy: Busy) {
    form.complaint.set(None);
    form.report.set(None);
    form.busy.set(Some(busy));
}

/// Shows the complaint and leads the eye to its field.
fn complain(form: Form, complaint: Complaint) {
    let field = complaint.field;
    form.complaint.set(Some(complaint));
    if let Some(element) =
        field.map(Field::id).and_then(|id| document().get_element_by_id(id)).and_then(|element| element.dyn_into::<HtmlElement>().ok())
    {
        // Fails only for an element that is gone.
        let _ = element.focus();
    }
}
