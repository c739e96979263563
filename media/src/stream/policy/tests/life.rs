//! The first consumer, the last one, and what a live session may do.

use super::*;

#[test]
fn the_first_consumer_opens_and_the_first_key_frame_is_live() {
    let mut stream = Harness::new();
    assert_eq!((stream.state(), stream.opened), (StreamState::Idle, 0));
    stream.input(Input::Wanted(true));
    stream.connect();
    stream.frame(false);
    assert_eq!(stream.state(), StreamState::Connecting, "frames that nobody can decode are not live");
    stream.frame(true);
    assert_eq!(stream.states(), [StreamState::Connecting, StreamState::Live]);
    assert!(stream.policy.failure().is_none());
}

#[test]
fn the_session_is_kept_for_ten_seconds_after_the_last_consumer() {
    let mut stream = Harness::live();
    stream.input(Input::Wanted(false));
    for _ in 0..9 {
        stream.pass(SECOND);
        stream.frame(false);
    }
    assert_eq!(stream.state(), StreamState::Live);
    stream.input(Input::Wanted(true));
    for _ in 0..20 {
        stream.pass(SECOND);
        stream.frame(false);
    }
    assert_eq!((stream.state(), stream.opened), (StreamState::Live, 1), "who comes back in time gets the same session");
    stream.input(Input::Wanted(false));
    for _ in 0..10 {
        stream.pass(SECOND);
        stream.frame(false);
    }
    assert_eq!((stream.state(), stream.upstream), (StreamState::Idle, Upstream::Closing));
    stream.closed();
    stream.pass(600 * SECOND);
    assert_eq!(stream.opened, 1);
}

#[test]
fn a_silent_live_session_is_given_up_so_early_that_viewers_hear_of_it_within_five_seconds() {
    let mut stream = Harness::live();
    stream.pass(4799 * MS);
    assert_eq!(stream.state(), StreamState::Live);
    stream.pass(MS);
    assert_eq!((stream.state(), stream.upstream), (StreamState::Stalled, Upstream::Closing));
    assert_eq!(stream.policy.failure().expect("a failure").error.code, ErrorCode::Stalled);
    stream.closed();
    assert_eq!(stream.state(), StreamState::Backoff);
    stream.pass(500 * MS);
    stream.connect();
    stream.frame(true);
    use StreamState::*;
    assert_eq!(stream.states(), [Connecting, Live, Stalled, Backoff, Connecting, Live]);
    assert_eq!(stream.transitions.last().and_then(|live| live.dark_for), Some(500 * MS));
}

#[test]
fn pictures_that_trickle_in_end_a_session_within_five_seconds() {
    // A hundredth of what is needed: one picture every four seconds.
    let mut stream = Harness::live();
    stream.pass(4000 * MS);
    stream.late_frame(false, Some((3960 * MS, stream.now)));
    stream.pass(499 * MS);
    assert_eq!(stream.state(), StreamState::Live);
    stream.pass(MS);
    assert_eq!(stream.state(), StreamState::Stalled, "4.5 s after the trickle began");
    let message = &stream.policy.failure().expect("a failure").error.message;
    assert!(message.contains("come too slowly: the newest is 4.5 s old"), "{message}");
    // The first of them comes just before the limit, which is the limit all the same.
    let mut stream = Harness::live();
    stream.pass(4700 * MS);
    stream.late_frame(false, Some((4660 * MS, stream.now)));
    stream.pass(60 * MS);
    // A little less late than that one: a picture of fewer bytes.
    stream.late_frame(false, Some((4640 * MS, stream.now)));
    stream.pass(39 * MS);
    assert_eq!(stream.state(), StreamState::Live);
    stream.pass(MS);
    assert_eq!(stream.state(), StreamState::Stalled, "4.8 s after the trickle began");
    // A tenth: many small ones.
    let mut stream = Harness::live();
    let mut since = None;
    let mut passed = Duration::ZERO;
    while stream.state() == StreamState::Live {
        stream.pass(400 * MS);
        passed += 400 * MS;
        let late = passed * 9 / 10;
        let begun = *since.get_or_insert(stream.now);
        stream.late_frame(false, (late > SECOND).then_some((late, begun)));
        assert!(passed < 6 * SECOND);
    }
    assert!(passed >= 4300 * MS);
}

#[test]
fn a_backlog_that_comes_in_after_a_hiccup_keeps_the_session() {
    let mut stream = Harness::live();
    stream.pass(4700 * MS);
    // Each frame of the burst is less late than the one before it.
    for late in (0..47).rev() {
        stream.late_frame(false, Some((late * 100 * MS, stream.now)));
        stream.pass(20 * MS);
    }
    stream.frame(false);
    stream.pass(4200 * MS);
    assert_eq!((stream.state(), stream.opened), (StreamState::Live, 1));
    // As late as can be, and then nothing more: given up after a moment, not at once.
    stream.late_frame(false, Some((20 * SECOND, stream.now)));
    stream.pass(499 * MS);
    assert_eq!(stream.state(), StreamState::Live);
    stream.pass(MS);
    assert_eq!(stream.state(), StreamState::Stalled);
}

#[test]
fn a_viewer_that_sees_old_pictures_is_believed() {
    let mut stream = Harness::live();
    stream.late_frame(false, Some((1500 * MS, stream.now)));
    assert!(!stream.recover().restarted);
    stream.late_frame(false, Some((2500 * MS, stream.now)));
    let outcome = stream.recover();
    assert!(outcome.restarted && outcome.reason.contains("2.5 s old"), "{}", outcome.reason);
}

#[test]
fn a_slow_camera_is_not_called_stalled() {
    let mut stream = Harness::live();
    let mut out = Vec::new();
    for _ in 0..5 {
        stream.pass(9 * SECOND);
        stream.policy.frame(stream.now, true, Some(9 * SECOND), None, &mut out);
        stream.pass(Duration::ZERO);
        if stream.state() != StreamState::Live {
            // The first nine seconds were judged by the 25 fps measured before; afterwards the slow rate is known.
            stream.closed();
            stream.pass(SECOND);
            stream.connect();
            stream.policy.frame(stream.now, true, Some(9 * SECOND), None, &mut out);
        }
    }
    assert!(stream.opened <= 2);
    stream.pass(89 * SECOND);
    assert_eq!(stream.state(), StreamState::Live);
    stream.pass(SECOND);
    assert_eq!(stream.state(), StreamState::Stalled);
}

#[test]
fn a_camera_that_answers_and_sends_nothing_gets_its_own_sentence() {
    let mut stream = Harness::wanted();
    stream.connect();
    stream.pass(10 * SECOND);
    assert_eq!(stream.state(), StreamState::Backoff);
    let failure = stream.policy.failure().expect("a failure");
    assert_eq!(failure.error.code, ErrorCode::Stalled);
    assert!(failure.error.message.contains("sent no picture"), "{}", failure.error.message);
}

#[test]
fn frames_without_a_key_frame_get_their_own_sentence() {
    let mut stream = Harness::wanted();
    stream.connect();
    for _ in 0..30 {
        stream.pass(SECOND);
        stream.frame(false);
    }
    let failure = stream.policy.failure().expect("a failure");
    assert!(failure.error.message.contains("key frame"), "{}", failure.error.message);
}

#[test]
fn a_disabled_stream_stays_dark_whatever_is_asked() {
    let mut stream = Harness::live();
    stream.input(Input::Enabled(false));
    assert_eq!((stream.state(), stream.upstream), (StreamState::Disabled, Upstream::Closing));
    stream.closed();
    assert!(!stream.restart().restarted && !stream.recover().restarted);
    stream.pass(3600 * SECOND);
    assert_eq!((stream.opened, stream.policy.wake_at()), (1, None));
    stream.input(Input::Enabled(true));
    assert_eq!(stream.opened, 2);
}
