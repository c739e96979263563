//! The video track: what is in an access unit, which parameters decode it, and where it lies on the timeline.

use super::params::ParameterSets;
use super::{Slot, nominal_interval};
use crate::clock::Order;
use crate::codec::h264::Reordering;
use crate::codec::{h264, h265, nal_units};
use crate::reorder::{Next, Reorder};
use crate::time::VIDEO_TIMESCALE;
use crate::unit::{VideoCodec, VideoTrack};
use bytes::Bytes;

/// A whole GOP must have been seen in order, and at least this many pictures, before a stream is taken to never reorder.
const PROOF_PICTURES: u32 = 8;

/// What an access unit holds.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub has_picture: bool,
    /// An IDR or IRAP picture, whatever the source said.
    pub random_access: bool,
    b_slices: bool,
    /// H.265: a leading picture, and whether it refers to pictures before its random access point (RASL).
    leading: bool,
    skipped_leading: bool,
    /// Parameter sets that are not in force.
    new_sets: Vec<Bytes>,
    /// Size of the sample: what is left once redundant units are taken out.
    pub size: usize,
}

/// State of the video track over epochs and sessions.
#[derive(Debug, Default)]
pub(super) struct VideoLane {
    source: Option<VideoTrack>,
    /// What the source announced and the stream replaced.
    sets: Option<ParameterSets>,
    /// What the SPS in force says, before any rewriting; refreshed at every change.
    reordering: Known,
    /// The current epoch's SPS was rewritten.
    rewritten: bool,
    watch: OrderWatch,
    reorder: Reorder,
    /// Decode time of the next picture. `i64` because presentation times around it are; never negative.
    next: i64,
    /// Highest presentation time of all pictures placed.
    highest: Option<i64>,
    last_decode: Option<i64>,
    interval: Option<crate::clock::Interval>,
    /// The newest random access point opened an epoch, and only leading pictures have come since.
    just_begun: bool,
}

/// What the SPS says about reordering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Known {
    Impossible,
    /// The encoder promises that it does not happen.
    Promised,
    /// Only the pictures can tell.
    #[default]
    Unsure,
    /// At most so deep, and at least 1.
    Depth(u8),
}

/// Watches whether pictures of the SPS in force come in presentation order.
#[derive(Debug, Default)]
struct OrderWatch {
    /// SPS being watched.
    sps: Bytes,
    /// Pictures seen since the first key frame of an unbroken run.
    pictures: u32,
    /// The run is broken: a picture came out of order.
    broken: bool,
    /// A whole GOP came in order.
    proven: bool,
    /// A B slice was seen: pictures may be reordered whatever was proven.
    refuted: bool,
    last_pts: Option<i64>,
}

impl VideoLane {
    /// Takes over the parameters that the source announced.
    pub fn set_source(&mut self, track: &VideoTrack) {
        self.sets = Some(ParameterSets::of(track));
        self.source = Some(track.clone());
        self.refresh();
    }

    /// Frames that may be shown before one that was decoded earlier; 0 without B-frames.
    pub fn reorder_depth(&self) -> u8 {
        self.reorder.depth()
    }

    /// Whether the SPS that viewers get is not the camera's own (low-latency rewrite).
    pub fn is_rewritten(&self) -> bool {
        self.rewritten
    }

    /// Usual distance of two frames in ticks; 0 while it is not known.
    pub fn frame_interval(&self) -> u32 {
        self.interval.map_or(0, |interval| u32::try_from(interval.get()).unwrap_or(u32::MAX))
    }

    /// Usual distance of two frames in ticks.
    pub fn interval(&self) -> i64 {
        self.interval.map_or(3_600, crate::clock::Interval::get)
    }

    /// Reads an access unit's structure.
    pub fn scan(&self, data: &[u8]) -> Scan {
        let mut scan = Scan::default();
        let Some(sets) = &self.sets else { return scan };
        let is_h265 = self.is_h265();
        for nal in nal_units(data) {
            let (picture, random_access, parameters) = kind(nal, is_h265);
            scan.has_picture |= picture;
            scan.random_access |= random_access;
            if is_h265 {
                scan.leading |= h265::is_leading(h265::nal_type(nal));
                scan.skipped_leading |= h265::is_skipped_leading(h265::nal_type(nal));
            } else {
                scan.b_slices |= h264::is_b_slice(nal);
            }
            if parameters && !sets.contains(nal) && scan.new_sets.len() < 64 {
                scan.new_sets.push(Bytes::copy_from_slice(nal));
            }
            if !is_redundant(nal, is_h265) {
                scan.size += 4 + nal.len();
            }
        }
        scan
    }

    /// The units that stay in the sample, each with its length prefix.
    pub fn samples<'a>(&self, data: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let is_h265 = self.is_h265();
        let mut rest = data;
        // Walks `data` by the same rule as `nal_units`, keeping the prefixes.
        std::iter::from_fn(move || {
            loop {
                let (prefix, _) = rest.split_first_chunk::<4>()?;
                let length = usize::try_from(u32::from_be_bytes(*prefix)).ok()?.checked_add(4)?;
                let (unit, tail) = rest.split_at_checked(length)?;
                rest = tail;
                if length > 4 && !is_redundant(unit.get(4..).unwrap_or_default(), is_h265) {
                    return Some(unit);
                }
            }
        })
    }

    /// Whether a picture cannot be decoded because it refers to pictures from before the epoch (H.265 RASL after its first CRA).
    pub fn refers_to_the_past(&mut self, scan: &Scan, key: bool) -> bool {
        if !key && !scan.leading {
            self.just_begun = false;
        }
        self.just_begun && scan.skipped_leading
    }

    /// A key frame has come: takes over its parameter sets and describes the track that decodes from here on.
    pub fn at_key_frame(&mut self, scan: &Scan, rewrite: bool) -> VideoTrack {
        self.watch.key_frame();
        self.just_begun = false;
        if let Some(sets) = &mut self.sets {
            let mut changed = false;
            for set in &scan.new_sets {
                changed |= sets.merge(set);
            }
            if changed {
                self.refresh();
            }
        }
        let (Some(source), Some(sets)) = (&self.source, &self.sets) else {
            return empty_track();
        };
        let never_reorders = match self.reordering {
            Known::Impossible => true,
            Known::Unsure => self.watch.proven,
            Known::Promised | Known::Depth(_) => false,
        };
        let rewritten = if rewrite && never_reorders && !self.watch.refuted { sets.rewritten() } else { None };
        self.rewritten = rewritten.is_some();
        self.reorder.set_depth(self.declared_depth());
        match rewritten {
            Some(sets) => sets.describe(source),
            // As announced as long as nothing replaced it: the source's record may say more than we would write.
            None if ParameterSets::of(source) == *sets => source.clone(),
            None => sets.describe(source),
        }
    }

    /// The first key frame of an epoch. In a new session, gives the time at which it is shown.
    pub fn begin(&mut self, new_session: bool) -> i64 {
        self.just_begun = true;
        let nominal = self.source.as_ref().map_or(3_600, nominal_interval);
        if self.highest.is_none() {
            self.interval = Some(crate::clock::Interval::new(nominal));
            return self.reorder.start(self.next, nominal, self.declared_depth());
        }
        if new_session {
            self.last_decode = None;
        }
        let ahead = i64::try_from(self.reorder.ahead()).unwrap_or(0);
        let shown = self.next.saturating_add(self.interval().saturating_mul(ahead));
        shown.max(self.highest.map_or(0, |highest| highest.saturating_add(i64::from(VIDEO_TIMESCALE) / 1000)))
    }

    /// How the picture's timestamp may relate to those before.
    pub fn order(&self, scan: &Scan, key: bool) -> Order {
        let h265_may = self.is_h265() && !self.never_reorders();
        match () {
            () if key && !self.is_h265() => Order::Barrier,
            () if scan.b_slices || h265_may => Order::MayGoBack,
            () => Order::Increasing,
        }
    }

    /// The place of a picture that is shown at `time`. Must be followed by [`Self::advance`] if the picture is used.
    pub fn place(&mut self, time: i64, pts: i64, scan: &Scan) -> Slot {
        self.watch.picture(pts, scan.b_slices);
        self.highest = Some(self.highest.map_or(time, |highest| highest.max(time)));
        let decode = self.reorder.push(time);
        if let (Some(decode), Some(last), Some(interval)) = (decode, self.last_decode, &mut self.interval)
            && decode > last
        {
            interval.push(decode - last);
        }
        self.last_decode = decode;
        let usual = decode.unwrap_or(self.next).saturating_add(self.interval());
        let following = match self.reorder.next() {
            Next::Filling => self.next.saturating_add(1),
            Next::AtMost(limit) => usual.min(limit),
            Next::Unknown => usual,
        };
        let duration = following.saturating_sub(self.next).clamp(1, i64::from(u32::MAX));
        let late = time.saturating_sub(self.next).clamp(i64::from(i32::MIN), i64::from(i32::MAX));
        let offset = if self.watch.refuted || self.reorder.ahead() > 0 || self.reorder.seen() > 0 {
            late
        } else if self.never_reorders() {
            // Shown when decoded. The prediction's error is made good for by the next duration.
            0
        } else {
            // Perhaps the first picture that others will go before. Never negative: players dislike it, and no picture needs it.
            late.max(0)
        };
        Slot {
            decode_time: u64::try_from(self.next).unwrap_or(0),
            duration: u32::try_from(duration).unwrap_or(u32::MAX),
            composition_offset: i32::try_from(offset).unwrap_or(0),
        }
    }

    pub fn advance(&mut self, slot: Slot) {
        self.next = self.next.saturating_add(i64::from(slot.duration));
    }

    fn is_h265(&self) -> bool {
        self.source.as_ref().is_some_and(|track| matches!(track.codec, VideoCodec::H265 { .. }))
    }

    fn declared_depth(&self) -> u8 {
        match self.reordering {
            Known::Impossible | Known::Promised | Known::Unsure => 0,
            Known::Depth(depth) => depth,
        }
    }

    fn never_reorders(&self) -> bool {
        self.rewritten || matches!(self.reordering, Known::Impossible | Known::Promised)
    }

    /// Reads what the SPS in force says about reordering.
    fn refresh(&mut self) {
        let sps = self.sets.as_ref().and_then(ParameterSets::sps).cloned().unwrap_or_default();
        self.reordering = if self.is_h265() {
            match h265::parse_sps(&sps).map(|sps| sps.reorder) {
                Some(0) => Known::Promised,
                Some(depth) => Known::Depth(depth),
                None => Known::Unsure,
            }
        } else {
            match h264::parse_sps(&sps).map(|sps| sps.reordering) {
                Some(Reordering::Impossible) => Known::Impossible,
                Some(Reordering::Declared(0)) => Known::Promised,
                Some(Reordering::Declared(depth)) => Known::Depth(depth),
                Some(Reordering::Unknown) | None => Known::Unsure,
            }
        };
        if self.watch.sps != sps {
            self.watch = OrderWatch { sps, ..OrderWatch::default() };
            self.reorder.forget();
        }
    }
}

impl OrderWatch {
    fn key_frame(&mut self) {
        self.proven |= !self.broken && self.pictures >= PROOF_PICTURES;
        if self.broken {
            self.broken = false;
            self.pictures = 0;
            self.last_pts = None;
        }
    }

    fn picture(&mut self, pts: i64, b_slices: bool) {
        self.refuted |= b_slices;
        self.broken |= b_slices || self.last_pts.is_some_and(|last| pts <= last);
        self.pictures = self.pictures.saturating_add(1);
        self.last_pts = Some(pts);
    }
}

/// Whether a unit is picture data, starts a random access point, is a parameter set.
fn kind(nal: &[u8], is_h265: bool) -> (bool, bool, bool) {
    if is_h265 {
        let kind = h265::nal_type(nal);
        (h265::is_picture(kind), h265::is_irap(kind), matches!(kind, h265::VPS | h265::SPS | h265::PPS))
    } else {
        let kind = h264::nal_type(nal);
        (h264::is_picture(kind), kind == h264::IDR, matches!(kind, h264::SPS | h264::PPS))
    }
}

fn is_redundant(nal: &[u8], is_h265: bool) -> bool {
    if is_h265 { h265::is_redundant(h265::nal_type(nal)) } else { h264::is_redundant(h264::nal_type(nal)) }
}

/// Stands for a track that was never described; it fits no init segment.
fn empty_track() -> VideoTrack {
    VideoTrack {
        codec: VideoCodec::H264 { sps: Bytes::new(), pps: Bytes::new() },
        rfc6381: String::new(),
        width: 0,
        height: 0,
        pixel_aspect: None,
        frame_duration: None,
        decoder_config: Bytes::new(),
    }
}
