//! The incident log: what went wrong with a camera, for how long, and how it ended; and how much of the time it could be seen.

use super::{Quality, StreamState};
use serde::{Deserialize, Serialize};

/// What sort of entry it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum IncidentKind {
    /// A stream that was wanted failed, or could not be opened.
    Outage,
    /// A live stream was opened anew without a fault: on request, or because its settings changed.
    Restart,
    /// The stream is live but its picture stands still.
    PictureFrozen,
    /// The stream is live but its picture shows nothing: black, or of one colour.
    PictureDark,
    /// Something that was done to bring a camera back.
    RecoveryStep,
    /// About the server itself.
    Server,
}

impl IncidentKind {
    /// The name as it stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Outage => "outage",
            Self::Restart => "restart",
            Self::PictureFrozen => "picture_frozen",
            Self::PictureDark => "picture_dark",
            Self::RecoveryStep => "recovery_step",
            Self::Server => "server",
        }
    }
}

/// How many steps of a long incident are kept from its beginning: what is left out lies after them.
pub const FIRST_STEPS: usize = 8;

/// One entry of the log: a fault from its beginning to its end, or a single remark. A fault makes one entry per stream, however many
/// attempts it takes to get over it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Incident {
    /// Grows with every entry.
    pub id: i64,
    /// None: about the server.
    pub camera_id: Option<i64>,
    /// None: about the camera as a whole.
    pub quality: Option<Quality>,
    pub kind: IncidentKind,
    /// The failure that began it: a stream's error code, or the remark's own.
    pub code: Option<String>,
    /// Of an outage: the time of the last picture before it, or of the first attempt.
    pub started_at: String,
    /// None while it goes on. Equal to `started_at` for a remark.
    pub ended_at: Option<String>,
    /// Milliseconds from beginning to end, so far while it goes on. None for a remark.
    pub dark_ms: Option<u64>,
    /// How often a connection was tried.
    pub attempts: u32,
    /// One sentence for people.
    pub summary: String,
    /// In their order. A long list has its beginning and its end.
    pub steps: Vec<IncidentStep>,
    /// How many steps are left out between beginning and end.
    #[serde(default)]
    pub steps_left_out: u32,
}

/// Something that happened during an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct IncidentStep {
    pub at: String,
    /// Milliseconds since the incident began.
    pub after_ms: u64,
    /// The stream's state from then on; None for a remark.
    pub state: Option<StreamState>,
    pub code: Option<String>,
    /// The stream's current or next attempt, from 1.
    pub attempt: Option<u32>,
    /// One or two sentences for people.
    pub text: String,
}

/// Query of `GET /incidents` and `GET /cameras/{id}/incidents`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "ssr", into_params(parameter_in = Query))]
#[serde(default)]
pub struct IncidentQuery {
    /// Only entries with a smaller `id`: the last one of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<i64>,
    /// 1-200 entries; 50 without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// RFC 3339: only what had not ended before then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// RFC 3339: only what began before then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// How much of the wanted time a camera could be seen, over the last seven days. Days are UTC days. Time in which nobody wanted the
/// camera, or in which it was turned off or the server did not run, is not counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Availability {
    /// Of all streams and days together, 0 to 1; None if it was not wanted at all.
    pub share: Option<f64>,
    /// Seven days, the oldest first, today last.
    pub days: Vec<AvailabilityDay>,
    /// The streams by themselves: main, and sub if there is one.
    pub streams: Vec<StreamAvailability>,
}

/// One UTC day of one camera.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AvailabilityDay {
    /// `2026-11-21`
    pub day: String,
    /// 0 to 1; None if it was not wanted.
    pub share: Option<f64>,
    /// Seconds in which it was wanted.
    pub wanted_s: u64,
    /// Seconds of these in which it was live.
    pub live_s: u64,
}

/// One stream's week.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StreamAvailability {
    pub quality: Quality,
    /// 0 to 1; None if it was not wanted at all.
    pub share: Option<f64>,
}

/// Query of `GET /cameras/{id}/timeline`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "ssr", into_params(parameter_in = Query))]
#[serde(default)]
pub struct TimelineQuery {
    pub range: TimelineRange,
}

/// How far back a timeline goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TimelineRange {
    /// 24 hours, by slots of five minutes.
    #[default]
    Day,
    /// Seven days, by slots of half an hour.
    Week,
}

/// How a camera's streams went, by slots of equal length.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Timeline {
    /// Beginning of the first slot, seconds since 1970 UTC.
    pub from: i64,
    /// Length of a slot in seconds.
    pub slot_s: u32,
    /// How many slots there are, up to now.
    pub slots: u32,
    /// Main, and sub if there is one.
    pub streams: Vec<StreamTimeline>,
}

/// One stream's slots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StreamTimeline {
    pub quality: Quality,
    /// The oldest first. A slot that is missing is one in which the server did not run or had no such stream.
    pub slots: Vec<TimelineSlot>,
}

/// Some minutes of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TimelineSlot {
    /// Its beginning, seconds since 1970 UTC.
    pub at: i64,
    /// Milliseconds in which it was live.
    pub live_ms: u32,
    /// Milliseconds in which it was wanted and not live.
    pub dark_ms: u32,
    /// Milliseconds in which it was not wanted, or was being opened without trouble.
    pub idle_ms: u32,
}
