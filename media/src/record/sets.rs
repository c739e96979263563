//! The parameter sets of a sample entry.

use super::boxes::child;
use bytes::{BufMut, Bytes, BytesMut};

/// What stands before the boxes in a sample entry of video (ISO 14496-12 12.1.3): its own head and 78 bytes.
const VISUAL_ENTRY: usize = 86;

/// The parameter sets in the configuration record of a sample entry, each with a length prefix of four bytes as in our samples.
/// None if there is no record, or it names another prefix.
pub(super) fn of_entry(entry: &[u8]) -> Option<Bytes> {
    let boxes = entry.get(VISUAL_ENTRY..)?;
    let mut out = BytesMut::new();
    if let Some(record) = child(boxes, b"avcC") {
        let mut rest = record.get(4..)?;
        four_bytes(take(&mut rest)?)?;
        // The number of SPS is the lower five bits, the number of PPS the whole byte.
        for mask in [0x1f, 0xff] {
            let count = take::<1>(&mut rest)?[0] & mask;
            units(&mut rest, u16::from(count), &mut out)?;
        }
    } else {
        let mut rest = child(boxes, b"hvcC")?.get(21..)?;
        four_bytes(take(&mut rest)?)?;
        for _ in 0..take::<1>(&mut rest)?[0] {
            let [_, high, low] = take(&mut rest)?;
            units(&mut rest, u16::from_be_bytes([high, low]), &mut out)?;
        }
    }
    Some(out.freeze())
}

/// `lengthSizeMinusOne`, the lower two bits, must be 3.
fn four_bytes([field]: [u8; 1]) -> Option<()> {
    (field & 3 == 3).then_some(())
}

fn units(rest: &mut &[u8], count: u16, out: &mut BytesMut) -> Option<()> {
    for _ in 0..count {
        let length = u16::from_be_bytes(take(rest)?);
        let (unit, tail) = rest.split_at_checked(usize::from(length))?;
        *rest = tail;
        out.put_u32(u32::from(length));
        out.put_slice(unit);
    }
    Some(())
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (field, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(*field)
}
