//! Words of the log of who did what.

pub const TITLE: &str = "Log";
pub const INTRO: &str = "Who did what, when and from where. Nobody can change it here, not even admins.";
pub const FILTERS: &str = "Show";
pub const PERSON: &str = "Who";
pub const ANYBODY: &str = "Anybody";
pub const KIND: &str = "What";
pub const ANYTHING: &str = "Anything";
pub const TIME: &str = "When";
pub const TEXT: &str = "Find";
pub const TEXT_HINT: &str = "A name, an address …";
pub const REFUSED_ONLY: &str = "Only what was refused";
pub const EXPORT: &str = "Export";
pub const EXPORT_CSV: &str = "Export CSV";
pub const EXPORT_JSON: &str = "Export JSON";
pub const LIST: &str = "Entries";
pub const MORE: &str = "Show older entries";
pub const EMPTY: &str = "Nothing was found. Choose a longer time, or fewer conditions.";
pub const REFUSED: &str = "Refused";
pub const KEEP: &str = "Keep entries for";
pub const KEEP_UNIT: &str = "days";
pub const KEEP_HINT: &str = "Older ones are removed by themselves. 7 to 3650 days.";
pub const KEEP_DO: &str = "Change";
pub const KEPT: &str = "Changed. Older entries have been removed.";
pub const NOT_A_NUMBER: &str = "Write a number of days.";
pub const NOTHING: &str = "nothing";

/// Sorts of entries: how their action begins, and its word.
pub const KINDS: [(&str, &str); 10] = [
    ("session.", "Signing in and out"),
    ("user.", "People"),
    ("api_token.", "Tokens"),
    ("link.", "Links"),
    ("camera.", "Cameras"),
    ("recording.", "Recordings"),
    ("settings.", "Settings"),
    ("system.", "Diagnostics"),
    ("audit.", "This log"),
    ("setup", "Set-up"),
];

/// The key of a time with a beginning and an end of one's own.
pub const BETWEEN: &str = "between";
pub const FROM: &str = "From";
pub const TO: &str = "Until";

/// Spans of time: seconds back from now, none for everything.
pub const TIMES: [(&str, &str, Option<i64>); 6] = [
    ("day", "The last 24 hours", Some(86_400)),
    ("week", "The last 7 days", Some(7 * 86_400)),
    ("month", "The last 30 days", Some(30 * 86_400)),
    ("year", "The last year", Some(365 * 86_400)),
    ("all", "Everything", None),
    (BETWEEN, "From … until …", None),
];
