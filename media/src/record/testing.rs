//! Streams made by the real muxer, and what of them should be recorded.

use super::assemble::{Assembler, Batch};
use crate::cmaf::{Chunk, Epoch, Track};
use crate::mux::test_stream::{declaring_sps, high_sps, in_order_sps, length_prefixed, on_time, slice, smaller_sps, with_audio};
use crate::mux::test_stream::{sound_at, video_only};
use crate::mux::{MuxOptions, MuxOutput, Muxer};
use crate::stream::hub::Item;
use crate::time::Stamp;
use crate::unit::{AccessUnit, AudioFrame, SourceItem, Tracks};
use bytes::Bytes;
use proptest::prelude::*;
use std::sync::Arc;
use tokio::time::Instant;

/// 2026-01-01T00:00:00Z
pub const START_UTC_MS: i64 = 1_767_225_600_000;

/// One step of a scripted camera.
#[derive(Debug, Clone)]
pub enum Step {
    /// A picture after this many ticks.
    Picture {
        interval: i64,
        key: bool,
        size: usize,
    },
    /// A small group with B frames.
    Group,
    /// Frames of sound.
    Sound(u8),
    /// Nothing comes for so many ticks, and time goes on.
    Silence(i64),
    Session,
    Parameters(u8),
    /// The reader is too slow: everything up to the next key frame is lost to it.
    Slow,
}

pub fn step() -> impl Strategy<Value = Step> {
    let interval = prop_oneof![Just(3600_i64), 1500..18_000_i64];
    prop_oneof![
        10 => (interval, prop::bool::weighted(0.2), 0..60_usize).prop_map(|(interval, key, size)| Step::Picture { interval, key, size }),
        3 => Just(Step::Group),
        6 => (1..4_u8).prop_map(Step::Sound),
        1 => (0..400_000_i64).prop_map(Step::Silence),
        1 => Just(Step::Session),
        1 => (0..6_u8).prop_map(Step::Parameters),
        1 => Just(Step::Slow),
    ]
}

pub fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(step(), 1..most)
}

fn tracks(choice: u8) -> Tracks {
    match choice {
        0 => video_only(high_sps()),
        1 => with_audio(in_order_sps()),
        2 => with_audio(declaring_sps(2)),
        3 => with_rate(smaller_sps(), 48_000, [0x11, 0x88]),
        4 => with_rate(high_sps(), 44_100, [0x12, 0x08]),
        // One epoch: nothing is learned of it.
        _ => video_only(declaring_sps(0)),
    }
}

fn with_rate(sps: Bytes, rate_hz: u32, config: [u8; 2]) -> Tracks {
    let mut tracks = with_audio(sps);
    if let Some(audio) = &mut tracks.audio {
        audio.rate_hz = rate_hz;
        audio.config = Bytes::copy_from_slice(&config);
    }
    tracks
}

struct Camera {
    muxer: Muxer,
    out: Vec<MuxOutput>,
    now: i64,
    rate: i64,
    sounded: i64,
    made: u32,
}

impl Camera {
    fn stamp(&self) -> Stamp {
        let stamp = on_time(self.now);
        Stamp { utc_ms: stamp.utc_ms + START_UTC_MS, ..stamp }
    }

    /// Every payload is another one.
    fn filling(&mut self, size: usize) -> Vec<u8> {
        self.made += 1;
        let mut filling = self.made.to_be_bytes().to_vec();
        filling.resize(4 + size, 0x55);
        filling
    }

    fn picture(&mut self, pts: i64, kind: char, size: usize) {
        let mut unit = slice(kind);
        unit.extend(self.filling(size));
        let unit = AccessUnit { pts, key: kind == 'I', data: length_prefixed(&[&unit]), received: self.stamp() };
        self.muxer.push(SourceItem::Video(unit), &mut self.out);
    }

    fn sound(&mut self) {
        let SourceItem::Audio(frame) = sound_at(self.sounded, self.stamp()) else { panic!("sound") };
        self.sounded += 1024;
        let data = Bytes::from(self.filling(2));
        self.muxer.push(SourceItem::Audio(AudioFrame { data, ..frame }), &mut self.out);
    }

    fn rate_of(&mut self, tracks: &Tracks) {
        let rate = tracks.audio.as_ref().map_or(self.rate, |audio| i64::from(audio.rate_hz));
        self.sounded = self.sounded * rate / self.rate;
        self.rate = rate;
    }
}

/// Plays a script and gives what a reader of the hub would get.
pub fn play(first: u8, steps: &[Step]) -> Vec<Item> {
    let mut camera = Camera { muxer: Muxer::new(MuxOptions::default()), out: Vec::new(), now: 0, rate: 16_000, sounded: 0, made: 0 };
    let mut choice = first;
    camera.rate_of(&tracks(choice));
    camera.muxer.start_session(&tracks(choice));
    camera.picture(0, 'I', 3);
    let mut items = Vec::new();
    let mut losing: Option<(u64, Option<Item>)> = None;
    for step in steps {
        match step {
            Step::Picture { interval, key, size } => {
                camera.now += interval;
                camera.picture(camera.now, if *key { 'I' } else { 'P' }, *size);
            }
            Step::Group => {
                let start = camera.now;
                for (n, (kind, place)) in (1..).zip([('P', 3), ('B', 1), ('B', 2)]) {
                    camera.now = start + n * 3600;
                    camera.picture(start + place * 3600, kind, 9);
                }
            }
            Step::Sound(frames) => {
                let due = camera.now * camera.rate / 90_000;
                for _ in 0..*frames {
                    if camera.sounded + 8192 < due {
                        camera.sounded = due;
                    }
                    camera.sound();
                }
            }
            Step::Silence(ticks) => camera.now += ticks,
            Step::Session => camera.muxer.start_session(&tracks(choice)),
            Step::Parameters(new) => {
                choice = *new;
                camera.rate_of(&tracks(choice));
                camera.muxer.push(SourceItem::Tracks(tracks(choice)), &mut Vec::new());
            }
            Step::Slow => losing = losing.or(Some((0, None))),
        }
        for output in camera.out.drain(..) {
            deliver(output, &mut losing, &mut items);
        }
    }
    items
}

fn deliver(output: MuxOutput, losing: &mut Option<(u64, Option<Item>)>, items: &mut Vec<Item>) {
    match (output, losing.as_mut()) {
        (MuxOutput::Epoch(epoch), Some((_, held))) => *held = Some(Item::Epoch(epoch)),
        (MuxOutput::Epoch(epoch), None) => items.push(Item::Epoch(epoch)),
        (MuxOutput::Chunk(chunk), Some((lost, _))) if !chunk.key => *lost += u64::from(chunk.track == Track::Video),
        (MuxOutput::Chunk(chunk), _) => {
            if let Some((lost, epoch)) = losing.take() {
                items.extend((lost > 0).then_some(Item::Dropped(lost)));
                items.extend(epoch);
            }
            items.push(Item::Chunk(chunk));
        }
    }
}

/// What of it belongs into a file.
#[derive(Debug, Clone)]
pub struct Expected {
    pub epoch: Arc<Epoch>,
    pub chunks: Vec<Arc<Chunk>>,
}

impl Expected {
    pub fn of(&self, track: Track) -> Vec<Arc<Chunk>> {
        self.chunks.iter().filter(|chunk| chunk.track == track).cloned().collect()
    }

    /// Presentation time of the first picture in ticks of video.
    pub fn shown(&self) -> i128 {
        i128::from(self.chunks[0].decode_time) + i128::from(self.chunks[0].composition_offset)
    }

    /// Presentation time at which the last picture ends.
    pub fn shown_end(&self) -> i128 {
        let end = |chunk: &Arc<Chunk>| i128::from(chunk.decode_time) + i128::from(chunk.composition_offset) + i128::from(chunk.duration);
        self.of(Track::Video).iter().map(end).max().unwrap()
    }

    /// How long it plays: the next file's pictures come after all of its, decoded or shown.
    pub fn ticks(&self) -> u64 {
        let pictures = self.of(Track::Video);
        let last = pictures.last().unwrap();
        let decoding = last.decode_time + u64::from(last.duration) - pictures[0].decode_time;
        decoding.max(u64::try_from(self.shown_end() - self.shown()).unwrap())
    }
}

/// One file for each epoch, without the sound from before its first picture.
pub fn expected(items: &[Item]) -> Vec<Expected> {
    let mut files: Vec<Expected> = Vec::new();
    for item in items {
        match item {
            Item::Epoch(epoch) => files.push(Expected { epoch: Arc::clone(epoch), chunks: Vec::new() }),
            Item::Dropped(_) => {}
            Item::Chunk(chunk) => {
                let file = files.last_mut().unwrap();
                let wanted = match chunk.track {
                    Track::Video => true,
                    Track::Audio => {
                        let rate = i128::from(file.epoch.timescale(Track::Audio));
                        i128::from(chunk.decode_time) * 90_000 >= file.shown() * rate
                    }
                };
                file.chunks.extend(wanted.then(|| Arc::clone(chunk)));
            }
        }
    }
    files
}

/// What the assembler makes of it, all at once.
pub fn batches(items: &[Item]) -> Vec<Batch> {
    let mut assembler = Assembler::default();
    let now = Instant::now();
    items.iter().for_each(|item| assembler.push(item.clone(), now));
    assembler.close();
    std::iter::from_fn(|| assembler.take()).collect()
}

/// The files of a recording.
pub fn recorded(items: &[Item]) -> Vec<Vec<u8>> {
    let batches = batches(items);
    assert!(batches.iter().all(|batch| batch.begins), "what waits for one file is one batch");
    batches.iter().map(|batch| batch.pieces.concat()).collect()
}

/// What a reader gets that comes when so many key frames are over.
pub fn late(items: Vec<Item>, keys: usize) -> Vec<Item> {
    let starts: Vec<usize> =
        items.iter().enumerate().filter(|(_, item)| matches!(item, Item::Chunk(chunk) if chunk.key)).map(|(at, _)| at).collect();
    let start = starts[keys % starts.len()];
    let epoch = items[..start].iter().rev().find(|item| matches!(item, Item::Epoch(_))).cloned();
    epoch.into_iter().chain(items[start..].iter().cloned()).collect()
}
