//! Refused logins.

use super::*;

#[test]
fn two_refused_logins_stop_all_further_ones_for_half_an_hour() {
    let mut stream = Harness::wanted();
    stream.fail(ErrorCode::AuthFailed);
    stream.pass(SECOND);
    stream.fail(ErrorCode::AuthFailed);
    assert_eq!(stream.state(), StreamState::AuthBlocked);
    assert_eq!(stream.policy.failure().expect("a failure").error.code, ErrorCode::AuthBlocked);
    assert!(!stream.restart().restarted);
    assert!(!stream.recover().restarted);
    stream.input(Input::Wanted(false));
    stream.pass(60 * SECOND);
    stream.input(Input::Wanted(true));
    stream.pass(28 * 60 * SECOND);
    assert_eq!((stream.state(), stream.opened), (StreamState::AuthBlocked, 2));
    stream.pass(60 * SECOND);
    assert_eq!(stream.opened, 3);
}

#[test]
fn new_credentials_lift_the_block_and_another_path_does_not() {
    let mut stream = Harness::wanted();
    stream.fail(ErrorCode::AuthFailed);
    stream.pass(SECOND);
    stream.fail(ErrorCode::AuthFailed);
    stream.input(Input::Reconfigured { login_changed: false });
    assert_eq!((stream.state(), stream.opened), (StreamState::AuthBlocked, 2));
    stream.no_login_before = None;
    stream.input(Input::Reconfigured { login_changed: true });
    assert_eq!((stream.state(), stream.opened), (StreamState::Connecting, 3));
}

#[test]
fn a_block_found_by_another_stream_counts_here_too() {
    let mut stream = Harness::wanted();
    stream.upstream = Upstream::None;
    stream.input(Input::LoginBlocked { until: stream.now.plus(3600 * SECOND) });
    assert_eq!(stream.state(), StreamState::AuthBlocked);
    stream.pass(3599 * SECOND);
    assert_eq!(stream.opened, 1);
    stream.pass(SECOND);
    assert_eq!(stream.opened, 2);
}
