//! What the pictures of a file say of its times, the same for who writes it and for who finds it.

use super::RecordedFile;
use crate::time::VIDEO_TIMESCALE;
use std::time::Duration;

/// The times of a file, of which at least one picture is known. All but the clock's in ticks of the video track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Summary {
    /// Decode and presentation time of the first picture.
    first: (i64, i64),
    /// When the last picture ends that is decoded, and the last one that is presented. They differ by more than at the beginning if
    /// decoding began to run ahead of presentation in the middle of the file.
    end: (i64, i64),
    pub pictures: u64,
    /// When the first picture was received.
    pub started_utc_ms: Option<i64>,
    /// When the newest picture was received of which that is known, and its presentation time.
    clock: Option<(i64, i64)>,
}

impl Summary {
    /// Before the first picture, which is received at `utc_ms`.
    pub fn begin(utc_ms: Option<i64>) -> Self {
        Self { first: (0, 0), end: (0, 0), pictures: 0, started_utc_ms: utc_ms, clock: None }
    }

    pub fn picture(&mut self, decode_time: u64, composition_offset: i32, duration: u32, utc_ms: Option<i64>) {
        let decoded = i64::try_from(decode_time).unwrap_or(i64::MAX);
        let shown = decoded.saturating_add(i64::from(composition_offset));
        if self.pictures == 0 {
            self.first = (decoded, shown);
            self.end = self.first;
        }
        let duration = i64::from(duration);
        self.end = (decoded.saturating_add(duration), self.end.1.max(shown.saturating_add(duration)));
        self.pictures += 1;
        if let Some(utc_ms) = utc_ms {
            self.clock = Some((utc_ms, shown));
        }
    }

    /// How long it plays: until everything is decoded and presented, so that what follows runs into neither.
    pub fn ticks(&self) -> u64 {
        let decoding = self.end.0.saturating_sub(self.first.0);
        let showing = self.end.1.saturating_sub(self.first.1);
        u64::try_from(decoding.max(showing)).unwrap_or(0)
    }

    pub fn of_file(&self, name: String, bytes: u64) -> RecordedFile {
        let started_utc_ms = self.started_utc_ms.unwrap_or(0);
        let ended = self.clock.map_or(started_utc_ms, |(utc_ms, at)| utc_ms.saturating_add(self.end.1.saturating_sub(at).max(0) / 90));
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

/// Ticks of the video track as time.
pub(super) fn duration(ticks: u64) -> Duration {
    let scale = u64::from(VIDEO_TIMESCALE);
    Duration::from_secs(ticks / scale) + Duration::from_micros(ticks % scale * 100 / 9)
}
