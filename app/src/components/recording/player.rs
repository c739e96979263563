//! The video of a recording: the browser's own player, and what stands in its place when there is nothing to play.

use crate::components::icon::{Glyph, Icon};
use crate::hooks::api::recordings as api;
use crate::hooks::heartbeat::browser_now_ms;
use crate::model::Recording;
use crate::text::pages::TRY_AGAIN;
use crate::text::recordings as words;
use crate::view::recordings::name;
use leptos::html::Video;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// Plays recording `id`; `recording` is told anew while it runs. `gone`: it turned out that it does not exist any more.
#[component]
pub fn RecordingPlayer(id: i64, recording: Memo<Recording>, gone: Callback<()>) -> impl IntoView {
    let element = NodeRef::<Video>::new();
    // Counts up when the file is to be loaded anew: it may have grown.
    // The server gives all parts of one load from the same state of it: the number is nobody else's.
    let loaded = RwSignal::new(browser_now_ms());
    // Where the next load goes on, seconds.
    let place = StoredValue::new(0.0_f64);
    let failure = RwSignal::new(None::<String>);
    let empty = Memo::new(move |_| recording.with(|one| one.duration_ms == 0));
    let runs = Memo::new(move |_| recording.with(Recording::runs));
    let poster = Memo::new(move |_| recording.with(|one| one.has_poster).then(|| api::poster(id)));
    // It was not whole when it was loaded.
    let partial = Memo::new(move |before: Option<&(i64, bool)>| {
        let (loaded, runs) = (loaded.get(), runs.get());
        match before {
            Some((of, partial)) if *of == loaded => (loaded, *partial || runs),
            _ => (loaded, runs),
        }
    });
    let load = move || {
        if let Some(video) = element.get_untracked() {
            place.set_value(video.current_time());
        }
        if failure.with_untracked(Option::is_some) {
            failure.set(None);
        }
        loaded.update(|loaded| *loaded = browser_now_ms().max(*loaded + 1));
    };
    let on_ready = move |_| {
        if let Some(video) = element.get_untracked().filter(|_| place.get_value() > 0.0) {
            video.set_current_time(place.get_value());
            place.set_value(0.0);
        }
    };
    let on_error = move |_| {
        spawn_local(async move {
            // The element does not tell why: the server does, or it is the browser.
            let sentence = match api::try_video(id).await {
                Err(problem) if problem.status == 404 => {
                    gone.try_run(());
                    problem.detail
                }
                Err(problem) => problem.detail,
                Ok(()) => words::UNPLAYABLE.to_owned(),
            };
            failure.try_set(Some(sentence));
        });
    };
    // Another query: not what the browser has kept of it.
    let source = move || format!("{}?load={}", api::video(id), loaded.get());
    view! {
        <div class="clip-player">
            {move || match (empty.get(), failure.get()) {
                (true, _) => {
                    let sentence = if runs.get() { words::NO_PICTURE_YET_TEXT } else { words::NO_PICTURE_TEXT };
                    view! { <Nothing sentence=sentence.to_owned() /> }.into_any()
                }
                (false, Some(sentence)) => {
                    view! {
                        <Nothing sentence>
                            <button type="button" class="button" on:click=move |_| load()>
                                <Icon glyph=Glyph::Refresh />
                                {TRY_AGAIN}
                            </button>
                        </Nothing>
                    }
                        .into_any()
                }
                (false, None) => {
                    view! {
                        <video
                            class="clip-player__video"
                            node_ref=element
                            controls
                            playsinline
                            preload="metadata"
                            poster=move || poster.get()
                            src=source
                            aria-label=move || recording.with(name)
                            on:loadedmetadata=on_ready
                            on:error=on_error
                        ></video>
                    }
                        .into_any()
                }
            }}
        </div>
        <Show when=move || partial.get().1 && !empty.get()>
            <div class="clip-player__more" role="status">
                <p>{words::SO_FAR}</p>
                <button type="button" class="button button--small" on:click=move |_| load()>
                    {words::LOAD_MORE}
                </button>
            </div>
        </Show>
    }
}

/// In the place of a video.
#[component]
fn Nothing(sentence: String, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    view! {
        <div class="clip-player__nothing" role="alert">
            <Icon glyph=Glyph::Film />
            <p>{sentence}</p>
            {children.map(|children| children())}
        </div>
    }
}
