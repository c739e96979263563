//! What the pictures of a file say of its times, the same for who writes it and for who finds it.

use super::RecordedFile;
use crate::time::VIDEO_TIMESCALE;
use std::time::Duration;

/// The times of a file, of which at least one picture is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Summary {
    /// Decode time of the first picture.
    pub first: u64,
    /// Decode time at which the last picture ends.
    pub end: u64,
    pub pictures: u64,
    /// When the first picture was received.
    pub started_utc_ms: Option<i64>,
    /// The newest picture of which it is known when it was received, and its decode time.
    clock: Option<(i64, u64)>,
}

impl Summary {
    pub fn begin(first: u64, utc_ms: Option<i64>) -> Self {
        Self { first, end: first, pictures: 0, started_utc_ms: utc_ms, clock: None }
    }

    pub fn picture(&mut self, decode_time: u64, duration: u32, utc_ms: Option<i64>) {
        self.end = decode_time.saturating_add(u64::from(duration));
        self.pictures += 1;
        if let Some(utc_ms) = utc_ms {
            self.clock = Some((utc_ms, decode_time));
        }
    }

    /// In ticks of the video track.
    pub fn ticks(&self) -> u64 {
        self.end.saturating_sub(self.first)
    }

    pub fn of_file(&self, name: String, bytes: u64) -> RecordedFile {
        let started_utc_ms = self.started_utc_ms.unwrap_or(0);
        let ended = self.clock.map_or(started_utc_ms, |(utc_ms, at)| utc_ms.saturating_add(milliseconds(self.end.saturating_sub(at))));
        RecordedFile {
            name,
            started_utc_ms,
            // The system's clock may have been set back meanwhile.
            ended_utc_ms: ended.max(started_utc_ms),
            duration: duration(self.ticks()),
            bytes,
            pictures: self.pictures,
        }
    }
}

fn milliseconds(ticks: u64) -> i64 {
    i64::try_from(duration(ticks).as_millis()).unwrap_or(i64::MAX)
}

/// Ticks of the video track as time.
pub(super) fn duration(ticks: u64) -> Duration {
    let scale = u64::from(VIDEO_TIMESCALE);
    Duration::from_secs(ticks / scale) + Duration::from_micros(ticks % scale * 100 / 9)
}
