//! The figures of the server: small meters with words.

use crate::model::{SystemCounters, SystemHealth};
use crate::state::use_wall;
use crate::text::health as text;
use crate::view::figures::figures;
use crate::view::time::{age, parse_rfc3339};
use leptos::prelude::*;

/// Figures older than this are said to be old, ms: three of the server's samples.
const OLD_MS: i64 = 15_000;

#[component]
pub fn Figures(health: RwSignal<Option<SystemHealth>>) -> impl IntoView {
    let wall = use_wall();
    let known = Memo::new(move |_| health.with(Option::is_some));
    let all = Memo::new(move |_| health.with(|health| health.as_ref().map(figures).unwrap_or_default()));
    let count = Memo::new(move |_| all.with(Vec::len));
    let old = Memo::new(move |_| {
        let at = health.with(|health| health.as_ref().and_then(|health| parse_rfc3339(&health.at)))?;
        Some(wall.server_now()? - at).filter(|old| *old > OLD_MS).map(age)
    });
    view! {
        <section class="figures" aria-labelledby="figures-title">
            <h2 id="figures-title" class="visually-hidden">
                {text::SERVER}
            </h2>
            <p class="figures__old" role="status">
                {move || old.get().map(|age| text::figures_old(&age))}
            </p>
            <Show when=move || known.get() fallback=|| view! { <p class="nothing">{text::FIGURES_FAILED}</p> }>
                <dl class="figures__grid">
                    // As many as before, always: each changes in its own place.
                    {move || {
                        (0..count.get())
                            .map(|place| {
                                let figure = Memo::new(move |_| all.with(|all| all.get(place).cloned()));
                                let tone = move || figure.with(|figure| figure.as_ref().map(|figure| figure.tone.as_str()));
                                let share = move || figure.with(|figure| figure.as_ref().and_then(|figure| figure.share));
                                let read = move |part: fn(&crate::view::figures::Figure) -> String| {
                                    move || figure.with(|figure| figure.as_ref().map(part))
                                };
                                view! {
                                    <div class="figure" data-tone=tone>
                                        <dt>{read(|figure| figure.name.to_owned())}</dt>
                                        <dd>
                                            <span class="figure__words">{read(|figure| figure.words.clone())}</span>
                                            <span class="figure__meter" class:is-empty=move || share().is_none() aria-hidden="true">
                                                <span style:transform=move || format!("scaleX({:.3})", share().unwrap_or(0.0))></span>
                                            </span>
                                            <span class="figure__note">{read(|figure| figure.note.clone())}</span>
                                        </dd>
                                    </div>
                                }
                            })
                            .collect_view()
                    }}
                </dl>
            </Show>
        </section>
    }
}

/// What was counted, for those who look for a reason.
#[component]
pub fn CountersList(health: RwSignal<Option<SystemHealth>>) -> impl IntoView {
    let of = move |read: fn(&SystemCounters) -> u64| move || health.with(|health| health.as_ref().map(|health| read(&health.counters)));
    let row = move |name: &'static str, read: fn(&SystemCounters) -> u64| {
        view! {
            <div class="fact">
                <dt>{name}</dt>
                <dd>{of(read)}</dd>
            </div>
        }
    };
    view! {
        <details class="counters">
            <summary>{text::COUNTERS}</summary>
            <dl class="facts">
                {row(text::COUNT_DROPPED, |counters| counters.frames_dropped)}
                {row(text::COUNT_RECONNECTS, |counters| counters.reconnects)}
                {row(text::COUNT_LATENCIES, |counters| counters.latencies_told)}
                {row(text::COUNT_LAGGED, |counters| counters.pages_lagged)}
                {row(text::COUNT_IGNORED, |counters| counters.messages_ignored)}
                {row(text::COUNT_FLOODING, |counters| counters.pages_flooding)}
            </dl>
        </details>
    }
}
