//! Minutes of stream, with everything that cameras do; the validator must find nothing at any moment.

use super::camera::Camera;
use super::watcher::{Watcher, fetch, text};
use crate::hls::{HlsOptions, HlsStream, PlaylistError, Skip};
use proptest::prelude::*;

const FPS_25: u32 = 3600;

struct Rig {
    camera: Camera,
    stream: HlsStream,
    watcher: Watcher,
}

impl Rig {
    fn new(audio: bool) -> Self {
        let camera = Camera::new(audio);
        let stream = HlsStream::new(HlsOptions::default(), camera.stamp());
        stream.set_audience(true);
        let watcher = Watcher::new(&stream);
        let mut rig = Self { camera, stream, watcher };
        rig.connect();
        rig
    }

    fn connect(&mut self) {
        self.stream.push_epoch(self.camera.connect());
        self.watcher.look();
    }

    fn frame(&mut self, duration: u32, gop: u32) {
        for chunk in self.camera.frame(duration, gop) {
            self.stream.push(chunk);
            self.watcher.look();
        }
    }

    /// As `frame`, by a client that opens the playlist anew where the targets were chosen anew.
    fn frame_with_identity(&mut self, duration: u32, gop: u32, identity: &mut u32) {
        for chunk in self.camera.frame(duration, gop) {
            self.stream.push(chunk);
            if self.stream.identity() != *identity {
                *identity = self.stream.identity();
                self.reopen();
            }
            self.watcher.look();
        }
    }

    fn run(&mut self, frames: u32, duration: u32, gop: u32) {
        (0..frames).for_each(|_| self.frame(duration, gop));
    }

    /// The client opens the playlist anew.
    fn reopen(&mut self) {
        self.watcher = Watcher::new(&self.stream);
    }
}

#[test]
fn two_minutes_of_a_usual_camera() {
    let mut rig = Rig::new(true);
    rig.run(25 * 120, FPS_25, 50);
    assert!(rig.watcher.looks > 500, "the playlist moves with every part: {}", rig.watcher.looks);
    let playlist = rig.watcher.playlist();
    assert!(playlist.segments.len() >= 6);
    assert_eq!((playlist.target_duration_s, playlist.part_target_us), (Some(2), Some(216_000)));
    assert!(playlist.segments.iter().all(|segment| segment.parts.first().is_none_or(|part| part.independent)));
}

#[test]
fn gops_that_change_later() {
    let mut rig = Rig::new(true);
    for gop in [50, 100, 250, 13, 1, 40, 61, 3000] {
        rig.camera.force_key();
        rig.run(25 * 30, FPS_25, gop);
    }
    assert_eq!(rig.stream.identity(), 0);
}

#[test]
fn a_camera_with_very_long_gops_from_the_start() {
    let mut rig = Rig::new(false);
    rig.run(25 * 90, FPS_25, 300);
    let playlist = rig.watcher.playlist();
    assert_eq!(playlist.target_duration_s, Some(4));
    assert!(playlist.segments.iter().any(|segment| segment.parts.first().is_some_and(|part| !part.independent)));
}

#[test]
fn frame_rates_that_still_fit_keep_their_targets() {
    let mut rig = Rig::new(true);
    for duration in [3600, 6000, 3000, 4500, 9000, 1800, 18_000] {
        rig.run(90_000 * 20 / duration, duration, 2 * 90_000 / duration);
    }
    assert_eq!(rig.stream.identity(), 0);
}

#[test]
fn a_frame_rate_that_cannot_fit_starts_a_new_identity_and_is_conformant_all_along() {
    let mut rig = Rig::new(false);
    rig.run(25 * 20, FPS_25, 50);
    let before = rig.watcher.playlist().open_sequence();
    // 80 ms frames: two are 74 % of 216 ms, three are 111 %.
    while rig.stream.identity() == 0 {
        for chunk in rig.camera.frame(7200, 25) {
            rig.stream.push(chunk);
            if rig.stream.identity() == 0 {
                rig.watcher.look();
            }
        }
    }
    assert_eq!(text(&rig.stream, Skip::No, true), Err(PlaylistError::NotReady { retry_after_s: 1 }));
    rig.reopen();
    rig.run(25 * 20, 7200, 25);
    assert!(rig.watcher.playlist().first_sequence() > before);
    assert_ne!(rig.watcher.playlist().part_target_us, Some(216_000));
    assert_eq!(rig.stream.identity(), 1, "it stays with the new targets");
}

#[test]
fn hiccups_of_the_network_become_segments_of_their_own() {
    let mut rig = Rig::new(true);
    for hiccup in [20_000, 54_000, 90_000, 180_000] {
        rig.run(25 * 7 + 3, FPS_25, 50);
        rig.frame(hiccup, 50);
    }
    rig.run(25 * 7, FPS_25, 50);
    assert_eq!(rig.stream.identity(), 0);
}

#[test]
fn a_gap_beyond_the_target_duration_is_a_discontinuity_and_never_too_long_a_segment() {
    let mut rig = Rig::new(false);
    rig.run(25 * 8 + 3, FPS_25, 50);
    for duration in [450_000, FPS_25, 900_000] {
        // Playlist and media agree: the sample lasts no longer than its segment.
        rig.frame(duration, 50);
    }
    rig.run(200, FPS_25, 50);
    let playlist = rig.watcher.playlist();
    assert_eq!(playlist.numbered().filter(|(_, segment)| segment.discontinuity).count(), 2);
}

#[test]
fn sessions_that_end_and_come_back() {
    let mut rig = Rig::new(true);
    for session in 0..12 {
        rig.run(25 * 9 + session * 7, FPS_25, 50);
        if session % 3 != 0 {
            rig.stream.session_ended();
            rig.watcher.look();
        }
        rig.camera.now_us += 4_000_000;
        rig.connect();
    }
    rig.run(25 * 60, FPS_25, 50);
    assert_eq!(rig.watcher.last_map.as_deref().map(|map| map.ends_with("-13.mp4")), Some(true));
}

#[test]
fn without_an_audience_the_window_is_small_and_numbers_go_on() {
    let mut camera = Camera::new(false);
    let stream = HlsStream::new(HlsOptions::default(), camera.stamp());
    stream.push_epoch(camera.connect());
    camera.run(&stream, 25 * 60, FPS_25, 50);
    let idle_bytes = stream.bytes();
    let (idle, _) = stream.position().unwrap();
    stream.set_audience(true);
    let mut watcher = Watcher::new(&stream);
    for _ in 0..25 * 60 {
        for chunk in camera.frame(FPS_25, 50) {
            stream.push(chunk);
            watcher.look();
        }
    }
    assert!(stream.bytes() > 3 * idle_bytes);
    assert_eq!(stream.position().unwrap().0, idle + 30);
    let first = watcher.playlist().segments[0].uri.clone();
    stream.set_audience(false);
    assert_eq!(fetch(&stream, &first), None, "memory is given back at once");
    stream.session_ended();
    assert_eq!(stream.bytes(), 0);
    assert_eq!(text(&stream, Skip::No, true), Err(PlaylistError::NotReady { retry_after_s: 1 }), "no old picture for the next viewer");
    stream.push_epoch(camera.connect());
    camera.run(&stream, 25 * 5, FPS_25, 50);
    assert!(stream.position().unwrap().0 > idle + 30);
}

#[test]
fn sequence_numbers_start_above_those_of_the_run_before() {
    let mut camera = Camera::new(false);
    let run = |camera: &mut Camera| {
        let stream = HlsStream::new(HlsOptions::default(), camera.stamp());
        stream.push_epoch(camera.connect());
        // The busiest that is usual: a segment each second, a reconnect each ten.
        for _ in 0..6 {
            camera.run(&stream, 250, FPS_25, 25);
            stream.push_epoch(camera.connect());
        }
        camera.run(&stream, 60, FPS_25, 25);
        let playlist = crate::hls::validate::parse(&text(&stream, Skip::No, true).unwrap());
        // Discontinuities are numbered too slowly for the same promise: players choke on large numbers (see `Window::new`).
        (playlist.first_sequence(), playlist.open_sequence())
    };
    let (_, end) = run(&mut camera);
    let (start, _) = run(&mut camera);
    assert!(start > end);
}

#[test]
fn memory_is_bounded_whatever_comes() {
    let mut camera = Camera::new(true);
    let options = HlsOptions { max_bytes: 20_000, ..HlsOptions::default() };
    let stream = HlsStream::new(options, camera.stamp());
    stream.set_audience(true);
    stream.push_epoch(camera.connect());
    for _ in 0..20_000 {
        for chunk in camera.frame(1, 100_000) {
            stream.push(chunk);
        }
        assert!(stream.bytes() <= 30_000, "{}", stream.bytes());
    }
}

#[derive(Debug, Clone)]
enum Step {
    Frames { count: u32, duration: u32, jitter: u32, gop: u32 },
    Hiccup(u32),
    Key,
    End,
    Reconnect,
    Wait(u32),
    PartTarget(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (1u32..200, prop::sample::select(vec![1500u32, 3000, 3600, 4500, 6000]), 0u32..1400, 1u32..400)
            .prop_map(|(count, duration, jitter, gop)| Step::Frames { count, duration, jitter, gop }),
        2 => (20_000u32..200_000).prop_map(Step::Hiccup),
        2 => Just(Step::Key),
        1 => Just(Step::End),
        2 => Just(Step::Reconnect),
        1 => (0u32..30_000).prop_map(Step::Wait),
        1 => (100u64..=1000).prop_map(Step::PartTarget),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_ever_wrong(audio: bool, steps in prop::collection::vec(step(), 1..16)) {
        let mut rig = Rig::new(audio);
        let mut identity = 0;
        for step in steps {
            match step {
                Step::Frames { count, duration, jitter, gop } => {
                    for index in 0..count {
                        let late = if index % 3 == 0 { jitter } else { 0 };
                        let early = if index % 3 == 1 { jitter.min(duration - 1) } else { 0 };
                        rig.frame_with_identity(duration + late - early, gop, &mut identity);
                    }
                }
                // Up to the target duration: beyond, the sample's length and EXTINF cannot both be kept.
                Step::Hiccup(ticks) => rig.frame_with_identity(ticks.min(180_000), 100, &mut identity),
                Step::Key => rig.camera.force_key(),
                Step::End => {
                    rig.stream.session_ended();
                    rig.watcher.look();
                    rig.connect();
                }
                Step::Reconnect => rig.connect(),
                Step::PartTarget(ms) => rig.stream.set_part_target(std::time::Duration::from_millis(ms)),
                Step::Wait(ms) => rig.camera.now_us += u64::from(ms) * 1000,
            }
            if rig.stream.identity() != identity {
                identity = rig.stream.identity();
                rig.reopen();
            }
        }
    }
}
