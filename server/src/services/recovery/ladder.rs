//! One camera's ladder as a sans-IO state machine: how the camera is goes in with its time, the next step comes out.
//!
//! A round begins when the camera goes dark and takes the rungs in their order. Each waits its time since the step before; a rung that is
//! off, not available or used up for the day is passed over, its wait included. The shell ([`super`]) carries the steps out.

use super::settings::{LadderSettings, Rung};
use media::time::Stamp;
use std::collections::VecDeque;
use std::time::Duration;

/// Within which time a rung's limit counts.
pub const DAY: Duration = Duration::from_secs(24 * 3600);
/// Steps that are remembered at most: far more than all limits together allow in a day.
const MEMORY: usize = 8192;

/// How a camera is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Nobody wants it, it is switched off, asleep, or being opened for the first time: nothing is wrong.
    Resting,
    /// It is wanted and gives no picture. With `login_blocked` it refused the password: only people can help.
    Dark { login_blocked: bool },
    /// At least one of its streams gives pictures.
    Live,
}

/// A step to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub rung: Rung,
    /// Only say so.
    pub dry_run: bool,
    /// How long the camera has been dark.
    pub dark_for: Duration,
}

/// What the shell has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Take this step and answer with [`Ladder::finished`].
    Take(Step),
    /// This rung's turn had come, but its limit is used up. Said once a round.
    UsedUp(Rung),
}

/// A step that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub rung: Rung,
    pub dry_run: bool,
    /// Milliseconds since 1970 UTC.
    pub at_utc_ms: i64,
}

/// The ladder of one camera.
#[derive(Debug)]
pub struct Ladder {
    settings: LadderSettings,
    condition: Condition,
    /// Rungs that can be taken at all, by their place.
    available: [bool; 5],
    dark_since: Option<Stamp>,
    live_since: Option<Stamp>,
    /// The next rung's place; past the last one: the round is over.
    next: usize,
    /// When the last step of this round ended, or the round began anew.
    stepped_at: Option<Stamp>,
    /// A step was asked for and has not ended.
    running: bool,
    /// Steps of the last 24 hours, the oldest first.
    taken: VecDeque<Taken>,
}

impl Ladder {
    /// A resting camera, with what was done for it in the last 24 hours.
    pub fn new(settings: LadderSettings, history: impl IntoIterator<Item = Taken>) -> Self {
        let taken = history.into_iter().collect();
        Self {
            settings,
            condition: Condition::Resting,
            available: [true; 5],
            dark_since: None,
            live_since: None,
            next: 0,
            stepped_at: None,
            running: false,
            taken,
        }
    }

    /// New settings; they count from the next decision on.
    pub fn set_settings(&mut self, settings: LadderSettings) {
        self.settings = settings;
    }

    /// Which rungs can be taken at all.
    pub fn set_available(&mut self, available: impl Fn(Rung) -> bool) {
        self.available = Rung::ALL.map(available);
    }

    /// The step that was asked for has been taken, however it went.
    pub fn finished(&mut self, now: Stamp) {
        self.running = false;
        self.stepped_at = Some(now);
    }

    /// Whether a step was asked for that has not ended.
    pub fn is_running(&self) -> bool {
        self.running
    }

    /// Since when the camera has been dark.
    pub fn dark_since(&self) -> Option<Stamp> {
        self.dark_since
    }

    /// Nothing is wrong, and has not been for long enough for the next darkness to be another one.
    pub fn is_well(&self, now: Stamp) -> bool {
        match self.condition {
            Condition::Resting => true,
            Condition::Dark { .. } => false,
            Condition::Live => self.live_since.is_none_or(|since| now.since(since) >= self.settings.settled_after),
        }
    }

    /// How often this rung was really taken in the last 24 hours.
    pub fn used(&self, rung: Rung, now: Stamp) -> u32 {
        self.count(rung, false, now)
    }

    /// The next step and when it is due, if everything stays as it is.
    pub fn next_step(&self, now: Stamp) -> Option<(Rung, Stamp)> {
        let rung = self.candidate().filter(|_| !self.running)?;
        let unused = self.count(rung, self.settings.dry_run, now) < self.settings.of(rung).per_day;
        unused.then(|| self.due(rung).map(|at| (rung, at))).flatten()
    }

    /// Takes how the camera is now and answers what to do now. To be called on every change and about once a second.
    pub fn update(&mut self, now: Stamp, condition: Condition, out: &mut Vec<Output>) {
        self.observe(now, condition);
        self.forget_old(now);
        if self.running || !self.settings.enabled {
            return;
        }
        if self.candidate().is_none() {
            self.begin_again(now);
        }
        while let Some(rung) = self.candidate() {
            let (Some(dark_since), Some(due)) = (self.dark_since, self.due(rung)) else { return };
            if due.mono_us > now.mono_us {
                return;
            }
            self.next = rung.place() + 1;
            let dry_run = self.settings.dry_run;
            if self.count(rung, dry_run, now) >= self.settings.of(rung).per_day {
                out.push(Output::UsedUp(rung));
                continue;
            }
            self.running = true;
            self.taken.push_back(Taken { rung, dry_run, at_utc_ms: now.utc_ms });
            out.push(Output::Take(Step { rung, dry_run, dark_for: now.since(dark_since) }));
            return;
        }
    }

    fn observe(&mut self, now: Stamp, condition: Condition) {
        let before = std::mem::replace(&mut self.condition, condition);
        match condition {
            Condition::Resting => {
                self.dark_since = None;
                self.live_since = None;
                self.begin_round(None);
            }
            Condition::Live => {
                self.dark_since = None;
                let since = *self.live_since.get_or_insert(now);
                if now.since(since) >= self.settings.settled_after {
                    self.begin_round(None);
                }
            }
            Condition::Dark { login_blocked } => {
                self.live_since = None;
                self.dark_since.get_or_insert(now);
                if before == (Condition::Dark { login_blocked: true }) && !login_blocked {
                    // Other credentials, or their time is over: what was tried before says nothing about now.
                    self.begin_round(Some(now));
                }
            }
        }
    }

    /// Back to the first rung. `at`: its wait runs from then on.
    fn begin_round(&mut self, at: Option<Stamp>) {
        self.next = 0;
        self.stepped_at = at;
    }

    /// After the last rung and the pause behind it.
    fn begin_again(&mut self, now: Stamp) {
        let pause = self.settings.again_after;
        let over = self.next > 0 && !pause.is_zero() && matches!(self.condition, Condition::Dark { .. });
        if over && self.waiting_since().is_some_and(|since| now.since(since) >= pause) {
            self.begin_round(Some(now));
        }
    }

    /// The next rung of this round that can be taken as things are.
    fn candidate(&self) -> Option<Rung> {
        let Condition::Dark { login_blocked } = self.condition else { return None };
        let possible = |rung: &Rung| {
            let on = self.settings.of(*rung).per_day > 0;
            let available = self.available.get(rung.place()).is_some_and(|available| *available);
            on && available && (!login_blocked || *rung == Rung::Alert)
        };
        Rung::ALL.into_iter().skip(self.next).find(possible).filter(|_| self.settings.enabled)
    }

    fn due(&self, rung: Rung) -> Option<Stamp> {
        Some(self.waiting_since()?.plus(self.settings.of(rung).wait))
    }

    /// The later of the last step and the beginning of this darkness.
    fn waiting_since(&self) -> Option<Stamp> {
        let dark = self.dark_since?;
        Some(self.stepped_at.filter(|stepped| stepped.mono_us > dark.mono_us).unwrap_or(dark))
    }

    fn count(&self, rung: Rung, dry_run: bool, now: Stamp) -> u32 {
        let recent = self.taken.iter().filter(|taken| taken.rung == rung && taken.dry_run == dry_run && is_recent(taken, now));
        u32::try_from(recent.count()).unwrap_or(u32::MAX)
    }

    fn forget_old(&mut self, now: Stamp) {
        while self.taken.len() > MEMORY || self.taken.front().is_some_and(|taken| !is_recent(taken, now)) {
            self.taken.pop_front();
        }
    }
}

fn is_recent(taken: &Taken, now: Stamp) -> bool {
    let day = i64::try_from(DAY.as_millis()).unwrap_or(i64::MAX);
    taken.at_utc_ms > now.utc_ms.saturating_sub(day)
}

#[cfg(test)]
mod tests;
