//! Everybody who may sign in, at `/people`. For admins.

use crate::components::admin::add_person::AddPerson;
use crate::components::admin::{Answer, Tabs};
use crate::components::icon::{Glyph, Icon};
use crate::hooks::api::admin as api;
use crate::hooks::local_time::when;
use crate::model::{Problem, Role, UserInfo};
use crate::state::use_toasts;
use crate::text;
use crate::text::admin as words;
use crate::view::grants::reach;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use leptos_router::hooks::use_navigate;

#[component]
pub fn PeoplePage() -> impl IntoView {
    let toasts = use_toasts();
    let people = RwSignal::new(None::<Result<Vec<UserInfo>, Problem>>);
    let adding = RwSignal::new(false);
    let load = move || {
        spawn_local(async move {
            let answer = api::users().await;
            // The page may have been left.
            people.try_set(Some(answer));
        });
    };
    Effect::new(move |_| load());
    let added = {
        let navigate = use_navigate();
        Callback::new(move |user: UserInfo| {
            if user.role == Role::Viewer {
                toasts.good(words::added_viewer(&user.username));
                navigate(&format!("/people/{}", user.id), leptos_router::NavigateOptions::default());
            } else {
                toasts.good(words::added(&user.username));
                load();
            }
        })
    };
    let show = |people: Vec<UserInfo>| {
        let alone = people.len() == 1;
        view! {
            <ul class="cards" aria-label=words::PEOPLE>
                {people.into_iter().map(|user| view! { <Row user /> }).collect_view()}
            </ul>
            {alone.then(|| view! { <p class="admin__quiet">{words::ALONE}</p> })}
        }
    };
    view! {
        <Title text=text::pages::title(words::PEOPLE) />
        <div class="page-head admin-head">
            <h1>{words::PEOPLE}</h1>
            <button type="button" class="button button--primary" on:click=move |_| adding.set(true)>
                <Icon glyph=Glyph::Plus />
                {words::ADD}
            </button>
        </div>
        <Tabs />
        <div class="admin">
            <p class="admin__intro">{words::PEOPLE_INTRO}</p>
            <Answer answer=people retry=Callback::new(move |()| load()) show />
        </div>
        <Show when=move || adding.get()>
            <AddPerson close=Callback::new(move |()| adding.set(false)) done=added />
        </Show>
    }
}

#[component]
fn Row(user: UserInfo) -> impl IntoView {
    let seen = user.last_sign_in_at.as_deref().map(|at| words::last_sign_in(&when(at)));
    let (state, tone) = if user.disabled {
        (words::OFF.to_owned(), "off")
    } else if seen.is_none() {
        (words::NEVER.to_owned(), "off")
    } else if user.sessions > 0 {
        (words::signed_in_at(user.sessions), "good")
    } else {
        (words::signed_in_at(0), "off")
    };
    let first: String = user.username.chars().next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
    view! {
        <li>
            <a class="card card--link" class:card--off=user.disabled href=format!("/people/{}", user.id)>
                <span class="card__letter" data-role=user.role.as_str() aria-hidden="true">
                    {first}
                </span>
                <span class="card__words">
                    <span class="card__title">
                        {user.username} {user.own.then(|| view! { <span class="tag">{words::YOU}</span> })}
                    </span>
                    <span class="card__facts">{words::role(user.role)} " · " {words::reach(reach(user.role, &user.grants))}</span>
                </span>
                <span class="card__side" data-tone=tone>
                    <span class="card__state">
                        <span class="dot" aria-hidden="true"></span>
                        {state}
                    </span>
                    {seen.map(|seen| view! { <span class="card__facts">{seen}</span> })}
                </span>
                <span class="card__more" aria-hidden="true">
                    <Icon glyph=Glyph::ChevronRight />
                </span>
            </a>
        </li>
    }
}
