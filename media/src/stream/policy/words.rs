//! What people are told about a stream's life: plain sentences, nothing else.

use super::Open;
use crate::error::{ErrorCode, StreamError};
use crate::time::Stamp;
use std::time::Duration;

pub(super) const IDLE: &str = "Nobody is watching. The stream starts with the first viewer.";
pub(super) const DISABLED: &str = "The stream is switched off.";
pub(super) const BLOCKED: &str = "The camera refused the user name or password twice, or left them unanswered. Correct the credentials: Nightjar waits, so that the camera doesn’t lock the account.";
pub(super) const RESTARTED: &str = "Restarted on request.";
pub(super) const RESTARTING: &str = "A restart is under way already.";
pub(super) const RECOVERING: &str = "The stream was asked for again: trying now.";
pub(super) const CONNECTING: &str = "The connection is being opened already.";
pub(super) const ANSWERS_AGAIN: &str = "The camera answers again: trying now.";
pub(super) const ASLEEP: &str = "The camera is asleep. Its picture comes back when it wakes up.";
pub(super) const AWAKE: &str = "The camera is awake: live.";
pub(super) const RECONFIGURED: &str = "The settings changed.";

/// A live session that is given up.
pub(super) fn live_stalled(open: &Open, now: Stamp, last: Stamp) -> StreamError {
    let message = match open.lag {
        Some(_) => format!(
            "Pictures come too slowly: the newest is {} old. The camera or the network to it is overloaded.",
            span(open.picture_age(now, last))
        ),
        None => format!("No frames for {}: the camera stopped sending although the connection is open.", span(now.since(last))),
    };
    StreamError::new(ErrorCode::Stalled, message)
}

pub(super) fn sends_nothing(age: Duration) -> StreamError {
    let message = format!(
        "The camera accepted the connection but sent no picture within {}. Check that this stream is switched on in the camera, or try the other transport.",
        span(age)
    );
    StreamError::new(ErrorCode::Stalled, message)
}

/// Found so by a look from outside.
pub(super) fn silent() -> StreamError {
    let message = "The camera accepts connections but does not answer. Check the port; if it is right, restart the camera.";
    StreamError::new(ErrorCode::Timeout, message)
}

pub(super) fn no_key_frame(age: Duration) -> StreamError {
    let message = format!(
        "The camera sends data but no key frame came within {}. Set a shorter key frame (I-frame) interval in the camera, 2 s or less.",
        span(age)
    );
    StreamError::new(ErrorCode::Stalled, message)
}

pub(in crate::stream) fn login_blocked() -> StreamError {
    StreamError::new(ErrorCode::AuthBlocked, BLOCKED)
}

pub(super) fn too_old(age: Duration) -> String {
    format!("The newest picture is {} old: opening a new session.", span(age))
}

pub(super) fn healthy(age: Duration) -> String {
    format!("Frames are arriving, the newest {} ms ago: the stream itself is healthy.", age.as_millis())
}

pub(super) fn trying_soon(wait: Duration) -> String {
    if is_now(wait) { "The next attempt starts now.".to_owned() } else { format!("The next attempt starts in {}.", span(wait)) }
}

pub(super) fn connecting(failures: u32) -> String {
    match failures {
        0 => "Opening the stream.".to_owned(),
        failures => format!("Trying again, attempt {}.", failures.saturating_add(1)),
    }
}

pub(super) fn live(error: Option<&StreamError>, dark_for: Option<Duration>) -> String {
    match (error, dark_for) {
        (Some(error), Some(dark)) => format!("Live again after {} in the dark. It had been: {}", span(dark), error.message),
        (None, Some(dark)) => format!("Live after {}.", span(dark)),
        (_, None) => "Live.".to_owned(),
    }
}

pub(super) fn backoff(message: &str, wait: Duration) -> String {
    if is_now(wait) { format!("{message} Trying again now.") } else { format!("{message} Trying again in {}.", span(wait)) }
}

pub(super) fn circuit_open(message: &str, failures: u32, wait: Duration) -> String {
    format!(
        "{message} {failures} attempts failed in a row: they go on more slowly, the next in {} or when the camera answers again.",
        span(wait)
    )
}

/// Would be told as 0.0 s.
fn is_now(wait: Duration) -> bool {
    wait < Duration::from_millis(50)
}

/// `0.4 s`, `7 s`, `3 min`.
fn span(duration: Duration) -> String {
    let seconds = duration.as_secs_f32();
    match seconds {
        ..9.95 => format!("{seconds:.1} s"),
        ..120.0 => format!("{seconds:.0} s"),
        _ => format!("{:.0} min", seconds / 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps said "Trying again in 0.0 s."
    #[test]
    fn no_wait_is_told_as_no_seconds() {
        let told = |ms| (backoff("It failed.", Duration::from_millis(ms)), trying_soon(Duration::from_millis(ms)));
        for ms in [0, 1, 49] {
            assert_eq!(told(ms), ("It failed. Trying again now.".to_owned(), "The next attempt starts now.".to_owned()));
        }
        assert_eq!(told(51), ("It failed. Trying again in 0.1 s.".to_owned(), "The next attempt starts in 0.1 s.".to_owned()));
    }
}
