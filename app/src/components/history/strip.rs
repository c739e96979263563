//! The last day or week of a camera's streams as strips: live, dark, not in use.

use crate::components::segments::Segments;
use crate::hooks::api;
use crate::hooks::heartbeat::browser_now_ms;
use crate::hooks::local_time::local_time;
use crate::model::{Quality, StreamTimeline, Timeline, TimelineRange};
use crate::text::history as words;
use crate::view::history::{Lane, Stretch, length, stretches};
use leptos::prelude::*;
use leptos::task::spawn_local;

#[component]
pub fn Strip(id: i64, again: Signal<()>) -> impl IntoView {
    let range = RwSignal::new(TimelineRange::Day);
    let answer = RwSignal::new(None::<Result<Timeline, String>>);
    let pointed = RwSignal::new(None::<String>);
    Effect::new(move |_| {
        again.get();
        let wanted = range.get();
        spawn_local(async move {
            let found = api::timeline(id, wanted).await.map_err(|problem| problem.detail);
            if range.try_get_untracked() == Some(wanted) {
                answer.try_set(Some(found));
                pointed.try_set(None);
            }
        });
    });
    let ranges = vec![(TimelineRange::Day, words::DAY_RANGE), (TimelineRange::Week, words::WEEK_RANGE)];
    view! {
        <section class="history__part" aria-labelledby="history-strip">
            <div class="strip__top">
                <h3 id="history-strip">{words::TIMELINE}</h3>
                <Segments name="history-range" options=ranges chosen=range choose=move |this| range.set(this) labelled_by="history-strip" />
            </div>
            {move || match answer.get() {
                None => view! { <p class="history__quiet" role="status">{words::LOADING}</p> }.into_any(),
                Some(Err(sentence)) => view! { <p class="complaint">{sentence}</p> }.into_any(),
                Some(Ok(timeline)) if timeline.streams.is_empty() => view! { <p class="history__quiet">{words::NO_TIMELINE}</p> }.into_any(),
                Some(Ok(timeline)) => view! { <Lanes timeline pointed /> }.into_any(),
            }}
        </section>
    }
}

#[component]
fn Lanes(timeline: Timeline, pointed: RwSignal<Option<String>>) -> impl IntoView {
    let several = timeline.streams.len() > 1;
    let start = local_time(timeline.from * 1000).short(&local_time(browser_now_ms()));
    let lane = |stream: &StreamTimeline| {
        let label = match stream.quality {
            Quality::Main => words::MAIN,
            Quality::Sub => words::SUB,
        };
        let spans = stretches(&timeline, stream).into_iter().map(|one| span(one, pointed)).collect_view();
        view! {
            <div class="strip__lane">
                {several.then(|| view! { <span class="strip__label">{label}</span> })} <div class="strip" role="group" aria-label=label>
                    {spans}
                </div>
            </div>
        }
    };
    let lanes = timeline.streams.iter().map(lane).collect_view();
    view! {
        {lanes}
        <div class="strip__scale" class:strip__scale--several=several>
            <span>{start}</span>
            <span>{words::NOW}</span>
        </div>
        <p class="strip__readout" aria-live="polite">
            {move || pointed.get().unwrap_or_else(|| words::POINT_AT.to_owned())}
        </p>
        <ul class="strip__legend" aria-hidden="true">
            {[Lane::Live, Lane::Dark, Lane::Idle, Lane::Off]
                .map(|lane| {
                    view! {
                        <li>
                            <span class="strip__key" data-lane=lane.as_str()></span>
                            {lane.word()}
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
}

/// A stretch; the dark ones can be reached by the keyboard.
fn span(stretch: Stretch, pointed: RwSignal<Option<String>>) -> impl IntoView {
    let now = local_time(browser_now_ms());
    let (from, to) = (local_time(stretch.from * 1000), local_time(stretch.to * 1000));
    let (from, to) = (from.short(&now), to.end(&from, &now));
    let dark = (stretch.lane == Lane::Dark).then(|| length(stretch.dark_ms));
    let said = StoredValue::new(words::stretch(stretch.lane.word(), &from, &to, dark.as_deref()));
    let point = move || pointed.set(Some(said.get_value()));
    let tab = if stretch.lane == Lane::Dark { "0" } else { "-1" };
    view! {
        <button
            type="button"
            class="strip__span"
            tabindex=tab
            data-lane=stretch.lane.as_str()
            style:left=format!("{:.3}%", stretch.left)
            style:width=format!("{:.3}%", stretch.width)
            aria-label=said.get_value()
            on:pointerenter=move |_| point()
            on:focus=move |_| point()
            on:click=move |_| point()
        ></button>
    }
}
