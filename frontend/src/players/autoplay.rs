//! Starting playback where browsers want a gesture: by `play()` and its answer, never by the `autoplay` attribute (Safari).

use super::browser::error_name;
use super::transport::{Report, Signal};
use std::rc::Weak;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::HtmlVideoElement;

/// Plays; if sound is what is refused, plays muted and says so; if everything is refused, asks for a gesture.
/// Nothing is reported once `alive` is dead.
pub(crate) fn play<T: 'static>(video: &HtmlVideoElement, alive: Weak<T>, report: Report) {
    let Ok(started) = video.play() else { return };
    let video = video.clone();
    spawn_local(async move {
        let Err(error) = JsFuture::from(started).await else { return };
        // AbortError: a pause or a new source came in between, by our own doing.
        if error_name(&error) != "NotAllowedError" || alive.strong_count() == 0 {
            return;
        }
        if !video.muted() {
            video.set_muted(true);
            if let Ok(again) = video.play()
                && JsFuture::from(again).await.is_ok()
            {
                if alive.strong_count() > 0 {
                    report(Signal::MutedByBrowser);
                }
                return;
            }
        }
        if alive.strong_count() > 0 {
            report(Signal::NeedsGesture);
        }
    });
}
