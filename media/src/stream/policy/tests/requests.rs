//! Recover and restart.

use super::*;

#[test]
fn ten_restarts_at_once_are_one() {
    let mut stream = Harness::live();
    let answers: Vec<_> = (0..10).map(|_| stream.restart()).collect();
    assert!(answers.iter().all(|answer| answer.restarted));
    stream.closed();
    stream.connect();
    stream.frame(true);
    assert!(stream.restart().restarted, "one that arrives a moment later joins as well");
    assert_eq!((stream.opened, stream.state()), (2, StreamState::Live));
    stream.pass(3 * SECOND);
    stream.restart();
    stream.closed();
    assert_eq!(stream.opened, 3);
}

#[test]
fn recover_believes_good_evidence_and_acts_on_bad() {
    let mut stream = Harness::live();
    stream.pass(1900 * MS);
    let answer = stream.recover();
    assert!(!answer.restarted, "{}", answer.reason);
    stream.pass(200 * MS);
    let answers: Vec<_> = (0..10).map(|_| stream.recover()).collect();
    assert!(answers.iter().all(|answer| answer.restarted));
    assert_eq!(stream.state(), StreamState::Stalled);
    stream.closed();
    assert_eq!((stream.state(), stream.opened), (StreamState::Connecting, 2));
}

#[test]
fn recover_brings_a_far_attempt_forward_but_not_in_a_loop() {
    let mut stream = Harness::wanted();
    for _ in 0..7 {
        stream.fail(ErrorCode::Timeout);
        let wait = stream.policy.next_try().expect("due").since(stream.now);
        stream.pass(wait);
    }
    stream.fail(ErrorCode::Timeout);
    let opened = stream.opened;
    stream.pass(SECOND);
    assert!(!stream.recover().restarted, "the last attempt was a moment ago");
    stream.pass(10 * SECOND);
    assert!(stream.recover().restarted);
    assert_eq!(stream.opened, opened + 1);
    stream.fail(ErrorCode::Timeout);
    for _ in 0..9 {
        stream.pass(SECOND);
        stream.recover();
    }
    assert_eq!(stream.opened, opened + 1);
}
