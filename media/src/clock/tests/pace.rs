//! Timestamps against the receive clock: what is a jump of the camera's clock, what is a gap, and what is late.

use super::*;
use proptest::prelude::*;
use std::time::Duration;

const SECOND: i64 = 90_000;

/// A camera of 25 frames per second behind a network.
struct Line {
    clock: SessionClock,
    /// The camera's clock and ours, in ticks.
    pts: i64,
    real: i64,
    newest: i64,
    /// Of each frame: time on the timeline, when it came.
    given: Vec<(i64, i64)>,
}

impl Line {
    fn new(audio: bool) -> Self {
        let mut clock = clock();
        clock.set_audio(audio.then_some(16_000));
        Self { clock, pts: 0, real: 0, newest: 0, given: Vec::new() }
    }

    /// The next frame, which the network delays by so much; never before the one before it.
    fn frame(&mut self, delay: i64) {
        self.newest = self.newest.max(self.real + delay);
        let time = self.clock.video(self.pts, at(self.newest), Order::Increasing);
        self.given.push((time, self.newest));
        self.pts += FRAME;
        self.real += FRAME;
    }

    fn run(&mut self, frames: usize) {
        (0..frames).for_each(|_| self.frame(0));
    }

    /// Frames that came, one per `step` ticks of ours, from a camera that sends 25 per second.
    fn trickle(&mut self, frames: i64, step: i64) {
        let begun = self.real;
        for frame in 1..=frames {
            self.frame(begun + frame * step - self.real);
        }
    }

    /// Longest distance of two frames on the timeline.
    fn longest(&self) -> i64 {
        self.given.windows(2).map(|pair| pair[1].0 - pair[0].0).max().unwrap_or(0)
    }
}

#[test]
fn a_jump_forward_that_no_time_passed_for_is_no_gap() {
    for (jump, audio) in [(60_000, true), (3 * SECOND, true), (5 * SECOND, true), (3 * SECOND, false), (8 * SECOND, true)] {
        let mut line = Line::new(audio);
        line.run(100);
        line.pts += jump;
        line.run(100);
        assert_eq!(line.clock.stats(), ClockStats { repaired: 3, jumps: 1, gaps_closed: 0 }, "{jump}");
        assert_eq!(line.longest(), FRAME, "{jump}: not one long frame");
        assert_eq!(line.given.last().map(|(time, _)| *time), Some(199 * FRAME), "{jump}");
    }
}

#[test]
fn a_single_frame_from_the_near_future_is_stamped_again() {
    let mut line = Line::new(true);
    line.run(100);
    line.pts += 2 * SECOND;
    line.run(1);
    line.pts -= 2 * SECOND;
    line.run(50);
    assert_eq!(line.clock.stats(), ClockStats { repaired: 1, jumps: 0, gaps_closed: 0 });
    assert_eq!(line.longest(), FRAME);
}

#[test]
fn a_gap_that_time_passed_for_is_one_also_when_the_frames_after_it_come_in_a_burst() {
    let mut line = Line::new(true);
    line.run(100);
    // Nothing gets through for three seconds; the camera keeps the oldest second of it and drops the others.
    let until = line.real + 3 * SECOND;
    for _ in 0..25 {
        line.frame(until - line.real);
    }
    line.pts = until;
    line.real = until;
    line.run(100);
    assert_eq!(line.clock.stats(), ClockStats::default());
    assert_eq!(line.longest(), 2 * SECOND + FRAME, "what was dropped is missing");
}

#[test]
fn a_burst_at_the_start_of_a_session_is_no_jump() {
    // Two seconds of old frames at once, then a hole, then what is sent now.
    let mut line = Line::new(true);
    for _ in 0..50 {
        line.frame(50 * FRAME - line.real);
    }
    line.pts += SECOND;
    line.run(100);
    assert_eq!(line.clock.stats(), ClockStats::default());
}

#[test]
fn pictures_that_come_too_slowly_are_late_and_a_backlog_that_comes_in_is_not() {
    let mut line = Line::new(false);
    line.run(100);
    assert_eq!(line.clock.lag(), None);
    line.trickle(3, SECOND);
    let lag = line.clock.lag().expect("three seconds for three frames");
    assert!((2_800..3_000).contains(&lag.late.as_millis()), "{lag:?}");
    // Since the first of them that was more than a second late.
    assert_eq!(lag.since, at(99 * FRAME + FRAME + 2 * SECOND));
    // The one before it was not.
    assert_eq!(lag.on_time, at(99 * FRAME + FRAME + SECOND));
    // The line is free: what was held up comes at once.
    let since = line.newest;
    while line.real + FRAME < since {
        line.frame(since - line.real);
    }
    line.run(10);
    assert_eq!(line.clock.lag(), None);
}

#[test]
fn a_camera_that_is_slow_from_the_start_or_by_nature_is_not_late() {
    // Its clock says 25 frames per second, and one comes every second.
    let mut line = Line::new(false);
    line.trickle(60, SECOND);
    assert_eq!(line.clock.lag(), None);
    // One frame every ten seconds, as its clock says; then fast; then slow again.
    let mut clock = SessionClock::new(0, 0, 10 * SECOND);
    let mut now = 0;
    for (frames, step) in [(20, 10 * SECOND), (200, FRAME), (20, 30 * SECOND), (50, SECOND)] {
        for _ in 0..frames {
            now += step;
            clock.video(now, at(now + now % 7_000), Order::Increasing);
            assert_eq!(clock.lag(), None);
        }
    }
    assert_eq!((clock.stats().repaired, clock.stats().jumps), (0, 0));
}

#[test]
fn neither_jumps_nor_a_clock_that_stands_still_or_drifts_make_a_camera_late() {
    let mut line = Line::new(true);
    line.run(200);
    for jump in [-60 * SECOND, 60 * SECOND, -3 * SECOND, 3 * SECOND] {
        line.pts += jump;
        line.run(200);
        assert_eq!(line.clock.lag(), None, "{jump}");
    }
    for _ in 0..100 {
        line.pts -= FRAME;
        line.run(1);
    }
    assert_eq!(line.clock.lag(), None, "its clock stands still");
    // Two per cent slow for ten minutes.
    for frame in 0..15_000 {
        line.pts -= if frame % 50 == 0 { FRAME } else { 0 };
        line.run(1);
        assert_eq!(line.clock.lag(), None, "frame {frame}");
    }
}

/// The first frame was taken for an outlier and given a place just after the last; the second, with as much delay as it takes, was then
/// five seconds away from it, which seemed possible after such a pause.
#[test]
fn a_clock_that_goes_back_during_a_pause_makes_no_long_frame() {
    for delay_ms in [0, 40, 71, 110, 150] {
        let mut line = Line::new(true);
        line.run(120);
        let paused = line.given.len();
        (line.pts, line.real) = (line.pts + (12_992 - 7921) * 90, line.real + 12_992 * 90);
        line.frame(0);
        line.frame(delay_ms * 90);
        line.run(120);
        let longest = line.given[paused..].windows(2).map(|pair| pair[1].0 - pair[0].0).max();
        assert!(longest.is_some_and(|longest| longest < 2 * SECOND), "{delay_ms} ms: {longest:?}");
    }
}

/// What happens on the line.
#[derive(Debug, Clone)]
enum Event {
    /// Frames with these delays in milliseconds.
    Run(Vec<u16>),
    /// The network holds everything up for so many frames; the camera drops this many of them.
    Hold { frames: u8, dropped: u8 },
    /// The camera sends nothing for so many milliseconds.
    Pause(u16),
    /// Its clock jumps by so many milliseconds.
    Jump(i32),
}

fn quiet_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => prop::collection::vec(0_u16..150, 80..200).prop_map(Event::Run),
        1 => (1_u8..100, 0_u8..100).prop_map(|(frames, dropped)| Event::Hold { frames, dropped: dropped.min(frames) }),
        1 => (0_u16..20_000).prop_map(Event::Pause),
    ]
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![4 => quiet_event(), 1 => prop_oneof![-90_000..-700, 700..90_000].prop_map(Event::Jump)]
}

/// The longest that the network holds anything up, in ticks.
const HELD: i64 = 100 * FRAME + 150 * 90;

/// The longest that the network seems to hold things up where a camera's clock goes back while it pauses: nobody can tell the two apart.
const LOOKS_HELD: i64 = OUTLIER_S * SECOND;

fn happen(line: &mut Line, event: &Event) {
    match event {
        Event::Run(delays) => delays.iter().for_each(|delay| line.frame(i64::from(*delay) * 90)),
        Event::Hold { frames, dropped } => {
            let until = line.real + i64::from(*frames) * FRAME;
            (0..frames - dropped).for_each(|_| line.frame(until - line.real));
            line.pts += i64::from(*dropped) * FRAME;
            line.real += i64::from(*dropped) * FRAME;
            // On time again for a while.
            line.run(130);
        }
        Event::Pause(ms) => {
            line.pts += i64::from(*ms) * 90;
            line.real += i64::from(*ms) * 90;
        }
        Event::Jump(ms) => line.pts += i64::from(*ms) * 90,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_a_network_does_is_never_taken_for_a_jump(events in prop::collection::vec(quiet_event(), 1..12)) {
        let mut line = Line::new(true);
        events.iter().for_each(|event| happen(&mut line, event));
        prop_assert_eq!(line.clock.stats(), ClockStats::default());
    }

    #[test]
    fn no_frame_is_longer_than_the_time_that_passed(events in prop::collection::vec(any_event(), 1..12), audio: bool) {
        let mut line = Line::new(audio);
        line.run(120);
        events.iter().for_each(|event| happen(&mut line, event));
        line.run(120);
        let held = if events.iter().any(|event| matches!(event, Event::Jump(_))) { LOOKS_HELD.max(HELD) } else { HELD };
        for pair in line.given.windows(2) {
            let (step, passed) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
            prop_assert!(step > 0);
            prop_assert!(step <= passed + held + SECOND / 2 + 2 * FRAME, "{step} ticks, and {passed} passed");
        }
    }

    /// Any frame rate that is told by the timestamps, and any jitter within a frame and a bit.
    #[test]
    fn a_frame_rate_that_changes_makes_nobody_late(steps in prop::collection::vec((20_i64..20_000, 1_usize..40), 1..20), jitter in prop::collection::vec(0_i64..400, 7)) {
        let mut clock = clock();
        let (mut now, mut newest) = (0, 0);
        for (index, step) in steps.iter().flat_map(|(step, frames)| std::iter::repeat_n(*step, *frames)).enumerate() {
            now += step * 90;
            newest = newest.max(now + jitter[index % jitter.len()] * 90);
            clock.video(now, at(newest), Order::Increasing);
            prop_assert_eq!(clock.lag(), None);
        }
        prop_assert_eq!(clock.stats().jumps, 0);
    }

    #[test]
    fn a_trickle_is_late_by_what_is_missing(permille in 1_i64..300, before in 90_usize..400) {
        let mut line = Line::new(false);
        line.run(before);
        let step = FRAME * 1000 / permille;
        line.trickle(5 * SECOND / step + 1, step);
        let lag = line.clock.lag();
        prop_assert!(lag.is_some_and(|lag| lag.late >= Duration::from_secs(3)), "{:?}", lag);
    }
}
