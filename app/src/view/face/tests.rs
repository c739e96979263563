use super::*;
use crate::model::{Quality, StreamError};

fn status(state: StreamState, error: Option<(&str, Option<&str>)>) -> StreamStatus {
    StreamStatus {
        state,
        since: "2026-11-21T01:40:00Z".to_owned(),
        error: error.map(|(message, next)| StreamError {
            code: "timeout".to_owned(),
            message: message.to_owned(),
            since: "2026-11-21T01:40:00Z".to_owned(),
            next_try_at: next.map(str::to_owned),
        }),
        ..StreamStatus::idle(Quality::Sub)
    }
}

#[test]
fn only_a_playing_player_on_a_live_stream_is_live() {
    let live = status(StreamState::Live, None);
    assert!(face(true, Some(&live), &Evidence::of(PlayerPhase::Playing)).is_live());
    for phase in
        [PlayerPhase::Off, PlayerPhase::Connecting, PlayerPhase::Stalled, PlayerPhase::NeedsTap, PlayerPhase::Failed(FailReason::Media)]
    {
        assert!(!face(true, Some(&live), &Evidence::of(phase)).is_live(), "{phase:?}");
    }
}

#[test]
fn a_watch_that_has_given_up_says_so_while_the_server_is_heard() {
    let live = status(StreamState::Live, None);
    let given_up = |phase, line_up| face(true, Some(&live), &Evidence { given_up: true, line_up, ..Evidence::of(phase) });
    let sentence = |face: Face| match face.cover {
        Cover::Reason { sentence, .. } => sentence,
        other => panic!("{other:?}"),
    };
    assert_eq!(sentence(given_up(PlayerPhase::Stalled, true)), text::REASON_GIVEN_UP);
    assert_eq!(sentence(given_up(PlayerPhase::Connecting, true)), text::REASON_GIVEN_UP);
    assert_eq!(sentence(given_up(PlayerPhase::Stalled, false)), text::REASON_LINE);
    assert!(given_up(PlayerPhase::Playing, true).is_live(), "pictures prove the contrary");
}

#[test]
fn a_sleeping_camera_is_told_calmly() {
    let asleep = StreamStatus { asleep: true, ..status(StreamState::Backoff, None) };
    let shown = face(true, Some(&asleep), &Evidence::of(PlayerPhase::Connecting));
    assert_eq!((shown.tone, shown.word), (Tone::Off, text::STATE_ASLEEP));
    assert_eq!(shown.cover, Cover::Reason { sentence: text::REASON_ASLEEP.to_owned(), retry_at_ms: None });
}

#[test]
fn a_playing_player_does_not_hide_that_the_camera_has_gone() {
    // A stale picture was shown as live while the player emptied its buffer.
    let gone = status(StreamState::Backoff, Some(("The camera did not answer.", Some("2026-11-21T01:40:04Z"))));
    let shown = face(true, Some(&gone), &Evidence::of(PlayerPhase::Playing));
    assert!(shown.is_dimmed());
    assert_eq!(shown.cover, Cover::Reason { sentence: "The camera did not answer.".to_owned(), retry_at_ms: Some(1_795_225_204_000) });
}

#[test]
fn a_new_attempt_keeps_the_reason() {
    let again = status(StreamState::Connecting, Some(("The camera did not answer.", None)));
    let shown = face(true, Some(&again), &Evidence::of(PlayerPhase::Waiting(FailReason::NoStream)));
    assert!(shown.is_dimmed());
    assert_eq!(shown.word, text::STATE_CONNECTING);
    let first = status(StreamState::Connecting, None);
    assert_eq!(face(true, Some(&first), &Evidence::of(PlayerPhase::Waiting(FailReason::NoStream))).cover, Cover::Starting);
}

#[test]
fn a_camera_turned_off_says_so_whatever_else_is_known() {
    let live = status(StreamState::Live, None);
    let shown = face(false, Some(&live), &Evidence::of(PlayerPhase::Playing));
    assert_eq!((shown.tone, shown.word), (Tone::Off, text::STATE_OFF));
}

#[test]
fn every_trouble_has_a_sentence() {
    for state in [StreamState::Stalled, StreamState::Backoff, StreamState::AuthBlocked, StreamState::CircuitOpen, StreamState::Disabled] {
        let shown = face(true, Some(&status(state, None)), &Evidence::of(PlayerPhase::Off));
        let Cover::Reason { sentence, .. } = shown.cover else { panic!("{state:?} shows no reason") };
        assert!(!sentence.is_empty());
    }
}

#[test]
fn online_is_what_the_server_sees() {
    let live = status(StreamState::Live, None);
    assert!(is_online(true, Some(&live)));
    assert!(!is_online(false, Some(&live)));
    assert!(!is_online(true, Some(&status(StreamState::Stalled, None))));
    assert!(!is_online(true, None));
}

#[test]
fn live_needs_pictures_that_are_presented_now() {
    let live = status(StreamState::Live, None);
    let playing = Evidence::of(PlayerPhase::Playing);
    assert!(face(true, Some(&live), &playing).is_live());
    // The player believes that it plays, but no picture has come for too long.
    let shown = face(true, Some(&live), &Evidence { overdue: true, ..playing });
    assert!(!shown.is_live() && shown.is_dimmed(), "{shown:?}");
    // Every other phase leaves an old picture behind, and that picture is marked as old.
    for phase in [
        PlayerPhase::Off,
        PlayerPhase::Connecting,
        PlayerPhase::Stalled,
        PlayerPhase::NeedsTap,
        PlayerPhase::Waiting(FailReason::NoStream),
        PlayerPhase::Waiting(FailReason::Unreachable),
        PlayerPhase::Failed(FailReason::Media),
    ] {
        let shown = face(true, Some(&live), &Evidence::of(phase));
        assert!(!shown.is_live() && (shown.is_dimmed() || shown.is_old()), "{phase:?}: {shown:?}");
    }
}

#[test]
fn a_standstill_names_the_line_if_that_is_cut() {
    let live = status(StreamState::Live, None);
    let still = Evidence::of(PlayerPhase::Stalled);
    let sentence = |evidence: &Evidence| match face(true, Some(&live), evidence).cover {
        Cover::Reason { sentence, .. } => sentence,
        other => panic!("{other:?}"),
    };
    assert_eq!(sentence(&still), text::REASON_NO_FRAMES);
    assert_eq!(sentence(&Evidence { line_up: false, ..still }), text::REASON_LINE);
}

#[test]
fn without_a_line_to_the_server_pictures_say_more_than_an_old_status() {
    let gone = status(StreamState::Backoff, Some(("The camera did not answer.", None)));
    let cut = Evidence { line_up: false, ..Evidence::of(PlayerPhase::Playing) };
    assert!(face(true, Some(&gone), &cut).is_live());
    assert!(face(true, Some(&gone), &Evidence { overdue: true, ..cut }).is_dimmed());
}

#[test]
fn a_picture_that_moves_seconds_late_is_not_live() {
    let live = status(StreamState::Live, None);
    let late = Evidence { latency_ms: Some(40_000.0), ..Evidence::of(PlayerPhase::Playing) };
    let shown = face(true, Some(&live), &late);
    assert_eq!((shown.is_live(), shown.is_dimmed(), shown.word), (false, false, text::STATE_DELAYED));
}
