//! The controller against a simulated element: media arrives, the playhead walks at the rate it was given and stops at the buffer's end.

use super::*;

/// A player on a media timeline that starts at 1000 s, stepped by milliseconds.
struct Sim {
    control: EdgeControl,
    now_ms: u64,
    position: f64,
    rate: f64,
    start: f64,
    end: f64,
    seeks: u32,
    stalled_ms: u64,
    held_ms: u64,
    was_stalled: bool,
    max_rate: f64,
}

impl Sim {
    fn new(options: EdgeOptions) -> Self {
        Self {
            control: EdgeControl::new(options),
            now_ms: 0,
            position: 0.0,
            rate: 1.0,
            start: 1000.0,
            end: 1000.0,
            seeks: 0,
            stalled_ms: 0,
            held_ms: 0,
            was_stalled: false,
            max_rate: 1.0,
        }
    }

    fn now_s(&self) -> f64 {
        self.now_ms as f64 / 1000.0
    }

    fn append(&mut self, seconds: f64) {
        self.end += seconds;
        self.control.arrived(self.end, self.now_s());
        self.decide();
    }

    fn decide(&mut self) {
        match self.control.step(self.position, &[(self.start, self.end)], self.now_s()) {
            EdgeAction::Keep => {}
            EdgeAction::Rate(rate) => {
                self.rate = rate;
                self.max_rate = self.max_rate.max(rate);
            }
            EdgeAction::Seek(to) => {
                self.position = to;
                self.rate = 1.0;
                self.seeks += 1;
            }
        }
    }

    /// Runs for `ms`; `arrivals(ms since start of the run)` says how much media arrives in that millisecond.
    fn run(&mut self, ms: u64, mut arrivals: impl FnMut(u64) -> f64) {
        for at in 0..ms {
            self.now_ms += 1;
            let media = arrivals(at);
            if media > 0.0 {
                self.append(media);
            }
            if self.now_ms.is_multiple_of(200) {
                self.decide();
            }
            if self.position >= self.start {
                let next = self.position + self.rate / 1000.0;
                let stall = next > self.end;
                self.held_ms += u64::from(self.rate == 0.0);
                if stall {
                    self.stalled_ms += 1;
                    if !self.was_stalled {
                        self.control.stalled(self.now_s());
                    }
                } else {
                    self.position = next;
                }
                self.was_stalled = stall;
            }
        }
    }

    fn behind(&self) -> f64 {
        self.end - self.position
    }
}

/// 25 frames a second, on time.
fn steady(at: u64) -> f64 {
    if at.is_multiple_of(40) { 0.04 } else { 0.0 }
}

/// Deterministic noise in 0..n.
fn noise(seed: u64, n: u64) -> u64 {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D;
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (x ^ (x >> 32)) % n
}

/// 25 frames a second, each late by 0 to `jitter` ms, in order.
fn jittery(jitter: u64) -> impl FnMut(u64) -> f64 {
    let mut next = 0;
    move |at| {
        let mut media = 0.0;
        while next * 40 + noise(next, jitter + 1) <= at {
            media += 0.04;
            next += 1;
        }
        media
    }
}

#[test]
fn starts_near_the_edge_of_the_cached_group_and_stays_there_without_a_seek() {
    let mut sim = Sim::new(EdgeOptions::MSE);
    sim.append(1.8);
    assert!((sim.position - (sim.end - 0.12)).abs() < 1e-9, "one jump over the cached pictures");
    sim.run(60_000, steady);
    assert_eq!(sim.seeks, 1);
    assert_eq!(sim.stalled_ms, 0);
    assert!(sim.behind() < 0.15, "{} s behind", sim.behind());
}

#[test]
fn a_cached_group_that_comes_in_pieces_is_followed_to_its_end() {
    let mut sim = Sim::new(EdgeOptions::MSE);
    sim.append(0.4);
    sim.run(30, |_| 0.0);
    sim.append(1.4);
    sim.run(2_000, steady);
    assert!(sim.behind() < 0.2, "{} s behind", sim.behind());
}

#[test]
fn jitter_widens_the_buffer_and_calm_narrows_it_again() {
    let mut sim = Sim::new(EdgeOptions::MSE);
    sim.append(1.0);
    sim.run(30_000, jittery(180));
    let stalled_while_learning = sim.stalled_ms;
    sim.run(60_000, jittery(180));
    assert!(sim.stalled_ms - stalled_while_learning < 60, "{} ms", sim.stalled_ms - stalled_while_learning);
    assert!(sim.stalled_ms + sim.held_ms < 900, "{} ms stalled, {} ms held", sim.stalled_ms, sim.held_ms);
    assert!(sim.behind() < 0.6);
    sim.run(180_000, steady);
    assert!(sim.behind() < 0.2, "{} s behind after calm", sim.behind());
    assert_eq!(sim.seeks, 1);
    assert!(sim.max_rate <= 1.1 + 1e-9);
}

#[test]
fn a_single_hiccup_does_not_cost_ten_seconds_of_latency() {
    let mut sim = Sim::new(EdgeOptions::MSE);
    sim.append(0.2);
    sim.run(15_000, steady);
    sim.run(800, |_| 0.0);
    sim.append(0.8);
    sim.run(7_500, steady);
    assert!(sim.behind() < 0.3, "{} s behind", sim.behind());
    assert_eq!(sim.seeks, 1);
}

#[test]
fn a_backlog_under_the_limit_is_caught_up_by_rate_alone() {
    let mut sim = Sim::new(EdgeOptions::MSE);
    sim.append(0.2);
    sim.run(5_000, steady);
    // The page hung for 1.2 s: the data came, the playhead did not move.
    sim.position -= 1.2;
    sim.run(20_000, steady);
    assert_eq!(sim.seeks, 1);
    assert!(sim.max_rate > 1.05);
    assert!(sim.behind() < 0.2);
}

#[test]
fn a_bigger_backlog_is_jumped_over_once() {
    let mut sim = Sim::new(EdgeOptions::MSE);
    sim.append(0.2);
    sim.run(5_000, steady);
    sim.position -= 4.0;
    sim.run(10_000, steady);
    assert_eq!(sim.seeks, 2);
    assert!(sim.behind() < 0.2);
}

#[test]
fn an_outage_does_not_become_latency() {
    let mut sim = Sim::new(EdgeOptions::MSE);
    sim.append(0.2);
    sim.run(10_000, steady);
    sim.run(3_000, |_| 0.0);
    // What the server kept comes at once, then life goes on.
    sim.append(3.0);
    sim.run(20_000, steady);
    assert!(sim.behind() < 0.25, "{} s behind", sim.behind());
}

#[test]
fn an_outage_that_left_nothing_behind_moves_the_line() {
    let mut sim = Sim::new(EdgeOptions::MSE);
    sim.append(0.2);
    sim.run(10_000, steady);
    // The camera was gone and the timeline collapses the gap: media time now lags behind the clock by 3 s more.
    sim.run(3_000, |_| 0.0);
    sim.run(20_000, steady);
    assert!(sim.behind() < 0.25, "{} s behind", sim.behind());
    assert!(sim.stalled_ms < 3_400, "{} ms", sim.stalled_ms);
}

#[test]
fn safari_jumps_and_never_changes_the_rate() {
    let mut sim = Sim::new(EdgeOptions::MSE.without_rate());
    sim.append(0.5);
    sim.run(5_000, steady);
    sim.position -= 0.5;
    sim.run(5_000, steady);
    assert_eq!(sim.seeks, 1, "half a second is tolerated");
    sim.position -= 0.8;
    sim.run(5_000, steady);
    assert_eq!(sim.seeks, 2);
    assert_eq!(sim.max_rate, 1.0);
}

#[test]
fn gaps_are_jumped_and_a_timeline_that_went_back_is_followed() {
    let mut control = EdgeControl::new(EdgeOptions::MSE);
    control.arrived(10.0, 0.0);
    let ranges = [(5.0, 8.0), (9.0, 10.0)];
    assert_eq!(control.step(7.99, &ranges, 0.1), EdgeAction::Seek(9.88));
    assert_eq!(control.step(8.5, &ranges, 0.2), EdgeAction::Seek(9.88), "gaps don't wait for the pause between seeks");
    assert_eq!(control.step(0.0, &[(100.0, 100.04)], 0.3), EdgeAction::Seek(100.0));
    assert_eq!(control.step(500.0, &[(0.0, 2.0)], 5.0), EdgeAction::Seek(1.88));
    assert_eq!(control.step(7.0, &[], 6.0), EdgeAction::Keep);
}

#[test]
fn parts_are_held_at_less_than_a_second() {
    let mut sim = Sim::new(EdgeOptions::LL_HLS);
    sim.append(1.0);
    sim.run(60_000, |at| if at % 200 == 60 { 0.2 } else { 0.0 });
    assert_eq!(sim.stalled_ms, 0);
    assert!(sim.behind() < 0.6, "{} s behind", sim.behind());
    assert!(sim.max_rate <= 1.1 + 1e-9);
}
