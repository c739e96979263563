//! Words of the settings, of cameras and of the installation.

use crate::model::SettingOrigin;

pub const ADVANCED: &str = "Advanced";
pub const ADVANCED_HINT: &str = "For cameras that need something else than the rest. Whatever is left alone is inherited.";
pub const LOADING: &str = "Loading …";
pub const INHERIT: &str = "Inherited";
pub const BACK: &str = "Back to inherited";
pub const ON: &str = "On";
pub const OFF: &str = "Off";

// Areas.
pub const AREA_CONNECTION: &str = "Connection";
pub const AREA_PLAYBACK: &str = "Playback";
pub const AREA_HEALTH: &str = "Picture watch in the browser";
pub const AREA_RTSP: &str = "RTSP peculiarities";

pub const PART: &str = "HLS part length (ms)";
pub const PART_HINT: &str = "Shorter is closer to live, longer is calmer on poor networks.";
pub const SEQUENCE: &str = "First sequence number";
pub const SEQUENCE_HINT: &str = "Ignore it if packets seem lost at every start.";
pub const TIMESTAMP: &str = "First timestamp";
pub const TIMESTAMP_HINT: &str = "Ignore it if sound and picture are seconds apart.";
pub const SESSION: &str = "Changing session number";
pub const SESSION_HINT: &str = "For cameras that name a new session with each track.";
pub const TEARDOWN: &str = "Ending a session";
pub const TEARDOWN_HINT: &str = "Always for cameras that run out of sessions, never for those that restart.";
pub const UNASSIGNED: &str = "Data on unknown channels";
pub const UNASSIGNED_HINT: &str = "Left over from a session before, or sent without being asked for.";
pub const SSRC: &str = "Reports from an unknown sender";
pub const SSRC_HINT: &str = "Some cameras name a wrong sender in their reports.";
pub const LINGER: &str = "Stay connected (s)";
pub const LINGER_HINT: &str = "After the last viewer has gone, if the camera is not kept connected.";
pub const SLEEP: &str = "Sleeps to save its battery";
pub const SLEEP_HINT: &str = "Being away or silent is no fault then: the picture comes back when the camera wakes up.";
pub const STALL: &str = "Reconnect after silence (s)";
pub const STALL_HINT: &str = "How long the camera may send no picture.";

pub const HEALTH_ON: &str = "Watch the picture";
pub const HEALTH_ON_HINT: &str = "A picture that stands still is started anew by itself.";
pub const HEALTH_STALE: &str = "Standstill after (s)";
pub const HEALTH_STALE_HINT: &str = "How long there may be no new picture.";
pub const HEALTH_INTERVAL: &str = "Look every (ms)";
pub const HEALTH_INTERVAL_HINT: &str = "How often the picture is looked at.";
pub const HEALTH_WARM_UP: &str = "Warm-up (s)";
pub const HEALTH_WARM_UP_HINT: &str = "Nothing is judged for so long after a start.";
pub const HEALTH_REFRESHES: &str = "Refreshes first";
pub const HEALTH_REFRESHES_HINT: &str = "So many failures only refresh the player; the next ones start over and ask the server to recover.";
pub const HEALTH_WINDOW: &str = "Failures count for (s)";
pub const HEALTH_WINDOW_HINT: &str = "Older ones are forgotten while the picture moves.";
pub const HEALTH_FIRST_WAIT: &str = "First wait (s)";
pub const HEALTH_FIRST_WAIT_HINT: &str = "Between the first two attempts; it doubles from there.";
pub const HEALTH_LONGEST_WAIT: &str = "Longest wait (s)";
pub const HEALTH_LONGEST_WAIT_HINT: &str = "Attempts are never further apart, but for a little chance.";
pub const HEALTH_ATTEMPTS: &str = "Most attempts";
pub const HEALTH_ATTEMPTS_HINT: &str = "0: it never gives up.";
pub const HEALTH_COOL_DOWN: &str = "Cool-down (s)";
pub const HEALTH_COOL_DOWN_HINT: &str = "After so long with a moving picture everything counts as well again.";
pub const HEALTH_FROZEN: &str = "Frozen after identical looks";
pub const HEALTH_FROZEN_HINT: &str = "New pictures that are all the same. Refreshed once, then only flagged.";
pub const HEALTH_BLANK: &str = "Blank after even looks";
pub const HEALTH_BLANK_HINT: &str = "Black, or one even colour. Only flagged: nights look like that.";

/// Which value counts without an own one.
pub fn inherited(value: &str, origin: SettingOrigin) -> String {
    let origin = match origin {
        SettingOrigin::Camera => "this camera",
        SettingOrigin::Profile => "this kind of camera",
        SettingOrigin::Installation => "this installation",
        SettingOrigin::BuiltIn => "built in",
    };
    format!("Inherited: {value} ({origin}).")
}

/// Beside the disclosure; nothing while everything is inherited.
pub fn changed(count: usize) -> String {
    if count == 0 { String::new() } else { format!("{count} changed") }
}
