//! The element while a transport feeds it: sees its frames, measures latency, holds the live edge. Shared by MSE, hls.js and native HLS.

use super::Shared;
use super::autoplay;
use super::bindings::{FrameMetadata, FrameVideo};
use super::browser::{ahead_s, moment, now_ms, ranges, wall_ms};
use super::transport::{Setup, Signal};
use app::live::edge::{EdgeAction, EdgeControl, EdgeOptions};
use app::live::pause::Pauses;
use app::live::proof::Proof;
use app::live::{PlayerStats, TransportKind};
use gloo::events::EventListener;
use gloo::timers::callback::Interval;
use js_sys::Reflect;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;

/// How often the playhead is looked at. At a rate of 1.1 it moves 20 ms in that time.
const TICK_MS: u32 = 200;
/// Weight of a new latency reading.
const LATENCY_SMOOTHING: f64 = 0.25;

/// The server's wall clock (ms) when it received the frame of a media time; None: unknown yet.
pub(crate) type ReceivedAt = Box<dyn Fn(f64) -> Option<f64>>;

/// What was seen of the frames.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    /// A frame since the last `begin`.
    first: bool,
    /// `Stalled` was said and no frame came since.
    still: bool,
    last_frame_ms: f64,
    /// Frames shown and when they were counted, for the fps.
    count: f64,
    counted_at_ms: f64,
    fps: f64,
    latency_ms: Option<f64>,
    stalls: u32,
}

pub(crate) struct Screen(Rc<Inner>);

struct Inner {
    setup: Setup,
    kind: TransportKind,
    received_at: ReceivedAt,
    /// None: the browser holds the edge itself (native HLS).
    edge: Option<RefCell<EdgeControl>>,
    seen: Cell<Seen>,
    /// Whether the newest frame is young enough to be live.
    proof: Cell<Proof>,
    running: Cell<bool>,
    /// `play` was asked for since the last `pause` or `begin`: a pause is then the browser's doing, or a person's by a media key.
    plays: Cell<bool>,
    pauses: Cell<Pauses>,
    /// When the element last began to play (`performance.now()`).
    played_at_ms: Cell<f64>,
    bytes: Cell<u64>,
    /// Dropped frames are counted by the element over its life: what it had when this player began.
    dropped_before: u32,
    frames: FrameSource,
    timer: RefCell<Option<Interval>>,
    /// Asked of the transport at every tick (watchdogs).
    on_tick: RefCell<Option<Box<dyn Fn()>>>,
    listeners: RefCell<Vec<EventListener>>,
}

/// Where the news of a shown frame comes from.
enum FrameSource {
    Callback {
        closure: Closure<dyn FnMut(f64, FrameMetadata)>,
        pending: Cell<Option<u32>>,
    },
    /// Without frame callbacks: `getVideoPlaybackQuality`.
    Counter,
}

/// `value` after a change: cells hold their content by value.
fn with<T>(mut value: T, change: impl FnOnce(&mut T)) -> T {
    change(&mut value);
    value
}

impl Screen {
    pub fn new(setup: Setup, kind: TransportKind, edge: Option<EdgeOptions>, received_at: ReceivedAt) -> Self {
        let edge = edge.map(|options| if setup.shared.rate_is_cheap { options } else { options.without_rate() });
        let has_callback = Reflect::has(&setup.video, &"requestVideoFrameCallback".into()).unwrap_or(false);
        let inner = Rc::new_cyclic(|weak: &Weak<Inner>| Inner {
            kind,
            received_at,
            edge: edge.map(|options| RefCell::new(EdgeControl::new(options))),
            seen: Cell::default(),
            proof: Cell::new(Proof::new(setup.frame_interval_ms)),
            running: Cell::new(false),
            plays: Cell::new(false),
            pauses: Cell::default(),
            played_at_ms: Cell::new(0.0),
            bytes: Cell::new(0),
            dropped_before: setup.video.get_video_playback_quality().dropped_video_frames(),
            frames: if has_callback {
                let weak = weak.clone();
                let closure = Closure::new(move |_now: f64, frame: FrameMetadata| {
                    if let Some(inner) = weak.upgrade() {
                        inner.frame_called_back(&frame);
                    }
                });
                FrameSource::Callback { closure, pending: Cell::new(None) }
            } else {
                FrameSource::Counter
            },
            timer: RefCell::default(),
            on_tick: RefCell::default(),
            listeners: RefCell::default(),
            setup,
        });
        let weak = Rc::downgrade(&inner);
        let waiting = EventListener::new(&inner.setup.video, "waiting", move |_| {
            if let Some(inner) = weak.upgrade() {
                inner.waiting();
            }
        });
        let weak = Rc::downgrade(&inner);
        let paused = EventListener::new(&inner.setup.video, "pause", move |_| {
            if let Some(inner) = weak.upgrade().filter(|inner| inner.plays.get() && inner.setup.video.paused()) {
                // The next picture is news.
                inner.seen.set(Seen { still: true, ..inner.seen.get() });
                inner.pauses.set(with(inner.pauses.get(), |pauses| pauses.paused(now_ms())));
                inner.setup.report(Signal::NeedsGesture);
            }
        });
        let weak = Rc::downgrade(&inner);
        let played = EventListener::new(&inner.setup.video, "play", move |_| {
            if let Some(inner) = weak.upgrade() {
                inner.played_at_ms.set(now_ms());
                inner.pauses.set(with(inner.pauses.get(), Pauses::played));
            }
        });
        inner.listeners.borrow_mut().extend([waiting, paused, played]);
        Self(inner)
    }

    /// `on_tick` is called five times a second while running.
    pub fn on_tick(&self, on_tick: impl Fn() + 'static) {
        *self.0.on_tick.borrow_mut() = Some(Box::new(on_tick));
    }

    /// A (re)connection begins: the next frame is a first frame, positions are learned anew.
    pub fn begin(&self) {
        let inner = &self.0;
        inner.running.set(true);
        inner.plays.set(false);
        let mut proof = inner.proof.get();
        proof.restart();
        inner.proof.set(proof);
        inner.seen.set(Seen { first: false, still: false, counted_at_ms: 0.0, fps: 0.0, latency_ms: None, ..inner.seen.get() });
        if let Some(edge) = &inner.edge {
            edge.borrow_mut().restart();
        }
        inner.set_rate(1.0);
        let weak = Rc::downgrade(inner);
        *inner.timer.borrow_mut() = Some(Interval::new(TICK_MS, move || {
            if let Some(inner) = weak.upgrade() {
                inner.tick();
            }
        }));
    }

    /// Decoding stops, the last picture stays.
    pub fn pause(&self) {
        let inner = &self.0;
        inner.running.set(false);
        inner.plays.set(false);
        inner.timer.borrow_mut().take();
        inner.frames.cancel(&inner.setup.video);
        // Pausing an element that plays nothing is harmless.
        let _ = inner.setup.video.pause();
    }

    /// Starts playback; asks for a gesture if the browser insists.
    pub fn play(&self) {
        self.0.play();
    }

    /// Media was appended.
    pub fn arrived(&self) {
        let inner = &self.0;
        if let (Some(edge), Some(&(_, end))) = (&inner.edge, ranges(&inner.setup.video).last()) {
            edge.borrow_mut().arrived(end, now_ms() / 1_000.0);
            inner.hold_edge();
        }
    }

    pub fn count_bytes(&self, bytes: u64) {
        self.0.bytes.set(self.0.bytes.get().saturating_add(bytes));
    }

    /// A frame was shown since `begin`.
    pub fn has_frame(&self) -> bool {
        self.0.seen.get().first
    }

    /// For watchdogs: a pause is no silence.
    pub fn last_frame_ms(&self) -> f64 {
        self.0.seen.get().last_frame_ms.max(self.0.played_at_ms.get())
    }

    pub fn picture_at_ms(&self) -> Option<f64> {
        Some(self.0.seen.get().last_frame_ms).filter(|at| *at > 0.0)
    }

    pub fn thumbnail(&self) -> Option<Vec<u8>> {
        self.0.shared().thumbnails.of_video(&self.0.setup.video)
    }

    pub fn stats(&self) -> Option<PlayerStats> {
        self.0.stats()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.pause();
        self.0.listeners.borrow_mut().clear();
        self.0.on_tick.borrow_mut().take();
        self.0.set_rate(1.0);
    }
}

impl FrameSource {
    /// Wants to hear of the next shown frame. One request at a time.
    fn request(&self, video: &web_sys::HtmlVideoElement) {
        if let Self::Callback { closure, pending } = self
            && pending.get().is_none()
        {
            let handle = video.unchecked_ref::<FrameVideo>().request_video_frame_callback(closure.as_ref().unchecked_ref());
            pending.set(Some(handle));
        }
    }

    fn cancel(&self, video: &web_sys::HtmlVideoElement) {
        if let Self::Callback { pending, .. } = self
            && let Some(handle) = pending.take()
        {
            video.unchecked_ref::<FrameVideo>().cancel_video_frame_callback(handle);
        }
    }
}

impl Inner {
    fn shared(&self) -> &Shared {
        &self.setup.shared
    }

    fn play(self: &Rc<Self>) {
        self.plays.set(true);
        self.frames.request(&self.setup.video);
        autoplay::play(&self.setup.video, Rc::downgrade(self), Rc::clone(&self.setup.report));
    }

    fn tick(self: &Rc<Self>) {
        let mut pauses = self.pauses.get();
        if self.plays.get() && self.setup.video.paused() && pauses.take_due(now_ms()) {
            self.pauses.set(pauses);
            self.play();
        }
        match &self.frames {
            // Asking five times a second and not at every frame: 36 tiles at 25 fps would be 900 calls a second.
            FrameSource::Callback { .. } => self.frames.request(&self.setup.video),
            FrameSource::Counter => {
                let total = f64::from(self.setup.video.get_video_playback_quality().total_video_frames());
                if total > self.seen.get().count {
                    self.frame_shown(total, self.setup.video.current_time(), now_ms());
                }
            }
        }
        self.hold_edge();
        let seen = self.seen.get();
        let mut proof = self.proof.get();
        let overdue = proof.is_overdue(moment());
        self.proof.set(proof);
        if seen.first && !seen.still && self.running.get() && overdue {
            self.seen.set(Seen { still: true, ..seen });
            self.setup.report(Signal::Stalled);
        }
        if let Some(on_tick) = &*self.on_tick.borrow() {
            on_tick();
        }
    }

    fn frame_called_back(&self, frame: &FrameMetadata) {
        if let FrameSource::Callback { pending, .. } = &self.frames {
            pending.set(None);
        }
        if self.running.get() {
            self.frame_shown(frame.presented_frames(), frame.media_time(), frame.expected_display_time());
        }
    }

    fn frame_shown(&self, count: f64, media_time_s: f64, shown_at_ms: f64) {
        if self.setup.video.paused() {
            // A paused element shows a picture at each step to the live edge, which keeps the buffer small. That proves nothing.
            return;
        }
        let now = now_ms();
        let mut proof = self.proof.get();
        proof.presented(moment(), media_time_s, count);
        self.proof.set(proof);
        let mut seen = self.seen.get();
        let news = !seen.first || seen.still;
        seen.first = true;
        seen.still = false;
        seen.last_frame_ms = now;
        if seen.counted_at_ms == 0.0 {
            (seen.count, seen.counted_at_ms) = (count, now);
        } else if now - seen.counted_at_ms >= 950.0 {
            seen.fps = (count - seen.count).max(0.0) * 1_000.0 / (now - seen.counted_at_ms);
            (seen.count, seen.counted_at_ms) = (count, now);
        }
        let received = (self.received_at)(media_time_s);
        let latency = received.and_then(|received| self.shared().offset.borrow().latency_ms(received, wall_ms(shown_at_ms)));
        // What is not known now is not told: an old number would be a wrong one.
        seen.latency_ms = latency.map(|latency| match seen.latency_ms {
            Some(smooth) if (latency - smooth).abs() < 1_000.0 => smooth + (latency - smooth) * LATENCY_SMOOTHING,
            _ => latency,
        });
        self.seen.set(seen);
        if news {
            self.setup.report(Signal::FirstFrame);
        }
    }

    /// The element ran out of data.
    fn waiting(&self) {
        let seen = self.seen.get();
        if !self.running.get() || !seen.first || self.setup.video.seeking() {
            return;
        }
        self.seen.set(Seen { stalls: seen.stalls.saturating_add(1), ..seen });
        if let Some(edge) = &self.edge {
            edge.borrow_mut().stalled(now_ms() / 1_000.0);
        }
    }

    fn hold_edge(&self) {
        let Some(edge) = &self.edge else { return };
        if !self.running.get() {
            return;
        }
        let video = &self.setup.video;
        let action = edge.borrow_mut().step(video.current_time(), &ranges(video), now_ms() / 1_000.0);
        match action {
            EdgeAction::Keep => {}
            EdgeAction::Rate(rate) => self.set_rate(rate),
            EdgeAction::Seek(to) => {
                self.set_rate(1.0);
                video.set_current_time(to);
            }
        }
    }

    fn set_rate(&self, rate: f64) {
        if (self.setup.video.playback_rate() - rate).abs() > 0.001 {
            self.setup.video.set_playback_rate(rate);
        }
    }

    fn stats(&self) -> Option<PlayerStats> {
        let seen = self.seen.get();
        if !seen.first {
            return None;
        }
        let video = &self.setup.video;
        let now = now_ms();
        Some(PlayerStats {
            transport: self.kind,
            latency_ms: seen.latency_ms.filter(|_| !seen.still),
            fps: seen.fps,
            dropped_frames: u64::from(video.get_video_playback_quality().dropped_video_frames().saturating_sub(self.dropped_before)),
            buffered_s: ahead_s(&ranges(video), video.current_time()),
            target_s: self.edge.as_ref().map_or(0.0, |edge| edge.borrow().target_s(now / 1_000.0)),
            rate: video.playback_rate(),
            stalls: seen.stalls,
            frame_age_ms: (now - seen.last_frame_ms).max(0.0),
            bound_ms: self.proof.get().bound_ms(),
            bytes: self.bytes.get(),
        })
    }
}
