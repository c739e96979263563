//! Frames into RTP packets, once per loop: H.264 (RFC 6184: single NAL, STAP-A, FU-A), H.265 (RFC 7798: single NAL,
//! AP, FU), AAC (RFC 3640, AAC-hbr), G.711 (RFC 3551).
//!
//! A `Unit` is kept as it goes over an interleaved connection: each packet with its 4 byte `$` prefix and 12 byte RTP
//! header, whose sequence number, timestamp and SSRC (and channel) each session patches in its own copy.

/// Interleaved prefix: `$`, channel, 16 bit length.
pub(crate) const PREFIX: usize = 4;
/// RTP header without extensions.
pub(crate) const RTP_HEADER: usize = 12;
/// Largest RTP payload: with headers it fits an Ethernet frame.
const MAX_PAYLOAD: usize = 1400;

/// One access unit or audio frame, packetised.
#[derive(Debug)]
pub(crate) struct Unit {
    /// Packets one after the other, each with prefix and RTP header.
    pub wire: Vec<u8>,
    /// Where each packet starts in `wire`.
    pub packets: Vec<usize>,
    /// When to send it, in ticks of the track's clock since the loop's start: decode order.
    pub send_ticks: u64,
    /// Presentation time in ticks since the loop's start.
    pub rtp_ticks: u64,
    /// Starts a group of pictures (always true for audio).
    pub key: bool,
    /// Index in display order, as in the clock strip.
    pub display_index: u32,
    /// The unit's last bytes: lets a benchmark recognise it after it was remuxed.
    pub tail: [u8; 16],
}

impl Unit {
    fn new(payload_type: u8, payloads: &[Vec<u8>], unit: &[u8]) -> Self {
        let mut wire = Vec::with_capacity(payloads.iter().map(|p| p.len() + PREFIX + RTP_HEADER).sum());
        let mut packets = Vec::with_capacity(payloads.len());
        for (index, payload) in payloads.iter().enumerate() {
            packets.push(wire.len());
            let length = u16::try_from(payload.len() + RTP_HEADER).expect("payloads are cut to MAX_PAYLOAD");
            wire.extend_from_slice(&[b'$', 0]);
            wire.extend_from_slice(&length.to_be_bytes());
            let marker = if index + 1 == payloads.len() { 0x80 } else { 0 };
            wire.extend_from_slice(&[0x80, marker | payload_type]);
            wire.extend_from_slice(&[0; 10]);
            wire.extend_from_slice(payload);
        }
        let mut tail = [0; 16];
        let length = unit.len().min(16);
        tail[16 - length..].copy_from_slice(&unit[unit.len() - length..]);
        Self { wire, packets, send_ticks: 0, rtp_ticks: 0, key: true, display_index: 0, tail }
    }

    /// The same unit in other packets; `marks` are those with the marker bit, counted from one.
    pub(crate) fn with_payloads(&self, payloads: &[Vec<u8>], marks: &[usize]) -> Self {
        let payload_type = self.wire[PREFIX + 1] & 0x7F;
        let mut unit = Self::new(payload_type, payloads, &[]);
        for (index, start) in unit.packets.iter().enumerate() {
            let marker = if marks.contains(&(index + 1)) { 0x80 } else { 0 };
            unit.wire[start + PREFIX + 1] = marker | payload_type;
        }
        Self {
            send_ticks: self.send_ticks,
            rtp_ticks: self.rtp_ticks,
            key: self.key,
            display_index: self.display_index,
            tail: self.tail,
            ..unit
        }
    }
}

/// Splits an Annex B access unit into its NAL units.
pub(crate) fn split_annex_b(mut data: &[u8]) -> Vec<&[u8]> {
    let mut nals = Vec::new();
    let Some((mut start, _)) = start_code(data) else { return nals };
    loop {
        data = &data[start..];
        let body = match start_code(&data[3..]) {
            Some((next, zeroes)) => {
                let end = 3 + next - zeroes;
                start = 3 + next;
                &data[3..end]
            }
            None => {
                nals.push(&data[3..]);
                return nals;
            }
        };
        nals.push(body);
    }
}

/// Position of the next `00 00 01`, and how many zero bytes before it belong to the start code.
fn start_code(data: &[u8]) -> Option<(usize, usize)> {
    let at = data.windows(3).position(|window| window == [0, 0, 1])?;
    Some((at, usize::from(at > 0 && data[at - 1] == 0)))
}

/// An access unit of NAL units as H.264.
pub(crate) fn h264(payload_type: u8, nals: &[&[u8]]) -> Unit {
    let mut payloads = Vec::new();
    let mut rest = nals;
    while let Some((nal, after)) = rest.split_first() {
        // Parameter sets travel with their neighbours in one STAP-A, as most cameras send them.
        let small = aggregate(rest, 1, |nal| matches!(nal[0] & 0x1F, 6..=9));
        if small > 1 {
            let nri = rest[..small].iter().map(|nal| nal[0] & 0x60).max().unwrap_or(0);
            let mut payload = vec![nri | 24];
            append_sized(&mut payload, &rest[..small]);
            payloads.push(payload);
            rest = &rest[small..];
            continue;
        }
        if nal.len() <= MAX_PAYLOAD {
            payloads.push(nal.to_vec());
        } else {
            let header = nal[0];
            fragment(&nal[1..], MAX_PAYLOAD - 2, |first, last, part| {
                let mut payload = vec![header & 0xE0 | 28, u8::from(first) << 7 | u8::from(last) << 6 | header & 0x1F];
                payload.extend_from_slice(part);
                payloads.push(payload);
            });
        }
        rest = after;
    }
    let mut unit = Unit::new(payload_type, &payloads, nals.last().copied().unwrap_or_default());
    unit.key = nals.iter().any(|nal| nal[0] & 0x1F == 5);
    unit
}

/// An access unit of NAL units as H.265.
pub(crate) fn h265(payload_type: u8, nals: &[&[u8]]) -> Unit {
    let kind = |nal: &[u8]| nal[0] >> 1 & 0x3F;
    let mut payloads = Vec::new();
    let mut rest = nals;
    while let Some((nal, after)) = rest.split_first() {
        let small = aggregate(rest, 2, |nal| matches!(kind(nal), 32..=35 | 39));
        if small > 1 {
            let mut payload = vec![48 << 1, 1];
            append_sized(&mut payload, &rest[..small]);
            payloads.push(payload);
            rest = &rest[small..];
            continue;
        }
        if nal.len() <= MAX_PAYLOAD {
            payloads.push(nal.to_vec());
        } else {
            let (header, kind) = ([nal[0] & 0x81 | 49 << 1, nal[1]], kind(nal));
            fragment(&nal[2..], MAX_PAYLOAD - 3, |first, last, part| {
                let mut payload = vec![header[0], header[1], u8::from(first) << 7 | u8::from(last) << 6 | kind];
                payload.extend_from_slice(part);
                payloads.push(payload);
            });
        }
        rest = after;
    }
    let mut unit = Unit::new(payload_type, &payloads, nals.last().copied().unwrap_or_default());
    unit.key = nals.iter().any(|nal| (16..=21).contains(&kind(nal)));
    unit
}

/// One AAC frame (without ADTS) with its AU header: 13 bits size, 3 bits index.
pub(crate) fn aac(payload_type: u8, frame: &[u8]) -> Unit {
    let size = u16::try_from(frame.len()).expect("an AAC frame is below 8 kB") << 3;
    let mut payload = vec![0, 16];
    payload.extend_from_slice(&size.to_be_bytes());
    payload.extend_from_slice(frame);
    Unit::new(payload_type, &[payload], frame)
}

/// Plain samples.
pub(crate) fn g711(payload_type: u8, samples: &[u8]) -> Unit {
    Unit::new(payload_type, &[samples.to_vec()], samples)
}

/// How many leading NAL units satisfy `small` and fit one aggregation packet.
fn aggregate(nals: &[&[u8]], header: usize, small: impl Fn(&[u8]) -> bool) -> usize {
    let mut size = header;
    nals.iter()
        .take_while(|nal| {
            size += 2 + nal.len();
            small(nal) && size <= MAX_PAYLOAD
        })
        .count()
}

fn append_sized(payload: &mut Vec<u8>, nals: &[&[u8]]) {
    for nal in nals {
        payload.extend_from_slice(&u16::try_from(nal.len()).expect("aggregated units fit MAX_PAYLOAD").to_be_bytes());
        payload.extend_from_slice(nal);
    }
}

fn fragment(body: &[u8], size: usize, mut emit: impl FnMut(bool, bool, &[u8])) {
    let count = body.len().div_ceil(size);
    for (index, part) in body.chunks(size).enumerate() {
        emit(index == 0, index + 1 == count, part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payloads(unit: &Unit) -> Vec<&[u8]> {
        let ends = unit.packets[1..].iter().copied().chain([unit.wire.len()]);
        unit.packets.iter().zip(ends).map(|(start, end)| &unit.wire[start + PREFIX + RTP_HEADER..end]).collect()
    }

    #[test]
    fn annex_b_is_split_at_both_kinds_of_start_code() {
        let nals = split_annex_b(&[0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3, 0, 0, 1, 0x65, 4, 5]);
        assert_eq!(nals, [&[0x67, 1, 2][..], &[0x68, 3], &[0x65, 4, 5]]);
        assert!(split_annex_b(&[1, 2, 3]).is_empty());
    }

    #[test]
    fn h264_key_frame_is_a_stap_a_and_fragments_that_join_to_the_slice() {
        let slice: Vec<u8> = std::iter::once(0x65).chain((0..5000u32).map(|i| i as u8)).collect();
        let unit = h264(96, &[&[0x67, 1], &[0x68, 2], &slice]);
        let payloads = payloads(&unit);
        assert!(unit.key);
        assert_eq!(payloads[0], [0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 2]);
        assert_eq!(payloads[1][..2], [0x7C, 0x85]);
        assert_eq!(payloads[4][..2], [0x7C, 0x45]);
        let joined: Vec<u8> = payloads[1..].iter().flat_map(|p| &p[2..]).copied().collect();
        assert_eq!(joined, slice[1..]);
        let markers: Vec<bool> = unit.packets.iter().map(|at| unit.wire[at + PREFIX + 1] & 0x80 != 0).collect();
        assert_eq!(markers, [false, false, false, false, true]);
    }

    #[test]
    fn h265_fragments_carry_the_type_in_their_own_header() {
        let slice: Vec<u8> = [19 << 1, 1].into_iter().chain(std::iter::repeat_n(7, 3000)).collect();
        let unit = h265(96, &[&[32 << 1, 1, 9], &[33 << 1, 1, 9], &slice]);
        let payloads = payloads(&unit);
        assert!(unit.key);
        assert_eq!(payloads[0][..4], [48 << 1, 1, 0, 3]);
        assert_eq!(payloads[1][..3], [49 << 1, 1, 0x80 | 19]);
        assert_eq!(payloads.last().map(|p| p[2]), Some(0x40 | 19));
    }

    #[test]
    fn aac_header_holds_the_size_in_bits_3_to_15() {
        assert_eq!(payloads(&aac(97, &[9; 5])), [&[0, 16, 0, 40, 9, 9, 9, 9, 9][..]]);
    }
}
