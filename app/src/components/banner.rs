//! A line below the header when what is shown may be old, or a camera needs a look.

use crate::components::icon::{Glyph, Icon};
use crate::hooks::heartbeat::browser_now_ms;
use crate::hooks::local_time::local_time;
use crate::state::{LinkState, use_link, use_wall};
use crate::text;
use crate::view::time::parse_rfc3339;
use leptos::prelude::*;

/// Nobody is asked to look before the page runs, so this is called in the browser only.
fn since(moment: &str) -> Option<String> {
    Some(local_time(parse_rfc3339(moment)?).short(&local_time(browser_now_ms())))
}

#[component]
pub fn Banner() -> impl IntoView {
    let (link, wall) = (use_link(), use_wall());
    let sentence = Memo::new(move |_| {
        if link.state.get() == LinkState::Interrupted {
            Some((Glyph::Signal, text::LINK_LOST.to_owned()))
        } else if wall.failed.get() && wall.loaded.get() {
            Some((Glyph::Signal, text::LIST_FAILED.to_owned()))
        } else {
            wall.asked_to_look(since).map(|sentence| (Glyph::Alert, sentence))
        }
    });
    view! {
        <div class="banner-place" role="status">
            {move || {
                sentence
                    .get()
                    .map(|(glyph, sentence)| {
                        view! {
                            <p class="banner">
                                <Icon glyph=glyph />
                                <span>{sentence}</span>
                            </p>
                        }
                    })
            }}
        </div>
    }
}
