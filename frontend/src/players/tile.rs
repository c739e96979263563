//! One player: walks the transport ladder for one video element and tells its page what happens.
//!
//! Signals of transports and events to the page both go through the browser's task queue, so that a transport may be dropped by
//! what it said, and a player inside its own event callback.

use super::Shared;
use super::browser::{codec_support, now_ms, page_is_hidden};
use super::hls::HlsPlayer;
use super::mse::MsePlayer;
use super::native::NativePlayer;
use super::stills::StillsPlayer;
use super::transport::{Report, Setup, Signal, Transport};
use app::live::ladder::{Ladder, Verdict, rungs};
use app::live::{FailReason, OnEvent, PlayRequest, PlayerEvent, PlayerHandle, PlayerStats, TransportKind};
use gloo::timers::callback::{Interval, Timeout};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlVideoElement;

/// How often measurements are told and a better transport is considered.
const STATS_MS: u32 = 1_000;

pub(crate) struct Tile {
    shared: Rc<Shared>,
    video: HtmlVideoElement,
    request: PlayRequest,
    on_event: OnEvent,
    pinned: Cell<Option<TransportKind>>,
    active: Cell<bool>,
    /// The handle is dropped: nothing happens any more.
    ended: Cell<bool>,
    /// Stopped for good, until `refresh`.
    stopped: Cell<bool>,
    ladder: RefCell<Ladder>,
    transport: RefCell<Option<(TransportKind, Box<dyn Transport>)>>,
    /// Counts transports: a signal of an older one is ignored.
    generation: Cell<u32>,
    retry: RefCell<Option<Timeout>>,
    stats_timer: RefCell<Option<Interval>>,
    /// For the debug hook.
    state: Cell<&'static str>,
}

impl Tile {
    pub fn start(shared: Rc<Shared>, video: HtmlVideoElement, request: PlayRequest, on_event: OnEvent) -> Rc<Self> {
        // Attributes are not enough: a muted attribute that is set by script doesn't mute, and iOS wants playsinline before src.
        video.set_muted(request.muted);
        let _ = video.set_attribute("playsinline", "");
        let pinned = shared.forced.or(request.pinned);
        let ladder = Self::ladder(&shared, request.video_codec.as_deref(), pinned);
        let tile = Rc::new(Self {
            video,
            on_event,
            pinned: Cell::new(pinned),
            active: Cell::new(false),
            ended: Cell::new(false),
            stopped: Cell::new(false),
            ladder: RefCell::new(ladder),
            transport: RefCell::default(),
            generation: Cell::new(0),
            retry: RefCell::default(),
            stats_timer: RefCell::default(),
            state: Cell::new("idle"),
            shared,
            request,
        });
        let active = tile.request.active;
        tile.set_active(active);
        tile
    }

    fn ladder(shared: &Shared, codec: Option<&str>, pinned: Option<TransportKind>) -> Ladder {
        Ladder::new(rungs(shared.capabilities, codec_support(codec), pinned))
    }

    /// Tells the page, from a clean stack; not at all once the handle is gone.
    fn tell(self: &Rc<Self>, event: PlayerEvent) {
        let weak = Rc::downgrade(self);
        spawn_local(async move {
            if let Some(tile) = weak.upgrade().filter(|tile| !tile.ended.get()) {
                (tile.on_event)(event);
            }
        });
    }

    fn set_active(self: &Rc<Self>, active: bool) {
        if self.ended.get() || self.active.replace(active) == active {
            return;
        }
        self.retry.borrow_mut().take();
        if !active {
            self.state.set("inactive");
            self.stats_timer.borrow_mut().take();
            self.with_transport(|transport| transport.suspend());
            return;
        }
        if self.stopped.get() {
            return;
        }
        let weak = Rc::downgrade(self);
        *self.stats_timer.borrow_mut() = Some(Interval::new(STATS_MS, move || {
            if let Some(tile) = weak.upgrade() {
                tile.every_second();
            }
        }));
        self.connect(false);
    }

    fn with_transport(&self, run: impl FnOnce(&dyn Transport)) {
        if let Some((_, transport)) = &*self.transport.borrow() {
            run(&**transport);
        }
    }

    /// Connects by the ladder's transport. `anew`: also if it is already the one in use.
    fn connect(self: &Rc<Self>, anew: bool) {
        self.retry.borrow_mut().take();
        let Some(kind) = self.ladder.borrow().current() else {
            return self.stop(FailReason::Unsupported);
        };
        let in_use = self.transport.borrow().as_ref().is_some_and(|&(used, _)| used == kind);
        if anew || !in_use {
            // The old one goes first: it takes the element's source with it.
            self.drop_transport();
            let generation = self.generation.get().wrapping_add(1);
            self.generation.set(generation);
            let made = self.make(kind, generation);
            if made.is_none() {
                self.hear(generation, Signal::Failed(FailReason::Unsupported));
                return;
            }
            *self.transport.borrow_mut() = made.map(|transport| (kind, transport));
        }
        self.state.set("connecting");
        self.tell(PlayerEvent::Connecting { transport: kind });
        self.with_transport(|transport| transport.resume());
    }

    fn make(self: &Rc<Self>, kind: TransportKind, generation: u32) -> Option<Box<dyn Transport>> {
        let weak = Rc::downgrade(self);
        let report: Report = Rc::new(move |signal| {
            if let Some(tile) = weak.upgrade() {
                tile.hear(generation, signal);
            }
        });
        let setup = Setup {
            shared: Rc::clone(&self.shared),
            video: self.video.clone(),
            camera_id: self.request.camera_id,
            quality: self.request.quality,
            frame_interval_ms: self.request.frame_interval_ms,
            key_interval_ms: self.request.key_interval_ms,
            report,
        };
        Some(match kind {
            TransportKind::Mse => Box::new(MsePlayer::new(setup)?),
            TransportKind::LlHls => Box::new(HlsPlayer::new(setup)),
            TransportKind::NativeHls => Box::new(NativePlayer::new(setup)),
            TransportKind::Stills => Box::new(StillsPlayer::new(setup)),
        })
    }

    /// Takes a transport's signal, later.
    fn hear(self: &Rc<Self>, generation: u32, signal: Signal) {
        let weak: Weak<Self> = Rc::downgrade(self);
        spawn_local(async move {
            if let Some(tile) = weak.upgrade().filter(|tile| !tile.ended.get() && tile.generation.get() == generation) {
                tile.act(signal);
            }
        });
    }

    fn act(self: &Rc<Self>, signal: Signal) {
        let Some(kind) = self.ladder.borrow().current() else { return };
        match signal {
            Signal::FirstFrame => {
                self.ladder.borrow_mut().first_frame(now_ms());
                self.state.set("playing");
                self.tell(PlayerEvent::FirstFrame { transport: kind });
            }
            Signal::Stalled => {
                self.state.set("stalled");
                self.tell(PlayerEvent::Stalled { transport: kind });
            }
            Signal::Dropped(frames) => self.tell(PlayerEvent::Dropped(frames)),
            Signal::NeedsGesture => {
                self.state.set("needs_gesture");
                self.tell(PlayerEvent::NeedsGesture);
            }
            Signal::MutedByBrowser => self.tell(PlayerEvent::MutedByBrowser),
            // Those that were said before the tile was put to rest. The next connection finds out by itself.
            Signal::Renew | Signal::Failed(_) if !self.active.get() => {}
            Signal::Renew => self.connect(true),
            Signal::Failed(reason) => self.failed(reason),
        }
    }

    fn failed(self: &Rc<Self>, reason: FailReason) {
        let verdict = self.ladder.borrow_mut().failed(reason, now_ms(), js_sys::Math::random());
        match verdict {
            Verdict::Retry { after_ms } => {
                // A lost line keeps its last picture; a broken decoder has to go.
                let anew = matches!(reason, FailReason::Media | FailReason::NoFrame);
                self.with_transport(|transport| transport.suspend());
                self.state.set("waiting");
                self.tell(PlayerEvent::Waiting { reason, retry_in_ms: after_ms });
                let weak = Rc::downgrade(self);
                *self.retry.borrow_mut() = Some(Timeout::new(after_ms, move || {
                    // From the task queue: this timer is replaced by what it starts.
                    if let Some(tile) = weak.upgrade() {
                        spawn_local(async move {
                            if tile.active.get() && !tile.ended.get() {
                                tile.connect(anew);
                            }
                        });
                    }
                }));
            }
            Verdict::StepDown { from, to } => {
                self.tell(PlayerEvent::StepDown { from, to, reason });
                self.connect(true);
            }
            Verdict::Stop => self.stop(reason),
        }
    }

    fn stop(self: &Rc<Self>, reason: FailReason) {
        self.stopped.set(true);
        self.state.set("failed");
        self.stats_timer.borrow_mut().take();
        self.with_transport(|transport| transport.suspend());
        self.tell(PlayerEvent::Failed { reason });
    }

    fn every_second(self: &Rc<Self>) {
        if let Some(stats) = self.stats() {
            self.tell(PlayerEvent::Stats(stats));
        }
        let up = self.ladder.borrow_mut().try_up(now_ms());
        if let Some((from, to)) = up {
            self.tell(PlayerEvent::StepUp { from, to });
            self.connect(true);
        }
    }

    fn refresh(self: &Rc<Self>) {
        if self.ended.get() {
            return;
        }
        *self.ladder.borrow_mut() = Self::ladder(&self.shared, self.request.video_codec.as_deref(), self.pinned.get());
        self.drop_transport();
        self.stopped.set(false);
        if self.active.replace(false) {
            self.set_active(true);
        }
    }

    /// The transport goes, and takes the element's picture with it.
    fn drop_transport(self: &Rc<Self>) {
        let old = self.transport.borrow_mut().take();
        if old.is_some() {
            self.tell(PlayerEvent::Cleared);
        }
        drop(old);
    }

    fn renew(self: &Rc<Self>) {
        if !self.ended.get() && self.active.get() && !self.stopped.get() {
            self.connect(true);
        }
    }

    fn stats(&self) -> Option<PlayerStats> {
        self.transport.borrow().as_ref().and_then(|(_, transport)| transport.stats())
    }

    fn transport(&self) -> Option<TransportKind> {
        self.transport.borrow().as_ref().map(|&(kind, _)| kind)
    }

    /// For the debug hook.
    pub fn describe(&self) -> serde_json::Value {
        serde_json::json!({
            "camera_id": self.request.camera_id,
            "quality": self.request.quality,
            "transport": self.transport().map(TransportKind::as_str),
            "state": self.state.get(),
            "muted": self.video.muted(),
            "stats": self.stats(),
        })
    }

    fn end(&self) {
        self.ended.set(true);
        self.active.set(false);
        self.retry.borrow_mut().take();
        self.stats_timer.borrow_mut().take();
        let old = self.transport.borrow_mut().take();
        drop(old);
    }
}

/// What a page holds.
pub(crate) struct Handle(Rc<Tile>);

impl Handle {
    pub fn new(tile: Rc<Tile>) -> Self {
        Self(tile)
    }
}

impl PlayerHandle for Handle {
    fn set_muted(&self, muted: bool) {
        self.0.video.set_muted(muted);
    }

    fn set_active(&self, active: bool) {
        self.0.set_active(active);
    }

    fn refresh(&self) {
        self.0.refresh();
    }

    fn renew(&self) {
        self.0.renew();
    }

    fn picture_at_ms(&self) -> Option<f64> {
        self.0.transport.borrow().as_ref().and_then(|(_, transport)| transport.picture_at_ms())
    }

    fn thumbnail(&self) -> Option<Vec<u8>> {
        if !self.0.active.get() || page_is_hidden() {
            return None;
        }
        self.0.transport.borrow().as_ref().and_then(|(_, transport)| transport.thumbnail())
    }

    fn gesture(&self) {
        self.0.with_transport(|transport| transport.gesture());
    }

    fn pin(&self, transport: Option<TransportKind>) {
        let pinned = self.0.shared.forced.or(transport);
        if self.0.pinned.replace(pinned) != pinned {
            self.0.refresh();
        }
    }

    fn transport(&self) -> Option<TransportKind> {
        self.0.transport()
    }

    fn stats(&self) -> Option<PlayerStats> {
        self.0.stats()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.end();
    }
}
