//! What is beside the wall: pages and dialogs whose code is in WebAssembly modules of their own, fetched when they are opened.
//!
//! The functions with `wasm_split` are where the site build cuts (`xtask/src/split.rs`): what only one of them needs goes into its
//! module, what several need into modules between them, the rest stays with the wall. The server has everything in one program and
//! renders every page whole. The first page's module is there before the page is hydrated ([`Lazy::of`], [`Lazy::fetch`]); later ones
//! come by [`page`] and [`dialog`], which say so while they are on their way and when they can't be had.

use crate::components::camera_dialog::CameraDialog;
use crate::components::delete_dialog::DeleteDialog;
use crate::components::history::HistoryDialog;
use crate::components::search::SearchDialog;
use crate::hooks::{api, place};
use crate::pages::account::AccountPage;
use crate::pages::audit::AuditPage;
use crate::pages::health::HealthPage;
use crate::pages::https::HttpsPage;
use crate::pages::people::PeoplePage;
use crate::pages::person::PersonPage;
use crate::pages::recording::RecordingPage;
use crate::pages::recordings::RecordingsPage;
use crate::pages::settings::SettingsPage;
use crate::pages::setup::SetupPage;
use crate::pages::sign_in::SignInPage;
use crate::pages::tokens::TokensPage;
use crate::pages::welcome::WelcomePage;
use crate::state::{use_dialogs, use_toasts};
use crate::text;
use futures::FutureExt;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_split::{SplitLoaderError, wasm_split};

/// A page or dialog beside the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lazy {
    Health,
    People,
    Person,
    Tokens,
    Audit,
    Settings,
    Https,
    Account,
    SignIn,
    Setup,
    Welcome,
    /// The dialog that adds a camera, or changes this one.
    Camera(Option<i64>),
    /// The same dialog, beginning with the cameras on the network.
    Find,
    Delete(i64),
    History(i64),
    /// The search for a camera of the wall.
    Search,
    Recordings,
    Recording,
}

/// A module of the program: some of [`Lazy`] together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Health,
    People,
    Settings,
    Entry,
    Search,
    Recordings,
}

/// The module can't be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotLoaded;

impl From<SplitLoaderError> for NotLoaded {
    fn from(_: SplitLoaderError) -> Self {
        Self
    }
}

impl Lazy {
    /// What the page at this address is. None: the wall, or nothing.
    pub fn of(path: &str) -> Option<Self> {
        let path = path.strip_suffix('/').unwrap_or(path);
        Some(match path {
            "/recordings" => Self::Recordings,
            "/health" => Self::Health,
            "/people" => Self::People,
            "/tokens" => Self::Tokens,
            "/audit" => Self::Audit,
            "/settings" => Self::Settings,
            "/https" => Self::Https,
            "/account" => Self::Account,
            "/sign-in" => Self::SignIn,
            "/setup" => Self::Setup,
            "/welcome" => Self::Welcome,
            _ if path.strip_prefix("/people/").is_some_and(|id| !id.contains('/')) => Self::Person,
            _ if path.strip_prefix("/recordings/").is_some_and(|id| !id.contains('/')) => Self::Recording,
            _ => return None,
        })
    }

    fn part(self) -> Part {
        match self {
            Self::Health | Self::History(_) => Part::Health,
            Self::People | Self::Person | Self::Tokens | Self::Audit => Part::People,
            Self::Settings | Self::Https | Self::Camera(_) | Self::Find | Self::Delete(_) => Part::Settings,
            Self::Account | Self::SignIn | Self::Setup | Self::Welcome => Part::Entry,
            Self::Search => Part::Search,
            Self::Recordings | Self::Recording => Part::Recordings,
        }
    }

    /// The name of its module in `assets.json`.
    pub fn module(self) -> &'static str {
        match self.part() {
            Part::Health => "health",
            Part::People => "people",
            Part::Settings => "settings",
            Part::Entry => "entry",
            Part::Search => "search",
            Part::Recordings => "recordings",
        }
    }

    /// Waits until the module is there. Once it is, [`Lazy::view`] is ready at once.
    pub async fn fetch(self) -> Result<(), NotLoaded> {
        match self.part() {
            Part::Health => fetch_health().await?,
            Part::People => fetch_people().await?,
            Part::Settings => fetch_settings().await?,
            Part::Entry => fetch_entry().await?,
            Part::Search => fetch_search().await?,
            Part::Recordings => fetch_recordings().await?,
        }
        Ok(())
    }

    async fn view(self) -> Result<AnyView, NotLoaded> {
        match self.part() {
            Part::Health => health(self).await,
            Part::People => people(self).await,
            Part::Settings => settings(self).await,
            Part::Entry => entry(self).await,
            Part::Search => search(self).await,
            Part::Recordings => recordings(self).await,
        }
    }

    /// The view, if the module is there. Always on the server.
    fn now(self) -> Option<AnyView> {
        self.view().now_or_never()?.ok()
    }
}

#[wasm_split(health, wasm_split_path = ::leptos::wasm_split, preload(fetch_health), fallible)]
fn health(what: Lazy) -> Result<AnyView, NotLoaded> {
    Ok(match what {
        Lazy::History(id) => view! { <HistoryDialog id /> }.into_any(),
        _ => view! { <HealthPage /> }.into_any(),
    })
}

#[wasm_split(people, wasm_split_path = ::leptos::wasm_split, preload(fetch_people), fallible)]
fn people(what: Lazy) -> Result<AnyView, NotLoaded> {
    Ok(match what {
        Lazy::Person => view! { <PersonPage /> }.into_any(),
        Lazy::Tokens => view! { <TokensPage /> }.into_any(),
        Lazy::Audit => view! { <AuditPage /> }.into_any(),
        _ => view! { <PeoplePage /> }.into_any(),
    })
}

#[wasm_split(settings, wasm_split_path = ::leptos::wasm_split, preload(fetch_settings), fallible)]
fn settings(what: Lazy) -> Result<AnyView, NotLoaded> {
    Ok(match what {
        Lazy::Https => view! { <HttpsPage /> }.into_any(),
        Lazy::Camera(camera_id) => view! { <CameraDialog camera_id /> }.into_any(),
        Lazy::Find => view! { <CameraDialog camera_id=None find=true /> }.into_any(),
        Lazy::Delete(id) => view! { <DeleteDialog id /> }.into_any(),
        _ => view! { <SettingsPage /> }.into_any(),
    })
}

#[wasm_split(entry, wasm_split_path = ::leptos::wasm_split, preload(fetch_entry), fallible)]
fn entry(what: Lazy) -> Result<AnyView, NotLoaded> {
    Ok(match what {
        Lazy::SignIn => view! { <SignInPage /> }.into_any(),
        Lazy::Setup => view! { <SetupPage /> }.into_any(),
        Lazy::Welcome => view! { <WelcomePage /> }.into_any(),
        _ => view! { <AccountPage /> }.into_any(),
    })
}

#[wasm_split(search, wasm_split_path = ::leptos::wasm_split, preload(fetch_search), fallible)]
fn search(_what: Lazy) -> Result<AnyView, NotLoaded> {
    Ok(view! { <SearchDialog /> }.into_any())
}

#[wasm_split(recordings, wasm_split_path = ::leptos::wasm_split, preload(fetch_recordings), fallible)]
fn recordings(what: Lazy) -> Result<AnyView, NotLoaded> {
    Ok(match what {
        Lazy::Recording => view! { <RecordingPage /> }.into_any(),
        _ => view! { <RecordingsPage /> }.into_any(),
    })
}

/// Waits until what the browser's address needs is there. To be called before the page is hydrated: what the server rendered must
/// meet the same view. Browser only.
pub async fn prepare() -> Result<(), NotLoaded> {
    let path = window().location().pathname().unwrap_or_default();
    match Lazy::of(&path) {
        Some(page) => page.fetch().await,
        None => Ok(()),
    }
}

/// A page: at once if its module is there, otherwise a line that it is on its way, or why not.
pub fn page(what: Lazy) -> AnyView {
    what.now().unwrap_or_else(|| view! { <Coming what /> }.into_any())
}

/// A dialog, likewise. One whose module can't be had is closed with a sentence.
pub fn dialog(what: Lazy) -> AnyView {
    what.now().unwrap_or_else(|| view! { <ComingDialog what /> }.into_any())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Coming,
    Here,
    Failed,
}

/// Browser only: on the server every module is there.
#[component]
fn Coming(what: Lazy) -> impl IntoView {
    let state = RwSignal::new(State::Coming);
    let fetch = move || {
        spawn_local(async move {
            let fetched = what.fetch().await;
            // The page may have been left meanwhile.
            if state.try_set(if fetched.is_ok() { State::Here } else { State::Failed }).is_none() && fetched.is_err() {
                renew(state).await;
            }
        });
    };
    fetch();
    let again = move |_| {
        state.set(State::Coming);
        fetch();
    };
    move || match state.get() {
        State::Here => what.now().unwrap_or_else(|| ().into_any()),
        State::Coming => view! { <p class="nothing" role="status">{text::PAGE_COMING}</p> }.into_any(),
        State::Failed => view! {
            <div class="admin__failure" role="alert">
                <p>{text::PAGE_FAILED}</p>
                <button type="button" class="button" on:click=again>
                    {text::pages::TRY_AGAIN}
                </button>
            </div>
        }
        .into_any(),
    }
}

/// Browser only.
#[component]
fn ComingDialog(what: Lazy) -> impl IntoView {
    let (dialogs, toasts) = (use_dialogs(), use_toasts());
    let state = RwSignal::new(State::Coming);
    spawn_local(async move {
        let fetched = what.fetch().await;
        // It may have been closed meanwhile.
        if state.try_set(if fetched.is_ok() { State::Here } else { State::Failed }).is_none() && fetched.is_err() {
            dialogs.open.set(None);
            toasts.bad(text::DIALOG_FAILED);
        }
    });
    move || match state.get() {
        State::Here => what.now().unwrap_or_else(|| ().into_any()),
        _ => view! { <p class="coming" role="status">{text::PAGE_COMING}</p> }.into_any(),
    }
}

/// If the server has another version than this page, its modules are gone: the page is loaded anew, with the new ones.
async fn renew(state: RwSignal<State>) {
    if api::is_outdated().await && state.try_get_untracked() == Some(State::Failed) {
        place::renew();
    }
}

#[cfg(test)]
mod tests {
    use super::Lazy;

    #[test]
    fn an_address_tells_what_it_needs() {
        assert_eq!(Lazy::of("/"), None);
        assert_eq!(Lazy::of("/camera/3"), None);
        assert_eq!(Lazy::of("/health"), Some(Lazy::Health));
        assert_eq!(Lazy::of("/health/"), Some(Lazy::Health));
        assert_eq!(Lazy::of("/people"), Some(Lazy::People));
        assert_eq!(Lazy::of("/people/7"), Some(Lazy::Person));
        assert_eq!(Lazy::of("/people/7/8"), None);
        assert_eq!(Lazy::of("/recordings"), Some(Lazy::Recordings));
        assert_eq!(Lazy::of("/recordings/7"), Some(Lazy::Recording));
        assert_eq!(Lazy::of("/recordings/7/video.mp4"), None);
        assert_eq!(Lazy::of("/nowhere"), None);
    }
}
