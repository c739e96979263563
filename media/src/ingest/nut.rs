//! A reader for NUT, ffmpeg's own container, as it comes out of an ffmpeg child's pipe.
//!
//! NUT and not fragmented MP4, because a NUT frame is complete when its last byte is written: an MP4 fragment needs its sample's
//! duration, so ffmpeg holds every frame until the next one has come (67 ms at 15 fps, measured), and MP4 holds no G.711.
//!
//! Sans-IO and bounded: bytes in, frames out. What passes through the child is still the camera's data, so everything is checked and
//! nothing panics; checksums are not verified (a pipe loses nothing). Layout: the NUT specification, "nut.txt" of the FFmpeg project.

use bytes::{Buf, Bytes, BytesMut};
use cursor::{Cursor, Stop, bad, to_usize};
use header::{FrameHeader, MainHeader};
use std::collections::VecDeque;

mod cursor;
mod header;

/// Largest accepted frame or header, in bytes: four times the biggest key frame of an 8K camera seen so far.
const MAX_PACKET: u64 = 16 << 20;
/// Streams of one input.
const MAX_STREAMS: u64 = 16;
/// Length of a frame's own header: 1 byte and at most a dozen numbers.
const MAX_FRAME_HEADER: usize = 256;

const FILE_ID: &[u8] = b"nut/multimedia container\0";
const MAIN: [u8; 8] = [b'N', b'M', 0x7a, 0x56, 0x1f, 0x5f, 0x04, 0xad];
const STREAM: [u8; 8] = [b'N', b'S', 0x11, 0x40, 0x5b, 0xf2, 0xf9, 0xdb];
const SYNC_POINT: [u8; 8] = [b'N', b'K', 0xe4, 0xad, 0xee, 0xca, 0x45, 0x69];

/// The data is no NUT stream, or one that this reader refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a usable NUT stream: {0}")]
pub struct NutError(pub &'static str);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamClass {
    Video,
    Audio,
    Other,
}

/// A stream header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NutStream {
    pub class: StreamClass,
    /// Four characters or a two-byte WAVE format tag, as written.
    pub fourcc: Bytes,
    /// One tick in seconds: (numerator, denominator), both positive.
    pub time_base: (u32, u32),
    /// What the codec calls extra data: avcC, hvcC, Annex B parameter sets, AudioSpecificConfig, or nothing.
    pub codec_data: Bytes,
    /// Pixels; 0 for audio.
    pub width: u32,
    pub height: u32,
    /// Hz and count; 0 for video.
    pub sample_rate: u32,
    pub channels: u16,
    /// Width of the stored low bits of a timestamp.
    pts_bits: u32,
    last_pts: i64,
}

/// What comes out, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NutItem {
    /// All streams, once, before the first frame.
    Streams(Vec<NutStream>),
    Frame(NutFrame),
}

/// A packet of one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NutFrame {
    /// Index into the streams.
    pub stream: usize,
    /// In ticks of the stream's time base.
    pub pts: i64,
    pub key: bool,
    pub data: Bytes,
}

/// The reader: push what was read, take what is complete.
#[derive(Debug, Default)]
pub struct NutReader {
    buffer: BytesMut,
    /// The file id was seen.
    started: bool,
    main: Option<MainHeader>,
    streams: Vec<Option<NutStream>>,
    announced: bool,
    ready: VecDeque<NutItem>,
}

impl NutReader {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes as they came from the pipe. Between two calls [`Self::next_item`] must be called until it has nothing more:
    /// then no more than one frame is ever held.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next complete item; None if more bytes are needed.
    ///
    /// # Errors
    /// The stream is unusable from here on.
    pub fn next_item(&mut self) -> Result<Option<NutItem>, NutError> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Ok(Some(item));
            }
            match self.step() {
                Ok(()) => {}
                Err(Stop::Short) => return Ok(None),
                Err(Stop::Bad(error)) => return Err(error),
            }
        }
    }

    /// Consumes one packet or frame.
    fn step(&mut self) -> Result<(), Stop> {
        if !self.started {
            let head = self.buffer.get(..FILE_ID.len()).ok_or(Stop::Short)?;
            if head != FILE_ID {
                return Err(bad("no NUT signature"));
            }
            self.buffer.advance(FILE_ID.len());
            self.started = true;
        }
        match self.buffer.first() {
            None => Err(Stop::Short),
            Some(b'N') => self.packet(),
            Some(_) => self.frame(),
        }
    }

    fn packet(&mut self) -> Result<(), Stop> {
        let mut cursor = Cursor::new(&self.buffer);
        let start_code: [u8; 8] = cursor.bytes(8)?.try_into().map_err(|_| Stop::Short)?;
        let length = cursor.number()?;
        if length > MAX_PACKET {
            return Err(bad("a header is too large"));
        }
        if length > 4096 {
            cursor.bytes(4)?; // Its own checksum.
        }
        let body = cursor.bytes(to_usize(length)?)?;
        let consumed = cursor.position;
        // The last four bytes are the checksum.
        let body = Bytes::copy_from_slice(body.get(..body.len().saturating_sub(4)).unwrap_or_default());
        let mut cursor = Cursor::new(&body);
        let parsed = match start_code {
            MAIN => MainHeader::parse(&mut cursor).map(|(main, count)| {
                // Repeated headers of a long stream say the same again.
                if self.main.is_none() {
                    self.main = Some(main);
                    self.streams = vec![None; count];
                }
            }),
            STREAM => self.stream_header(&mut cursor),
            SYNC_POINT => self.sync_point(&mut cursor),
            // Index, info and whatever comes with later versions.
            _ => Ok(()),
        };
        // Within a complete packet nothing is short.
        parsed.map_err(|stop| match stop {
            Stop::Short => bad("a header ends too early"),
            other => other,
        })?;
        self.buffer.advance(consumed);
        Ok(())
    }

    fn stream_header(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        let main = self.main.as_ref().ok_or(bad("a stream before the main header"))?;
        let index = to_usize(cursor.number()?)?;
        let class = match cursor.number()? {
            0 => StreamClass::Video,
            1 => StreamClass::Audio,
            _ => StreamClass::Other,
        };
        let fourcc = cursor.blob()?;
        let time_base = *main.time_bases.get(to_usize(cursor.number()?)?).ok_or(bad("an unknown time base"))?;
        let pts_bits = u32::try_from(cursor.number()?).ok().filter(|bits| *bits < 32).ok_or(bad("a wrong timestamp width"))?;
        let (_max_pts_distance, _decode_delay, _stream_flags) = (cursor.number()?, cursor.number()?, cursor.number()?);
        let codec_data = cursor.blob()?;
        let mut stream =
            NutStream { class, fourcc, time_base, codec_data, width: 0, height: 0, sample_rate: 0, channels: 0, pts_bits, last_pts: 0 };
        match class {
            StreamClass::Video => {
                stream.width = u32::try_from(cursor.number()?).unwrap_or(0);
                stream.height = u32::try_from(cursor.number()?).unwrap_or(0);
            }
            StreamClass::Audio => {
                let (numerator, denominator) = (cursor.number()?, cursor.number()?);
                stream.sample_rate = numerator.checked_div(denominator).and_then(|rate| u32::try_from(rate).ok()).unwrap_or(0);
                stream.channels = u16::try_from(cursor.number()?).unwrap_or(0);
            }
            StreamClass::Other => {}
        }
        let slot = self.streams.get_mut(index).ok_or(bad("more streams than announced"))?;
        if slot.is_none() {
            *slot = Some(stream);
        }
        Ok(())
    }

    /// Resets every stream's last timestamp to the one given here.
    fn sync_point(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        let main = self.main.as_ref().ok_or(bad("a sync point before the main header"))?;
        let coded = cursor.number()?;
        let count = u64::try_from(main.time_bases.len()).unwrap_or(1).max(1);
        let from = *main.time_bases.get(to_usize(coded % count)?).ok_or(bad("an unknown time base"))?;
        let ticks = coded / count;
        for stream in self.streams.iter_mut().flatten() {
            let to = stream.time_base;
            let numerator = u128::from(ticks) * u128::from(from.0) * u128::from(to.1);
            let denominator = u128::from(from.1) * u128::from(to.0);
            stream.last_pts = i64::try_from(numerator / denominator.max(1)).map_err(|_| bad("a timestamp out of range"))?;
        }
        Ok(())
    }

    fn frame(&mut self) -> Result<(), Stop> {
        let main = self.main.as_ref().ok_or(bad("a frame before the main header"))?;
        let mut cursor = Cursor::new(&self.buffer);
        let header = FrameHeader::parse(&mut cursor, main, &self.streams)?;
        if cursor.position > MAX_FRAME_HEADER {
            return Err(bad("a frame header is too long"));
        }
        let end = cursor.position.checked_add(header.size).ok_or(bad("a frame is too large"))?;
        if self.buffer.len() < end {
            // The rest of a large frame comes in pipe-sized pieces: grow once.
            self.buffer.reserve(end - self.buffer.len());
            return Err(Stop::Short);
        }
        let stored = {
            let mut frame = self.buffer.split_to(end);
            frame.advance(header.length);
            frame.freeze()
        };
        let data = match main.elided.get(header.elided) {
            Some(prefix) if !prefix.is_empty() => {
                let mut whole = BytesMut::with_capacity(prefix.len() + stored.len());
                whole.extend_from_slice(prefix);
                whole.extend_from_slice(&stored);
                whole.freeze()
            }
            _ => stored,
        };
        if !self.announced {
            self.announced = true;
            let streams: Option<Vec<NutStream>> = self.streams.iter().cloned().collect();
            self.ready.push_back(NutItem::Streams(streams.ok_or(bad("a stream without a header"))?));
        }
        if let Some(Some(stream)) = self.streams.get_mut(header.stream) {
            stream.last_pts = header.pts;
        }
        self.ready.push_back(NutItem::Frame(NutFrame { stream: header.stream, pts: header.pts, key: header.key, data }));
        Ok(())
    }
}

impl NutStream {
    /// A coded timestamp: low bits near the last one, or, above their range, the whole value.
    fn full_pts(&self, coded: u64) -> Option<i64> {
        let span = 1i64 << self.pts_bits;
        let coded = i64::try_from(coded).ok()?;
        if coded >= span {
            return coded.checked_sub(span);
        }
        let mask = span - 1;
        let base = self.last_pts.checked_sub(mask / 2)?;
        (coded.wrapping_sub(base) & mask).checked_add(base)
    }
}

#[cfg(test)]
#[path = "nut/tests.rs"]
mod tests;
