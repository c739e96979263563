//! The audio track's timeline: starts with the video, then every frame at the end of the one before.

use super::Slot;
use crate::clock::from_video;

/// Decode times of the audio track.
///
/// `next` is the end of the last chunk in ticks of `rate`; it is only kept over a change of epoch, never reused at another rate.
#[derive(Debug, Default)]
pub(super) struct AudioLane {
    rate: Option<i64>,
    /// End of the last chunk.
    next: i64,
    /// No frame of this epoch has been placed yet.
    fresh: bool,
    /// Video's key frame that opened the epoch, in 90 kHz ticks.
    earliest_video: Option<i64>,
}

impl AudioLane {
    /// A new epoch, with audio at this rate or without.
    pub fn begin(&mut self, rate_hz: Option<u32>) {
        if let Some(rate) = rate_hz.map(i64::from) {
            if let Some(before) = self.rate.filter(|before| *before != rate) {
                self.next =
                    i64::try_from((i128::from(self.next) * i128::from(rate)).div_euclid(i128::from(before)) + 1).unwrap_or(i64::MAX / 4);
            }
            self.rate = Some(rate);
        }
        self.fresh = true;
        self.earliest_video = None;
    }

    /// The time of a video key frame; the first of an epoch bounds its audio.
    pub fn starts_no_earlier_than(&mut self, video_time: i64) {
        self.earliest_video.get_or_insert(video_time);
    }

    /// The place of a frame whose repaired time is `time`. None if it is from before the epoch's key frame or from a time already served.
    pub fn place(&mut self, time: i64, samples: u32) -> Option<Slot> {
        let rate = self.rate?;
        let samples = i64::from(samples);
        if self.fresh {
            // Rounded up: not a tick before the picture.
            let earliest = -from_video(-self.earliest_video?, rate);
            if time < earliest.max(self.next) {
                return None;
            }
            self.next = time;
            self.fresh = false;
        }
        let error = time.saturating_sub(self.next);
        // Less than half a frame is jitter of the camera's timestamps: it is worn down by at most 1 % per frame, inaudibly.
        let correction = if error.saturating_abs() <= samples / 2 { error.clamp(-(samples / 100), samples / 100) } else { error };
        let duration = samples.saturating_add(correction).clamp(1, i64::from(u32::MAX));
        Some(Slot { decode_time: u64::try_from(self.next).ok()?, duration: u32::try_from(duration).ok()?, composition_offset: 0 })
    }

    pub fn advance(&mut self, slot: Slot) {
        self.next = self.next.saturating_add(i64::from(slot.duration));
    }
}
