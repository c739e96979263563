//! How long it waits between attempts.

use super::*;

#[test]
fn waits_double_up_to_thirty_seconds_then_the_circuit_opens_and_never_gives_up() {
    let mut stream = Harness::wanted();
    let waits = waits(&mut stream, ErrorCode::Refused, 12);
    assert_eq!(waits[..7], [500, 1000, 2000, 4000, 8000, 16_000, 30_000]);
    assert_eq!(waits[7..], [60_000; 5]);
    assert_eq!(stream.state(), StreamState::CircuitOpen);
    let opened = stream.states().iter().filter(|state| **state == StreamState::CircuitOpen).count();
    assert_eq!(opened, 1, "half-open attempts do not fill the incident log");
    stream.connect();
    stream.frame(true);
    let last = stream.transitions.last().expect("a transition");
    assert_eq!((last.to, last.attempt), (StreamState::Live, 13));
    assert!(last.dark_for.is_some_and(|dark| dark > 60 * SECOND));
}

#[test]
fn a_stream_that_has_worked_is_asked_quickly_for_half_a_minute_then_ever_less() {
    for code in [ErrorCode::SessionLimit, ErrorCode::NotFound, ErrorCode::UnsupportedTransport, ErrorCode::Protocol] {
        let mut stream = Harness::live();
        let waits = waits(&mut stream, code, 30);
        assert_eq!(waits[..2], [500, 1000]);
        assert_eq!(waits[2..20], [1500; 18], "{code}");
        assert_eq!(waits[20..27], [2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000], "{code}");
        assert_eq!((&waits[27..], stream.state()), (&[60_000; 3][..], StreamState::CircuitOpen), "{code}");
    }
}

#[test]
fn a_session_without_pictures_is_its_own_pace_and_is_opened_again_at_once() {
    let mut stream = Harness::live();
    let most = waits(&mut stream, ErrorCode::Stalled, 60);
    assert!(most.iter().all(|wait| *wait <= 1500), "{most:?}");
    assert_eq!(stream.state(), StreamState::CircuitOpen, "people are told once, not every ten seconds");
}

#[test]
fn quick_attempts_are_earned_by_being_live() {
    let mut stream = Harness::live();
    // Live for ten seconds between any two failures: three quick attempts earned for one spent.
    for _ in 0..60 {
        for _ in 0..10 {
            stream.pass(SECOND);
            stream.frame(true);
        }
        assert!(waits(&mut stream, ErrorCode::Protocol, 1)[0] <= 1500);
        stream.connect();
        stream.frame(true);
    }
    // Live for a moment only: it is asked less and less often.
    let mut longest = 0;
    for _ in 0..40 {
        longest = longest.max(waits(&mut stream, ErrorCode::Protocol, 1)[0]);
        stream.connect();
        stream.frame(true);
    }
    assert_eq!(longest, 30_000);
}

/// With one for three seconds, a camera with a fault every ten seconds was asked at the pace of one that is gone after two minutes.
#[test]
fn some_seconds_live_earn_half_of_the_quick_attempts() {
    let mut stream = Harness::live();
    for _ in 0..30 {
        for _ in 0..4 {
            stream.pass(SECOND);
            stream.frame(true);
        }
        assert!(waits(&mut stream, ErrorCode::Protocol, 8).iter().all(|wait| *wait <= 1500));
        stream.connect();
        stream.frame(true);
    }
}

/// A camera that refused for five seconds was asked twelve times, and the thirteenth was four seconds later.
#[test]
fn short_waits_do_not_use_the_quick_attempts_up() {
    let mut stream = Harness::with(PolicySettings::default(), Box::new(|_| MS));
    stream.input(Input::Wanted(true));
    stream.connect();
    stream.frame(true);
    for _ in 0..30 {
        for _ in 0..4 {
            stream.pass(SECOND);
            stream.frame(true);
        }
        let (mut waited, mut asked) = (0, 0);
        while waited < 5000 {
            let wait = waits(&mut stream, ErrorCode::UnsupportedTransport, 1)[0];
            (waited, asked) = (waited + wait, asked + 1);
            assert!(wait <= 1500 && asked <= 10, "{wait} ms before attempt {asked}");
        }
        stream.connect();
        stream.frame(true);
    }
}

#[test]
fn backoff_starts_over_only_after_a_healthy_minute() {
    let mut stream = Harness::live();
    let wait = |stream: &mut Harness| {
        stream.fail(ErrorCode::Protocol);
        stream.closed();
        let due = stream.policy.next_try().expect("due").since(stream.now);
        stream.pass(due);
        stream.connect();
        stream.frame(true);
        due
    };
    assert_eq!(wait(&mut stream), 500 * MS);
    assert_eq!(wait(&mut stream), 1000 * MS, "a camera that flaps is asked less often");
    for _ in 0..60 {
        stream.pass(SECOND);
        stream.frame(true);
    }
    assert_eq!(wait(&mut stream), 500 * MS);
}

#[test]
fn what_a_person_must_mend_is_tried_slowly_unless_it_has_worked() {
    let mut new = Harness::wanted();
    new.fail(ErrorCode::NotFound);
    assert_eq!(new.policy.next_try().expect("due").since(new.now), 60 * SECOND);

    let mut booting = Harness::live();
    booting.fail(ErrorCode::Protocol);
    booting.closed();
    booting.pass(500 * MS);
    booting.fail(ErrorCode::NotFound);
    assert_eq!(booting.policy.next_try().expect("due").since(booting.now), SECOND, "a booting camera answers 404 for a while");
}
