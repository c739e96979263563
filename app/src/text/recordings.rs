//! Words of recordings: starting and stopping them, the list, the page of one, links to one.

use crate::model::RecordingEnd;

pub const RECORDINGS: &str = "Recordings";

// On a tile and in its menu.
pub const RECORD: &str = "Record";
pub const STOP: &str = "Stop recording";
pub const MARK: &str = "REC";
pub const BEING_RECORDED: &str = "Being recorded";
pub const WATCH: &str = "Watch";

pub fn started(camera: &str) -> String {
    format!("Recording {camera}. Stop it in the camera’s menu; it ends by itself after an hour.")
}

pub fn stopped(camera: &str) -> String {
    format!("The recording of {camera} has ended.")
}

// The list.
pub const LIST: &str = "Recordings";
pub const FILTERS: &str = "Show";
pub const CAMERA: &str = "Camera";
pub const ALL_CAMERAS: &str = "All cameras";
pub const DAY: &str = "Day";
pub const ANY_DAY: &str = "Any day";
pub const OLDER: &str = "Show older recordings";
pub const TODAY: &str = "Today";
pub const YESTERDAY: &str = "Yesterday";
pub const NOW: &str = "now";
pub const RUNS: &str = "Recording now";
pub const NO_PICTURE: &str = "No picture came";
pub const NO_PICTURE_YET: &str = "No picture has come yet";
pub const GONE: &str = "removed";

pub const EMPTY: &str = "Nothing recorded yet";
pub const EMPTY_RECORDS: &str =
    "To record a camera, open its menu on the wall (⋯, or a right click) and choose Record. It is kept here until somebody deletes it.";
pub const EMPTY_WATCHES: &str = "What is recorded of the cameras whose recordings you may see stands here.";
pub const NOTHING_FOUND: &str = "There is no recording of that. Choose another day, or all cameras.";
pub const SHOW_ALL: &str = "Show all recordings";

/// Of a camera that was removed.
pub fn gone_camera(name: &str) -> String {
    format!("{name} ({GONE})")
}

pub fn recorded_by(who: &str) -> String {
    format!("recorded by {who}")
}

/// Times without a picture inside it.
pub fn dark(length: &str) -> String {
    format!("without a picture for {length} in between")
}

/// How it ended, if neither somebody nor its time ended it.
pub fn ended_early(by: RecordingEnd) -> Option<&'static str> {
    match by {
        RecordingEnd::Stopped | RecordingEnd::TimeUp => None,
        RecordingEnd::DiskFull => Some("Ended early: the disk was full"),
        RecordingEnd::DiskFailed => Some("Ended early: the disk could not be written"),
        RecordingEnd::CameraGone => Some("Ended early: the camera was turned off or removed"),
        RecordingEnd::ServerStopped => Some("Ended early: the server was stopped"),
    }
}

pub fn ended(by: RecordingEnd) -> &'static str {
    match by {
        RecordingEnd::Stopped => "Somebody stopped it",
        RecordingEnd::TimeUp => "Its time was over",
        RecordingEnd::DiskFull => "The disk was full",
        RecordingEnd::DiskFailed => "The disk could not be written",
        RecordingEnd::CameraGone => "The camera was turned off or removed",
        RecordingEnd::ServerStopped => "The server was stopped",
    }
}

// The page of one.
pub const BACK: &str = "All recordings";
pub const TITLE: &str = "Title";
pub const RENAME: &str = "Change the title";
pub const RENAME_ADD: &str = "Give it a title";
pub const RENAMED: &str = "The title has been saved.";
pub const SAVE: &str = "Save";
pub const SAVING: &str = "Saving …";
pub const VIDEO: &str = "Video";
pub const FACTS: &str = "About this recording";
pub const FACT_LENGTH: &str = "Length";
pub const FACT_DARK: &str = "Without a picture";
pub const FACT_SIZE: &str = "Size";
pub const FACT_BY: &str = "Recorded by";
pub const FACT_END: &str = "Ended";
pub const FACT_STREAM: &str = "Stream";
pub const FACT_LINK: &str = "Your link";
pub const DOWNLOAD: &str = "Download";
pub const SHARE: &str = "Share";
pub const DELETE: &str = "Delete";
pub const DELETE_TITLE: &str = "Delete this recording?";
pub const DELETE_TEXT: &str = "The video is removed from the disk, and links to it end. This can’t be undone.";
pub const DELETE_DO: &str = "Delete recording";
pub const DELETING: &str = "Deleting …";
pub const DELETED: &str = "The recording has been deleted.";
pub const NEIGHBOURS: &str = "Recordings of the same camera";
pub const EARLIER: &str = "Earlier";
pub const LATER: &str = "Later";
pub const SO_FAR: &str = "It is still being recorded. This is what there was when it was loaded.";
pub const LOAD_MORE: &str = "Load what has come since";
pub const NO_PICTURE_TEXT: &str = "The camera sent no picture while it was recorded. There is nothing to watch.";
pub const NO_PICTURE_YET_TEXT: &str = "The camera has sent no picture since the recording began. It is kept as soon as one comes.";
pub const NOT_FOUND: &str = "This recording does not exist";
pub const NOT_FOUND_TEXT: &str = "It may have been deleted, or it is not for your account.";
pub const NOT_FOUND_GUEST: &str = "It may have been deleted. Your link leads to one recording only.";
pub const UNPLAYABLE: &str =
    "This browser can’t play this camera’s video. Another browser can, or a player on your computer, with the downloaded file.";

pub fn stream(main: bool) -> &'static str {
    if main { "Main" } else { "Sub" }
}

pub fn link_ends(when: &str) -> String {
    format!("holds until {when}")
}

// Links to one.
pub const LINKS: &str = "Links to this recording";
pub const SHARE_TITLE: &str = "Share this recording";
pub const SHARE_TEXT: &str = "Whoever opens the link sees this recording, without an account, and nothing else.";
pub const SHARE_DOWNLOAD: &str = "May download it";
pub const SHARE_ONCE: &str =
    "Copy it now: it is shown this once. Whoever has it can watch the recording until the link ends or you revoke it.";

/// `One recording: Gate, 21 Nov 21:30`.
pub fn one_recording(camera: &str, when: &str) -> String {
    format!("One recording: {camera}, {when}")
}

pub const ONE_RECORDING_GONE: &str = "One recording, deleted since";

// For a guest who has nothing but a recording.
pub const GUEST_WALL: &str = "Your link leads to one recording";
