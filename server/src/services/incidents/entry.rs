//! An entry of the log as the server holds it: times as numbers, ready to be stored and to be told.

use crate::services::status::rfc3339;
use app::model::{Incident, IncidentKind, IncidentStep, Quality, StreamState};
use serde::{Deserialize, Serialize};

/// See [`Incident`], which says what the fields mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: i64,
    pub camera: Option<i64>,
    pub quality: Option<Quality>,
    pub kind: IncidentKind,
    pub code: Option<String>,
    /// Milliseconds since 1970 UTC, as all times here.
    pub started_ms: i64,
    /// Never before `started_ms`, also when the clock was set back meanwhile.
    pub ended_ms: Option<i64>,
    /// From the monotonic clock.
    pub dark_ms: Option<u64>,
    pub attempts: u32,
    pub summary: String,
    pub steps: Vec<Step>,
    pub left_out: u32,
}

/// As it stands in the database's JSON: fields may be added, never renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub at_ms: i64,
    /// From the monotonic clock.
    pub after_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<StreamState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    pub text: String,
}

impl Entry {
    /// As the API tells it.
    pub fn told(self) -> Incident {
        Incident {
            id: self.id,
            camera_id: self.camera,
            quality: self.quality,
            kind: self.kind,
            code: self.code,
            started_at: rfc3339(self.started_ms),
            ended_at: self.ended_ms.map(rfc3339),
            dark_ms: self.dark_ms,
            attempts: self.attempts,
            summary: self.summary,
            steps: self.steps.into_iter().map(Step::told).collect(),
            steps_left_out: self.left_out,
        }
    }
}

impl Step {
    fn told(self) -> IncidentStep {
        IncidentStep {
            at: rfc3339(self.at_ms),
            after_ms: self.after_ms,
            state: self.state,
            code: self.code,
            attempt: self.attempt,
            text: self.text,
        }
    }
}
