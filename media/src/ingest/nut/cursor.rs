//! NUT's primitive types ("nut.txt", section "Definitions"), and why reading them stops.

use super::NutError;
use bytes::Bytes;

/// Why parsing stopped.
pub(super) enum Stop {
    /// More bytes are needed.
    Short,
    Bad(NutError),
}

pub(super) const fn bad(what: &'static str) -> Stop {
    Stop::Bad(NutError(what))
}

/// Reads NUT's primitive types.
pub(super) struct Cursor<'a> {
    data: &'a [u8],
    pub position: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self { data, position: 0 }
    }

    pub fn byte(&mut self) -> Result<u8, Stop> {
        let byte = *self.data.get(self.position).ok_or(Stop::Short)?;
        self.position += 1;
        Ok(byte)
    }

    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], Stop> {
        let end = self.position.checked_add(count).ok_or(bad("a length out of range"))?;
        let bytes = self.data.get(self.position..end).ok_or(Stop::Short)?;
        self.position = end;
        Ok(bytes)
    }

    /// `v`: seven bits a byte, most significant first.
    pub fn number(&mut self) -> Result<u64, Stop> {
        let mut value: u64 = 0;
        for _ in 0..10 {
            let byte = self.byte()?;
            if value >> 57 != 0 {
                break;
            }
            value = (value << 7) | u64::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(bad("a number out of range"))
    }

    /// `s`: the sign in the lowest bit.
    pub fn signed(&mut self) -> Result<i64, Stop> {
        let value = self.number()?.checked_add(1).and_then(|value| i64::try_from(value).ok()).ok_or(bad("a number out of range"))?;
        Ok(if value & 1 == 1 { -(value >> 1) } else { value >> 1 })
    }

    /// `vb`: a length and so many bytes.
    pub fn blob(&mut self) -> Result<Bytes, Stop> {
        let length = to_usize(self.number()?)?;
        Ok(Bytes::copy_from_slice(self.bytes(length)?))
    }
}

pub(super) fn to_usize(value: u64) -> Result<usize, Stop> {
    usize::try_from(value).map_err(|_| bad("a number out of range"))
}
