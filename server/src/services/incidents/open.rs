//! One incident while it goes on: its facts, its steps, and the entry that they make.

use super::entry::{Entry, Step};
use super::fold::{Place, milliseconds, step_of};
use super::note::Note;
use super::words::{self, Ending, Facts};
use crate::services::status;
use app::model::{FIRST_STEPS, IncidentKind};
use media::stream::{StreamEvent, StreamState};
use media::time::Stamp;
use std::collections::VecDeque;
use std::time::Duration;

/// Steps that are kept beside the first ones, which tell how it began: the last ones, which tell how it stands.
const LAST_STEPS: usize = 12;
/// Clauses of the sentence: how it was found, and what else was met.
const CLAUSES: usize = 3;

#[derive(Debug)]
pub(super) struct Open {
    id: i64,
    place: Place,
    kind: IncidentKind,
    code: Option<String>,
    /// The last picture, or the first attempt.
    began: Stamp,
    /// Pictures flowed before.
    was_live: bool,
    /// The stream is not live.
    pub(super) dark: bool,
    /// Since when it has been dark, while it is.
    dark_since: Option<Stamp>,
    /// How long it was dark before.
    dark_before: Duration,
    /// What a note has begun and none has ended.
    pub(super) episode: Option<IncidentKind>,
    /// Failures since the stream was last live, as its policy counts them …
    failures: u32,
    /// … and those of earlier counts: a restart on request begins a new one.
    carried: u32,
    /// The failure that ended the last session is no attempt.
    loss_counted: bool,
    live_again: bool,
    clauses: Vec<String>,
    first: Vec<Step>,
    last: VecDeque<Step>,
    left_out: u32,
}

impl Open {
    fn new(id: i64, place: Place, kind: IncidentKind, code: Option<String>, began: Stamp) -> Self {
        Self {
            id,
            place,
            kind,
            code,
            began,
            was_live: true,
            dark: false,
            dark_since: None,
            dark_before: Duration::ZERO,
            episode: None,
            failures: 0,
            carried: 0,
            loss_counted: false,
            live_again: false,
            clauses: Vec::new(),
            first: Vec::new(),
            last: VecDeque::new(),
            left_out: 0,
        }
    }

    /// The stream stopped being live, or could not be opened.
    pub(super) fn outage(id: i64, place: Place, event: &StreamEvent, was_live: bool) -> Self {
        // The time without frames belongs to it, though it was not yet known then.
        let before = event.silent_for.max(event.dark_for).unwrap_or_default();
        let planned = event.to == StreamState::Connecting && event.code.is_none();
        let kind = if planned { IncidentKind::Restart } else { IncidentKind::Outage };
        let code = event.code.map(|code| code.as_str().to_owned());
        let began = earlier(event.at, before);
        let mut open = Self { was_live, dark_since: Some(began), ..Self::new(id, place, kind, code, began) };
        open.not_live(event);
        open
    }

    /// Something that a note begins.
    pub(super) fn episode(id: i64, place: Place, note: &Note) -> Self {
        let mut open = Self { episode: Some(note.kind), ..Self::new(id, place, note.kind, note.code.clone(), note.at) };
        open.clause(&note.text);
        open.noted(note);
        open
    }

    /// A note by itself.
    pub(super) fn remark(id: i64, place: Place, note: &Note) -> Entry {
        Entry {
            ended_ms: Some(note.at.utc_ms),
            dark_ms: None,
            summary: note.text.clone(),
            ..Self::new(id, place, note.kind, note.code.clone(), note.at).entry(note.at, None)
        }
    }

    pub(super) fn not_live(&mut self, event: &StreamEvent) {
        if !self.dark && self.was_live && event.code.is_some() {
            self.loss_counted = true;
        }
        self.dark = true;
        self.dark_since.get_or_insert_with(|| earlier(event.at, event.silent_for.unwrap_or_default()));
        self.live_again = false;
        self.count(event);
        if event.to != StreamState::Connecting {
            if self.kind == IncidentKind::Restart {
                self.kind = IncidentKind::Outage;
                self.code = event.code.map(|code| code.as_str().to_owned());
            }
            self.clause(&event.reason);
        } else if self.clauses.is_empty() {
            self.clause(&event.reason);
        }
        self.push(step_of(event, self.began));
    }

    pub(super) fn went_live(&mut self, event: &StreamEvent) {
        self.count(event);
        self.dark_before = self.dark_for(event.at);
        self.dark = false;
        self.dark_since = None;
        self.live_again = true;
        self.push(step_of(event, self.began));
    }

    /// The stream became idle or was turned off.
    pub(super) fn ended_by(&mut self, event: &StreamEvent) {
        self.push(step_of(event, self.began));
    }

    pub(super) fn noted(&mut self, note: &Note) {
        if note.kind == IncidentKind::RecoveryStep && !note.aside {
            self.clause(&note.text);
        }
        self.push(Step {
            at_ms: note.at.utc_ms,
            after_ms: milliseconds(note.at.since(self.began)),
            state: None,
            code: note.code.clone(),
            attempt: None,
            text: note.text.clone(),
        });
    }

    /// How often a connection was tried.
    pub(super) fn tries(&self) -> u32 {
        let failed = self.carried.saturating_add(self.failures).saturating_sub(u32::from(self.loss_counted));
        failed.saturating_add(u32::from(self.live_again))
    }

    /// What the stream's next attempt is called, as far as is known.
    pub(super) fn next_attempt(&self) -> u32 {
        self.failures.saturating_add(1)
    }

    pub(super) fn entry(&self, now: Stamp, ending: Option<Ending>) -> Entry {
        let length = now.since(self.began);
        let planned = self.kind == IncidentKind::Restart;
        let (dark_now, dark) = (self.dark, self.dark_for(now));
        let facts = Facts { clauses: &self.clauses, was_live: self.was_live, planned, dark_now, dark, length, ending };
        Entry {
            id: self.id,
            camera: self.place.0.map(|camera| camera.0),
            quality: self.place.1.map(status::quality),
            kind: self.kind,
            code: self.code.clone(),
            started_ms: self.began.utc_ms,
            ended_ms: ending.map(|_| now.utc_ms.max(self.began.utc_ms)),
            dark_ms: Some(milliseconds(length)),
            attempts: self.tries(),
            summary: words::sentence(&facts),
            steps: self.first.iter().chain(&self.last).cloned().collect(),
            left_out: self.left_out,
        }
    }

    /// For how long no pictures came until `now`.
    fn dark_for(&self, now: Stamp) -> Duration {
        self.dark_before.saturating_add(self.dark_since.map_or(Duration::ZERO, |since| now.since(since)))
    }

    fn count(&mut self, event: &StreamEvent) {
        let failed = event.attempt.saturating_sub(1);
        if failed < self.failures {
            self.carried = self.carried.saturating_add(self.failures);
        }
        self.failures = failed;
    }

    /// Takes what a reason says into the sentence, unless it has been said or the sentence is long enough: then the newest one gives way.
    fn clause(&mut self, reason: &str) {
        let clause = words::clause(reason);
        if clause.is_empty() || self.clauses.contains(&clause) {
            return;
        }
        // "The camera refused the password", and then "The camera refused the password twice": how a loss began stays as it was told.
        if let Some(place) = self.clauses.iter().position(|known| clause.starts_with(known.as_str())) {
            if place > 0 || !self.was_live {
                self.clauses[place] = clause;
            }
            return;
        }
        if self.clauses.len() >= CLAUSES {
            self.clauses.pop();
        }
        self.clauses.push(clause);
    }

    fn push(&mut self, step: Step) {
        if self.first.len() < FIRST_STEPS {
            self.first.push(step);
            return;
        }
        self.last.push_back(step);
        if self.last.len() > LAST_STEPS {
            self.last.pop_front();
            self.left_out = self.left_out.saturating_add(1);
        }
    }
}

fn earlier(at: Stamp, by: Duration) -> Stamp {
    Stamp {
        mono_us: at.mono_us.saturating_sub(u64::try_from(by.as_micros()).unwrap_or(u64::MAX)),
        utc_ms: at.utc_ms.saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)),
    }
}
