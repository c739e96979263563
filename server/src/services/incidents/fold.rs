//! Folds changes of state and notes into incidents, as a sans-IO core: facts go in with their time, entries come out.
//!
//! At most one incident is open per stream. It opens with the first failure of a stream that is wanted (or when a live one is opened anew on
//! purpose), takes in everything that happens until then, and closes when the stream is live again or no longer wanted. A stream that
//! comes up without a failure leaves no trace. What does not belong here: the database, counting time ([`super::account`]), words.

use super::entry::{Entry, Step};
use super::note::{Note, NotePhase, short};
use super::open::Open;
use super::words::Ending;
use crate::services::status;
use media::StreamKey;
use media::id::{CameraId, Quality};
use media::stream::{StreamEvent, StreamState, StreamStatus};
use media::time::Stamp;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// What an incident is about: camera, and which of its streams.
pub(super) type Place = (Option<CameraId>, Option<Quality>);

/// What happened to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Opened,
    Changed,
    Closed,
}

/// The core's state.
#[derive(Debug)]
pub(super) struct Fold {
    /// The last known state of every stream that was heard of.
    streams: HashMap<StreamKey, StreamState>,
    open: HashMap<Place, Open>,
    next_id: i64,
    /// Emptied by [`Fold::take`].
    out: Vec<(Moment, Entry)>,
}

impl Fold {
    /// `next_id`: above every id that was ever given.
    pub(super) fn new(next_id: i64) -> Self {
        Self { streams: HashMap::new(), open: HashMap::new(), next_id, out: Vec::new() }
    }

    /// What changed since the last call, in order. An entry may occur several times.
    pub(super) fn take(&mut self) -> Vec<(Moment, Entry)> {
        std::mem::take(&mut self.out)
    }

    /// A stream changed its state.
    pub(super) fn event(&mut self, event: &StreamEvent) {
        let before = self.streams.insert(event.key, event.to).unwrap_or(event.from);
        let was_live = before == StreamState::Live || event.from == StreamState::Live;
        let place = place_of(event.key);
        let is_open = self.open.contains_key(&place);
        match event.to {
            StreamState::Idle => self.close(place, event.at, Ending::Unwanted, Some(event)),
            StreamState::Disabled => self.close(place, event.at, Ending::TurnedOff, Some(event)),
            StreamState::Live => self.went_live(place, event),
            _ if is_asleep(event) => self.close(place, event.at, Ending::Asleep, Some(event)),
            StreamState::Connecting if event.code.is_none() && !is_open && !was_live => {}
            StreamState::Connecting | StreamState::Stalled | StreamState::Backoff | StreamState::AuthBlocked | StreamState::CircuitOpen => {
                self.not_live(place, event, was_live);
            }
        }
    }

    /// Changes of state went by unheard: `statuses` are all streams as they are now.
    pub(super) fn resync(&mut self, statuses: &[(StreamKey, StreamStatus)], now: Stamp) {
        for (key, status) in statuses {
            let from = self.streams.get(key).copied().unwrap_or_default();
            if from == status.state {
                continue;
            }
            let error = status.error.as_ref().map(|failing| &failing.error);
            let reason = error.map_or_else(|| "Changes of state went by too fast to be noted.".to_owned(), |error| error.message.clone());
            let attempt = self.open.get(&place_of(*key)).map_or(1, Open::next_attempt);
            let code = error.map(|error| error.code);
            let event = StreamEvent { key: *key, at: now, from, to: status.state, reason, code, attempt, dark_for: None, silent_for: None };
            self.event(&event);
        }
    }

    /// Somebody has something to say.
    pub(super) fn note(&mut self, note: Note) {
        let note = Note { text: short(note.text), ..note };
        let place = (note.camera, note.quality);
        match note.phase {
            NotePhase::Ends => self.end_episode(place, &note),
            NotePhase::Begins | NotePhase::Moment => {
                let joined = self.join(&note);
                if !joined && note.phase == NotePhase::Begins {
                    let open = Open::episode(self.id(), place, &note);
                    self.emit(Moment::Opened, open.entry(note.at, None));
                    self.open.insert(place, open);
                } else if !joined {
                    let entry = Open::remark(self.id(), place, &note);
                    self.emit(Moment::Closed, entry);
                }
            }
        }
    }

    /// Forgets the streams that `keys` does not name, and closes what was open for them.
    pub(super) fn retain(&mut self, keys: &BTreeSet<StreamKey>, now: Stamp) {
        self.streams.retain(|key, _| keys.contains(key));
        let exists = |place: &Place| match *place {
            (Some(camera), Some(quality)) => keys.contains(&StreamKey::new(camera, quality)),
            (Some(camera), None) => keys.iter().any(|key| key.camera == camera),
            (None, _) => true,
        };
        let gone: Vec<Place> = self.open.keys().filter(|place| !exists(place)).copied().collect();
        for place in gone {
            self.close(place, now, Ending::Gone, None);
        }
    }

    /// The entries that are open, with their length until now.
    pub(super) fn refresh(&mut self, now: Stamp) {
        let entries: Vec<Entry> = self.open.values().map(|open| open.entry(now, None)).collect();
        for entry in entries {
            self.emit(Moment::Changed, entry);
        }
    }

    /// The server stops: nothing stays open.
    pub(super) fn stop(&mut self, now: Stamp) {
        let places: Vec<Place> = self.open.keys().copied().collect();
        for place in places {
            self.close(place, now, Ending::Stopped, None);
        }
    }

    fn went_live(&mut self, place: Place, event: &StreamEvent) {
        let Some(open) = self.open.get_mut(&place) else { return };
        open.went_live(event);
        if open.episode.is_some() {
            let entry = open.entry(event.at, None);
            self.emit(Moment::Changed, entry);
            return;
        }
        let tries = open.tries();
        self.close(place, event.at, Ending::Live { tries }, None);
    }

    fn not_live(&mut self, place: Place, event: &StreamEvent, was_live: bool) {
        if let Some(open) = self.open.get_mut(&place) {
            open.not_live(event);
            let entry = open.entry(event.at, None);
            self.emit(Moment::Changed, entry);
            return;
        }
        let open = Open::outage(self.id(), place, event, was_live);
        self.emit(Moment::Opened, open.entry(event.at, None));
        self.open.insert(place, open);
    }

    /// Makes a note a step of what is open for its place. False if nothing is.
    fn join(&mut self, note: &Note) -> bool {
        let Some(camera) = note.camera else { return false };
        let of_place = |place: &Place| place.0 == Some(camera) && (note.quality.is_none() || place.1 == note.quality);
        let places: Vec<Place> = self.open.keys().filter(|place| of_place(place)).copied().collect();
        for place in &places {
            if let Some(open) = self.open.get_mut(place) {
                open.noted(note);
                let entry = open.entry(note.at, None);
                self.emit(Moment::Changed, entry);
            }
        }
        !places.is_empty()
    }

    fn end_episode(&mut self, place: Place, note: &Note) {
        let Some(open) = self.open.get_mut(&place).filter(|open| open.episode == Some(note.kind)) else { return };
        open.noted(note);
        open.episode = None;
        if open.dark {
            let entry = open.entry(note.at, None);
            self.emit(Moment::Changed, entry);
        } else {
            self.close(place, note.at, Ending::Over, None);
        }
    }

    fn close(&mut self, place: Place, at: Stamp, ending: Ending, last: Option<&StreamEvent>) {
        let Some(mut open) = self.open.remove(&place) else { return };
        if let Some(event) = last {
            open.ended_by(event);
        }
        self.emit(Moment::Closed, open.entry(at, Some(ending)));
    }

    fn emit(&mut self, moment: Moment, entry: Entry) {
        self.out.push((moment, entry));
    }

    fn id(&mut self) -> i64 {
        let id = self.next_id;
        self.next_id = id.saturating_add(1);
        id
    }
}

fn place_of(key: StreamKey) -> Place {
    (Some(key.camera), Some(key.quality))
}

/// A camera that may sleep is away or silent: for these that is no failure, so none is named.
pub(super) fn is_asleep(event: &StreamEvent) -> bool {
    event.code.is_none() && matches!(event.to, StreamState::Stalled | StreamState::Backoff | StreamState::CircuitOpen)
}

/// A step from a change of state.
pub(super) fn step_of(event: &StreamEvent, began: Stamp) -> Step {
    Step {
        at_ms: event.at.utc_ms,
        after_ms: milliseconds(event.at.since(began)),
        state: Some(status::state(event.to)),
        code: event.code.map(|code| code.as_str().to_owned()),
        attempt: Some(event.attempt),
        text: short(event.reason.clone()),
    }
}

pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "fold/tests.rs"]
mod tests;
