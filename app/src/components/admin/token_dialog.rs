//! The dialog that makes an API token, and shows it once.

use super::chips::{Chip, Choices};
use super::secret::{Made, Secret};
use crate::components::entry::EntryField;
use crate::components::form::{DialogForm, Form};
use crate::components::modal::Modal;
use crate::components::segments::Segments;
use crate::hooks::api::admin as api;
use crate::hooks::local_time::from_now;
use crate::model::{Camera, TokenInput, TokenScope};
use crate::text::admin as words;
use leptos::prelude::*;

/// A day in seconds.
pub const DAY_S: i64 = 86_400;
/// How long a token may live: days, the last for ever.
const LIVES: [Option<u32>; 5] = [Some(7), Some(30), Some(90), Some(365), None];

/// `made` hears when there is a new token, `close` of every end.
#[component]
pub fn TokenDialog(cameras: Vec<Camera>, close: Callback<()>, made: Callback<()>) -> impl IntoView {
    let secret = RwSignal::new(None::<String>);
    let cameras = StoredValue::new(cameras);
    let title = move || if secret.with(Option::is_some) { words::TOKEN_MADE } else { words::TOKEN_ADD };
    let done = Callback::new(move |told: String| {
        secret.set(Some(told));
        made.run(());
    });
    view! {
        <Modal title=Signal::derive(move || title().to_owned()) on_close=close>
            {move || match secret.get() {
                Some(secret) => view! {
                    <Made close>
                        <Secret label=words::TOKEN_MADE help=words::TOKEN_ONCE value=secret />
                        <div>
                            <p class="field__hint">{words::TOKEN_USE}</p>
                            <code class="admin__code">"Authorization: Bearer nightjar_…"</code>
                        </div>
                    </Made>
                }
                    .into_any(),
                None => view! { <Fields cameras=cameras.get_value() close done /> }.into_any(),
            }}
        </Modal>
    }
}

#[component]
fn Fields(cameras: Vec<Camera>, close: Callback<()>, done: Callback<String>) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let scope = RwSignal::new(TokenScope::Read);
    let some = RwSignal::new(false);
    let chosen = RwSignal::new(Vec::<i64>::new());
    let days = RwSignal::new(Some(90_u32));
    let form = Form::new(&["name", "camera_ids"]);
    // A token that administers reaches everything.
    let narrow = Memo::new(move |_| scope.get() != TokenScope::Admin);
    let submit = move || {
        let only = (narrow.get_untracked() && some.get_untracked()).then(|| chosen.get_untracked());
        if only.as_ref().is_some_and(Vec::is_empty) {
            return form.complain("camera_ids", words::CHOOSE_CAMERAS);
        }
        let input = TokenInput {
            name: name.get_untracked(),
            scope: scope.get_untracked(),
            camera_ids: only,
            expires_at: days.get_untracked().map(|days| from_now(i64::from(days) * DAY_S)),
        };
        form.send(async move { api::add_token(&input).await }, move |token| done.run(token.secret.unwrap_or_default()));
    };
    let scopes = TokenScope::ALL.map(|scope| (scope, words::scope(scope), words::scope_help(scope))).to_vec();
    view! {
        <DialogForm form submit close label=words::TOKEN_DO busy_label=words::MAKING>
            <EntryField
                id="token-name"
                label=words::TOKEN_NAME
                value=name
                complaint=form.complaint("name")
                autocomplete="off"
                hint=words::TOKEN_NAME_HINT
                autofocus=true
            />
            <Choices name="scope" legend=words::TOKEN_SCOPE options=scopes chosen=scope />
            <Show when=move || narrow.get()>
                <Cameras cameras=cameras.clone() some chosen complaint=form.complaint("camera_ids") />
            </Show>
            <Lasts id="token-ends" label=words::TOKEN_ENDS lives=LIVES.to_vec() days />
        </DialogForm>
    }
}

/// Whether the token reaches all cameras or some, and which.
#[component]
fn Cameras(cameras: Vec<Camera>, some: RwSignal<bool>, chosen: RwSignal<Vec<i64>>, complaint: Signal<Option<String>>) -> impl IntoView {
    let chip = move |camera: Camera| {
        let id = camera.id;
        let on = Signal::derive(move || chosen.with(|chosen| chosen.contains(&id)));
        let set = Callback::new(move |on: bool| {
            chosen.update(|chosen| {
                chosen.retain(|other| *other != id);
                if on {
                    chosen.push(id);
                }
            });
        });
        view! {
            <label class="pick">
                <input type="checkbox" prop:checked=move || on.get() on:change:target=move |event| set.run(event.target().checked()) />
                <span>{camera.name}</span>
            </label>
        }
    };
    let none = cameras.is_empty();
    view! {
        <fieldset class="field" disabled=none>
            <legend>{words::TOKEN_REACH}</legend>
            <Segments name="reach" options=vec![(false, words::TOKEN_ALL), (true, words::TOKEN_SOME)] chosen=some choose=move |value| some.set(value) />
            <Show when=move || some.get()>
                <div class="admin__chips">{cameras.iter().cloned().map(chip).collect_view()}</div>
            </Show>
            <p class="field__complaint" role="alert">
                {move || complaint.get()}
            </p>
        </fieldset>
    }
}

/// When something ends. `lives`: the days that can be chosen, None for never.
#[component]
pub fn Lasts(id: &'static str, label: &'static str, lives: Vec<Option<u32>>, days: RwSignal<Option<u32>>) -> impl IntoView {
    let value = |days: Option<u32>| days.map_or_else(String::new, |days| days.to_string());
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <select id=id on:change:target=move |event| days.set(event.target().value().parse().ok())>
                {lives
                    .into_iter()
                    .map(|life| {
                        view! {
                            <option value=value(life) selected=move || days.get() == life>
                                {words::lasts(life)}
                            </option>
                        }
                    })
                    .collect_view()}
            </select>
        </div>
    }
}

/// A tick that stands alone, under a heading of its own.
#[component]
pub fn Tick(word: &'static str, on: RwSignal<bool>) -> impl IntoView {
    view! { <Chip word label=word on why=None set=Callback::new(move |value| on.set(value)) /> }
}
