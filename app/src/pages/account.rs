//! The own account at `/account`: the password, where one is signed in, and signing out.

use crate::components::entry::{EntryField, Meter};
use crate::components::form::Form;
use crate::hooks::local_time::when;
use crate::hooks::{api, place};
use crate::model::{Password, PasswordChange, Problem, SessionInfo, WhoAmI, WhoKind};
use crate::state::use_toasts;
use crate::text;
use crate::view::password::browser;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;

/// What the page knows; loaded by the browser, because it changes with every sign-in.
#[derive(Clone, Copy)]
struct Account {
    who: RwSignal<Option<WhoAmI>>,
    sessions: RwSignal<Option<Result<Vec<SessionInfo>, Problem>>>,
}

impl Account {
    fn load(self) {
        spawn_local(async move {
            if let Ok(who) = api::who_am_i().await {
                let person = who.kind == WhoKind::Person;
                self.who.try_set(Some(who));
                if person {
                    self.sessions.try_set(Some(api::sessions().await));
                }
            }
        });
    }
}

#[component]
pub fn AccountPage() -> impl IntoView {
    let account = Account { who: RwSignal::new(None), sessions: RwSignal::new(None) };
    Effect::new(move |_| account.load());
    let person = Memo::new(move |_| account.who.with(|who| who.as_ref().is_some_and(|who| who.kind == WhoKind::Person)));
    let sign_out = move |_| {
        spawn_local(async move {
            // Without an answer the session may go on: the page is loaded anew and shows it.
            let _ = api::sign_out().await;
            place::go("/sign-in");
        });
    };
    view! {
        <Title text=text::pages::title(text::people::ACCOUNT) />
        <div class="page-head">
            <h1>{text::people::ACCOUNT}</h1>
            <button type="button" class="button" on:click=sign_out>
                {text::people::SIGN_OUT}
            </button>
        </div>
        <p role="status">
            {move || {
                account.who.with(|who| who.as_ref().map_or(text::people::LOADING.to_owned(), |who| text::people::signed_in_as(&who.username, who.role)))
            }}
        </p>
        <Show when=move || person.get()>
            <div class="account">
                <PasswordForm account />
                <Sessions account />
            </div>
        </Show>
    }
}

#[component]
fn PasswordForm(account: Account) -> impl IntoView {
    let toasts = use_toasts();
    let (current, new) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let form = Form::new(&["current", "new"]).rest_at("new");
    let submit = form.on_submit(move || {
        let body = PasswordChange { current: Password(current.get_untracked()), new: Password(new.get_untracked()) };
        form.send(async move { api::change_password(&body).await }, move |()| {
            toasts.good(text::people::CHANGED);
            // The page may have been left.
            current.try_set(String::new());
            new.try_set(String::new());
            form.rest();
            account.load();
        });
    });
    view! {
        <section aria-labelledby="password-title">
            <h2 id="password-title">{text::people::CHANGE_PASSWORD}</h2>
            <form class="entry__form" method="post" on:submit=submit>
                <EntryField
                    id="current"
                    label=text::people::CURRENT_PASSWORD
                    value=current
                    complaint=form.complaint("current")
                    autocomplete="current-password"
                    secret=true
                />
                <EntryField
                    id="new"
                    label=text::people::NEW_PASSWORD
                    value=new
                    complaint=form.complaint("new")
                    autocomplete="new-password"
                    secret=true
                />
                <Meter value=new />
                <button type="submit" class="button button--primary" disabled=move || form.is_busy()>
                    {text::people::CHANGE_DO}
                </button>
            </form>
        </section>
    }
}

#[component]
fn Sessions(account: Account) -> impl IntoView {
    let toasts = use_toasts();
    let end = move |id: String| {
        spawn_local(async move {
            match api::end_session(&id).await {
                Ok(()) => account.load(),
                Err(problem) => toasts.bad(problem.detail),
            }
        });
    };
    let end_all = move |_| {
        spawn_local(async move {
            match api::end_all_sessions().await {
                Ok(()) => place::go("/sign-in"),
                Err(problem) => toasts.bad(problem.detail),
            }
        });
    };
    let row = move |session: SessionInfo| {
        let name = browser(&session.user_agent);
        // The list is loaded by the browser, which knows the viewer's time zone.
        let seen = when(&session.last_seen_at);
        let (id, label) = (session.id.clone(), text::people::end_session(&name));
        view! {
            <li class="sessions__row">
                <div>
                    <p>
                        {name} {session.current.then(|| view! { <span class="sessions__here">{text::people::THIS_ONE}</span> })}
                    </p>
                    <p class="field__hint">{text::people::session_facts(&session.address, &seen)}</p>
                </div>
                {(!session.current)
                    .then(|| {
                        view! {
                            <button type="button" class="button" aria-label=label on:click=move |_| end(id.clone())>
                                {text::people::END}
                            </button>
                        }
                    })}
            </li>
        }
    };
    view! {
        <section aria-labelledby="sessions-title">
            <h2 id="sessions-title">{text::people::SESSIONS}</h2>
            {move || match account.sessions.get() {
                None => view! { <p role="status">{text::people::LOADING}</p> }.into_any(),
                Some(Err(_)) => view! { <p role="alert">{text::people::SESSIONS_FAILED}</p> }.into_any(),
                Some(Ok(sessions)) => view! { <ul class="sessions">{sessions.into_iter().map(row).collect_view()}</ul> }.into_any(),
            }}
            <button type="button" class="button" on:click=end_all>
                {text::people::END_ALL}
            </button>
        </section>
    }
}
