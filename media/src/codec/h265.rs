//! H.265: NAL kinds, the head of the SPS, the hvcC record.

use super::bits::Bits;
use super::h264::MAX_REORDER;
use bytes::{BufMut, Bytes, BytesMut};
use std::num::NonZeroUsize;

pub const VPS: u8 = 32;
pub const SPS: u8 = 33;
pub const PPS: u8 = 34;
/// Access unit delimiter.
pub const AUD: u8 = 35;
/// Filler data.
pub const FILLER: u8 = 38;

const HEADER: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);

/// `nal_unit_type` (7.3.1.2); 63 (unspecified) for an empty unit.
pub fn nal_type(nal: &[u8]) -> u8 {
    nal.first().map_or(63, |header| (header >> 1) & 0x3f)
}

/// Whether the unit carries picture data (types below 32 are VCL).
pub fn is_picture(nal_type: u8) -> bool {
    nal_type < 32
}

/// Whether the picture is a random access point: BLA, IDR or CRA (types 16 to 21, table 7-1).
pub fn is_irap(nal_type: u8) -> bool {
    (16..=21).contains(&nal_type)
}

/// Whether the picture is shown before the random access point it follows (RADL, RASL: types 6 to 9).
pub fn is_leading(nal_type: u8) -> bool {
    (6..=9).contains(&nal_type)
}

/// Whether a leading picture refers to pictures before its random access point (RASL: types 8 and 9).
pub fn is_skipped_leading(nal_type: u8) -> bool {
    matches!(nal_type, 8 | 9)
}

/// Whether the unit is left out of samples: parameter sets live in the sample entry, delimiters and filler say nothing.
pub fn is_redundant(nal_type: u8) -> bool {
    matches!(nal_type, VPS | SPS | PPS | AUD | FILLER)
}

/// The id a parameter set is known by (7.3.2.1, 7.3.2.2, 7.3.2.3).
pub fn parameter_set_id(nal: &[u8]) -> Option<u32> {
    match nal_type(nal) {
        VPS => Bits::of_nal(nal, HEADER)?.fixed(4),
        SPS => parse_sps(nal).map(|sps| sps.id),
        PPS => Bits::of_nal(nal, HEADER)?.golomb(),
        _ => None,
    }
}

/// The fields of an SPS that packaging needs (7.3.2.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpsInfo {
    pub id: u32,
    /// Pixels inside the conformance window.
    pub width: u32,
    pub height: u32,
    /// `sps_max_num_reorder_pics` of the highest sub-layer.
    pub reorder: u8,
    /// The twelve bytes of the general profile, tier and level (7.3.3).
    pub profile_tier_level: [u8; 12],
    pub chroma_format: u8,
    pub bit_depth_luma_minus8: u8,
    pub bit_depth_chroma_minus8: u8,
    /// Number of temporal sub-layers, 1 to 7.
    pub sub_layers: u8,
    pub temporal_id_nested: bool,
}

/// Reads an SPS NAL unit up to the sub-layer ordering. None if it does not parse or its picture is not usable.
pub fn parse_sps(nal: &[u8]) -> Option<SpsInfo> {
    if nal_type(nal) != SPS {
        return None;
    }
    let mut bits = Bits::of_nal(nal, HEADER)?;
    bits.skip(4)?;
    let highest_sub_layer = bits.fixed(3).filter(|layer| *layer < 7)?;
    let temporal_id_nested = bits.flag()?;
    let mut profile_tier_level = [0; 12];
    for byte in &mut profile_tier_level {
        *byte = bits.byte()?;
    }
    skip_sub_layer_levels(&mut bits, highest_sub_layer)?;
    let id = bits.golomb().filter(|id| *id < 16)?;
    let chroma_format = bits.golomb().filter(|format| *format < 4)?;
    if chroma_format == 3 {
        bits.skip(1)?;
    }
    let (coded_width, coded_height) = (bits.golomb()?, bits.golomb()?);
    let (mut width, mut height) = (coded_width, coded_height);
    if bits.flag()? {
        let (unit_x, unit_y) = match chroma_format {
            1 => (2, 2),
            2 => (2, 1),
            _ => (1, 1),
        };
        let mut window = [0_u32; 4];
        for side in &mut window {
            *side = bits.golomb()?;
        }
        let [left, right, top, bottom] = window;
        width = width.checked_sub(left.checked_add(right)?.checked_mul(unit_x)?)?;
        height = height.checked_sub(top.checked_add(bottom)?.checked_mul(unit_y)?)?;
    }
    // Level 6.2 allows 8192 x 4320 and at most sqrt(8 * MaxLumaPs) = 16 888 on one side (A.4.1).
    if width == 0 || height == 0 || coded_width > 16_888 || coded_height > 16_888 {
        return None;
    }
    let bit_depth_luma_minus8 = small(bits.golomb()?, 8)?;
    let bit_depth_chroma_minus8 = small(bits.golomb()?, 8)?;
    bits.golomb()?;
    let first = if bits.flag()? { 0 } else { highest_sub_layer };
    let mut reorder = 0;
    for _ in first..=highest_sub_layer {
        bits.golomb()?;
        reorder = bits.golomb()?;
        bits.golomb()?;
    }
    Some(SpsInfo {
        id,
        width,
        height,
        reorder: small(reorder, u32::from(MAX_REORDER))?,
        profile_tier_level,
        chroma_format: small(chroma_format, 3)?,
        bit_depth_luma_minus8,
        bit_depth_chroma_minus8,
        sub_layers: small(highest_sub_layer + 1, 7)?,
        temporal_id_nested,
    })
}

fn small(value: u32, limit: u32) -> Option<u8> {
    u8::try_from(value).ok().filter(|_| value <= limit)
}

/// The sub-layer part of `profile_tier_level` (7.3.3).
fn skip_sub_layer_levels(bits: &mut Bits<'_>, highest_sub_layer: u32) -> Option<()> {
    if highest_sub_layer == 0 {
        return Some(());
    }
    let flags = bits.fixed(16)?;
    for layer in 0..highest_sub_layer {
        let has_profile = flags >> (15 - 2 * layer) & 1 == 1;
        let has_level = flags >> (14 - 2 * layer) & 1 == 1;
        bits.skip(if has_profile { 88 } else { 0 })?;
        bits.skip(if has_level { 8 } else { 0 })?;
    }
    Some(())
}

/// The RFC 6381 name (ISO 14496-15 annex E): `hvc1.1.6.L120.90`.
pub fn rfc6381(sps: &SpsInfo) -> String {
    let [head, c0, c1, c2, c3, constraints @ .., level] = sps.profile_tier_level;
    let space = match head >> 6 {
        1 => "A",
        2 => "B",
        3 => "C",
        _ => "",
    };
    let compatibility = u32::from_be_bytes([c0, c1, c2, c3]).reverse_bits();
    let tier = if head & 0x20 == 0 { 'L' } else { 'H' };
    let mut name = format!("hvc1.{space}{}.{compatibility:X}.{tier}{level}", head & 0x1f);
    let used = constraints.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    for byte in constraints.iter().take(used) {
        name.push_str(&format!(".{byte:X}"));
    }
    name
}

/// The hvcC record (ISO 14496-15 8.3.3.1) for 4-byte length prefixes. None if a set is missing or too large to be named.
pub fn hvcc(sps: &SpsInfo, sets: [(u8, &[Bytes]); 3]) -> Option<Bytes> {
    let mut record = BytesMut::with_capacity(256);
    record.put_u8(1);
    record.put_slice(&sps.profile_tier_level);
    // No minimum spatial segmentation, unknown parallelism.
    record.put_slice(&[0xf0, 0x00, 0xfc]);
    record.put_u8(0xfc | sps.chroma_format);
    record.put_u8(0xf8 | (sps.bit_depth_luma_minus8 & 7));
    record.put_u8(0xf8 | (sps.bit_depth_chroma_minus8 & 7));
    // Average frame rate not given; length prefixes of four bytes.
    record.put_u16(0);
    record.put_u8(sps.sub_layers << 3 | u8::from(sps.temporal_id_nested) << 2 | 3);
    record.put_u8(3);
    for (kind, units) in sets {
        // Array completeness: the samples carry no parameter sets (hvc1).
        record.put_u8(0x80 | kind);
        record.put_u16(u16::try_from(units.len()).ok().filter(|count| *count > 0)?);
        for unit in units {
            record.put_u16(u16::try_from(unit.len()).ok()?);
            record.put_slice(unit);
        }
    }
    Some(record.freeze())
}

#[cfg(test)]
#[path = "h265/tests.rs"]
mod tests;
