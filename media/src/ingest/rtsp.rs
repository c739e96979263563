//! RTSP cameras, by retina: opening a session in the way this camera needs, and turning its frames into [`SourceItem`]s.
//!
//! What belongs here: transport choice, quirks, error sentences. What does not: reconnecting, stall timers and counting of failed
//! logins ([`crate::stream`]), timestamp repair ([`crate::mux`]). One `open` makes at most one login attempt that a camera would count:
//! the first request goes out without credentials, and its 401 is the challenge that the second one answers.

use super::connect::Peer;
use super::net::{self, AddressPolicy};
use super::{LoginMark, RtspSpec, Source, TransportChoice};
use crate::error::{ErrorCode, StreamError};
use crate::redacted::Redacted;
use crate::time::{Stamp, VIDEO_TIMESCALE};
use crate::unit::{AccessUnit, AudioFrame, SourceItem, Tracks};
use async_trait::async_trait;
use bytes::Bytes;
use fault::Stage;
use futures::{FutureExt, StreamExt};
use opening::Opening;
use retina::client::Demuxed;
use retina::codec::{CodecItem, VideoFrame};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tolerance::Tolerance;
use tracks::Choice;

mod diagnose;
mod fault;
mod opening;
mod quirks;
mod tolerance;
pub(super) mod tracks;

pub use quirks::{
    InitialSequenceQuirk, InitialTimestampQuirk, Quirks, SessionIdQuirk, TeardownQuirk, UnassignedDataQuirk, UnknownPolicy,
    UnknownRtcpSsrcQuirk,
};

/// From the name to the answer to PLAY, all requests together.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(14);
/// For the first parameter sets of a camera that does not name them in its description: one long GOP.
const PARAMETERS_LIMIT: Duration = Duration::from_secs(12);
/// Sessions get this long from their end to be torn down before a new one is opened; a camera that is gone never answers.
const STALE_LIMIT: Duration = Duration::from_secs(3);
/// For the TEARDOWN when a source is closed.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);
// Each part of an opening can run out of time by itself, with its own sentence.
const _: () = assert!(STALE_LIMIT.as_secs() + HANDSHAKE_LIMIT.as_secs() + PARAMETERS_LIMIT.as_secs() < super::OPENING_LIMIT.as_secs());

/// Opens a session and waits until its tracks are known.
pub(super) async fn open(spec: &RtspSpec, peer: &Arc<Peer>, policy: AddressPolicy, login: &LoginMark) -> Result<RtspSource, StreamError> {
    let group = Arc::clone(&peer.group);
    if timeout(peer.patience(STALE_LIMIT), group.await_stale_sessions(&group.stale_sessions())).await.is_err() {
        tracing::debug!(url = %Redacted(&spec.url), "the camera has not ended its last session yet; opening a new one all the same");
    }
    let shaken = timeout(HANDSHAKE_LIMIT, shake_hands(spec, peer, policy, login)).await;
    let Shaken { session, address, video, audio, over_udp } = shaken.unwrap_or_else(|_| Err(StreamError::no_answer(HANDSHAKE_LIMIT)))?;
    let described = tracks::stream_video_track(&session.streams()[video]);
    let audio_track = audio.and_then(|index| tracks::audio_track(&session.streams()[index]));
    let session = Box::pin(session);
    let mut playing = Playing { session, address, video, audio, tracks: None, pending: VecDeque::new(), tolerance: Tolerance::default() };
    playing.tracks = match described {
        Some(video) => Some(Tracks { video, audio: audio_track }),
        None => Some(playing.wait_for_parameters(audio_track).await?),
    };
    let Some(tracks) = playing.tracks.clone() else { return Err(fault::no_video()) };
    let unproven = spec.transport == TransportChoice::Auto && peer.learned().over_udp != over_udp;
    Ok(RtspSource { playing, opened_with: tracks, over_udp, unproven, peer: Arc::clone(peer) })
}

/// A session that plays.
struct Shaken {
    session: Demuxed,
    address: SocketAddr,
    /// Stream indices of what was set up.
    video: usize,
    audio: Option<usize>,
    over_udp: bool,
}

async fn shake_hands(spec: &RtspSpec, peer: &Peer, policy: AddressPolicy, login: &LoginMark) -> Result<Shaken, StreamError> {
    let (url, port) = spec.remote();
    let addresses = net::resolve(url, port, policy).await?;
    let address = net::reach(&addresses).await?;
    let opening = Opening { spec, peer, address, login };
    if login.is_doubted() && opening.is_challenged().await? {
        login.sent();
    }
    let mut session = opening.describe().await?;
    let (video, audio) = match tracks::choose(session.streams()) {
        Choice::Play { video, audio } => (video, audio),
        Choice::Unsupported(name) => return Err(fault::unsupported_codec(&name)),
        Choice::NoVideo => return Err(fault::no_video()),
    };
    let over_udp = opening.set_up_video(&mut session, video).await?;
    let audio = opening.set_up_audio(&mut session, audio, over_udp).await;
    let session = opening.play(session).await?;
    Ok(Shaken { session, address, video, audio, over_udp })
}

/// A session whose frames flow.
struct Playing {
    session: Pin<Box<Demuxed>>,
    address: SocketAddr,
    /// Stream indices of what was set up.
    video: usize,
    audio: Option<usize>,
    /// The newest tracks; None only while the first parameter sets are awaited.
    tracks: Option<Tracks>,
    /// Items that belong before the next frame is read; at most three.
    pending: VecDeque<SourceItem>,
    tolerance: Tolerance,
}

impl Playing {
    /// Reads until the stream itself has brought its parameter sets; the frame that did stays pending. What comes before can't be decoded.
    async fn wait_for_parameters(&mut self, audio: Option<crate::unit::AudioTrack>) -> Result<Tracks, StreamError> {
        let waiting = async {
            loop {
                self.read().await?;
                if self.tracks.is_some() {
                    // The tracks are given to the caller by `Source::tracks`, not as an item.
                    self.pending.retain(|item| !matches!(item, SourceItem::Tracks(_)));
                    break;
                }
                self.pending.clear();
            }
            Ok(())
        };
        match timeout(PARAMETERS_LIMIT, waiting).await {
            Ok(result) => result?,
            Err(_) => {
                return Err(StreamError::new(
                    ErrorCode::Stalled,
                    format!(
                        "The session is open, but no key frame came within {} s. Check the stream in the camera.",
                        PARAMETERS_LIMIT.as_secs()
                    ),
                ));
            }
        }
        let Some(mut tracks) = self.tracks.clone() else { return Err(fault::no_video()) };
        tracks.audio = audio;
        Ok(tracks)
    }

    /// Reads one thing from the camera and queues what it means. Cancel-safe: nothing is awaited after the read.
    async fn read(&mut self) -> Result<(), StreamError> {
        // See `tolerance`: retina breaks where a picture that it has not given away yet is followed by a packet that is let pass.
        let read = AssertUnwindSafe(self.session.next()).catch_unwind().await;
        let Ok(read) = read else { return Err(fault::from_text(Stage::Stream, "", self.address, None)) };
        match read {
            Some(Ok(CodecItem::VideoFrame(frame))) if frame.stream_id() == self.video => self.take_video(frame),
            Some(Ok(CodecItem::AudioFrame(frame))) if self.audio == Some(frame.stream_id()) && self.tracks.is_some() => {
                self.pending.push_back(SourceItem::Audio(AudioFrame {
                    pts: frame.timestamp().elapsed(),
                    samples: frame.frame_length().get(),
                    data: Bytes::copy_from_slice(frame.data()),
                    received: Stamp::at(frame.ctx().received()),
                }));
            }
            Some(Ok(_)) => {}
            Some(Err(error)) if self.tolerance.lets_pass(&error.to_string(), tokio::time::Instant::now()) => {
                tracing::debug!(%error, "a packet against the rules was left out");
                self.pending.push_back(SourceItem::Loss(1));
            }
            Some(Err(error)) => {
                tracing::debug!(%error, "RTSP session ended");
                return Err(match error.status_code() {
                    // A refused keepalive.
                    Some(status @ 300..) => fault::from_status(Stage::Stream, status, true),
                    _ => fault::from_text(Stage::Stream, &error.to_string(), self.address, None),
                });
            }
            None => return Err(StreamError::new(ErrorCode::Unreachable, "The camera closed the connection.")),
        }
        Ok(())
    }

    fn take_video(&mut self, frame: VideoFrame) {
        self.tolerance.picture(frame.start_ctx(), frame.end_ctx(), frame.is_random_access_point(), tokio::time::Instant::now());
        if frame.loss() > 0 {
            self.pending.push_back(SourceItem::Loss(frame.loss().into()));
        }
        if frame.has_new_parameters() || self.tracks.is_none() {
            self.take_parameters();
        }
        let elapsed = frame.timestamp().elapsed();
        let unit = AccessUnit {
            pts: to_90k(elapsed, frame.timestamp().clock_rate().get()),
            key: frame.is_random_access_point(),
            received: Stamp::at(frame.end_ctx().received()),
            data: Bytes::from(frame.into_data()),
        };
        if self.tracks.is_some() && !unit.data.is_empty() {
            self.pending.push_back(SourceItem::Video(unit));
        }
    }

    fn take_parameters(&mut self) {
        let Some(video) = tracks::stream_video_track(&self.session.streams()[self.video]) else { return };
        // Cameras repeat the same sets with every key frame, and the first frame repeats the description.
        if self.tracks.as_ref().is_some_and(|tracks| tracks.video == video) {
            return;
        }
        let audio = self.tracks.take().and_then(|tracks| tracks.audio);
        let tracks = Tracks { video, audio };
        self.tracks = Some(tracks.clone());
        self.pending.push_back(SourceItem::Tracks(tracks));
    }
}

/// An open RTSP session.
pub struct RtspSource {
    playing: Playing,
    /// As described when it was opened, or as the first key frame named them.
    opened_with: Tracks,
    over_udp: bool,
    /// A transport that is only being tried: the first picture makes it the camera's own.
    unproven: bool,
    peer: Arc<Peer>,
}

#[async_trait]
impl Source for RtspSource {
    fn tracks(&self) -> &Tracks {
        self.playing.tracks.as_ref().unwrap_or(&self.opened_with)
    }

    async fn next(&mut self) -> Result<SourceItem, StreamError> {
        loop {
            if let Some(item) = self.playing.pending.pop_front() {
                if self.unproven && matches!(item, SourceItem::Video(_)) {
                    self.unproven = false;
                    let over_udp = self.over_udp;
                    self.peer.learn(|learned| learned.over_udp = over_udp);
                }
                return Ok(item);
            }
            self.playing.read().await?;
        }
    }

    async fn close(self: Box<Self>) {
        let group = Arc::clone(&self.peer.group);
        self.peer.patience(STALE_LIMIT);
        drop(self);
        // Unanswered: retina goes on in the background for as long as the session could live.
        if let Ok(Err(error)) = timeout(CLOSE_LIMIT, group.await_teardown()).await {
            tracing::debug!(%error, "the camera did not confirm the end of the session");
        }
    }

    fn describe(&self) -> String {
        format!("RTSP over {}", if self.over_udp { "UDP" } else { "TCP" })
    }
}

/// Video RTP clocks are 90 kHz by the payload formats; a camera that says otherwise is converted.
fn to_90k(elapsed: i64, clock_rate: u32) -> i64 {
    if clock_rate == VIDEO_TIMESCALE {
        return elapsed;
    }
    let scaled = i128::from(elapsed) * i128::from(VIDEO_TIMESCALE) / i128::from(clock_rate.max(1));
    i64::try_from(scaled).unwrap_or(if scaled < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
#[path = "rtsp/tests.rs"]
mod tests;
