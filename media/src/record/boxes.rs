//! Boxes (ISO 14496-12 4.2): read without trust in what they say, and written.

use crate::cmaf::VIDEO_TRACK_ID;
use bytes::{BufMut, Bytes, BytesMut};

/// The beginning of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub kind: [u8; 4],
    /// Of size and kind themselves: 8 or 16.
    pub length: u64,
    /// Of the whole box, at least `length`.
    pub size: u64,
}

impl Head {
    /// Reads a box's first 8 or, if `bytes` has them, 16 bytes. None if that is no box, or one without an end of its own.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let kind: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
        let (length, size) = match u32_at(bytes, 0)? {
            1 => (16, u64_at(bytes, 8)?),
            size => (8, u64::from(size)),
        };
        let plausible = size >= length && kind.iter().all(|letter| (b' '..=b'~').contains(letter));
        plausible.then_some(Self { kind, length, size })
    }

    pub fn body_size(&self) -> u64 {
        self.size - self.length
    }
}

/// The boxes in a box's body, each with its kind and body. Ends at the first that does not fit.
pub(super) fn children(mut body: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let head = Head::of(body)?;
        let (whole, rest) = body.split_at_checked(usize::try_from(head.size).ok()?)?;
        body = rest;
        Some((head.kind, whole.get(usize::try_from(head.length).ok()?..)?))
    })
}

/// The body of the first box of a kind.
pub(super) fn child<'a>(body: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    children(body).find(|(found, _)| found == kind).map(|(_, body)| body)
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|field| u32::from_be_bytes(*field))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|field| u64::from_be_bytes(*field))
}

/// Writes a box around what `content` writes. None if it grows too large for a 32-bit size.
pub(super) fn boxed(out: &mut BytesMut, kind: &[u8; 4], content: impl FnOnce(&mut BytesMut) -> Option<()>) -> Option<()> {
    let start = out.len();
    out.put_u32(0);
    out.put_slice(kind);
    content(out)?;
    let size = u32::try_from(out.len() - start).ok()?;
    out.get_mut(start..start + 4)?.copy_from_slice(&size.to_be_bytes());
    Some(())
}

/// Size of a `prft` box.
const PRFT_SIZE: u32 = 32;
/// Seconds from 1900 (NTP) to 1970 (Unix).
const NTP_TO_UNIX: i64 = 2_208_988_800;

/// A `prft` box: the picture that is presented at `media_time` was received at `utc_ms`.
pub(super) fn prft(media_time: u64, utc_ms: i64) -> Bytes {
    let mut out = BytesMut::with_capacity(32);
    out.put_u32(PRFT_SIZE);
    out.put_slice(b"prft");
    // Version 1 (64-bit media time); flags 1: when the encoder had put it out, which is about when it is received.
    out.put_u32(0x0100_0001);
    out.put_u32(VIDEO_TRACK_ID);
    out.put_u64(ntp(utc_ms));
    out.put_u64(media_time);
    out.freeze()
}

/// The UTC time in a `prft` box's body.
pub(super) fn prft_time(body: &[u8]) -> Option<i64> {
    u64_at(body, 8).map(utc_ms)
}

/// Whole seconds modulo 2^32 and a fraction, 32 bits each.
fn ntp(utc_ms: i64) -> u64 {
    let seconds = utc_ms.div_euclid(1000).saturating_add(NTP_TO_UNIX) & i64::from(u32::MAX);
    // Rounded up, so that the milliseconds read back by rounding down are the same.
    let fraction = ((utc_ms.rem_euclid(1000) << 32) + 999) / 1000;
    seconds.cast_unsigned() << 32 | fraction.cast_unsigned()
}

/// Reads times from 1968 to 2104: the seconds begin anew in 2036 (RFC 4330 3).
fn utc_ms(ntp: u64) -> i64 {
    let seconds = (ntp >> 32).cast_signed();
    let era = if seconds >> 31 == 0 { 1 << 32 } else { 0 };
    let milliseconds = ((ntp & u64::from(u32::MAX)) * 1000) >> 32;
    (seconds + era - NTP_TO_UNIX) * 1000 + milliseconds.cast_signed()
}

#[cfg(test)]
#[path = "boxes/tests.rs"]
mod tests;
