//! Signing in at `/sign-in`; leads back to where one was.

use crate::components::entry::{EntryCard, EntryField};
use crate::components::form::Form;
use crate::hooks::{api, place};
use crate::text;
use leptos::prelude::*;
use leptos_meta::Title;

#[component]
pub fn SignInPage() -> impl IntoView {
    let (name, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let stay = RwSignal::new(false);
    let form = Form::new(&[]).rest_at("password");
    let submit = form.on_submit(move || {
        let (typed_name, typed_password, stay) = (name.get_untracked(), password.get_untracked(), stay.get_untracked());
        let signing_in = async move {
            let answer = api::sign_in(&typed_name, &typed_password, stay).await;
            if answer.is_err() {
                password.try_set(String::new());
            }
            answer
        };
        // Stays busy until the next page is there.
        form.send(signing_in, |_| place::go(&place::after_sign_in()));
    });
    view! {
        <Title text=text::pages::title(text::people::SIGN_IN) />
        <EntryCard title=text::people::SIGN_IN help=text::people::SIGN_IN_TEXT>
            <form class="entry__form" method="post" on:submit=submit>
                <EntryField
                    id="username"
                    label=text::people::USER
                    value=name
                    complaint=Signal::derive(|| None)
                    autocomplete="username"
                    autofocus=true
                />
                <EntryField
                    id="password"
                    label=text::people::PASSWORD
                    value=password
                    complaint=form.complaint("password")
                    autocomplete="current-password"
                    secret=true
                />
                <button
                    type="button"
                    class="switch"
                    role="switch"
                    aria-checked=move || stay.get().to_string()
                    on:click=move |_| stay.update(|stay| *stay = !*stay)
                >
                    <span class="switch__words">
                        <span>{text::people::STAY}</span>
                        <span class="field__hint">{text::people::STAY_HINT}</span>
                    </span>
                    <span class="switch__track" aria-hidden="true"></span>
                </button>
                <button type="submit" class="button button--primary" aria-busy=move || form.is_busy().to_string() disabled=move || form.is_busy()>
                    {move || if form.is_busy() { text::people::SIGNING_IN } else { text::people::SIGN_IN }}
                </button>
                <p class="field__hint">{text::people::FORGOT}</p>
            </form>
        </EntryCard>
    }
}
