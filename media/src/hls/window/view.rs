//! What others read of the window: what the playlist shows, where the live edge is, the bytes behind a name.

use super::Window;
use crate::cmaf::Epoch;
use crate::hls::choose::{SECOND, Targets};
use crate::hls::reload::Edge;
use crate::hls::segment::{Init, Names, Resource, Segment};
use crate::hls::{MediaBody, Sound};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// Longest wait of a blocked request: hls.js gives a playlist up after 10 s without a byte.
const MAX_WAIT: Duration = Duration::from_millis(8500);

impl Window {
    pub(super) fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.retired.iter().map(|(_, segment)| segment).chain(&self.listed).chain(&self.open)
    }

    /// Media bytes held.
    pub(in crate::hls) fn bytes(&self) -> u64 {
        self.segments().map(|segment| segment.len).sum::<u64>() + self.pending.len
    }

    pub(in crate::hls) fn version(&self) -> u64 {
        self.version
    }

    pub(in crate::hls) fn identity(&self) -> u32 {
        self.identity
    }

    pub(in crate::hls) fn names(&self) -> &Names {
        &self.names
    }

    /// Frozen numbers, once there is a whole segment to show.
    pub(in crate::hls) fn ready(&self) -> Option<Targets> {
        self.targets.filter(|_| !self.listed.is_empty())
    }

    pub(in crate::hls) fn targets(&self) -> Option<Targets> {
        self.targets
    }

    pub(in crate::hls) fn listed(&self) -> &VecDeque<Segment> {
        &self.listed
    }

    /// The growing segment, if it has a part to show.
    pub(in crate::hls) fn open(&self) -> Option<&Segment> {
        self.open.as_ref().filter(|open| !open.parts.is_empty())
    }

    /// Sequence number of the segment that comes after the listed ones.
    pub(in crate::hls) fn open_sequence(&self) -> u64 {
        self.open.as_ref().map_or(self.next_sequence, |open| open.sequence)
    }

    pub(in crate::hls) fn next_part(&self) -> u64 {
        self.next_part
    }

    pub(in crate::hls) fn discontinuity_sequence(&self) -> u64 {
        self.discontinuity_sequence
    }

    /// The discontinuity sequence once everything that is held has left the window, plus one for what is to come.
    pub(in crate::hls) fn next_discontinuity(&self) -> u64 {
        let held = self.listed.iter().chain(&self.open).filter(|segment| segment.discontinuity).count();
        self.discontinuity_sequence + u64::try_from(held).unwrap_or(0) + 1
    }

    /// The init of the chunks that come now, if no listed segment has shown it yet.
    pub(in crate::hls) fn coming_init(&self) -> Option<&Arc<Init>> {
        let shown = self.open().or(self.listed.back()).map(|segment| segment.init.number);
        self.init.as_ref().filter(|init| !self.ended && shown != Some(init.number))
    }

    pub(in crate::hls) fn epoch(&self) -> Option<&Arc<Epoch>> {
        self.init.as_ref().map(|init| &init.epoch)
    }

    /// Median frame duration of late, in ticks.
    pub(in crate::hls) fn frame_interval(&self) -> Option<u64> {
        let mut sorted: Vec<u64> = self.recent.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }

    /// (peak, average) bits per second over the listed segments.
    pub(in crate::hls) fn bandwidth(&self) -> Option<(u64, u64)> {
        let (mut bytes, mut ticks, mut peak) = (0, 0, 0);
        for segment in &self.listed {
            bytes += segment.len;
            ticks += segment.duration;
            // A bridge or a cut-short piece says nothing about the rate.
            if segment.duration >= SECOND / 2 {
                peak = peak.max(segment.len * 8 * SECOND / segment.duration);
            }
        }
        let average = (bytes * 8 * SECOND).checked_div(ticks)?;
        Some((peak.max(average), average))
    }

    /// The bytes of a resource; None if it is gone or never was.
    pub(in crate::hls) fn fetch(&self, resource: Resource, sound: Sound) -> Option<MediaBody> {
        match resource {
            Resource::Init(number) => {
                let used = self.segments().map(|segment| &segment.init).chain(&self.init);
                used.into_iter().find(|init| init.number == number)?.body(sound)
            }
            // The open segment is not whole, so it is not there yet.
            Resource::Segment(number) => {
                let whole = self.retired.iter().map(|(_, segment)| segment).chain(&self.listed);
                whole.into_iter().find(|segment| segment.sequence == number).map(|segment| segment.body(sound))
            }
            Resource::Part(number) => {
                let mut parts = self.segments().flat_map(|segment| &segment.parts);
                parts.find(|part| part.number == Some(number)).map(|part| part.body(sound))
            }
        }
    }

    /// The live edge; None until there is a playlist.
    pub(in crate::hls) fn edge(&self) -> Option<Edge> {
        let targets = self.ready()?;
        Some(Edge {
            open_sequence: self.open_sequence(),
            open_parts: self.open().map_or(0, Segment::listed_parts),
            last_parts: self.listed().back().map_or(0, Segment::listed_parts),
            advance_limit: u32::try_from((3 * SECOND).div_ceil(targets.part)).unwrap_or(u32::MAX).max(3),
        })
    }

    /// Newest media sequence number and part that the low-latency playlist shows.
    pub(in crate::hls) fn position(&self) -> Option<(u64, Option<u32>)> {
        self.ready()?;
        let newest = self.open().or(self.listed().back())?;
        Some((newest.sequence, newest.listed_parts().checked_sub(1)))
    }

    /// How long a blocked request waits: three target durations, and never so long that the player gives up first.
    pub(in crate::hls) fn patience(&self) -> Duration {
        self.targets().map_or(MAX_WAIT, |targets| Duration::from_secs(targets.duration_s * 3).min(MAX_WAIT))
    }
}
