//! What the log and people are told about steps.

use super::ladder::Step;
use super::settings::Rung;
use crate::moment::span;
use std::time::Duration;

pub const TRANSPORT_FIXED: &str = "This camera\u{2019}s transport is fixed, or it is no RTSP camera.";
pub const NO_WEBHOOK: &str = "No webhook is set.";
pub const NO_TRANSPORT: &str = "There is no other transport to try.";
pub const NO_PICTURES: &str = "It gives no pictures.";
pub const NOT_RECORDED: &str = "A step was left out, because the database did not take it and its limit would not hold.";

/// Instead of a step, in a dry run.
pub fn would(step: Step) -> String {
    let what = match step.rung {
        Rung::Reconnect => "ask for the streams again",
        Rung::Transport => "try the other transport",
        Rung::Reboot => "let the camera restart",
        Rung::Webhook => "send the webhook",
        Rung::Alert => "alert people",
    };
    format!("Dry run: after {} in the dark Nightjar would {what} now.", span(step.dark_for))
}

/// Of a rung that is due and may not be taken again today; `limit`: how often it may within 24 hours.
pub fn used_up(rung: Rung, limit: u32) -> String {
    let times = if limit == 1 { "once".to_owned() } else { format!("{limit} times") };
    format!("{} is left out: {times} in 24 hours is its limit.", name(rung))
}

pub fn reconnect(answer: &str) -> String {
    format!("Asked for the streams again. {answer}").trim_end().to_owned()
}

pub fn transport(name: &str) -> String {
    format!("Changed to {name}: the next attempt uses it.")
}

pub fn reboot(outcome: &Result<(), String>) -> String {
    match outcome {
        Ok(()) => "The camera was asked to restart.".to_owned(),
        Err(reason) => format!("The camera could not be restarted. {reason}"),
    }
}

pub fn webhook(outcome: &Result<String, String>) -> String {
    match outcome {
        Ok(answer) => format!("The webhook was sent. {answer}"),
        Err(reason) => format!("The webhook failed. {reason}"),
    }
}

/// For the webhook's `{reason}` and for alerts.
pub fn dark(dark_for: Duration, error: Option<&str>) -> String {
    let dark = format!("Dark for {}.", span(dark_for));
    match error {
        Some(error) => format!("{dark} {error}"),
        None => dark,
    }
}

pub fn alert(sentence: &str) -> String {
    format!("People are asked to look. {sentence}")
}

fn name(rung: Rung) -> &'static str {
    match rung {
        Rung::Reconnect => "Asking for the streams again",
        Rung::Transport => "Trying the other transport",
        Rung::Reboot => "Restarting the camera",
        Rung::Webhook => "The webhook",
        Rung::Alert => "Alerting people",
    }
}
