//! The monitor of one player: probes in, at most one finding out, and what to do about it.
//!
//! The shell asks in two steps: [`Monitor::probe`] tells that something should be done, [`Monitor::act`] decides what and counts it. In
//! between the page may find that most tiles say the same ([`super::storm`]) and call [`Monitor::page_fault`] instead.

use super::log::{Event, Log};
use super::sample::{Picture, Sample, Streaks, Verdict};
use super::settings::HealthSettings;
use super::terms::{Action, Finding, Outcome, Phase, Probe, Rest, Upstream, View};
use super::window::Window;

/// An answer to an action is waited for so long, milliseconds.
const ACTION_LIMIT_MS: f64 = 20_000.0;

/// See the module.
#[derive(Debug)]
pub struct Monitor {
    settings: HealthSettings,
    phase: Phase,
    last_probe_ms: Option<f64>,
    /// Of the newest picture that was seen.
    picture_at_ms: Option<f64>,
    /// The last sign of a new picture, or when waiting for one began.
    moving_ms: f64,
    moved_since_action: bool,
    window: Window,
    /// Actions of this series.
    attempts: u32,
    not_before_ms: f64,
    healthy_since_ms: Option<f64>,
    streaks: Streaks,
    sample: Option<Sample>,
    looks: Picture,
    stale: bool,
    /// A frozen picture was renewed once; it is not again before it was lively for a whole window.
    frozen_spent: bool,
    lively_since_ms: f64,
    upstream: Upstream,
    line_up: bool,
    log: Log,
}

impl Monitor {
    /// At rest until [`Monitor::attach`].
    pub fn new(settings: HealthSettings) -> Self {
        Self {
            settings,
            phase: Phase::Resting(Rest::OutOfSight),
            last_probe_ms: None,
            picture_at_ms: None,
            moving_ms: 0.0,
            moved_since_action: true,
            window: Window::default(),
            attempts: 0,
            not_before_ms: f64::NEG_INFINITY,
            healthy_since_ms: None,
            streaks: Streaks::default(),
            sample: None,
            looks: Picture::Unknown,
            stale: false,
            frozen_spent: false,
            lively_since_ms: 0.0,
            upstream: Upstream::Unknown,
            line_up: true,
            log: Log::default(),
        }
    }

    /// Other thresholds, from the next probe on.
    pub fn configure(&mut self, settings: HealthSettings) {
        self.settings = settings;
    }

    pub fn settings(&self) -> &HealthSettings {
        &self.settings
    }

    pub fn phase(&self) -> Phase {
        self.phase
    }

    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Whether it watches; not while it rests.
    pub fn is_attached(&self) -> bool {
        !matches!(self.phase, Phase::Resting(_))
    }

    /// When the last sign of a new picture was, if the player itself is being judged now: the page compares tiles by it.
    pub fn judged_since_ms(&self) -> Option<f64> {
        let judged = matches!(self.phase, Phase::Watching | Phase::Waiting { .. } | Phase::GivenUp);
        (judged && self.line_up && matches!(self.upstream, Upstream::Live | Upstream::Unknown)).then_some(self.moving_ms)
    }

    /// The tile is to be seen: watched from now on, after a warm-up.
    pub fn attach(&mut self, now_ms: f64) {
        if self.is_attached() {
            return;
        }
        if self.settings.max_attempts > 0 && self.attempts >= self.settings.max_attempts {
            // Somebody looks again: that is worth another series.
            self.forget_series();
        }
        self.last_probe_ms = Some(now_ms);
        self.log.push(now_ms, Event::Attached);
        self.warm_up(now_ms);
    }

    /// Nothing is judged and nothing done until [`Monitor::attach`].
    pub fn detach(&mut self, now_ms: f64, rest: Rest) {
        if self.phase == Phase::Resting(rest) {
            return;
        }
        if self.is_attached() {
            self.log.push(now_ms, Event::Detached(rest));
        }
        self.phase = Phase::Resting(rest);
        self.healthy_since_ms = None;
        self.stale = false;
        self.forget_samples(now_ms);
    }

    /// An action came to its end, well or not.
    pub fn done(&mut self, now_ms: f64, outcome: Outcome) {
        if matches!(self.phase, Phase::Acting { .. }) {
            self.log.push(now_ms, Event::Done(outcome));
            self.warm_up(now_ms);
        }
    }

    /// Somebody else started the player afresh: that is worth another series, after its time to start.
    pub fn started_afresh(&mut self, now_ms: f64) {
        if !self.is_attached() {
            return;
        }
        self.forget_series();
        self.log.push(now_ms, Event::StartedAfresh);
        if !matches!(self.phase, Phase::Acting { .. }) {
            self.warm_up(now_ms);
        }
    }

    /// The page acts for all tiles: this one's standstill is no failure of its own.
    pub fn page_fault(&mut self, now_ms: f64) {
        if self.is_attached() {
            self.log.push(now_ms, Event::PageFault);
            self.moved_since_action = false;
            self.warm_up(now_ms);
        }
    }

    fn warm_up(&mut self, now_ms: f64) {
        self.phase = Phase::WarmUp { until_ms: now_ms + self.settings.warm_up_ms() };
        // What was before the start says nothing about what comes.
        self.moving_ms = self.moving_ms.max(now_ms);
        self.healthy_since_ms = None;
        self.stale = false;
        self.forget_samples(now_ms);
    }

    fn forget_samples(&mut self, now_ms: f64) {
        self.streaks = Streaks::default();
        self.sample = None;
        self.lively_since_ms = now_ms;
    }

    fn forget_series(&mut self) {
        self.attempts = 0;
        self.not_before_ms = f64::NEG_INFINITY;
        self.window.clear();
    }

    /// One look. Some: something should be done, see [`Monitor::act`].
    pub fn probe(&mut self, probe: &Probe) -> Option<Finding> {
        let now = probe.now_ms;
        if !self.is_attached() {
            return None;
        }
        let gap = self.last_probe_ms.replace(now).map_or(0.0, |before| now - before);
        if gap > self.settings.held_back_ms() {
            return self.held_back(probe, gap);
        }
        self.follow_line(probe);
        self.follow_upstream(probe);
        let moved = self.look(probe);
        self.stale = now - self.moving_ms >= self.settings.stale_ms(probe.gap_ms);
        match self.phase {
            Phase::Acting { since_ms, .. } => {
                if now - since_ms > ACTION_LIMIT_MS {
                    self.done(now, Outcome::TimedOut);
                }
                return None;
            }
            Phase::WarmUp { until_ms } if now < until_ms => return None,
            Phase::WarmUp { .. } => self.phase = Phase::Watching,
            _ => {}
        }
        if self.stale {
            self.healthy_since_ms = None;
            return self.stands_still(now);
        }
        self.phase = Phase::Watching;
        if moved { self.moves(now) } else { None }
    }

    /// The page's timers slept: what is known is old, so a standstill has to be seen anew.
    fn held_back(&mut self, probe: &Probe, gap_ms: f64) -> Option<Finding> {
        self.log.push(probe.now_ms, Event::HeldBack { gap_ms });
        self.picture_at_ms = probe.picture_at_ms.or(self.picture_at_ms);
        self.moving_ms = probe.now_ms;
        self.healthy_since_ms = None;
        self.stale = false;
        self.forget_samples(probe.now_ms);
        if matches!(self.phase, Phase::Waiting { .. } | Phase::Held) {
            self.phase = Phase::Watching;
        }
        None
    }

    fn follow_line(&mut self, probe: &Probe) {
        if std::mem::replace(&mut self.line_up, probe.line_up) == probe.line_up {
            return;
        }
        self.log.push(probe.now_ms, if probe.line_up { Event::LineBack } else { Event::LineCut });
        if probe.line_up && !matches!(self.phase, Phase::Acting { .. }) {
            // The players start afresh with the line.
            self.warm_up(probe.now_ms);
        }
    }

    fn follow_upstream(&mut self, probe: &Probe) {
        let before = std::mem::replace(&mut self.upstream, probe.upstream);
        let was_away = matches!(before, Upstream::Down | Upstream::Shut);
        match probe.upstream {
            Upstream::Live | Upstream::Unknown if was_away => {
                // What was asked of the server says nothing about the player: it begins with a clean sheet and its time to start.
                self.log.push(probe.now_ms, Event::UpstreamBack);
                self.forget_series();
                if !matches!(self.phase, Phase::Acting { .. }) {
                    self.warm_up(probe.now_ms);
                }
            }
            Upstream::Shut if before != Upstream::Shut => self.log.push(probe.now_ms, Event::UpstreamShut),
            _ => {}
        }
    }

    /// Takes in pictures and samples. True: there is a sign of a new picture.
    fn look(&mut self, probe: &Probe) -> bool {
        let newer = match (probe.picture_at_ms, self.picture_at_ms) {
            (Some(now), Some(before)) => now > before,
            (now, before) => now.is_some() && before.is_none(),
        };
        self.picture_at_ms = probe.picture_at_ms.or(self.picture_at_ms);
        // Browsers may hold back the news of a frame: a picture that changed is as good a sign.
        let changed = probe.sample.is_some_and(|sample| sample.change.is_some_and(|change| change > 0.0));
        if let Some(sample) = probe.sample {
            self.sample = Some(sample);
            if newer || changed {
                self.streaks.push(&sample);
            }
            if sample.is_identical() {
                self.lively_since_ms = probe.now_ms;
            } else if probe.now_ms - self.lively_since_ms >= self.settings.window_ms() {
                self.frozen_spent = false;
            }
        }
        if newer || changed {
            let at = probe.picture_at_ms.filter(|_| newer).unwrap_or(probe.now_ms);
            self.moving_ms = self.moving_ms.max(at.min(probe.now_ms));
        }
        let looks = self.streaks.picture(self.settings.blank_samples, self.settings.frozen_samples);
        if looks != self.looks && looks != Picture::Unknown {
            let news = looks != Picture::Fine || !matches!(self.looks, Picture::Unknown | Picture::Fine);
            self.looks = looks;
            if news {
                self.log.push(probe.now_ms, Event::Looks(looks));
            }
        }
        newer || changed
    }

    fn stands_still(&mut self, now_ms: f64) -> Option<Finding> {
        if !self.line_up || self.upstream == Upstream::Shut {
            self.phase = Phase::Held;
        } else if self.settings.max_attempts > 0 && self.attempts >= self.settings.max_attempts {
            if self.phase != Phase::GivenUp {
                self.log.push(now_ms, Event::GivenUp { attempts: self.attempts });
            }
            self.phase = Phase::GivenUp;
        } else if now_ms < self.not_before_ms {
            self.phase = Phase::Waiting { until_ms: self.not_before_ms };
        } else {
            return Some(Finding::Stale);
        }
        None
    }

    fn moves(&mut self, now_ms: f64) -> Option<Finding> {
        let since = *self.healthy_since_ms.get_or_insert(now_ms);
        if !std::mem::replace(&mut self.moved_since_action, true) {
            self.log.push(now_ms, Event::Moving);
        }
        self.window.prune(now_ms, self.settings.window_ms());
        if self.attempts > 0 && now_ms - since >= self.settings.cool_down_ms() {
            self.forget_series();
            self.log.push(now_ms, Event::Settled);
        }
        let frozen = self.looks == Picture::Frozen && !self.frozen_spent;
        let limited = self.settings.max_attempts > 0 && self.attempts >= self.settings.max_attempts;
        (frozen && !limited && now_ms >= self.not_before_ms && self.upstream != Upstream::Shut && self.line_up).then_some(Finding::Frozen)
    }

    /// Decides what is done about a finding of the probe just made. `random` in 0..1 spreads the waits of many tiles.
    pub fn act(&mut self, now_ms: f64, finding: Finding, random: f64) -> Action {
        self.attempts = self.attempts.saturating_add(1);
        let wait_ms = self.settings.wait_ms(self.attempts, random);
        self.not_before_ms = now_ms + wait_ms;
        self.moved_since_action = false;
        let action = match finding {
            Finding::Frozen => {
                self.frozen_spent = true;
                self.window.push(now_ms);
                self.log.push(now_ms, Event::FrozenRenewed);
                Action::Refresh
            }
            Finding::Stale => {
                let action = if self.upstream == Upstream::Down {
                    Action::Recover
                } else {
                    self.window.push(now_ms);
                    if self.window.count() <= self.settings.refreshes { Action::Refresh } else { Action::Rebuild }
                };
                let (silent_ms, failures) = (now_ms - self.moving_ms, self.window.count());
                self.log.push(now_ms, Event::Stale { silent_ms, action, failures, wait_ms });
                action
            }
        };
        self.phase = Phase::Acting { action, since_ms: now_ms };
        action
    }

    /// For whoever shows it.
    pub fn view(&self, now_ms: f64) -> View {
        let attached = self.is_attached();
        View {
            phase: self.phase,
            verdict: Verdict { picture: if attached { self.looks } else { Picture::Unknown }, stale: self.stale, sample: self.sample },
            silent_ms: (now_ms - self.moving_ms).max(0.0),
            failures: self.window.count(),
            attempts: self.attempts,
            upstream: self.upstream,
            at_ms: now_ms,
            decisions: self.log.count(),
        }
    }
}

#[cfg(test)]
mod tests;
