//! API tokens and links at `/tokens`. For admins.

use crate::components::admin::link_dialog::LinkDialog;
use crate::components::admin::token_dialog::TokenDialog;
use crate::components::admin::{Answer, Tabs};
use crate::components::confirm::Confirm;
use crate::components::icon::{Glyph, Icon};
use crate::hooks::api::admin as api;
use crate::hooks::api::recordings::recording;
use crate::hooks::local_time::when;
use crate::model::{Camera, LinkInfo, Problem, Recording, TokenInfo};
use crate::state::use_toasts;
use crate::text;
use crate::text::admin as words;
use crate::text::recordings as recording_words;
use crate::view::recordings::{address, camera as camera_of};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;

/// What the page shows.
#[derive(Clone)]
struct Found {
    tokens: Vec<TokenInfo>,
    links: Vec<LinkInfo>,
    cameras: Vec<Camera>,
    /// Those that links lead to and that are still there.
    recordings: Vec<Recording>,
}

/// Which dialog is open.
#[derive(Clone, PartialEq)]
enum Open {
    NewToken,
    NewLink,
    /// With its name.
    Revoke(Revocable, String),
}

/// What can be revoked, by its number.
#[derive(Clone, Copy, PartialEq)]
enum Revocable {
    Token(i64),
    Link(i64),
}

impl Revocable {
    async fn revoke(self) -> Result<(), Problem> {
        match self {
            Self::Token(id) => api::revoke_token(id).await,
            Self::Link(id) => api::revoke_link(id).await,
        }
    }
}

#[component]
pub fn TokensPage() -> impl IntoView {
    let toasts = use_toasts();
    let found = RwSignal::new(None::<Result<Found, Problem>>);
    let open = RwSignal::new(None::<Open>);
    let load = move || {
        spawn_local(async move {
            let answer = async {
                let (tokens, links, cameras) = futures::join!(api::tokens(), api::links(), api::cameras());
                let links = links?;
                let mut shared: Vec<i64> = links.iter().filter_map(|link| link.recording_id).collect();
                shared.sort_unstable();
                shared.dedup();
                let recordings = futures::future::join_all(shared.into_iter().map(recording)).await.into_iter().flatten().collect();
                Ok(Found { tokens: tokens?, links, cameras: cameras?, recordings })
            };
            let answer = answer.await;
            found.try_set(Some(answer));
        });
    };
    Effect::new(move |_| load());
    let close = Callback::new(move |()| open.set(None));
    let again = Callback::new(move |()| load());
    let cameras = move || match &*found.read() {
        Some(Ok(found)) => found.cameras.clone(),
        _ => Vec::new(),
    };
    let show = move |found: Found| view! { <Lists found open /> };
    let dialog = move || match open.get()? {
        Open::NewToken => Some(view! { <TokenDialog cameras=untrack(cameras) close made=again /> }.into_any()),
        Open::NewLink => Some(view! { <LinkDialog cameras=untrack(cameras) close made=again /> }.into_any()),
        Open::Revoke(what, name) => {
            let title = words::revoke_title(&name);
            let done = Callback::new(move |()| {
                toasts.good(words::revoked(&name));
                again.run(());
            });
            let sentence = match what {
                Revocable::Token(_) => words::REVOKE_TOKEN_TEXT,
                Revocable::Link(_) => words::REVOKE_LINK_TEXT,
            };
            let act = move || what.revoke();
            Some(view! { <Confirm title sentence label=words::REVOKE busy_label=words::REVOKING act done close /> }.into_any())
        }
    };
    view! {
        <Title text=text::pages::title(words::TAB_TOKENS) />
        <div class="page-head admin-head">
            <h1>{words::TAB_TOKENS}</h1>
        </div>
        <Tabs />
        <Answer answer=found retry=again show />
        {dialog}
    }
}

#[component]
fn Lists(found: Found, open: RwSignal<Option<Open>>) -> impl IntoView {
    let Found { tokens, links, cameras, recordings } = found;
    let names: Vec<(i64, String)> = cameras.iter().map(|camera| (camera.id, camera.name.clone())).collect();
    let camera = {
        let names = names.clone();
        move |id: i64| names.iter().find(|(own, _)| *own == id).map(|(_, name)| name.clone())
    };
    let no_tokens = tokens.is_empty();
    let no_links = links.is_empty();
    let no_cameras = cameras.is_empty();
    view! {
        <div class="admin">
            <section class="admin__part" aria-labelledby="tokens-title">
                <div class="admin__head">
                    <h2 id="tokens-title">{words::TOKENS}</h2>
                    <button type="button" class="button" on:click=move |_| open.set(Some(Open::NewToken))>
                        <Icon glyph=Glyph::Plus />
                        {words::TOKEN_ADD}
                    </button>
                </div>
                <p class="admin__intro">{words::TOKENS_INTRO}</p>
                {if no_tokens {
                    view! { <p class="admin__quiet">{words::TOKEN_NONE}</p> }.into_any()
                } else {
                    let rows = tokens.into_iter().map(|token| {
                        let names = token.camera_ids.as_ref().map(|ids| ids.iter().filter_map(|id| camera(*id)).collect::<Vec<_>>());
                        view! { <TokenRow token names open /> }
                    });
                    view! {
                        <ul class="cards" aria-label=words::TOKENS>
                            {rows.collect_view()}
                        </ul>
                    }
                        .into_any()
                }}
            </section>
            <section class="admin__part" aria-labelledby="links-title">
                <div class="admin__head">
                    <h2 id="links-title">{words::LINKS}</h2>
                    <button type="button" class="button" disabled=no_cameras on:click=move |_| open.set(Some(Open::NewLink))>
                        <Icon glyph=Glyph::Plus />
                        {words::LINK_ADD}
                    </button>
                </div>
                <p class="admin__intro">{words::LINKS_INTRO}</p>
                {if no_links {
                    view! { <p class="admin__quiet">{if no_cameras { words::LINK_NO_CAMERA } else { words::LINK_NONE }}</p> }.into_any()
                } else {
                    let rows = links.into_iter().map(|link| {
                        let name = camera(link.camera_id).unwrap_or_else(|| words::GONE_CAMERA.to_owned());
                        let recording = link.recording_id.map(|id| recordings.iter().find(|one| one.id == id).cloned());
                        view! { <LinkRow link name recording open /> }
                    });
                    view! {
                        <ul class="cards" aria-label=words::LINKS>
                            {rows.collect_view()}
                        </ul>
                    }
                        .into_any()
                }}
            </section>
        </div>
    }
}

#[component]
fn TokenRow(token: TokenInfo, names: Option<Vec<String>>, open: RwSignal<Option<Open>>) -> impl IntoView {
    let reach = names.map_or_else(|| words::ALL_CAMERAS.to_owned(), |names| words::cameras(&names));
    let (id, name) = (token.id, token.name.clone());
    let used = token.last_used_at.as_deref().map_or_else(|| words::NEVER_USED.to_owned(), |at| words::used(&when(at)));
    let ended = !token.active && token.expires_at.as_deref().is_some_and(past);
    let ends = token.expires_at.as_deref().map_or_else(|| words::ENDS_NEVER.to_owned(), |at| words::ends(&when(at)));
    let state = (!token.active).then_some(if ended { words::ENDED } else { words::RESTS });
    view! {
        <li class="card" class:card--off=!token.active>
            <span class="card__words">
                <span class="card__title">
                    {token.name} <code class="card__code">{token.prefix} "…"</code> {state.map(|state| view! { <span class="tag">{state}</span> })}
                </span>
                <span class="card__facts">{words::scope(token.scope)} " · " {reach} " · " {words::made_by(token.owner.as_deref())}</span>
                <span class="card__facts">{used} " · " {ends}</span>
            </span>
            <button
                type="button"
                class="button button--small"
                aria-label=words::revoke_label(&name)
                on:click=move |_| open.set(Some(Open::Revoke(Revocable::Token(id), name.clone())))
            >
                {words::REVOKE}
            </button>
        </li>
    }
}

/// Browser only.
fn past(rfc3339: &str) -> bool {
    crate::view::time::parse_rfc3339(rfc3339).is_some_and(|at| at <= crate::hooks::heartbeat::browser_now_ms())
}

/// `name`: of its camera. `recording`: None if it leads to the camera itself; within it None if it was deleted.
#[component]
fn LinkRow(link: LinkInfo, name: String, recording: Option<Option<Recording>>, open: RwSignal<Option<Open>>) -> impl IntoView {
    let target = match recording {
        None => name.into_any(),
        Some(None) => recording_words::ONE_RECORDING_GONE.into_any(),
        Some(Some(recording)) => {
            let said = recording_words::one_recording(&camera_of(&recording), &when(&recording.start));
            view! {
                <a class="card__link" href=address(recording.id)>
                    {said}
                </a>
            }
            .into_any()
        }
    };
    let (id, label) = (link.id, link.label.clone());
    let used = link.last_used_at.as_deref().map_or_else(|| words::NEVER_USED.to_owned(), |at| words::used(&when(at)));
    view! {
        <li class="card" class:card--off=!link.active>
            <span class="card__words">
                <span class="card__title">{link.label} " " {(!link.active).then(|| view! { <span class="tag">{words::RESTS}</span> })}</span>
                <span class="card__facts">
                    {words::link_kind(link.kind)} " · " {target} {link.stream.map(|stream| [" · ", words::link_stream(Some(stream))])} " · " {words::made_by(link.created_by.as_deref())}
                </span>
                <span class="card__facts">{used} " · " {words::ends(&when(&link.expires_at))}</span>
            </span>
            <button
                type="button"
                class="button button--small"
                aria-label=words::revoke_label(&label)
                on:click=move |_| open.set(Some(Open::Revoke(Revocable::Link(id), label.clone())))
            >
                {words::REVOKE}
            </button>
        </li>
    }
}
