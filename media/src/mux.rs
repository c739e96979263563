//! Mux once: access units and audio frames in, epochs and CMAF chunks out.
//!
//! No frame waits for its successor: a chunk's duration is predicted when it is made, and the next chunk's duration makes good for
//! the error, so decode times are exactly continuous and follow the repaired timeline. Sans-IO; lives as long as a stream's task.
//! Timestamp repair is in [`crate::clock`], decode order in [`crate::reorder`], boxes in [`crate::cmaf`].

use crate::clock::{Lag, SessionClock};
use crate::cmaf::{self, Chunk, Epoch, Track};
use crate::codec::aac;
use crate::time::VIDEO_TIMESCALE;
use crate::unit::{AccessUnit, AudioCodec, AudioFrame, AudioTrack, SourceItem, Tracks, VideoTrack};
use std::sync::Arc;

mod audio;
mod params;
mod presence;
#[cfg(test)]
pub(crate) mod test_stream;
mod video;

use audio::AudioLane;
use presence::Presence;
use video::VideoLane;

/// Choices of a muxer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MuxOptions {
    /// Whether the H.264 SPS is rewritten for low latency where the stream provably never reorders pictures.
    pub rewrite_sps: bool,
}

impl Default for MuxOptions {
    fn default() -> Self {
        Self { rewrite_sps: true }
    }
}

/// What comes out of a muxer, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MuxOutput {
    /// The chunks that follow decode with this; the first of them is a video key frame.
    Epoch(Arc<Epoch>),
    Chunk(Arc<Chunk>),
}

/// Counts since the muxer was made, and what it has learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MuxStats {
    pub video_chunks: u64,
    pub audio_chunks: u64,
    /// Video frames before the first key frame of a session or after a change of parameters, or that refer to frames before it.
    pub dropped_before_key: u64,
    /// Video frames without readable picture data, or too large, or with parameters that fit no init segment.
    pub dropped_unusable: u64,
    /// Audio frames before the video's key frame, or from a time that was already served.
    pub dropped_audio: u64,
    /// Packets that the source reported lost.
    pub packets_lost: u64,
    /// Timestamps of the camera that were replaced.
    pub timestamps_repaired: u64,
    /// Jumps of the camera's clock that were taken over.
    pub clock_jumps: u64,
    /// Long gaps that were closed on the timeline.
    pub gaps_closed: u64,
    /// Pictures by which decoding runs ahead of presentation; 0 without B frames.
    pub reorder_depth: u8,
    /// Whether the current epoch has a rewritten SPS.
    pub low_latency_sps: bool,
    /// Usual distance of two frames in 90 kHz ticks; 0 before the first.
    pub frame_interval: u32,
}

impl MuxStats {
    /// Video frames that did not become chunks.
    pub fn frames_dropped(&self) -> u64 {
        self.dropped_before_key + self.dropped_unusable
    }
}

/// The muxer of one stream, over all its sessions.
#[derive(Debug)]
pub struct Muxer {
    options: MuxOptions,
    /// What the source said last.
    source: Option<Tracks>,
    /// The current session's clock; None until its first key frame.
    clock: Option<SessionClock>,
    /// The current epoch. Non-key frames pass only while `parameters_wait` is false.
    epoch: Option<Arc<Epoch>>,
    /// New decoder parameters were announced: only a key frame may follow.
    parameters_wait: bool,
    /// The next key frame opens an epoch even if nothing changed.
    session_wait: bool,
    epochs: u32,
    /// Sequence number of the newest chunk.
    sequence: u64,
    video: VideoLane,
    audio: AudioLane,
    /// Whether the announced sound comes; what was learned holds over sessions.
    presence: Presence,
    stats: MuxStats,
    /// Clock counts of past sessions.
    past: crate::clock::ClockStats,
}

impl Muxer {
    pub fn new(options: MuxOptions) -> Self {
        Self {
            options,
            source: None,
            clock: None,
            epoch: None,
            parameters_wait: true,
            session_wait: true,
            epochs: 0,
            sequence: 0,
            video: VideoLane::default(),
            audio: AudioLane::default(),
            presence: Presence::default(),
            stats: MuxStats::default(),
            past: crate::clock::ClockStats::default(),
        }
    }

    /// A new camera session (first connect or reconnect): the next key frame opens a new epoch; decode times run on continuously.
    pub fn start_session(&mut self, tracks: &Tracks) {
        if let Some(clock) = self.clock.take() {
            let stats = clock.stats();
            self.past.repaired += stats.repaired;
            self.past.jumps += stats.jumps;
            self.past.gaps_closed += stats.gaps_closed;
        }
        self.session_wait = true;
        self.parameters_wait = true;
        self.video.set_source(&tracks.video);
        if self.source.as_ref().is_none_or(|source| source.audio != tracks.audio) {
            self.presence = Presence::default();
        }
        self.source = Some(tracks.clone());
    }

    /// Takes one item of the source. Infallible: what cannot be used is dropped and counted.
    pub fn push(&mut self, item: SourceItem, out: &mut Vec<MuxOutput>) {
        match item {
            SourceItem::Tracks(tracks) => self.push_tracks(tracks),
            SourceItem::Video(unit) => self.push_video(&unit, out),
            SourceItem::Audio(frame) => self.push_audio(&frame, out),
            SourceItem::Loss(packets) => self.stats.packets_lost += u64::from(packets),
        }
    }

    /// What was counted and learned so far.
    pub fn stats(&self) -> MuxStats {
        let clock = self.clock.as_ref().map(SessionClock::stats).unwrap_or_default();
        MuxStats {
            timestamps_repaired: self.past.repaired + clock.repaired,
            clock_jumps: self.past.jumps + clock.jumps,
            gaps_closed: self.past.gaps_closed + clock.gaps_closed,
            reorder_depth: self.video.reorder_depth(),
            low_latency_sps: self.video.is_rewritten(),
            frame_interval: self.video.frame_interval(),
            ..self.stats
        }
    }

    /// How far the newest picture is behind its time. None while it is about on time, or that cannot be said.
    pub fn lag(&self) -> Option<Lag> {
        self.clock.as_ref().and_then(SessionClock::lag)
    }

    fn push_tracks(&mut self, tracks: Tracks) {
        if self.source.as_ref() == Some(&tracks) {
            return;
        }
        if self.source.as_ref().is_none_or(|source| source.video != tracks.video) {
            self.video.set_source(&tracks.video);
            self.parameters_wait = true;
        }
        self.source = Some(tracks);
    }

    fn push_video(&mut self, unit: &AccessUnit, out: &mut Vec<MuxOutput>) {
        let Some(source) = &self.source else {
            self.stats.dropped_before_key += 1;
            return;
        };
        let scan = self.video.scan(&unit.data);
        if !scan.has_picture {
            self.stats.dropped_unusable += 1;
            return;
        }
        let key = unit.key || scan.random_access;
        if !key && (self.parameters_wait || self.clock.is_none()) {
            self.stats.dropped_before_key += 1;
            return;
        }
        self.presence.picture(unit.received);
        if self.video.refers_to_the_past(&scan, key) {
            self.stats.dropped_before_key += 1;
            return;
        }
        if key {
            let parameters = self.video.at_key_frame(&scan, self.options.rewrite_sps);
            let audio = source.audio.clone().filter(|audio| self.presence.is_there() || !is_muxable(audio));
            let tracks = Tracks { video: parameters, audio };
            if self.session_wait || self.epoch.as_ref().is_none_or(|epoch| epoch.tracks != tracks) {
                let Some(epoch) = open_epoch(self.epochs + 1, tracks) else {
                    self.stats.dropped_unusable += 1;
                    return;
                };
                self.epochs += 1;
                self.begin(&epoch, unit);
                self.epoch = Some(Arc::clone(&epoch));
                self.parameters_wait = false;
                self.session_wait = false;
                out.push(MuxOutput::Epoch(epoch));
            }
        }
        let (Some(clock), Some(epoch)) = (&mut self.clock, &self.epoch) else { return };
        let time = clock.video(unit.pts, unit.received, self.video.order(&scan, key));
        if key {
            self.audio.starts_no_earlier_than(time);
        }
        let slot = self.video.place(time, unit.pts, &scan);
        let sample = cmaf::chunk::Sample {
            track: Track::Video,
            key,
            sequence: self.sequence + 1,
            decode_time: slot.decode_time,
            duration: slot.duration,
            composition_offset: slot.composition_offset,
        };
        let Some(written) = cmaf::chunk::write(&sample, scan.size, self.video.samples(&unit.data)) else {
            self.stats.dropped_unusable += 1;
            return;
        };
        self.sequence += 1;
        self.video.advance(slot);
        self.stats.video_chunks += 1;
        out.push(chunk(sample, written, epoch.number, unit.received));
    }

    /// Prepares clock and audio for the epoch that a key frame opens.
    fn begin(&mut self, epoch: &Epoch, key: &AccessUnit) {
        let start = self.video.begin(self.clock.is_none());
        let clock = self.clock.get_or_insert_with(|| SessionClock::new(key.pts, start, self.video.interval()));
        let rate = epoch.tracks.audio.as_ref().filter(|_| epoch.audio_muxed).map(|audio| audio.rate_hz);
        clock.set_audio(rate);
        self.audio.begin(rate);
    }

    fn push_audio(&mut self, frame: &AudioFrame, out: &mut Vec<MuxOutput>) {
        self.presence.sound();
        let (Some(clock), Some(epoch)) = (&mut self.clock, &self.epoch) else { return };
        if !epoch.audio_muxed || frame.data.is_empty() || frame.samples == 0 {
            return;
        }
        let Some(time) = clock.audio(frame.pts, frame.samples, frame.received) else { return };
        let Some(slot) = self.audio.place(time, frame.samples) else {
            self.stats.dropped_audio += 1;
            return;
        };
        let sample = cmaf::chunk::Sample {
            track: Track::Audio,
            key: false,
            sequence: self.sequence + 1,
            decode_time: slot.decode_time,
            duration: slot.duration,
            composition_offset: 0,
        };
        let Some(written) = cmaf::chunk::write(&sample, frame.data.len(), std::iter::once(frame.data.as_ref())) else {
            self.stats.dropped_audio += 1;
            return;
        };
        self.sequence += 1;
        self.audio.advance(slot);
        self.stats.audio_chunks += 1;
        out.push(chunk(sample, written, epoch.number, frame.received));
    }
}

/// A chunk's place on its track's timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    decode_time: u64,
    duration: u32,
    composition_offset: i32,
}

fn chunk(sample: cmaf::chunk::Sample, written: cmaf::chunk::Written, epoch: u32, received: crate::time::Stamp) -> MuxOutput {
    MuxOutput::Chunk(Arc::new(Chunk {
        sequence: sample.sequence,
        epoch,
        track: sample.track,
        key: sample.key,
        decode_time: sample.decode_time,
        duration: sample.duration,
        composition_offset: sample.composition_offset,
        received,
        bytes: written.bytes,
        payload_offset: written.payload_offset,
    }))
}

/// None if the parameters fit no init segment.
fn open_epoch(number: u32, tracks: Tracks) -> Option<Arc<Epoch>> {
    let audio = tracks.audio.as_ref().filter(|audio| is_muxable(audio));
    let init = match cmaf::init::write(&tracks.video, audio) {
        Ok(init) => init,
        Err(error) => {
            tracing::warn!(%error, codec = %tracks.video.rfc6381, "the video parameters cannot be muxed");
            return None;
        }
    };
    let audio_muxed = audio.is_some();
    let mut epoch = Epoch { number, init, tracks, audio_muxed, mime: String::new() };
    epoch.mime = format!("video/mp4; codecs=\"{}\"", epoch.codecs());
    Some(Arc::new(epoch))
}

/// AAC with a configuration that decoders will accept; G.711 is carried by the stream but has no place in browsers' MP4.
fn is_muxable(audio: &AudioTrack) -> bool {
    audio.codec == AudioCodec::Aac && audio.rate_hz > 0 && aac::parse_config(&audio.config).is_some()
}

/// Expected duration of a frame in 90 kHz ticks: as the stream names it if that is plausible (1 to 120 frames per second), else 1/25 s.
fn nominal_interval(video: &VideoTrack) -> i64 {
    let named = video
        .frame_duration
        .and_then(|(numerator, denominator)| (u64::from(VIDEO_TIMESCALE) * u64::from(numerator)).checked_div(u64::from(denominator)));
    named.and_then(|ticks| i64::try_from(ticks).ok()).filter(|ticks| (750..=90_000).contains(ticks)).unwrap_or(3_600)
}

#[cfg(test)]
#[path = "mux/tests.rs"]
mod tests;
