//! What the forms of this application share: they are sent once at a time, and what is wrong stands where it belongs.
//!
//! A form that does more than send (the camera's dialog, the webhook: they test first) keeps a state of its own.

use crate::model::Problem;
use crate::text;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::future::Future;

/// The state of a form.
#[derive(Clone, Copy)]
pub struct Form {
    /// Fields of the request that have a place of their own for a complaint.
    fields: &'static [&'static str],
    /// The place of every other complaint.
    rest: &'static str,
    /// A place and the sentence that stands there.
    complaint: RwSignal<Option<(&'static str, String)>>,
    busy: RwSignal<bool>,
}

impl Form {
    /// `fields`: those of the request, by their names in the API, that have a place of their own for a complaint. Every other complaint
    /// stands at the place `""`, which [`DialogForm`] has.
    pub fn new(fields: &'static [&'static str]) -> Self {
        Self { fields, rest: "", complaint: RwSignal::new(None), busy: RwSignal::new(false) }
    }

    /// Every other complaint stands at this place instead.
    #[must_use]
    pub fn rest_at(self, place: &'static str) -> Self {
        Self { rest: place, ..self }
    }

    /// Whether it is being sent; tracks it.
    pub fn is_busy(self) -> bool {
        self.busy.get()
    }

    /// What stands at a place.
    pub fn complaint(self, place: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            self.complaint.with(|complaint| complaint.as_ref().filter(|(at, _)| *at == place).map(|(_, sentence)| sentence.clone()))
        })
    }

    /// Puts a sentence at a place, without sending anything.
    pub fn complain(self, place: &'static str, sentence: &str) {
        self.complaint.set(Some((place, sentence.to_owned())));
    }

    /// Nothing is wrong any more.
    pub fn clear(self) {
        self.complaint.set(None);
    }

    /// A handler for `on:submit`: nothing happens while the form is being sent.
    pub fn on_submit(self, submit: impl Fn() + 'static) -> impl Fn(SubmitEvent) + 'static {
        move |event: SubmitEvent| {
            event.prevent_default();
            self.press(&submit);
        }
    }

    /// Does what a press asks for, unless the form is being sent.
    pub fn press(self, act: impl FnOnce()) {
        if !self.busy.get_untracked() {
            act();
        }
    }

    /// Sends; the complaint of a refusal stands at its field. After a success `done` is called and the form stays busy, because most forms
    /// go away then; one that stays calls [`Form::rest`].
    pub fn send<T: 'static>(self, request: impl Future<Output = Result<T, Problem>> + 'static, done: impl FnOnce(T) + 'static) {
        self.busy.set(true);
        self.complaint.set(None);
        spawn_local(async move {
            match request.await {
                Ok(answer) => done(answer),
                Err(problem) => {
                    // The form may have gone meanwhile.
                    let place = place(self.fields, problem.field.as_deref()).unwrap_or(self.rest);
                    self.complaint.try_set(Some((place, problem.detail)));
                    self.busy.try_set(false);
                }
            }
        });
    }

    /// Takes the next press.
    pub fn rest(self) {
        self.busy.try_set(false);
    }
}

/// The place of a complaint about `field`, which may be one within a field: `camera_ids[1]`, `grants[0].target`.
fn place(fields: &[&'static str], field: Option<&str>) -> Option<&'static str> {
    let whole = field?.split(['[', '.']).next()?;
    fields.iter().copied().find(|known| *known == whole)
}

/// The sentence that belongs to no field.
#[component]
pub fn FormComplaint(form: Form) -> impl IntoView {
    let sentence = form.complaint("");
    move || sentence.get().map(|sentence| view! { <p class="complaint" role="alert">{sentence}</p> })
}

/// A form that fills a dialog: its fields, what is wrong, and a foot with a way out and a button that sends it.
#[component]
pub fn DialogForm(
    form: Form,
    submit: impl Fn() + 'static,
    close: Callback<()>,
    /// Of the button that sends it.
    label: &'static str,
    /// While it is being sent.
    busy_label: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <form class="form" method="post" novalidate on:submit=form.on_submit(submit)>
            <div class="modal__body">{children()} <FormComplaint form /></div>
            <footer class="modal__foot">
                <span class="modal__space"></span>
                <button type="button" class="button" on:click=move |_| close.run(())>
                    {text::CANCEL}
                </button>
                <button type="submit" class="button button--primary" disabled=move || form.is_busy()>
                    {move || if form.is_busy() { busy_label } else { label }}
                </button>
            </footer>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_complaint_stands_at_its_field_also_if_it_is_about_a_part_of_it() {
        let fields = ["name", "camera_ids"];
        assert_eq!(place(&fields, Some("name")), Some("name"));
        assert_eq!(place(&fields, Some("camera_ids[3]")), Some("camera_ids"));
        assert_eq!(place(&fields, Some("camera_ids.x")), Some("camera_ids"));
        assert_eq!(place(&fields, Some("expires_at")), None);
        assert_eq!(place(&fields, None), None);
    }
}
