//! Cameras that sleep to save their battery: away or silent is their normal state.

use super::*;

fn sleeper() -> Harness {
    let settings = PolicySettings { sleep_prone: true, ..PolicySettings::default() };
    let mut stream = Harness::with(settings, Box::new(|ceiling| ceiling));
    stream.input(Input::Wanted(true));
    stream
}

fn assert_asleep(stream: &Harness) {
    assert_eq!(stream.state(), StreamState::Backoff);
    assert!(stream.policy.asleep() && stream.policy.failure().is_none());
}

#[test]
fn away_for_a_day_is_one_calm_change_and_never_an_open_circuit() {
    let mut stream = sleeper();
    for _ in 0..1440 {
        stream.fail(ErrorCode::Timeout);
        assert_asleep(&stream);
        let due = stream.policy.next_try().expect("an attempt is always due").since(stream.now);
        assert!(due >= 30 * SECOND && due <= 60 * SECOND, "{due:?}");
        stream.pass(due);
    }
    assert_eq!(stream.states(), [StreamState::Connecting, StreamState::Backoff]);
    let last = stream.transitions.last().expect("a transition");
    assert_eq!((last.code, last.dark_for), (None, None));
    stream.connect();
    stream.frame(true);
    let awake = stream.transitions.last().expect("a transition");
    assert_eq!((awake.to, awake.code, awake.dark_for), (StreamState::Live, None, None));
}

#[test]
fn a_port_that_opens_wakes_the_stream_at_once() {
    let mut stream = sleeper();
    stream.fail(ErrorCode::Unreachable);
    assert!(stream.policy.wants_knock(stream.now).is_some_and(|pause| pause >= 5 * SECOND), "gently");
    stream.input(Input::Knocked(Knocked::Shut));
    stream.input(Input::Knocked(Knocked::Answers));
    stream.pass(500 * MS);
    assert_eq!(stream.upstream, Upstream::Opening);
    stream.connect();
    stream.frame(true);
    assert_eq!(stream.state(), StreamState::Live);
}

#[test]
fn a_port_that_always_answers_is_no_sign_of_waking() {
    let mut stream = sleeper();
    let mut attempts = 0;
    for _ in 0..60 {
        stream.fail(ErrorCode::Unreachable);
        if stream.policy.wants_knock(stream.now).is_some() {
            stream.input(Input::Knocked(Knocked::Answers));
        }
        stream.pass(10 * SECOND);
        attempts = stream.opened;
    }
    assert!(attempts <= 14, "{attempts} attempts in ten minutes");
}

#[test]
fn a_session_that_is_silent_is_kept_for_the_moment_the_camera_wakes() {
    let mut stream = sleeper();
    stream.connect();
    stream.pass(11 * SECOND);
    assert_asleep(&stream);
    stream.pass(200 * SECOND);
    assert_eq!((stream.upstream, stream.opened), (Upstream::Open, 1));
    stream.frame(true);
    assert_eq!((stream.state(), stream.opened), (StreamState::Live, 1));
    // It falls asleep with the session open: a new one waits for it.
    stream.pass(5 * SECOND);
    assert_asleep(&stream);
    assert!(!stream.states().contains(&StreamState::Stalled));
    stream.closed();
    stream.pass(SECOND);
    stream.connect();
    assert_asleep(&stream);
    stream.pass(299 * SECOND);
    assert_eq!(stream.upstream, Upstream::Open);
    stream.pass(SECOND);
    assert_eq!(stream.upstream, Upstream::Closing, "not for ever: the session may be dead");
    stream.closed();
    assert_asleep(&stream);
}

#[test]
fn what_is_wrong_while_it_is_awake_is_told_as_ever() {
    let mut stream = sleeper();
    stream.fail(ErrorCode::NotFound);
    assert_eq!(stream.policy.failure().expect("an error").error.code, ErrorCode::NotFound);
    assert!(!stream.policy.asleep());
    stream.pass(60 * SECOND);
    stream.fail(ErrorCode::AuthFailed);
    stream.pass(60 * SECOND);
    stream.fail(ErrorCode::AuthFailed);
    assert_eq!(stream.state(), StreamState::AuthBlocked);
}

#[test]
fn a_viewers_recover_lets_it_sleep_and_an_operators_restart_does_not() {
    let mut stream = sleeper();
    stream.fail(ErrorCode::Timeout);
    stream.pass(20 * SECOND);
    let answer = stream.recover();
    assert!(!answer.restarted && answer.reason.contains("asleep"), "{}", answer.reason);
    assert!(stream.restart().restarted);
    assert_eq!(stream.upstream, Upstream::Opening);
}

#[test]
fn the_setting_applies_while_the_camera_is_away() {
    let mut stream = Harness::wanted();
    stream.fail(ErrorCode::Timeout);
    assert!(stream.policy.failure().is_some());
    stream.policy.set_settings(PolicySettings { sleep_prone: true, ..PolicySettings::default() });
    stream.input(Input::Enabled(true));
    assert_asleep(&stream);
    stream.policy.set_settings(PolicySettings::default());
    stream.input(Input::Enabled(true));
    assert!(stream.policy.failure().is_some());
}
