//! The dialog that adds a person.

use super::chips::Choices;
use crate::components::entry::{EntryField, Meter};
use crate::components::form::{DialogForm, Form};
use crate::components::modal::Modal;
use crate::hooks::api::admin as api;
use crate::hooks::random;
use crate::model::{Password, Role, UserInfo, UserInput};
use crate::text::admin as words;
use leptos::prelude::*;

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

/// `done` hears of the account once it is made, `close` of every end.
#[component]
pub fn AddPerson(close: Callback<()>, done: Callback<UserInfo>) -> impl IntoView {
    let (name, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let role = RwSignal::new(Role::Viewer);
    let form = Form::new(&["username", "password"]);
    let submit = move || {
        if name.with_untracked(|name| name.trim().is_empty()) {
            return form.complain("username", words::NAME_MISSING);
        }
        if password.with_untracked(String::is_empty) {
            return form.complain("password", words::PASSWORD_MISSING);
        }
        let input = UserInput {
            username: name.get_untracked(),
            password: Password(password.get_untracked()),
            role: role.get_untracked(),
            grants: None,
        };
        form.send(async move { api::add_user(&input).await }, move |user| {
            close.run(());
            done.run(user);
        });
    };
    let options = Role::ALL.map(|role| (role, words::role(role), words::role_help(role))).to_vec();
    view! {
        <Modal title=words::ADD.to_owned() on_close=close>
            <DialogForm form submit close label=words::ADD_DO busy_label=words::ADDING>
                <EntryField
                    id="username"
                    label=words::NAME
                    value=name
                    complaint=form.complaint("username")
                    autocomplete="off"
                    hint=words::NAME_HINT
                    autofocus=true
                />
                <NewPasswordField value=password label=words::PASSWORD complaint=form.complaint("password") />
                <Choices name="role" legend=words::ROLE options chosen=role />
            </DialogForm>
        </Modal>
    }
}
