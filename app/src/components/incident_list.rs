//! Incidents in plain language, the newest first, each with its steps: in a camera's history and in the feed of all cameras.

use crate::components::icon::{Glyph, Icon};
use crate::hooks::heartbeat::browser_now_ms;
use crate::hooks::local_time::local_time;
use crate::model::{Incident, IncidentKind};
use crate::state::use_wall;
use crate::text::history as words;
use crate::view::history::{StepLine, Story, length, lines, stories};
use crate::view::time::{age, parse_rfc3339};
use leptos::prelude::*;

/// `incidents`: the newest first, each once. `with_camera`: names the camera of each. Browser only.
#[component]
pub fn IncidentList(#[prop(into)] incidents: Signal<Vec<Incident>>, #[prop(optional)] with_camera: bool) -> impl IntoView {
    let all = Memo::new(move |_| stories(incidents.get()));
    view! {
        <ol class="incidents" aria-label=words::INCIDENTS>
            <For each=move || all.with(|all| all.iter().map(Story::key).collect::<Vec<_>>()) key=|key| *key let:key>
                {
                    let story = Memo::new(move |_| all.with(|all| all.iter().find(|story| story.key() == key).cloned()));
                    let there = Memo::new(move |_| story.with(Option::is_some));
                    move || there.get().then(|| view! { <Row story with_camera /> })
                }
            </For>
        </ol>
    }
}

/// One entry. It stays in place, and open, while it goes on.
#[component]
fn Row(story: Memo<Option<Story>>, with_camera: bool) -> impl IntoView {
    let wall = use_wall();
    let of = move |read: fn(&Story) -> String| story.with(|story| story.as_ref().map(read).unwrap_or_default());
    let open = Memo::new(move |_| story.with(|story| story.as_ref().is_some_and(Story::is_open)));
    let has_steps = Memo::new(move |_| story.with(|story| story.as_ref().is_some_and(|story| !story.incident.steps.is_empty())));
    let when = move || {
        let began = story.with(|story| story.as_ref().and_then(|story| parse_rfc3339(&story.incident.started_at)));
        began.map(|began| local_time(began).long(&local_time(browser_now_ms())))
    };
    let so_far = move || {
        let began = story.with(|story| story.as_ref().and_then(|story| parse_rfc3339(&story.incident.started_at)))?;
        open.get().then(|| wall.server_now().map(|now| words::since(&age(now - began)))).flatten()
    };
    let camera = move || {
        let id = story.with(|story| story.as_ref().map(|story| story.incident.camera_id))?;
        Some(match id {
            None => words::SERVER.to_owned(),
            Some(id) => wall.camera(id).map_or_else(|| words::DELETED_CAMERA.to_owned(), |camera| camera.name),
        })
    };
    let stream = move || {
        story.with(|story| {
            let story = story.as_ref()?;
            let streams = story.incident.camera_id.and_then(|id| wall.camera(id)).is_some_and(|camera| camera.sources.sub.is_some());
            match (story.twin, story.incident.quality) {
                (Some(_), _) => Some(words::BOTH_STREAMS),
                (None, Some(crate::model::Quality::Main)) if streams => Some(words::MAIN),
                (None, Some(crate::model::Quality::Sub)) if streams => Some(words::SUB),
                _ => None,
            }
        })
    };
    let head = move || {
        view! {
            <span class="dot" aria-hidden="true"></span>
            <span class="incident__words">
                <span class="incident__facts">
                    {with_camera.then(|| view! { <b class="incident__camera">{camera}</b> })} <time>{when}</time>
                    {move || open.get().then(|| view! { <b class="incident__now">{words::ONGOING}</b> })} <span>{so_far}</span>
                    {move || {
                        story
                            .with(|story| story.as_ref().and_then(|story| words::kind(story.incident.kind)))
                            .map(|kind| view! { <span class="incident__tag">{kind}</span> })
                    }} {move || stream().map(|stream| view! { <span class="incident__tag">{stream}</span> })}
                </span>
                <span class="incident__summary">{move || of(|story| story.incident.summary.clone())}</span>
            </span>
        }
    };
    view! {
        <li class="incident" data-tone=move || story.with(|story| story.as_ref().map(tone))>
            {move || {
                if has_steps.get() {
                    view! {
                        <details>
                            <summary class="incident__head">
                                {head()}
                                <span class="incident__more" aria-hidden="true">
                                    <Icon glyph=Glyph::ChevronDown />
                                </span>
                            </summary>
                            <Steps story />
                        </details>
                    }
                        .into_any()
                } else {
                    view! { <div class="incident__head">{head()}</div> }.into_any()
                }
            }}
        </li>
    }
}

fn tone(story: &Story) -> &'static str {
    match story.incident.kind {
        IncidentKind::Outage => "bad",
        IncidentKind::PictureFrozen | IncidentKind::PictureDark => "wait",
        IncidentKind::Restart | IncidentKind::RecoveryStep | IncidentKind::Server => "off",
    }
}

#[component]
fn Steps(story: Memo<Option<Story>>) -> impl IntoView {
    let step = |after_ms: u64, said: String| {
        view! {
            <span class="incident__after">{format!("+{}", length(after_ms))}</span>
            <span>{said}</span>
        }
    };
    let row = move |line: StepLine| match line {
        StepLine::Step(told) => view! { <li>{step(told.after_ms, told.text)}</li> }.into_any(),
        StepLine::Again { after_ms, times, attempts } => {
            view! { <li class="incident__again">{step(after_ms, words::again(times, attempts))}</li> }.into_any()
        }
        StepLine::LeftOut(count) => view! { <li class="incident__gap">{words::left_out(count)}</li> }.into_any(),
    };
    let steps = move || {
        let lines = story.with(|story| story.as_ref().map(|story| lines(&story.incident)).unwrap_or_default());
        lines.into_iter().map(row).collect_view()
    };
    view! {
        <ol class="incident__steps" aria-label=words::STEPS>
            {steps}
        </ol>
    }
}
