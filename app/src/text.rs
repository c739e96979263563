//! Every word that the pages show, in one place. English for now; functions where a number or a name goes in.

use crate::live::FailReason;
use crate::view::time::remaining;

pub mod admin;
pub mod audit;
pub mod details;
pub mod find;
pub mod health;
pub mod history;
pub mod https;
pub mod pages;
pub mod people;
pub mod picture;
pub mod recordings;
pub mod search;
pub mod settings;

pub const PRODUCT: &str = "Nightjar";
pub const DESCRIPTION: &str = "Live cameras and recordings on your own machine.";

// Header.
pub const WALL: &str = "Camera wall";
pub const ADD_CAMERA: &str = "Add camera";
pub const LAYOUT: &str = "Layout";
pub const LAYOUT_AUTO: &str = "Fit the screen";
pub const LAYOUT_COLUMNS: &str = "Columns";
pub const LAYOUT_PRESETS: &str = "One large";
pub const LAYOUT_DETAILS: &str = "Stream details on every picture (I)";
pub const LAYOUT_SPACING: &str = "Space between pictures";
pub const HIDE_HEADER: &str = "Hide the header";
pub const SHOW_HEADER: &str = "Show the header";
pub const SKIP: &str = "Skip to the cameras";

pub fn of(live: usize, total: usize) -> String {
    format!("{live} of {total}")
}
/// After [`of`]; left out where there is little room.
pub const ONLINE: &str = " online";

pub fn columns(count: u8) -> String {
    if count == 1 { "1 column".to_owned() } else { format!("{count} columns") }
}

pub const PRESET_1_5: &str = "One large and five small";
pub const PRESET_1_7: &str = "One large and seven small";

// Tile states: a word beside the dot.
pub const STATE_LIVE: &str = "Live";
pub const STATE_ONLINE: &str = "Online";
pub const STATE_STARTING: &str = "Starting";
pub const STATE_WAITING: &str = "Waiting";
pub const STATE_DELAYED: &str = "Delayed";
pub const STATE_PAUSED: &str = "Paused";
pub const STATE_RETRYING: &str = "Retrying";
pub const STATE_CONNECTING: &str = "Connecting";
pub const STATE_STALLED: &str = "Stalled";
pub const STATE_OFFLINE: &str = "Offline";
pub const STATE_SIGN_IN: &str = "Sign-in refused";
pub const STATE_NO_PICTURE: &str = "No picture";
pub const STATE_OFF: &str = "Off";
pub const STATE_ASLEEP: &str = "Asleep";

// Why there is no picture.
pub const REASON_OFF: &str = "This camera is turned off.";
pub const REASON_ASLEEP: &str = "The camera is asleep. The picture comes back when it wakes up.";
pub const REASON_STALLED: &str = "The camera has stopped sending pictures.";
pub const REASON_NO_FRAMES: &str = "No new pictures are coming.";
pub const REASON_GIVEN_UP: &str = "No new pictures are coming, and as many attempts as are set have been made.";
pub const REASON_LINE: &str = "The connection to the server is interrupted.";
pub const REASON_UNKNOWN: &str = "The camera can’t be reached.";

pub fn player_reason(reason: FailReason) -> &'static str {
    match reason {
        FailReason::Unsupported => "This browser can’t play this camera’s video. Another browser, or H.264 on the camera, can help.",
        FailReason::TransportBlocked => "Something between here and the server blocks the video connection.",
        FailReason::Unreachable => "The server doesn’t answer.",
        FailReason::NoStream => "The camera gives no picture now.",
        FailReason::Media => "The picture data is damaged.",
        FailReason::NoFrame => "Connected, but no picture came.",
        FailReason::SignedOut => "Your session has ended. Reload the page to sign in again.",
        FailReason::Gone => "This camera no longer exists.",
    }
}

pub fn trying_again(seconds: i64) -> String {
    if seconds > 0 { format!("Trying again in {}.", remaining(seconds)) } else { "Trying again now.".to_owned() }
}

/// Before the age of the picture that stands behind: `Picture from` `12 s ago`.
pub const PICTURE_FROM: &str = "Picture from";

pub fn ago(age: &str) -> String {
    format!("{age} ago")
}

/// In the place of a number that is not known.
pub const UNKNOWN: &str = "–";

/// What is remarkable about a picture that moves in time all the same. Informations, not errors.
pub const FLAG_FROZEN: &str = "Picture does not change";
pub const FLAG_DARK: &str = "Picture is dark";

pub fn flag_frozen_for(age: &str) -> String {
    format!("Picture has not changed for {age}")
}

pub const TAP_TO_PLAY: &str = "Tap to start the picture";
pub const TRY_NOW: &str = "Try now";
pub const SIGN_IN_AGAIN: &str = "Change sign-in";
pub const TURN_ON: &str = "Turn on";
pub const TURN_OFF: &str = "Turn off";

// Tile actions.
pub const MUTE: &str = "Mute";
pub const UNMUTE: &str = "Listen";
pub const REFRESH: &str = "Refresh";
pub const SNAPSHOT: &str = "Save a snapshot";
pub const ENLARGE: &str = "Enlarge";
pub const SHRINK: &str = "Back to the wall";
pub const MORE: &str = "More";
pub const DETAILS: &str = "Stream details";
pub const PICTURE_WATCH: &str = "Picture watch";
pub const EDIT: &str = "Edit";
pub const RESTART: &str = "Restart the streams";
pub const DELETE: &str = "Delete";
pub const PREVIOUS: &str = "Previous camera";
pub const NEXT: &str = "Next camera";
pub const MUTED_BY_BROWSER: &str = "The browser refused to play sound. Tap Listen again.";
pub const LATENCY_HELP: &str = "From the server’s receiving a picture to your screen";

pub fn enlarge(name: &str) -> String {
    format!("Enlarge {name}")
}

pub fn actions_for(name: &str) -> String {
    format!("Actions for {name}")
}

// Hiding and order.
pub const HIDE: &str = "Hide from the wall";
pub const UNHIDE: &str = "Put back on the wall";
pub const MOVE_EARLIER: &str = "Move one place back";
pub const MOVE_LATER: &str = "Move one place forward";

/// Label of the switch that shows hidden cameras.
pub fn hidden_cameras(count: usize) -> String {
    if count == 1 { "Show 1 hidden camera".to_owned() } else { format!("Show {count} hidden cameras") }
}

pub fn hidden_or_shown(name: &str, hidden: bool) -> String {
    if hidden { format!("{name} is hidden from the wall. It keeps running.") } else { format!("{name} is back on the wall.") }
}

// Empty state.
pub const EMPTY_TITLE: &str = "No cameras yet";
pub const EMPTY_TEXT: &str = "Add a camera on your network, or look around first with a demo camera that draws a moving clock.";
pub const EMPTY_ASK: &str = "There is none that you may watch. An admin adds cameras, and says who sees which.";
pub const EMPTY_ADD: &str = "Add a camera";
pub const EMPTY_DEMO: &str = "Add a demo camera";
pub const DEMO_NAME: &str = "Demo camera";
pub const SHOW_HIDDEN: &str = "Show hidden cameras";
pub const HIDDEN_TITLE: &str = "All cameras are hidden";
pub const HIDDEN_TEXT: &str = "They keep running. A camera’s menu puts it back on the wall.";

// Server link.
pub const LINK_LOST: &str = "Connection interrupted. What you see may be old; reconnecting.";
pub const LIST_FAILED: &str = "The camera list could not be refreshed. Showing the last one.";
pub const SERVER_GONE: &str = "The server doesn’t answer";
pub const SERVER_GONE_TEXT: &str =
    "Your cameras come back by themselves as soon as it does. Nothing is lost; you can leave this page open.";
pub const SERVER_TRYING: &str = "Trying now …";
pub const TRY_AGAIN: &str = "Try again now";
pub const LOADING: &str = "Loading the cameras";
pub const NOT_WHOLE: &str = "Part of this page could not be loaded, so nothing on it answers yet.";

// Pages and dialogs that are loaded when they are opened.
pub const PAGE_COMING: &str = "Loading …";
pub const PAGE_FAILED: &str = "This page could not be loaded: the server did not answer as expected.";
pub const DIALOG_FAILED: &str = "That could not be loaded: the server did not answer as expected. Please try again.";

// Camera dialog.
pub const DIALOG_ADD: &str = "Add a camera";
pub const DIALOG_KIND: &str = "What do you want to add?";
pub const KIND_RTSP: &str = "RTSP camera";
pub const KIND_RTSP_TEXT: &str = "Almost any IP camera or recorder";
pub const KIND_OTHER: &str = "Other source";
pub const KIND_OTHER_TEXT: &str = "RTMP, RTSPS, HTTP-FLV or a file";
pub const KIND_DEMO: &str = "Demo camera";
pub const KIND_DEMO_TEXT: &str = "A moving test picture with a clock";
pub const FIELD_NAME: &str = "Name";
pub const FIELD_NAME_HINT: &str = "Where it looks, for example “Gate”.";
pub const FIELD_MAIN: &str = "Main stream";
pub const FIELD_MAIN_HINT: &str =
    "Full quality, shown when a picture is enlarged. A user name and password in the address move to the fields below.";
pub const FIELD_MAIN_PLACEHOLDER: &str = "rtsp://192.168.1.20:554/stream1";
pub const FIELD_OTHER_HINT: &str = "rtmp://, rtsps://, http://….flv, or a path on the server.";
pub const FIELD_OTHER_PLACEHOLDER: &str = "rtmp://192.168.1.20/live/main";
pub const FIELD_SUB: &str = "Sub stream";
pub const FIELD_SUB_HINT: &str = "A smaller picture for the wall. Without it the main stream serves both.";
pub const FIELD_SUB_PLACEHOLDER: &str = "rtsp://192.168.1.20:554/stream2";
pub const FIELD_USER: &str = "User name";
pub const FIELD_PASSWORD: &str = "Password";
pub const PASSWORD_UNCHANGED: &str = "unchanged";
pub const PASSWORD_SHOW: &str = "Show the password";
pub const PASSWORD_HIDE: &str = "Hide the password";
pub const FIELD_TRANSPORT: &str = "Transport";
pub const FIELD_TRANSPORT_HINT: &str = "Automatic tries TCP first, then UDP.";
pub const TRANSPORT_AUTO: &str = "Automatic";
pub const TRANSPORT_TCP: &str = "TCP";
pub const TRANSPORT_UDP: &str = "UDP";
pub const FIELD_ALWAYS_ON: &str = "Keep connected";
pub const FIELD_ALWAYS_ON_HINT: &str = "The picture is there at once, also when nobody has been watching.";
pub const FIELD_ENABLED: &str = "Turned on";
pub const FIELD_ENABLED_HINT: &str = "Off: the camera keeps its place and settings, nothing connects.";
pub const OPTIONAL: &str = "optional";
pub const TEST: &str = "Test";
pub const TESTING: &str = "Testing …";
pub const SAVE: &str = "Save";
pub const SAVING: &str = "Checking …";
pub const SAVE_ANYWAY: &str = "Save anyway";
pub const SAVE_ANYWAY_TEXT: &str = "You can save it all the same: Nightjar keeps trying.";
pub const CANCEL: &str = "Cancel";
pub const CLOSE: &str = "Close";
pub const TEST_GOOD: &str = "Works";
pub const NAME_MISSING: &str = "Give the camera a name.";
pub const MAIN_MISSING: &str = "Enter the address of the main stream.";
pub const TEST_PICTURE: &str = "Picture from the camera";
pub const NO_AUDIO: &str = "no sound";

pub fn dialog_edit(name: &str) -> String {
    format!("Edit {name}")
}

// Delete dialog.
pub fn delete_title(name: &str) -> String {
    format!("Delete {name}?")
}

pub const DELETE_TEXT: &str =
    "The camera and its settings are removed, and links to it and its recordings end; the recordings stay. This can’t be undone.";
pub const DELETE_DO: &str = "Delete camera";
pub const DELETING: &str = "Deleting …";

// Toasts.
pub fn added(name: &str) -> String {
    format!("{name} has been added.")
}

pub fn saved(name: &str) -> String {
    format!("{name} has been saved.")
}

pub fn deleted(name: &str) -> String {
    format!("{name} has been deleted.")
}

pub fn turned(name: &str, on: bool) -> String {
    if on { format!("{name} is on.") } else { format!("{name} is off.") }
}

pub fn restarting(name: &str) -> String {
    format!("{name}: connecting anew.")
}

pub const NO_SUCH_CAMERA: &str = "There is no such camera.";
pub const DISMISS: &str = "Dismiss";

// Failures on the way to the server.
pub const REQUEST_FAILED: &str = "The server did not answer. Check the connection and try again.";
pub const ANSWER_UNREADABLE: &str = "The server’s answer could not be read. Reload the page: it may have been updated.";

// Not found.
pub const NOT_FOUND: &str = "There is nothing here";
/// In the browser's tab.
pub const NOT_FOUND_TITLE: &str = "Not found";
pub const NOT_FOUND_TEXT: &str = "The address may be old or mistyped.";
pub const TO_WALL: &str = "To the camera wall";
