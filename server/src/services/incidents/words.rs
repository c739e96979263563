//! The one sentence of an incident, from its facts: "No frames for 7 s; the camera closed the connection; reconnected at the 2nd try;
//! dark for 9.4 s."

use crate::moment::span;
use std::time::Duration;

/// Longest clause that is taken from a reason, in characters.
const MAX_CLAUSE: usize = 140;
/// How the sentence ends while it goes on: dark, and with pictures that show nothing useful.
const NOT_BACK: &str = "not back yet";
const NOT_OVER: &str = "not over yet";

/// How an incident ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Pictures flow again; how many connections that took (0 if none is known of).
    Live { tries: u32 },
    /// What began with a note was ended by one.
    Over,
    /// Nobody wants the stream any more.
    Unwanted,
    /// The camera sleeps, which is no fault.
    Asleep,
    /// A person turned the camera off.
    TurnedOff,
    /// The stream, or its camera, is no longer configured.
    Gone,
    /// The server stopped.
    Stopped,
}

/// What a sentence is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    /// How it was found, and what happened then: clauses without a full stop.
    pub clauses: &'a [String],
    /// Pictures flowed before.
    pub was_live: bool,
    /// Nothing failed: it was opened anew on purpose.
    pub planned: bool,
    /// No pictures come. False at the end of an outage that was got over, and while only what pictures show is wrong.
    pub dark_now: bool,
    /// For how long none came.
    pub dark: Duration,
    /// From beginning to end.
    pub length: Duration,
    /// None while it goes on.
    pub ending: Option<Ending>,
}

pub(super) fn sentence(facts: &Facts<'_>) -> String {
    let mut parts: Vec<String> = facts.clauses.to_vec();
    let dark = format!("dark for {}", span(facts.dark));
    let mut broken_off = |when: &str| {
        if facts.dark_now {
            parts.extend([format!("not back when {when}"), dark.clone()]);
        } else {
            parts.extend([format!("not over when {when}"), format!("lasted {}", span(facts.length))]);
        }
    };
    match facts.ending {
        Some(Ending::Unwanted) => broken_off("the last viewer left"),
        Some(Ending::Asleep) => broken_off("it went to sleep"),
        Some(Ending::TurnedOff) => broken_off("it was turned off"),
        Some(Ending::Gone) => broken_off("it was removed"),
        Some(Ending::Stopped) => broken_off("Nightjar was stopped"),
        Some(Ending::Live { tries }) => {
            if tries > 0 && !facts.planned {
                let verb = if facts.was_live { "reconnected" } else { "connected" };
                parts.push(format!("{verb} at the {} try", nth(tries)));
            }
            parts.push(dark);
        }
        Some(Ending::Over) => parts.push(format!("over after {}", span(facts.length))),
        None if facts.dark_now => parts.push(NOT_BACK.to_owned()),
        None => parts.push(NOT_OVER.to_owned()),
    }
    joined(&parts)
}

/// The sentence of an incident that was open when the server ended without a word. `length`: as far as was stored.
pub(super) fn cut_off(summary: &str, length: Duration) -> String {
    let told = summary.trim_end_matches('.');
    let without = |end: &str| told.strip_suffix(end)?.strip_suffix("; ");
    let (known, how) = match without(NOT_OVER) {
        Some(known) => (known, "lasted"),
        None => (without(NOT_BACK).unwrap_or(told), "dark for"),
    };
    format!("{known}; ended by a restart of Nightjar; {how} at least {}.", span(length))
}

fn joined(parts: &[String]) -> String {
    let mut sentence = String::new();
    for part in parts {
        if sentence.is_empty() {
            sentence.push_str(part);
        } else {
            sentence.push_str("; ");
            sentence.push_str(&uncapitalised(part));
        }
    }
    if !sentence.ends_with(['.', '!', '?', '…']) {
        sentence.push('.');
    }
    sentence
}

/// The first clause of a reason: what happened, without what to do about it and without what stands in brackets.
pub(super) fn clause(reason: &str) -> String {
    let reason = without_brackets(reason.trim());
    let ends = [". ", ": ", "; ", "! "];
    let end = ends.iter().filter_map(|end| reason.find(end)).min().unwrap_or(reason.len());
    let first = reason[..end].trim_end_matches(['.', ' ']);
    match first.char_indices().nth(MAX_CLAUSE) {
        Some((end, _)) => format!("{}…", &first[..end]),
        None => first.to_owned(),
    }
}

/// Brackets that are not closed last to the end.
fn without_brackets(text: &str) -> String {
    let (mut out, mut depth) = (String::with_capacity(text.len()), 0_u32);
    for letter in text.chars() {
        match letter {
            '(' => {
                depth += 1;
                let end = out.trim_end().len();
                out.truncate(end);
            }
            ')' if depth > 0 => depth -= 1,
            letter if depth == 0 => out.push(letter),
            _ => {}
        }
    }
    out
}

/// `The camera …` becomes `the camera …`; names and abbreviations stay.
fn uncapitalised(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    let ordinary = word.chars().skip(1).all(char::is_lowercase) && word != "Nightjar";
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if ordinary => first.to_lowercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}

/// `1st`, `2nd`, `3rd`, `11th`.
fn nth(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_says_what_happened_and_how_it_ended() {
        let clauses = ["No frames for 7 s".to_owned(), "The camera closed the connection".to_owned()];
        let ending = Some(Ending::Live { tries: 2 });
        let dark = Duration::from_millis(9_400);
        let facts = Facts { clauses: &clauses, was_live: true, planned: false, dark_now: true, dark, length: dark, ending };
        assert_eq!(sentence(&facts), "No frames for 7 s; the camera closed the connection; reconnected at the 2nd try; dark for 9.4 s.");
        assert_eq!(sentence(&Facts { ending: None, ..facts }), "No frames for 7 s; the camera closed the connection; not back yet.");
        let never = Facts { was_live: false, ending: Some(Ending::Live { tries: 11 }), ..facts };
        assert!(sentence(&never).contains("; connected at the 11th try; "));
        let open = sentence(&Facts { ending: None, ..facts });
        assert_eq!(
            cut_off(&open, Duration::from_secs(75)),
            "No frames for 7 s; the camera closed the connection; ended by a restart of Nightjar; dark for at least 1 min 15 s."
        );
        assert!(
            sentence(&Facts { ending: Some(Ending::Unwanted), ..facts }).ends_with("; not back when the last viewer left; dark for 9.4 s.")
        );
    }

    #[test]
    fn what_pictures_show_is_not_called_dark() {
        let clauses = ["The camera sends the same picture again and again".to_owned()];
        let (dark, length) = (Duration::ZERO, Duration::from_secs(40));
        let facts = Facts { clauses: &clauses, was_live: true, planned: false, dark_now: false, dark, length, ending: None };
        let open = sentence(&facts);
        assert_eq!(open, "The camera sends the same picture again and again; not over yet.");
        assert_eq!(
            sentence(&Facts { ending: Some(Ending::Unwanted), ..facts }),
            "The camera sends the same picture again and again; not over when the last viewer left; lasted 40 s."
        );
        assert!(
            sentence(&Facts { ending: Some(Ending::Stopped), ..facts }).ends_with("; not over when Nightjar was stopped; lasted 40 s.")
        );
        assert!(sentence(&Facts { ending: Some(Ending::Over), ..facts }).ends_with("; over after 40 s."));
        assert_eq!(
            cut_off(&open, Duration::from_secs(60)),
            "The camera sends the same picture again and again; ended by a restart of Nightjar; lasted at least 1 min."
        );
    }

    #[test]
    fn a_clause_is_what_happened_without_advice() {
        assert_eq!(clause("No frames for 5.0 s: the camera stopped sending although the connection is open."), "No frames for 5.0 s");
        assert_eq!(clause("The camera closed the connection. Trying again in 0.3 s."), "The camera closed the connection");
        assert_eq!(clause("192.168.1.20:554 does not answer"), "192.168.1.20:554 does not answer");
        assert_eq!(clause("The video program (ffmpeg) ended unexpectedly. It is started again."), "The video program ended unexpectedly");
        assert_eq!(clause("10.0.0.9 can't be reached: there is no route to it. Check it."), "10.0.0.9 can't be reached");
        assert_eq!(clause("It can't be read (a fault (of its own)). Check it."), "It can't be read");
        assert_eq!(clause("The camera forbids it (403"), "The camera forbids it");
        assert_eq!(clause("A closing bracket) alone is a letter"), "A closing bracket) alone is a letter");
        assert_eq!(clause(""), "");
        assert_eq!(uncapitalised("Nightjar made a mistake"), "Nightjar made a mistake");
        assert_eq!(uncapitalised("RTSP is not spoken"), "RTSP is not spoken");
        assert_eq!(uncapitalised("The camera slept"), "the camera slept");
        assert_eq!(uncapitalised("A web server answers"), "a web server answers");
    }
}
