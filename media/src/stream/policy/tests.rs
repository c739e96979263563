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

#[test]
fn waits_double_up_to_thirty_seconds_then_the_circuit_opens_and_never_gives_up() {
    let mut stream = Harness::wanted();
    let mut waits = Vec::new();
    for _ in 0..12 {
        stream.fail(ErrorCode::Refused);
        let due = stream.policy.next_try().expect("a next attempt is always due");
        waits.push(due.since(stream.now).as_millis());
        stream.pass(due.since(stream.now));
        assert_eq!(stream.upstream, Upstream::Opening);
    }
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
    assert_eq!(wait(&mut stream), 1000 * MS, "a camera that flaps is asked less and less often");
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

#[test]
fn a_camera_whose_port_opens_again_is_tried_at_once_and_an_open_port_alone_changes_nothing() {
    let mut stream = Harness::wanted();
    for _ in 0..12 {
        stream.fail(ErrorCode::Unreachable);
        let wait = stream.policy.next_try().expect("due").since(stream.now);
        stream.pass(wait);
    }
    stream.fail(ErrorCode::Timeout);
    assert!(stream.policy.wants_knock(stream.now));
    stream.input(Input::Knocked(true));
    assert_eq!(stream.policy.next_try().expect("due").since(stream.now), 60 * SECOND, "it was there all the time: no hurry");
    assert!(!stream.policy.wants_knock(stream.now));
    stream.pass(60 * SECOND);
    stream.fail(ErrorCode::Unreachable);
    stream.input(Input::Knocked(false));
    stream.input(Input::Knocked(true));
    assert_eq!(stream.policy.next_try().expect("due").since(stream.now), 500 * MS);
    stream.pass(500 * MS);
    stream.fail(ErrorCode::Protocol);
    assert!(!stream.policy.wants_knock(stream.now), "it is there");
    assert_eq!(stream.policy.next_try().expect("due").since(stream.now), 500 * MS, "a booting camera is asked again soon");
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
    Knocked(bool),
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
        2 => any::<bool>().prop_map(Step::Knocked),
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
            Step::Knocked(answered) => self.input(Input::Knocked(*answered)),
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
