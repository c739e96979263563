//! A line of the last hour below a number.

use crate::text::health as text;
use crate::view::spark::{HEIGHT, Spark, WIDTH};
use leptos::prelude::*;

/// `name` and `words` say to those who don't see the line what it shows.
#[component]
pub fn Line(
    name: &'static str,
    words: fn(f64) -> String,
    #[prop(into)] spark: Signal<Option<Spark>>,
    /// Where the stream was dark: (x, width).
    #[prop(optional, into)]
    dark: Option<Signal<Vec<(f64, f64)>>>,
) -> impl IntoView {
    let label = move || {
        let range = spark.with(|spark| spark.as_ref().and_then(|spark| spark.range));
        let range = range.map(|(low, high)| (words(low), words(high)));
        text::spark(name, range.as_ref().map(|(low, high)| (low.as_str(), high.as_str())))
    };
    let stretches = move || {
        let stretches = dark.map(|dark| dark.get()).unwrap_or_default();
        stretches.into_iter().map(|(x, width)| view! { <rect x=x y="0" width=width height=HEIGHT /> }).collect_view()
    };
    view! {
        <svg class="line" viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=label>
            {stretches}
            <path d=move || spark.with(|spark| spark.as_ref().map(|spark| spark.path.clone()).unwrap_or_default()) />
        </svg>
    }
}
