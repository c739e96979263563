//! Recordings as they are shown: grouped by day, their lengths and times as words. Pure.

use crate::model::{Recording, RecordingGap};
use crate::text::recordings as words;
use crate::view::history::LocalTime;
use crate::view::time::parse_rfc3339;

/// `0:12`, `14:05`, `1:02:03`: a length as players show it.
pub fn length(milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) / 1_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// How long a recording is: what there is to watch, or while it runs the time since its start. None: nothing, or it is not known yet.
/// `now`: the server's time in milliseconds since 1970.
pub fn lasts(recording: &Recording, now: Option<i64>) -> Option<String> {
    let lasts = if recording.runs() {
        (now? - parse_rfc3339(&recording.start)?).max(0)
    } else {
        i64::try_from(recording.duration_ms).ok().filter(|lasts| *lasts > 0)?
    };
    Some(length(lasts))
}

/// What a recording is called: its title, or its camera.
pub fn name(recording: &Recording) -> String {
    if recording.title.is_empty() { camera(recording) } else { recording.title.clone() }
}

/// Its camera, with a word if that was removed.
pub fn camera(recording: &Recording) -> String {
    if recording.camera_gone { words::gone_camera(&recording.camera_name) } else { recording.camera_name.clone() }
}

/// `21:30:12 – 21:31:12`; the end with its day if that is another one; `21:30:12 – now` while it runs.
pub fn span(start: &LocalTime, end: Option<&LocalTime>, now: &LocalTime) -> String {
    let from = start.clock();
    match end {
        None => format!("{from} – {}", words::NOW),
        Some(end) if end.same_day(start) => format!("{from} – {}", end.clock()),
        Some(end) => format!("{from} – {}, {}", day(end, now), end.clock()),
    }
}

/// `Today`, `Yesterday`, `Fri 20 Nov`, `20 Nov 2025`.
pub fn day(at: &LocalTime, now: &LocalTime) -> String {
    match now.days() - at.days() {
        0 => words::TODAY.to_owned(),
        1 => words::YESTERDAY.to_owned(),
        _ => at.date(now),
    }
}

/// The recordings of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// When the first one in the list began.
    pub at: LocalTime,
    pub recordings: Vec<Recording>,
}

/// Neighbours in the list that began on the same day, together. `local`: a moment (milliseconds since 1970) on the viewer's clock.
pub fn days(recordings: Vec<Recording>, local: impl Fn(i64) -> LocalTime) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for recording in recordings {
        let at = parse_rfc3339(&recording.start).map(&local).unwrap_or_default();
        // Not only the newest one: they come in the order in which they were asked for, and the first picture may be later.
        match days.iter_mut().find(|day| day.at.same_day(&at)) {
            Some(day) => day.recordings.push(recording),
            None => days.push(Day { at, recordings: vec![recording] }),
        }
    }
    days
}

/// Milliseconds without a picture inside a recording.
pub fn dark_ms(id: i64, gaps: &[RecordingGap]) -> i64 {
    let of = gaps.iter().filter(|gap| gap.recording_id == id);
    of.filter_map(|gap| Some((parse_rfc3339(&gap.end)? - parse_rfc3339(&gap.start)?).max(0))).sum()
}

/// A list after its beginning was asked for anew: what the answer says, and behind it what was there already. `more`: the answer is not
/// the end of the list.
pub fn renewed(known: &[Recording], newest: Vec<Recording>, more: bool) -> Vec<Recording> {
    let behind = newest.last().filter(|_| more).and_then(|last| known.iter().position(|other| other.id == last.id));
    let behind = behind.and_then(|place| known.get(place + 1..)).unwrap_or_default();
    newest.into_iter().chain(behind.iter().cloned()).collect()
}

/// Where the page of one is.
pub fn address(id: i64) -> String {
    format!("/recordings/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CameraAction, Quality, RecordingEnd, RecordingKind};

    fn recording(id: i64, start: &str) -> Recording {
        Recording {
            id,
            camera_id: 3,
            camera_name: "Gate".into(),
            camera_gone: false,
            quality: Quality::Main,
            kind: RecordingKind::Manual,
            title: String::new(),
            start: start.into(),
            end: Some(start.into()),
            ends_at: None,
            bytes: 1_000,
            duration_ms: 61_400,
            ended_by: Some(RecordingEnd::Stopped),
            recorded_by: "Ann".into(),
            has_poster: true,
            actions: vec![CameraAction::Playback],
        }
    }

    /// On a clock that shows UTC.
    fn utc(ms: i64) -> LocalTime {
        let seconds = u32::try_from(ms.div_euclid(1_000).rem_euclid(86_400)).unwrap_or(0);
        // Enough for two days around the one that the tests are about.
        let day = u32::try_from(ms.div_euclid(86_400_000) - 20_777).unwrap_or(0);
        LocalTime { year: 2026, month: 10, day, weekday: 0, hour: seconds / 3_600, minute: seconds / 60 % 60, second: seconds % 60 }
    }

    #[test]
    fn lengths_are_those_of_players() {
        assert_eq!(length(-5), "0:00");
        assert_eq!(length(12_900), "0:12");
        assert_eq!(length(845_000), "14:05");
        assert_eq!(length(3_723_000), "1:02:03");
    }

    #[test]
    fn what_runs_grows_and_what_is_empty_has_no_length() {
        let mut one = recording(1, "2026-11-21T21:30:00Z");
        assert_eq!(lasts(&one, None).as_deref(), Some("1:01"));
        one.duration_ms = 0;
        assert_eq!(lasts(&one, None), None);
        one.ended_by = None;
        assert_eq!(lasts(&one, None), None);
        let now = parse_rfc3339("2026-11-21T21:30:07.5Z");
        assert_eq!(lasts(&one, now).as_deref(), Some("0:07"));
        let before = parse_rfc3339("2026-11-21T21:29:59Z");
        assert_eq!(lasts(&one, before).as_deref(), Some("0:00"), "a clock that is behind");
    }

    #[test]
    fn a_recording_is_called_by_its_title_or_its_camera() {
        let mut one = recording(1, "2026-11-21T21:30:00Z");
        assert_eq!(name(&one), "Gate");
        one.camera_gone = true;
        assert_eq!(name(&one), "Gate (removed)");
        one.title = "Parcel".into();
        assert_eq!(name(&one), "Parcel");
    }

    #[test]
    fn days_have_names() {
        let now = LocalTime { year: 2026, month: 2, day: 1, weekday: 0, hour: 0, minute: 5, second: 0 };
        let at = |year, month, day, weekday| LocalTime { year, month, day, weekday, hour: 23, minute: 59, second: 58 };
        assert_eq!(day(&at(2026, 2, 1, 0), &now), "Today");
        assert_eq!(day(&at(2026, 1, 28, 6), &now), "Yesterday");
        assert_eq!(day(&at(2026, 1, 27, 5), &now), "Fri 27 Feb");
        assert_eq!(day(&at(2025, 1, 28, 5), &now), "28 Feb 2025");
    }

    #[test]
    fn times_are_from_until() {
        let at = |day, hour| LocalTime { year: 2026, month: 10, day, weekday: 6, hour, minute: 30, second: 12 };
        let now = at(21, 22);
        assert_eq!(span(&at(21, 20), None, &now), "20:30:12 – now");
        assert_eq!(span(&at(21, 20), Some(&at(21, 21)), &now), "20:30:12 – 21:30:12");
        assert_eq!(span(&at(20, 23), Some(&at(21, 0)), &now), "23:30:12 – Today, 00:30:12");
    }

    #[test]
    fn a_list_falls_into_days() {
        let list = vec![recording(3, "2026-11-21T00:10:00Z"), recording(2, "2026-11-20T23:50:00Z"), recording(1, "2026-11-20T08:00:00Z")];
        let found: Vec<Vec<i64>> = days(list, utc).iter().map(|day| day.recordings.iter().map(|one| one.id).collect()).collect();
        assert_eq!(found, [vec![3], vec![2, 1]]);
        let late = vec![recording(3, "2026-11-21T00:30:00Z"), recording(2, "2026-11-20T23:59:00Z"), recording(1, "2026-11-21T00:20:00Z")];
        let found: Vec<Vec<i64>> = days(late, utc).iter().map(|day| day.recordings.iter().map(|one| one.id).collect()).collect();
        assert_eq!(found, [vec![3, 1], vec![2]]);
        assert!(days(Vec::new(), utc).is_empty());
    }

    #[test]
    fn gaps_are_added_up_for_their_recording() {
        let gap = |recording_id, start: &str, end: &str| RecordingGap {
            recording_id,
            camera_id: 3,
            quality: Quality::Main,
            start: start.into(),
            end: end.into(),
        };
        let gaps = [
            gap(1, "2026-11-21T21:30:00Z", "2026-11-21T21:30:05Z"),
            gap(2, "2026-11-21T21:30:00Z", "2026-11-21T21:40:05Z"),
            gap(1, "2026-11-21T21:31:00Z", "2026-11-21T21:31:02.5Z"),
        ];
        assert_eq!(dark_ms(1, &gaps), 7_500);
        assert_eq!(dark_ms(3, &gaps), 0);
    }

    #[test]
    fn a_renewed_list_keeps_what_was_loaded_behind_it() {
        let at = "2026-11-21T21:30:00Z";
        let list = |ids: &[i64]| ids.iter().map(|id| recording(*id, at)).collect::<Vec<_>>();
        let ids = |list: Vec<Recording>| list.iter().map(|one| one.id).collect::<Vec<_>>();
        let known = list(&[5, 4, 3, 2, 1]);
        assert_eq!(ids(renewed(&known, list(&[6, 5, 4]), true)), [6, 5, 4, 3, 2, 1]);
        assert_eq!(ids(renewed(&known, list(&[5, 3]), true)), [5, 3, 2, 1], "4 was deleted");
        assert_eq!(ids(renewed(&known, list(&[5, 4]), false)), [5, 4], "the others are gone");
        assert_eq!(ids(renewed(&known, list(&[9, 8]), true)), [9, 8], "what is between is not known");
        assert!(renewed(&known, Vec::new(), false).is_empty());
    }
}
