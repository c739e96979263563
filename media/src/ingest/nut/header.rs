//! The main header with its table of frame codes, and the header that each frame has.

use super::cursor::{Cursor, Stop, bad, to_usize};
use super::{MAX_PACKET, MAX_STREAMS, NutStream};
use bytes::Bytes;

const MAX_TIME_BASES: u64 = 64;

mod flag {
    pub const KEY: u64 = 1;
    pub const CODED_PTS: u64 = 8;
    pub const STREAM_ID: u64 = 16;
    pub const SIZE_MSB: u64 = 32;
    pub const CHECKSUM: u64 = 64;
    pub const RESERVED: u64 = 128;
    pub const SIDE_DATA: u64 = 256;
    pub const HEADER_INDEX: u64 = 1024;
    pub const MATCH_TIME: u64 = 2048;
    pub const CODED: u64 = 4096;
    pub const INVALID: u64 = 8192;
}

#[derive(Debug)]
pub(super) struct MainHeader {
    pub time_bases: Vec<(u32, u32)>,
    /// 256 entries.
    codes: Vec<FrameCode>,
    /// Bytes left out at the head of frames; the first is empty.
    pub elided: Vec<Bytes>,
}

#[derive(Debug, Clone, Copy)]
struct FrameCode {
    flags: u64,
    pts_delta: i64,
    stream: u64,
    size_mul: u64,
    size_lsb: u64,
    reserved: u64,
    header: u64,
}

impl MainHeader {
    /// Also gives the number of streams.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<(Self, usize), Stop> {
        let version = cursor.number()?;
        match version {
            2 | 3 => {}
            4 => drop(cursor.number()?),
            _ => return Err(bad("an unknown version")),
        }
        let stream_count = cursor.number()?;
        if stream_count == 0 || stream_count > MAX_STREAMS {
            return Err(bad("no streams, or too many"));
        }
        let _max_distance = cursor.number()?;
        let time_base_count = cursor.number()?;
        if time_base_count == 0 || time_base_count > MAX_TIME_BASES {
            return Err(bad("no time bases, or too many"));
        }
        let mut time_bases = Vec::new();
        for _ in 0..time_base_count {
            let pair = (u32::try_from(cursor.number()?), u32::try_from(cursor.number()?));
            match pair {
                (Ok(numerator @ 1..), Ok(denominator @ 1..)) => time_bases.push((numerator, denominator)),
                _ => return Err(bad("a wrong time base")),
            }
        }
        let codes = Self::frame_codes(cursor)?;
        let mut elided = vec![Bytes::new()];
        for _ in 0..cursor.number()?.min(127) {
            elided.push(cursor.blob()?);
        }
        Ok((Self { time_bases, codes, elided }, to_usize(stream_count)?))
    }

    /// The run-length coded table of 256 frame codes.
    fn frame_codes(cursor: &mut Cursor<'_>) -> Result<Vec<FrameCode>, Stop> {
        let mut codes: Vec<FrameCode> = Vec::with_capacity(256);
        let mut current = FrameCode { flags: 0, pts_delta: 0, stream: 0, size_mul: 1, size_lsb: 0, reserved: 0, header: 0 };
        while codes.len() < 256 {
            current.flags = cursor.number()?;
            let fields = cursor.number()?;
            if fields > 0 {
                current.pts_delta = cursor.signed()?;
            }
            if fields > 1 {
                current.size_mul = cursor.number()?;
            }
            if fields > 2 {
                current.stream = cursor.number()?;
            }
            let size = if fields > 3 { cursor.number()? } else { 0 };
            current.reserved = if fields > 4 { cursor.number()? } else { 0 };
            let count = if fields > 5 { cursor.number()? } else { current.size_mul.saturating_sub(size) };
            if fields > 6 {
                cursor.signed()?;
            }
            if fields > 7 {
                current.header = cursor.number()?;
            }
            for _ in 8..fields.min(64) {
                cursor.number()?;
            }
            if count == 0 || count > 256 {
                return Err(bad("a wrong frame code table"));
            }
            let mut step = 0;
            while step < count && codes.len() < 256 {
                if codes.len() == usize::from(b'N') {
                    // Reserved: it begins the start codes.
                    codes.push(FrameCode { flags: flag::INVALID, ..current });
                    continue;
                }
                codes.push(FrameCode { size_lsb: size.saturating_add(step), ..current });
                step += 1;
            }
        }
        Ok(codes)
    }
}

pub(super) struct FrameHeader {
    pub stream: usize,
    pub pts: i64,
    pub key: bool,
    /// Bytes of data stored after the header.
    pub size: usize,
    /// Index of the bytes left out.
    pub elided: usize,
    /// Bytes of this header.
    pub length: usize,
}

impl FrameHeader {
    pub fn parse(cursor: &mut Cursor<'_>, main: &MainHeader, streams: &[Option<NutStream>]) -> Result<Self, Stop> {
        let code = *main.codes.get(usize::from(cursor.byte()?)).ok_or(bad("an unknown frame code"))?;
        let mut flags = code.flags;
        if flags & flag::INVALID != 0 {
            return Err(bad("an invalid frame code"));
        }
        if flags & flag::CODED != 0 {
            flags ^= cursor.number()?;
        }
        let index = if flags & flag::STREAM_ID != 0 { cursor.number()? } else { code.stream };
        let index = to_usize(index)?;
        let stream = streams.get(index).and_then(Option::as_ref).ok_or(bad("a frame of an unknown stream"))?;
        let pts = if flags & flag::CODED_PTS != 0 {
            stream.full_pts(cursor.number()?).ok_or(bad("a timestamp out of range"))?
        } else {
            stream.last_pts.checked_add(code.pts_delta).ok_or(bad("a timestamp out of range"))?
        };
        let mut size = code.size_lsb;
        if flags & flag::SIZE_MSB != 0 {
            size = cursor.number()?.checked_mul(code.size_mul).and_then(|msb| msb.checked_add(size)).ok_or(bad("a frame is too large"))?;
        }
        if flags & flag::MATCH_TIME != 0 {
            cursor.signed()?;
        }
        let mut elided = if flags & flag::HEADER_INDEX != 0 { cursor.number()? } else { code.header };
        let reserved = if flags & flag::RESERVED != 0 { cursor.number()? } else { code.reserved };
        if reserved > 16 || flags & flag::SIDE_DATA != 0 {
            return Err(bad("a frame with unknown fields"));
        }
        for _ in 0..reserved {
            cursor.number()?;
        }
        if size > MAX_PACKET {
            return Err(bad("a frame is too large"));
        }
        if size > 4096 {
            elided = 0;
        }
        if flags & flag::CHECKSUM != 0 {
            cursor.bytes(4)?;
        }
        let elided = to_usize(elided)?;
        let left_out = main.elided.get(elided).ok_or(bad("unknown elided bytes"))?.len();
        let size = to_usize(size)?.checked_sub(left_out).ok_or(bad("a frame smaller than its elided bytes"))?;
        Ok(Self { stream: index, pts, key: flags & flag::KEY != 0, size, elided, length: cursor.position })
    }
}
