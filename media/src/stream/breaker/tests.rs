use super::*;
use crate::ingest::{FfmpegInput, FfmpegSpec, TestPatternSpec};
use crate::stream::testing::source;
use proptest::prelude::*;

const MINUTE: Duration = Duration::from_secs(60);

fn at(minutes: u32) -> Stamp {
    Stamp { mono_us: 1, utc_ms: 0 }.plus(minutes * MINUTE)
}

fn login(gate: &LoginGate, host: &str, password: &str) -> Login {
    gate.login(&source(host, "main", password)).expect("a host")
}

fn refuse(breaker: &mut Breaker, login: &Login, now: Stamp) -> Option<Stamp> {
    assert_eq!(breaker.begin(login, now), Verdict::Go);
    breaker.end(login, LoginOutcome::Refused, now)
}

#[test]
fn two_refusals_block_for_the_rest_of_the_hour() {
    let (gate, mut breaker) = (LoginGate::default(), Breaker::default());
    let login = login(&gate, "camera.lan", "wrong");
    assert_eq!(refuse(&mut breaker, &login, at(0)), None);
    let until = refuse(&mut breaker, &login, at(1)).expect("blocked");
    assert_eq!(until, at(60));
    assert_eq!(breaker.begin(&login, at(59)), Verdict::Blocked { until });
    assert_eq!(breaker.begin(&login, at(60)), Verdict::Go);
}

#[test]
fn logins_on_their_way_count_as_if_they_were_refused() {
    let (gate, mut breaker) = (LoginGate::default(), Breaker::default());
    let login = login(&gate, "camera.lan", "unknown");
    assert_eq!(breaker.begin(&login, at(0)), Verdict::Go);
    assert_eq!(breaker.begin(&login, at(0)), Verdict::Go);
    assert_eq!(breaker.begin(&login, at(0)), Verdict::Wait);
    breaker.end(&login, LoginOutcome::Unknown, at(0));
    assert_eq!(breaker.begin(&login, at(0)), Verdict::Go);
    breaker.end(&login, LoginOutcome::Accepted, at(0));
    breaker.end(&login, LoginOutcome::Accepted, at(0));
    assert_eq!(breaker.begin(&login, at(0)), Verdict::Go);
}

#[test]
fn another_password_user_or_host_is_another_account() {
    let (gate, mut breaker) = (LoginGate::default(), Breaker::default());
    let wrong = login(&gate, "camera.lan", "wrong");
    refuse(&mut breaker, &wrong, at(0));
    refuse(&mut breaker, &wrong, at(0));
    for other in [login(&gate, "camera.lan", "right"), login(&gate, "other.lan", "wrong")] {
        assert_eq!(breaker.begin(&other, at(1)), Verdict::Go);
    }
    let shouted = login(&gate, "CAMERA.lan", "wrong");
    assert!(matches!(breaker.begin(&shouted, at(1)), Verdict::Blocked { .. }), "host names have no case");
    let other_port = login(&gate, "camera.lan:8554", "wrong");
    assert!(matches!(breaker.begin(&other_port, at(1)), Verdict::Blocked { .. }), "an account is locked on all ports");
}

#[test]
fn a_camera_that_accepts_the_login_is_not_blocked_by_another_behind_the_same_address() {
    let (gate, mut breaker) = (LoginGate::default(), Breaker::default());
    let (good, bad) = (login(&gate, "house.example:5541", "secret"), login(&gate, "house.example:5542", "secret"));
    assert_eq!(breaker.begin(&good, at(0)), Verdict::Go);
    breaker.end(&good, LoginOutcome::Accepted, at(0));
    refuse(&mut breaker, &bad, at(0));
    refuse(&mut breaker, &bad, at(0));
    assert_eq!(breaker.begin(&good, at(1)), Verdict::Go);
    breaker.end(&good, LoginOutcome::Refused, at(1));
    assert!(matches!(breaker.begin(&good, at(1)), Verdict::Blocked { .. }), "its password was changed as well");
}

#[test]
fn sources_without_a_host_have_no_login() {
    let gate = LoginGate::default();
    let pattern = SourceSpec::TestPattern(TestPatternSpec { width: 640, height: 360, fps: 10, hue: 0 });
    let file = SourceSpec::Ffmpeg(FfmpegSpec { input: FfmpegInput::File("loop.mp4".into()), credentials: None });
    assert!(gate.login(&pattern).is_none() && gate.login(&file).is_none());
}

#[test]
fn a_password_is_not_readable_in_what_is_kept() {
    let gate = LoginGate::default();
    let login = login(&gate, "camera.lan", "hunter2hunter2");
    assert!(!format!("{login:?} {gate:?}").contains("hunter2"));
}

#[tokio::test(start_paused = true)]
async fn a_waiting_login_goes_on_when_another_ends() {
    let gate = LoginGate::default();
    let now = || at(0);
    let login = login(&gate, "camera.lan", "unknown");
    let mark = LoginMark::default();
    let one = gate.enter(Some(login.clone()), &mark, now).await.expect("free");
    let two = gate.enter(Some(login.clone()), &mark, now).await.expect("free");
    let third = gate.enter(Some(login.clone()), &mark, now);
    tokio::pin!(third);
    assert!(futures::poll!(third.as_mut()).is_pending());
    drop(one);
    let third = third.await.expect("a place became free");
    let refused: Result<(), _> = Err(StreamError::new(ErrorCode::AuthFailed, "no"));
    assert_eq!(two.finish(&refused, at(0)), None);
    assert_eq!(third.finish(&refused, at(0)), Some(at(60)));
    assert_eq!(gate.enter(Some(login), &mark, now).await.err(), Some(at(60)));
}

#[tokio::test(start_paused = true)]
async fn a_login_counts_from_when_it_is_sent_until_it_is_answered() {
    let gate = LoginGate::default();
    let login = login(&gate, "camera.lan", "unknown");
    let lost: Result<(), _> = Err(StreamError::new(ErrorCode::Timeout, "no answer"));
    for begun in [false, true, true] {
        let mark = LoginMark::default();
        let pass = gate.enter(Some(login.clone()), &mark, session::now).await.expect("free");
        assert!(mark.is_doubted());
        if begun {
            mark.sent();
        }
        drop(pass);
    }
    let mark = LoginMark::default();
    gate.enter(Some(login.clone()), &mark, session::now).await.expect_err("two of them were sent");

    // One that was accepted once is not doubted: the camera may just hang.
    let other = super::LoginGate::login(&gate, &source("other.lan", "main", "good")).expect("a host");
    for round in 0..5 {
        let mark = LoginMark::default();
        let pass = gate.enter(Some(other.clone()), &mark, session::now).await.expect("free");
        assert_eq!(mark.is_doubted(), round == 0);
        mark.sent();
        mark.judged();
        assert_eq!(pass.finish(&if round == 0 { Ok(()) } else { lost.clone() }, session::now()), None);
    }
}

proptest! {
    /// Whatever is asked and answered in whatever order: never more than two logins in any hour that the camera may have refused.
    #[test]
    fn never_more_than_two_refusals_an_hour(steps in prop::collection::vec((0_u32..20, 0_usize..4, 0_u8..4), 1..200)) {
        let (gate, mut breaker) = (LoginGate::default(), Breaker::default());
        let ports = [login(&gate, "camera.lan", "wrong"), login(&gate, "camera.lan:555", "wrong")];
        let mut minute = 0;
        let mut pending: Vec<Login> = Vec::new();
        let mut refused: Vec<u32> = Vec::new();
        for (wait, which, answer) in steps {
            minute += wait;
            let login = &ports[which % 2];
            if answer == 0 {
                if breaker.begin(login, at(minute)) == Verdict::Go {
                    pending.push(login.clone());
                }
            } else if let Some(login) = pending.pop() {
                let outcome = [LoginOutcome::Unknown, LoginOutcome::Refused, LoginOutcome::Unanswered][usize::from(answer) - 1];
                if outcome != LoginOutcome::Unknown {
                    refused.push(minute);
                }
                breaker.end(&login, outcome, at(minute));
            }
            let recent = refused.iter().filter(|at| minute - **at < 60).count();
            prop_assert!(recent <= MAX_REFUSALS, "{refused:?}");
        }
    }
}
