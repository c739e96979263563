//! MSE over WebSocket: the server's chunks appended as they come.
//!
//! [`socket`] is one connection, [`source`] the media source with its append queue; this file joins them. The media source survives
//! reconnections, so the last picture stays on the screen; a new connection's first init clears what was buffered before.

mod socket;
mod source;

use super::browser::{now_ms, server_answers};
use super::screen::Screen;
use super::transport::{Setup, Signal, Transport};
use app::live::clock::MediaClock;
use app::live::edge::EdgeOptions;
use app::live::message::{ServerText, close_reason, parse};
use app::live::{FailReason, TransportKind};
use js_sys::ArrayBuffer;
use socket::{Incoming, Socket};
use source::{Source, SourceEvent};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen_futures::spawn_local;

/// A connection that is not made in this time is given up.
const CONNECT_MS: f64 = 8_000.0;
/// Nothing at all for this long (the clock alone comes every 2 s): the line is dead although nobody closed it.
const SILENCE_MS: f64 = 10_000.0;
/// Media came for this long and no picture.
const NO_FRAME_MS: f64 = 8_000.0;
/// A picture was there, media goes on coming, and the picture stands still for this long: the decoder hangs.
const FROZEN_MS: f64 = 8_000.0;

pub(crate) struct MsePlayer(Rc<Inner>);

/// What the next binary message is.
enum Expect {
    /// The init segment of this MIME type.
    Init(String),
    Media,
}

struct Inner {
    setup: Setup,
    screen: Screen,
    source: Source,
    socket: RefCell<Option<Socket>>,
    expect: RefCell<Expect>,
    clock: Rc<RefCell<MediaClock>>,
    /// The connection's first init is still to come: it clears the buffer.
    fresh: Cell<bool>,
    /// A clock message of this connection was seen.
    clock_seen: Cell<bool>,
    /// Counts connections, so that an answer about an older one is ignored.
    attempt: Cell<u32>,
    opened_at_ms: Cell<f64>,
    last_message_ms: Cell<f64>,
    /// When this connection's first media came.
    media_since_ms: Cell<Option<f64>>,
    last_media_ms: Cell<f64>,
}

impl MsePlayer {
    /// None: the browser refuses to make a media source.
    pub fn new(setup: Setup) -> Option<Self> {
        let clock = Rc::new(RefCell::new(MediaClock::default()));
        let line = Rc::clone(&clock);
        let received_at = Box::new(move |media_time_s: f64| line.borrow().received_ms(media_time_s));
        let screen = Screen::new(setup.clone(), TransportKind::Mse, Some(EdgeOptions::MSE), received_at);
        let source = Source::new(&setup.video)?;
        let inner = Rc::new(Inner {
            setup,
            screen,
            source,
            socket: RefCell::default(),
            expect: RefCell::new(Expect::Media),
            clock,
            fresh: Cell::new(true),
            clock_seen: Cell::new(false),
            attempt: Cell::new(0),
            opened_at_ms: Cell::new(0.0),
            last_message_ms: Cell::new(0.0),
            media_since_ms: Cell::new(None),
            last_media_ms: Cell::new(0.0),
        });
        let weak = Rc::downgrade(&inner);
        inner.source.start(move |event| {
            if let Some(inner) = weak.upgrade() {
                inner.source_event(event);
            }
        });
        let weak = Rc::downgrade(&inner);
        inner.screen.on_tick(move || {
            if let Some(inner) = weak.upgrade() {
                inner.watch();
            }
        });
        Some(Self(inner))
    }
}

impl Transport for MsePlayer {
    fn suspend(&self) {
        self.0.disconnect();
        self.0.source.forget_queue();
        self.0.screen.pause();
    }

    fn resume(&self) {
        self.0.connect();
    }

    fn screen(&self) -> Option<&Screen> {
        Some(&self.0.screen)
    }
}

impl Drop for MsePlayer {
    fn drop(&mut self) {
        self.suspend();
    }
}

impl Inner {
    fn connect(self: &Rc<Self>) {
        self.disconnect();
        self.source.forget_queue();
        self.fresh.set(true);
        self.clock_seen.set(false);
        self.media_since_ms.set(None);
        self.opened_at_ms.set(now_ms());
        self.last_message_ms.set(now_ms());
        *self.expect.borrow_mut() = Expect::Media;
        self.screen.begin();
        let weak: Weak<Self> = Rc::downgrade(self);
        let socket = Socket::open(&self.setup.live_path("mse"), move |incoming| {
            if let Some(inner) = weak.upgrade() {
                inner.incoming(incoming);
            }
        });
        match socket {
            Some(socket) => *self.socket.borrow_mut() = Some(socket),
            None => self.fail(FailReason::TransportBlocked),
        }
    }

    fn disconnect(&self) {
        self.attempt.set(self.attempt.get().wrapping_add(1));
        self.socket.borrow_mut().take();
    }

    fn fail(&self, reason: FailReason) {
        self.disconnect();
        self.setup.report(Signal::Failed(reason));
    }

    fn incoming(self: &Rc<Self>, incoming: Incoming) {
        self.last_message_ms.set(now_ms());
        match incoming {
            Incoming::Text(text) => self.text(&text),
            Incoming::Binary(bytes) => self.binary(bytes),
            Incoming::Closed { code, was_open } => match close_reason(code, was_open) {
                Some(reason) => self.fail(reason),
                None => self.ask_why(),
            },
        }
    }

    /// The handshake failed: is it the server or only WebSockets?
    fn ask_why(self: &Rc<Self>) {
        self.disconnect();
        let attempt = self.attempt.get();
        let weak = Rc::downgrade(self);
        spawn_local(async move {
            let reason = if server_answers().await { FailReason::TransportBlocked } else { FailReason::Unreachable };
            if let Some(inner) = weak.upgrade().filter(|inner| inner.attempt.get() == attempt) {
                inner.fail(reason);
            }
        });
    }

    fn text(&self, text: &str) {
        match parse(text) {
            Some(ServerText::Init { mime, .. }) => {
                if Source::supports(&mime) {
                    *self.expect.borrow_mut() = Expect::Init(mime);
                } else {
                    self.fail(FailReason::Unsupported);
                }
            }
            Some(ServerText::Dropped { frames }) => self.setup.report(Signal::Dropped(frames)),
            Some(ServerText::Clock { media_time, wallclock_ms }) => {
                self.clock.borrow_mut().observe(media_time, wallclock_ms);
                // The first one of a connection is of the cached key frame, seconds old: it says nothing about the way here.
                if self.clock_seen.replace(true) {
                    self.setup.shared.offset.borrow_mut().observe(wallclock_ms, js_sys::Date::now());
                }
            }
            Some(ServerText::Other) | None => {}
        }
    }

    fn binary(self: &Rc<Self>, bytes: ArrayBuffer) {
        self.screen.count_bytes(u64::from(bytes.byte_length()));
        match std::mem::replace(&mut *self.expect.borrow_mut(), Expect::Media) {
            Expect::Init(mime) => {
                let fresh = self.fresh.replace(false);
                if fresh {
                    self.clock.borrow_mut().reset();
                }
                self.source.push_init(mime, bytes, fresh);
                if fresh {
                    self.screen.play();
                }
            }
            // Media before the first init is nothing that can be played.
            Expect::Media if self.fresh.get() => {}
            Expect::Media => {
                let now = now_ms();
                self.last_media_ms.set(now);
                if self.media_since_ms.get().is_none() {
                    self.media_since_ms.set(Some(now));
                }
                self.source.push_media(bytes);
            }
        }
    }

    fn source_event(self: &Rc<Self>, event: SourceEvent) {
        match event {
            SourceEvent::Appended => self.screen.arrived(),
            SourceEvent::Unsupported => self.fail(FailReason::Unsupported),
            SourceEvent::OtherTracks => {
                self.disconnect();
                self.setup.report(Signal::Renew);
            }
            SourceEvent::Broken => self.fail(FailReason::Media),
            // This browser is too slow for all of it: start again at the newest key frame.
            SourceEvent::Overflow { lost } => {
                self.setup.report(Signal::Dropped(lost));
                self.connect();
            }
        }
    }

    fn watch(self: &Rc<Self>) {
        let Some(open) = self.socket.borrow().as_ref().map(Socket::is_open) else { return };
        let now = now_ms();
        if !open {
            if now - self.opened_at_ms.get() > CONNECT_MS {
                self.ask_why();
            }
            return;
        }
        if now - self.last_message_ms.get() > SILENCE_MS {
            return self.fail(FailReason::Unreachable);
        }
        let Some(since) = self.media_since_ms.get() else { return };
        if self.setup.video.paused() {
            // Waits for a gesture, or a person paused it by a media key.
            return;
        }
        if !self.screen.has_frame() {
            if now - since > NO_FRAME_MS {
                self.fail(FailReason::NoFrame);
            }
        } else if now - self.last_media_ms.get() < 1_000.0 && now - self.screen.last_frame_ms() > FROZEN_MS {
            self.fail(FailReason::Media);
        }
    }
}
