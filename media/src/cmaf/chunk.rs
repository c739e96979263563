//! One chunk's bytes: `moof` + `mdat` with one sample (ISO 14496-12 8.8).
//!
//! Written by hand: the layout is fixed, so the whole chunk is one allocation and the payload is copied once.
//! Golden bytes and an independent reader hold it to the standard.

use super::{AUDIO_TRACK_ID, Track, VIDEO_TRACK_ID};
use bytes::{BufMut, Bytes, BytesMut};

/// Size of everything before the payload.
pub const VIDEO_HEADER_SIZE: u32 = 112;
/// Audio needs no composition offset.
pub const AUDIO_HEADER_SIZE: u32 = 108;

/// `sample_depends_on = 2`: a picture or sound that needs no other.
const FLAGS_SYNC: u32 = 0x0200_0000;
/// `sample_depends_on = 1`, `sample_is_non_sync_sample = 1`.
const FLAGS_DEPENDENT: u32 = 0x0101_0000;

/// What goes into the boxes of one chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    pub track: Track,
    pub key: bool,
    /// Written modulo 2^32.
    pub sequence: u64,
    /// In the track's timescale, as are the next two.
    pub decode_time: u64,
    pub duration: u32,
    pub composition_offset: i32,
}

/// A finished chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub bytes: Bytes,
    /// Where the payload starts.
    pub payload_offset: usize,
}

/// Writes the boxes around a payload that is given in pieces, whose lengths sum up to `payload_size`.
/// None if the payload is too large for 32-bit box sizes or `payload_size` is wrong.
pub fn write<'a>(sample: &Sample, payload_size: usize, payload: impl Iterator<Item = &'a [u8]>) -> Option<Written> {
    let (header_size, track_id) = match sample.track {
        Track::Video => (VIDEO_HEADER_SIZE, VIDEO_TRACK_ID),
        Track::Audio => (AUDIO_HEADER_SIZE, AUDIO_TRACK_ID),
    };
    let size = u32::try_from(payload_size).ok().filter(|size| *size <= u32::MAX - header_size)?;
    let payload_offset = usize::try_from(header_size).ok()?;
    let moof_size = header_size - 8;
    let trun_size = moof_size - 68;
    let mut out = BytesMut::with_capacity(payload_offset.checked_add(payload_size)?);
    put_box(&mut out, moof_size, b"moof");
    put_box(&mut out, 16, b"mfhd");
    out.put_u32(0);
    out.put_u32(u32::try_from(sample.sequence & u64::from(u32::MAX)).unwrap_or(0));
    put_box(&mut out, moof_size - 24, b"traf");
    put_box(&mut out, 16, b"tfhd");
    // default-base-is-moof
    out.put_u32(0x02_0000);
    out.put_u32(track_id);
    put_box(&mut out, 20, b"tfdt");
    // Version 1: 64-bit.
    out.put_u32(0x0100_0000);
    out.put_u64(sample.decode_time);
    put_box(&mut out, trun_size, b"trun");
    // Version 1 (signed composition offsets); data offset, then duration, size, flags and, for video, composition offset per sample.
    out.put_u32(match sample.track {
        Track::Video => 0x0100_0f01,
        Track::Audio => 0x0100_0701,
    });
    out.put_u32(1);
    out.put_u32(header_size);
    out.put_u32(sample.duration);
    out.put_u32(size);
    out.put_u32(if sample.key || sample.track == Track::Audio { FLAGS_SYNC } else { FLAGS_DEPENDENT });
    if sample.track == Track::Video {
        out.put_i32(sample.composition_offset);
    }
    put_box(&mut out, size + 8, b"mdat");
    debug_assert_eq!(out.len(), payload_offset);
    for piece in payload {
        out.put_slice(piece);
    }
    let whole = out.len() == payload_offset + payload_size;
    whole.then(|| Written { bytes: out.freeze(), payload_offset })
}

/// Where the sample's duration stands: after `moof`, `mfhd`, `traf`, `tfhd`, `tfdt` and the first 20 bytes of `trun`.
const DURATION_OFFSET: usize = 88;

/// A copy of a chunk made by [`write`] whose sample lasts `duration`.
pub(super) fn with_duration(chunk: &[u8], duration: u32) -> Bytes {
    let mut copy = BytesMut::from(chunk);
    if let Some(field) = copy.get_mut(DURATION_OFFSET..DURATION_OFFSET + 4) {
        field.copy_from_slice(&duration.to_be_bytes());
    }
    copy.freeze()
}

fn put_box(out: &mut BytesMut, size: u32, kind: &[u8; 4]) {
    out.put_u32(size);
    out.put_slice(kind);
}

#[cfg(test)]
#[path = "chunk/tests.rs"]
mod tests;
