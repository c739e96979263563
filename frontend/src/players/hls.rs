//! LL-HLS by hls.js. The script is loaded by the first player that needs it.
//!
//! hls.js speeds up only while more than a second is buffered and only if told to, so with parts it never catches up by itself: the
//! rate is ours ([`super::screen`]), its own control is switched off.

use super::browser::{global, now_ms, status_reason, unload};
use super::screen::Screen;
use super::transport::{Setup, Signal, Transport};
use app::live::edge::EdgeOptions;
use app::live::{FailReason, TransportKind};
use js_sys::{Function, JSON, Promise, Reflect};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{HtmlMediaElement, HtmlScriptElement};

/// No picture for this long after a start, or after a picture: something inside hangs.
const NO_FRAME_MS: f64 = 15_000.0;
/// A second media error within this time is not repaired a second time.
const REPAIR_PAUSE_MS: f64 = 10_000.0;

/// hls.js' settings. Errors of the first playlist are ours to retry (the ladder's pauses are shorter); `worker` would need blob scripts in
/// the page's policy and does nothing for fMP4; the back buffer's default is endless.
const CONFIG: &str = r#"{
    "lowLatencyMode": true, "backBufferLength": 10, "maxBufferLength": 10, "maxMaxBufferLength": 20,
    "maxLiveSyncPlaybackRate": 1, "enableWorker": false, "startFragPrefetch": true,
    "manifestLoadPolicy": {"default": {"maxTimeToFirstByteMs": 10000, "maxLoadTimeMs": 15000, "timeoutRetry": null, "errorRetry": null}},
    "playlistLoadPolicy": {"default": {"maxTimeToFirstByteMs": 10000, "maxLoadTimeMs": 15000,
        "timeoutRetry": {"maxNumRetry": 1, "retryDelayMs": 0, "maxRetryDelayMs": 0},
        "errorRetry": {"maxNumRetry": 2, "retryDelayMs": 300, "maxRetryDelayMs": 1000}}},
    "fragLoadPolicy": {"default": {"maxTimeToFirstByteMs": 5000, "maxLoadTimeMs": 15000,
        "timeoutRetry": {"maxNumRetry": 1, "retryDelayMs": 0, "maxRetryDelayMs": 0},
        "errorRetry": {"maxNumRetry": 3, "retryDelayMs": 200, "maxRetryDelayMs": 1000}}}
}"#;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = Hls)]
    type Hls;

    #[wasm_bindgen(constructor, js_class = "Hls")]
    fn new(config: &JsValue) -> Hls;

    #[wasm_bindgen(static_method_of = Hls, js_class = "Hls", js_name = isSupported)]
    fn is_supported() -> bool;

    #[wasm_bindgen(method, js_name = loadSource)]
    fn load_source(this: &Hls, url: &str);

    #[wasm_bindgen(method, js_name = attachMedia)]
    fn attach_media(this: &Hls, media: &HtmlMediaElement);

    #[wasm_bindgen(method, js_name = startLoad)]
    fn start_load(this: &Hls, position: f64);

    #[wasm_bindgen(method, js_name = stopLoad)]
    fn stop_load(this: &Hls);

    #[wasm_bindgen(method, js_name = recoverMediaError)]
    fn recover_media_error(this: &Hls);

    #[wasm_bindgen(method)]
    fn on(this: &Hls, event: &str, handler: &Function);

    #[wasm_bindgen(method)]
    fn destroy(this: &Hls);

    /// `Date | null`: the PROGRAM-DATE-TIME at the playhead.
    #[wasm_bindgen(method, getter, js_name = playingDate)]
    fn playing_date(this: &Hls) -> JsValue;

    #[wasm_bindgen(method, getter, js_name = liveSyncPosition)]
    fn live_sync_position(this: &Hls) -> Option<f64>;
}

/// The script, loaded once per page; a failed load is tried again by the next player.
#[derive(Default)]
pub(crate) struct Script {
    loading: RefCell<Option<Promise>>,
}

impl Script {
    /// Whether hls.js is there now and can play in this browser.
    async fn ready(&self) -> Result<(), FailReason> {
        if global("Hls").is_none() {
            let loading = self.loading.borrow_mut().get_or_insert_with(load_script).clone();
            if JsFuture::from(loading).await.is_err() {
                self.loading.borrow_mut().take();
                return Err(FailReason::Unreachable);
            }
        }
        if global("Hls").is_some() && Hls::is_supported() { Ok(()) } else { Err(FailReason::Unsupported) }
    }
}

/// The address stands in `<html data-hls>`, where the shell wrote it from the asset map.
fn load_script() -> Promise {
    Promise::new(&mut |resolve, reject| {
        let added = web_sys::window().and_then(|window| window.document()).and_then(|document| {
            let url = document.document_element()?.get_attribute("data-hls")?;
            let script: HtmlScriptElement = document.create_element("script").ok()?.unchecked_into();
            script.set_onload(Some(&resolve));
            script.set_onerror(Some(&reject));
            script.set_src(&url);
            document.head()?.append_child(&script).ok()
        });
        if added.is_none() {
            // Rejecting a promise that is being made can't fail.
            let _ = reject.call0(&JsValue::UNDEFINED);
        }
    })
}

pub(crate) struct HlsPlayer(Rc<Inner>);

type Handler = Closure<dyn FnMut(JsValue, JsValue)>;

struct Inner {
    setup: Setup,
    screen: Screen,
    instance: Rc<RefCell<Option<Hls>>>,
    handlers: RefCell<Vec<Handler>>,
    running: Cell<bool>,
    /// The instance stopped by a fatal error: the playlist must be loaded anew.
    dead: Cell<bool>,
    /// After a rest the playhead goes to the live edge with the next playlist.
    jump: Cell<bool>,
    resumed_at_ms: Cell<f64>,
    repaired_at_ms: Cell<f64>,
}

impl HlsPlayer {
    pub fn new(setup: Setup) -> Self {
        let instance: Rc<RefCell<Option<Hls>>> = Rc::default();
        let dates = Rc::clone(&instance);
        let video = setup.video.clone();
        let received_at = Box::new(move |media_time_s: f64| {
            let date = dates.borrow().as_ref()?.playing_date().dyn_into::<js_sys::Date>().ok()?;
            Some(date.get_time() + (media_time_s - video.current_time()) * 1_000.0)
        });
        let screen = Screen::new(setup.clone(), TransportKind::LlHls, Some(EdgeOptions::LL_HLS), received_at);
        let inner = Rc::new(Inner {
            setup,
            screen,
            instance,
            handlers: RefCell::default(),
            running: Cell::new(false),
            dead: Cell::new(false),
            jump: Cell::new(false),
            resumed_at_ms: Cell::new(0.0),
            repaired_at_ms: Cell::new(f64::NEG_INFINITY),
        });
        let weak = Rc::downgrade(&inner);
        inner.screen.on_tick(move || {
            if let Some(inner) = weak.upgrade() {
                inner.watch();
            }
        });
        Self(inner)
    }
}

impl Transport for HlsPlayer {
    fn suspend(&self) {
        let inner = &self.0;
        inner.running.set(false);
        inner.screen.pause();
        if let Some(hls) = &*inner.instance.borrow() {
            hls.stop_load();
        }
    }

    fn resume(&self) {
        let inner = &self.0;
        inner.running.set(true);
        inner.resumed_at_ms.set(now_ms());
        inner.screen.begin();
        let weak = Rc::downgrade(inner);
        spawn_local(async move {
            let Some(shared) = weak.upgrade().map(|inner| Rc::clone(&inner.setup.shared)) else { return };
            let ready = shared.hls_script.ready().await;
            let Some(inner) = weak.upgrade().filter(|inner| inner.running.get()) else { return };
            match ready {
                Ok(()) => inner.load(),
                Err(reason) => inner.setup.report(Signal::Failed(reason)),
            }
        });
    }

    fn screen(&self) -> Option<&Screen> {
        Some(&self.0.screen)
    }
}

impl Drop for HlsPlayer {
    fn drop(&mut self) {
        let inner = &self.0;
        inner.running.set(false);
        inner.screen.pause();
        let hls = inner.instance.borrow_mut().take();
        if let Some(hls) = hls {
            hls.destroy();
        }
        inner.handlers.borrow_mut().clear();
        unload(&inner.setup.video);
    }
}

impl Inner {
    fn load(self: &Rc<Self>) {
        let url = self.setup.live_path("index.m3u8");
        let dead = self.dead.replace(false);
        if let Some(hls) = &*self.instance.borrow() {
            self.jump.set(true);
            if dead {
                hls.load_source(&url);
            } else {
                hls.start_load(-1.0);
            }
            return self.screen.play();
        }
        let hls = Hls::new(&JSON::parse(CONFIG).unwrap_or(JsValue::UNDEFINED));
        self.listen(&hls, "hlsBufferAppended", |inner, _| inner.screen.arrived());
        self.listen(&hls, "hlsLevelUpdated", |inner, _| inner.jump_to_edge());
        self.listen(&hls, "hlsFragLoaded", |inner, data| inner.count(&data));
        self.listen(&hls, "hlsError", |inner, data| inner.error(&data));
        hls.attach_media(&self.setup.video);
        hls.load_source(&url);
        *self.instance.borrow_mut() = Some(hls);
        self.screen.play();
    }

    fn listen(self: &Rc<Self>, hls: &Hls, event: &str, run: fn(&Rc<Self>, JsValue)) {
        let weak: Weak<Self> = Rc::downgrade(self);
        let handler = Handler::new(move |_name: JsValue, data: JsValue| {
            if let Some(inner) = weak.upgrade() {
                run(&inner, data);
            }
        });
        hls.on(event, handler.as_ref().unchecked_ref());
        self.handlers.borrow_mut().push(handler);
    }

    fn jump_to_edge(&self) {
        if !self.jump.replace(false) {
            return;
        }
        let edge = self.instance.borrow().as_ref().and_then(Hls::live_sync_position);
        if let Some(edge) = edge.filter(|edge| edge.is_finite() && *edge > self.setup.video.current_time()) {
            self.setup.video.set_current_time(edge);
        }
    }

    fn count(&self, data: &JsValue) {
        let bytes = member(data, "payload").and_then(|payload| member(&payload, "byteLength")).and_then(|len| len.as_f64());
        if let Some(bytes) = bytes.filter(|bytes| (0.0..1e12).contains(bytes)) {
            self.screen.count_bytes(bytes as u64);
        }
    }

    fn error(&self, data: &JsValue) {
        if member(data, "fatal").and_then(|fatal| fatal.as_bool()) != Some(true) || !self.running.get() {
            return;
        }
        let text = |name| member(data, name).and_then(|value| value.as_string()).unwrap_or_default();
        self.dead.set(true);
        let reason = match text("type").as_str() {
            "networkError" => {
                let status = member(data, "response").and_then(|response| member(&response, "code")).and_then(|code| code.as_f64());
                match status {
                    Some(status) if (1.0..1_000.0).contains(&status) => {
                        status_reason(status as u16).unwrap_or(FailReason::TransportBlocked)
                    }
                    _ => FailReason::Unreachable,
                }
            }
            "mediaError" if text("details") == "manifestIncompatibleCodecsError" => FailReason::Unsupported,
            "mediaError" if now_ms() - self.repaired_at_ms.get() > REPAIR_PAUSE_MS => {
                self.repaired_at_ms.set(now_ms());
                self.dead.set(false);
                if let Some(hls) = &*self.instance.borrow() {
                    hls.recover_media_error();
                }
                return self.screen.play();
            }
            _ => FailReason::Media,
        };
        self.setup.report(Signal::Failed(reason));
    }

    fn watch(&self) {
        if self.setup.video.paused() {
            return;
        }
        let now = now_ms();
        if !self.screen.has_frame() {
            if now - self.resumed_at_ms.get() > NO_FRAME_MS {
                self.setup.report(Signal::Failed(FailReason::NoFrame));
                self.resumed_at_ms.set(now);
            }
        } else if now - self.screen.last_frame_ms() > NO_FRAME_MS && now - self.resumed_at_ms.get() > NO_FRAME_MS {
            // The playlist stands still (the camera is gone, most likely) or hls.js hangs: load it anew, which tells.
            self.dead.set(true);
            self.resumed_at_ms.set(now);
            self.setup.report(Signal::Failed(FailReason::NoStream));
        }
    }
}

fn member(object: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(object, &name.into()).ok().filter(|value| !value.is_undefined() && !value.is_null())
}
