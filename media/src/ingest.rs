//! Sources: where access units come from. A source is opened from a [`SourceSpec`] and then asked for one item after another.
//!
//! Reconnecting, stall detection and backoff are not here: they belong to [`crate::stream`]. A source fails once and is thrown away.

use crate::error::StreamError;
use crate::unit::{SourceItem, Tracks};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

pub mod bitstream;
pub mod connect;
pub mod ffmpeg;
mod gate;
mod knock;
mod login;
pub mod net;
pub mod nut;
pub mod rtsp;

pub use login::LoginMark;

/// Every kind of source gives an opening up by itself before this, and says what was missing.
pub const OPENING_LIMIT: Duration = Duration::from_secs(30);
/// For each request of an opening in RTSP. Cameras that wake up from sleep take seconds for the first.
pub(crate) const REQUEST_LIMIT: Duration = Duration::from_secs(5);

/// User name and password of a camera. The password is zeroed on drop and never printed.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub username: String,
    pub password: SecretString,
}

impl PartialEq for Credentials {
    /// Both sides are ours (what is configured against what is to be configured), so the comparison need not be constant-time.
    fn eq(&self, other: &Self) -> bool {
        self.username == other.username && self.password.expose_secret() == other.password.expose_secret()
    }
}

impl Eq for Credentials {}

/// How RTP is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TransportChoice {
    /// TCP first; on 461 (unsupported transport) UDP, and the answer is kept for the next connect.
    #[default]
    Auto,
    Tcp,
    Udp,
}

/// Everything needed to open one stream. Two equal specs open the same thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceSpec {
    Rtsp(RtspSpec),
    Ffmpeg(FfmpegSpec),
    TestPattern(TestPatternSpec),
}

impl SourceSpec {
    /// The address that is connected to, and the port there; None for what needs no network.
    pub(crate) fn remote(&self) -> Option<(&Url, u16)> {
        match self {
            Self::Rtsp(spec) => Some(spec.remote()),
            Self::Ffmpeg(spec) => spec.input.remote(),
            Self::TestPattern(_) => None,
        }
    }

    /// What the camera is told of who asks.
    pub(crate) fn credentials(&self) -> Option<&Credentials> {
        match self {
            Self::Rtsp(spec) => spec.credentials.as_ref(),
            Self::Ffmpeg(spec) => spec.credentials.as_ref(),
            Self::TestPattern(_) => None,
        }
    }
}

/// An RTSP camera stream. `url` has scheme `rtsp` and holds no user name or password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RtspSpec {
    pub url: Url,
    pub credentials: Option<Credentials>,
    pub transport: TransportChoice,
    pub quirks: rtsp::Quirks,
}

impl RtspSpec {
    fn remote(&self) -> (&Url, u16) {
        (&self.url, port(&self.url))
    }
}

/// A source that an ffmpeg child reads in copy mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FfmpegSpec {
    pub input: FfmpegInput,
    pub credentials: Option<Credentials>,
}

/// Typed inputs; each maps to a fixed argument list and protocol whitelist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FfmpegInput {
    /// `rtmp` or `rtmps`.
    Rtmp(Url),
    /// `rtsps` (RTSP over TLS), always interleaved.
    Rtsps(Url),
    /// `http` or `https` FLV.
    HttpFlv(Url),
    /// A media file, played in real time and repeated for ever. The caller has checked that the path may be read.
    File(PathBuf),
}

impl FfmpegInput {
    fn remote(&self) -> Option<(&Url, u16)> {
        match self {
            Self::Rtmp(url) | Self::Rtsps(url) | Self::HttpFlv(url) => Some((url, port(url))),
            Self::File(_) => None,
        }
    }
}

/// The port of an address, the usual one of its scheme if it names none.
fn port(url: &Url) -> u16 {
    let usual = match url.scheme() {
        "rtmp" => 1935,
        // As ffmpeg has it.
        "rtmps" | "https" => 443,
        "rtsps" => 322,
        "http" => 80,
        // RFC 2326 section 3.2.
        _ => 554,
    };
    url.port().unwrap_or(usual)
}

/// The demo camera: a moving picture with the wall clock in it, drawn and encoded by ffmpeg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestPatternSpec {
    /// Even, 160-3840.
    pub width: u32,
    /// Even, 90-2160.
    pub height: u32,
    /// 1-60.
    pub fps: u32,
    /// Turns the hue so that several demo cameras look different; 0-359 degrees.
    pub hue: u32,
}

/// An open source. Dropping it ends the session in the background; `close` waits until it has ended.
#[async_trait]
pub trait Source: Send {
    /// The tracks as known after opening; changes arrive as [`SourceItem::Tracks`].
    fn tracks(&self) -> &Tracks;
    /// The next item. Waits for ever if nothing arrives: the caller has the stall timer. Cancel-safe.
    ///
    /// # Errors
    /// The session has ended; the source gives nothing more.
    async fn next(&mut self) -> Result<SourceItem, StreamError>;
    /// Ends the session politely (TEARDOWN, child reaped) within about two seconds.
    async fn close(self: Box<Self>);
    /// One line for status and logs, e.g. `RTSP over TCP`.
    fn describe(&self) -> String;
}

/// How a camera meets a knock, from worst to best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Knocked {
    /// Its port can't be connected to.
    Shut,
    /// The port takes connections, and nothing is answered.
    Silent,
    /// It hangs up, or answers and not with this stream: starting up, no such path, no more viewers, or another protocol.
    Refuses,
    /// It would show the stream, or asks for the login first.
    Answers,
}

/// Opens sources: real ones in production, scripted ones in tests.
#[async_trait]
pub trait Connect: Send + Sync {
    /// Opens a source and waits until its tracks are known, for less than [`OPENING_LIMIT`]. A source that can tell keeps `login`.
    ///
    /// # Errors
    /// One code of [`crate::ErrorCode`] with a sentence that says what to do.
    async fn connect(&self, spec: &SourceSpec, login: &LoginMark) -> Result<Box<dyn Source>, StreamError>;

    /// How the source looks from outside, asked without a session and without a login, so that a camera that was away is met soon after
    /// it is back. None where that cannot be told. Answers within `limit`; if that is seconds, the camera is asked anew every second.
    async fn knock(&self, _spec: &SourceSpec, _limit: Duration) -> Option<Knocked> {
        None
    }

    /// Makes the next session of this source try the transport that was not used last. If pictures come, it stays; otherwise the session
    /// after it is as before. The name of the transport; None for a source whose transport is fixed.
    fn try_other_transport(&self, _spec: &SourceSpec) -> Option<&'static str> {
        None
    }

    /// Other rules of which addresses may be asked, for every session that is opened from now on.
    fn set_addresses(&self, _addresses: net::AddressPolicy) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_port_has_its_schemes_usual_one() {
        for (address, expected) in [
            ("rtsp://camera.test/main", 554),
            ("rtsps://camera.test/main", 322),
            ("rtmp://camera.test/live/key", 1935),
            ("rtmps://camera.test/live/key", 443),
            ("http://camera.test/live.flv", 80),
            ("https://camera.test/live.flv", 443),
            ("rtmps://camera.test:1936/live/key", 1936),
            ("https://camera.test:8443/live.flv", 8443),
        ] {
            assert_eq!(port(&Url::parse(address).expect("an address")), expected, "{address}");
        }
    }
}
