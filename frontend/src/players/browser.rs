//! What this browser can do, and small readings of the page: clocks, query, problems' names.

use super::bindings::MediaSourceClass;
use app::live::FailReason;
use app::live::buffer::Ranges;
use app::live::ladder::{Capabilities, CodecSupport};
use app::live::proof::Moment;
use js_sys::{Array, Function, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlMediaElement, HtmlVideoElement, MediaSource, Response};

fn window() -> web_sys::Window {
    web_sys::window().expect("players run in a page, and a page has a window")
}

/// Milliseconds on the page's monotonic clock.
pub(crate) fn now_ms() -> f64 {
    window().performance().map_or_else(js_sys::Date::now, |performance| performance.now())
}

/// Now, on both clocks.
pub(crate) fn moment() -> Moment {
    Moment { mono_ms: now_ms(), wall_ms: js_sys::Date::now() }
}

/// The wall clock at a moment of the monotonic clock, milliseconds since 1970 UTC. Computed from the clock as it is now, so that a
/// correction of the system's clock is followed.
pub(crate) fn wall_ms(at_monotonic_ms: f64) -> f64 {
    js_sys::Date::now() + at_monotonic_ms - now_ms()
}

/// A member of `window`, if it is there and not null.
pub(crate) fn global(name: &str) -> Option<JsValue> {
    Reflect::get(&window(), &name.into()).ok().filter(|value| !value.is_undefined() && !value.is_null())
}

pub(crate) fn page_is_hidden() -> bool {
    window().document().is_none_or(|document| document.hidden())
}

pub(crate) fn query_parameter(name: &str) -> Option<String> {
    let query = window().location().search().ok()?;
    web_sys::UrlSearchParams::new_with_str(&query).ok()?.get(name)
}

/// The media source class to use and whether it is the managed one. The plain one is preferred where both exist (desktop Safari).
pub(crate) fn media_source_class() -> Option<(MediaSourceClass, bool)> {
    global("MediaSource")
        .map(|class| (class.unchecked_into(), false))
        .or_else(|| global("ManagedMediaSource").map(|class| (class.unchecked_into(), true)))
}

/// A new media source of whichever class there is, and whether it is managed.
pub(crate) fn new_media_source() -> Option<(MediaSource, bool)> {
    let (class, managed) = media_source_class()?;
    let source = Reflect::construct(class.unchecked_ref::<Function>(), &Array::new()).ok()?;
    Some((source.unchecked_into(), managed))
}

pub(crate) fn capabilities() -> Capabilities {
    let native_hls = window()
        .document()
        .and_then(|document| document.create_element("video").ok())
        .is_some_and(|video| !video.unchecked_into::<HtmlMediaElement>().can_play_type("application/vnd.apple.mpegurl").is_empty());
    Capabilities { media_source: media_source_class().is_some(), native_hls }
}

/// Whether the media source plays this codec (RFC 6381).
pub(crate) fn codec_support(codec: Option<&str>) -> CodecSupport {
    match (codec, media_source_class()) {
        (None, _) => CodecSupport::Unknown,
        (Some(_), None) => CodecSupport::No,
        (Some(codec), Some((class, _))) => {
            if class.is_type_supported(&format!("video/mp4; codecs=\"{codec}\"")) {
                CodecSupport::Yes
            } else {
                CodecSupport::No
            }
        }
    }
}

/// WebKit with Apple's media stack: by its own media interface, not by the name in the user agent.
pub(crate) fn is_safari() -> bool {
    global("WebKitMediaKeys").is_some() || global("ManagedMediaSource").is_some()
}

pub(crate) fn ranges(video: &HtmlVideoElement) -> Vec<(f64, f64)> {
    let buffered = video.buffered();
    (0..buffered.length()).filter_map(|i| Some((buffered.start(i).ok()?, buffered.end(i).ok()?))).collect()
}

/// Seconds of media ahead of the playhead.
pub(crate) fn ahead_s(ranges: &Ranges, position_s: f64) -> f64 {
    ranges.last().map_or(0.0, |&(_, end)| (end - position_s).max(0.0))
}

/// The `name` of a DOMException or Error.
pub(crate) fn error_name(error: &JsValue) -> String {
    Reflect::get(error, &"name".into()).ok().and_then(|name| name.as_string()).unwrap_or_default()
}

/// Answer of a plain GET, or None if nothing answered.
pub(crate) async fn fetch(url: &str) -> Option<Response> {
    JsFuture::from(window().fetch_with_str(url)).await.ok()?.dyn_into().ok()
}

/// What a status of a media route means for a player. None: it is fine.
pub(crate) fn status_reason(status: u16) -> Option<FailReason> {
    match status {
        200..=299 => None,
        401 => Some(FailReason::SignedOut),
        403 | 404 => Some(FailReason::Gone),
        503 => Some(FailReason::NoStream),
        _ => Some(FailReason::Unreachable),
    }
}

/// Whether the server runs at all: tells a blocked transport from a dead server.
pub(crate) async fn server_answers() -> bool {
    fetch("/health/live").await.is_some_and(|response| response.ok())
}

/// Takes the element's media away and frees its decoder.
pub(crate) fn unload(video: &HtmlVideoElement) {
    // A pause of an element without media can't fail in a way that matters here.
    let _ = video.pause();
    let _ = video.remove_attribute("src");
    video.load();
}

/// Resolves after so many milliseconds.
pub(crate) async fn sleep(ms: i32) {
    let elapsed = js_sys::Promise::new(&mut |resolve, _| {
        // Only a missing function could make this fail.
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms);
    });
    // A promise that is never rejected.
    let _ = JsFuture::from(elapsed).await;
}

/// One line in the browser's console, for whoever looks into a player that misbehaves.
pub(crate) fn warn(what: &str, error: &JsValue) {
    web_sys::console::warn_2(&what.into(), error);
}
