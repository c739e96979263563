//! The sample tables of one track of a movie (ISO 14496-12 8.6, 8.7).

use super::boxes::boxed;
use bytes::{BufMut, Bytes, BytesMut};

/// Samples that are one chunk of the tables at most: players that seek add up the sizes inside a chunk.
const CHUNK_SAMPLES: u32 = 64;

/// A sample as the tables want it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// Decode time in ticks of the track; more than that of the sample before.
    pub time: u64,
    /// For the last sample of a track.
    pub duration: u32,
    pub size: u32,
    /// Presentation time less decode time; may be negative, see [`Tables::shift`].
    pub offset: i32,
    pub sync: bool,
    /// Of its first byte in the payload.
    pub position: u64,
    /// Whether the sample before it in the payload is of this track.
    pub follows: bool,
}

/// The tables of a track while they grow. Runs of equal values are one entry.
#[derive(Debug, Default)]
pub(super) struct Tables {
    descriptions: Vec<Bytes>,
    /// Number of the description of the samples that come, from 1.
    description: u32,
    sizes: Vec<u32>,
    durations: Vec<(u32, u32)>,
    offsets: Vec<(u32, i32)>,
    sync: Vec<u32>,
    chunks: Vec<TableChunk>,
    first: Option<u64>,
    /// Time and duration of the newest sample.
    last: Option<(u64, u32)>,
}

#[derive(Debug, Clone, Copy)]
struct TableChunk {
    position: u64,
    samples: u32,
    description: u32,
}

impl Tables {
    /// The samples that follow are decoded with this sample entry.
    pub fn describe(&mut self, entry: &Bytes) {
        let known = self.descriptions.iter().position(|known| known == entry);
        let place = known.unwrap_or_else(|| {
            self.descriptions.push(entry.clone());
            self.descriptions.len() - 1
        });
        self.description = u32::try_from(place + 1).unwrap_or(u32::MAX);
    }

    /// None if its time is not behind the one before, or further than a table can say.
    pub fn push(&mut self, entry: Entry) -> Option<()> {
        if let Some((last, _)) = self.last {
            let duration = u32::try_from(entry.time.checked_sub(last)?).ok().filter(|duration| *duration > 0)?;
            push_run(&mut self.durations, duration);
        }
        self.first.get_or_insert(entry.time);
        self.last = Some((entry.time, entry.duration));
        self.sizes.push(entry.size);
        push_run(&mut self.offsets, entry.offset);
        if entry.sync {
            self.sync.push(u32::try_from(self.sizes.len()).ok()?);
        }
        match self.chunks.last_mut() {
            Some(chunk) if entry.follows && chunk.description == self.description && chunk.samples < CHUNK_SAMPLES => chunk.samples += 1,
            _ => self.chunks.push(TableChunk { position: entry.position, samples: 1, description: self.description }),
        }
        Some(())
    }

    /// Time of the first sample.
    pub fn first(&self) -> Option<u64> {
        self.first
    }

    /// Time and duration of the newest sample.
    pub fn last(&self) -> Option<(u64, u32)> {
        self.last
    }

    /// From the first sample's time to the last one's end.
    pub fn duration(&self) -> u64 {
        let end = self.last.map_or(0, |(time, duration)| time.saturating_add(u64::from(duration)));
        end.saturating_sub(self.first.unwrap_or(0))
    }

    /// By how much all offsets are moved up, so that none is negative.
    pub fn shift(&self) -> u32 {
        self.offsets.iter().map(|(_, offset)| *offset).min().map_or(0, |least| least.min(0).unsigned_abs())
    }

    pub fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }

    /// Writes `stbl`. `start` is where the payload begins in the movie, `wide` whether positions need 64 bits. `all_sync` leaves out
    /// the table of key frames: every sample is one. None if a table grows too large.
    pub fn write(&self, out: &mut BytesMut, start: u64, wide: bool, all_sync: bool) -> Option<()> {
        boxed(out, b"stbl", |out| {
            table(out, b"stsd", self.descriptions.len(), |out| {
                self.descriptions.iter().for_each(|entry| out.put_slice(entry));
                Some(())
            })?;
            self.write_times(out)?;
            if !all_sync {
                table(out, b"stss", self.sync.len(), |out| {
                    self.sync.iter().for_each(|number| out.put_u32(*number));
                    Some(())
                })?;
            }
            self.write_places(out, start, wide)
        })
    }

    fn write_times(&self, out: &mut BytesMut) -> Option<()> {
        let mut durations = self.durations.clone();
        if let Some((_, duration)) = self.last {
            push_run(&mut durations, duration);
        }
        table(out, b"stts", durations.len(), |out| {
            durations.iter().for_each(|(count, duration)| put_pair(out, *count, *duration));
            Some(())
        })?;
        let shift = i64::from(self.shift());
        if self.offsets.iter().all(|(_, offset)| *offset == 0) {
            return Some(());
        }
        table(out, b"ctts", self.offsets.len(), |out| {
            for (count, offset) in &self.offsets {
                put_pair(out, *count, u32::try_from(i64::from(*offset) + shift).ok()?);
            }
            Some(())
        })
    }

    fn write_places(&self, out: &mut BytesMut, start: u64, wide: bool) -> Option<()> {
        let mut runs: Vec<(u32, TableChunk)> = Vec::new();
        for (number, chunk) in (1..).zip(&self.chunks) {
            if runs.last().is_none_or(|(_, run)| (run.samples, run.description) != (chunk.samples, chunk.description)) {
                runs.push((number, *chunk));
            }
        }
        table(out, b"stsc", runs.len(), |out| {
            for (number, run) in &runs {
                put_pair(out, *number, run.samples);
                out.put_u32(run.description);
            }
            Some(())
        })?;
        boxed(out, b"stsz", |out| {
            // No size that all have, then one each.
            out.put_u64(0);
            out.put_u32(u32::try_from(self.sizes.len()).ok()?);
            self.sizes.iter().for_each(|size| out.put_u32(*size));
            Some(())
        })?;
        table(out, if wide { b"co64" } else { b"stco" }, self.chunks.len(), |out| {
            for chunk in &self.chunks {
                let position = start.checked_add(chunk.position)?;
                match wide {
                    true => out.put_u64(position),
                    false => out.put_u32(u32::try_from(position).ok()?),
                }
            }
            Some(())
        })
    }
}

/// A box that is a counted list.
fn table(out: &mut BytesMut, kind: &[u8; 4], count: usize, content: impl FnOnce(&mut BytesMut) -> Option<()>) -> Option<()> {
    boxed(out, kind, |out| {
        out.put_u32(0);
        out.put_u32(u32::try_from(count).ok()?);
        content(out)
    })
}

fn put_pair(out: &mut BytesMut, first: u32, second: u32) {
    out.put_u32(first);
    out.put_u32(second);
}

fn push_run<T: PartialEq>(runs: &mut Vec<(u32, T)>, value: T) {
    match runs.last_mut() {
        Some((count, last)) if *last == value => *count = count.saturating_add(1),
        _ => runs.push((1, value)),
    }
}
