//! Checks the bytes of parts and segments: whole boxes, decode times without gaps, key frames where the playlist says so.
//!
//! Reads only what it judges of ISO 14496-12; every read is checked against the bytes there are.

use super::{Code, Finding, Findings};
use crate::cmaf::{AUDIO_TRACK_ID, VIDEO_TRACK_ID};
use crate::time::VIDEO_TIMESCALE;
use std::collections::HashMap;

/// The sample is no sync sample (ISO 14496-12 8.8.3.1).
const NON_SYNC: u32 = 0x0001_0000;
const MAX_SAMPLES: u32 = 100_000;

/// Which track is video, and in what units its times are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaTracks {
    pub video_track: u32,
    /// Ticks per second of the video track.
    pub video_timescale: u32,
    /// Defaults of `trex` by track: (sample duration, sample flags).
    defaults: HashMap<u32, (u32, u32)>,
}

impl MediaTracks {
    /// The tracks as our own init segments have them.
    pub fn ours() -> Self {
        let defaults = HashMap::from([(VIDEO_TRACK_ID, (0, 0)), (AUDIO_TRACK_ID, (0, 0))]);
        Self { video_track: VIDEO_TRACK_ID, video_timescale: VIDEO_TIMESCALE, defaults }
    }

    /// Reads them from an init segment; None if it has no video track.
    pub fn from_init(init: &[u8]) -> Option<Self> {
        let moov = find(init, b"moov")?;
        let mut video = None;
        for trak in Boxes(moov).flatten().filter(|found| &found.kind == b"trak") {
            let mdia = find(trak.content, b"mdia")?;
            if find(mdia, b"hdlr")?.get(8..12)? == b"vide" {
                let tkhd = find(trak.content, b"tkhd")?;
                let id = u32_at(tkhd, if tkhd.first() == Some(&1) { 20 } else { 12 })?;
                let mdhd = find(mdia, b"mdhd")?;
                video = Some((id, u32_at(mdhd, if mdhd.first() == Some(&1) { 20 } else { 12 })?));
            }
        }
        let (video_track, video_timescale) = video.filter(|(_, timescale)| *timescale > 0)?;
        let mvex = find(moov, b"mvex").unwrap_or_default();
        let trex = Boxes(mvex).flatten().filter(|found| &found.kind == b"trex");
        let defaults = trex.filter_map(|trex| Some((u32_at(trex.content, 4)?, (u32_at(trex.content, 12)?, u32_at(trex.content, 20)?))));
        Some(Self { video_track, video_timescale, defaults: defaults.collect() })
    }
}

/// What the playlist says about a part (or about a segment taken as one).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartFacts {
    pub uri: String,
    pub duration_us: u64,
    /// None where the playlist does not say (a whole segment).
    pub independent: Option<bool>,
    /// EXT-X-DISCONTINUITY stands before it: times may jump.
    pub discontinuity: bool,
}

/// Follows the parts of a playlist in order.
#[derive(Debug)]
pub struct MediaChecker {
    tracks: MediaTracks,
    /// Decode time that must come next, by track.
    expected: HashMap<u32, u64>,
}

impl MediaChecker {
    pub fn new(tracks: MediaTracks) -> Self {
        Self { tracks, expected: HashMap::new() }
    }

    /// A new EXT-X-MAP. Times go on unless a discontinuity says otherwise.
    pub fn set_tracks(&mut self, tracks: MediaTracks) {
        self.tracks = tracks;
    }

    /// Checks the next part.
    pub fn push(&mut self, facts: &PartFacts, bytes: &[u8]) -> Vec<Finding> {
        let mut findings = Findings::default();
        if facts.discontinuity {
            self.expected.clear();
        }
        let mut video = Video::default();
        let mut boxes = 0;
        let mut after_moof = false;
        for found in Boxes(bytes) {
            boxes += 1;
            let Ok(found) = found else {
                findings.add(Code::BrokenBoxes, format_args!("{} ends inside a box", facts.uri));
                break;
            };
            let in_order = match &found.kind {
                b"moof" => !after_moof && self.fragment(facts, found.content, &mut video, &mut findings).is_some(),
                b"mdat" => after_moof,
                _ => !after_moof,
            };
            after_moof = &found.kind == b"moof";
            findings.add_if(!in_order, Code::BrokenBoxes, format_args!("{} is not whole pairs of moof and mdat", facts.uri));
        }
        findings.add_if(boxes == 0 || after_moof, Code::BrokenBoxes, format_args!("{} is empty or ends after a moof", facts.uri));
        if let Some(said) = facts.independent {
            let wrong = said != (video.first_key == Some(true));
            let text = if said {
                "is called independent and does not start with a key frame"
            } else {
                "starts with a key frame and is not called independent"
            };
            findings.add_if(wrong, Code::IndependentWrong, format_args!("{} {text}", facts.uri));
        }
        let us = video.ticks.saturating_mul(1_000_000) / u64::from(self.tracks.video_timescale.max(1));
        let off = us.abs_diff(facts.duration_us) > 1000;
        findings.add_if(
            off,
            Code::DurationWrong,
            format_args!("{} holds {us} µs of video, the playlist says {}", facts.uri, facts.duration_us),
        );
        findings.0
    }

    /// One moof; None if it cannot be read.
    fn fragment(&mut self, facts: &PartFacts, moof: &[u8], video: &mut Video, findings: &mut Findings) -> Option<()> {
        find(moof, b"mfhd")?;
        for traf in Boxes(moof).flatten().filter(|found| &found.kind == b"traf") {
            let tfhd = Tfhd::read(find(traf.content, b"tfhd")?, &self.tracks)?;
            let tfdt = find(traf.content, b"tfdt")?;
            let start = if tfdt.first()? == &1 { u64_at(tfdt, 4)? } else { u64::from(u32_at(tfdt, 4)?) };
            if let Some(expected) = self.expected.get(&tfhd.track).filter(|expected| **expected != start) {
                let (uri, track) = (&facts.uri, tfhd.track);
                findings.add(Code::DecodeTimeGap, format_args!("{uri}: track {track} goes on at {start} instead of {expected}"));
            }
            let mut ticks = 0u64;
            for trun in Boxes(traf.content).flatten().filter(|found| &found.kind == b"trun") {
                let run = Trun::read(trun.content, &tfhd)?;
                ticks = ticks.checked_add(run.ticks)?;
                if tfhd.track == self.tracks.video_track {
                    video.first_key = video.first_key.or(run.first_key);
                }
            }
            if tfhd.track == self.tracks.video_track {
                video.ticks = video.ticks.saturating_add(ticks);
            }
            // A hostile file must not fill the map.
            if self.expected.len() < 64 || self.expected.contains_key(&tfhd.track) {
                self.expected.insert(tfhd.track, start.checked_add(ticks)?);
            }
        }
        Some(())
    }
}

/// Whether a segment is byte for byte its parts in order.
pub fn segment_is_its_parts<'a>(uri: &str, segment: &[u8], parts: impl IntoIterator<Item = &'a [u8]>) -> Option<Finding> {
    let mut rest = segment;
    for part in parts {
        match rest.strip_prefix(part) {
            Some(after) => rest = after,
            None => return Some(Finding { code: Code::SegmentNotItsParts, message: format!("{uri} is not its parts in order") }),
        }
    }
    (!rest.is_empty()).then(|| Finding { code: Code::SegmentNotItsParts, message: format!("{uri} is longer than its parts") })
}

#[derive(Default)]
struct Video {
    first_key: Option<bool>,
    ticks: u64,
}

struct Tfhd {
    track: u32,
    duration: u32,
    flags: u32,
}

impl Tfhd {
    fn read(content: &[u8], tracks: &MediaTracks) -> Option<Self> {
        let present = u32_at(content, 0)?;
        let track = u32_at(content, 4)?;
        let (mut duration, mut flags) = tracks.defaults.get(&track).copied().unwrap_or_default();
        let mut at = 8;
        // base-data-offset, sample-description-index, default duration, size, flags: each only if its bit is set.
        for (bit, size) in [(0x1, 8), (0x2, 4), (0x8, 4), (0x10, 4), (0x20, 4)] {
            if present & bit == 0 {
                continue;
            }
            match bit {
                0x8 => duration = u32_at(content, at)?,
                0x20 => flags = u32_at(content, at)?,
                _ => {}
            }
            at += size;
        }
        Some(Self { track, duration, flags })
    }
}

struct Trun {
    ticks: u64,
    first_key: Option<bool>,
}

impl Trun {
    fn read(content: &[u8], tfhd: &Tfhd) -> Option<Self> {
        let present = u32_at(content, 0)?;
        let count = u32_at(content, 4)?;
        if count > MAX_SAMPLES {
            return None;
        }
        let mut at = 8 + if present & 0x1 != 0 { 4 } else { 0 };
        let mut first_flags = None;
        if present & 0x4 != 0 {
            first_flags = Some(u32_at(content, at)?);
            at += 4;
        }
        let mut run = Self { ticks: 0, first_key: None };
        for _ in 0..count {
            let mut field = |bit: u32| -> Option<Option<u32>> {
                if present & bit == 0 {
                    return Some(None);
                }
                let value = u32_at(content, at)?;
                at += 4;
                Some(Some(value))
            };
            let duration = field(0x100)?.unwrap_or(tfhd.duration);
            field(0x200)?;
            let flags = field(0x400)?.unwrap_or(tfhd.flags);
            field(0x800)?;
            run.ticks += u64::from(duration);
            if run.first_key.is_none() {
                run.first_key = Some(first_flags.unwrap_or(flags) & NON_SYNC == 0);
            }
        }
        Some(run)
    }
}

struct Found<'a> {
    kind: [u8; 4],
    content: &'a [u8],
}

/// The boxes of a run of bytes; ends after the first that is cut off.
struct Boxes<'a>(&'a [u8]);

impl<'a> Iterator for Boxes<'a> {
    type Item = Result<Found<'a>, ()>;

    fn next(&mut self) -> Option<Self::Item> {
        let all = std::mem::take(&mut self.0);
        if all.is_empty() {
            return None;
        }
        let read = || {
            let size = u32_at(all, 0)?;
            let kind: [u8; 4] = all.get(4..8)?.try_into().ok()?;
            let (head, size) = match size {
                0 => (8, all.len()),
                1 => (16, usize::try_from(u64_at(all, 8)?).ok()?),
                size => (8, usize::try_from(size).ok()?),
            };
            Some((Found { kind, content: all.get(head..size)? }, all.get(size..)?))
        };
        match read() {
            Some((found, rest)) => {
                self.0 = rest;
                Some(Ok(found))
            }
            None => Some(Err(())),
        }
    }
}

fn find<'a>(bytes: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    Boxes(bytes).flatten().find(|found| &found.kind == kind).map(|found| found.content)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}
