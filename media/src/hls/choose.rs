//! Chooses PART-TARGET and TARGETDURATION from the first seconds of a stream. Once chosen they are frozen for the life of the playlist.

use crate::cmaf::{Chunk, Track};
use crate::time::VIDEO_TIMESCALE;
use std::sync::Arc;
use std::time::Duration;

/// Ticks of the video timescale per second.
pub(super) const SECOND: u64 = 90_000;
const MS: u64 = SECOND / 1000;

/// A segment may end at a key frame from this length on: just below 1 s, so that a GOP of 1 s with jitter is one segment.
pub(super) const MIN_SEGMENT: u64 = SECOND * 95 / 100;
/// No second key frame until then: the GOP is called long and not waited for.
const PATIENCE: u64 = SECOND * 22 / 10;
/// TARGETDURATION of a stream whose GOP was not seen: takes whole GOPs up to 4.49 s.
const TARGET_DURATION_UNKNOWN: u64 = 4;
/// Shortest TARGETDURATION: leaves room when a 1 s GOP grows to 2 s later.
const TARGET_DURATION_MIN: u64 = 2;
/// Frames needed to measure the interval.
const MIN_FRAMES: usize = 3;

/// The frozen numbers of a playlist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Targets {
    /// PART-TARGET in ticks, a whole number of milliseconds.
    pub part: u64,
    /// EXT-X-TARGETDURATION in seconds.
    pub duration_s: u64,
}

impl Targets {
    /// A part is closed when it is this long (ticks): 85 % of PART-TARGET (RFC 8216bis 4.4.3.7).
    pub fn part_min(&self) -> u64 {
        (self.part * 85).div_ceil(100)
    }

    /// Longest segment in ticks whose EXTINF still rounds to TARGETDURATION (RFC 8216bis 4.4.3.1), less 5 ms.
    pub fn segment_max(&self) -> u64 {
        self.duration_s * SECOND + SECOND / 2 - 5 * MS
    }

    /// TARGETDURATION in ticks.
    pub fn duration(&self) -> u64 {
        self.duration_s * SECOND
    }

    /// PART-TARGET in milliseconds.
    pub fn part_ms(&self) -> u64 {
        self.part / MS
    }
}

/// Collects the first chunks until the frame interval and, with luck, the GOP length are known.
#[derive(Debug, Default)]
pub(super) struct Measure {
    chunks: Vec<Arc<Chunk>>,
    durations: Vec<u64>,
    /// Sum of `durations`.
    elapsed: u64,
    bytes: usize,
}

/// What came out of measuring.
#[derive(Debug)]
pub(super) struct Measured {
    pub targets: Targets,
    /// What was held back meanwhile, to be packaged now. The chunk that settled it is the last.
    pub chunks: Vec<Arc<Chunk>>,
}

impl Measure {
    /// Takes the next chunk (the first video chunk is a key frame); the answer comes once. `max_bytes` bounds what is held back.
    pub fn push(&mut self, chunk: Arc<Chunk>, wish: Duration, max_bytes: usize) -> Option<Measured> {
        let settled = chunk.track == Track::Video && self.durations.len() >= MIN_FRAMES && {
            let gop_known = chunk.key && self.elapsed >= MIN_SEGMENT;
            gop_known || self.elapsed >= PATIENCE || self.bytes >= max_bytes
        };
        let gop = (chunk.key && settled).then_some(self.elapsed);
        self.bytes = self.bytes.saturating_add(chunk.bytes.len());
        if chunk.track == Track::Video && !settled {
            let duration = u64::from(chunk.duration.max(1));
            self.durations.push(duration);
            self.elapsed += duration;
        }
        self.chunks.push(chunk);
        if !settled {
            // Audio alone, or frames of no length, must not pile up for ever.
            if self.chunks.len() > 8192 || self.bytes >= max_bytes.saturating_mul(2) {
                *self = Self::default();
            }
            return None;
        }
        // The first durations are guesses of the muxer, corrected by the next.
        let skip = if self.durations.len() > 6 { 2 } else { 1 };
        let targets = choose(self.durations.get(skip..).unwrap_or_default(), gop, wish);
        Some(Measured { targets, chunks: std::mem::take(&mut self.chunks) })
    }

    /// Begins anew: the chunks so far belong to what is over.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Chooses from frame durations (ticks, not empty for a good result) and the length of a segment of whole GOPs, if known.
pub(super) fn choose(durations: &[u64], gop: Option<u64>, wish: Duration) -> Targets {
    let mut sorted = durations.to_vec();
    sorted.sort_unstable();
    let interval = sorted.get(sorted.len() / 2).copied().unwrap_or(SECOND / 25).max(1);
    let mut off: Vec<u64> = durations.iter().map(|d| d.abs_diff(interval)).collect();
    off.sort_unstable();
    let jitter = off.get(off.len() * 9 / 10).copied().unwrap_or(0).min(interval);

    let wish = u64::try_from(wish.as_millis()).unwrap_or(u64::MAX).clamp(100, 1000) * MS;
    let frames = part_frames(interval, jitter, gop, wish);
    // Whole frames then fill 92.6 % of the target: the middle of the permitted 85-100 %, so that jitter stays inside.
    let part = (frames * interval * 108).div_ceil(100).div_ceil(MS) * MS;

    let duration_s = match gop {
        Some(gop) => (gop.saturating_sub(SECOND / 5)).div_ceil(SECOND).max(TARGET_DURATION_MIN),
        None => TARGET_DURATION_UNKNOWN,
    };
    Targets { part, duration_s: duration_s.max(part.div_ceil(SECOND)) }
}

/// How many frames make a part: near the wish, wide enough for the jitter, and best a divisor of the GOP so that no segment ends with a tiny part.
fn part_frames(interval: u64, jitter: u64, gop: Option<u64>, wish: u64) -> u64 {
    // 7 % of the target must hold the jitter of a part's two ends.
    let wish = wish.max((jitter * 100 / 7).min(wish * 5 / 2));
    let low = (wish * 7 / 10).div_ceil(interval).max(1);
    let high = (wish * 13 / 10 / interval).min(200);
    let gop_frames = gop.map(|gop| (gop + interval / 2) / interval);
    let cost = |frames: u64| {
        let distance = (frames * interval).abs_diff(wish) * 1000 / wish;
        let rest = gop_frames.map_or(0, |gop| gop % frames);
        let tail = if rest == 0 { 0 } else { 600 * (frames - rest) / frames };
        (distance + tail, frames)
    };
    (low..=high).min_by_key(|frames| cost(*frames)).unwrap_or_else(|| ((wish + interval / 2) / interval).max(1))
}

const _: () = assert!(VIDEO_TIMESCALE == 90_000);

#[cfg(test)]
mod tests {
    use super::*;

    fn part(fps: u64, gop_frames: Option<u64>, wish_ms: u64) -> (u64, u64) {
        let interval = SECOND / fps;
        let targets = choose(&vec![interval; 30], gop_frames.map(|frames| frames * interval), Duration::from_millis(wish_ms));
        (targets.part_ms(), targets.duration_s)
    }

    #[test]
    fn whole_frames_fill_between_85_and_100_percent_of_the_part_target() {
        for fps in [1, 2, 3, 5, 8, 10, 12, 15, 20, 24, 25, 30, 50, 60, 120] {
            for wish in [1, 100, 200, 333, 500, 1000, 9999] {
                let interval = SECOND / fps;
                let targets = choose(&[interval; 20], None, Duration::from_millis(wish));
                let frames = targets.part_min().div_ceil(interval);
                assert!(frames * interval <= targets.part, "{fps} fps, {wish} ms: {targets:?}");
                assert!(targets.part <= targets.duration());
            }
        }
    }

    #[test]
    fn usual_cameras_get_usual_targets() {
        assert_eq!(part(25, Some(50), 200), (216, 2));
        assert_eq!(part(30, Some(60), 200), (216, 2));
        assert_eq!(part(15, Some(30), 200), (216, 2));
        assert_eq!(part(25, None, 200), (216, 4));
        assert_eq!(part(25, Some(100), 200).1, 4);
        // 27 frames: parts of 5 would end with 2 frames; of 4 with 3.
        assert_eq!(part(25, Some(27), 200).0, 173);
    }

    #[test]
    fn jittery_timestamps_get_longer_parts() {
        let durations: Vec<u64> = (0..60).map(|n| if n % 2 == 0 { 1800 } else { 5400 }).collect();
        assert!(choose(&durations, None, Duration::from_millis(200)).part_ms() > 300);
    }
}
