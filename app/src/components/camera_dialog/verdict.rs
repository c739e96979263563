//! What a test found: a line and a picture per stream, or what does not work.

use super::{Busy, Form};
use crate::components::icon::{Glyph, Icon};
use crate::model::{ProbedStream, Quality};
use crate::text;
use crate::view::number;
use leptos::html::Div;
use leptos::prelude::*;

#[component]
pub fn Verdict(form: Form) -> impl IntoView {
    let element = NodeRef::<Div>::new();
    Effect::new(move |_| {
        // It stands at the end of a long form: what was asked for must be seen.
        let said = form.report.with(Option::is_some) || form.busy.get() == Some(Busy::Test);
        if let Some(element) = element.get().filter(|_| said) {
            request_animation_frame(move || element.scroll_into_view_with_bool(false));
        }
    });
    view! {
        <div class="verdicts" aria-live="polite" node_ref=element>
            {move || {
                if form.busy.get() == Some(Busy::Test) {
                    return view! {
                        <div class="verdict verdict--wait">
                            <span class="spinner" aria-hidden="true"></span>
                            <p>{text::TESTING}</p>
                        </div>
                    }
                        .into_any();
                }
                if let Some(complaint) = form.complaint.get() {
                    // A complaint about a field stands beside it.
                    return complaint
                        .field
                        .is_none()
                        .then(|| {
                            view! {
                                <div class="verdict verdict--bad">
                                    <Icon glyph=Glyph::Alert />
                                    <p>{complaint.sentence}</p>
                                </div>
                            }
                        })
                        .into_any();
                }
                form.report
                    .get()
                    .map(|report| report.streams.into_iter().map(|stream| view! { <Found stream /> }).collect_view())
                    .into_any()
            }}
        </div>
    }
}

/// One stream that works.
#[component]
fn Found(stream: ProbedStream) -> impl IntoView {
    let quality = match stream.quality {
        Quality::Main => text::FIELD_MAIN,
        Quality::Sub => text::FIELD_SUB,
    };
    let video = format!("{} {}×{}", number::codec(&stream.video.codec), stream.video.width, stream.video.height);
    let audio = stream.audio.map_or_else(|| text::NO_AUDIO.to_owned(), |audio| number::codec(&audio.codec));
    view! {
        <div class="verdict verdict--good">
            {stream.picture.map(|picture| view! { <img class="verdict__picture" src=picture alt=text::TEST_PICTURE /> })}
            <div>
                <p class="verdict__title">
                    <Icon glyph=Glyph::Check />
                    {quality}
                    ": "
                    {text::TEST_GOOD}
                </p>
                <p class="verdict__facts">{format!("{video} · {audio} · {}", stream.source)}</p>
                {stream.hints.into_iter().map(|hint| view! { <p class="verdict__hint">{hint}</p> }).collect_view()}
            </div>
        </div>
    }
}
