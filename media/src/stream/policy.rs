//! The life of one stream as a sans-IO state machine: what happened goes in with its time, what to do comes out.
//!
//! The shell ([`super::supervisor`]) owns the session and the clock; this core owns every decision: when to open, when to give a
//! session up, how long to wait, and what people are told. What does not belong here: sockets, tasks, other streams' logins
//! ([`super::breaker`] counts those per host and user).

use crate::clock::Lag;
use crate::error::{ErrorCode, StreamError};
use crate::ingest::Knocked;
use crate::stream::status::StreamState;
use crate::time::Stamp;
use std::fmt;
use std::time::Duration;

mod machine;
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
    /// While [`Policy::wants_knock`]: how the camera met the knock.
    Knocked(Knocked),
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
    /// How far the newest frame is behind.
    lag: Option<Lag>,
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
    /// Those of them that speak for an open circuit: not the quick ones, and none from before the camera answered again.
    strikes: u32,
    /// Quick attempts that are left.
    quick_left: u32,
    /// How the newest knock since it was last live was met.
    seen: Option<Knocked>,
    /// A knock was met better than the one before: the next attempt is made because of that.
    answers_again: bool,
    /// Exponent of the next backoff; goes back to 0 only after a healthy while, so that a camera that flaps is not hammered.
    step: u32,
    /// Refused logins in a row.
    refusals: u32,
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
            strikes: 0,
            quick_left: settings.quick_attempts,
            seen: None,
            answers_again: false,
            step: 0,
            refusals: 0,
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
        self.failure.as_ref().filter(|_| !self.sleeping() && !matches!(self.state, StreamState::Idle | StreamState::Disabled))
    }

    /// A camera that may sleep ([`PolicySettings::sleep_prone`]) is asleep: in state `backoff` without a failure.
    pub fn asleep(&self) -> bool {
        self.state == StreamState::Backoff && self.sleeping()
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

    /// After which pause the shell should look how the camera meets a knock; None while that would tell nothing. Finding it better than
    /// before brings the next attempt forward, without a login and without a session until then.
    pub fn wants_knock(&self, now: Stamp) -> Option<Duration> {
        let shows = self.failure.as_ref().is_some_and(|failure| settings::shows_outside(failure.error.code));
        let waits = self.retry_at.is_some_and(|at| at.since(now) > self.settings.soon);
        if !shows || !waits || self.session != Session::None || !self.wants_session() || self.is_blocked(now) {
            return None;
        }
        Some(match self.seen {
            // A camera on a battery is not kept awake by being asked.
            _ if self.sleeping() => settings::IDLE_KNOCK,
            None => settings::FIRST_KNOCK,
            // What it refuses may be refused for ever, where it has never worked.
            Some(Knocked::Refuses) if !self.ever_live => settings::IDLE_KNOCK,
            // Why the stream fails all the same can't be seen from outside; only whether the camera goes away can.
            Some(Knocked::Answers) => settings::IDLE_KNOCK,
            // That look has lasted as long as such a pause.
            Some(Knocked::Silent) => settings::FIRST_KNOCK,
            Some(Knocked::Shut | Knocked::Refuses) => settings::KNOCK,
        })
    }

    /// What the next attempt fails with if the camera says nothing to the question that should come before it; None where nothing suggests
    /// that it is silent. An attempt that begins while the camera is silent would wait for its time-out after the camera has come back.
    pub fn silence(&self) -> Option<StreamError> {
        let last = self.failure.as_ref().map(|failure| &failure.error).filter(|error| error.code == ErrorCode::Timeout);
        match last {
            Some(last) if !self.answers_again || self.seen == Some(Knocked::Silent) => Some(last.clone()),
            None if self.seen == Some(Knocked::Silent) => Some(words::silent()),
            _ => None,
        }
    }

    /// Whether the attempt that runs or comes next is made because the camera answers again.
    pub fn answers_again(&self) -> bool {
        self.answers_again
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

    /// A video frame arrived. The hot path: one call per frame. `interval` is the usual time between frames, where known; `lag` says how
    /// late this one is.
    pub fn frame(&mut self, now: Stamp, key: bool, interval: Option<Duration>, lag: Option<Lag>, out: &mut Vec<Action>) {
        let Session::Open(open) = &mut self.session else { return };
        open.last_frame = Some(now);
        open.lag = lag;
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
            Input::Knocked(answered) => self.on_knocked(now, answered),
            Input::Tick => self.on_tick(now, out),
        }
        self.settle(now, out);
    }

    /// Starts over on an operator's request: one new session however many ask at once. Never bypasses a blocked login.
    pub fn restart(&mut self, now: Stamp, out: &mut Vec<Action>) -> RecoverOutcome {
        if let Some(answer) = self.cannot_restart(now) {
            return answer;
        }
        self.forget_failures();
        self.step = 0;
        self.open_anew(now, words::RESTARTED, out);
        RecoverOutcome::yes(words::RESTARTED)
    }

    /// Starts over only if our own evidence is bad. A waiting attempt is brought forward, but not more often than
    /// [`PolicySettings::nudge_interval`]: every viewer's health monitor may call this.
    pub fn recover(&mut self, now: Stamp, out: &mut Vec<Action>) -> RecoverOutcome {
        if let Session::Open(open @ Open { live_since: Some(_), last_frame: Some(last), interval, .. }) = self.session {
            let age = open.picture_age(now, last);
            if age <= self.settings.recover_limit(interval) {
                return RecoverOutcome::no(words::healthy(age));
            }
            if let Some(answer) = self.cannot_restart(now) {
                return answer;
            }
            self.note_failure(now, words::live_stalled(&open, now, last));
            self.open_anew(now, words::RECOVERING, out);
            return RecoverOutcome::yes(words::too_old(age));
        }
        if let Some(answer) = self.cannot_restart(now) {
            return answer;
        }
        if self.sleeping() {
            return RecoverOutcome::no(words::ASLEEP);
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
        if !self.sleeping() {
            self.dark_since.get_or_insert(now);
        }
        let stalled = matches!(self.session, Session::Open(Open { live_since: Some(_), .. })) && self.failure.is_some();
        self.close(stalled, out);
        self.settle(now, out);
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
mod tests;
