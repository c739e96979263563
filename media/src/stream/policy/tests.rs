use super::*;
use proptest::prelude::*;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// The session as the camera sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Upstream {
    None,
    Opening,
    Open,
    Closing,
}

/// Carries actions out at once and checks on every one of them what must hold for all streams at all times.
struct Harness {
    policy: Policy,
    now: Stamp,
    upstream: Upstream,
    opened: u32,
    transitions: Vec<Transition>,
    /// The harness's own count, to judge the policy by.
    refusals: u32,
    no_login_before: Option<Stamp>,
}

impl Harness {
    fn new() -> Self {
        Self::with_jitter(Box::new(|ceiling| ceiling))
    }

    fn with_jitter(jitter: Jitter) -> Self {
        let now = Stamp { mono_us: 1_000_000, utc_ms: 1_700_000_000_000 };
        Self {
            policy: Policy::new(PolicySettings::default(), jitter, now),
            now,
            upstream: Upstream::None,
            opened: 0,
            transitions: Vec::new(),
            refusals: 0,
            no_login_before: None,
        }
    }

    fn wanted() -> Self {
        let mut harness = Self::new();
        harness.input(Input::Wanted(true));
        harness
    }

    fn live() -> Self {
        let mut harness = Self::wanted();
        harness.connect();
        harness.frame(true);
        assert_eq!(harness.policy.state(), StreamState::Live);
        harness
    }

    fn input(&mut self, input: Input) {
        let mut out = Vec::new();
        self.policy.handle(self.now, input, &mut out);
        self.carry_out(out);
    }

    fn carry_out(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Open => {
                    assert_eq!(self.upstream, Upstream::None, "a second session for one stream");
                    let blocked = self.no_login_before.is_some_and(|at| at.mono_us > self.now.mono_us);
                    assert!(!blocked, "a login while the account is blocked");
                    self.upstream = Upstream::Opening;
                    self.opened += 1;
                }
                Action::Close => {
                    assert!(matches!(self.upstream, Upstream::Opening | Upstream::Open), "nothing to close");
                    self.upstream = Upstream::Closing;
                }
                Action::Changed(transition) => {
                    assert_ne!(transition.from, transition.to);
                    assert!(!transition.reason.is_empty());
                    self.transitions.push(transition);
                }
            }
        }
    }

    fn connect(&mut self) {
        if self.upstream == Upstream::Opening {
            self.upstream = Upstream::Open;
            self.refusals = 0;
            self.input(Input::Connected);
        }
    }

    fn fail(&mut self, code: ErrorCode) {
        match self.upstream {
            Upstream::Opening => self.upstream = Upstream::None,
            Upstream::Open => {}
            Upstream::None | Upstream::Closing => return,
        }
        if code == ErrorCode::AuthFailed {
            self.refusals += 1;
            if self.refusals >= 2 {
                self.no_login_before = Some(self.now.plus(PolicySettings::default().login_block));
            }
        }
        self.input(Input::Failed(StreamError::new(code, "It failed.")));
    }

    fn closed(&mut self) {
        if self.upstream == Upstream::Closing {
            self.upstream = Upstream::None;
            self.input(Input::Closed);
        }
    }

    fn frame(&mut self, key: bool) {
        if self.upstream == Upstream::Open {
            let mut out = Vec::new();
            self.policy.frame(self.now, key, Some(40 * MS), &mut out);
            self.carry_out(out);
        }
    }

    fn restart(&mut self) -> RecoverOutcome {
        let mut out = Vec::new();
        let outcome = self.policy.restart(self.now, &mut out);
        self.carry_out(out);
        outcome
    }

    fn recover(&mut self) -> RecoverOutcome {
        let mut out = Vec::new();
        let outcome = self.policy.recover(self.now, &mut out);
        self.carry_out(out);
        outcome
    }

    /// Lets time pass as the shell does: a tick at every moment the policy asks for.
    fn pass(&mut self, duration: Duration) {
        let end = self.now.plus(duration);
        while let Some(wake) = self.policy.wake_at().filter(|wake| wake.mono_us <= end.mono_us) {
            let late = wake.mono_us < self.now.mono_us;
            if !late {
                self.now = wake;
            }
            if self.policy.wake_at().is_some_and(|at| at.mono_us <= self.now.mono_us) {
                let before = (self.upstream, self.policy.state(), self.policy.wake_at());
                self.input(Input::Tick);
                let after = (self.upstream, self.policy.state(), self.policy.wake_at());
                assert_ne!(before, after, "a tick that changes nothing would spin");
            }
        }
        self.now = end;
    }

    fn state(&self) -> StreamState {
        self.policy.state()
    }

    fn states(&self) -> Vec<StreamState> {
        self.transitions.iter().map(|transition| transition.to).collect()
    }
}

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

/// Fails `count` times, each as soon as the policy asks; the waits in ms.
fn waits(stream: &mut Harness, code: ErrorCode, count: usize) -> Vec<u128> {
    let mut waits = Vec::new();
    for _ in 0..count {
        stream.fail(code);
        stream.closed();
        let due = stream.policy.next_try().expect("a next attempt is always due");
        waits.push(due.since(stream.now).as_millis());
        stream.pass(due.since(stream.now));
        assert_eq!(stream.upstream, Upstream::Opening);
    }
    waits
}

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
fn a_silent_live_session_is_given_up_after_five_seconds() {
    let mut stream = Harness::live();
    stream.pass(4999 * MS);
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
fn a_slow_camera_is_not_called_stalled() {
    let mut stream = Harness::live();
    let mut out = Vec::new();
    for _ in 0..5 {
        stream.pass(9 * SECOND);
        stream.policy.frame(stream.now, true, Some(9 * SECOND), &mut out);
        stream.pass(Duration::ZERO);
        if stream.state() != StreamState::Live {
            // The first nine seconds were judged by the 25 fps measured before; afterwards the slow rate is known.
            stream.closed();
            stream.pass(SECOND);
            stream.connect();
            stream.policy.frame(stream.now, true, Some(9 * SECOND), &mut out);
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

/// A stream that has failed this way for so long that its attempts are a minute apart.
fn dark(code: ErrorCode) -> Harness {
    let mut stream = Harness::live();
    waits(&mut stream, code, 40);
    stream.fail(code);
    stream.closed();
    assert!(stream.policy.next_try().expect("due").since(stream.now) >= 30 * SECOND);
    stream
}

impl Harness {
    fn knocked(&mut self, met: Knocked) -> Duration {
        assert!(self.policy.wants_knock(self.now).is_some());
        self.input(Input::Knocked(met));
        self.policy.next_try().expect("due").since(self.now)
    }
}

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

#[derive(Debug, Clone)]
enum Step {
    Wanted(bool),
    Enabled(bool),
    Connect,
    Fail(ErrorCode),
    BlockedElsewhere(u16),
    Closed,
    Frame(bool),
    Restart,
    Recover,
    Reconfigure(bool),
    Knocked(Knocked),
    Pass(u32),
}

fn step() -> impl Strategy<Value = Step> {
    let code = prop::sample::select(vec![
        ErrorCode::Refused,
        ErrorCode::Timeout,
        ErrorCode::AuthFailed,
        ErrorCode::AuthFailed,
        ErrorCode::NotFound,
        ErrorCode::Protocol,
        ErrorCode::SessionLimit,
        ErrorCode::NoVideo,
    ]);
    prop_oneof![
        1 => prop::bool::weighted(0.7).prop_map(Step::Wanted),
        1 => prop::bool::weighted(0.8).prop_map(Step::Enabled),
        6 => Just(Step::Connect),
        6 => code.prop_map(Step::Fail),
        1 => (1_u16..4000).prop_map(Step::BlockedElsewhere),
        6 => Just(Step::Closed),
        6 => any::<bool>().prop_map(Step::Frame),
        1 => Just(Step::Restart),
        1 => Just(Step::Recover),
        1 => any::<bool>().prop_map(Step::Reconfigure),
        2 => prop::sample::select(vec![Knocked::Shut, Knocked::Silent, Knocked::Refuses, Knocked::Answers]).prop_map(Step::Knocked),
        8 => (0_u32..70_000).prop_map(Step::Pass),
    ]
}

impl Harness {
    fn take(&mut self, step: &Step) {
        match step {
            Step::Wanted(wanted) => self.input(Input::Wanted(*wanted)),
            Step::Enabled(enabled) => self.input(Input::Enabled(*enabled)),
            Step::Connect => self.connect(),
            Step::Fail(code) => self.fail(*code),
            Step::BlockedElsewhere(seconds) => {
                if self.upstream == Upstream::Opening {
                    self.upstream = Upstream::None;
                    let until = self.now.plus(u32::from(*seconds) * SECOND);
                    self.no_login_before = self.no_login_before.max_by_time(Some(until));
                    self.input(Input::LoginBlocked { until });
                }
            }
            Step::Closed => self.closed(),
            Step::Frame(key) => self.frame(*key),
            Step::Restart => drop(self.restart()),
            Step::Recover => drop(self.recover()),
            Step::Reconfigure(login_changed) => {
                if *login_changed {
                    self.refusals = 0;
                    self.no_login_before = None;
                }
                self.input(Input::Reconfigured { login_changed: *login_changed });
            }
            Step::Knocked(met) => self.input(Input::Knocked(*met)),
            Step::Pass(ms) => self.pass(*ms * MS),
        }
        if self.no_login_before.is_some_and(|at| at.mono_us <= self.now.mono_us) {
            self.no_login_before = None;
            self.refusals = 0;
        }
    }

    /// What must hold between any two steps.
    fn check(&self, settings: &PolicySettings) {
        let dark = matches!(self.state(), StreamState::Idle | StreamState::Disabled);
        if dark {
            assert!(matches!(self.upstream, Upstream::None | Upstream::Closing), "a session that nobody wants");
            return;
        }
        match self.upstream {
            Upstream::None => {
                let wake = self.policy.wake_at().expect("wanted, no session: an attempt is due");
                let blocked = self.no_login_before.map_or(Duration::ZERO, |at| at.since(self.now));
                let slowest = settings.slow_pace.max(settings.max_backoff).max(blocked);
                assert!(wake.since(self.now) <= slowest, "the next attempt is {:?} away", wake.since(self.now));
            }
            Upstream::Open => assert!(self.policy.wake_at().is_some(), "an open session is watched"),
            Upstream::Opening | Upstream::Closing => {}
        }
        match self.state() {
            StreamState::Live => assert!(self.policy.failure().is_none(), "a live stream shows an error"),
            StreamState::Connecting => {}
            state => assert!(self.policy.failure().is_some(), "{state:?} without a reason"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Never two sessions, never a login while blocked (both asserted in `carry_out`), always a next attempt while wanted.
    #[test]
    fn any_sequence_of_faults_keeps_the_promises(steps in prop::collection::vec(step(), 1..200), fractions in prop::collection::vec(0.0_f64..=1.0, 16)) {
        let mut turn = fractions.into_iter().cycle();
        let mut stream = Harness::with_jitter(Box::new(move |ceiling| ceiling.mul_f64(turn.next().unwrap_or(0.5))));
        let settings = PolicySettings::default();
        for step in &steps {
            stream.take(step);
            stream.check(&settings);
        }
    }

    /// The n-th wait in a row lies between zero and the doubled ceiling, whatever the jitter.
    #[test]
    fn waits_stay_within_their_ceilings(fraction in 0.0_f64..2.0, failures in 1_u32..20) {
        let mut stream = Harness::with_jitter(Box::new(move |ceiling| ceiling.mul_f64(fraction)));
        stream.input(Input::Wanted(true));
        let settings = PolicySettings::default();
        for count in 0..failures {
            stream.fail(ErrorCode::Unreachable);
            let wait = stream.policy.next_try().map_or(Duration::ZERO, |at| at.since(stream.now));
            if count + 1 < settings.circuit_after {
                prop_assert!(wait <= settings.ceiling(count));
            } else {
                prop_assert!(wait >= settings.slow_pace / 2 && wait <= settings.slow_pace);
            }
            stream.pass(wait);
            prop_assert_eq!(stream.upstream, Upstream::Opening);
        }
    }

    /// From any state that is not a refused login, a camera that comes back is live within two seconds, if it can be seen from outside or
    /// is asked quickly still: in simulated time, with the slowest jitter and knocks that take as long as they may.
    #[test]
    fn a_camera_that_comes_back_is_live_within_two_seconds(
        code in prop::sample::select(vec![
            (ErrorCode::Unreachable, Knocked::Shut), (ErrorCode::Refused, Knocked::Shut), (ErrorCode::Timeout, Knocked::Silent),
            (ErrorCode::NotFound, Knocked::Refuses), (ErrorCode::Protocol, Knocked::Refuses), (ErrorCode::SessionLimit, Knocked::Refuses),
        ]),
        dark_for_ms in 0_u64..7_200_000,
    ) {
        let (code, met) = code;
        let mut stream = Harness::live();
        stream.pass(SECOND);
        stream.fail(code);
        stream.closed();
        let back = stream.now.plus(Duration::from_millis(dark_for_ms));
        let mut knock_at: Option<Stamp> = None;
        while stream.state() != StreamState::Live {
            let able = stream.now.mono_us >= back.mono_us;
            if stream.upstream == Upstream::Opening {
                if able {
                    stream.connect();
                    stream.frame(true);
                } else {
                    stream.fail(code);
                }
            }
            // As the shell knocks: a pause, then a look that finds the camera as it was when it began.
            match (stream.policy.wants_knock(stream.now), knock_at) {
                (None, _) => knock_at = None,
                (Some(pause), None) => knock_at = Some(stream.now.plus(pause)),
                (Some(_), Some(at)) if at.mono_us <= stream.now.mono_us => {
                    stream.input(Input::Knocked(if able { Knocked::Answers } else { met }));
                    knock_at = None;
                }
                (Some(_), Some(_)) => {}
            }
            if stream.state() != StreamState::Live {
                stream.pass(20 * MS);
                if !able && stream.policy.wants_knock(stream.now).is_some() && back.since(stream.now) > 70 * SECOND {
                    // Hours of the same: only the end of it matters.
                    stream.pass(60 * SECOND);
                }
            }
            prop_assert!(stream.now.since(back) <= 2 * SECOND, "{code} after {dark_for_ms} ms");
        }
    }

    /// From any state, a camera that works again is live after the slowest wait at most.
    #[test]
    fn a_camera_that_heals_is_found(steps in prop::collection::vec(step(), 1..120)) {
        let mut stream = Harness::new();
        for step in &steps {
            stream.take(step);
        }
        stream.input(Input::Enabled(true));
        stream.input(Input::Wanted(true));
        let settings = PolicySettings::default();
        let mut left = settings.login_block.max(Duration::from_secs(4000)) + settings.slow_pace;
        while stream.state() != StreamState::Live && left > Duration::ZERO {
            stream.closed();
            stream.connect();
            stream.frame(true);
            stream.pass(SECOND);
            left = left.saturating_sub(SECOND);
        }
        prop_assert_eq!(stream.state(), StreamState::Live);
    }
}
