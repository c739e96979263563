//! The browser's own HLS, for iPhones without ManagedMediaSource. It keeps its distance to the live edge itself.

use super::browser::{fetch, now_ms, status_reason, unload};
use super::screen::Screen;
use super::transport::{Setup, Signal, Transport};
use app::live::{FailReason, TransportKind};
use gloo::events::EventListener;
use js_sys::{Function, Reflect};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlVideoElement;

/// Native HLS starts slowly: three segments are fetched first.
const NO_FRAME_MS: f64 = 20_000.0;

pub(crate) struct NativePlayer(Rc<Inner>);

struct Inner {
    setup: Setup,
    screen: Screen,
    running: Cell<bool>,
    started_at_ms: Cell<f64>,
    error: RefCell<Option<EventListener>>,
}

/// The wall clock of media time 0, from PROGRAM-DATE-TIME (`getStartDate`, Safari).
fn start_date_ms(video: &HtmlVideoElement) -> Option<f64> {
    let method: Function = Reflect::get(video, &"getStartDate".into()).ok()?.dyn_into().ok()?;
    let date: js_sys::Date = method.call0(video).ok()?.dyn_into().ok()?;
    Some(date.get_time()).filter(|ms| ms.is_finite())
}

impl NativePlayer {
    pub fn new(setup: Setup) -> Self {
        let video = setup.video.clone();
        let received_at = Box::new(move |media_time_s: f64| start_date_ms(&video).map(|start| start + media_time_s * 1_000.0));
        let screen = Screen::new(setup.clone(), TransportKind::NativeHls, None, received_at);
        let inner = Rc::new(Inner { setup, screen, running: Cell::new(false), started_at_ms: Cell::new(0.0), error: RefCell::default() });
        let weak = Rc::downgrade(&inner);
        *inner.error.borrow_mut() = Some(EventListener::new(&inner.setup.video, "error", move |_| {
            if let Some(inner) = weak.upgrade().filter(|inner| inner.running.get()) {
                inner.ask_why();
            }
        }));
        let weak = Rc::downgrade(&inner);
        inner.screen.on_tick(move || {
            if let Some(inner) = weak.upgrade() {
                inner.watch();
            }
        });
        Self(inner)
    }
}

impl Transport for NativePlayer {
    fn suspend(&self) {
        self.0.running.set(false);
        self.0.screen.pause();
    }

    fn resume(&self) {
        let inner = &self.0;
        inner.running.set(true);
        inner.started_at_ms.set(now_ms());
        inner.screen.begin();
        // Set anew: a paused live playlist is resumed where it was left, and that is not live.
        inner.setup.video.set_src(&inner.setup.live_path("index.m3u8"));
        inner.screen.play();
    }

    fn screen(&self) -> Option<&Screen> {
        Some(&self.0.screen)
    }
}

impl Drop for NativePlayer {
    fn drop(&mut self) {
        self.suspend();
        self.0.error.borrow_mut().take();
        unload(&self.0.setup.video);
    }
}

impl Inner {
    /// The element says "not supported" for a 503 as well: the playlist's status tells more.
    fn ask_why(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        let url = self.setup.live_path("index.m3u8");
        spawn_local(async move {
            let reason = match fetch(&url).await {
                None => FailReason::Unreachable,
                Some(response) => status_reason(response.status()).unwrap_or(FailReason::Media),
            };
            if let Some(inner) = weak.upgrade().filter(|inner| inner.running.get()) {
                inner.setup.report(Signal::Failed(reason));
            }
        });
    }

    fn watch(&self) {
        let now = now_ms();
        let since = if self.screen.has_frame() { self.screen.last_frame_ms() } else { self.started_at_ms.get() };
        if !self.setup.video.paused() && now - since > NO_FRAME_MS && now - self.started_at_ms.get() > NO_FRAME_MS {
            self.started_at_ms.set(now);
            self.setup.report(Signal::Failed(FailReason::NoFrame));
        }
    }
}
