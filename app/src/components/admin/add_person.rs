//! The dialog that adds a person.

use super::chips::Choices;
use crate::components::entry::{EntryField, Meter};
use crate::components::modal::Modal;
use crate::hooks::api::admin as api;
use crate::hooks::random;
use crate::model::{Password, Problem, Role, UserInfo, UserInput};
use crate::text;
use crate::text::admin as words;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The field of a new password, with its meter and a button that makes one up.
#[component]
pub fn NewPasswordField(value: RwSignal<String>, label: &'static str, complaint: Signal<Option<String>>) -> impl IntoView {
    let suggest = move |_| {
        if let Some(password) = random::password() {
            value.set(password);
        }
    };
    view! {
        <div class="new-password">
            <EntryField id="password" label=label value=value complaint=complaint autocomplete="new-password" secret=true />
            <Meter value=value />
            <div class="new-password__foot">
                <p class="field__hint">{words::PASSWORD_HINT}</p>
                <button type="button" class="button button--small" on:click=suggest>
                    {words::SUGGEST}
                </button>
            </div>
        </div>
    }
}

#[component]
pub fn AddPerson(close: Callback<()>, done: Callback<UserInfo>) -> impl IntoView {
    let (name, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let role = RwSignal::new(Role::Viewer);
    let problem = RwSignal::new(None::<(String, String)>);
    let busy = RwSignal::new(false);
    let complaint = move |own: &'static str| {
        Signal::derive(move || {
            problem.with(|problem| problem.as_ref().filter(|(field, _)| field == own).map(|(_, sentence)| sentence.clone()))
        })
    };
    let other =
        move || problem.with(|problem| problem.as_ref().filter(|(field, _)| field.is_empty()).map(|(_, sentence)| sentence.clone()));
    let complain = move |field: &str, sentence: &str| problem.set(Some((field.to_owned(), sentence.to_owned())));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        if name.with_untracked(|name| name.trim().is_empty()) {
            return complain("username", words::NAME_MISSING);
        }
        if password.with_untracked(String::is_empty) {
            return complain("password", words::PASSWORD_MISSING);
        }
        busy.set(true);
        problem.set(None);
        let input = UserInput {
            username: name.get_untracked(),
            password: Password(password.get_untracked()),
            role: role.get_untracked(),
            grants: None,
        };
        spawn_local(async move {
            match api::add_user(&input).await {
                Ok(user) => {
                    close.run(());
                    done.run(user);
                }
                Err(Problem { field, detail, .. }) => {
                    let field = field.filter(|field| field == "username" || field == "password").unwrap_or_default();
                    problem.try_set(Some((field, detail)));
                    busy.try_set(false);
                }
            }
        });
    };
    let options = Role::ALL.map(|role| (role, words::role(role), words::role_help(role))).to_vec();
    view! {
        <Modal title=words::ADD.to_owned() on_close=close>
            <form class="form" method="post" novalidate on:submit=submit>
                <div class="modal__body">
                    <EntryField
                        id="username"
                        label=words::NAME
                        value=name
                        complaint=complaint("username")
                        autocomplete="off"
                        hint=words::NAME_HINT
                        autofocus=true
                    />
                    <NewPasswordField value=password label=words::PASSWORD complaint=complaint("password") />
                    <Choices name="role" legend=words::ROLE options chosen=role />
                    {move || other().map(|sentence| view! { <p class="complaint" role="alert">{sentence}</p> })}
                </div>
                <footer class="modal__foot">
                    <span class="modal__space"></span>
                    <button type="button" class="button" on:click=move |_| close.run(())>
                        {text::CANCEL}
                    </button>
                    <button type="submit" class="button button--primary" disabled=move || busy.get()>
                        {move || if busy.get() { words::ADDING } else { words::ADD_DO }}
                    </button>
                </footer>
            </form>
        </Modal>
    }
}
