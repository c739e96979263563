//! The wall clock of the media: EXT-X-PROGRAM-DATE-TIME of any decode time.

use crate::cmaf::Chunk;

/// Maps decode times to UTC. Anchored when an epoch starts; afterwards it follows the monotonic clock by at most 1 ms per segment, so that
/// a camera whose clock drifts (20 ppm is usual, 1.7 s a day) stays right and the dates of a playlist stay continuous.
#[derive(Debug)]
pub(super) struct MediaClock {
    anchor_utc_ms: i64,
    anchor_mono_us: u64,
    anchor_decode_time: u64,
    /// Corrections so far.
    shift_ms: i64,
    /// Least lateness of a frame in this segment against the mapping: the network only ever adds delay.
    least_late_ms: Option<i64>,
}

impl MediaClock {
    pub fn start(chunk: &Chunk) -> Self {
        Self {
            anchor_utc_ms: chunk.received.utc_ms,
            anchor_mono_us: chunk.received.mono_us,
            anchor_decode_time: chunk.decode_time,
            shift_ms: 0,
            least_late_ms: None,
        }
    }

    /// Looks at a video chunk's receive time.
    pub fn observe(&mut self, chunk: &Chunk) {
        let elapsed_ms = i64::try_from(chunk.received.mono_us.saturating_sub(self.anchor_mono_us) / 1000).unwrap_or(i64::MAX);
        let late = elapsed_ms.saturating_sub(self.media_ms(chunk.decode_time)).saturating_sub(self.shift_ms);
        self.least_late_ms = Some(self.least_late_ms.map_or(late, |least| least.min(late)));
    }

    /// The date of a segment that starts at `decode_time`.
    pub fn segment_start(&mut self, decode_time: u64) -> i64 {
        match self.least_late_ms.take() {
            Some(late) if late > 5 => self.shift_ms += 1,
            Some(late) if late < -5 => self.shift_ms -= 1,
            _ => {}
        }
        self.anchor_utc_ms.saturating_add(self.media_ms(decode_time)).saturating_add(self.shift_ms)
    }

    fn media_ms(&self, decode_time: u64) -> i64 {
        i64::try_from(decode_time.saturating_sub(self.anchor_decode_time) / 90).unwrap_or(i64::MAX)
    }
}
