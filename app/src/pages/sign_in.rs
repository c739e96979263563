//! Signing in at `/sign-in`; leads back to where one was.

use crate::components::entry::{EntryCard, EntryField};
use crate::hooks::{api, place};
use crate::text;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;

#[component]
pub fn SignInPage() -> impl IntoView {
    let (name, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let complaint = RwSignal::new(None::<String>);
    let (busy, stay) = (RwSignal::new(false), RwSignal::new(false));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        complaint.set(None);
        spawn_local(async move {
            match api::sign_in(&name.get_untracked(), &password.get_untracked(), stay.get_untracked()).await {
                // Stays busy until the next page is there.
                Ok(_) => place::go(&place::after_sign_in()),
                Err(problem) => {
                    password.set(String::new());
                    complaint.set(Some(problem.detail));
                    busy.set(false);
                }
            }
        });
    };
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
                    complaint=complaint.into()
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
                <button type="submit" class="button button--primary" aria-busy=move || busy.get().to_string() disabled=move || busy.get()>
                    {move || if busy.get() { text::people::SIGNING_IN } else { text::people::SIGN_IN }}
                </button>
                <p class="field__hint">{text::people::FORGOT}</p>
            </form>
        </EntryCard>
    }
}
