//! A simulated camera: makes chunks with minimal real boxes, at any frame rate, GOP and jitter, with or without audio.

use crate::cmaf::{AUDIO_TRACK_ID, Chunk, Epoch, Track, VIDEO_TRACK_ID};
use crate::hls::HlsStream;
use crate::time::Stamp;
use crate::unit::{AudioCodec, AudioTrack, Tracks, VideoCodec, VideoTrack};
use bytes::Bytes;
use std::sync::Arc;

/// 2026-01-01T00:00:00Z.
pub const START_UTC_MS: i64 = 1_767_225_600_000;
pub const AUDIO_RATE: u32 = 16_000;
const AUDIO_FRAME: u32 = 1024;

pub struct Camera {
    pub audio: bool,
    epoch: u32,
    sequence: u64,
    video_time: u64,
    audio_time: u64,
    /// Video chunks since the last key frame.
    since_key: u32,
    key_due: bool,
    /// Monotonic microseconds.
    pub now_us: u64,
}

impl Camera {
    pub fn new(audio: bool) -> Self {
        Self { audio, epoch: 0, sequence: 0, video_time: 1_000, audio_time: 0, since_key: 0, key_due: true, now_us: 5_000_000 }
    }

    pub fn stamp(&self) -> Stamp {
        Stamp { mono_us: self.now_us, utc_ms: START_UTC_MS + i64::try_from(self.now_us / 1000).unwrap() }
    }

    /// A new session: the next frame is a key frame of a new epoch.
    pub fn connect(&mut self) -> Arc<Epoch> {
        self.epoch += 1;
        self.key_due = true;
        Arc::new(epoch(self.epoch, self.audio))
    }

    pub fn force_key(&mut self) {
        self.key_due = true;
    }

    /// The next video frame of `duration` ticks, with the audio that goes before its end; a key frame after `gop` frames.
    pub fn frame(&mut self, duration: u32, gop: u32) -> Vec<Arc<Chunk>> {
        let key = self.key_due || self.since_key >= gop;
        self.since_key = if key { 1 } else { self.since_key + 1 };
        self.key_due = false;
        self.now_us += u64::from(duration) * 100 / 9;
        let mut chunks = vec![self.chunk(Track::Video, key, self.video_time, duration)];
        self.video_time += u64::from(duration);
        while self.audio && self.audio_time * 90_000 < self.video_time * u64::from(AUDIO_RATE) {
            chunks.push(self.chunk(Track::Audio, false, self.audio_time, AUDIO_FRAME));
            self.audio_time += u64::from(AUDIO_FRAME);
        }
        chunks
    }

    pub fn run(&mut self, stream: &HlsStream, frames: u32, duration: u32, gop: u32) {
        for _ in 0..frames {
            for chunk in self.frame(duration, gop) {
                stream.push(chunk);
            }
        }
    }

    fn chunk(&mut self, track: Track, key: bool, decode_time: u64, duration: u32) -> Arc<Chunk> {
        self.sequence += 1;
        let payload = vec![u8::from(key); if key { 60 } else { 20 }];
        let (bytes, payload_offset) = boxes(track, self.sequence, key, decode_time, duration, &payload);
        let (received, epoch, sequence) = (self.stamp(), self.epoch, self.sequence);
        Arc::new(Chunk { sequence, epoch, track, key, decode_time, duration, composition_offset: 0, received, bytes, payload_offset })
    }
}

/// One `moof` + `mdat` with one sample, and where the payload starts.
pub fn boxes(track: Track, sequence: u64, key: bool, decode_time: u64, duration: u32, payload: &[u8]) -> (Bytes, usize) {
    let id = if track == Track::Video { VIDEO_TRACK_ID } else { AUDIO_TRACK_ID };
    let size = u32::try_from(payload.len()).unwrap();
    let sequence = u32::try_from(sequence).unwrap();
    let mfhd = full_box(b"mfhd", 0, 0, &[&sequence.to_be_bytes()]);
    let tfhd = full_box(b"tfhd", 0, 0x02_0000, &[&id.to_be_bytes()]);
    let tfdt = full_box(b"tfdt", 1, 0, &[&decode_time.to_be_bytes()]);
    let flags: u32 = if key { 0x0200_0000 } else { 0x0101_0000 };
    let fields = [1u32, 0, duration, size, flags].map(u32::to_be_bytes);
    let trun = full_box(b"trun", 0, 0x701, &fields.each_ref().map(|field| field.as_slice()));
    let traf = plain_box(b"traf", &[&tfhd, &tfdt, &trun]);
    let moof = plain_box(b"moof", &[&mfhd, &traf]);
    let offset = moof.len() + 8;
    (Bytes::from([moof, plain_box(b"mdat", &[payload])].concat()), offset)
}

fn full_box(kind: &[u8; 4], version: u8, flags: u32, content: &[&[u8]]) -> Vec<u8> {
    let head = (u32::from(version) << 24 | flags).to_be_bytes();
    plain_box(kind, &[&[head.as_slice()], content].concat())
}

fn plain_box(kind: &[u8; 4], content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    [&u32::try_from(content.len() + 8).unwrap().to_be_bytes(), kind.as_slice(), &content].concat()
}

pub fn epoch(number: u32, audio: bool) -> Epoch {
    let video = VideoTrack {
        codec: VideoCodec::H264 { sps: Bytes::new(), pps: Bytes::new() },
        rfc6381: "avc1.640028".to_owned(),
        width: 1920,
        height: 1080,
        pixel_aspect: None,
        frame_duration: None,
        decoder_config: Bytes::new(),
    };
    let audio_track =
        AudioTrack { codec: AudioCodec::Aac, rfc6381: "mp4a.40.2".to_owned(), rate_hz: AUDIO_RATE, channels: 1, config: Bytes::new() };
    Epoch {
        number,
        init: Bytes::from(format!("init of epoch {number}")),
        tracks: Tracks { video, audio: audio.then_some(audio_track) },
        audio_muxed: audio,
        mime: "video/mp4".to_owned(),
    }
}
