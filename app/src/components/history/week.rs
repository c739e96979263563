//! How much of the last seven days a camera could be seen: one figure and seven bars.

use crate::hooks::api;
use crate::model::{Availability, AvailabilityDay};
use crate::text::history as words;
use crate::view::history::{percent, weekday};
use leptos::prelude::*;
use leptos::task::spawn_local;

#[component]
pub fn Week(id: i64, again: Signal<()>) -> impl IntoView {
    let answer = RwSignal::new(None::<Result<Availability, String>>);
    Effect::new(move |_| {
        again.get();
        spawn_local(async move {
            let found = api::availability(id).await.map_err(|problem| problem.detail);
            answer.try_set(Some(found));
        });
    });
    view! {
        <section class="history__part week" aria-labelledby="history-week">
            <h3 id="history-week" title=words::WEEK_HELP>
                {words::WEEK}
            </h3>
            {move || match answer.get() {
                None => view! { <p class="history__quiet" role="status">{words::LOADING}</p> }.into_any(),
                Some(Err(sentence)) => view! { <p class="complaint">{sentence}</p> }.into_any(),
                Some(Ok(Availability { share: None, .. })) => view! { <p class="history__quiet">{words::NEVER_WANTED}</p> }.into_any(),
                Some(Ok(Availability { share: Some(share), days, .. })) => {
                    view! {
                        <div class="week__row">
                            <p class="week__figure">{percent(share)}</p>
                            <ol class="week__days">{days.into_iter().map(day).collect_view()}</ol>
                        </div>
                        <p class="history__quiet">{words::WEEK_HELP}</p>
                    }
                        .into_any()
                }
            }}
        </section>
    }
}

fn day(day: AvailabilityDay) -> impl IntoView {
    let figure = day.share.map(percent);
    let said = figure.clone().unwrap_or_else(|| words::LANE_IDLE.to_owned());
    let tone = match day.share {
        None => "off",
        Some(share) if share >= 0.999 => "good",
        Some(share) if share >= 0.95 => "wait",
        Some(_) => "bad",
    };
    view! {
        <li class="week__day" title=format!("{}: {said}", day.day)>
            <span class="week__bar" aria-hidden="true">
                <span data-tone=tone style:height=day.share.map(|share| format!("{:.1}%", (share * 100.0).max(4.0)))></span>
            </span>
            <span aria-hidden="true">{weekday(&day.day)}</span>
            <span class="visually-hidden">{format!("{}: {said}", day.day)}</span>
        </li>
    }
}
