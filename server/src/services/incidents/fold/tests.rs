use super::*;
use app::model::IncidentKind;
use media::ErrorCode;
use proptest::prelude::*;

const KEY: StreamKey = StreamKey { camera: CameraId(7), quality: Quality::Main };

fn at(ms: u64) -> Stamp {
    Stamp { mono_us: ms * 1000, utc_ms: 1_795_225_000_000 + i64::try_from(ms).expect("small") }
}

/// A change of state as the policy announces it.
fn change(ms: u64, from: StreamState, to: StreamState, failed: Option<(ErrorCode, &str)>, attempt: u32) -> StreamEvent {
    let reason = failed.map_or_else(|| "Opening the stream.".to_owned(), |(_, reason)| reason.to_owned());
    StreamEvent { key: KEY, at: at(ms), from, to, reason, code: failed.map(|(code, _)| code), attempt, dark_for: None, silent_for: None }
}

const SILENT: Option<(ErrorCode, &str)> =
    Some((ErrorCode::Stalled, "No frames for 7 s: the camera stopped sending although the connection is open."));
const CLOSED: Option<(ErrorCode, &str)> = Some((ErrorCode::Unreachable, "The camera closed the connection. Trying again in 0.4 s."));
const AGAIN: Option<(ErrorCode, &str)> = Some((ErrorCode::Unreachable, "Trying again, attempt 3."));

fn live(fold: &mut Fold) {
    use StreamState::{Connecting, Idle, Live};
    fold.event(&change(0, Idle, Connecting, None, 1));
    fold.event(&change(400, Connecting, Live, None, 1));
}

#[test]
fn a_stream_that_comes_up_leaves_no_trace() {
    let mut fold = Fold::new(1);
    live(&mut fold);
    fold.event(&change(9_000, StreamState::Live, StreamState::Idle, None, 1));
    assert_eq!(fold.take(), []);
}

#[test]
fn a_fault_is_one_incident_with_its_sentence() {
    use StreamState::{Backoff, Connecting, Live, Stalled};
    let mut fold = Fold::new(5);
    live(&mut fold);
    let stalled = StreamEvent { silent_for: Some(Duration::from_secs(7)), ..change(20_000, Live, Stalled, SILENT, 2) };
    fold.event(&stalled);
    fold.event(&change(20_300, Stalled, Connecting, SILENT.map(|(code, _)| (code, "Trying again, attempt 2.")), 2));
    fold.event(&change(20_700, Connecting, Backoff, CLOSED, 3));
    fold.event(&change(21_900, Backoff, Connecting, AGAIN, 3));
    fold.event(&change(22_400, Connecting, Live, CLOSED, 3));
    let out = fold.take();
    let moments: Vec<_> = out.iter().map(|(moment, entry)| (*moment, entry.id)).collect();
    let expected = [Moment::Opened, Moment::Changed, Moment::Changed, Moment::Changed, Moment::Changed, Moment::Closed];
    assert!(moments.iter().all(|(_, id)| *id == 5) && moments.first().map(|(moment, _)| *moment) == Some(Moment::Opened));
    assert_eq!(moments.last().map(|(moment, _)| *moment), expected.last().copied());
    let (_, last) = out.last().expect("an entry");
    assert_eq!(last.summary, "No frames for 7 s; the camera closed the connection; reconnected at the 2nd try; dark for 9.4 s.");
    assert_eq!((last.dark_ms, last.attempts, last.code.as_deref(), last.steps.len()), (Some(9_400), 2, Some("stalled"), 5));
    assert_eq!((last.started_ms, last.ended_ms), (at(13_000).utc_ms, Some(at(22_400).utc_ms)));
    assert_eq!(last.steps.iter().map(|step| step.after_ms).collect::<Vec<_>>(), [7_000, 7_300, 7_700, 8_900, 9_400]);
}

#[test]
fn a_camera_that_was_never_there_counts_every_try() {
    use StreamState::{Backoff, CircuitOpen, Connecting, Idle, Live};
    let mut fold = Fold::new(1);
    fold.event(&change(0, Idle, Connecting, None, 1));
    let refused =
        Some((ErrorCode::Refused, "192.168.1.9 is there, but nothing listens on port 554. Check the port. Trying again in 0.3 s."));
    fold.event(&StreamEvent { dark_for: Some(Duration::from_millis(100)), ..change(100, Connecting, Backoff, refused, 2) });
    fold.event(&change(60_000, Backoff, CircuitOpen, refused, 9));
    fold.event(&change(200_100, CircuitOpen, Live, refused, 12));
    let (moment, last) = fold.take().pop().expect("an entry");
    assert_eq!(moment, Moment::Closed);
    assert_eq!(last.summary, "192.168.1.9 is there, but nothing listens on port 554; connected at the 12th try; dark for 3 min 20 s.");
    assert_eq!(last.attempts, 12);
}

#[test]
fn what_a_person_does_is_no_outage() {
    use StreamState::{Connecting, Live};
    let mut fold = Fold::new(1);
    live(&mut fold);
    let restart = StreamEvent { reason: "Restarted on request.".into(), ..change(5_000, Live, Connecting, None, 1) };
    fold.event(&restart);
    fold.event(&change(5_600, Connecting, Live, None, 1));
    let out = fold.take();
    assert!(out.iter().all(|(_, entry)| entry.kind == IncidentKind::Restart));
    assert_eq!(out.last().map(|(_, entry)| entry.summary.as_str()), Some("Restarted on request; dark for 0.6 s."));
    // Unless it leads to one.
    fold.event(&StreamEvent { at: at(9_000), ..restart });
    fold.event(&change(9_500, Connecting, StreamState::Backoff, CLOSED, 2));
    let (_, entry) = fold.take().pop().expect("an entry");
    assert_eq!((entry.kind, entry.code.as_deref()), (IncidentKind::Outage, Some("unreachable")));
}

#[test]
fn notes_join_what_is_open_and_stand_alone_otherwise() {
    use StreamState::{Backoff, Live};
    let mut fold = Fold::new(1);
    live(&mut fold);
    let note = |ms, kind, text: &str| Note { at: at(ms), ..Note::new(CameraId(7), kind, text) };
    fold.note(note(1_000, IncidentKind::RecoveryStep, "The camera's clock was set."));
    let (moment, alone) = fold.take().pop().expect("an entry");
    assert_eq!((moment, alone.ended_ms, alone.dark_ms), (Moment::Closed, Some(alone.started_ms), None));
    assert_eq!((alone.quality, alone.summary.as_str(), alone.steps.len()), (None, "The camera's clock was set.", 0));
    fold.event(&change(2_000, Live, Backoff, CLOSED, 2));
    fold.note(note(3_000, IncidentKind::RecoveryStep, "The camera was restarted."));
    fold.note(Note { camera: Some(CameraId(8)), ..note(3_000, IncidentKind::RecoveryStep, "Another camera.") });
    fold.event(&change(40_000, Backoff, Live, CLOSED, 2));
    let (_, closed) = fold.take().pop().expect("an entry");
    assert_eq!(closed.summary, "The camera closed the connection; the camera was restarted; reconnected at the 1st try; dark for 38 s.");
    assert_eq!(closed.steps.len(), 3);
}

#[test]
fn what_was_not_done_is_a_step_and_no_part_of_the_sentence() {
    use StreamState::{Backoff, Live};
    let mut fold = Fold::new(1);
    live(&mut fold);
    fold.event(&change(2_000, Live, Backoff, CLOSED, 2));
    let note =
        Note::new(CameraId(7), IncidentKind::RecoveryStep, "Dry run: after 15 s in the dark Nightjar would alert people now.").aside();
    fold.note(Note { at: at(17_000), ..note });
    let (_, entry) = fold.take().pop().expect("an entry");
    assert_eq!(entry.summary, "The camera closed the connection; not back yet.");
    assert_eq!(entry.steps.len(), 2);
}

#[test]
fn a_refused_password_is_told_once() {
    use StreamState::{AuthBlocked, Backoff, Connecting, Live};
    const REFUSED: Option<(ErrorCode, &str)> = Some((ErrorCode::AuthFailed, "The camera refused the user name or password. Check both."));
    const TWICE: Option<(ErrorCode, &str)> =
        Some((ErrorCode::AuthBlocked, "The camera refused the user name or password twice. Correct the credentials."));
    let mut fold = Fold::new(1);
    live(&mut fold);
    fold.event(&change(2_000, Live, Backoff, CLOSED, 2));
    fold.event(&change(3_000, Connecting, Backoff, REFUSED, 3));
    fold.event(&change(4_000, Connecting, AuthBlocked, TWICE, 4));
    let (_, entry) = fold.take().pop().expect("an entry");
    assert_eq!(entry.summary, "The camera closed the connection; the camera refused the user name or password twice; not back yet.");
    // How the loss began stays, also where what followed says more of the same.
    const OPENING: Option<(ErrorCode, &str)> =
        Some((ErrorCode::Unreachable, "The camera closed the connection while the stream was being opened."));
    fold.event(&change(5_000, Connecting, Backoff, OPENING, 4));
    let (_, entry) = fold.take().pop().expect("an entry");
    assert!(entry.summary.starts_with("The camera closed the connection; the camera refused"), "{}", entry.summary);
}

#[test]
fn a_picture_that_stands_still_is_never_called_dark() {
    use StreamState::{Backoff, Idle, Live};
    let frozen = |ms| {
        let text = "The camera sends the same picture again and again. It may have hung.";
        Note { at: at(ms), ..Note::new(CameraId(7), IncidentKind::PictureFrozen, text).stream(Quality::Main) }
    };
    let mut fold = Fold::new(1);
    live(&mut fold);
    fold.note(frozen(10_000).begins());
    assert_eq!(fold.take().pop().expect("an entry").1.summary, "The camera sends the same picture again and again; not over yet.");
    fold.event(&change(50_000, Live, Idle, None, 1));
    let (_, left) = fold.take().pop().expect("an entry");
    assert_eq!(left.summary, "The camera sends the same picture again and again; not over when the last viewer left; lasted 40 s.");

    // It froze for an hour, then started anew: dark were the last ten seconds only.
    live(&mut fold);
    fold.note(frozen(100_000).begins());
    fold.event(&change(3_700_000, Live, Backoff, CLOSED, 2));
    assert!(fold.take().pop().expect("an entry").1.summary.ends_with("; not back yet."));
    fold.note(frozen(3_701_000).ends());
    fold.event(&change(3_710_000, Backoff, Live, CLOSED, 2));
    let (moment, back) = fold.take().pop().expect("an entry");
    assert_eq!((moment, back.dark_ms), (Moment::Closed, Some(3_610_000)));
    assert!(back.summary.ends_with("; the camera closed the connection; reconnected at the 1st try; dark for 10 s."), "{}", back.summary);
}

#[test]
fn a_picture_that_stands_still_is_one_incident_also_when_the_stream_is_restarted_for_it() {
    use StreamState::{Connecting, Live};
    let mut fold = Fold::new(1);
    live(&mut fold);
    let note = |ms, text: &str| Note { at: at(ms), ..Note::new(CameraId(7), IncidentKind::PictureFrozen, text).stream(Quality::Main) };
    fold.note(note(10_000, "The picture has not moved for 60 s.").begins());
    fold.event(&change(11_000, Live, Connecting, None, 1));
    fold.event(&change(12_000, Connecting, Live, None, 1));
    fold.note(note(190_000, "The picture moves again.").ends());
    fold.note(note(191_000, "The picture moves again.").ends());
    let out = fold.take();
    assert!(out.iter().all(|(_, entry)| entry.id == 1 && entry.kind == IncidentKind::PictureFrozen));
    let (moment, last) = out.last().expect("an entry");
    assert_eq!((*moment, last.summary.as_str()), (Moment::Closed, "The picture has not moved for 60 s; over after 3 min."));
}

#[test]
fn what_ends_is_closed_and_what_was_missed_is_made_up_for() {
    use StreamState::{Backoff, Live};
    let mut fold = Fold::new(1);
    live(&mut fold);
    fold.event(&change(2_000, Live, Backoff, CLOSED, 2));
    let status = StreamStatus { state: Live, ..StreamStatus::idle(Quality::Main, 0) };
    fold.resync(&[(KEY, status)], at(5_000));
    assert_eq!(fold.take().pop().map(|(moment, _)| moment), Some(Moment::Closed));
    fold.event(&change(6_000, Live, Backoff, CLOSED, 2));
    fold.retain(&BTreeSet::new(), at(7_000));
    let (moment, gone) = fold.take().pop().expect("an entry");
    assert_eq!(
        (moment, gone.summary.as_str()),
        (Moment::Closed, "The camera closed the connection; not back when it was removed; dark for 1.0 s.")
    );
    fold.event(&change(8_000, Live, Backoff, CLOSED, 2));
    fold.stop(at(9_000));
    assert!(fold.take().pop().is_some_and(|(moment, entry)| moment == Moment::Closed && entry.summary.contains("Nightjar was stopped")));
}

#[test]
fn sleep_is_no_fault() {
    use StreamState::{Backoff, Connecting, Live};
    let mut fold = Fold::new(1);
    live(&mut fold);
    fold.event(&change(5_000, Live, Backoff, None, 1));
    fold.event(&change(90_000, Backoff, Live, None, 1));
    assert_eq!(fold.take(), []);
    fold.event(&change(100_000, Live, Connecting, CLOSED, 2));
    fold.event(&change(101_000, Connecting, Backoff, None, 2));
    let (moment, entry) = fold.take().pop().expect("an entry");
    assert_eq!((moment, entry.summary.contains("went to sleep")), (Moment::Closed, true));
}

/// One input: which of three streams, what, how long after the one before, and how far the clock of the wall is set.
type Input = (u8, u8, u32, i64, u32);

fn feed(fold: &mut Fold, now: &mut Stamp, (stream, what, later_ms, step_ms, attempt): Input) {
    *now = now.plus(Duration::from_millis(later_ms.into()));
    now.utc_ms += step_ms;
    let key = StreamKey::new(CameraId(i64::from(stream % 2)), if stream < 2 { Quality::Main } else { Quality::Sub });
    let kind = if attempt % 2 == 0 { IncidentKind::PictureFrozen } else { IncidentKind::PictureDark };
    let note = Note { at: *now, ..Note::new(key.camera, kind, "Something.").stream(key.quality) };
    match what {
        0..=7 => {
            let code = (attempt > 1).then_some(ErrorCode::Timeout);
            let to = StreamState::ALL[usize::from(what)];
            let silent_for = Some(Duration::from_millis(u64::from(later_ms) * 3));
            let from = StreamState::ALL[usize::try_from(attempt % 8).expect("small")];
            fold.event(&StreamEvent {
                key,
                at: *now,
                from,
                to,
                reason: format!("Reason {attempt}."),
                code,
                attempt,
                dark_for: None,
                silent_for,
            });
        }
        8 => fold.note(note.begins()),
        9 => fold.note(note.ends()),
        10 => fold.note(note),
        11 => fold.note(Note { quality: None, ..note }),
        12 => fold.retain(&[key].into(), *now),
        _ => fold.refresh(*now),
    }
}

proptest! {
    #[test]
    fn at_most_one_is_open_per_place_and_every_opening_has_its_close(
        inputs in proptest::collection::vec((0_u8..4, 0_u8..14, 0_u32..60_000, -100_000_i64..100_000, 0_u32..12), 1..200),
    ) {
        let (mut fold, mut now) = (Fold::new(100), at(0));
        let mut open: HashMap<(Option<i64>, Option<app::model::Quality>), Entry> = HashMap::new();
        let mut seen = BTreeSet::new();
        for input in inputs {
            feed(&mut fold, &mut now, input);
            for (moment, entry) in fold.take() {
                let place = (entry.camera, entry.quality);
                let known = open.get(&place).map(|known| known.id);
                match moment {
                    Moment::Opened => {
                        prop_assert_eq!(known, None);
                        prop_assert!(seen.insert(entry.id), "an id is given once");
                    }
                    Moment::Changed => prop_assert_eq!(known, Some(entry.id)),
                    // A remark closes without having been open.
                    Moment::Closed if entry.dark_ms.is_none() => {
                        prop_assert!(seen.insert(entry.id));
                        continue;
                    }
                    Moment::Closed => prop_assert_eq!(known, Some(entry.id)),
                }
                prop_assert!(entry.steps.len() <= 20 && !entry.summary.is_empty());
                prop_assert!(entry.ended_ms.is_none_or(|ended| ended >= entry.started_ms));
                prop_assert_eq!(entry.ended_ms.is_some(), moment == Moment::Closed);
                prop_assert!(entry.dark_ms.is_some_and(|dark| dark <= 200 * 60_000 * 4), "{:?}", entry.dark_ms);
                if let Some(before) = open.get(&place) {
                    prop_assert!(entry.dark_ms >= before.dark_ms, "it only gets longer");
                }
                if moment == Moment::Closed { open.remove(&place); } else { open.insert(place, entry); }
            }
        }
        fold.stop(now);
        for (moment, entry) in fold.take() {
            prop_assert_eq!(moment, Moment::Closed);
            prop_assert!(open.remove(&(entry.camera, entry.quality)).is_some());
        }
        prop_assert!(open.is_empty());
    }
}
