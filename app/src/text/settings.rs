//! Words of the settings, of cameras and of the installation.

use crate::model::SettingOrigin;

pub const ADVANCED: &str = "Advanced";
pub const ADVANCED_HINT: &str = "For cameras that need other values than the rest. What you leave empty is inherited.";
pub const LOADING: &str = "Loading …";
pub const INHERIT: &str = "Inherited";
/// The same for the installation, which inherits from nobody.
pub const DEFAULT: &str = "Default";
pub const BACK: &str = "Back to inherited";
pub const BACK_TO_DEFAULT: &str = "Back to default";
pub const ON: &str = "On";
pub const OFF: &str = "Off";

// Areas.
pub const AREA_CONNECTION: &str = "Connection";
pub const AREA_PLAYBACK: &str = "Playback";
pub const AREA_HEALTH: &str = "Picture watch in the browser";
pub const AREA_RECOVERY: &str = "Recovery";
pub const AREA_RTSP: &str = "RTSP peculiarities";

pub const PART: &str = "HLS part length (ms)";
pub const PART_HINT: &str = "Shorter is closer to live, longer is calmer on poor networks.";
pub const RECOVERY_ON: &str = "Do something for cameras that stay dark";
pub const RECOVERY_ON_HINT: &str = "Nightjar keeps reconnecting anyway; these steps go further.";
pub const DRY_RUN: &str = "Dry run";
pub const DRY_RUN_HINT: &str = "Steps are only written into the log; nothing is done.";
pub const RECONNECT_WAIT: &str = "Ask again after (s)";
pub const RECONNECT_LIMIT: &str = "Ask again, at most per day";
pub const TRANSPORT_WAIT: &str = "Other transport after (s)";
pub const TRANSPORT_LIMIT: &str = "Other transport, at most per day";
pub const REBOOT_WAIT: &str = "Restart the camera after (s)";
pub const REBOOT_LIMIT: &str = "Restart the camera, at most per day";
pub const WEBHOOK_WAIT: &str = "Webhook after (s)";
pub const WEBHOOK_LIMIT: &str = "Webhook, at most per day";
pub const ALERT_WAIT: &str = "Alert after (s)";
pub const ALERT_LIMIT: &str = "Alert, at most per day";
pub const WAIT_HINT: &str = "After the step before.";
pub const LIMIT_HINT: &str = "0 leaves this step out.";
pub const AGAIN: &str = "Begin again after (s)";
pub const AGAIN_HINT: &str = "After the last step, if the camera is still dark. 0: not again.";
pub const SETTLED: &str = "Well again after (s)";
pub const SETTLED_HINT: &str = "Live for so long, the next time begins at the first step.";

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
pub const HEALTH_ATTEMPTS_HINT: &str = "0: never give up.";
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

// The page of the installation.
pub const TITLE: &str = "Settings";
pub const DEFAULTS: &str = "Camera defaults";
pub const DEFAULTS_HINT: &str = "For every camera that has no value of its own. A change applies at once.";
pub const LADDER: &str = "When a camera stays dark";
pub const LADDER_HINT: &str =
    "The steps are taken in this order, each after its wait, until the camera is back. Every step is noted in the camera’s history.";
pub const STEPS: &str = "Steps";
pub const STEP_WAIT: &str = "Wait first (s)";
pub const STEP_LIMIT: &str = "At most per day";
pub const STEP_READY: &str = "Ready";
pub const STEP_OFF: &str = "Off";
pub const SAVE: &str = "Save settings";
pub const SAVED: &str = "The settings have been saved.";
pub const UNDO: &str = "Undo";

// Steps.
pub const RECONNECT_NAME: &str = "Ask again";
pub const RECONNECT_TEXT: &str = "Asks for the streams at once instead of at the next attempt.";
pub const TRANSPORT_NAME: &str = "Other transport";
pub const TRANSPORT_TEXT: &str = "UDP instead of TCP or the other way round, for cameras whose transport is automatic.";
pub const REBOOT_NAME: &str = "Restart the camera";
pub const REBOOT_TEXT: &str = "Over its own management interface.";
pub const WEBHOOK_NAME: &str = "Webhook";
pub const WEBHOOK_TEXT: &str = "Calls the address below, for example of a PoE switch or a smart plug.";
pub const ALERT_NAME: &str = "Alert";
pub const ALERT_TEXT: &str = "Asks people to look, on every page.";

// Webhook.
pub const WEBHOOK: &str = "Webhook";
pub const WEBHOOK_HINT: &str =
    "One request to a device in your network. Addresses of this machine are refused, redirects are not followed.";
pub const WEBHOOK_URL: &str = "Address";
pub const WEBHOOK_URL_PLACEHOLDER: &str = "http://192.168.1.5/relay/1/cycle";
pub const WEBHOOK_METHOD: &str = "Method";
pub const WEBHOOK_BODY: &str = "Body";
pub const WEBHOOK_BODY_HINT: &str = "JSON. In its texts {camera}, {camera_id} and {reason} are replaced.";
pub const WEBHOOK_HEADER: &str = "Secret header";
pub const WEBHOOK_SECRET: &str = "Secret";
pub const WEBHOOK_SECRET_HINT: &str = "Kept sealed and never shown again.";
pub const WEBHOOK_TEST: &str = "Send a test";
pub const WEBHOOK_TESTING: &str = "Sending …";
pub const WEBHOOK_SAVE: &str = "Save webhook";
pub const WEBHOOK_REMOVE: &str = "Remove";
pub const WEBHOOK_SAVED: &str = "The webhook has been saved.";
pub const WEBHOOK_REMOVED: &str = "The webhook has been removed.";

/// What counts for the installation without a value that was set here.
pub fn otherwise(value: &str, origin: SettingOrigin) -> String {
    match origin {
        SettingOrigin::Camera | SettingOrigin::Profile | SettingOrigin::Installation => {
            format!("Default:\u{a0}{value}, from the configuration file.")
        }
        SettingOrigin::BuiltIn => format!("Default:\u{a0}{value}."),
    }
}

/// For one camera that people are asked to look at. `since`: a time of day, with the date if that is another than today.
pub fn look_at(name: &str, since: Option<&str>, message: &str) -> String {
    match since {
        Some(since) => format!("{name} needs a look: no picture since {since}. {message}"),
        None => format!("{name} needs a look. {message}"),
    }
}

/// For several.
pub fn look_at_all(names: &[String]) -> String {
    format!("{} cameras need a look: {}.", names.len(), names.join(", "))
}

/// On a camera's tile.
pub const NEEDS_LOOK: &str = "Needs a look";
