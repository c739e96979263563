//! Bitstreams as far as packaging needs them: NAL units and their kinds, parameter sets, audio configurations.
//!
//! Everything here reads bytes that a camera sent: functions are total, bounded and never panic (they are fuzz targets).
//! Decoding pictures or sound does not belong here.

pub mod aac;
pub mod bits;
pub mod h264;
pub mod h265;

/// Iterates over NAL units with 4-byte big-endian length prefixes (ISO 14496-15 4.3.2 with `lengthSizeMinusOne` 3).
///
/// It ends at the first length that reaches past the data; [`NalUnits::is_broken`] then tells so. Empty units are skipped.
#[derive(Debug, Clone)]
pub struct NalUnits<'a> {
    rest: &'a [u8],
    broken: bool,
}

/// The NAL units of an access unit.
pub fn nal_units(data: &[u8]) -> NalUnits<'_> {
    NalUnits { rest: data, broken: false }
}

impl NalUnits<'_> {
    /// Whether the data ended inside a unit. Only meaningful once the iterator has ended.
    pub fn is_broken(&self) -> bool {
        self.broken
    }
}

impl<'a> Iterator for NalUnits<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let split = self.rest.split_first_chunk::<4>().and_then(|(prefix, tail)| {
                let length = usize::try_from(u32::from_be_bytes(*prefix)).ok()?;
                tail.split_at_checked(length)
            });
            let Some((unit, rest)) = split else {
                self.broken = true;
                self.rest = &[];
                return None;
            };
            self.rest = rest;
            if !unit.is_empty() {
                return Some(unit);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_split_and_empty_ones_skipped() {
        let mut units = nal_units(&[0, 0, 0, 2, 7, 8, 0, 0, 0, 0, 0, 0, 0, 1, 9]);
        assert_eq!(units.next(), Some(&[7, 8][..]));
        assert_eq!(units.next(), Some(&[9][..]));
        assert_eq!(units.next(), None);
        assert!(!units.is_broken());
    }

    #[test]
    fn a_length_past_the_end_stops_the_iteration() {
        for data in [&[0, 0, 0, 9, 1][..], &[0, 0, 1], &[255, 255, 255, 255, 1]] {
            let mut units = nal_units(data);
            assert_eq!(units.next(), None);
            assert!(units.is_broken(), "{data:?}");
        }
    }
}
