//! H.264 and H.265 as containers carry them, made into the one form our access units have: 4-byte lengths, no parameter sets.
//!
//! Sans-IO; its input is hostile. Interpreting slices or rewriting an SPS is not for here ([`crate::codec`], [`crate::mux`]).

use super::rtsp::tracks;
use crate::unit::VideoTrack;
use bytes::{BufMut, Bytes, BytesMut};
use retina::codec::{Depacketizer, ParametersRef, h26x};
use std::ops::Range;

/// NAL units of one picture beyond which the rest is ignored: slices of an 8K picture are below 200.
const MAX_NALS: usize = 512;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoKind {
    H264,
    H265,
}

/// How NAL units are separated in what comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// Start codes.
    AnnexB,
    /// A big-endian length of so many bytes, 1-4.
    Length(usize),
}

/// What a NAL unit is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NalClass {
    /// Index into the parameter sets: VPS, SPS, PPS.
    Parameters(usize),
    /// Of a picture that decoding can start at.
    KeySlice,
    Slice,
    Other,
}

/// One picture in our form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// NAL units with 4-byte lengths, without parameter sets.
    pub data: Bytes,
    pub key: bool,
    /// The track changed with this picture: see [`Normalizer::track`].
    pub new_track: bool,
}

/// Keeps the framing and the parameter sets of one video stream.
#[derive(Debug)]
pub struct Normalizer {
    kind: VideoKind,
    framing: Framing,
    /// VPS (empty for H.264), SPS, PPS.
    sets: [Bytes; 3],
    track: Option<VideoTrack>,
}

impl Normalizer {
    /// `codec_data` is the container's extra data: avcC, hvcC, parameter sets in Annex B, or nothing.
    pub fn new(kind: VideoKind, codec_data: &Bytes) -> Self {
        let mut normalizer = Self { kind, framing: Framing::AnnexB, sets: Default::default(), track: None };
        match record(kind, codec_data) {
            Some((length_size, sets)) => {
                normalizer.framing = Framing::Length(length_size);
                normalizer.take_sets(codec_data, &sets);
            }
            None => {
                let sets = split(codec_data, Framing::AnnexB);
                normalizer.take_sets(codec_data, &sets);
            }
        }
        normalizer
    }

    /// The track, once its parameter sets are known.
    pub fn track(&self) -> Option<&VideoTrack> {
        self.track.as_ref()
    }

    /// None for packets without a picture, and before the parameter sets are known.
    pub fn picture(&mut self, packet: &Bytes) -> Option<Picture> {
        let nals = split(packet, self.framing);
        let new_track = self.take_sets(packet, &nals);
        self.track.as_ref()?;
        let classes: Vec<NalClass> = nals.iter().map(|nal| self.kind.class(packet, nal)).collect();
        let key = classes.contains(&NalClass::KeySlice);
        if !key && !classes.contains(&NalClass::Slice) {
            return None;
        }
        let as_it_is = self.framing == Framing::Length(4) && !classes.iter().any(|class| matches!(class, NalClass::Parameters(_)));
        let data = if as_it_is { packet.clone() } else { reframe(packet, &nals, &classes) };
        Some(Picture { data, key, new_track })
    }

    /// True if the track is another one now. Sets that can't be read are ignored: the stream may repeat them whole.
    fn take_sets(&mut self, packet: &Bytes, nals: &[Range<usize>]) -> bool {
        let mut sets = self.sets.clone();
        for nal in nals {
            if let NalClass::Parameters(index) = self.kind.class(packet, nal)
                && sets[index] != packet[nal.clone()]
            {
                // Copied: a slice would keep the whole packet alive.
                sets[index] = Bytes::copy_from_slice(&packet[nal.clone()]);
            }
        }
        if sets == self.sets {
            return false;
        }
        let Some(track) = self.kind.track(&sets) else { return false };
        self.sets = sets;
        let changed = self.track.as_ref() != Some(&track);
        self.track = Some(track);
        changed
    }
}

impl VideoKind {
    fn class(self, data: &[u8], nal: &Range<usize>) -> NalClass {
        let Some(first) = data.get(nal.start) else { return NalClass::Other };
        match self {
            // ITU-T H.264 table 7-1.
            Self::H264 => match first & 0x1f {
                7 => NalClass::Parameters(1),
                8 => NalClass::Parameters(2),
                5 => NalClass::KeySlice,
                1..=4 => NalClass::Slice,
                _ => NalClass::Other,
            },
            // ITU-T H.265 table 7-1.
            Self::H265 => match (first >> 1) & 0x3f {
                kind @ 32..=34 => NalClass::Parameters(usize::from(kind - 32)),
                16..=23 => NalClass::KeySlice,
                0..=15 => NalClass::Slice,
                _ => NalClass::Other,
            },
        }
    }

    fn track(self, [vps, sps, pps]: &[Bytes; 3]) -> Option<VideoTrack> {
        if sps.is_empty() || pps.is_empty() {
            return None;
        }
        match self {
            Self::H264 => {
                let parameters = retina::codec::h264::parameters_from_sps_and_pps(sps, pps, h26x::Framing::FourByteLength).ok()?;
                tracks::video_track(&parameters)
            }
            Self::H265 => {
                // retina has this function for H.264 only; for H.265 its description parser does the same work.
                let description = format!("sprop-vps={};sprop-sps={};sprop-pps={}", base64(vps), base64(sps), base64(pps));
                let parser = Depacketizer::new("video", "h265", crate::time::VIDEO_TIMESCALE, None, Some(&description)).ok()?;
                match parser.parameters() {
                    Some(ParametersRef::Video(parameters)) => tracks::video_track(parameters),
                    _ => None,
                }
            }
        }
    }
}

fn reframe(packet: &[u8], nals: &[Range<usize>], classes: &[NalClass]) -> Bytes {
    let kept = || nals.iter().zip(classes).filter(|(_, class)| !matches!(class, NalClass::Parameters(_)));
    let mut data = BytesMut::with_capacity(kept().map(|(nal, _)| nal.len() + 4).sum());
    for (nal, _) in kept() {
        // A packet is below 4 GiB by the reader's limit.
        data.put_u32(u32::try_from(nal.len()).unwrap_or(u32::MAX));
        data.put_slice(&packet[nal.clone()]);
    }
    data.freeze()
}

/// The NAL units of a packet. What is cut short at the end is left out.
fn split(data: &[u8], framing: Framing) -> Vec<Range<usize>> {
    match framing {
        Framing::AnnexB => split_annex_b(data),
        Framing::Length(size) => {
            let mut nals = Vec::new();
            let mut position = 0;
            while let Some(head) = data.get(position..position + size) {
                let length = head.iter().fold(0usize, |length, byte| (length << 8) | usize::from(*byte));
                let start = position + size;
                if length > data.len() - start || nals.len() == MAX_NALS {
                    break;
                }
                if length > 0 {
                    nals.push(start..start + length);
                }
                position = start + length;
            }
            nals
        }
    }
}

/// ITU-T H.264 annex B: units between `00 00 01`, without the zero bytes that may stand before the next one.
fn split_annex_b(data: &[u8]) -> Vec<Range<usize>> {
    let mut nals = Vec::new();
    let mut start = None;
    let mut position = 0;
    while nals.len() < MAX_NALS {
        let code = data.get(position..).and_then(|rest| rest.windows(3).position(|window| window == [0, 0, 1]));
        let end = code.map_or(data.len(), |offset| position + offset);
        if let Some(start) = start {
            let trailing = data[start..end].iter().rev().take_while(|byte| **byte == 0).count();
            if end - trailing > start {
                nals.push(start..end - trailing);
            }
        }
        if code.is_none() {
            break;
        }
        position = end + 3;
        start = Some(position);
    }
    nals
}

/// The length size and the parameter sets of an avcC (ISO 14496-15 section 5.3.3.1) or hvcC (section 8.3.3.1) record.
fn record(kind: VideoKind, data: &[u8]) -> Option<(usize, Vec<Range<usize>>)> {
    if *data.first()? != 1 {
        return None;
    }
    let mut nals = Vec::new();
    let mut take = |position: &mut usize, count: usize| {
        for _ in 0..count {
            let length = usize::from(u16::from_be_bytes([*data.get(*position)?, *data.get(*position + 1)?]));
            let start = *position + 2;
            data.get(start..start + length)?;
            nals.push(start..start + length);
            *position = start + length;
        }
        Some(())
    };
    let length_size = match kind {
        VideoKind::H264 => {
            let mut position = 6;
            take(&mut position, usize::from(data.get(5)? & 0x1f))?;
            let count = usize::from(*data.get(position)?);
            position += 1;
            take(&mut position, count)?;
            data[4] & 3
        }
        VideoKind::H265 => {
            let mut position = 23;
            for _ in 0..*data.get(22)? {
                let count = usize::from(u16::from_be_bytes([*data.get(position + 1)?, *data.get(position + 2)?]));
                position += 3;
                take(&mut position, count)?;
            }
            data[21] & 3
        }
    };
    Some((usize::from(length_size) + 1, nals))
}

/// RFC 4648 section 4, with padding.
fn base64(data: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(data.len().div_ceil(3) * 4);
    for group in data.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - group.len()));
        for index in 0..4 {
            let symbol = ALPHABET[usize::from(u8::try_from((bits >> (18 - 6 * index)) & 63).unwrap_or(0))];
            text.push(if index <= group.len() { char::from(symbol) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SPS: &[u8] = &[
        0x67, 0x64, 0x00, 0x0c, 0xac, 0xd9, 0x41, 0x41, 0x9f, 0x9f, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x01, 0xe0,
        0xf1, 0x42, 0x99, 0x60,
    ];
    const PPS: &[u8] = &[0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0];

    fn annex_b(nals: &[&[u8]]) -> Bytes {
        nals.iter().flat_map(|nal| [&[0, 0, 0, 1], *nal].concat()).collect()
    }

    #[test]
    fn annex_b_becomes_length_prefixed_without_parameter_sets() {
        let mut normalizer = Normalizer::new(VideoKind::H264, &annex_b(&[SPS, PPS]));
        let track = normalizer.track().expect("sets are known").clone();
        assert_eq!((track.width, track.height, track.rfc6381.as_str()), (320, 180, "avc1.64000C"));
        let picture = normalizer.picture(&annex_b(&[SPS, PPS, &[6, 1], &[0x65, 9, 9]])).expect("a picture");
        assert_eq!(&picture.data[..], [0, 0, 0, 2, 6, 1, 0, 0, 0, 3, 0x65, 9, 9]);
        assert!(picture.key && !picture.new_track);
    }

    #[test]
    fn sets_that_come_with_the_first_picture_make_the_track() {
        let mut normalizer = Normalizer::new(VideoKind::H264, &Bytes::new());
        assert_eq!(normalizer.picture(&annex_b(&[&[0x41, 1]])), None);
        let picture = normalizer.picture(&annex_b(&[SPS, PPS, &[0x65, 1]])).expect("a picture");
        assert!(picture.new_track);
    }

    #[test]
    fn length_prefixed_packets_pass_without_a_copy() {
        let mut avcc = vec![1, 0x64, 0, 0x0c, 0xff, 0xe1, 0, u8::try_from(SPS.len()).expect("short")];
        avcc.extend_from_slice(SPS);
        avcc.extend_from_slice(&[1, 0, u8::try_from(PPS.len()).expect("short")]);
        avcc.extend_from_slice(PPS);
        let mut normalizer = Normalizer::new(VideoKind::H264, &avcc.into());
        let packet = Bytes::from_static(&[0, 0, 0, 2, 0x41, 7]);
        let picture = normalizer.picture(&packet).expect("a picture");
        assert_eq!(picture.data.as_ptr(), packet.as_ptr());
        assert!(!picture.key);
    }

    #[test]
    fn base64_pads() {
        assert_eq!(["", "f", "fo", "foo", "foob"].map(|text| base64(text.as_bytes())), ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]);
    }

    proptest! {
        #[test]
        fn hostile_bytes_do_not_panic(codec_data: Vec<u8>, packets: Vec<Vec<u8>>, h265: bool, config: bool) {
            let kind = if h265 { VideoKind::H265 } else { VideoKind::H264 };
            let mut codec_data = codec_data;
            if let (true, Some(first)) = (config, codec_data.first_mut()) {
                *first = 1;
            }
            let mut normalizer = Normalizer::new(kind, &codec_data.into());
            for packet in packets {
                normalizer.picture(&packet.into());
            }
        }
    }
}
