//! One person at `/people/{id}`: role, what they may do, password, where they are signed in, removal. For admins.

use crate::components::admin::Answer;
use crate::components::admin::add_person::NewPasswordField;
use crate::components::admin::chips::Choices;
use crate::components::admin::grants::Grants;
use crate::components::admin::sessions::Sessions;
use crate::components::confirm::Confirm;
use crate::components::entry::EntryField;
use crate::components::form::Form;
use crate::components::icon::{Glyph, Icon};
use crate::hooks::api::admin as api;
use crate::model::{Camera, Problem, Role, UserInfo, UserPatch};
use crate::state::{Toasts, use_toasts};
use crate::text;
use crate::text::admin as words;
use crate::view::grants::Ticks;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use leptos_router::hooks::{use_navigate, use_params_map};

#[component]
pub fn PersonPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id").and_then(|id| id.parse::<i64>().ok()).unwrap_or(0)));
    let found = RwSignal::new(None::<Result<(UserInfo, Vec<Camera>), Problem>>);
    // Whom this page renamed last, and to what.
    let renamed = RwSignal::new(None::<(i64, String)>);
    let load = move || {
        let asked = id.get_untracked();
        spawn_local(async move {
            let (user, cameras) = futures::join!(api::user(asked), api::cameras());
            let answer = match (user, cameras) {
                (Ok(user), Ok(cameras)) => Ok((user, cameras)),
                (Err(problem), _) | (_, Err(problem)) => Err(problem),
            };
            // The page may have been left, or be about somebody else by now.
            if id.try_get_untracked() == Some(asked) {
                found.set(Some(answer));
            }
        });
    };
    Effect::new(move |_| {
        id.track();
        renamed.set(None);
        load();
    });
    let show = move |(user, cameras): (UserInfo, Vec<Camera>)| view! { <Person user cameras renamed /> };
    let name = move || match (renamed.get(), &*found.read()) {
        (Some((of, name)), _) if of == id.get() => name,
        (_, Some(Ok((user, _)))) => user.username.clone(),
        _ => words::PEOPLE.to_owned(),
    };
    view! {
        <Title text=move || text::pages::title(&name()) />
        <a class="back" href="/people">
            <Icon glyph=Glyph::ChevronLeft />
            {words::BACK}
        </a>
        <div class="page-head admin-head">
            <h1>{name}</h1>
        </div>
        <Answer answer=found retry=Callback::new(move |()| load()) show />
    }
}

/// What is on the page, against what is stored.
#[derive(Clone, Copy)]
struct Sheet {
    id: i64,
    own: bool,
    stored: RwSignal<UserInfo>,
    /// For the page's head.
    renamed: RwSignal<Option<(i64, String)>>,
    name: RwSignal<String>,
    role: RwSignal<Role>,
    active: RwSignal<bool>,
    ticks: RwSignal<Ticks>,
    form: Form,
    toasts: Toasts,
    /// Counts up when the sessions may have ended.
    ended: RwSignal<u32>,
}

impl Sheet {
    fn new(user: UserInfo, renamed: RwSignal<Option<(i64, String)>>) -> Self {
        let sheet = Self {
            id: user.id,
            own: user.own,
            name: RwSignal::new(String::new()),
            role: RwSignal::new(Role::Viewer),
            active: RwSignal::new(true),
            ticks: RwSignal::new(Ticks::default()),
            form: Form::new(&["username"]),
            toasts: use_toasts(),
            ended: RwSignal::new(0),
            stored: RwSignal::new(user),
            renamed,
        };
        sheet.undo();
        sheet
    }

    fn undo(self) {
        let user = self.stored.get_untracked();
        self.name.set(user.username);
        self.role.set(user.role);
        self.active.set(!user.disabled);
        self.ticks.set(Ticks::new(&user.grants));
        self.form.clear();
    }

    /// What was changed; None: nothing.
    fn patch(self) -> Option<UserPatch> {
        self.stored.with(|stored| {
            let name = self.name.get();
            let patch = UserPatch {
                username: (name.trim() != stored.username).then_some(name),
                role: Some(self.role.get()).filter(|role| *role != stored.role),
                disabled: Some(!self.active.get()).filter(|disabled| *disabled != stored.disabled),
                grants: self.ticks.with(|ticks| (!ticks.same(&Ticks::new(&stored.grants))).then(|| ticks.grants())),
            };
            (patch != UserPatch::default()).then_some(patch)
        })
    }

    fn save(self) {
        let Some(patch) = untrack(|| self.patch()) else { return };
        self.form.send(async move { api::change_user(self.id, &patch).await }, move |user| {
            self.toasts.good(words::saved(&user.username));
            self.renamed.try_set(Some((self.id, user.username.clone())));
            // The page may have been left.
            if self.stored.try_set(user).is_none() {
                self.undo();
                self.ended.update(|ended| *ended += 1);
                self.form.rest();
            }
        });
    }
}

#[component]
fn Person(user: UserInfo, cameras: Vec<Camera>, renamed: RwSignal<Option<(i64, String)>>) -> impl IntoView {
    let sheet = Sheet::new(user, renamed);
    let changed = Memo::new(move |_| sheet.patch().is_some());
    let idle = move || sheet.form.is_busy() || !changed.get();
    let cameras = StoredValue::new(cameras);
    let roles = Role::ALL.map(|role| (role, words::role(role), words::role_help(role))).to_vec();
    let other = sheet.form.complaint("");
    let role_hint = move || {
        let stored = sheet.stored.with(|stored| stored.role);
        (sheet.role.get() != stored).then_some(if sheet.own { words::OWN_ROLE } else { words::ROLE_ENDS })
    };
    view! {
        <div class="admin person">
            <section class="person__part" aria-labelledby="account-title">
                <h2 id="account-title">{words::ACCOUNT}</h2>
                <div class="person__name">
                    <EntryField
                        id="username"
                        label=words::NAME
                        value=sheet.name
                        complaint=sheet.form.complaint("username")
                        autocomplete="off"
                    />
                </div>
                <Choices name="role" legend=words::ROLE options=roles chosen=sheet.role />
                {move || role_hint().map(|hint| view! { <p class="field__hint">{hint}</p> })}
                <button
                    type="button"
                    class="switch"
                    role="switch"
                    aria-checked=move || sheet.active.get().to_string()
                    on:click=move |_| sheet.active.update(|active| *active = !*active)
                >
                    <span class="switch__words">
                        {words::ACTIVE} <span class="field__hint">{words::ACTIVE_HINT}</span>
                    </span>
                    <span class="switch__track" aria-hidden="true"></span>
                </button>
            </section>
            <section class="person__part" aria-labelledby="grants-title">
                <h2 id="grants-title">{words::GRANTS}</h2>
                <Show
                    when=move || sheet.role.get() != Role::Admin
                    fallback=|| view! { <p class="admin__intro">{words::GRANTS_ADMIN}</p> }
                >
                    <p class="admin__intro">{words::GRANTS_INTRO}</p>
                    <Grants ticks=sheet.ticks cameras=cameras.get_value() role=sheet.role />
                </Show>
            </section>
            <div class="settings__save" class:is-needed=move || changed.get()>
                {move || other.get().map(|sentence| view! { <p class="person__problem" role="alert">{sentence}</p> })}
                <button type="button" class="button button--quiet" disabled=idle on:click=move |_| sheet.undo()>
                    {words::UNDO}
                </button>
                <button type="button" class="button button--primary" disabled=idle on:click=move |_| sheet.save()>
                    {move || if sheet.form.is_busy() { words::SAVING } else { words::SAVE }}
                </button>
            </div>
            <Password sheet />
            <section class="person__part" aria-labelledby="sessions-title">
                <h2 id="sessions-title">{words::SESSIONS}</h2>
                <Sessions id=sheet.id name=Signal::derive(move || sheet.stored.with(|stored| stored.username.clone())) again=sheet.ended />
            </section>
            <Removal sheet />
        </div>
    }
}

#[component]
fn Password(sheet: Sheet) -> impl IntoView {
    let value = RwSignal::new(String::new());
    let form = Form::new(&[]).rest_at("password");
    let submit = form.on_submit(move || {
        let password = value.get_untracked();
        if password.is_empty() {
            return form.complain("password", words::PASSWORD_MISSING);
        }
        form.send(api::set_password(sheet.id, password), move |()| {
            // The page may have been left.
            if value.try_set(String::new()).is_none() {
                sheet.toasts.good(words::password_set(&sheet.stored.with_untracked(|stored| stored.username.clone())));
                sheet.ended.update(|ended| *ended += 1);
                form.rest();
            }
        });
    });
    view! {
        <section class="person__part" aria-labelledby="password-title">
            <h2 id="password-title">{words::NEW_PASSWORD}</h2>
            {if sheet.own {
                view! {
                    <p class="admin__intro">{words::PASSWORD_OWN}</p>
                    <p>
                        <a class="button" href="/account">
                            {words::TO_ACCOUNT}
                        </a>
                    </p>
                }
                    .into_any()
            } else {
                view! {
                    <p class="admin__intro">{words::PASSWORD_INTRO}</p>
                    <form class="person__name person__password" method="post" novalidate on:submit=submit>
                        <NewPasswordField value=value label=words::NEW_PASSWORD complaint=form.complaint("password") />
                        <button type="submit" class="button" disabled=move || form.is_busy()>
                            {move || if form.is_busy() { words::SAVING } else { words::PASSWORD_DO }}
                        </button>
                    </form>
                }
                    .into_any()
            }}
        </section>
    }
}

#[component]
fn Removal(sheet: Sheet) -> impl IntoView {
    let toasts = sheet.toasts;
    let asking = RwSignal::new(false);
    let name = move || sheet.stored.with_untracked(|stored| stored.username.clone());
    let (id, own) = (sheet.id, sheet.own);
    let done = {
        let navigate = use_navigate();
        Callback::new(move |()| {
            toasts.good(words::removed(&name()));
            navigate("/people", leptos_router::NavigateOptions { replace: true, ..leptos_router::NavigateOptions::default() });
        })
    };
    view! {
        <section class="person__part" aria-labelledby="remove-title">
            <h2 id="remove-title">{words::REMOVE}</h2>
            <p class="admin__intro">{words::REMOVE_INTRO}</p>
            <button type="button" class="button button--danger" on:click=move |_| asking.set(true)>
                {words::REMOVE_DO}
            </button>
            <Show when=move || asking.get()>
                <Confirm
                    title=words::remove_title(&name())
                    sentence=words::REMOVE_INTRO
                    more=if own { words::REMOVE_OWN } else { "" }
                    label=words::REMOVE_DO
                    busy_label=words::REMOVING
                    act=move || api::remove_user(id)
                    done
                    close=Callback::new(move |()| asking.set(false))
                />
            </Show>
        </section>
    }
}
