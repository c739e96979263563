//! The health page's list of streams: which there are, which are in trouble, and in what order they stand.

use crate::model::{Camera, PictureState, Profile, Quality, StreamState, StreamStatus};
use crate::text::health as text;
use crate::view::face::Tone;
use crate::view::time::parse_rfc3339;
use std::cmp::Ordering;

/// One stream of one camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamKey {
    pub camera_id: i64,
    pub quality: Quality,
}

/// What the list can be sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Column {
    /// The cameras' own order.
    #[default]
    Camera,
    State,
    Fps,
    Bitrate,
    Latency,
    Video,
    LastFrame,
    Connected,
    Reconnects,
    Dropped,
    Viewers,
}

impl Column {
    /// In the order in which they stand.
    pub const ALL: [Self; 11] = [
        Self::Camera,
        Self::State,
        Self::Fps,
        Self::Bitrate,
        Self::Latency,
        Self::Video,
        Self::LastFrame,
        Self::Connected,
        Self::Reconnects,
        Self::Dropped,
        Self::Viewers,
    ];

    /// The value of an `<option>`; also ends the class of the column's cells.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Camera => "camera",
            Self::State => "state",
            Self::Fps => "fps",
            Self::Bitrate => "bitrate",
            Self::Latency => "latency",
            Self::Video => "video",
            Self::LastFrame => "last-frame",
            Self::Connected => "connected",
            Self::Reconnects => "reconnects",
            Self::Dropped => "dropped",
            Self::Viewers => "viewers",
        }
    }

    /// The column of this [`Column::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.as_str() == text)
    }

    /// Names read from A to Z; numbers are looked at for the largest.
    pub fn starts_descending(self) -> bool {
        !matches!(self, Self::Camera | Self::State)
    }
}

/// By what and in which direction the list is sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sort {
    pub column: Column,
    pub descending: bool,
}

impl Sort {
    /// After a press on a column's head: the other direction if it was sorted by that already.
    pub fn pressed(self, column: Column) -> Self {
        if self.column == column {
            Self { descending: !self.descending, ..self }
        } else {
            Self { column, descending: column.starts_descending() }
        }
    }
}

/// A stream as it is sorted and filtered.
#[derive(Debug, Clone)]
pub struct Entry {
    pub key: StreamKey,
    pub status: Option<StreamStatus>,
    /// At the viewers, milliseconds; None while nobody watches.
    pub latency_ms: Option<u32>,
}

/// The streams of a camera. One without a sub stream serves both from main: it is listed once.
pub fn streams_of(camera: &Camera) -> Vec<StreamKey> {
    let has_sub = camera.sources.sub.is_some() || camera.profile == Profile::TestPattern;
    let main = StreamKey { camera_id: camera.id, quality: Quality::Main };
    if has_sub { vec![main, StreamKey { quality: Quality::Sub, ..main }] } else { vec![main] }
}

/// It is wanted and shows nothing: no picture comes, a useless one comes, or it is only just being tried again after a failure.
pub fn in_trouble(status: &StreamStatus) -> bool {
    match status.state {
        // A dark picture is night, and no fault.
        StreamState::Live => status.picture == PictureState::Frozen,
        StreamState::Backoff if status.asleep => false,
        StreamState::Stalled | StreamState::Backoff | StreamState::AuthBlocked | StreamState::CircuitOpen => true,
        StreamState::Connecting => status.error.is_some(),
        StreamState::Idle | StreamState::Disabled => false,
    }
}

/// The colour and the words of what a stream does.
pub fn face(status: &StreamStatus) -> (Tone, &'static str) {
    match (status.state, status.picture) {
        (StreamState::Live, PictureState::Frozen) => (Tone::Wait, text::PICTURE_FROZEN),
        (StreamState::Live, PictureState::Dark) => (Tone::Good, text::PICTURE_DARK),
        (StreamState::Backoff, _) if status.asleep => (Tone::Off, crate::text::STATE_ASLEEP),
        (state, _) => (tone(state), text::state(state)),
    }
}

fn tone(state: StreamState) -> Tone {
    match state {
        StreamState::Live => Tone::Good,
        StreamState::Connecting | StreamState::Stalled => Tone::Wait,
        StreamState::Backoff | StreamState::AuthBlocked | StreamState::CircuitOpen => Tone::Bad,
        StreamState::Idle | StreamState::Disabled => Tone::Off,
    }
}

/// The keys in the order to show. `entries` come in the cameras' own order, which decides between equals.
pub fn arrange(mut entries: Vec<Entry>, sort: Sort, only_trouble: bool) -> Vec<StreamKey> {
    if only_trouble {
        entries.retain(|entry| entry.status.as_ref().is_some_and(in_trouble));
    }
    match sort.column {
        Column::Camera if sort.descending => entries.reverse(),
        Column::Camera => {}
        // Stable. What is not known stands last in either direction.
        column => entries.sort_by(|a, b| match (value(a, column), value(b, column)) {
            (Some(a), Some(b)) if sort.descending => b.total_cmp(&a),
            (Some(a), Some(b)) => a.total_cmp(&b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        }),
    }
    entries.into_iter().map(|entry| entry.key).collect()
}

/// What a stream is sorted by. Numbers of a few billions at most are exact in a double.
fn value(entry: &Entry, column: Column) -> Option<f64> {
    let status = entry.status.as_ref()?;
    Some(match column {
        Column::Camera => 0.0,
        Column::State => severity(status.state),
        Column::Fps => f64::from(status.fps),
        Column::Bitrate => f64::from(status.bitrate_kbps),
        Column::Latency => f64::from(entry.latency_ms?),
        Column::Video => status.video.as_ref().map(|video| f64::from(video.width) * f64::from(video.height))?,
        Column::LastFrame => status.last_frame_age_ms? as f64,
        // The longest connected is the largest.
        Column::Connected => -(parse_rfc3339(status.connected_at.as_deref()?)? as f64),
        Column::Reconnects => f64::from(status.reconnects),
        Column::Dropped => status.frames_dropped as f64,
        Column::Viewers => f64::from(viewers(status)),
    })
}

/// The worst first.
fn severity(state: StreamState) -> f64 {
    match state {
        StreamState::CircuitOpen => 0.0,
        StreamState::AuthBlocked => 1.0,
        StreamState::Backoff => 2.0,
        StreamState::Stalled => 3.0,
        StreamState::Connecting => 4.0,
        StreamState::Live => 5.0,
        StreamState::Idle => 6.0,
        StreamState::Disabled => 7.0,
    }
}

/// All viewers of a stream.
pub fn viewers(status: &StreamStatus) -> u32 {
    let counts = status.viewers;
    [counts.mse, counts.hls, counts.webrtc, counts.mjpeg].into_iter().fold(0, u32::saturating_add)
}

#[cfg(test)]
mod tests;
