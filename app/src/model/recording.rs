//! Recordings: what was kept of a camera. So far those that a person started.

use super::{CameraAction, Quality};
use serde::{Deserialize, Serialize};

/// Longest recording by hand, in seconds; also of one that was started without an end.
pub const LONGEST_RECORDING_S: u32 = 3600;
/// Longest title, in characters.
pub const MAX_RECORDING_TITLE: usize = 120;

/// Why something was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RecordingKind {
    /// A person, or a program with a token, started it.
    Manual,
}

/// How a recording came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RecordingEnd {
    /// Somebody stopped it.
    Stopped,
    /// Its time was over.
    TimeUp,
    /// There was no room left on the disk.
    DiskFull,
    /// The disk could not be written.
    DiskFailed,
    /// The camera was switched off or removed.
    CameraGone,
    /// The server was stopped, or broke off.
    ServerStopped,
}

impl RecordingEnd {
    pub const ALL: [Self; 6] = [Self::Stopped, Self::TimeUp, Self::DiskFull, Self::DiskFailed, Self::CameraGone, Self::ServerStopped];

    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::TimeUp => "time_up",
            Self::DiskFull => "disk_full",
            Self::DiskFailed => "disk_failed",
            Self::CameraGone => "camera_gone",
            Self::ServerStopped => "server_stopped",
        }
    }
}

/// A span of one camera's stream that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Recording {
    pub id: i64,
    pub camera_id: i64,
    /// As the camera is called now; of one that was removed, as it was called then.
    pub camera_name: String,
    /// The camera was removed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub camera_gone: bool,
    pub quality: Quality,
    pub kind: RecordingKind,
    /// What somebody wrote about it; empty if nobody did.
    pub title: String,
    /// When its first picture was received; until there is one, when it was asked for.
    pub start: String,
    /// When its last picture was received. Absent while it runs.
    pub end: Option<String>,
    /// While it runs: when it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    /// Of its files so far.
    pub bytes: u64,
    /// How long it plays: less than from start to end if the camera was dark in between. 0: there is no picture in it.
    pub duration_ms: u64,
    /// Absent while it runs.
    pub ended_by: Option<RecordingEnd>,
    /// Who started it. Not told to guests: empty.
    pub recorded_by: String,
    /// Whether `poster.jpg` is there.
    pub has_poster: bool,
    /// What whoever asks may do with it: of `audio`, `playback`, `export` and `record`.
    pub actions: Vec<CameraAction>,
}

impl Recording {
    pub fn may(&self, action: CameraAction) -> bool {
        self.actions.contains(&action)
    }

    /// It goes on now.
    pub fn runs(&self) -> bool {
        self.ended_by.is_none()
    }
}

/// A time inside a recording without pictures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RecordingGap {
    pub recording_id: i64,
    pub camera_id: i64,
    pub quality: Quality,
    pub start: String,
    pub end: String,
}

/// Answer of `GET /recordings`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RecordingList {
    /// Newest first.
    pub spans: Vec<Recording>,
    /// Times inside these spans in which no picture came, newest first.
    pub gaps: Vec<RecordingGap>,
    /// There are older ones: ask again with `before` the last one's `id`.
    pub more: bool,
}

/// Body of `POST /cameras/{id}/recording`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RecordingInput {
    /// It ends after so many seconds, 1 to 3600. Absent: when somebody stops it, at the latest after 3600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<u32>,
}

/// Body of `PATCH /recordings/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RecordingPatch {
    /// At most 120 characters; empty for none.
    pub title: String,
}

/// A camera that is being recorded now, as every page that shows it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RunningRecording {
    pub recording_id: i64,
    pub camera_id: i64,
    pub start: String,
    pub ends_at: String,
}
