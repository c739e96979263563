//! Live video as the pages see it: what is asked of a player, what it reports, and the two traits between them.
//!
//! The players themselves (sockets, MediaSource, hls.js) are in `frontend`, which provides a [`PlayerHost`] by context; on the
//! server there is none and [`use_players`] answers `None`, so components render the same there and start nothing.
//! The submodules are the players' decisions as pure logic (time is an argument), tested natively. Nothing here touches a
//! browser object except to hand the video element through.
//!
//! # Use
//!
//! ```ignore
//! let players = use_players();                        // in the component's body
//! Effect::new(move |_| {                              // effects run in the browser only
//!     let (Some(players), Some(video)) = (&players, video_ref.get()) else { return };
//!     let handle = players.play(video, PlayRequest::new(camera_id, Quality::Sub), Rc::new(move |event| …));
//!     stored.set_value(Some(handle));                 // StoredValue::new_local; dropping it destroys everything
//! });
//! ```
//!
//! Rules for the caller: one player per video element at a time (drop the old handle first); the element carries
//! `playsinline` and `muted` but no `autoplay` and no `src`. Everything a player made (sockets, object URLs, listeners, timers,
//! the hls.js instance, the element's `src` and `poster`) is gone when the handle is dropped. A handle may be dropped inside the event callback.

pub mod buffer;
pub mod clock;
pub mod edge;
pub mod history;
pub mod ladder;
pub mod message;
pub mod pause;
pub mod proof;

use crate::model::Quality;
use leptos::prelude::{provide_context, use_context};
use send_wrapper::SendWrapper;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::rc::Rc;
use std::str::FromStr;
use web_sys::HtmlVideoElement;

/// How pictures reach the element, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransportKind {
    /// fMP4 over a WebSocket into a MediaSource or ManagedMediaSource.
    Mse,
    /// LL-HLS by hls.js.
    LlHls,
    /// The browser's own HLS (iPhones without ManagedMediaSource).
    NativeHls,
    /// Snapshots shown as the element's poster, about one per second.
    Stills,
}

impl TransportKind {
    /// Every transport, best first.
    pub const LADDER: [Self; 4] = [Self::Mse, Self::LlHls, Self::NativeHls, Self::Stills];

    /// For the tile's label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Mse => "MSE",
            Self::LlHls => "LL-HLS",
            Self::NativeHls => "HLS",
            Self::Stills => "Stills",
        }
    }

    /// As it stands in settings and in the page's `?transport=`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mse => "mse",
            Self::LlHls => "hls",
            Self::NativeHls => "native",
            Self::Stills => "stills",
        }
    }
}

impl fmt::Display for TransportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl FromStr for TransportKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::LADDER.into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// What is asked of a player.
#[derive(Debug, Clone, PartialEq)]
pub struct PlayRequest {
    pub camera_id: i64,
    pub quality: Quality,
    pub muted: bool,
    /// False: nothing is opened until [`PlayerHandle::set_active`].
    pub active: bool,
    /// Only this transport (the person's choice for this camera). The page's `?transport=` wins over it.
    pub pinned: Option<TransportKind>,
    /// RFC 6381 codec of the video from the stream's status, if known: spares a connection that cannot be played.
    pub video_codec: Option<String>,
    /// Milliseconds between two pictures, and between two key frames, as the stream's status tells them: how long a picture may stand
    /// before it is no longer live, until that is measured.
    pub frame_interval_ms: Option<f64>,
    pub key_interval_ms: Option<f64>,
}

impl PlayRequest {
    /// Muted, active, nothing pinned, codec unknown.
    pub fn new(camera_id: i64, quality: Quality) -> Self {
        Self {
            camera_id,
            quality,
            muted: true,
            active: true,
            pinned: None,
            video_codec: None,
            frame_interval_ms: None,
            key_interval_ms: None,
        }
    }
}

/// Measured about once a second while pictures come.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PlayerStats {
    pub transport: TransportKind,
    /// From the server's receiving the frame to its being on the screen, milliseconds (what the camera itself takes is not in it).
    /// None: no clock known yet.
    pub latency_ms: Option<f64>,
    /// Pictures shown per second.
    pub fps: f64,
    /// Pictures decoded too late to be shown, since the player started.
    pub dropped_frames: u64,
    /// Seconds of media ahead of the playhead.
    pub buffered_s: f64,
    /// Seconds the latency control wants ahead of the playhead.
    pub target_s: f64,
    /// Playback rate: above 1 while it catches up.
    pub rate: f64,
    /// Times the picture stood still for want of data, since the player started.
    pub stalls: u32,
    /// Milliseconds since the newest picture was shown.
    pub frame_age_ms: f64,
    /// How long the newest picture may be away before the picture is no longer live, milliseconds.
    pub bound_ms: f64,
    /// Bytes of media received since the player started.
    pub bytes: u64,
}

/// Why a transport gave up, or a player as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FailReason {
    /// This browser can't play this codec this way.
    Unsupported,
    /// The server answers, but not over this transport (a proxy that blocks WebSockets, say).
    TransportBlocked,
    /// Nothing answers: the server or the network is gone. It is tried again without end.
    Unreachable,
    /// The server runs but the camera gives no picture now. It is tried again without end.
    NoStream,
    /// Data came and could not be decoded.
    Media,
    /// Connected, but no picture in time.
    NoFrame,
    /// The session has ended: sign in again. Not retried.
    SignedOut,
    /// There is no such camera or quality (any more). Not retried.
    Gone,
}

impl FailReason {
    /// Whether the player stops for good (until [`PlayerHandle::refresh`]).
    pub fn is_final(self) -> bool {
        matches!(self, Self::SignedOut | Self::Gone)
    }
}

/// What a player reports. Called from the browser's event loop, never from inside [`PlayerHost::play`] or a handle's method.
#[derive(Debug, Clone, PartialEq)]
pub enum PlayerEvent {
    /// A connection is being made (first, after a loss, or after `set_active(true)`).
    Connecting {
        transport: TransportKind,
    },
    /// The first picture since `Connecting` is on the screen: hide the poster.
    FirstFrame {
        transport: TransportKind,
    },
    Stats(PlayerStats),
    /// The element holds no picture any more: whatever lies behind it is seen.
    Cleared,
    /// No picture for longer than may be; `FirstFrame` says when it moves again.
    Stalled {
        transport: TransportKind,
    },
    /// The connection is lost or not to be had; the next attempt is in `retry_in_ms`. The last picture stays in the element.
    Waiting {
        reason: FailReason,
        retry_in_ms: u32,
    },
    /// Another transport is taken: `reason` tells why `from` would not do.
    StepDown {
        from: TransportKind,
        to: TransportKind,
        reason: FailReason,
    },
    /// A better transport is tried again after a while on a lesser one.
    StepUp {
        from: TransportKind,
        to: TransportKind,
    },
    /// Frames that the server left out because this viewer was slow.
    Dropped(u64),
    /// It has stopped: see [`FailReason::is_final`], or no transport can play this stream. `refresh` starts afresh.
    Failed {
        reason: FailReason,
    },
    /// The browser wants a tap before it plays anything: call [`PlayerHandle::gesture`] from the tap's handler.
    NeedsGesture,
    /// Playing with sound was refused: it plays muted now.
    MutedByBrowser,
}

/// A running player. Dropping it destroys everything it made.
pub trait PlayerHandle {
    fn set_muted(&self, muted: bool);

    /// False: decoding and network stop at once, the last picture stays. True: live again, within a second.
    /// For tiles out of sight and for a hidden page.
    fn set_active(&self, active: bool);

    /// Tears the transport down and starts again at the top of the ladder.
    fn refresh(&self);

    /// Tears the transport down and starts the same one again: the ladder keeps its place.
    fn renew(&self);

    /// When the newest picture was presented, milliseconds on `performance.now()`'s clock. Of stills, when the newest that differs from the
    /// one before came. None: the transport in use has presented none.
    fn picture_at_ms(&self) -> Option<f64>;

    /// The picture as [`crate::health::sample::BYTES`] of RGBA. None: nothing is shown, the page is hidden, or the browser doesn't let it be read.
    fn thumbnail(&self) -> Option<Vec<u8>>;

    /// From inside a tap's or click's handler: starts what the browser refused to start by itself.
    fn gesture(&self);

    /// Pins a transport, or frees the choice.
    fn pin(&self, transport: Option<TransportKind>);

    /// The transport in use now.
    fn transport(&self) -> Option<TransportKind>;

    /// The newest measurement.
    fn stats(&self) -> Option<PlayerStats>;
}

/// Receives a player's events.
pub type OnEvent = Rc<dyn Fn(PlayerEvent)>;

/// Makes players. Implemented by `frontend`, and by fakes in tests.
pub trait PlayerHost {
    fn play(&self, video: HtmlVideoElement, request: PlayRequest, on_event: OnEvent) -> Box<dyn PlayerHandle>;

    /// A message stamped `server_ms` by the server's wall clock came when this browser's read `browser_ms`: both are compared for the latency.
    fn heard_server(&self, _server_ms: f64, _browser_ms: f64) {}

    /// Fetches a camera's newest picture once. `on_still` is not called if there is none.
    fn still(&self, _camera_id: i64, _on_still: Box<dyn FnOnce(Still)>) {}
}

/// The address of a camera's newest picture, as large as a tile may be.
pub fn snapshot_address(camera_id: i64) -> String {
    format!("/api/v1/cameras/{camera_id}/snapshot.jpg?width=640")
}

/// A single picture. Its address is good until it is dropped.
pub struct Still {
    /// An object URL.
    pub url: String,
    /// When it was taken.
    pub taken: proof::Moment,
    /// Frees the picture.
    pub release: fn(&str),
}

impl Drop for Still {
    fn drop(&mut self) {
        (self.release)(&self.url);
    }
}

/// The page's player host, as it travels through context.
#[derive(Clone)]
pub struct Players(SendWrapper<Rc<dyn PlayerHost>>);

impl Players {
    pub fn new(host: Rc<dyn PlayerHost>) -> Self {
        Self(SendWrapper::new(host))
    }

    /// Starts a player on this element. Browser only: call it in effects and event handlers.
    pub fn play(&self, video: HtmlVideoElement, request: PlayRequest, on_event: OnEvent) -> Box<dyn PlayerHandle> {
        self.0.play(video, request, on_event)
    }

    /// See [`PlayerHost::still`]. Browser only.
    pub fn still(&self, camera_id: i64, on_still: impl FnOnce(Still) + 'static) {
        self.0.still(camera_id, Box::new(on_still));
    }

    /// See [`PlayerHost::heard_server`]. Browser only.
    pub fn heard_server(&self, server_ms: f64, browser_ms: f64) {
        self.0.heard_server(server_ms, browser_ms);
    }
}

/// Called once by `frontend` above the application.
pub fn provide_players(host: Rc<dyn PlayerHost>) {
    provide_context(Players::new(host));
}

/// The page's players. None on the server.
pub fn use_players() -> Option<Players> {
    use_context()
}
