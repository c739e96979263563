//! Words of a tile's picture watch: what the health monitor sees, decides and does.

use crate::health::{Action, Event, Outcome, Phase, Picture, Rest, Upstream};
use crate::view::number;

pub const STATE: &str = "Watch";
pub const LAST_PICTURE: &str = "Last picture";
pub const LOOKS: &str = "Looks";
pub const SAMPLE: &str = "Light, structure, change";
pub const SERVER: &str = "Server says";
pub const FAILURES: &str = "Failures";
pub const ATTEMPTS: &str = "Attempts";
pub const NEXT: &str = "Next";
pub const DECISIONS: &str = "Decisions";
pub const NO_DECISIONS: &str = "None yet.";

fn resting(rest: Rest) -> &'static str {
    match rest {
        Rest::Off => "switched off",
        Rest::PageHidden => "the page is in the background",
        Rest::OutOfSight => "out of sight",
        Rest::WantsTap => "waits for a tap",
        Rest::PlayerEnded => "the player has stopped",
    }
}

pub fn phase(phase: Phase) -> String {
    match phase {
        Phase::Resting(rest) => format!("Rests: {}", resting(rest)),
        Phase::WarmUp { .. } => "Warming up".to_owned(),
        Phase::Watching => "Watching".to_owned(),
        Phase::Waiting { .. } => "Stands still, waiting".to_owned(),
        Phase::Acting { action, .. } => doing(action).to_owned(),
        Phase::Held => "Stands still, nothing to do here".to_owned(),
        Phase::GivenUp => "Given up".to_owned(),
    }
}

fn doing(action: Action) -> &'static str {
    match action {
        Action::Refresh => "Refreshing the player",
        Action::Rebuild => "Starting over",
        Action::Recover => "Asking the server to recover",
    }
}

/// What comes next. `now_ms` is the time of the view.
pub fn next(phase: Phase, now_ms: f64, failures: u32, refreshes: u32, upstream: Upstream) -> String {
    let step = match upstream {
        Upstream::Down => doing(Action::Recover),
        _ if failures < refreshes => doing(Action::Refresh),
        _ => doing(Action::Rebuild),
    };
    match phase {
        Phase::Resting(_) | Phase::Held | Phase::GivenUp => "Nothing".to_owned(),
        Phase::WarmUp { until_ms } => format!("Judging in {}", seconds(until_ms - now_ms)),
        Phase::Waiting { until_ms } => format!("{step} in {}", seconds(until_ms - now_ms)),
        Phase::Watching => format!("{step} if it stops"),
        Phase::Acting { .. } => "Watching again".to_owned(),
    }
}

pub fn looks(picture: Picture) -> &'static str {
    match picture {
        Picture::Unknown => "not sampled",
        Picture::Fine => "fine",
        Picture::Black => "black",
        Picture::Even => "one even colour",
        Picture::Frozen => "frozen",
    }
}

pub fn upstream(upstream: Upstream) -> &'static str {
    match upstream {
        Upstream::Unknown => "nothing yet",
        Upstream::Live => "live",
        Upstream::Down => "the camera is away",
        Upstream::Shut => "off, asleep or refused",
    }
}

pub fn failures(count: u32, window_s: u32) -> String {
    format!("{count} in {window_s} s")
}

pub fn attempts(count: u32, most: u32) -> String {
    if most == 0 { count.to_string() } else { format!("{count} of {most}") }
}

/// Age of the newest picture.
pub fn ago(milliseconds: f64) -> String {
    format!("{} ago", number::latency(milliseconds))
}

fn seconds(milliseconds: f64) -> String {
    format!("{:.0} s", (milliseconds / 1_000.0).max(0.0).ceil())
}

/// A line of the list of decisions.
pub fn event(event: &Event) -> String {
    match event {
        Event::Attached => "Watching begins.".to_owned(),
        Event::Detached(rest) => format!("Watching rests: {}.", resting(*rest)),
        Event::Stale { silent_ms, action, failures, wait_ms } => {
            let silent = number::latency(*silent_ms);
            let wait = seconds(*wait_ms);
            match action {
                Action::Refresh => {
                    format!("No new picture for {silent}. Refreshing the player (failure {failures}); next attempt after {wait}.")
                }
                Action::Rebuild => {
                    format!(
                        "No new picture for {silent}. Starting over and asking the server to recover (failure {failures}); next attempt after {wait}."
                    )
                }
                Action::Recover => format!(
                    "No new picture for {silent}; the server says that the camera is away. Asking it to recover; next time after {wait}."
                ),
            }
        }
        Event::FrozenRenewed => "New pictures came and were all the same. Refreshing the player, once.".to_owned(),
        Event::Done(Outcome::Restarted) => "The player was started anew.".to_owned(),
        Event::Done(Outcome::Answered { restarted: true, reason }) => format!("The server reconnects: {reason}"),
        Event::Done(Outcome::Answered { restarted: false, reason }) => format!("The server leaves the stream as it is: {reason}"),
        Event::Done(Outcome::Failed { reason }) => format!("Asking the server failed: {reason}"),
        Event::Done(Outcome::TimedOut) => "The server did not answer in time.".to_owned(),
        Event::StartedAfresh => "The player was started afresh, and not by this watch: attempts count from zero.".to_owned(),
        Event::Moving => "The picture moves again.".to_owned(),
        Event::Settled => "It moved for long enough: all is well again.".to_owned(),
        Event::Looks(picture) => format!("The picture looks {}.", looks(*picture)),
        Event::HeldBack { gap_ms } => format!("The browser held timers back for {}: nothing is concluded.", number::latency(*gap_ms)),
        Event::LineCut => "The line to the server is cut: nothing is judged.".to_owned(),
        Event::LineBack => "The line to the server is back.".to_owned(),
        Event::UpstreamShut => "The camera is off or asleep, or refuses the password: nothing to do here.".to_owned(),
        Event::UpstreamBack => "The server gets pictures again.".to_owned(),
        Event::PageFault => "Most pictures stopped at once: the page reconnects.".to_owned(),
        Event::GivenUp { attempts: 1 } => "Given up after one attempt.".to_owned(),
        Event::GivenUp { attempts } => format!("Given up after {attempts} attempts."),
    }
}
