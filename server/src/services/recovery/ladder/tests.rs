use super::super::settings::RungSettings;
use super::*;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);
const DARK: Condition = Condition::Dark { login_blocked: false };
const LOCKED: Condition = Condition::Dark { login_blocked: true };

/// Carries steps out and checks on each of them what must hold at all times.
struct Harness {
    ladder: Ladder,
    settings: LadderSettings,
    available: [bool; 5],
    now: Stamp,
    condition: Condition,
    running: Option<Rung>,
    /// Ends steps at once.
    quick: bool,
    /// What is stored: real steps only.
    stored: Vec<Taken>,
    all: Vec<(Step, Stamp)>,
    used_up: Vec<Rung>,
    /// The harness's own account of the round.
    dark_since: Option<Stamp>,
    live_since: Option<Stamp>,
    last: Option<(Rung, Stamp)>,
    /// The round of the step that runs is over: its place says nothing about the next one.
    void: bool,
}

impl Harness {
    fn new(settings: LadderSettings) -> Self {
        let now = Stamp { mono_us: 1_000_000, utc_ms: 1_700_000_000_000 };
        Self {
            ladder: Ladder::new(settings, []),
            settings,
            available: [true; 5],
            now,
            condition: Condition::Resting,
            running: None,
            quick: true,
            stored: Vec::new(),
            all: Vec::new(),
            used_up: Vec::new(),
            dark_since: None,
            live_since: None,
            last: None,
            void: false,
        }
    }

    /// Whatever was done before is of another round.
    fn new_round(&mut self) {
        self.last = None;
        self.void = true;
    }

    fn set(&mut self, change: impl FnOnce(&mut LadderSettings)) {
        change(&mut self.settings);
        self.ladder.set_settings(self.settings);
        // What a shorter limit or another mode would have allowed before is not judged.
        self.new_round();
    }

    fn offer(&mut self, available: [bool; 5]) {
        self.available = available;
        self.ladder.set_available(|rung| available[rung.place()]);
    }

    fn be(&mut self, condition: Condition) {
        if condition == Condition::Resting || (self.condition == LOCKED && condition == DARK) {
            self.new_round();
        }
        match condition {
            Condition::Dark { .. } => {
                self.dark_since.get_or_insert(self.now);
                self.live_since = None;
            }
            Condition::Live => {
                self.dark_since = None;
                self.live_since.get_or_insert(self.now);
            }
            Condition::Resting => (self.dark_since, self.live_since) = (None, None),
        }
        self.condition = condition;
        self.look();
    }

    fn look(&mut self) {
        if self.live_since.is_some_and(|since| self.now.since(since) >= self.settings.settled_after) {
            self.new_round();
        }
        let mut out = Vec::new();
        self.ladder.update(self.now, self.condition, &mut out);
        for output in out {
            match output {
                Output::Take(step) => self.judge(step),
                Output::UsedUp(rung) => self.used_up.push(rung),
            }
        }
    }

    fn judge(&mut self, step: Step) {
        let Condition::Dark { login_blocked } = self.condition else { panic!("{step:?} for a camera that is {:?}", self.condition) };
        assert_eq!(self.running, None, "two steps at once");
        assert!(self.settings.enabled, "the ladder is off");
        assert!(!login_blocked || step.rung == Rung::Alert, "{step:?} while the login is blocked");
        assert_eq!(step.dry_run, self.settings.dry_run);
        assert!(self.available[step.rung.place()]);
        let RungSettings { wait, per_day } = self.settings.of(step.rung);
        let dark_since = self.dark_since.expect("dark");
        assert_eq!(step.dark_for, self.now.since(dark_since));
        assert!(step.dark_for >= wait, "{step:?} too early");
        if let Some((rung, at)) = self.last {
            assert!(self.now.since(at) >= wait, "{step:?} too soon after {rung:?}");
            let again = !self.settings.again_after.is_zero() && self.now.since(at) >= self.settings.again_after;
            assert!(rung < step.rung || again, "{:?} after {rung:?}", step.rung);
        }
        if !step.dry_run {
            let recent = self.stored.iter().filter(|taken| taken.rung == step.rung && is_recent(taken, self.now)).count();
            assert!(recent < usize::try_from(per_day).expect("small"), "{:?} more than {per_day} times a day", step.rung);
            self.stored.push(Taken { rung: step.rung, dry_run: false, at_utc_ms: self.now.utc_ms });
        }
        self.all.push((step, self.now));
        self.running = Some(step.rung);
        self.void = false;
        if self.quick {
            self.finish();
        }
    }

    fn finish(&mut self) {
        if let Some(rung) = self.running.take() {
            self.last = (!self.void).then_some((rung, self.now));
            self.ladder.finished(self.now);
        }
    }

    /// Lets time pass as the shell does: a look every second.
    fn pass(&mut self, seconds: u32) {
        for _ in 0..seconds {
            self.now = self.now.plus(SECOND);
            self.look();
        }
    }

    /// The server is started anew: only what was stored is known.
    fn restart(&mut self) {
        self.ladder = Ladder::new(self.settings, self.stored.iter().copied());
        self.offer(self.available);
        (self.running, self.last, self.dark_since, self.live_since) = (None, None, None, None);
        self.be(self.condition);
    }

    fn rungs(&self) -> Vec<Rung> {
        self.all.iter().map(|(step, _)| step.rung).collect()
    }
}

/// Every wait 10 s, every limit 2, once again after 100 s, settled after 20 s.
fn brisk() -> LadderSettings {
    let rung = RungSettings { wait: 10 * SECOND, per_day: 2 };
    LadderSettings {
        enabled: true,
        dry_run: false,
        reconnect: rung,
        transport: rung,
        reboot: rung,
        webhook: rung,
        alert: rung,
        again_after: 100 * SECOND,
        settled_after: 20 * SECOND,
    }
}

#[test]
fn the_rungs_are_taken_in_order_each_after_its_wait() {
    let mut camera = Harness::new(LadderSettings { again_after: Duration::ZERO, ..brisk() });
    camera.be(DARK);
    assert_eq!(camera.ladder.next_step(camera.now).map(|(rung, at)| (rung, at.since(camera.now))), Some((Rung::Reconnect, 10 * SECOND)));
    camera.pass(9);
    assert!(camera.rungs().is_empty());
    camera.pass(600);
    assert_eq!(camera.rungs(), Rung::ALL);
    let times: Vec<_> = camera.all.iter().map(|(step, _)| step.dark_for.as_secs()).collect();
    assert_eq!(times, [10, 20, 30, 40, 50]);
}

#[test]
fn a_rung_that_is_not_there_is_passed_over_with_its_wait() {
    let mut camera = Harness::new(brisk());
    camera.offer([true, false, false, true, true]);
    camera.be(DARK);
    camera.pass(30);
    assert_eq!(camera.rungs(), [Rung::Reconnect, Rung::Webhook, Rung::Alert]);
}

#[test]
fn a_step_that_takes_long_holds_up_the_next() {
    let mut camera = Harness::new(brisk());
    camera.quick = false;
    camera.be(DARK);
    camera.pass(60);
    assert_eq!(camera.rungs(), [Rung::Reconnect]);
    camera.finish();
    camera.pass(9);
    assert_eq!(camera.rungs(), [Rung::Reconnect]);
    camera.pass(1);
    assert_eq!(camera.rungs(), [Rung::Reconnect, Rung::Transport]);
}

#[test]
fn a_camera_that_flaps_goes_on_where_it_was_until_it_has_been_live_for_a_while() {
    let mut camera = Harness::new(brisk());
    camera.be(DARK);
    camera.pass(20);
    camera.be(Condition::Live);
    camera.pass(19);
    camera.be(DARK);
    camera.pass(10);
    assert_eq!(camera.rungs(), [Rung::Reconnect, Rung::Transport, Rung::Reboot]);
    camera.be(Condition::Live);
    camera.pass(20);
    camera.be(DARK);
    camera.pass(10);
    assert_eq!(camera.rungs().last(), Some(&Rung::Reconnect));
}

#[test]
fn a_blocked_login_only_tells_people() {
    let mut camera = Harness::new(brisk());
    camera.be(LOCKED);
    camera.pass(60);
    assert_eq!(camera.rungs(), [Rung::Alert]);
    camera.be(DARK);
    camera.pass(20);
    assert_eq!(camera.rungs(), [Rung::Alert, Rung::Reconnect, Rung::Transport], "another login is a new beginning");
}

#[test]
fn limits_hold_over_restarts_and_are_told() {
    let mut camera = Harness::new(LadderSettings { again_after: SECOND, ..brisk() });
    camera.offer([false, false, false, true, false]);
    camera.be(DARK);
    for _ in 0..5 {
        camera.pass(60);
        camera.restart();
    }
    assert_eq!(camera.rungs(), [Rung::Webhook, Rung::Webhook]);
    assert!(camera.used_up.contains(&Rung::Webhook));
    assert_eq!(camera.ladder.used(Rung::Webhook, camera.now), 2);
    camera.pass(24 * 3600);
    assert_eq!(camera.rungs().len(), 4, "a day later it may be taken again");
}

#[test]
fn a_dry_run_uses_nothing_up() {
    let mut camera = Harness::new(LadderSettings { dry_run: true, ..brisk() });
    camera.be(DARK);
    camera.pass(600);
    assert!(camera.all.len() > 5 && camera.all.iter().all(|(step, _)| step.dry_run));
    assert_eq!(camera.ladder.used(Rung::Webhook, camera.now), 0);
    let before = camera.all.len();
    camera.set(|settings| settings.dry_run = false);
    camera.pass(600);
    assert!(camera.all.len() > before && camera.stored.len() == camera.all.len() - before);
}

#[derive(Debug, Clone)]
enum Act {
    Be(Condition),
    Pass(u32),
    Finish,
    Quick(bool),
    Enabled(bool),
    DryRun(bool),
    PerDay(u32),
    Wait(u64),
    Available([bool; 5]),
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    let condition = prop::sample::select(vec![DARK, DARK, DARK, DARK, LOCKED, Condition::Live, Condition::Resting]);
    prop_oneof![
        5 => condition.prop_map(Act::Be),
        8 => (0_u32..200).prop_map(Act::Pass),
        1 => (80_000_u32..90_000).prop_map(Act::Pass),
        3 => Just(Act::Finish),
        1 => any::<bool>().prop_map(Act::Quick),
        1 => prop::bool::weighted(0.8).prop_map(Act::Enabled),
        1 => any::<bool>().prop_map(Act::DryRun),
        1 => (0_u32..4).prop_map(Act::PerDay),
        1 => (0_u64..40).prop_map(Act::Wait),
        1 => any::<[bool; 5]>().prop_map(Act::Available),
        1 => Just(Act::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Everything that [`Harness::judge`] asserts: order, waits, limits over restarts, one at a time, none where none may be.
    #[test]
    fn any_sequence_keeps_the_promises(acts in prop::collection::vec(act(), 1..60)) {
        let mut camera = Harness::new(brisk());
        for act in acts {
            match act {
                Act::Be(condition) => camera.be(condition),
                Act::Pass(seconds) => camera.pass(seconds),
                Act::Finish => camera.finish(),
                Act::Quick(quick) => camera.quick = quick,
                Act::Enabled(on) => camera.set(|settings| settings.enabled = on),
                Act::DryRun(on) => camera.set(|settings| settings.dry_run = on),
                Act::PerDay(limit) => camera.set(|settings| settings.webhook.per_day = limit),
                Act::Wait(seconds) => camera.set(|settings| settings.alert.wait = Duration::from_secs(seconds)),
                Act::Available(available) => camera.offer(available),
                Act::Restart => camera.restart(),
            }
        }
    }

    /// A camera that stays dark with the ladder on is never forgotten: something is done, or its limit said, within a round.
    #[test]
    fn a_dark_camera_is_not_forgotten(acts in prop::collection::vec(act(), 1..30)) {
        let mut camera = Harness::new(brisk());
        for act in acts {
            match act {
                Act::Be(condition) => camera.be(condition),
                Act::Pass(seconds) => camera.pass(seconds.min(300)),
                Act::Finish => camera.finish(),
                _ => {}
            }
        }
        camera.finish();
        camera.be(DARK);
        let before = camera.all.len() + camera.used_up.len();
        camera.pass(200);
        prop_assert!(camera.all.len() + camera.used_up.len() > before);
    }
}
