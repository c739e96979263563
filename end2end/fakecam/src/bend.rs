//! A frame's packets against the rules of their payload format (RFC 6184, RFC 7798), each as some camera sends them.

use crate::loops::Encoding;
use crate::packetize::{PREFIX, RTP_HEADER, Unit};
use crate::script::PacketBehaviour;

/// What the payloads of H.264 and H.265 have in different places.
#[derive(Clone, Copy)]
enum Kind {
    H264,
    H265,
}

impl Kind {
    /// Of a NAL unit; in a fragment one byte with the true type follows.
    fn header(self) -> usize {
        match self {
            Self::H264 => 1,
            Self::H265 => 2,
        }
    }

    fn nal_type(self, payload: &[u8]) -> u8 {
        match self {
            Self::H264 => payload[0] & 0x1F,
            Self::H265 => payload[0] >> 1 & 0x3F,
        }
    }

    fn is_fragment(self, payload: &[u8]) -> bool {
        self.nal_type(payload) == self.fragment_type()
    }

    fn fragment_type(self) -> u8 {
        match self {
            Self::H264 => 28,
            Self::H265 => 49,
        }
    }

    fn is_aggregate(self, payload: &[u8]) -> bool {
        self.nal_type(payload) == self.fragment_type() - if matches!(self, Self::H264) { 4 } else { 1 }
    }

    /// A NAL unit of so few bytes: its type and the rest.
    fn nal(self, nal_type: u8, body: &[u8]) -> Vec<u8> {
        let mut nal = match self {
            Self::H264 => vec![nal_type],
            Self::H265 => vec![nal_type << 1, 1],
        };
        nal.extend_from_slice(body);
        nal
    }

    /// Supplemental information: user data without any, of four bytes.
    fn sei(self) -> Vec<u8> {
        self.nal(if matches!(self, Self::H264) { 6 } else { 39 }, &[5, 4, 1, 2, 3, 4, 0x80])
    }

    /// A type that means nothing.
    fn reserved(self) -> Vec<u8> {
        self.nal(if matches!(self, Self::H264) { 31 } else { 63 }, &[0xAA; 8])
    }
}

/// The unit as a camera of this behaviour sends it; None where it sends what is right.
pub(crate) fn bend(unit: &Unit, encoding: &Encoding, behaviour: PacketBehaviour) -> Option<Unit> {
    let kind = match encoding {
        Encoding::H264 { .. } => Kind::H264,
        Encoding::H265 { .. } => Kind::H265,
        _ => return None,
    };
    let right: Vec<&[u8]> = payloads(unit);
    let owned = || right.iter().map(|payload| payload.to_vec());
    let mut marks = vec![right.len()];
    let bent: Vec<Vec<u8>> = match behaviour {
        PacketBehaviour::Right => return None,
        PacketBehaviour::MarkEvery => {
            marks = (1..=right.len()).collect();
            owned().collect()
        }
        PacketBehaviour::MarkSei => {
            marks = vec![1, right.len() + 1];
            std::iter::once(kind.sei()).chain(owned()).collect()
        }
        PacketBehaviour::StartCodes => start_codes(kind, &right),
        PacketBehaviour::ReservedType => std::iter::once(kind.reserved()).chain(owned()).collect(),
        PacketBehaviour::ForbiddenBit => {
            let mut nal = kind.sei();
            nal[0] |= 0x80;
            std::iter::once(nal).chain(owned()).collect()
        }
        PacketBehaviour::NoPayload => std::iter::once(Vec::new()).chain(owned()).collect(),
        PacketBehaviour::EmptyFragments => {
            let empty = |payload: &Vec<u8>| {
                let mut empty = payload[..=kind.header()].to_vec();
                // Neither the start nor the end.
                empty[kind.header()] &= 0x3F;
                empty
            };
            let is_inner = |payload: &Vec<u8>| kind.is_fragment(payload) && payload[kind.header()] & 0x80 == 0;
            owned().flat_map(|payload| is_inner(&payload).then(|| empty(&payload)).into_iter().chain([payload.clone()])).collect()
        }
        PacketBehaviour::StartWithoutEnd => {
            let mut begun = kind.nal(kind.fragment_type(), &[0x80 | if matches!(kind, Kind::H264) { 6 } else { 39 }]);
            begun.extend_from_slice(&[5, 4, 1, 2]);
            std::iter::once(begun).chain(owned()).collect()
        }
    };
    if marks.len() == 1 {
        marks = vec![bent.len()];
    }
    Some(unit.with_payloads(&bent, &marks))
}

fn payloads(unit: &Unit) -> Vec<&[u8]> {
    let ends = unit.packets.iter().skip(1).copied().chain([unit.wire.len()]);
    unit.packets.iter().zip(ends).map(|(start, end)| &unit.wire[start + PREFIX + RTP_HEADER..end]).collect()
}

/// NAL units that were aggregated, and the first slice if it fits no packet, become one unit with start codes between.
fn start_codes(kind: Kind, right: &[&[u8]]) -> Vec<Vec<u8>> {
    let Some((first, rest)) = right.split_first().filter(|(first, _)| kind.is_aggregate(first)) else {
        // One unit: the start code of the next is at its end, as where an encoder's buffer is cut too late.
        return right
            .iter()
            .enumerate()
            .map(|(index, payload)| if index + 1 == right.len() { [payload, &[0, 0, 0, 1][..]].concat() } else { payload.to_vec() })
            .collect();
    };
    let mut stream = Vec::new();
    let mut sizes = &first[kind.header()..];
    while let Some((size, after)) = sizes.split_first_chunk::<2>() {
        let (nal, after) = after.split_at(usize::from(u16::from_be_bytes(*size)).min(after.len()));
        if !stream.is_empty() {
            stream.extend_from_slice(&[0, 0, 0, 1]);
        }
        stream.extend_from_slice(nal);
        sizes = after;
    }
    std::iter::once(stream).chain(rest.iter().map(|payload| payload.to_vec())).collect()
}
