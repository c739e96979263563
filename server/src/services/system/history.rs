//! The last hour of every stream in memory: one point per 10 s, 16 bytes each, so 6 kB a stream (700 kB for 60 cameras with two streams).
//!
//! Sans-IO: time comes as the number of the step.

use super::weight;
use media::StreamKey;
use media::stream::StreamState;
use std::collections::{BTreeMap, VecDeque};

/// Seconds per point.
pub const STEP_S: u32 = 10;
/// Points that are kept: an hour.
pub const STEPS: usize = 360;

const NO_LATENCY: u16 = u16::MAX;

/// What was measured within one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    fps: f32,
    bitrate_kbps: u32,
    /// [`NO_LATENCY`]: nobody told.
    latency_ms: u16,
    reconnects: u16,
    /// None: nothing measured.
    state: Option<StreamState>,
}

impl Point {
    /// Nothing was measured.
    const NONE: Self = Self { fps: 0.0, bitrate_kbps: 0, latency_ms: NO_LATENCY, reconnects: 0, state: None };

    /// `latency_ms`: at the viewers; None: nobody told. `reconnects`: within the step. What is too large is cut.
    pub fn new(state: StreamState, fps: f32, bitrate_kbps: u32, latency_ms: Option<u32>, reconnects: u32) -> Self {
        Self {
            fps,
            bitrate_kbps,
            latency_ms: latency_ms.map_or(NO_LATENCY, |ms| u16::try_from(ms).unwrap_or(NO_LATENCY).min(NO_LATENCY - 1)),
            reconnects: u16::try_from(reconnects).unwrap_or(u16::MAX),
            state: Some(state),
        }
    }

    pub fn is_measured(&self) -> bool {
        self.state.is_some()
    }

    /// In tenths, which is what a page shows.
    pub fn fps(&self) -> f32 {
        (self.fps * 10.0).round() / 10.0
    }

    pub fn bitrate_kbps(&self) -> u32 {
        self.bitrate_kbps
    }

    pub fn latency_ms(&self) -> Option<u32> {
        (self.latency_ms != NO_LATENCY).then(|| u32::from(self.latency_ms))
    }

    pub fn reconnects(&self) -> u32 {
        u32::from(self.reconnects)
    }

    pub fn state(&self) -> Option<StreamState> {
        self.state
    }
}

/// Puts several points into one: means, the sum of reconnects, the worst state.
#[derive(Debug, Default)]
pub struct Gather {
    fps: f64,
    bitrate_kbps: u64,
    count: u32,
    latency_ms: u64,
    latencies: u32,
    reconnects: u32,
    state: Option<StreamState>,
}

impl Gather {
    /// Takes a point in; one without a measurement counts for nothing.
    pub fn add(&mut self, point: &Point) {
        let Some(state) = point.state else { return };
        self.fps += f64::from(point.fps);
        self.bitrate_kbps += u64::from(point.bitrate_kbps);
        self.count += 1;
        if let Some(ms) = point.latency_ms() {
            self.latency_ms += u64::from(ms);
            self.latencies += 1;
        }
        self.reconnects = self.reconnects.saturating_add(point.reconnects());
        if self.state.is_none_or(|worst| weight(worst) < weight(state)) {
            self.state = Some(state);
        }
    }

    /// The point of all that were taken in.
    pub fn finish(&self) -> Point {
        let Some(state) = self.state else { return Point::NONE };
        let mean = |sum: u64, count: u32| u32::try_from(sum / u64::from(count.max(1))).unwrap_or(u32::MAX);
        let latency = (self.latencies > 0).then(|| mean(self.latency_ms, self.latencies));
        // A mean of frame rates is as small as they are.
        let fps = (self.fps / f64::from(self.count.max(1))) as f32;
        Point::new(state, fps, mean(self.bitrate_kbps, self.count), latency, self.reconnects)
    }
}

/// The rings of all streams, side by side: all end at the same step.
#[derive(Debug, Default)]
pub struct Rings {
    /// Number of the newest step.
    newest: Option<u64>,
    end_utc_ms: Option<i64>,
    /// Oldest first; as long as there are steps since the stream came, at most [`STEPS`].
    streams: BTreeMap<StreamKey, VecDeque<Point>>,
}

impl Rings {
    /// Takes the points of step `step`, which ended at `utc_ms`. Streams without a point are gone and forgotten. Steps must not go back.
    pub fn push(&mut self, step: u64, utc_ms: i64, points: impl IntoIterator<Item = (StreamKey, Point)>) {
        let skipped = match self.newest {
            Some(newest) if step <= newest => return,
            // The machine slept, or was too busy.
            Some(newest) => usize::try_from(step - newest - 1).unwrap_or(STEPS).min(STEPS),
            None => 0,
        };
        let mut streams = BTreeMap::new();
        for (key, point) in points {
            // Whole from the start: memory that only grows into its size over an hour looks like a leak for as long.
            let mut ring = self.streams.remove(&key).unwrap_or_else(|| VecDeque::with_capacity(STEPS));
            let missed = if ring.is_empty() { 0 } else { skipped.min(STEPS - 1) };
            let surplus = (ring.len() + missed + 1).saturating_sub(STEPS);
            ring.drain(..surplus);
            ring.extend(std::iter::repeat_n(Point::NONE, missed));
            ring.push_back(point);
            streams.insert(key, ring);
        }
        self.streams = streams;
        self.newest = Some(step);
        self.end_utc_ms = Some(utc_ms);
    }

    /// When the newest step ended.
    pub fn end_utc_ms(&self) -> Option<i64> {
        self.end_utc_ms
    }

    /// Every stream's hour with `factor` steps put into one point; all series are `STEPS / factor` long. The points keep their borders
    /// from one reading to the next: only the newest may still be incomplete.
    pub fn read(&self, factor: usize) -> Vec<(StreamKey, Vec<Point>)> {
        let factor = factor.clamp(1, STEPS);
        let length = STEPS / factor;
        // Steps of the newest point that have passed.
        let begun = usize::try_from(self.newest.unwrap_or(0) % factor as u64).unwrap_or(0) + 1;
        let one = |ring: &VecDeque<Point>| {
            let mut points = vec![Point::NONE; length];
            let mut newest_first = ring.iter().rev();
            for (place, point) in points.iter_mut().rev().enumerate() {
                let mut gather = Gather::default();
                newest_first.by_ref().take(if place == 0 { begun } else { factor }).for_each(|part| gather.add(part));
                *point = gather.finish();
            }
            points
        };
        self.streams.iter().map(|(key, ring)| (*key, one(ring))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::id::{CameraId, Quality};

    const GATE: StreamKey = StreamKey { camera: CameraId(1), quality: Quality::Main };
    const YARD: StreamKey = StreamKey { camera: CameraId(2), quality: Quality::Main };

    fn live(fps: f32) -> Point {
        Point::new(StreamState::Live, fps, 1000, None, 0)
    }

    fn fps(points: &[Point]) -> Vec<Option<f32>> {
        points.iter().map(|point| point.is_measured().then(|| point.fps())).collect()
    }

    #[test]
    fn an_hour_is_kept_and_no_more() {
        let mut rings = Rings::default();
        rings.push(0, 0, [(GATE, live(0.0))]);
        let whole = rings.streams[&GATE].capacity();
        for step in 1..1000_u16 {
            rings.push(u64::from(step), 0, [(GATE, live(f32::from(step)))]);
        }
        let series = rings.read(1);
        assert_eq!(series[0].1.len(), STEPS);
        assert_eq!(fps(&series[0].1)[0], Some(640.0));
        assert_eq!(fps(&series[0].1)[STEPS - 1], Some(999.0));
        assert_eq!(rings.streams[&GATE].len(), STEPS);
        assert_eq!(rings.streams[&GATE].capacity(), whole, "it has its whole size from the start");
        assert!(size_of::<Point>() <= 16);
    }

    #[test]
    fn a_young_stream_stands_at_the_end_and_a_deleted_one_is_forgotten() {
        let mut rings = Rings::default();
        rings.push(5, 0, [(GATE, live(1.0))]);
        rings.push(6, 0, [(GATE, live(2.0)), (YARD, live(3.0))]);
        let series = rings.read(1);
        assert_eq!(fps(&series[1].1)[STEPS - 2..], [None, Some(3.0)]);
        rings.push(7, 0, [(YARD, live(4.0))]);
        assert_eq!(rings.read(1).len(), 1);
    }

    #[test]
    fn steps_that_were_slept_through_are_empty_however_many() {
        let mut rings = Rings::default();
        rings.push(1, 0, [(GATE, live(1.0))]);
        rings.push(4, 0, [(GATE, live(2.0))]);
        assert_eq!(fps(&rings.read(1)[0].1)[STEPS - 4..], [Some(1.0), None, None, Some(2.0)]);
        rings.push(u64::MAX, 0, [(GATE, live(3.0))]);
        assert_eq!(rings.read(1)[0].1.iter().filter(|point| point.is_measured()).count(), 1);
        // A step that has been is no step any more.
        rings.push(3, 0, [(GATE, live(9.0))]);
        assert_eq!(fps(&rings.read(1)[0].1)[STEPS - 1], Some(3.0));
    }

    #[test]
    fn longer_points_keep_their_borders() {
        let mut rings = Rings::default();
        for step in 0..14_u16 {
            let state = if step == 7 { StreamState::Backoff } else { StreamState::Live };
            let latency = (step % 2 == 0).then_some(u32::from(step) * 10);
            rings.push(u64::from(step), 0, [(GATE, Point::new(state, f32::from(step), 100, latency, 1))]);
        }
        let series = rings.read(6);
        let points = &series[0].1;
        assert_eq!(points.len(), 60);
        // 0-5, 6-11, and 12-13 of a point that is not complete.
        assert_eq!(fps(&points[57..]), [Some(2.5), Some(8.5), Some(12.5)]);
        assert_eq!(points[57..].iter().map(Point::reconnects).collect::<Vec<_>>(), [6, 6, 2]);
        assert_eq!(points[57..].iter().map(Point::latency_ms).collect::<Vec<_>>(), [Some(20), Some(80), Some(120)]);
        assert_eq!(
            points[57..].iter().map(Point::state).collect::<Vec<_>>(),
            [Some(StreamState::Live), Some(StreamState::Backoff), Some(StreamState::Live)]
        );
    }
}
