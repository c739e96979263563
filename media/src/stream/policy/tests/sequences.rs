//! Any sequence of what can happen.

use super::*;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Wanted(bool),
    Enabled(bool),
    Connect,
    Fail(ErrorCode),
    BlockedElsewhere(u16),
    Closed,
    Frame(bool),
    LateFrame(u32),
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
        2 => (0_u32..20_000).prop_map(Step::LateFrame),
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
            Step::LateFrame(ms) => self.late_frame(true, Some((*ms * MS, self.now))),
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
            StreamState::Backoff if settings.sleep_prone && self.policy.asleep() => {
                assert!(self.policy.failure().is_none(), "a sleeping camera shows an error");
            }
            state => assert!(self.policy.failure().is_some(), "{state:?} without a reason"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Never two sessions, never a login while blocked (both asserted in `carry_out`), always a next attempt while wanted.
    #[test]
    fn any_sequence_of_faults_keeps_the_promises(steps in prop::collection::vec(step(), 1..200), fractions in prop::collection::vec(0.0_f64..=1.0, 16), sleep_prone: bool) {
        let mut turn = fractions.into_iter().cycle();
        let settings = PolicySettings { sleep_prone, ..PolicySettings::default() };
        let mut stream = Harness::with(settings, Box::new(move |ceiling| ceiling.mul_f64(turn.next().unwrap_or(0.5))));
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
