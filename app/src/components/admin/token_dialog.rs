//! The dialog that makes an API token, and shows it once.

use super::chips::{Chip, Choices};
use super::in_days;
use super::secret::Secret;
use crate::components::entry::EntryField;
use crate::components::modal::Modal;
use crate::hooks::api::admin as api;
use crate::model::{Camera, Problem, TokenInput, TokenScope};
use crate::text;
use crate::text::admin as words;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// How long a token may live: days, the last for ever.
const LIVES: [Option<u32>; 5] = [Some(7), Some(30), Some(90), Some(365), None];

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
                Some(secret) => view! { <Made secret close /> }.into_any(),
                None => view! { <Form cameras=cameras.get_value() close done /> }.into_any(),
            }}
        </Modal>
    }
}

#[component]
fn Made(secret: String, close: Callback<()>) -> impl IntoView {
    view! {
        <div class="modal__body">
            <Secret label=words::TOKEN_MADE help=words::TOKEN_ONCE value=secret />
            <div>
                <p class="field__hint">{words::TOKEN_USE}</p>
                <code class="admin__code">"Authorization: Bearer nightjar_…"</code>
            </div>
        </div>
        <footer class="modal__foot">
            <span class="modal__space"></span>
            <button type="button" class="button" on:click=move |_| close.run(())>
                {words::DONE}
            </button>
        </footer>
    }
}

#[component]
fn Form(cameras: Vec<Camera>, close: Callback<()>, done: Callback<String>) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let scope = RwSignal::new(TokenScope::Read);
    let some = RwSignal::new(false);
    let chosen = RwSignal::new(Vec::<i64>::new());
    let days = RwSignal::new(Some(90_u32));
    let problem = RwSignal::new(None::<(String, String)>);
    let busy = RwSignal::new(false);
    let of = move |own: &'static str| {
        problem.with(|problem| problem.as_ref().filter(|(field, _)| field.starts_with(own)).map(|(_, sentence)| sentence.clone()))
    };
    let other =
        move || problem.with(|problem| problem.as_ref().filter(|(field, _)| field.is_empty()).map(|(_, sentence)| sentence.clone()));
    // A token that administers reaches everything.
    let narrow = Memo::new(move |_| scope.get() != TokenScope::Admin);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let only = (narrow.get_untracked() && some.get_untracked()).then(|| chosen.get_untracked());
        if only.as_ref().is_some_and(Vec::is_empty) {
            return problem.set(Some(("camera_ids".to_owned(), words::CHOOSE_CAMERAS.to_owned())));
        }
        busy.set(true);
        problem.set(None);
        let input = TokenInput {
            name: name.get_untracked(),
            scope: scope.get_untracked(),
            camera_ids: only,
            expires_at: days.get_untracked().map(in_days),
        };
        spawn_local(async move {
            match api::add_token(&input).await {
                Ok(token) => done.run(token.secret.unwrap_or_default()),
                Err(Problem { field, detail, .. }) => {
                    let field = field.filter(|field| field == "name" || field.starts_with("camera_ids")).unwrap_or_default();
                    problem.try_set(Some((field, detail)));
                    busy.try_set(false);
                }
            }
        });
    };
    let scopes = TokenScope::ALL.map(|scope| (scope, words::scope(scope), words::scope_help(scope))).to_vec();
    view! {
        <form class="form" method="post" novalidate on:submit=submit>
            <div class="modal__body">
                <EntryField
                    id="token-name"
                    label=words::TOKEN_NAME
                    value=name
                    complaint=Signal::derive(move || of("name"))
                    autocomplete="off"
                    hint=words::TOKEN_NAME_HINT
                    autofocus=true
                />
                <Choices name="scope" legend=words::TOKEN_SCOPE options=scopes chosen=scope />
                <Show when=move || narrow.get()>
                    <Cameras cameras=cameras.clone() some chosen complaint=Signal::derive(move || of("camera_ids")) />
                </Show>
                <Lasts id="token-ends" label=words::TOKEN_ENDS lives=LIVES.to_vec() days />
                {move || other().map(|sentence| view! { <p class="complaint" role="alert">{sentence}</p> })}
            </div>
            <footer class="modal__foot">
                <span class="modal__space"></span>
                <button type="button" class="button" on:click=move |_| close.run(())>
                    {text::CANCEL}
                </button>
                <button type="submit" class="button button--primary" disabled=move || busy.get()>
                    {move || if busy.get() { words::MAKING } else { words::TOKEN_DO }}
                </button>
            </footer>
        </form>
    }
}

#[component]
fn Cameras(cameras: Vec<Camera>, some: RwSignal<bool>, chosen: RwSignal<Vec<i64>>, complaint: Signal<Option<String>>) -> impl IntoView {
    let segment = move |label: &'static str, value: bool| {
        view! {
            <label class="segment">
                <input type="radio" name="reach" prop:checked=move || some.get() == value on:change=move |_| some.set(value) />
                <span>{label}</span>
            </label>
        }
    };
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
            <div class="segments">{segment(words::TOKEN_ALL, false)} {segment(words::TOKEN_SOME, true)}</div>
            <Show when=move || some.get()>
                <div class="admin__chips">{cameras.iter().cloned().map(chip).collect_view()}</div>
            </Show>
            <p class="field__complaint" role="alert">
                {move || complaint.get()}
            </p>
        </fieldset>
    }
}

/// When something ends.
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
