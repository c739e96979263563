//! The inner wheels of the policy: how each input changes the facts, and what follows from the facts.

use super::{Action, Failure, MaxByTime, Open, Policy, Session, Transition, login_blocked, settings, words};
use crate::error::{ErrorCode, StreamError};
use crate::ingest::Knocked;
use crate::stream::status::StreamState;
use crate::time::Stamp;
use std::cmp::{max_by_key, min_by_key};
use std::time::Duration;

impl Open {
    /// How old the newest picture is, against the usual.
    pub(super) fn picture_age(&self, now: Stamp, last: Stamp) -> Duration {
        now.since(last).saturating_add(self.lag.map_or(Duration::ZERO, |lag| lag.late))
    }
}

impl Policy {
    pub(super) fn on_wanted(&mut self, now: Stamp, wanted: bool) {
        if self.wanted && !wanted {
            self.linger_until = Some(now.plus(self.settings.linger));
        }
        if wanted {
            self.linger_until = None;
        }
        self.wanted = wanted;
    }

    pub(super) fn on_connected(&mut self, now: Stamp) {
        if self.session == Session::Opening {
            self.refusals = 0;
            self.session = Session::Open(Open { since: now, last_frame: None, live_since: None, interval: None, lag: None });
        }
    }

    pub(super) fn on_failed(&mut self, now: Stamp, error: StreamError, out: &mut Vec<Action>) {
        match self.session {
            // A straggler of a session that is being closed for another reason.
            Session::Closing { .. } => return,
            Session::Opening => self.session = Session::None,
            Session::None | Session::Open(_) => {}
        }
        self.note_failure(now, error);
        self.close(false, out);
    }

    pub(super) fn on_login_blocked(&mut self, now: Stamp, until: Stamp) {
        if self.session == Session::Opening {
            self.session = Session::None;
        }
        self.block(now, until);
    }

    pub(super) fn on_reconfigured(&mut self, login_changed: bool, out: &mut Vec<Action>) {
        if login_changed {
            self.blocked_until = None;
            self.refusals = 0;
        }
        self.forget_failures();
        self.step = 0;
        self.retry_at = None;
        self.quick_left = self.settings.quick_attempts;
        if self.blocked_until.is_none() {
            self.failure = None;
        }
        self.ever_live = false;
        self.cause = Some(words::RECONFIGURED);
        self.close(false, out);
    }

    /// A camera that meets a knock better than before has come back, or come further in its start: it is tried at once, and as if it had
    /// failed for the first time. One that always answers is tried once for that, no more: the reason lies elsewhere.
    pub(super) fn on_knocked(&mut self, now: Stamp, met: Knocked) {
        if self.wants_knock(now).is_none() {
            return;
        }
        let better = match self.seen.replace(met) {
            Some(before) => met > before,
            None => met == Knocked::Answers,
        };
        if better {
            self.step = 0;
            self.strikes = 0;
            self.quick_left = self.quick_left.max(self.settings.quick_attempts / 2);
            self.answers_again = true;
            self.cause = Some(words::ANSWERS_AGAIN);
            // Cameras that come back together after a power cut are not asked all at the same instant.
            let ceiling = self.settings.first_backoff / 2;
            let soon = now.plus((self.jitter)(ceiling).min(ceiling));
            self.retry_at = self.retry_at.map(|at| if soon.mono_us < at.mono_us { soon } else { at });
        }
    }

    pub(super) fn forget_failures(&mut self) {
        self.failures = 0;
        self.strikes = 0;
        self.seen = None;
        self.answers_again = false;
    }

    pub(super) fn circuit_is_open(&self) -> bool {
        self.strikes >= self.settings.circuit_after
    }

    /// Forgets what has run out.
    pub(super) fn expire(&mut self, now: Stamp) {
        if self.linger_until.is_some_and(|at| at.mono_us <= now.mono_us) {
            self.linger_until = None;
        }
        if self.blocked_until.is_some_and(|at| at.mono_us <= now.mono_us) {
            self.blocked_until = None;
            self.refusals = 0;
        }
    }

    pub(super) fn on_tick(&mut self, now: Stamp, out: &mut Vec<Action>) {
        let Session::Open(open) = self.session else { return };
        if self.give_up_at(&open).mono_us > now.mono_us {
            return;
        }
        let error = match (open.live_since, open.last_frame) {
            (Some(_), Some(last)) => words::live_stalled(&open, now, last),
            (_, Some(_)) => words::no_key_frame(now.since(open.since)),
            (_, None) => words::sends_nothing(now.since(open.since)),
        };
        if self.settings.sleep_prone && open.last_frame.is_none() && !self.sleeping() {
            // Asleep from now on; the session stays open for the moment it wakes.
            self.set_failure(now, error);
            self.dark_since = None;
            return;
        }
        self.note_failure(now, error);
        self.close(open.live_since.is_some(), out);
    }

    /// When an open session has been silent for too long.
    pub(super) fn give_up_at(&self, open: &Open) -> Stamp {
        match (open.live_since, open.last_frame) {
            (Some(_), Some(last)) => {
                let limit = self.settings.stall_limit(open.interval);
                let silent = last.plus(limit);
                let Some(lag) = open.lag else { return silent };
                // Pictures that trickle in: the newest is as old as if none had come, and no backlog is being worn down.
                let old = last.plus((limit * settings::TOO_OLD_TENTHS / 10).saturating_sub(lag.late));
                let hopeless = min_by_key(lag.since.plus(settings::CATCH_UP), lag.on_time.plus(limit), |at| at.mono_us);
                min_by_key(max_by_key(old, hopeless, |at| at.mono_us), silent, |at| at.mono_us)
            }
            (_, Some(last)) => {
                let silent = last.plus(self.settings.first_frame_timeout);
                let hopeless = open.since.plus(self.settings.first_key_timeout);
                if silent.mono_us < hopeless.mono_us { silent } else { hopeless }
            }
            (_, None) if self.sleeping() => open.since.plus(self.settings.sleep_silence),
            (_, None) => open.since.plus(self.settings.first_frame_timeout),
        }
    }

    pub(super) fn went_live(&mut self) {
        self.forget_failures();
        self.retry_at = None;
        self.ever_live = true;
    }

    /// Nothing is wrong but that a camera that may sleep is away or silent.
    pub(super) fn sleeping(&self) -> bool {
        self.settings.sleep_prone && self.failure.as_ref().is_some_and(|failure| settings::may_be_sleep(failure.error.code))
    }

    /// A camera that may sleep went to sleep: no failure that counts. It is met again by its port, or at the slow pace.
    fn note_sleep(&mut self, now: Stamp, error: StreamError) {
        let fell_silent = matches!(self.session, Session::Open(_)) && error.code == ErrorCode::Stalled;
        let delay = if fell_silent {
            // It keeps its port open while it sleeps: the next session waits for it.
            (self.jitter)(self.settings.first_backoff).min(self.settings.first_backoff)
        } else {
            let half = self.settings.slow_pace / 2;
            half + (self.jitter)(half).min(half)
        };
        self.retry_at = Some(now.plus(delay));
        // What knocks have shown stays: a port that always answers is no sign of waking.
        (self.failures, self.strikes, self.step) = (0, 0, 0);
        self.answers_again = false;
        self.dark_since = None;
        self.set_failure(now, error);
    }

    /// Counts a failure and sets when the next attempt may be made.
    pub(super) fn note_failure(&mut self, now: Stamp, error: StreamError) {
        if self.settings.sleep_prone && settings::may_be_sleep(error.code) {
            return self.note_sleep(now, error);
        }
        if let Session::Open(Open { live_since: Some(live), .. }) = self.session {
            self.earn_quick_attempts(now.since(live));
        }
        self.failures = self.failures.saturating_add(1);
        self.answers_again = false;
        self.dark_since.get_or_insert(now);
        let delay = self.next_wait(error.code);
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

    /// The wait after one more failure, and what that failure counts for.
    fn next_wait(&mut self, code: ErrorCode) -> Duration {
        // While a camera is away, knocking notices its return; attempts would only wait for their time-outs.
        let quick = self.ever_live && self.quick_left > 0 && !settings::is_away(code);
        if quick {
            self.quick_left -= 1;
        } else {
            self.strikes = self.strikes.saturating_add(1);
        }
        // Such a session was given up after a long while already, and opening one is the only way to see whether pictures come.
        let paced_by_itself = code == ErrorCode::Stalled && self.ever_live;
        // What a person has to mend, unless it has worked: a camera that boots may answer 404 for a while.
        let hopeless = settings::heals_slowly(code) && !self.ever_live;
        if !paced_by_itself && (hopeless || self.circuit_is_open()) {
            let half = self.settings.slow_pace / 2;
            return half + (self.jitter)(half).min(half);
        }
        let mut ceiling = self.settings.ceiling(self.step);
        if quick || paced_by_itself {
            ceiling = ceiling.min(self.settings.quick_backoff);
        }
        // The waits after the quick ones grow from there, not from where so many doublings would have led.
        if ceiling < self.settings.quick_backoff || !(quick || paced_by_itself) {
            self.step = self.step.saturating_add(1);
        }
        // A run of short waits would use the quick attempts up in the few seconds that most troubles last.
        let least = if quick && self.failures > 1 { ceiling / 2 } else { Duration::ZERO };
        let spread = ceiling - least;
        least + (self.jitter)(spread).min(spread)
    }

    fn earn_quick_attempts(&mut self, live: Duration) {
        let refill = self.settings.quick_refill.as_millis().max(1);
        let earned = u32::try_from(live.as_millis() / refill).unwrap_or(u32::MAX);
        self.quick_left = self.quick_left.saturating_add(earned).min(self.settings.quick_attempts);
        if earned > 0 {
            self.quick_left = self.quick_left.max(self.settings.quick_attempts / 2);
        }
        if live >= self.settings.healthy_after {
            self.step = 0;
        }
    }

    pub(super) fn block(&mut self, now: Stamp, until: Stamp) {
        self.blocked_until = self.blocked_until.max_by_time(Some(until));
        self.dark_since.get_or_insert(now);
        self.set_failure(now, login_blocked());
    }

    pub(super) fn set_failure(&mut self, now: Stamp, error: StreamError) {
        let since = self.failure.as_ref().map_or(now, |failure| failure.since);
        self.failure = Some(Failure { error, since });
    }

    /// Ends whatever session there is; `stalled` says whether that is why.
    pub(super) fn close(&mut self, stalled: bool, out: &mut Vec<Action>) {
        if matches!(self.session, Session::Opening | Session::Open(_)) {
            out.push(Action::Close);
        }
        if self.session != Session::None {
            self.session = Session::Closing { stalled };
        }
    }

    pub(super) fn wants_session(&self) -> bool {
        self.enabled && (self.wanted || self.linger_until.is_some())
    }

    pub(super) fn is_blocked(&self, now: Stamp) -> bool {
        self.blocked_until.is_some_and(|at| at.mono_us > now.mono_us)
    }

    pub(super) fn must_wait(&self, now: Stamp) -> bool {
        self.is_blocked(now) || self.retry_at.is_some_and(|at| at.mono_us > now.mono_us)
    }

    /// Opens or closes what follows from the facts, then announces the state that they make.
    pub(super) fn settle(&mut self, now: Stamp, out: &mut Vec<Action>) {
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
            if !self.sleeping() {
                self.dark_since.get_or_insert(now);
            }
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
    pub(super) fn start_afresh_after_rest(&mut self, now: Stamp) {
        if !matches!(self.state, StreamState::Idle | StreamState::Disabled) {
            return;
        }
        self.forget_failures();
        self.failure = None;
        if self.opened_at.is_none_or(|at| now.since(at) >= self.settings.healthy_after) {
            self.step = 0;
        }
    }

    pub(super) fn derive(&self, now: Stamp) -> StreamState {
        if !self.enabled {
            return StreamState::Disabled;
        }
        if !self.wants_session() {
            return StreamState::Idle;
        }
        match self.session {
            Session::Open(Open { live_since: Some(_), .. }) => StreamState::Live,
            // Also while an attempt runs: a camera that sleeps all day would fill the log with attempts.
            _ if self.sleeping() => StreamState::Backoff,
            Session::Closing { stalled: true } => StreamState::Stalled,
            Session::None | Session::Closing { .. } if self.is_blocked(now) => StreamState::AuthBlocked,
            // Also while a half-open attempt runs: a log line per minute for every dark camera would hide the others.
            _ if self.circuit_is_open() => StreamState::CircuitOpen,
            Session::None | Session::Closing { .. } if self.must_wait(now) => StreamState::Backoff,
            _ => StreamState::Connecting,
        }
    }

    pub(super) fn transition(&mut self, now: Stamp, from: StreamState, to: StreamState) -> Transition {
        let dark_for = self.dark_since.map(|since| now.since(since));
        let attempt = self.failures.saturating_add(1);
        let failing = !matches!(to, StreamState::Idle | StreamState::Disabled);
        let slept = self.sleeping();
        let error = self.failure.as_ref().map(|failure| &failure.error).filter(|_| failing && !slept);
        let message = error.map_or("", |error| error.message.as_str());
        let wait = self.retry_at.map(|at| at.since(now)).unwrap_or_default();
        let reason = match to {
            StreamState::Idle => words::IDLE.to_owned(),
            StreamState::Disabled => words::DISABLED.to_owned(),
            StreamState::Connecting => self.cause.take().map_or_else(|| words::connecting(self.failures), str::to_owned),
            StreamState::Live if slept => words::AWAKE.to_owned(),
            StreamState::Backoff if slept => words::ASLEEP.to_owned(),
            StreamState::Live => words::live(error, dark_for),
            StreamState::Stalled | StreamState::AuthBlocked => message.to_owned(),
            StreamState::Backoff => words::backoff(message, wait),
            StreamState::CircuitOpen => words::circuit_open(message, self.failures, wait),
        };
        Transition { at: now, from, to, reason, code: error.map(|error| error.code), attempt, dark_for }
    }
}
