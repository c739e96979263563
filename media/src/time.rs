//! Time as the media path uses it: a monotonic reading for every duration, a UTC reading only to tell people when.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The video timescale of every stream: 90 000 ticks per second (RTP's and CMAF's usual video clock).
pub const VIDEO_TIMESCALE: u32 = 90_000;

/// One moment read from both clocks, taken when a packet or frame was received.
///
/// `mono_us` never steps; `utc_ms` follows the system clock and may. Durations are only ever computed from `mono_us`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stamp {
    /// Microseconds since the first reading in this process.
    pub mono_us: u64,
    /// Milliseconds since 1970-01-01 UTC.
    pub utc_ms: i64,
}

impl Stamp {
    /// Reads both clocks. Only shells call this; cores get stamps as arguments.
    pub fn now() -> Self {
        Self::at(Instant::now())
    }

    /// The stamp of a moment that was read earlier on the monotonic clock.
    pub fn at(moment: Instant) -> Self {
        static START: OnceLock<Instant> = OnceLock::new();
        let start = *START.get_or_init(Instant::now);
        let mono_us = u64::try_from(moment.saturating_duration_since(start).as_micros()).unwrap_or(u64::MAX);
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let utc_ms = i64::try_from(since_epoch.saturating_sub(moment.elapsed()).as_millis()).unwrap_or(i64::MAX);
        Self { mono_us, utc_ms }
    }

    /// Time from `earlier` to this stamp on the monotonic clock, zero if `earlier` is later.
    pub fn since(self, earlier: Stamp) -> Duration {
        Duration::from_micros(self.mono_us.saturating_sub(earlier.mono_us))
    }

    /// This moment moved into the future, on both clocks.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self { mono_us: self.mono_us.saturating_add(us), utc_ms: self.utc_ms.saturating_add(ms) }
    }
}
