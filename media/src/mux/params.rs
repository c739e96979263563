//! The parameter sets in force: those the source announced, replaced by those that came in the stream.

use crate::codec::{h264, h265};
use crate::unit::{VideoCodec, VideoTrack};
use bytes::Bytes;
use mp4_atom::{Atom, Avcc, Hvcc};

/// More sets of a kind than this are not kept: avcC can name 31 SPS, and no camera uses more than a few.
const MAX_SETS: usize = 16;
/// Record fields are 16 bit wide.
const MAX_SET_SIZE: usize = 4096;

/// Parameter sets by kind, each kind with distinct ids, in the order in which they first came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParameterSets {
    is_h265: bool,
    vps: Vec<Bytes>,
    sps: Vec<Bytes>,
    pps: Vec<Bytes>,
}

impl ParameterSets {
    /// The sets of a described track: those of its configuration record, or the plain ones if that does not parse.
    pub fn of(track: &VideoTrack) -> Self {
        let mut record = track.decoder_config.as_ref();
        let own = |sets: Vec<Vec<u8>>| sets.into_iter().map(Bytes::from).collect::<Vec<_>>();
        match &track.codec {
            VideoCodec::H264 { sps, pps } => {
                let listed = Avcc::decode_body(&mut record).ok();
                let (all_sps, all_pps) =
                    listed.map(|avcc| (own(avcc.sequence_parameter_sets), own(avcc.picture_parameter_sets))).unwrap_or_default();
                let or = |sets: Vec<Bytes>, single: &Bytes| if sets.is_empty() { vec![single.clone()] } else { sets };
                Self { is_h265: false, vps: Vec::new(), sps: or(all_sps, sps), pps: or(all_pps, pps) }
            }
            VideoCodec::H265 { vps, sps, pps } => {
                let arrays = Hvcc::decode_body(&mut record).map(|hvcc| hvcc.arrays).unwrap_or_default();
                let of_kind = |kind: u8, single: &Bytes| {
                    let listed: Vec<Bytes> =
                        arrays.iter().filter(|array| array.nal_unit_type == kind).flat_map(|array| own(array.nalus.clone())).collect();
                    if listed.is_empty() { vec![single.clone()] } else { listed }
                };
                Self { is_h265: true, vps: of_kind(h265::VPS, vps), sps: of_kind(h265::SPS, sps), pps: of_kind(h265::PPS, pps) }
            }
        }
    }

    /// The first SPS: the one pictures are described by.
    pub fn sps(&self) -> Option<&Bytes> {
        self.sps.first()
    }

    /// Whether a parameter set NAL unit is already in force.
    pub fn contains(&self, nal: &[u8]) -> bool {
        [&self.vps, &self.sps, &self.pps].into_iter().flatten().any(|known| known.as_ref() == nal)
    }

    /// Takes over a set from the stream. False if it changes nothing: it is known, unreadable, or one too many.
    pub fn merge(&mut self, nal: &[u8]) -> bool {
        if self.contains(nal) || nal.len() > MAX_SET_SIZE {
            return false;
        }
        let id_of = if self.is_h265 { h265::parameter_set_id } else { h264::parameter_set_id };
        let Some(id) = id_of(nal) else { return false };
        let sets = match (self.is_h265, if self.is_h265 { h265::nal_type(nal) } else { h264::nal_type(nal) }) {
            (true, h265::VPS) => &mut self.vps,
            (true, h265::SPS) => &mut self.sps,
            (true, h265::PPS) => &mut self.pps,
            (false, h264::SPS) if h264::parse_sps(nal).is_some() => &mut self.sps,
            (false, h264::PPS) => &mut self.pps,
            _ => return false,
        };
        let nal = Bytes::copy_from_slice(nal);
        if let Some(known) = sets.iter_mut().find(|known| id_of(known) == Some(id)) {
            *known = nal;
        } else if sets.len() < MAX_SETS {
            sets.push(nal);
        } else {
            return false;
        }
        true
    }

    /// With every SPS rewritten for low latency; None if one cannot be.
    pub fn rewritten(&self) -> Option<Self> {
        if self.is_h265 {
            return None;
        }
        let sps = self.sps.iter().map(|sps| h264::low_latency_sps(sps)).collect::<Option<Vec<_>>>()?;
        Some(Self { sps, ..self.clone() })
    }

    /// The track as described by these sets. What cannot be read from them stays as in `track`.
    pub fn describe(&self, track: &VideoTrack) -> VideoTrack {
        let mut described = track.clone();
        let (Some(sps), Some(pps)) = (self.sps.first(), self.pps.first()) else { return described };
        if self.is_h265 {
            let Some(vps) = self.vps.first() else { return described };
            described.codec = VideoCodec::H265 { vps: vps.clone(), sps: sps.clone(), pps: pps.clone() };
            if let Some(info) = h265::parse_sps(sps) {
                (described.width, described.height) = (info.width, info.height);
                described.rfc6381 = h265::rfc6381(&info);
                let sets = [(h265::VPS, &self.vps[..]), (h265::SPS, &self.sps), (h265::PPS, &self.pps)];
                if let Some(record) = h265::hvcc(&info, sets) {
                    described.decoder_config = record;
                }
            }
        } else {
            described.codec = VideoCodec::H264 { sps: sps.clone(), pps: pps.clone() };
            if let Some(info) = h264::parse_sps(sps) {
                (described.width, described.height) = (info.width, info.height);
                described.pixel_aspect = info.pixel_aspect;
                described.frame_duration = info.frame_duration;
            }
            if let Some(name) = h264::rfc6381(sps) {
                described.rfc6381 = name;
            }
            if let Some(record) = h264::avcc(self.sps.iter(), self.pps.iter()) {
                described.decoder_config = record;
            }
        }
        described
    }
}
