//! What knocks bring forward.

use super::*;

#[test]
fn a_camera_that_meets_a_knock_better_than_before_is_tried_at_once() {
    use Knocked::*;
    for (code, seen) in [
        (ErrorCode::Unreachable, Shut),
        (ErrorCode::Refused, Shut),
        (ErrorCode::Timeout, Silent),
        (ErrorCode::NotFound, Refuses),
        (ErrorCode::SessionLimit, Refuses),
        (ErrorCode::Protocol, Refuses),
    ] {
        let mut stream = dark(code);
        for _ in 0..20 {
            assert!(stream.knocked(seen) >= 20 * SECOND, "as bad as ever");
            assert!(stream.policy.wants_knock(stream.now).is_some_and(|pause| pause <= SECOND));
            stream.pass(SECOND);
        }
        assert!(stream.knocked(Answers) <= 250 * MS, "{code}");
        stream.pass(250 * MS);
        assert_eq!(stream.upstream, Upstream::Opening);
        assert!(stream.policy.answers_again());
    }
}

#[test]
fn a_camera_that_starts_up_is_tried_at_every_step_of_it_and_often() {
    let mut stream = dark(ErrorCode::Unreachable);
    assert!(stream.knocked(Knocked::Shut) > 20 * SECOND);
    for (met, code) in [(Knocked::Silent, ErrorCode::Timeout), (Knocked::Refuses, ErrorCode::NotFound)] {
        assert!(stream.knocked(met) <= 250 * MS, "{met:?}");
        stream.pass(250 * MS);
        stream.fail(code);
        assert!(!stream.policy.answers_again());
        for _ in 0..3 {
            // While attempts are near there is nothing to knock for.
            let wait = stream.policy.next_try().expect("due").since(stream.now);
            assert!(wait <= 4 * SECOND, "{met:?} {wait:?}");
            stream.pass(wait);
            stream.fail(code);
        }
    }
}

/// The scheduled attempt began while the camera was silent and waited for its time-out while it had long come back.
#[test]
fn a_camera_that_was_found_silent_is_asked_for_a_first_word() {
    use Knocked::*;
    let silence = |stream: &Harness| stream.policy.silence().map(|error| error.code);
    let mut stream = dark(ErrorCode::Unreachable);
    assert_eq!(silence(&stream), None);
    stream.knocked(Silent);
    assert_eq!(silence(&stream), Some(ErrorCode::Timeout));
    stream.knocked(Answers);
    assert_eq!(silence(&stream), None);

    let mut timed_out = dark(ErrorCode::Timeout);
    assert_eq!(silence(&timed_out), Some(ErrorCode::Timeout));
    timed_out.knocked(Answers);
    assert_eq!(silence(&timed_out), None);

    let mut booting = dark(ErrorCode::Unreachable);
    booting.knocked(Shut);
    booting.knocked(Silent);
    assert!(booting.policy.answers_again());
    assert_eq!(silence(&booting), Some(ErrorCode::Timeout));
}

#[test]
fn an_answer_alone_changes_nothing_the_second_time() {
    let mut stream = dark(ErrorCode::SessionLimit);
    assert!(stream.knocked(Knocked::Answers) <= 250 * MS, "one try: it may have got better since the failure");
    for _ in 0..60 {
        stream.pass(250 * MS);
        let wait = waits(&mut stream, ErrorCode::SessionLimit, 1)[0];
        if wait > 10_000 {
            break;
        }
    }
    stream.fail(ErrorCode::SessionLimit);
    assert!(stream.knocked(Knocked::Answers) > 10 * SECOND, "the reason lies elsewhere");
    assert!(stream.policy.wants_knock(stream.now).is_some_and(|pause| pause >= 5 * SECOND));
    assert!(stream.knocked(Knocked::Shut) > 10 * SECOND);
    assert!(stream.knocked(Knocked::Answers) <= 250 * MS, "it was gone in between");
}

#[test]
fn nothing_is_knocked_for_when_the_login_or_the_pictures_are_the_trouble() {
    for code in [ErrorCode::AuthFailed, ErrorCode::UnsupportedCodec, ErrorCode::NoVideo, ErrorCode::Stalled, ErrorCode::Internal] {
        let mut stream = Harness::wanted();
        for _ in 0..6 {
            stream.fail(code);
            assert_eq!(stream.policy.wants_knock(stream.now), None, "{code}");
            let wait = stream.policy.next_try().expect("due").since(stream.now);
            stream.pass(wait.min(60 * SECOND));
        }
    }
}
