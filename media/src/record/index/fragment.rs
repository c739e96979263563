//! The samples of one `moof` and its `mdat`.

use super::super::boxes::{child, children, u32_at, u64_at};
use super::MAX_TIME;
use crate::cmaf::Track;
use std::ops::Range;

/// `sample_is_non_sync_sample`.
const NON_SYNC: u32 = 0x0001_0000;

/// A picture or a frame of sound in a file. Times are in ticks of its track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::record) struct Sample {
    /// Of its first byte in the file.
    pub position: u64,
    pub decode_time: u64,
    /// As predicted when it was written: the next sample of its track may begin at another time.
    pub duration: u32,
    pub size: u32,
    pub composition_offset: i32,
    pub track: Track,
    pub key: bool,
}

/// Appends the samples that a `moof`'s body tells of. `start` is where the `moof` begins in the file, `payload` the body of the `mdat`
/// behind it, `ids` the numbers of the tracks, `last` their newest decode times.
///
/// None if something is amiss: a field is missing, a sample is not in the payload, or a time does not increase.
pub(super) fn read(
    moof: &[u8],
    start: u64,
    payload: &Range<u64>,
    ids: (u32, Option<u32>),
    last: &mut [Option<u64>; 2],
    out: &mut Vec<Sample>,
) -> Option<()> {
    for (_, traf) in children(moof).filter(|(kind, _)| kind == b"traf") {
        let defaults = Defaults::of(child(traf, b"tfhd")?)?;
        let (track, last) = match defaults.track_id {
            id if id == ids.0 => (Track::Video, &mut last[0]),
            id if Some(id) == ids.1 => (Track::Audio, &mut last[1]),
            _ => return None,
        };
        let time = child(traf, b"tfdt")?;
        let mut decode_time = if *time.first()? == 1 { u64_at(time, 4)? } else { u64::from(u32_at(time, 4)?) };
        for (_, run) in children(traf).filter(|(kind, _)| kind == b"trun") {
            let mut run = Run::of(run, start)?;
            for _ in 0..run.samples {
                let sample = run.sample(track, decode_time, &defaults)?;
                let end = sample.position.checked_add(u64::from(sample.size))?;
                let inside = payload.start <= sample.position && end <= payload.end;
                if !inside || decode_time > MAX_TIME || last.is_some_and(|last| decode_time <= last) {
                    return None;
                }
                *last = Some(decode_time);
                decode_time += u64::from(sample.duration);
                out.push(sample);
            }
        }
    }
    Some(())
}

/// What `tfhd` says of samples that say nothing themselves.
struct Defaults {
    track_id: u32,
    duration: u32,
    flags: u32,
}

impl Defaults {
    fn of(tfhd: &[u8]) -> Option<Self> {
        let flags = u32_at(tfhd, 0)?;
        // Offsets count from the `moof`: nothing of ours says otherwise.
        if flags & 1 != 0 {
            return None;
        }
        let mut at = 8;
        let mut optional = |flag: u32| {
            if flags & flag == 0 {
                return Some(0);
            }
            at += 4;
            u32_at(tfhd, at - 4)
        };
        optional(2)?;
        let duration = optional(8)?;
        optional(0x10)?;
        Some(Self { track_id: u32_at(tfhd, 4)?, duration, flags: optional(0x20)? })
    }
}

/// A `trun` box that is read sample by sample.
struct Run<'a> {
    flags: u32,
    samples: u32,
    /// Of the next sample in the file.
    position: u64,
    rest: &'a [u8],
    /// Flags that only the next sample has.
    first_flags: Option<u32>,
}

impl<'a> Run<'a> {
    /// None if it lacks a data offset or sizes: then it is none of ours, and its samples would take no room in the box.
    fn of(trun: &'a [u8], start: u64) -> Option<Self> {
        let flags = u32_at(trun, 0)?;
        if flags & 0x201 != 0x201 {
            return None;
        }
        let offset = u32_at(trun, 8)?.cast_signed();
        let (first_flags, entries) = if flags & 4 == 0 { (None, 12) } else { (Some(u32_at(trun, 12)?), 16) };
        Some(Self {
            flags,
            samples: u32_at(trun, 4)?,
            position: start.checked_add_signed(i64::from(offset))?,
            rest: trun.get(entries..)?,
            first_flags,
        })
    }

    fn sample(&mut self, track: Track, decode_time: u64, defaults: &Defaults) -> Option<Sample> {
        let mut field = |flag: u32| {
            if self.flags & flag == 0 {
                return Some(None);
            }
            let (value, rest) = self.rest.split_first_chunk()?;
            self.rest = rest;
            Some(Some(u32::from_be_bytes(*value)))
        };
        let duration = field(0x100)?.unwrap_or(defaults.duration);
        let size = field(0x200)??;
        let own_flags = field(0x400)?;
        let composition_offset = field(0x800)?.unwrap_or(0).cast_signed();
        let flags = own_flags.or(self.first_flags.take()).unwrap_or(defaults.flags);
        let position = self.position;
        self.position = position.checked_add(u64::from(size))?;
        let key = flags & NON_SYNC == 0;
        Some(Sample { position, decode_time, duration, size, composition_offset, track, key })
    }
}
