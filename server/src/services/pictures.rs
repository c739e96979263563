//! Puts it into the incident log when a camera's picture freezes or goes dark, and when it is over.
//!
//! What does not belong here: the judgement itself (`media::stream::picture`).

use crate::services::incidents::{Incidents, Note};
use app::model::IncidentKind;
use media::id::StreamKey;
use media::stream::picture::PictureState;
use media::stream::{StreamState, Streams};
use media::time::Stamp;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often the statuses are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// A picture that comes and goes makes at most one entry of a kind in this time.
const PAUSE: Duration = Duration::from_secs(10 * 60);

/// What was noted of one stream.
#[derive(Debug, Default)]
struct Noted {
    /// The entry that is open.
    open: Option<PictureState>,
    frozen_at: Option<Stamp>,
    dark_at: Option<Stamp>,
}

/// Decides what becomes an entry. Sans-IO.
#[derive(Debug, Default)]
struct PictureLog {
    streams: HashMap<StreamKey, Noted>,
}

impl PictureLog {
    /// Takes in how a stream's picture is now. `live`: pictures come.
    fn look(&mut self, key: StreamKey, picture: PictureState, live: bool, now: Stamp) -> Vec<Note> {
        if picture == PictureState::Ok && !self.streams.contains_key(&key) {
            return Vec::new();
        }
        let noted = self.streams.entry(key).or_default();
        let mut notes = Vec::new();
        if noted.open != Some(picture)
            && let Some(over) = noted.open.take()
        {
            let told = |(kind, _, over): (_, _, &'static str)| note(key, kind, if live { over } else { GONE }, now).ends();
            notes.extend(words(over).map(told));
        }
        let last = match picture {
            PictureState::Ok => return notes,
            PictureState::Frozen => &mut noted.frozen_at,
            PictureState::Dark => &mut noted.dark_at,
        };
        if noted.open.is_none() && last.is_none_or(|last| now.since(last) >= PAUSE) {
            *last = Some(now);
            noted.open = Some(picture);
            notes.extend(words(picture).map(|(kind, text, _)| note(key, kind, text, now).begins()));
        }
        notes
    }

    /// Forgets streams that are no more.
    fn keep(&mut self, there: impl Fn(StreamKey) -> bool) {
        self.streams.retain(|key, _| there(*key));
    }
}

fn note(key: StreamKey, kind: IncidentKind, text: &str, now: Stamp) -> Note {
    Note { at: now, ..Note::new(key.camera, kind, text).stream(key.quality).code(kind.as_str()) }
}

/// The end by the stream's own end.
const GONE: &str = "No pictures come any more.";

/// The kind of entry, and the sentences of its beginning and end.
fn words(picture: PictureState) -> Option<(IncidentKind, &'static str, &'static str)> {
    match picture {
        PictureState::Ok => None,
        PictureState::Frozen => Some((
            IncidentKind::PictureFrozen,
            "The camera sends the same picture again and again. It may have hung.",
            "The picture changes again.",
        )),
        PictureState::Dark => {
            Some((IncidentKind::PictureDark, "The picture is dark: next to nothing is to be seen.", "There is something to be seen again."))
        }
    }
}

/// Follows all streams until cancelled.
pub async fn follow(streams: &Streams, incidents: &Incidents, stopping: CancellationToken) {
    let mut log = PictureLog::default();
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = stopping.cancelled() => return,
            _ = look.tick() => {}
        }
        let now = Stamp::now();
        let statuses = streams.statuses();
        log.keep(|key| statuses.iter().any(|(there, _)| *there == key));
        for (key, status) in statuses {
            for note in log.look(key, status.picture, status.state == StreamState::Live, now) {
                incidents.note(note);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::incidents::NotePhase;
    use PictureState::{Dark, Frozen, Ok};
    use media::id::{CameraId, Quality};

    const KEY: StreamKey = StreamKey { camera: CameraId(7), quality: Quality::Main };

    /// What is noted of a picture by the second.
    fn noted(seen: &[(u64, PictureState)]) -> Vec<(u64, IncidentKind, NotePhase)> {
        let mut log = PictureLog::default();
        let look = |&(second, picture): &(u64, PictureState)| {
            let now = Stamp { mono_us: 1_000_000 * (second + 1), utc_ms: 0 };
            let notes = log.look(KEY, picture, true, now);
            notes.into_iter().map(move |note| (second, note.kind, note.phase)).collect::<Vec<_>>()
        };
        seen.iter().flat_map(look).collect()
    }

    #[test]
    fn a_frozen_picture_is_one_entry_with_beginning_and_end() {
        let (kind, begins, ends) = (IncidentKind::PictureFrozen, NotePhase::Begins, NotePhase::Ends);
        assert_eq!(noted(&[(0, Ok), (1, Frozen), (2, Frozen), (9, Ok), (10, Ok)]), [(1, kind, begins), (9, kind, ends)]);
    }

    #[test]
    fn a_stream_that_ends_does_not_say_that_its_picture_changes() {
        let mut log = PictureLog::default();
        let at = |second: u64| Stamp { mono_us: 1_000_000 * second, utc_ms: 0 };
        let text = |notes: Vec<Note>| notes.into_iter().map(|note| note.text).collect::<Vec<_>>();
        log.look(KEY, Frozen, true, at(1));
        assert_eq!(text(log.look(KEY, Ok, false, at(5))), [GONE]);
        log.look(KEY, Frozen, true, at(1_000));
        assert_eq!(text(log.look(KEY, Ok, true, at(1_005))), ["The picture changes again."]);
    }

    #[test]
    fn a_picture_that_comes_and_goes_is_not_noted_every_time() {
        let flapping: Vec<_> = (0..120).map(|second| (second, if second % 10 < 5 { Dark } else { Ok })).collect();
        assert_eq!(noted(&flapping).len(), 2);
        assert_eq!(noted(&[(0, Dark), (5, Ok), (700, Dark)]).len(), 3);
    }

    #[test]
    fn one_state_after_the_other_ends_the_first() {
        let told = noted(&[(0, Frozen), (5, Dark), (9, Ok)]);
        let kinds: Vec<_> = told.iter().map(|(_, kind, phase)| (*kind, *phase)).collect();
        assert_eq!(
            kinds,
            [
                (IncidentKind::PictureFrozen, NotePhase::Begins),
                (IncidentKind::PictureFrozen, NotePhase::Ends),
                (IncidentKind::PictureDark, NotePhase::Begins),
                (IncidentKind::PictureDark, NotePhase::Ends),
            ]
        );
    }
}
