//! The session core of live view over a WebSocket: hub items and client commands in, messages out (the protocol is in `docs/live-protocol.md`).
//!
//! Sans-IO: the server's WebSocket shell carries the messages. What does not belong here: sockets, authorisation, the status text
//! (it is the API's own JSON and only passed through).

use crate::cmaf::{Chunk, Epoch, Track};
use crate::stream::hub::Item;
use crate::time::{Stamp, VIDEO_TIMESCALE};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// How often the receive time of a picture is told, for the latency display.
const CLOCK_INTERVAL: Duration = Duration::from_secs(2);

/// Longest client message that is looked at; longer ones are ignored.
const MAX_COMMAND_BYTES: usize = 1024;

/// One WebSocket message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    Text(String),
    Binary(Bytes),
}

/// What a client may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// Send nothing until `Resume`.
    Pause,
    /// Go on at the live edge.
    Resume,
    /// Only key frames, without audio (a wall on a weak device), or everything again.
    KeyFramesOnly { on: bool },
}

/// What the shell has to do with its hub reader after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReaderChange {
    None,
    /// Call [`crate::stream::hub::Reader::resume_live`]: the next chunk must be a key frame at the live edge.
    ResumeLive,
}

/// The text was not a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a command of the live protocol")]
pub struct UnknownCommand;

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ServerText<'a> {
    Init { mime: &'a str, epoch: u32, wallclock_ms: i64 },
    Dropped { frames: u64 },
    Clock { media_time: f64, wallclock_ms: i64 },
}

/// When a picture with this media time was received.
#[derive(Debug, Clone, Copy)]
struct Reading {
    /// Presentation time in ticks of [`VIDEO_TIMESCALE`].
    media_ticks: i64,
    wallclock_ms: i64,
}

impl Reading {
    fn of(chunk: &Chunk) -> Self {
        let decode_time = i64::try_from(chunk.decode_time).unwrap_or(i64::MAX);
        Self { media_ticks: decode_time.saturating_add(chunk.composition_offset.into()), wallclock_ms: chunk.received.utc_ms }
    }

    /// Receive time minus media time, in ticks.
    fn lateness(self) -> i64 {
        self.wallclock_ms.saturating_mul(i64::from(VIDEO_TIMESCALE) / 1000).saturating_sub(self.media_ticks)
    }
}

/// One viewer.
#[derive(Debug, Default)]
pub struct Session {
    epoch: Option<Arc<Epoch>>,
    /// The init segment still has to be sent before the next chunk.
    init_due: bool,
    paused: bool,
    key_frames_only: bool,
    /// The viewer gets no sound.
    silent: bool,
    last_clock: Option<Stamp>,
    /// The picture since the last clock message that was received earliest against its media time. Large pictures (key frames) take
    /// longer to arrive: taking any one as the measure would make the others look newer than they are.
    earliest: Option<Reading>,
    /// Decode time of the last key frame that was sent, to stretch key frames over the gap to the next one.
    last_key_time: Option<u64>,
    key_interval: Option<u64>,
}

impl Session {
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the viewer may hear the camera. What was sent so far is no longer right: the shell goes on at the live edge with
    /// another init segment.
    pub fn set_silent(&mut self, silent: bool) -> ReaderChange {
        if self.silent == silent {
            return ReaderChange::None;
        }
        self.silent = silent;
        self.init_due = self.epoch.is_some();
        ReaderChange::ResumeLive
    }

    /// While paused the shell need not read the hub.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// Turns an item into the messages that the viewer gets for it, in order.
    pub fn push(&mut self, item: Item, out: &mut Vec<Message>) {
        match item {
            Item::Epoch(epoch) => {
                self.epoch = Some(epoch);
                self.init_due = true;
            }
            Item::Dropped(frames) => out.push(text(&ServerText::Dropped { frames })),
            Item::Chunk(_) if self.paused => {}
            Item::Chunk(chunk) => self.push_chunk(&chunk, out),
        }
    }

    /// Reads a client message.
    ///
    /// # Errors
    /// It is no command; the shell ignores and counts it.
    pub fn command(&mut self, text: &str) -> Result<ReaderChange, UnknownCommand> {
        if text.len() > MAX_COMMAND_BYTES {
            return Err(UnknownCommand);
        }
        match serde_json::from_str(text).map_err(|_| UnknownCommand)? {
            Command::Pause => {
                self.paused = true;
                Ok(ReaderChange::None)
            }
            Command::Resume if self.paused => {
                self.paused = false;
                Ok(ReaderChange::ResumeLive)
            }
            Command::KeyFramesOnly { on } if on != self.key_frames_only => {
                self.key_frames_only = on;
                self.init_due = self.epoch.is_some();
                Ok(ReaderChange::ResumeLive)
            }
            Command::Resume | Command::KeyFramesOnly { .. } => Ok(ReaderChange::None),
        }
    }

    fn push_chunk(&mut self, chunk: &Arc<Chunk>, out: &mut Vec<Message>) {
        if (self.key_frames_only && !chunk.key) || (self.silent && chunk.track == Track::Audio) {
            return;
        }
        if self.init_due {
            self.init_due = false;
            self.last_clock = None;
            self.earliest = None;
            self.push_init(chunk.received, out);
        }
        if chunk.track == Track::Video {
            self.push_clock(chunk, out);
        }
        out.push(Message::Binary(self.chunk_bytes(chunk)));
    }

    fn push_clock(&mut self, chunk: &Chunk, out: &mut Vec<Message>) {
        let reading = Reading::of(chunk);
        let earliest = self.earliest.filter(|earliest| earliest.lateness() < reading.lateness()).unwrap_or(reading);
        self.earliest = Some(earliest);
        if self.last_clock.is_none_or(|last| chunk.received.since(last) >= CLOCK_INTERVAL) {
            self.last_clock = Some(chunk.received);
            self.earliest = None;
            out.push(clock(earliest));
        }
    }

    fn push_init(&self, received: Stamp, out: &mut Vec<Message>) {
        let Some(epoch) = &self.epoch else { return };
        // The browser plays the intersection of its tracks: without audio frames there must be no audio track.
        let video_only = ((self.key_frames_only || self.silent) && epoch.audio_muxed).then(|| epoch.video_only().ok()).flatten();
        let sent = video_only.as_ref().unwrap_or(epoch);
        out.push(text(&ServerText::Init { mime: &sent.mime, epoch: sent.number, wallclock_ms: received.utc_ms }));
        out.push(Message::Binary(sent.init.clone()));
    }

    fn chunk_bytes(&mut self, chunk: &Arc<Chunk>) -> Bytes {
        if !chunk.key {
            return chunk.bytes.clone();
        }
        let interval = self.last_key_time.and_then(|last| chunk.decode_time.checked_sub(last)).filter(|interval| *interval > 0);
        self.key_interval = interval.or(self.key_interval);
        self.last_key_time = Some(chunk.decode_time);
        if !self.key_frames_only {
            return chunk.bytes.clone();
        }
        // A little longer than the gap, so that a late key frame leaves no hole; the next one overwrites the overlap.
        let gap = self.key_interval.unwrap_or(u64::from(VIDEO_TIMESCALE) * 2);
        let stretched = u32::try_from(gap + gap / 4).unwrap_or(u32::MAX).max(chunk.duration);
        chunk.with_duration(stretched)
    }
}

fn clock(reading: Reading) -> Message {
    #[expect(clippy::cast_precision_loss, reason = "2^53 ticks are 3 000 years")]
    let media_time = reading.media_ticks as f64 / f64::from(VIDEO_TIMESCALE);
    text(&ServerText::Clock { media_time, wallclock_ms: reading.wallclock_ms })
}

fn text(message: &ServerText<'_>) -> Message {
    Message::Text(serde_json::to_string(message).unwrap_or_default())
}

#[cfg(test)]
#[path = "mse/tests.rs"]
mod tests;
