//! The life of one stream as a sans-IO state machine: what happened goes in with its time, what to do comes out.
//!
//! The shell ([`super::supervisor`]) owns the session and the clock; this core owns every decision: when to open, when to give a
//! session up, how long to wait, and what people are told. What does not belong here: sockets, tasks, other streams' logins
//! ([`super::breaker`] counts those per host and user).

use crate::error::{ErrorCode, StreamError};
use crate::stream::status::StreamState;
use crate::time::Stamp;
use std::fmt;
use std::time::Duration;

pub mod settings;
mod words;

pub use settings::PolicySettings;
pub(super) use words::login_blocked;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The first consumer came, or the last one went. An always-on stream is wanted for ever.
    Wanted(bool),
    /// A person switched the stream on or off.
    Enabled(bool),
    /// Answer to [`Action::Open`]: the session is open and its tracks are known.
    Connected,
    /// Answer to [`Action::Open`], or the open session ended by itself, or the stream's task broke.
    Failed(StreamError),
    /// Answer to [`Action::Open`]: the login was not sent, because this account is blocked on that host.
    LoginBlocked { until: Stamp },
    /// Answer to [`Action::Close`].
    Closed,
    /// The source changed; with `login_changed` the host, user or password did.
    Reconfigured { login_changed: bool },
    /// The moment of [`Policy::wake_at`] has come. Early or late ticks do no harm.
    Tick,
}

/// What the shell has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Open one session; answer `Connected`, `Failed` or `LoginBlocked`.
    Open,
    /// End the session, or give its opening up; answer `Closed` (within a bounded time) and nothing else.
    Close,
    /// The state changed.
    Changed(Transition),
}

/// One change of state with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    pub at: Stamp,
    pub from: StreamState,
    pub to: StreamState,
    /// One or two plain sentences.
    pub reason: String,
    /// The failure behind it, if one is.
    pub code: Option<ErrorCode>,
    /// Number of the current or next attempt since the stream was last live, from 1.
    pub attempt: u32,
    /// How long it had been wanted and not live.
    pub dark_for: Option<Duration>,
}

/// Answer to `recover` and `restart`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoverOutcome {
    /// Whether a new session is being opened because of this call or one just before it.
    pub restarted: bool,
    pub reason: String,
}

impl RecoverOutcome {
    pub(crate) fn yes(reason: impl Into<String>) -> Self {
        Self { restarted: true, reason: reason.into() }
    }

    pub(crate) fn no(reason: impl Into<String>) -> Self {
        Self { restarted: false, reason: reason.into() }
    }
}

/// Why it is not live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub error: StreamError,
    /// First failure since it was last live.
    pub since: Stamp,
}

/// Maps a ceiling to a delay between zero and it. Injected, so that tests choose.
pub type Jitter = Box<dyn FnMut(Duration) -> Duration + Send>;

/// The upstream session as the policy knows it. There is one at most: `Open` is only ever asked for in `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Session {
    None,
    Opening,
    Open(Open),
    Closing { stalled: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Open {
    since: Stamp,
    /// The newest video frame.
    last_frame: Option<Stamp>,
    /// The first key frame; from then on it is live.
    live_since: Option<Stamp>,
    /// Usual time between frames, once measured.
    interval: Option<Duration>,
}

/// The state machine of one stream.
pub struct Policy {
    settings: PolicySettings,
    jitter: Jitter,
    enabled: bool,
    wanted: bool,
    /// Unwanted, but the session is kept until then.
    linger_until: Option<Stamp>,
    session: Session,
    /// What was last announced, and since when.
    state: StreamState,
    since: Stamp,
    /// No attempt before this moment; None once the attempt is made.
    retry_at: Option<Stamp>,
    /// No login before this moment.
    blocked_until: Option<Stamp>,
    /// Attempts that failed since the stream was last live.
    failures: u32,
    /// Exponent of the next backoff; goes back to 0 only after a healthy while, so that a camera that flaps is not hammered.
    step: u32,
    /// Refused logins in a row.
    refusals: u32,
    /// The code of the newest failures and how often it came in a row.
    repeated: Option<(ErrorCode, u32)>,
    ever_live: bool,
    opened_at: Option<Stamp>,
    /// When a restart on request began: requests right after it join it.
    restarted_at: Option<Stamp>,
    /// Why the next attempt is made, where that is not a failure.
    cause: Option<&'static str>,
    failure: Option<Failure>,
    /// Since when it is wanted and not live.
    dark_since: Option<Stamp>,
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy").field("state", &self.state).field("session", &self.session).finish_non_exhaustive()
    }
}

impl Policy {
    /// An enabled stream that nobody wants.
    pub fn new(settings: PolicySettings, jitter: Jitter, now: Stamp) -> Self {
        Self {
            settings,
            jitter,
            enabled: true,
            wanted: false,
            linger_until: None,
            session: Session::None,
            state: StreamState::Idle,
            since: now,
            retry_at: None,
            blocked_until: None,
            failures: 0,
            step: 0,
            refusals: 0,
            repeated: None,
            ever_live: false,
            opened_at: None,
            restarted_at: None,
            cause: None,
            failure: None,
            dark_since: None,
        }
    }

    pub fn state(&self) -> StreamState {
        self.state
    }

    /// Since when `state` holds.
    pub fn since(&self) -> Stamp {
        self.since
    }

    /// Why the stream is not live; None while it is, and while nobody wants it.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref().filter(|_| !matches!(self.state, StreamState::Idle | StreamState::Disabled))
    }

    /// Failed attempts since it was last live.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// When the next attempt starts, while none runs and one is due.
    pub fn next_try(&self) -> Option<Stamp> {
        let waiting = matches!(self.session, Session::None | Session::Closing { .. }) && self.wants_session();
        if waiting { self.blocked_until.max_by_time(self.retry_at) } else { None }
    }

    /// New thresholds; they apply from the next decision on.
    pub fn set_settings(&mut self, settings: PolicySettings) {
        self.settings = settings;
    }

    /// When the shell has to send [`Input::Tick`] at the latest.
    pub fn wake_at(&self) -> Option<Stamp> {
        if !self.enabled {
            return None;
        }
        let session = match self.session {
            Session::None if self.wants_session() => self.blocked_until.max_by_time(self.retry_at),
            Session::Open(open) => Some(self.give_up_at(&open)),
            Session::None | Session::Opening | Session::Closing { .. } => None,
        };
        let linger = self.linger_until.filter(|_| !self.wanted);
        match (session, linger) {
            (Some(session), Some(linger)) => Some(if linger.mono_us < session.mono_us { linger } else { session }),
            (session, linger) => session.or(linger),
        }
    }

    /// A video frame arrived. The hot path: one call per frame. `interval` is the usual time between frames, where known.
    pub fn frame(&mut self, now: Stamp, key: bool, interval: Option<Duration>, out: &mut Vec<Action>) {
        let Session::Open(open) = &mut self.session else { return };
        open.last_frame = Some(now);
        open.interval = interval.or(open.interval);
        if key && open.live_since.is_none() {
            open.live_since = Some(now);
            // Announced first: the transition still counts the attempts.
            self.settle(now, out);
            self.went_live();
        }
    }

    /// Takes what happened and appends what to do.
    pub fn handle(&mut self, now: Stamp, input: Input, out: &mut Vec<Action>) {
        self.expire(now);
        match input {
            Input::Wanted(wanted) => self.on_wanted(now, wanted),
            Input::Enabled(enabled) => self.enabled = enabled,
            Input::Connected => self.on_connected(now),
            Input::Failed(error) => self.on_failed(now, error, out),
            Input::LoginBlocked { until } => self.on_login_blocked(now, until),
            Input::Closed => {
                if matches!(self.session, Session::Closing { .. }) {
                    self.session = Session::None;
                }
            }
            Input::Reconfigured { login_changed } => self.on_reconfigured(login_changed, out),
            Input::Tick => self.on_tick(now, out),
        }
        self.settle(now, out);
    }

    /// Starts over on an operator's request: one new session however many ask at once. Never bypasses a blocked login.
    pub fn restart(&mut self, now: Stamp, out: &mut Vec<Action>) -> RecoverOutcome {
        if let Some(answer) = self.cannot_restart(now) {
            return answer;
        }
        self.failures = 0;
        self.step = 0;
        self.open_anew(now, words::RESTARTED, out);
        RecoverOutcome::yes(words::RESTARTED)
    }

    /// Starts over only if our own evidence is bad. A waiting attempt is brought forward, but not more often than
    /// [`PolicySettings::nudge_interval`]: every viewer's health monitor may call this.
    pub fn recover(&mut self, now: Stamp, out: &mut Vec<Action>) -> RecoverOutcome {
        if let Session::Open(Open { live_since: Some(_), last_frame: Some(last), interval, .. }) = self.session {
            let age = now.since(last);
            if age <= self.settings.recover_limit(interval) {
                return RecoverOutcome::no(words::healthy(age));
            }
            if let Some(answer) = self.cannot_restart(now) {
                return answer;
            }
            self.note_failure(now, words::stalled(age));
            self.open_anew(now, words::RECOVERING, out);
            return RecoverOutcome::yes(words::no_frames_for(age));
        }
        if let Some(answer) = self.cannot_restart(now) {
            return answer;
        }
        let recent = self.opened_at.is_some_and(|at| now.since(at) < self.settings.nudge_interval);
        match self.next_try() {
            Some(at) if recent || at.since(now) <= self.settings.soon => RecoverOutcome::no(words::trying_soon(at.since(now))),
            None if matches!(self.session, Session::Open(_) | Session::Closing { .. }) => RecoverOutcome::no(words::CONNECTING),
            _ => {
                self.open_anew(now, words::RECOVERING, out);
                RecoverOutcome::yes(words::RECOVERING)
            }
        }
    }

    /// Why a restart cannot or need not begin now.
    fn cannot_restart(&self, now: Stamp) -> Option<RecoverOutcome> {
        match self.state {
            StreamState::Disabled => return Some(RecoverOutcome::no(words::DISABLED)),
            StreamState::Idle => return Some(RecoverOutcome::no(words::IDLE)),
            _ => {}
        }
        if self.is_blocked(now) {
            return Some(RecoverOutcome::no(words::BLOCKED));
        }
        if self.restarted_at.is_some_and(|at| now.since(at) < self.settings.join_window) {
            return Some(RecoverOutcome::yes(words::RESTARTING));
        }
        matches!(self.session, Session::Opening).then(|| RecoverOutcome::no(words::CONNECTING))
    }

    fn open_anew(&mut self, now: Stamp, cause: &'static str, out: &mut Vec<Action>) {
        self.restarted_at = Some(now);
        self.retry_at = None;
        self.cause = Some(cause);
        self.dark_since.get_or_insert(now);
        let stalled = matches!(self.session, Session::Open(Open { live_since: Some(_), .. })) && self.failure.is_some();
        self.close(stalled, out);
        self.settle(now, out);
    }

    fn on_wanted(&mut self, now: Stamp, wanted: bool) {
        if self.wanted && !wanted {
            self.linger_until = Some(now.plus(self.settings.linger));
        }
        if wanted {
            self.linger_until = None;
        }
        self.wanted = wanted;
    }

    fn on_connected(&mut self, now: Stamp) {
        if self.session == Session::Opening {
            self.refusals = 0;
            self.session = Session::Open(Open { since: now, last_frame: None, live_since: None, interval: None });
        }
    }

    fn on_failed(&mut self, now: Stamp, error: StreamError, out: &mut Vec<Action>) {
        match self.session {
            // A straggler of a session that is being closed for another reason.
            Session::Closing { .. } => return,
            Session::Opening => self.session = Session::None,
            Session::None | Session::Open(_) => {}
        }
        self.note_failure(now, error);
        self.close(false, out);
    }

    fn on_login_blocked(&mut self, now: Stamp, until: Stamp) {
        if self.session == Session::Opening {
            self.session = Session::None;
        }
        self.block(now, until);
    }

    fn on_reconfigured(&mut self, login_changed: bool, out: &mut Vec<Action>) {
        if login_changed {
            self.blocked_until = None;
            self.refusals = 0;
        }
        self.failures = 0;
        self.step = 0;
        self.repeated = None;
        self.retry_at = None;
        if self.blocked_until.is_none() {
            self.failure = None;
        }
        self.ever_live = false;
        self.cause = Some(words::RECONFIGURED);
        self.close(false, out);
    }

    /// Forgets what has run out.
    fn expire(&mut self, now: Stamp) {
        if self.linger_until.is_some_and(|at| at.mono_us <= now.mono_us) {
            self.linger_until = None;
        }
        if self.blocked_until.is_some_and(|at| at.mono_us <= now.mono_us) {
            self.blocked_until = None;
            self.refusals = 0;
        }
    }

    fn on_tick(&mut self, now: Stamp, out: &mut Vec<Action>) {
        let Session::Open(open) = self.session else { return };
        if self.give_up_at(&open).mono_us > now.mono_us {
            return;
        }
        let error = match (open.live_since, open.last_frame) {
            (Some(_), Some(last)) => words::stalled(now.since(last)),
            (_, Some(_)) => words::no_key_frame(now.since(open.since)),
            (_, None) => words::sends_nothing(now.since(open.since)),
        };
        self.note_failure(now, error);
        self.close(open.live_since.is_some(), out);
    }

    /// When an open session has been silent for too long.
    fn give_up_at(&self, open: &Open) -> Stamp {
        match (open.live_since, open.last_frame) {
            (Some(_), Some(last)) => last.plus(self.settings.stall_limit(open.interval)),
            (_, Some(last)) => {
                let silent = last.plus(self.settings.first_frame_timeout);
                let hopeless = open.since.plus(self.settings.first_key_timeout);
                if silent.mono_us < hopeless.mono_us { silent } else { hopeless }
            }
            (_, None) => open.since.plus(self.settings.first_frame_timeout),
        }
    }

    fn went_live(&mut self) {
        self.failures = 0;
        self.repeated = None;
        self.retry_at = None;
        self.ever_live = true;
    }

    /// Counts a failure and sets when the next attempt may be made.
    fn note_failure(&mut self, now: Stamp, error: StreamError) {
        if let Session::Open(Open { live_since: Some(live), .. }) = self.session
            && now.since(live) >= self.settings.healthy_after
        {
            self.step = 0;
        }
        self.failures = self.failures.saturating_add(1);
        self.dark_since.get_or_insert(now);
        let times = match self.repeated {
            Some((code, times)) if code == error.code => times.saturating_add(1),
            _ => 1,
        };
        self.repeated = Some((error.code, times));
        // A camera that boots may answer 404 for a while: one that has worked gets a few quick attempts first.
        let hopeless = settings::heals_slowly(error.code) && (!self.ever_live || times >= self.settings.patience);
        let slow = hopeless || self.failures >= self.settings.circuit_after;
        let delay = if slow {
            let half = self.settings.slow_pace / 2;
            half + (self.jitter)(half).min(half)
        } else {
            let ceiling = self.settings.ceiling(self.step);
            self.step = self.step.saturating_add(1);
            (self.jitter)(ceiling).min(ceiling)
        };
        self.retry_at = Some(now.plus(delay));
        if error.code == ErrorCode::AuthFailed {
            self.refusals += 1;
            if self.refusals >= self.settings.login_attempts {
                self.block(now, now.plus(self.settings.login_block));
                return;
            }
        }
        self.set_failure(now, error);
    }

    fn block(&mut self, now: Stamp, until: Stamp) {
        self.blocked_until = self.blocked_until.max_by_time(Some(until));
        self.dark_since.get_or_insert(now);
        self.set_failure(now, login_blocked());
    }

    fn set_failure(&mut self, now: Stamp, error: StreamError) {
        let since = self.failure.as_ref().map_or(now, |failure| failure.since);
        self.failure = Some(Failure { error, since });
    }

    /// Ends whatever session there is; `stalled` says whether that is why.
    fn close(&mut self, stalled: bool, out: &mut Vec<Action>) {
        if matches!(self.session, Session::Opening | Session::Open(_)) {
            out.push(Action::Close);
        }
        if self.session != Session::None {
            self.session = Session::Closing { stalled };
        }
    }

    fn wants_session(&self) -> bool {
        self.enabled && (self.wanted || self.linger_until.is_some())
    }

    fn is_blocked(&self, now: Stamp) -> bool {
        self.blocked_until.is_some_and(|at| at.mono_us > now.mono_us)
    }

    fn must_wait(&self, now: Stamp) -> bool {
        self.is_blocked(now) || self.retry_at.is_some_and(|at| at.mono_us > now.mono_us)
    }

    /// Opens or closes what follows from the facts, then announces the state that they make.
    fn settle(&mut self, now: Stamp, out: &mut Vec<Action>) {
        let wants = self.wants_session();
        if !wants {
            self.close(false, out);
            self.dark_since = None;
            self.cause = None;
        } else if self.session == Session::None && !self.must_wait(now) {
            self.session = Session::Opening;
            self.start_afresh_after_rest(now);
            self.opened_at = Some(now);
            self.retry_at = None;
            self.dark_since.get_or_insert(now);
            out.push(Action::Open);
        }
        let to = self.derive(now);
        if to != self.state {
            let from = std::mem::replace(&mut self.state, to);
            self.since = now;
            let transition = self.transition(now, from, to);
            if to == StreamState::Live {
                self.failure = None;
                self.dark_since = None;
                self.cause = None;
            }
            out.push(Action::Changed(transition));
        }
    }

    /// A stream that nobody wanted for a while carries no old failures into its first attempt.
    fn start_afresh_after_rest(&mut self, now: Stamp) {
        if !matches!(self.state, StreamState::Idle | StreamState::Disabled) {
            return;
        }
        self.failures = 0;
        self.failure = None;
        if self.opened_at.is_none_or(|at| now.since(at) >= self.settings.healthy_after) {
            self.step = 0;
        }
    }

    fn derive(&self, now: Stamp) -> StreamState {
        if !self.enabled {
            return StreamState::Disabled;
        }
        if !self.wants_session() {
            return StreamState::Idle;
        }
        match self.session {
            Session::Open(Open { live_since: Some(_), .. }) => StreamState::Live,
            Session::Closing { stalled: true } => StreamState::Stalled,
            Session::None | Session::Closing { .. } if self.is_blocked(now) => StreamState::AuthBlocked,
            // Also while a half-open attempt runs: a log line per minute for every dark camera would hide the others.
            _ if self.failures >= self.settings.circuit_after => StreamState::CircuitOpen,
            Session::None | Session::Closing { .. } if self.must_wait(now) => StreamState::Backoff,
            _ => StreamState::Connecting,
        }
    }

    fn transition(&mut self, now: Stamp, from: StreamState, to: StreamState) -> Transition {
        let dark_for = self.dark_since.map(|since| now.since(since));
        let attempt = self.failures.saturating_add(1);
        let failing = !matches!(to, StreamState::Idle | StreamState::Disabled);
        let error = self.failure.as_ref().map(|failure| &failure.error).filter(|_| failing);
        let message = error.map_or("", |error| error.message.as_str());
        let wait = self.retry_at.map(|at| at.since(now)).unwrap_or_default();
        let reason = match to {
            StreamState::Idle => words::IDLE.to_owned(),
            StreamState::Disabled => words::DISABLED.to_owned(),
            StreamState::Connecting => self.cause.take().map_or_else(|| words::connecting(self.failures), str::to_owned),
            StreamState::Live => words::live(error, dark_for),
            StreamState::Stalled | StreamState::AuthBlocked => message.to_owned(),
            StreamState::Backoff => words::backoff(message, wait),
            StreamState::CircuitOpen => words::circuit_open(message, self.failures, wait),
        };
        Transition { at: now, from, to, reason, code: error.map(|error| error.code), attempt, dark_for }
    }
}

/// The later of two optional moments.
trait MaxByTime {
    fn max_by_time(self, other: Self) -> Self;
}

impl MaxByTime for Option<Stamp> {
    fn max_by_time(self, other: Self) -> Self {
        match (self, other) {
            (Some(one), Some(two)) => Some(if one.mono_us >= two.mono_us { one } else { two }),
            (one, two) => one.or(two),
        }
    }
}

#[cfg(test)]
#[path = "policy/tests.rs"]
mod tests;
