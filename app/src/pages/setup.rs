//! The first run at `/setup`: makes the first account and leads on to `welcome`.

use crate::components::entry::{EntryCard, EntryField, Meter};
use crate::components::form::Form;
use crate::hooks::{api, place};
use crate::model::{FirstAdmin, Password};
use crate::text;
use leptos::prelude::*;
use leptos_meta::Title;

#[component]
pub fn SetupPage() -> impl IntoView {
    let fresh = || RwSignal::new(String::new());
    let (token, name, password, again) = (fresh(), fresh(), fresh(), fresh());
    let form = Form::new(&["setup_token", "username", "password"]).rest_at("again");
    let submit = form.on_submit(move || {
        if password.get_untracked() != again.get_untracked() {
            return form.complain("again", text::people::NOT_THE_SAME);
        }
        let body = FirstAdmin {
            setup_token: Password(token.get_untracked()),
            username: name.get_untracked(),
            password: Password(password.get_untracked()),
        };
        // Stays busy until the next page is there.
        form.send(async move { api::set_up(&body).await }, |()| place::go("/welcome"));
    });
    view! {
        <Title text=text::pages::title(text::people::SETUP) />
        <EntryCard title=text::people::SETUP help=text::people::SETUP_TEXT>
            <p class="entry__step">{text::people::step(1)}</p>
            <form class="entry__form" method="post" on:submit=submit>
                <EntryField
                    id="setup_token"
                    label=text::people::SETUP_TOKEN
                    value=token
                    complaint=form.complaint("setup_token")
                    autocomplete="off"
                    hint=text::people::SETUP_TOKEN_HINT
                    autofocus=true
                />
                <EntryField id="username" label=text::people::USER value=name complaint=form.complaint("username") autocomplete="username" />
                <EntryField
                    id="password"
                    label=text::people::PASSWORD
                    value=password
                    complaint=form.complaint("password")
                    autocomplete="new-password"
                    secret=true
                />
                <Meter value=password />
                <EntryField
                    id="again"
                    label=text::people::PASSWORD_AGAIN
                    value=again
                    complaint=form.complaint("again")
                    autocomplete="new-password"
                    secret=true
                />
                <button type="submit" class="button button--primary" aria-busy=move || form.is_busy().to_string() disabled=move || form.is_busy()>
                    {move || if form.is_busy() { text::people::SETTING_UP } else { text::people::SETUP_DO }}
                </button>
            </form>
        </EntryCard>
    }
}
