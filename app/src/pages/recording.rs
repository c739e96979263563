//! One recording at `/recordings/{id}`: its video, what is known about it, and what can be done with it. Also the only page of a guest
//! whose link leads to it.

use crate::backend::{ServerBackend, lacks_recording};
use crate::components::confirm::Confirm;
use crate::components::icon::{Glyph, Icon};
use crate::components::recording::facts::{Facts, moment_of};
use crate::components::recording::links::LinksTo;
use crate::components::recording::player::RecordingPlayer;
use crate::components::recording::share_dialog::ShareDialog;
use crate::components::recording::title::RecordingTitle;
use crate::hooks::api::recordings::{self as api, Asked};
use crate::hooks::api::{stop_recording, who_am_i};
use crate::hooks::role::guest;
use crate::hooks::timer::use_every;
use crate::model::{CameraAction, Problem, Recording};
use crate::state::{use_toasts, use_wall};
use crate::text;
use crate::text::pages::TRY_AGAIN;
use crate::text::recordings as words;
use crate::view::recordings::{address, camera, dark_ms, name};
use crate::view::time::parse_rfc3339;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map};

/// How often a recording that runs is asked for anew.
const GROWING_MS: u32 = 5_000;

/// What came of asking.
#[derive(Debug, Clone, PartialEq)]
enum Outcome {
    Asking,
    /// By its number; the recording itself is beside it, so that the page stays while it grows.
    Here(i64),
    Missing,
    Failed(Problem),
}

#[component]
pub fn RecordingPage() -> impl IntoView {
    let params = use_params_map();
    let wall = use_wall();
    let id = Memo::new(move |_| params.with(|params| params.get("id").and_then(|id| id.parse::<i64>().ok()).unwrap_or(0)));
    // So that the document's status says it, too.
    let lacks = Resource::new_blocking(move || id.get(), lacks_recording);
    let outcome = RwSignal::new(Outcome::Asking);
    let stored = RwSignal::new(None::<Recording>);
    let load = move || {
        let id_asked = id.get_untracked();
        spawn_local(async move {
            let answer = api::recording(id_asked).await;
            // The page may have been left, or shows another one by now.
            if id.try_get_untracked() != Some(id_asked) {
                return;
            }
            match answer {
                Ok(recording) => {
                    stored.try_set(Some(recording));
                    outcome.try_set(Outcome::Here(id_asked));
                }
                Err(problem) if problem.status == 404 => drop(outcome.try_set(Outcome::Missing)),
                // What is there stays.
                Err(_) if outcome.try_get_untracked() == Some(Outcome::Here(id_asked)) => {}
                Err(problem) => drop(outcome.try_set(Outcome::Failed(problem))),
            }
        });
    };
    Effect::new(move |_| {
        id.track();
        outcome.set(Outcome::Asking);
        stored.set(None);
        load();
    });
    let runs = Memo::new(move |_| stored.with(|stored| stored.as_ref().is_some_and(Recording::runs)));
    // It has begun or ended.
    let pushed = Memo::new(move |_| wall.recordings.with(|running| running.iter().any(|one| one.recording_id == id.get())));
    Effect::new(move |before: Option<bool>| {
        let now = pushed.get();
        if before.is_some_and(|before| before != now) {
            load();
        }
        now
    });
    use_every(GROWING_MS, move || {
        if runs.get_untracked() && wall.page_visible.get_untracked() {
            load();
        }
    });
    // The server writes the title after the body is rendered and this component's signals may be gone.
    let title = move || {
        let named = stored.try_with(|stored| stored.as_ref().map(name)).flatten();
        named.unwrap_or_else(|| words::RECORDINGS.to_owned())
    };
    // The page stays as it is while what it shows is asked for anew.
    let shown = Memo::new(move |_| outcome.get());
    let guest = guest().is_some();
    let retry = move |_| {
        outcome.set(Outcome::Asking);
        load();
    };
    view! {
        <Title text=move || text::pages::title(&title()) />
        <Suspense>
            {move || {
                let backend = use_context::<ServerBackend>();
                Suspend::new(async move {
                    let lacks = lacks.await;
                    if let Some(backend) = backend.filter(|_| lacks) {
                        backend.0.missing();
                    }
                })
            }}
        </Suspense>
        {(!guest)
            .then(|| {
                view! {
                    <a class="back" href="/recordings">
                        <Icon glyph=Glyph::ChevronLeft />
                        {words::BACK}
                    </a>
                }
            })}
        {move || match shown.get() {
            Outcome::Asking => {
                view! {
                    <h1 class="visually-hidden">{words::RECORDINGS}</h1>
                    <p class="admin__quiet" role="status">
                        {text::LOADING}
                    </p>
                }
                    .into_any()
            }
            Outcome::Missing => {
                view! {
                    <section class="empty clips__empty">
                        <span class="clips__sign" aria-hidden="true">
                            <Icon glyph=Glyph::Film />
                        </span>
                        <h1>{words::NOT_FOUND}</h1>
                        <p>{if guest { words::NOT_FOUND_GUEST } else { words::NOT_FOUND_TEXT }}</p>
                    </section>
                }
                    .into_any()
            }
            Outcome::Failed(problem) => {
                view! {
                    <h1 class="visually-hidden">{words::RECORDINGS}</h1>
                    <div class="admin__failure" role="alert">
                        <p>{problem.detail}</p>
                        <button type="button" class="button" on:click=retry>
                            {TRY_AGAIN}
                        </button>
                    </div>
                }
                    .into_any()
            }
            Outcome::Here(id) => {
                // It is stored before the outcome says so; on the way to another one the last one stays.
                let first = stored.get_untracked();
                first.map(|first| view! { <Whole id first stored outcome guest /> }).into_any()
            }
        }}
    }
}

/// What the dialogs are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Share,
    Delete,
}

#[component]
fn Whole(id: i64, first: Recording, stored: RwSignal<Option<Recording>>, outcome: RwSignal<Outcome>, guest: bool) -> impl IntoView {
    let recording = Memo::new(move |before: Option<&Recording>| {
        let now = stored.with(|stored| stored.clone().filter(|stored| stored.id == id));
        now.or_else(|| before.cloned()).unwrap_or_else(|| first.clone())
    });
    let open = RwSignal::new(None::<Open>);
    let links = RwSignal::new(0_u32);
    let dark = RwSignal::new(0_i64);
    let holds_until = RwSignal::new(None::<String>);
    // Once it has ended its gaps are known.
    let ended = Memo::new(move |_| recording.with(|one| one.end.clone()));
    Effect::new(move |_| {
        let Some(end) = ended.get() else { return };
        let (camera, from) = recording.with_untracked(|one| (one.camera_id, one.start.clone()));
        let asked = Asked { camera: Some(camera), from: Some(from), to: Some(end), limit: 5, ..Asked::default() };
        spawn_local(async move {
            if let Ok(found) = api::recordings(&asked).await {
                dark.try_set(dark_ms(id, &found.gaps));
            }
        });
    });
    if guest {
        spawn_local(async move {
            if let Ok(who) = who_am_i().await {
                holds_until.try_set(who.expires_at);
            }
        });
    }
    let changed = Callback::new(move |now: Recording| stored.set(Some(now)));
    let dialog = move || match open.get()? {
        Open::Share => {
            let (camera_id, gives) = recording.with_untracked(|one| (one.camera_id, one.actions.clone()));
            let made = Callback::new(move |()| links.update(|links| *links = links.wrapping_add(1)));
            let close = Callback::new(move |()| open.set(None));
            Some(view! { <ShareDialog id camera_id gives close made /> }.into_any())
        }
        Open::Delete => Some(view! { <DeleteRecording id open /> }.into_any()),
    };
    let titled = move || recording.with(|one| (!one.title.is_empty()).then(|| format!("{} · ", camera(one))));
    view! {
        <div class="clip-page">
            <div class="page-head clip-head">
                <div class="clip-head__words">
                    <RecordingTitle recording changed />
                    <p class="clip-head__when">{titled} {move || recording.with(moment_of)}</p>
                </div>
                {(!guest).then(|| view! { <Neighbours id recording /> })}
            </div>
            <div class="clip-page__columns">
                <div class="clip-page__main">
                    <RecordingPlayer id recording gone=Callback::new(move |()| outcome.set(Outcome::Missing)) />
                    <Actions id recording open guest />
                </div>
                <Facts recording dark_ms=dark holds_until leads=!guest />
            </div>
            {(!guest).then(|| view! { <LinksTo id made=links /> })}
        </div>
        {dialog}
    }
}

#[component]
fn Actions(id: i64, recording: Memo<Recording>, open: RwSignal<Option<Open>>, guest: bool) -> impl IntoView {
    let toasts = use_toasts();
    let may = move |action: CameraAction| Memo::new(move |_| recording.with(|one| one.may(action)));
    let (exports, records, plays) = (may(CameraAction::Export), may(CameraAction::Record), may(CameraAction::Playback));
    let runs = Memo::new(move |_| recording.with(Recording::runs));
    let empty = Memo::new(move |_| recording.with(|one| one.duration_ms == 0));
    let shares = Memo::new(move |_| !guest && plays.get() && !empty.get() && recording.with(|one| !one.camera_gone));
    let stopping = RwSignal::new(false);
    let stop = move |_| {
        if stopping.get_untracked() {
            return;
        }
        stopping.set(true);
        let camera = recording.with_untracked(|one| one.camera_id);
        spawn_local(async move {
            if let Err(problem) = stop_recording(camera).await {
                toasts.bad(problem.detail);
            }
            // That it has ended is pushed to this page.
            stopping.try_set(false);
        });
    };
    view! {
        <div class="admin__buttons clip-actions">
            <Show when=move || runs.get() && records.get()>
                <button type="button" class="button" disabled=move || stopping.get() on:click=stop>
                    <Icon glyph=Glyph::Stop />
                    {words::STOP}
                </button>
            </Show>
            <Show when=move || exports.get() && !empty.get()>
                <a class="button" href=api::export(id) download="" rel="external">
                    <Icon glyph=Glyph::Download />
                    {words::DOWNLOAD}
                </a>
            </Show>
            <Show when=move || shares.get()>
                <button type="button" class="button" on:click=move |_| open.set(Some(Open::Share))>
                    <Icon glyph=Glyph::Share />
                    {words::SHARE}
                </button>
            </Show>
            <Show when=move || records.get() && !runs.get()>
                <button type="button" class="button clip-actions__delete" on:click=move |_| open.set(Some(Open::Delete))>
                    <Icon glyph=Glyph::Trash />
                    {words::DELETE}
                </button>
            </Show>
        </div>
    }
}

#[component]
fn DeleteRecording(id: i64, open: RwSignal<Option<Open>>) -> impl IntoView {
    let toasts = use_toasts();
    let navigate = use_navigate();
    let act = move || async move {
        match api::remove(id).await {
            // Somebody else was quicker.
            Err(problem) if problem.status == 404 => Ok(()),
            answer => answer,
        }
    };
    let done = Callback::new(move |()| {
        toasts.good(words::DELETED);
        navigate("/recordings", NavigateOptions::default());
    });
    view! {
        <Confirm
            title=words::DELETE_TITLE
            sentence=words::DELETE_TEXT
            label=words::DELETE_DO
            busy_label=words::DELETING
            act
            done
            close=Callback::new(move |()| open.set(None))
        />
    }
}

/// The ways to the recordings of the same camera before and after this one.
#[component]
fn Neighbours(id: i64, recording: Memo<Recording>) -> impl IntoView {
    let (earlier, later) = (RwSignal::new(None::<i64>), RwSignal::new(None::<i64>));
    Effect::new(move |_| {
        let (camera, start) = recording.with_untracked(|one| (one.camera_id, one.start.clone()));
        spawn_local(async move {
            let asked = Asked { camera: Some(camera), before: Some(id), limit: 1, ..Asked::default() };
            if let Ok(found) = api::recordings(&asked).await {
                earlier.try_set(found.spans.first().map(|one| one.id));
            }
            later.try_set(next(camera, id, &start).await);
        });
    });
    let link = |to: RwSignal<Option<i64>>, glyph: Glyph, word: &'static str, first: bool| {
        move || {
            to.get().map(|to| {
                view! {
                    <a class="button button--small clip-head__step" class:clip-head__step--back=first href=address(to)>
                        <Icon glyph />
                        {word}
                    </a>
                }
            })
        }
    };
    view! {
        <Show when=move || earlier.get().or(later.get()).is_some()>
            <nav class="clip-head__steps" aria-label=words::NEIGHBOURS>
                {link(earlier, Glyph::ChevronLeft, words::EARLIER, true)} {link(later, Glyph::ChevronRight, words::LATER, false)}
            </nav>
        </Show>
    }
}

/// The first recording of a camera after one that began at `start`. The list begins with the newest: it is looked for in longer and longer
/// times after it.
async fn next(camera: i64, id: i64, start: &str) -> Option<i64> {
    const DAY_MS: i64 = 86_400_000;
    let began = parse_rfc3339(start)?;
    for lasts in [Some(DAY_MS), Some(30 * DAY_MS), None] {
        let to = lasts.map(|lasts| crate::hooks::local_time::iso(began + lasts));
        let mut asked = Asked { camera: Some(camera), from: Some(start.to_owned()), to, before: None, limit: 100 };
        let mut found = None;
        loop {
            let page = api::recordings(&asked).await.ok()?;
            let mut newer = page.spans.iter().filter(|one| one.id != id && parse_rfc3339(&one.start) > Some(began)).map(|one| one.id);
            found = newer.next_back().or(found);
            let reached = page.spans.iter().any(|one| one.id == id);
            match page.spans.last() {
                Some(last) if page.more && !reached => asked.before = Some(last.id),
                _ => break,
            }
        }
        if found.is_some() {
            return found;
        }
    }
    None
}
