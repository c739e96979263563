//! A tile's picture watch: what the health monitor sees and everything that it decided, for whoever wants to know why a picture restarted.

use crate::components::icon::{Glyph, IconButton};
use crate::components::tile::stage::Stage;
use crate::health::View;
use crate::hooks::heartbeat::monotonic_ms;
use crate::state::{use_dialogs, use_wall};
use crate::text;
use crate::text::picture as words;
use leptos::prelude::*;

/// The browser's clock at a moment of its monotonic clock: `14:03:07`. Browser only.
fn clock(at_ms: f64) -> String {
    let moment = js_sys::Date::new(&(js_sys::Date::now() - (monotonic_ms() - at_ms)).into());
    format!("{:02}:{:02}:{:02}", moment.get_hours(), moment.get_minutes(), moment.get_seconds())
}

/// Of the player in front.
#[component]
pub fn PictureWatch(id: i64, stage: Stage) -> impl IntoView {
    let (wall, dialogs) = (use_wall(), use_dialogs());
    let layer = move || stage.front();
    let settings = Memo::new(move |_| wall.camera(id).map(|camera| camera.health).unwrap_or_default());
    let row = move |name: &'static str, value: fn(&View) -> String| {
        view! {
            <dt>{name}</dt>
            <dd>{move || layer().health.get().map_or_else(|| text::UNKNOWN.to_owned(), |view| value(&view))}</dd>
        }
    };
    let next = move || {
        let view = layer().health.get()?;
        Some(words::next(view.phase, view.at_ms, view.failures, settings.get().refreshes, view.upstream))
    };
    let failures = move || Some(words::failures(layer().health.get()?.failures, settings.get().window_s));
    let attempts = move || Some(words::attempts(layer().health.get()?.attempts, settings.get().max_attempts));
    let sample = |view: &View| match view.verdict.sample {
        Some(sample) => {
            let change = sample.change.map_or_else(|| text::UNKNOWN.to_owned(), |change| format!("{change:.2}"));
            format!("{:.0}, {:.0}, {change}", sample.mean, sample.deviation)
        }
        None => text::UNKNOWN.to_owned(),
    };
    let decisions = move || {
        let line = |decision: &crate::health::Decision| {
            view! {
                <li>
                    <time>{clock(decision.at_ms)}</time>
                    " "
                    {words::event(&decision.event)}
                </li>
            }
        };
        layer().decisions.with(|decisions| decisions.iter().map(line).collect_view())
    };
    view! {
        <section class="watch" aria-label=text::PICTURE_WATCH>
            <header class="watch__head">
                <h3>{text::PICTURE_WATCH}</h3>
                <IconButton glyph=Glyph::Close label=text::CLOSE on_press=move |_| dialogs.watched.update(|shown| shown.retain(|shown| *shown != id)) />
            </header>
            <dl>
                {row(words::STATE, |view| words::phase(view.phase))}
                <dt>{words::NEXT}</dt>
                <dd>{next}</dd>
                {row(words::LAST_PICTURE, |view| words::ago(view.silent_ms))}
                {row(words::LOOKS, |view| words::looks(view.verdict.picture).to_owned())}
                {row(words::SAMPLE, sample)}
                {row(words::SERVER, |view| words::upstream(view.upstream).to_owned())}
                <dt>{words::FAILURES}</dt>
                <dd>{failures}</dd>
                <dt>{words::ATTEMPTS}</dt>
                <dd>{attempts}</dd>
            </dl>
            <h4>{words::DECISIONS}</h4>
            <Show when=move || layer().decisions.with(Vec::is_empty)>
                <p>{words::NO_DECISIONS}</p>
            </Show>
            <ol>{decisions}</ol>
        </section>
    }
}
