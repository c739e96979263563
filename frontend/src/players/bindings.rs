//! Browser interfaces that web-sys lacks or keeps unstable: video frame callbacks and the media source in its three shapes.

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::HtmlVideoElement;

#[wasm_bindgen]
extern "C" {
    /// A video element with what web-sys keeps behind `web_sys_unstable_apis`.
    #[wasm_bindgen(extends = HtmlVideoElement, js_name = HTMLVideoElement)]
    pub type FrameVideo;

    #[wasm_bindgen(method, js_name = requestVideoFrameCallback)]
    pub fn request_video_frame_callback(this: &FrameVideo, callback: &Function) -> u32;

    #[wasm_bindgen(method, js_name = cancelVideoFrameCallback)]
    pub fn cancel_video_frame_callback(this: &FrameVideo, handle: u32);

    #[wasm_bindgen(method, setter, js_name = disableRemotePlayback)]
    pub fn set_disable_remote_playback(this: &FrameVideo, off: bool);

    /// `VideoFrameCallbackMetadata`.
    pub type FrameMetadata;

    /// Presentation time of the shown frame, seconds.
    #[wasm_bindgen(method, getter, js_name = mediaTime)]
    pub fn media_time(this: &FrameMetadata) -> f64;

    /// Frames composited since the element was made.
    #[wasm_bindgen(method, getter, js_name = presentedFrames)]
    pub fn presented_frames(this: &FrameMetadata) -> f64;

    /// When the frame is on the screen, on `performance.now()`'s clock, milliseconds.
    #[wasm_bindgen(method, getter, js_name = expectedDisplayTime)]
    pub fn expected_display_time(this: &FrameMetadata) -> f64;

    /// `MediaSource` or `ManagedMediaSource` as a class.
    pub type MediaSourceClass;

    #[wasm_bindgen(method, js_name = isTypeSupported)]
    pub fn is_type_supported(this: &MediaSourceClass, mime: &str) -> bool;
}
