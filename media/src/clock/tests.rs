//! What cameras do to timestamps, and what becomes of it.

use super::*;

#[path = "tests/pace.rs"]
mod pace;

const FRAME: i64 = 3_600;

fn at(ticks: i64) -> Stamp {
    let mono_us = u64::try_from(ticks * 100 / 9).unwrap();
    Stamp { mono_us, utc_ms: 0 }
}

/// Feeds timestamps that are received one frame apart.
fn stamped(clock: &mut SessionClock, pts: &[i64]) -> Vec<i64> {
    (0..).zip(pts).map(|(n, &pts)| clock.video(pts, at(n * FRAME), Order::Increasing)).collect()
}

fn clock() -> SessionClock {
    SessionClock::new(0, 0, FRAME)
}

#[test]
fn sound_timestamps_are_only_moved() {
    let mut clock = SessionClock::new(5_000_000, 900, FRAME);
    assert_eq!(stamped(&mut clock, &[5_000_000, 5_003_600, 5_007_100]), [900, 4_500, 8_000]);
    assert_eq!(clock.stats(), ClockStats::default());
}

#[test]
fn a_single_outlier_is_stamped_again() {
    for outlier in [9_800 * -90_000, 37_600 * 90_000, i64::MIN, i64::MAX] {
        let mut clock = clock();
        assert_eq!(stamped(&mut clock, &[0, 3600, outlier, 10_800, 14_400]), [0, 3600, 7200, 10_800, 14_400]);
        assert_eq!((clock.stats().repaired, clock.stats().jumps), (1, 0));
    }
}

#[test]
fn a_jump_is_accepted_after_three_frames_and_the_timeline_runs_on() {
    for jump in [-80_000_000, 40_000_000] {
        let mut clock = clock();
        let pts: Vec<i64> = (0..8).map(|n| n * FRAME + if n >= 3 { jump } else { 0 }).collect();
        assert_eq!(stamped(&mut clock, &pts), (0..8).map(|n| n * FRAME).collect::<Vec<_>>());
        assert_eq!((clock.stats().repaired, clock.stats().jumps), (3, 1));
    }
}

#[test]
fn equal_and_backward_timestamps_take_the_smallest_step() {
    let mut clock = clock();
    assert_eq!(stamped(&mut clock, &[0, 3600, 3600, 7200, 6000, 10_800]), [0, 3600, 3690, 7200, 7290, 10_800]);
    assert_eq!(clock.stats().repaired, 2);
}

#[test]
fn a_clock_that_stands_still_is_replaced_by_the_receive_clock() {
    let mut clock = clock();
    let times = stamped(&mut clock, &[0; 40]);
    assert!(times.windows(2).all(|pair| pair[1] > pair[0]));
    assert!(times.windows(2).skip(4).all(|pair| pair[1] - pair[0] == FRAME));
}

#[test]
fn a_long_gap_that_really_passed_is_kept_with_audio_and_closed_without() {
    let run = |audio: Option<u32>| {
        let mut clock = clock();
        clock.set_audio(audio);
        let gap = 20 * 90_000;
        [0, FRAME, FRAME + gap, 2 * FRAME + gap].map(|pts| clock.video(pts, at(pts), Order::Increasing))
    };
    assert_eq!(run(Some(16_000)), [0, 3600, 1_803_600, 1_807_200]);
    assert_eq!(run(None), [0, 3600, 7200, 10_800]);
}

#[test]
fn b_pictures_may_go_back_and_others_may_not() {
    let mut clock = clock();
    clock.video(0, at(0), Order::Barrier);
    assert_eq!(clock.video(10_800, at(FRAME), Order::MayGoBack), 10_800);
    assert_eq!(clock.video(3600, at(2 * FRAME), Order::MayGoBack), 3600);
    assert_eq!(clock.video(7200, at(3 * FRAME), Order::MayGoBack), 7200);
    // A time that is taken, and one before the key frame.
    assert!(clock.video(7200, at(4 * FRAME), Order::MayGoBack) > 10_800);
    assert!(clock.video(-3600, at(5 * FRAME), Order::MayGoBack) > 10_800);
}

#[test]
fn tracks_that_jump_alike_stay_together() {
    let mut clock = clock();
    clock.set_audio(Some(16_000));
    let jump = 50 * 90_000;
    let mut apart = Vec::new();
    for n in 0..200_i64 {
        let due = n * FRAME;
        let jumped = if n >= 50 { jump } else { 0 };
        let video = clock.video(due + jumped, at(due), Order::Increasing);
        // 640 samples per 3600 ticks.
        let sound = clock.audio((due + jumped) * 16 / 90, 640, at(due)).unwrap();
        apart.push(video - to_video(sound, 16_000));
    }
    assert_eq!(clock.stats().jumps, 2);
    assert!(apart.iter().all(|apart| apart.abs() <= FRAME), "{apart:?}");
    assert_eq!(apart.last(), Some(&0), "in step again to the tick");
}

#[test]
fn sound_with_a_zero_of_its_own_is_placed_by_its_arrival() {
    let mut clock = clock();
    clock.set_audio(Some(8_000));
    clock.video(0, at(0), Order::Increasing);
    assert_eq!(clock.audio(123_456_789, 160, at(900)), Some(80));
    assert_eq!(clock.audio(123_456_949, 160, at(2700)), Some(240));
}

#[test]
fn drift_is_slewed_without_a_step() {
    // The camera's clock runs 1 % fast, for ten minutes.
    let mut clock = clock();
    let mut last = None;
    let mut apart = 0;
    for n in 0..15_000_i64 {
        let real = n * FRAME;
        let time = clock.video(real + real / 100, at(real), Order::Increasing);
        if let Some(last) = last {
            let step: i64 = time - last;
            assert!((step - FRAME).abs() <= FRAME / 20, "step {step} at frame {n}");
        }
        last = Some(time);
        apart = time - real;
    }
    // Six seconds without slewing.
    assert!(apart.abs() < 45_000, "{apart} ticks apart");
    assert_eq!(clock.stats(), ClockStats::default());
}

#[test]
fn network_jitter_is_not_drift() {
    let mut clock = clock();
    for n in 0..5_000_i64 {
        let delay = (n * 7919) % 20_000;
        assert_eq!(clock.video(n * FRAME, at(n * FRAME + delay), Order::Increasing), n * FRAME);
    }
}
