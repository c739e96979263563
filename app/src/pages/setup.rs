//! The first run at `/setup`: makes the first account and leads on to `welcome`.

use crate::components::entry::{EntryCard, EntryField, Meter};
use crate::hooks::{api, place};
use crate::model::{FirstAdmin, Password, Problem};
use crate::text;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;

#[component]
pub fn SetupPage() -> impl IntoView {
    let fresh = || RwSignal::new(String::new());
    let (token, name, password, again) = (fresh(), fresh(), fresh(), fresh());
    let problem = RwSignal::new(None::<Problem>);
    let busy = RwSignal::new(false);
    // What belongs to no field stands at the last one.
    let complaint = move |field: &'static str, rest: bool| {
        Signal::derive(move || {
            problem.with(|problem| {
                let problem = problem.as_ref()?;
                let here = problem.field.as_deref().map_or(rest, |named| named == field);
                here.then(|| problem.detail.clone())
            })
        })
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        if password.get_untracked() != again.get_untracked() {
            problem.set(Some(mismatch()));
            return;
        }
        busy.set(true);
        problem.set(None);
        let body = FirstAdmin {
            setup_token: Password(token.get_untracked()),
            username: name.get_untracked(),
            password: Password(password.get_untracked()),
        };
        spawn_local(async move {
            match api::set_up(&body).await {
                Ok(()) => place::go("/welcome"),
                Err(found) => {
                    problem.set(Some(found));
                    busy.set(false);
                }
            }
        });
    };
    view! {
        <Title text=text::pages::title(text::people::SETUP) />
        <EntryCard title=text::people::SETUP help=text::people::SETUP_TEXT>
            <p class="entry__step">{text::people::step(1)}</p>
            <form class="entry__form" method="post" on:submit=submit>
                <EntryField
                    id="setup_token"
                    label=text::people::SETUP_TOKEN
                    value=token
                    complaint=complaint("setup_token", false)
                    autocomplete="off"
                    hint=text::people::SETUP_TOKEN_HINT
                    autofocus=true
                />
                <EntryField id="username" label=text::people::USER value=name complaint=complaint("username", false) autocomplete="username" />
                <EntryField
                    id="password"
                    label=text::people::PASSWORD
                    value=password
                    complaint=complaint("password", false)
                    autocomplete="new-password"
                    secret=true
                />
                <Meter value=password />
                <EntryField
                    id="again"
                    label=text::people::PASSWORD_AGAIN
                    value=again
                    complaint=complaint("again", true)
                    autocomplete="new-password"
                    secret=true
                />
                <button type="submit" class="button button--primary" aria-busy=move || busy.get().to_string() disabled=move || busy.get()>
                    {move || if busy.get() { text::people::SETTING_UP } else { text::people::SETUP_DO }}
                </button>
            </form>
        </EntryCard>
    }
}

fn mismatch() -> Problem {
    Problem {
        kind: "about:blank".to_owned(),
        title: String::new(),
        status: 422,
        code: "not_the_same".to_owned(),
        detail: text::people::NOT_THE_SAME.to_owned(),
        field: Some("again".to_owned()),
    }
}
