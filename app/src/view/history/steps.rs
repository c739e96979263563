//! The steps of an incident as lines: attempts that all end with the same answer are one line, not a wall of them. Pure.

use crate::model::{FIRST_STEPS, Incident, IncidentStep, StreamState};

/// The same so often in a row is folded.
const REPEATS: usize = 3;

/// A line below an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepLine {
    Step(IncidentStep),
    /// So many steps are not told.
    LeftOut(u32),
    /// What the line above says has happened so many times more.
    Again {
        /// When it did last, ms since the incident began.
        after_ms: u64,
        times: u32,
        /// It was the answer to attempts.
        attempts: bool,
    },
}

/// The steps in their order, repetitions folded.
pub fn lines(incident: &Incident) -> Vec<StepLine> {
    let steps = &incident.steps;
    let mut lines = Vec::new();
    let mut at = 0;
    while let Some(step) = steps.get(at) {
        if at == FIRST_STEPS && incident.steps_left_out > 0 {
            lines.push(StepLine::LeftOut(incident.steps_left_out));
        }
        lines.push(StepLine::Step(step.clone()));
        at += 1;
        if let Some((last, times)) = run(incident, at - 1)
            && let Some(step) = steps.get(last)
        {
            lines.push(StepLine::Again { after_ms: step.after_ms, times, attempts: step.state.is_some() });
            at = last + 1;
        }
    }
    lines
}

/// Where the run of steps that say what the one at `first` says ends, and how often it was said again. None if that is not often enough.
fn run(incident: &Incident, first: usize) -> Option<(usize, u32)> {
    let steps = &incident.steps;
    let begin = steps.get(first).filter(|step| step.state != Some(StreamState::Connecting))?;
    let (mut last, mut count) = (first, 1);
    for (place, step) in steps.iter().enumerate().skip(first + 1) {
        let gap = incident.steps_left_out > 0 && last < FIRST_STEPS && place >= FIRST_STEPS;
        // What is left out is counted by the attempts' numbers, where there are any.
        if gap && (begin.state.is_none() || attempts_between(begin, step) == 0) {
            break;
        }
        // Between two answers an attempt begins.
        if begin.state.is_some() && step.state == Some(StreamState::Connecting) {
            continue;
        }
        if begin.state.is_some() != step.state.is_some() || said(&begin.text) != said(&step.text) {
            break;
        }
        (last, count) = (place, count + 1);
    }
    let over_gap = incident.steps_left_out > 0 && first < FIRST_STEPS && last >= FIRST_STEPS;
    let counted = u32::try_from(count - 1).unwrap_or(u32::MAX);
    let times = if over_gap { steps.get(last).map_or(0, |step| attempts_between(begin, step)).max(counted) } else { counted };
    (count >= REPEATS).then_some((last, times))
}

fn attempts_between(first: &IncidentStep, last: &IncidentStep) -> u32 {
    first.attempt.zip(last.attempt).map_or(0, |(first, last)| last.saturating_sub(first))
}

/// What happened, without when it is tried again: that differs from time to time (the words are those of `media::stream::policy`).
fn said(text: &str) -> &str {
    let slowly = || {
        let at = text.find(" attempts failed in a row")?;
        text.get(..at)?.rfind(' ')
    };
    text.find(" Trying again ").or_else(slowly).and_then(|end| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::IncidentKind;

    fn step(after_ms: u64, state: Option<StreamState>, attempt: Option<u32>, text: &str) -> IncidentStep {
        IncidentStep { at: String::new(), after_ms, state, code: None, attempt, text: text.to_owned() }
    }

    fn incident(steps: Vec<IncidentStep>, steps_left_out: u32) -> Incident {
        Incident {
            id: 1,
            camera_id: Some(1),
            quality: None,
            kind: IncidentKind::Outage,
            code: None,
            started_at: "2026-11-21T06:00:00Z".to_owned(),
            ended_at: None,
            dark_ms: None,
            attempts: 1,
            summary: String::new(),
            steps,
            steps_left_out,
        }
    }

    /// `count` attempts with their answers, the first of them number `from`.
    fn attempts(from: u32, count: u32, answer: &str) -> Vec<IncidentStep> {
        let one = |n: u32| {
            let at = u64::from(n) * 1_000;
            let begun = step(at, Some(StreamState::Connecting), Some(n), &format!("Trying again, attempt {n}."));
            let text = if n > 20 {
                format!("{answer} {n} attempts failed in a row: they go on more slowly, the next in 30 s or when the camera answers again.")
            } else {
                format!("{answer} Trying again in 0.{n} s.")
            };
            [begun, step(at + 500, Some(StreamState::Backoff), Some(n + 1), &text)]
        };
        (from..from + count).flat_map(one).collect()
    }

    const AWAY: &str = "10.0.0.9 can't be reached: there is no route to it. Check the address.";

    #[test]
    fn attempts_with_the_same_answer_are_one_line() {
        let mut steps = vec![step(0, Some(StreamState::Stalled), Some(1), "No frames for 7 s: the camera stopped sending.")];
        steps.extend(attempts(2, 5, AWAY));
        steps.push(step(9_000, Some(StreamState::Connecting), Some(7), "Trying again, attempt 7."));
        steps.push(step(9_400, Some(StreamState::Live), Some(7), "Live again after 9.4 s in the dark."));
        let lines = lines(&incident(steps.clone(), 0));
        let kept = |place: usize| StepLine::Step(steps[place].clone());
        let again = StepLine::Again { after_ms: 6_500, times: 4, attempts: true };
        assert_eq!(lines, [kept(0), kept(1), kept(2), again, kept(11), kept(12)]);
    }

    #[test]
    fn what_is_said_once_or_twice_or_differs_stays() {
        let mut steps = attempts(1, 2, AWAY);
        steps.extend(attempts(3, 2, "10.0.0.9 is there, but nothing listens on port 554. Check the port."));
        steps.extend(attempts(5, 2, AWAY));
        assert_eq!(lines(&incident(steps.clone(), 0)), steps.into_iter().map(StepLine::Step).collect::<Vec<_>>());
        assert_eq!(lines(&incident(Vec::new(), 0)), []);
    }

    #[test]
    fn remarks_are_folded_among_themselves() {
        let remark = |after_ms| step(after_ms, None, None, "The power was switched.");
        let steps = vec![remark(1), remark(2), remark(3), step(4, Some(StreamState::Backoff), None, "The power was switched.")];
        let again = StepLine::Again { after_ms: 3, times: 2, attempts: false };
        assert_eq!(lines(&incident(steps.clone(), 0)), [StepLine::Step(remark(1)), again, StepLine::Step(steps[3].clone())]);
    }

    #[test]
    fn what_is_left_out_is_counted_by_the_numbers_of_attempts_or_said() {
        let first = u32::try_from(FIRST_STEPS / 2).expect("few");
        let mut steps = attempts(1, first, AWAY);
        steps.extend(attempts(91, 6, AWAY));
        let over = lines(&incident(steps.clone(), 150));
        assert_eq!(over.len(), 3, "the attempt, its answer, and all the others: {over:?}");
        assert_eq!(over[2], StepLine::Again { after_ms: 96_500, times: 95, attempts: true });
        // Numbers that begin anew count nothing.
        let mut steps = attempts(91, first, AWAY);
        steps.extend(attempts(1, 6, AWAY));
        let apart = lines(&incident(steps, 150));
        assert_eq!(apart.iter().filter(|line| matches!(line, StepLine::LeftOut(150))).count(), 1, "{apart:?}");
    }
}
