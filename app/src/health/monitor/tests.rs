use super::*;
use crate::health::sample::Picture;
use proptest::prelude::*;

const MOVING: Sample = Sample { mean: 90.0, deviation: 40.0, change: Some(1.5) };
const SAME: Sample = Sample { mean: 90.0, deviation: 40.0, change: Some(0.0) };
const BLACK: Sample = Sample { mean: 2.0, deviation: 0.3, change: Some(0.0) };

/// A tile with a clock: probes come every 1.5 s, and an action is over at once unless a test says otherwise.
struct Tile {
    monitor: Monitor,
    now: f64,
    picture_at: Option<f64>,
    sample: Option<Sample>,
    upstream: Upstream,
    line_up: bool,
    actions: Vec<(f64, Action)>,
}

impl Tile {
    fn new(settings: HealthSettings) -> Self {
        let mut monitor = Monitor::new(settings);
        monitor.attach(0.0);
        Self { monitor, now: 0.0, picture_at: None, sample: None, upstream: Upstream::Live, line_up: true, actions: Vec::new() }
    }

    fn look(&mut self, after_ms: f64) -> Option<Finding> {
        self.now += after_ms;
        self.monitor.probe(&Probe {
            now_ms: self.now,
            picture_at_ms: self.picture_at,
            sample: self.sample,
            upstream: self.upstream,
            line_up: self.line_up,
            gap_ms: 66.0,
        })
    }

    /// Probes for so long; `moving`: pictures come.
    fn run(&mut self, seconds: f64, moving: bool) -> &mut Self {
        let end = self.now + seconds * 1_000.0;
        while self.now + 1.0 < end {
            let step = 1_500.0_f64.min(end - self.now);
            if moving {
                self.picture_at = Some(self.now + step - 20.0);
            }
            if let Some(finding) = self.look(step) {
                let action = self.monitor.act(self.now, finding, 0.0);
                self.actions.push((self.now / 1_000.0, action));
                self.monitor.done(self.now, Outcome::Restarted);
            }
        }
        self
    }

    fn kinds(&self) -> Vec<Action> {
        self.actions.iter().map(|(_, action)| *action).collect()
    }

    fn events(&self) -> Vec<&Event> {
        self.monitor.log().iter().map(|decision| &decision.event).collect()
    }
}

use Action::{Rebuild, Recover, Refresh};

#[test]
fn a_standstill_is_refreshed_three_times_then_rebuilt_ever_more_rarely() {
    let mut tile = Tile::new(HealthSettings::default());
    tile.run(30.0, true).run(300.0, false);
    assert_eq!(tile.kinds()[..6], [Refresh, Refresh, Refresh, Rebuild, Rebuild, Rebuild]);
    let first = tile.actions[0].0;
    assert!((35.9..=38.0).contains(&first), "6 s after the last picture, found by the next probe: {first}");
    let pauses: Vec<f64> = tile.actions.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    for (pause, wait) in pauses.iter().zip([10.0, 10.0, 20.0, 40.0, 60.0, 60.0]) {
        assert!((wait..wait + 1.6).contains(pause), "waits and warm-ups: {pauses:?}");
    }
}

#[test]
fn one_refresh_that_helps_ends_it_and_the_series_is_forgotten() {
    let mut tile = Tile::new(HealthSettings::default());
    tile.run(20.0, true).run(8.0, false).run(60.0, true);
    assert_eq!(tile.kinds(), [Refresh]);
    assert!(matches!(tile.events()[..2], [Event::Settled, Event::Moving]));
    let view = tile.monitor.view(tile.now);
    assert_eq!((view.phase, view.attempts, view.failures, view.verdict.stale), (Phase::Watching, 0, 0, false));
}

#[test]
fn a_series_is_forgotten_after_thirty_seconds_of_moving_pictures_and_not_before() {
    let mut tile = Tile::new(HealthSettings::default());
    tile.run(20.0, true).run(8.0, false);
    assert_eq!(tile.kinds(), [Refresh]);
    // The first moving picture after the warm-up: the time counts from here.
    while !matches!(tile.events()[0], Event::Moving) {
        tile.run(0.5, true);
    }
    tile.run(29.0, true);
    assert_eq!((tile.monitor.view(tile.now).attempts, tile.events()[0]), (1, &Event::Moving), "after 29 s");
    tile.run(2.0, true);
    assert_eq!((tile.monitor.view(tile.now).attempts, tile.events()[0]), (0, &Event::Settled), "after 31 s");
}

#[test]
fn a_fourth_failure_within_a_minute_rebuilds_even_if_pictures_came_between() {
    let mut tile = Tile::new(HealthSettings { warm_up_s: 1, longest_wait_s: 5, ..HealthSettings::default() });
    for _ in 0..4 {
        tile.run(4.0, true).run(7.5, false);
    }
    assert_eq!(tile.kinds(), [Refresh, Refresh, Refresh, Rebuild]);
    let mut rare = Tile::new(HealthSettings { warm_up_s: 1, ..HealthSettings::default() });
    for _ in 0..8 {
        rare.run(40.0, true).run(7.5, false);
    }
    assert_eq!(rare.kinds(), [Refresh; 8], "the window holds two of them");
}

#[test]
fn warm_up_gives_a_start_its_time_but_a_start_that_never_shows_anything_is_a_standstill() {
    let mut tile = Tile::new(HealthSettings::default());
    tile.run(9.9, false);
    assert_eq!(tile.kinds(), []);
    tile.run(2.0, false);
    assert_eq!(tile.kinds(), [Refresh]);
}

#[test]
fn attempts_have_a_limit_if_wanted_and_pictures_or_a_new_look_lift_it() {
    let mut tile = Tile::new(HealthSettings { max_attempts: 2, ..HealthSettings::default() });
    tile.run(600.0, false);
    assert_eq!((tile.kinds().len(), tile.monitor.phase()), (2, Phase::GivenUp));
    tile.monitor.detach(tile.now, Rest::PageHidden);
    tile.monitor.attach(tile.now);
    tile.run(600.0, false);
    assert_eq!(tile.kinds().len(), 4);
    tile.run(60.0, true).run(9.0, false);
    assert_eq!(tile.kinds().len(), 5);
    tile.run(600.0, false);
    assert_eq!((tile.kinds().len(), tile.monitor.phase()), (6, Phase::GivenUp));
    tile.monitor.started_afresh(tile.now);
    tile.run(9.9, false);
    assert_eq!(tile.kinds().len(), 6, "whoever started it gets the time that a start takes");
    tile.run(600.0, false);
    assert_eq!((tile.kinds().len(), tile.monitor.phase()), (8, Phase::GivenUp));
    let for_ever = Tile::new(HealthSettings::default()).run(3_600.0, false).actions.len();
    assert!((60..65).contains(&for_ever), "about one a minute: {for_ever}");
}

#[test]
fn while_the_server_says_the_camera_is_away_only_recover_is_asked_for() {
    let mut tile = Tile::new(HealthSettings::default());
    tile.run(20.0, true);
    tile.upstream = Upstream::Down;
    tile.run(200.0, false);
    assert!(tile.actions.len() <= 7 && tile.kinds().iter().all(|action| *action == Recover), "{:?}", tile.actions);
    tile.upstream = Upstream::Live;
    tile.run(30.0, true);
    assert_eq!(tile.monitor.view(tile.now).attempts, 0);
    let before = tile.actions.len();
    tile.run(8.0, false);
    assert_eq!(tile.kinds()[before..], [Refresh], "a player that hangs afterwards begins at the first step");
}

#[test]
fn what_only_a_person_changes_and_a_cut_line_are_waited_out() {
    let mut tile = Tile::new(HealthSettings::default());
    tile.upstream = Upstream::Shut;
    tile.run(120.0, false);
    assert_eq!((tile.kinds(), tile.monitor.phase()), (vec![], Phase::Held));
    tile.upstream = Upstream::Live;
    tile.line_up = false;
    tile.run(120.0, false);
    assert_eq!(tile.kinds(), []);
    tile.line_up = true;
    tile.run(9.0, false);
    assert_eq!(tile.kinds(), [], "a warm-up after the line is back");
    tile.run(60.0, true);
    assert_eq!(tile.kinds(), []);
}

#[test]
fn timers_that_slept_are_no_standstill() {
    let mut tile = Tile::new(HealthSettings::default());
    tile.run(20.0, true);
    for _ in 0..20 {
        assert_eq!(tile.look(60_000.0), None, "a probe a minute, and no new picture");
    }
    assert!(matches!(tile.events()[0], Event::HeldBack { .. }));
    tile.run(4.0, false);
    assert_eq!(tile.kinds(), [], "a standstill has to be seen anew");
    tile.run(4.0, false);
    assert_eq!(tile.kinds(), [Refresh]);
}

#[test]
fn a_frozen_picture_is_renewed_once_then_only_flagged() {
    let mut tile = Tile::new(HealthSettings::default());
    tile.sample = Some(SAME);
    tile.run(600.0, true);
    assert_eq!(tile.kinds(), [Refresh]);
    assert_eq!(tile.monitor.view(tile.now).verdict.picture, Picture::Frozen);
    tile.sample = Some(MOVING);
    tile.run(5.0, true);
    tile.sample = Some(SAME);
    tile.run(60.0, true);
    assert_eq!(tile.kinds(), [Refresh], "one change in a still scene doesn't allow another");
    tile.sample = Some(MOVING);
    tile.run(90.0, true);
    assert_eq!(tile.monitor.view(tile.now).verdict.picture, Picture::Fine);
    tile.sample = Some(SAME);
    tile.run(60.0, true);
    assert_eq!(tile.kinds(), [Refresh, Refresh], "after a lively minute it does");
}

#[test]
fn a_black_picture_is_flagged_and_never_restarted() {
    let mut tile = Tile::new(HealthSettings::default());
    tile.sample = Some(BLACK);
    tile.run(3_600.0, true);
    assert_eq!((tile.kinds(), tile.monitor.view(tile.now).verdict.picture), (vec![], Picture::Black));
    tile.sample = Some(MOVING);
    tile.run(2.0, true);
    assert!(tile.events().contains(&&Event::Looks(Picture::Fine)));
}

#[test]
fn a_picture_that_changes_is_alive_though_no_frame_was_announced() {
    let mut tile = Tile::new(HealthSettings::default());
    tile.sample = Some(MOVING);
    tile.run(120.0, false);
    assert_eq!(tile.kinds(), []);
}

#[test]
fn a_tile_at_rest_does_nothing_and_warms_up_when_it_is_back() {
    let mut tile = Tile::new(HealthSettings::default());
    tile.run(20.0, true);
    tile.monitor.detach(tile.now, Rest::PageHidden);
    tile.run(120.0, false);
    assert_eq!((tile.kinds(), tile.monitor.phase()), (vec![], Phase::Resting(Rest::PageHidden)));
    tile.monitor.attach(tile.now);
    tile.run(9.0, false);
    assert_eq!(tile.kinds(), []);
}

#[test]
fn it_is_watched_again_after_an_action_that_failed_or_never_answered() {
    for outcome in [Some(Outcome::Failed { reason: "no answer".to_owned() }), None] {
        let mut tile = Tile::new(HealthSettings { refreshes: 0, ..HealthSettings::default() });
        let finding = loop {
            if let Some(finding) = tile.look(1_500.0) {
                break finding;
            }
        };
        assert_eq!(tile.monitor.act(tile.now, finding, 0.0), Rebuild);
        assert_eq!(tile.look(1_500.0), None, "one thing at a time");
        match outcome {
            Some(outcome) => tile.monitor.done(tile.now, outcome),
            None => {
                while matches!(tile.monitor.phase(), Phase::Acting { .. }) {
                    assert_eq!(tile.look(1_500.0), None);
                }
            }
        }
        assert!(matches!(tile.monitor.phase(), Phase::WarmUp { .. }));
        tile.run(12.0, false);
        assert_eq!(tile.kinds(), [Rebuild]);
    }
}

#[test]
fn the_page_s_fault_is_no_failure_of_the_tile() {
    let mut tile = Tile::new(HealthSettings::default());
    tile.run(20.0, true);
    while tile.look(1_500.0).is_none() {}
    tile.monitor.page_fault(tile.now);
    let view = tile.monitor.view(tile.now);
    assert_eq!((view.attempts, view.failures), (0, 0));
    assert!(matches!(view.phase, Phase::WarmUp { .. }));
}

#[derive(Debug, Clone)]
enum Step {
    Look { after_ms: f64, moving: bool, sample: u8 },
    Attach,
    Detach,
    Upstream(u8),
    Line(bool),
    Done,
    PageFault,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (100.0..3_000.0_f64, prop::bool::weighted(0.3), 0_u8..4).prop_map(|(after_ms, moving, sample)| Step::Look { after_ms, moving, sample }),
        1 => (3_000.0..400_000.0_f64).prop_map(|after_ms| Step::Look { after_ms, moving: false, sample: 0 }),
        1 => Just(Step::Attach),
        1 => Just(Step::Detach),
        1 => (0_u8..4).prop_map(Step::Upstream),
        1 => any::<bool>().prop_map(Step::Line),
        4 => Just(Step::Done),
        1 => Just(Step::PageFault),
    ]
}

proptest! {
    /// Whatever happens: nothing is done at rest, while an action runs, or after the limit of a series, and never twice within a wait.
    #[test]
    fn actions_are_rare_and_never_at_rest(steps in prop::collection::vec(step(), 1..600), limit in 0_u32..4, random in 0.0..1.0_f64) {
        let mut tile = Tile::new(HealthSettings { max_attempts: limit, ..HealthSettings::default() });
        let mut last_action = f64::NEG_INFINITY;
        for step in steps {
            match step {
                Step::Look { after_ms, moving, sample } => {
                    if moving {
                        tile.picture_at = Some(tile.now + after_ms);
                    }
                    tile.sample = [None, Some(MOVING), Some(SAME), Some(BLACK)][usize::from(sample)];
                    let (phase, attempts) = (tile.monitor.phase(), tile.monitor.view(tile.now).attempts);
                    let Some(finding) = tile.look(after_ms) else { continue };
                    let busy = matches!(phase, Phase::Resting(_) | Phase::Acting { .. });
                    prop_assert!(!busy, "an action while {phase:?}");
                    prop_assert!(after_ms <= tile.monitor.settings().held_back_ms());
                    prop_assert!(limit == 0 || attempts < limit);
                    prop_assert!(tile.now - last_action >= 5_000.0, "{} after the last", tile.now - last_action);
                    let action = tile.monitor.act(tile.now, finding, random);
                    prop_assert!(action != Recover || tile.upstream == Upstream::Down);
                    last_action = tile.now;
                }
                Step::Attach => tile.monitor.attach(tile.now),
                Step::Detach => tile.monitor.detach(tile.now, Rest::OutOfSight),
                Step::Upstream(n) => tile.upstream = [Upstream::Live, Upstream::Down, Upstream::Shut, Upstream::Unknown][usize::from(n)],
                Step::Line(up) => tile.line_up = up,
                Step::Done => tile.monitor.done(tile.now, Outcome::Restarted),
                Step::PageFault => tile.monitor.page_fault(tile.now),
            }
        }
    }

    /// While pictures come and change, nothing is ever done, whatever the thresholds.
    #[test]
    fn a_healthy_stream_is_left_alone(stale in 2_u32..20, warm_up in 1_u32..20, minutes in 1_u32..30) {
        let mut tile = Tile::new(HealthSettings { stale_after_s: stale, warm_up_s: warm_up, ..HealthSettings::default() });
        tile.sample = Some(MOVING);
        tile.run(f64::from(minutes) * 60.0, true);
        prop_assert_eq!(tile.kinds(), vec![]);
    }
}
