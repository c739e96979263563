//! What was recorded, at `/recordings`: the newest first, by day.

use crate::components::icon::{Glyph, Icon};
use crate::components::recording::row::Row;
use crate::hooks::api::recordings::{self as api, Asked};
use crate::hooks::heartbeat::browser_now_ms;
use crate::hooks::local_time::{day_bounds, local_time};
use crate::hooks::role::operates;
use crate::hooks::timer::use_every;
use crate::model::{CameraAction, Problem, Recording, RecordingGap};
use crate::state::use_wall;
use crate::text;
use crate::text::pages::TRY_AGAIN;
use crate::text::recordings as words;
use crate::view::history::LocalTime;
use crate::view::recordings::{camera, day, days, renewed};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

/// Recordings that are asked for at once.
const PAGE: u32 = 50;
/// How often the list is asked for anew while one of them grows.
const GROWING_MS: u32 = 10_000;

/// What is looked for, as the address says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Conditions {
    camera: Option<i64>,
    /// `2026-11-21`, on the viewer's clock.
    day: Option<String>,
}

impl Conditions {
    fn any(&self) -> bool {
        self.camera.is_some() || self.day.is_some()
    }

    /// Browser only.
    fn asked(&self) -> Asked {
        let (from, to) = self.day.as_deref().and_then(day_bounds).unzip();
        Asked { camera: self.camera, from, to, before: None, limit: PAGE }
    }

    fn address(&self) -> String {
        let camera = self.camera.map(|id| format!("camera={id}"));
        let day = self.day.as_ref().map(|day| format!("day={day}"));
        let query: Vec<_> = [camera, day].into_iter().flatten().collect();
        if query.is_empty() { "/recordings".to_owned() } else { format!("/recordings?{}", query.join("&")) }
    }
}

/// A day as a field for it writes it; nothing else goes into the address.
fn is_day(text: &str) -> bool {
    text.len() == 10 && crate::view::time::parse_rfc3339(&format!("{text}T00:00:00Z")).is_some()
}

/// What was found so far.
#[derive(Clone, Copy)]
struct Found {
    list: RwSignal<Vec<Recording>>,
    gaps: RwSignal<Vec<RecordingGap>>,
    /// None until the first answer.
    state: RwSignal<Option<Result<(), Problem>>>,
    more: RwSignal<bool>,
    busy: RwSignal<bool>,
    /// Answers to what was asked before are dropped.
    count: StoredValue<u32>,
}

impl Found {
    fn new() -> Self {
        Self {
            list: RwSignal::new(Vec::new()),
            gaps: RwSignal::new(Vec::new()),
            state: RwSignal::new(None),
            more: RwSignal::new(false),
            busy: RwSignal::new(false),
            count: StoredValue::new(0),
        }
    }

    /// Forgets what was found under other conditions.
    fn clear(self) {
        self.list.set(Vec::new());
        self.gaps.set(Vec::new());
        self.state.set(None);
        self.more.set(false);
    }

    /// Asks for the beginning of the list, or for what comes behind a recording.
    fn load(self, asked: Asked) {
        self.count.update_value(|count| *count = count.wrapping_add(1));
        let now = self.count.get_value();
        self.busy.set(true);
        spawn_local(async move {
            let answer = api::recordings(&asked).await;
            // The page may have been left.
            if self.count.try_get_value() != Some(now) {
                return;
            }
            self.busy.set(false);
            match answer {
                Ok(page) if asked.before.is_some() => {
                    self.list.update(|list| list.extend(page.spans));
                    self.gaps.update(|gaps| gaps.extend(page.gaps));
                    self.more.set(page.more);
                }
                Ok(page) => {
                    let known = self.list.get_untracked();
                    let first = page.spans.len();
                    let list = renewed(&known, page.spans, page.more);
                    // What is behind the answer was there before, and whether there is more behind that is known.
                    if list.len() == first {
                        self.more.set(page.more);
                    }
                    self.list.set(list);
                    self.gaps.update(|gaps| {
                        gaps.retain(|gap| !page.gaps.contains(gap));
                        gaps.extend(page.gaps);
                    });
                    self.state.set(Some(Ok(())));
                }
                // What is there stays; asked again it says why.
                Err(_) if matches!(*self.state.read_untracked(), Some(Ok(()))) && asked.before.is_none() => {}
                Err(problem) => self.state.set(Some(Err(problem))),
            }
        });
    }
}

#[component]
pub fn RecordingsPage() -> impl IntoView {
    let wall = use_wall();
    let query = use_query_map();
    let conditions = Memo::new(move |_| {
        query.with(|query| Conditions {
            camera: query.get("camera").and_then(|id| id.parse().ok()),
            day: query.get("day").filter(|day| is_day(day)),
        })
    });
    let found = Found::new();
    Effect::new(move |_| {
        let asked = conditions.with(Conditions::asked);
        found.clear();
        found.load(asked);
    });
    let again = move || found.load(conditions.with_untracked(Conditions::asked));
    // One has begun or ended, of a camera that is watched.
    let running = Memo::new(move |_| wall.recordings.with(|running| running.iter().map(|one| one.recording_id).collect::<Vec<_>>()));
    Effect::new(move |before: Option<Vec<i64>>| {
        let now = running.get();
        if before.is_some_and(|before| before != now) {
            again();
        }
        now
    });
    use_every(GROWING_MS, move || {
        if wall.page_visible.get_untracked() && found.list.with_untracked(|list| list.iter().any(Recording::runs)) {
            again();
        }
    });
    view! {
        <Title text=text::pages::title(words::RECORDINGS) />
        <div class="page-head admin-head">
            <h1>{words::RECORDINGS}</h1>
        </div>
        <div class="admin">
            <Filters conditions found />
            <Entries conditions found again=Callback::new(move |()| again()) />
        </div>
    }
}

#[component]
fn Filters(conditions: Memo<Conditions>, found: Found) -> impl IntoView {
    let wall = use_wall();
    let navigate = StoredValue::new(use_navigate());
    let choose = move |change: Conditions| {
        let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
        navigate.with_value(|navigate| navigate(&change.address(), options));
    };
    // Cameras that were removed are known by what was recorded of them.
    let cameras = Memo::new(move |_| {
        let mut cameras: Vec<(i64, String)> = wall.cameras.with(|cameras| {
            cameras.iter().filter(|camera| camera.may(CameraAction::Playback)).map(|camera| (camera.id, camera.name.clone())).collect()
        });
        found.list.with(|list| {
            for one in list {
                if cameras.iter().all(|(id, _)| *id != one.camera_id) {
                    cameras.push((one.camera_id, camera(one)));
                }
            }
        });
        cameras
    });
    let pick = move |id: Option<i64>| choose(Conditions { camera: id, ..conditions.get_untracked() });
    let pick_day = move |day: String| choose(Conditions { day: Some(day).filter(|day| is_day(day)), ..conditions.get_untracked() });
    view! {
        <form class="filters filters--few" role="search" aria-label=words::FILTERS on:submit=|event| event.prevent_default()>
            <div class="field">
                <label for="recordings-camera">{words::CAMERA}</label>
                <select id="recordings-camera" on:change:target=move |event| pick(event.target().value().parse().ok())>
                    <option value="" prop:selected=move || conditions.with(|conditions| conditions.camera.is_none())>
                        {words::ALL_CAMERAS}
                    </option>
                    <For each=move || cameras.get() key=|camera| camera.clone() let((id, name))>
                        <option value=id.to_string() prop:selected=move || conditions.with(|conditions| conditions.camera == Some(id))>
                            {name.clone()}
                        </option>
                    </For>
                </select>
            </div>
            <div class="field">
                <label for="recordings-day">{words::DAY}</label>
                <input
                    id="recordings-day"
                    type="date"
                    prop:value=move || conditions.with(|conditions| conditions.day.clone().unwrap_or_default())
                    on:change:target=move |event| pick_day(event.target().value())
                />
            </div>
            <Show when=move || conditions.with(|conditions| conditions.day.is_some())>
                <button type="button" class="button button--quiet filters__clear" on:click=move |_| pick_day(String::new())>
                    {words::ANY_DAY}
                </button>
            </Show>
        </form>
    }
}

#[component]
fn Entries(conditions: Memo<Conditions>, found: Found, again: Callback<()>) -> impl IntoView {
    let Found { list, gaps, state, more, busy, .. } = found;
    let older = move |_| {
        let before = list.with_untracked(|list| list.last().map(|one| one.id));
        found.load(Asked { before, ..conditions.with_untracked(Conditions::asked) });
    };
    let retry = move |_| {
        state.set(None);
        again.run(());
    };
    let shown = Memo::new(move |_| {
        let empty = list.with(Vec::is_empty);
        state.with(|state| state.as_ref().map(|state| state.as_ref().map(|()| empty).map_err(|problem| problem.detail.clone())))
    });
    // By their numbers: a row stays the same element while what it says changes.
    let by_day = Memo::new(move |_| {
        let ids = |day: crate::view::recordings::Day| (day.at, day.recordings.iter().map(|one| one.id).collect::<Vec<_>>());
        days(list.get(), local_time).into_iter().map(ids).collect::<Vec<_>>()
    });
    move || match shown.get() {
        None => view! {
            <p class="admin__quiet" role="status">
                {text::LOADING}
            </p>
        }
        .into_any(),
        Some(Err(sentence)) => view! {
            <div class="admin__failure" role="alert">
                <p>{sentence}</p>
                <button type="button" class="button" on:click=retry>
                    {TRY_AGAIN}
                </button>
            </div>
        }
        .into_any(),
        Some(Ok(true)) => view! { <Empty conditions /> }.into_any(),
        Some(Ok(false)) => view! {
            <div class="clips" aria-busy=move || busy.get().to_string()>
                <For each=move || by_day.get() key=|(at, _)| (at.year, at.month, at.day) let((at, _))>
                    <DayOf at by_day list gaps />
                </For>
            </div>
            <Show when=move || more.get()>
                <button type="button" class="button clips__older" disabled=move || busy.get() on:click=older>
                    {move || if busy.get() { text::LOADING } else { words::OLDER }}
                </button>
            </Show>
        }
        .into_any(),
    }
}

/// The recordings of one day.
#[component]
fn DayOf(
    at: LocalTime,
    by_day: Memo<Vec<(LocalTime, Vec<i64>)>>,
    list: RwSignal<Vec<Recording>>,
    gaps: RwSignal<Vec<RecordingGap>>,
) -> impl IntoView {
    let own =
        move || by_day.with(|days| days.iter().find(|(other, _)| other.same_day(&at)).map(|(_, ids)| ids.clone()).unwrap_or_default());
    let heading = format!("day-{}-{}-{}", at.year, at.month + 1, at.day);
    let named = heading.clone();
    view! {
        <section class="clips__day" aria-labelledby=named>
            <h2 id=heading>{day(&at, &local_time(browser_now_ms()))}</h2>
            <ul class="cards">
                <For each=own key=|id| *id let:id>
                    <Row id list gaps />
                </For>
            </ul>
        </section>
    }
}

/// Nothing is there, or nothing of that.
#[component]
fn Empty(conditions: Memo<Conditions>) -> impl IntoView {
    let records = operates();
    move || {
        if conditions.with(Conditions::any) {
            view! {
                <div class="admin__failure" role="status">
                    <p>{words::NOTHING_FOUND}</p>
                    <a class="button" href="/recordings">
                        {words::SHOW_ALL}
                    </a>
                </div>
            }
            .into_any()
        } else {
            view! {
                <section class="empty clips__empty" aria-labelledby="empty-title">
                    <span class="clips__sign" aria-hidden="true">
                        <Icon glyph=Glyph::Film />
                    </span>
                    <h2 id="empty-title">{words::EMPTY}</h2>
                    <p>{if records { words::EMPTY_RECORDS } else { words::EMPTY_WATCHES }}</p>
                    <div class="empty__actions">
                        <a class="button" class:button--primary=records href="/">
                            {text::TO_WALL}
                        </a>
                    </div>
                </section>
            }
            .into_any()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_an_address() {
        assert_eq!(Conditions::default().address(), "/recordings");
        let both = Conditions { camera: Some(3), day: Some("2026-11-21".into()) };
        assert_eq!(both.address(), "/recordings?camera=3&day=2026-11-21");
        assert!(is_day("2026-11-21"));
        for text in ["", "2026-13-01", "2026-11-21T", "&camera=1", "yesterday!"] {
            assert!(!is_day(text), "{text}");
        }
    }
}
