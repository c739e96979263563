//! A bit reader over the payload of a NAL unit (H.264 7.3.1 and H.265 7.3.1: emulation prevention bytes are skipped).

use h264_reader::rbsp::{BitRead, BitReader, ByteReader};
use std::num::NonZeroUsize;

/// Reads fixed-length fields and Exp-Golomb codes; every method is None at the end of the data.
pub struct Bits<'a>(BitReader<ByteReader<&'a [u8]>>);

impl<'a> Bits<'a> {
    /// The payload of a NAL unit after a header of `header` bytes. None if there is nothing behind the header.
    pub fn of_nal(nal: &'a [u8], header: NonZeroUsize) -> Option<Self> {
        (nal.len() > header.get()).then(|| Self(BitReader::new(ByteReader::skipping_bytes(nal, header))))
    }

    /// `u(1)`
    pub fn flag(&mut self) -> Option<bool> {
        self.0.read_bit("flag").ok()
    }

    /// `u(8)`
    pub fn byte(&mut self) -> Option<u8> {
        self.0.read::<8, u8>("byte").ok()
    }

    /// `u(n)`, n up to 32.
    pub fn fixed(&mut self, bits: u32) -> Option<u32> {
        if bits > 32 {
            return None;
        }
        self.0.read_var::<u32>(bits, "bits").ok()
    }

    /// `ue(v)`
    pub fn golomb(&mut self) -> Option<u32> {
        self.0.read_ue("ue").ok()
    }

    /// Skips `bits` bits.
    pub fn skip(&mut self, bits: u32) -> Option<()> {
        self.0.skip(bits, "skipped").ok()
    }
}
