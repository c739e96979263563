//! Words of a camera's history: incidents, timeline, availability.

use crate::model::IncidentKind;

pub const OPEN: &str = "History";
pub const WHAT_HAPPENED: &str = "What happened?";

pub fn title(camera: &str) -> String {
    format!("History of {camera}")
}

// Availability.
pub const WEEK: &str = "Available over the last 7 days";
pub const WEEK_HELP: &str = "How much of the time the picture was live while the camera was in use. Days begin at midnight UTC.";
pub const NEVER_WANTED: &str = "This camera was not in use in the last 7 days.";

// Timeline.
pub const TIMELINE: &str = "Timeline";
pub const DAY_RANGE: &str = "24 hours";
pub const WEEK_RANGE: &str = "7 days";
pub const NOW: &str = "now";
pub const LANE_LIVE: &str = "Live";
pub const LANE_DARK: &str = "Dark";
pub const LANE_IDLE: &str = "Not in use";
pub const LANE_OFF: &str = "Nothing recorded";
pub const POINT_AT: &str = "Point at the strip, or tap it, to see when.";
pub const NO_TIMELINE: &str = "Nothing recorded yet.";

/// One stretch of a timeline: `Dark for 12 s between 14:05 and 14:10`.
pub fn stretch(lane: &str, from: &str, to: &str, dark: Option<&str>) -> String {
    match dark {
        Some(dark) => format!("{lane} for {dark}, between {from} and {to}"),
        None => format!("{lane}, {from} to {to}"),
    }
}

// List.
pub const INCIDENTS: &str = "What happened";
pub const NO_INCIDENTS: &str = "No trouble recorded.";
pub const MORE: &str = "Show older entries";
pub const LOADING: &str = "Loading …";
pub const STEPS: &str = "Steps";
pub const ONGOING: &str = "Now";
pub const MAIN: &str = "Main";
pub const SUB: &str = "Sub";
pub const BOTH_STREAMS: &str = "Main and sub";
pub const SERVER: &str = "Nightjar";
pub const DELETED_CAMERA: &str = "Deleted camera";

pub fn left_out(count: u32) -> String {
    if count == 1 { "One step left out".to_owned() } else { format!("{count} steps left out") }
}

/// Below what happened first: how often it did again, twice at least. The attempts before the last one may have been answered otherwise.
pub fn again(times: u32, attempts: bool) -> String {
    if attempts { format!("… {times} more attempts, the last with the same answer") } else { format!("… {times} times more") }
}

pub fn since(age: &str) -> String {
    format!("for {age} so far")
}

/// A tag beside an entry; outages need none.
pub fn kind(kind: IncidentKind) -> Option<&'static str> {
    match kind {
        IncidentKind::Outage => None,
        IncidentKind::Restart => Some("Restart"),
        IncidentKind::PictureFrozen => Some("Frozen picture"),
        IncidentKind::PictureDark => Some("Dark picture"),
        IncidentKind::RecoveryStep => Some("Repair"),
        IncidentKind::Server => Some("Server"),
    }
}

pub const TODAY: &str = "Today";
pub const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
pub const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
