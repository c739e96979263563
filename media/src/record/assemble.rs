//! What of a stream is written, into which file, and how much of it at a time. Sans-IO.

use super::Summary;
use super::boxes::prft;
use crate::cmaf::{Chunk, Epoch, Track};
use crate::stream::hub::Item;
use crate::time::VIDEO_TIMESCALE;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What waits longer is written even in the middle of a group of pictures: no more is lost at a power cut.
const MAX_AGE: Duration = Duration::from_secs(2);
/// A group of pictures that is over is written unless it is younger: streams of nothing but key frames would sync the disk for each.
const MIN_AGE: Duration = Duration::from_millis(500);
/// So much is written at once.
const BATCH_BYTES: usize = 4 << 20;
/// A file of so many chunks (seven hours of pictures and sound) is followed by another one: reading it takes memory for each.
const FILE_CHUNKS: u64 = 1 << 20;
/// A stream without key frames, where no new file can begin, is recorded no further: what is too long can't be read.
const MAX_CHUNKS: u64 = 2 * FILE_CHUNKS - 1;

/// Bytes that are written and synced together.
#[derive(Debug)]
pub(super) struct Batch {
    /// Begins a new file, with an init segment.
    pub begins: bool,
    pub pieces: Vec<Bytes>,
    /// Size of all pieces.
    pub bytes: usize,
    /// Of its file, with this batch.
    pub summary: Summary,
    /// When the first piece came.
    since: Instant,
    /// Nothing is added any more.
    closed: bool,
}

/// Takes what a hub delivers and gives batches.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    epoch: Option<Arc<Epoch>>,
    take: Option<Take>,
    batches: VecDeque<Batch>,
    /// Size of all batches.
    bytes: usize,
    dropped: u64,
    first_key: Option<(Arc<Epoch>, Arc<Chunk>)>,
}

/// What goes into the current file.
#[derive(Debug)]
struct Take {
    summary: Summary,
    chunks: u64,
    /// Sound from before is left out: there is no picture to it.
    sound_from: u64,
    last_picture: Option<u64>,
    last_sound: Option<u64>,
}

impl Assembler {
    pub fn push(&mut self, item: Item, now: Instant) {
        match item {
            Item::Epoch(epoch) => {
                self.epoch = Some(epoch);
                self.take = None;
            }
            Item::Dropped(pictures) => self.dropped += pictures,
            Item::Chunk(chunk) => self.push_chunk(&chunk, now),
        }
    }

    /// Bytes that wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Pictures that were not recorded.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The first picture.
    pub fn first_key(&self) -> Option<&(Arc<Epoch>, Arc<Chunk>)> {
        self.first_key.as_ref()
    }

    /// When [`Self::close`] is due.
    pub fn due(&self) -> Option<Instant> {
        self.batches.back().filter(|batch| !batch.closed).map(|batch| batch.since + MAX_AGE)
    }

    /// What waits may be written now.
    pub fn close(&mut self) {
        if let Some(batch) = self.batches.back_mut() {
            batch.closed = true;
        }
    }

    /// What is to be written next: all that waits for one file and may be written.
    pub fn take(&mut self) -> Option<Batch> {
        let mut batch = self.batches.pop_front_if(|batch| batch.closed)?;
        while let Some(next) = self.batches.pop_front_if(|next| next.closed && !next.begins) {
            batch.pieces.extend(next.pieces);
            batch.bytes += next.bytes;
            batch.summary = next.summary;
        }
        self.bytes -= batch.bytes;
        Some(batch)
    }

    fn push_chunk(&mut self, chunk: &Arc<Chunk>, now: Instant) {
        let Some(epoch) = self.epoch.clone().filter(|epoch| epoch.number == chunk.epoch) else { return };
        let is_full = self.take.as_ref().is_some_and(|take| take.chunks >= FILE_CHUNKS);
        let begins = self.take.is_none() || (is_full && chunk.key);
        if begins {
            if !chunk.key {
                self.dropped += u64::from(chunk.track == Track::Video);
                return;
            }
            let utc_ms = chunk.received.utc_ms;
            let sound_from = if is_full { 0 } else { in_sound(shown(chunk), &epoch) };
            let summary = Summary::begin(Some(utc_ms));
            self.take = Some(Take { summary, chunks: 0, sound_from, last_picture: None, last_sound: None });
        }
        let Some(take) = &mut self.take else { return };
        if take.chunks >= MAX_CHUNKS {
            self.dropped += u64::from(chunk.track == Track::Video);
            return;
        }
        if !take.admits(chunk, &epoch) {
            return;
        }
        let summary = take.summary;
        if chunk.key {
            self.first_key.get_or_insert_with(|| (Arc::clone(&epoch), Arc::clone(chunk)));
            if self.batches.back().is_some_and(|batch| begins || now >= batch.since + MIN_AGE) {
                self.close();
            }
        }
        let head = [begins.then(|| epoch.init.clone()), chunk.key.then(|| prft(shown(chunk), chunk.received.utc_ms))];
        let pieces = head.into_iter().flatten().chain([chunk.bytes.clone()]);
        if self.batches.back().is_none_or(|batch| batch.closed) {
            self.batches.push_back(Batch { begins, pieces: Vec::new(), bytes: 0, summary, since: now, closed: false });
        }
        let Some(batch) = self.batches.back_mut() else { return };
        batch.summary = summary;
        for piece in pieces {
            batch.bytes += piece.len();
            self.bytes += piece.len();
            batch.pieces.push(piece);
        }
        batch.closed = batch.bytes >= BATCH_BYTES;
    }
}

impl Take {
    /// Whether a chunk goes into the file; if so, it is counted.
    fn admits(&mut self, chunk: &Chunk, epoch: &Epoch) -> bool {
        let is_video = chunk.track == Track::Video;
        let (last, wanted) = match chunk.track {
            Track::Video => (&mut self.last_picture, true),
            Track::Audio => (&mut self.last_sound, epoch.audio_muxed && chunk.decode_time >= self.sound_from),
        };
        // Times increase in a file: it would be taken for torn.
        if !wanted || last.is_some_and(|last| chunk.decode_time <= last) {
            return false;
        }
        *last = Some(chunk.decode_time);
        self.chunks += 1;
        if is_video {
            self.summary.picture(chunk.decode_time, chunk.composition_offset, chunk.duration, chunk.key.then_some(chunk.received.utc_ms));
        }
        true
    }
}

/// Presentation time of a picture, in its ticks.
fn shown(chunk: &Chunk) -> u64 {
    chunk.decode_time.saturating_add_signed(i64::from(chunk.composition_offset))
}

/// A time of video in ticks of sound, rounded up.
fn in_sound(ticks: u64, epoch: &Epoch) -> u64 {
    let ticks = u128::from(ticks) * u128::from(epoch.timescale(Track::Audio));
    u64::try_from(ticks.div_ceil(u128::from(VIDEO_TIMESCALE))).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "assemble/tests.rs"]
mod tests;
