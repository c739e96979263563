//! The harness: carries out what the policy decides and judges every step. Tests by theme are in the folder.

use super::*;

mod knocks;
mod life;
mod logins;
mod requests;
mod sequences;
mod sleep;
mod waits;

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
    /// The newest frame that was on time.
    on_time: Stamp,
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
        Self::with(PolicySettings::default(), jitter)
    }

    fn with(settings: PolicySettings, jitter: Jitter) -> Self {
        let now = Stamp { mono_us: 1_000_000, utc_ms: 1_700_000_000_000 };
        Self {
            policy: Policy::new(settings, jitter, now),
            now,
            upstream: Upstream::None,
            opened: 0,
            on_time: now,
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
        self.late_frame(key, None);
    }

    /// A frame that comes `late`, which has not become less since then.
    fn late_frame(&mut self, key: bool, lag: Option<(Duration, Stamp)>) {
        if self.upstream == Upstream::Open {
            let mut out = Vec::new();
            if lag.is_none() {
                self.on_time = self.now;
            }
            let lag = lag.map(|(late, since)| Lag { late, since, on_time: self.on_time });
            self.policy.frame(self.now, key, Some(40 * MS), lag, &mut out);
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
