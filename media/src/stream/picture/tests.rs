use super::*;
use bytes::Bytes;
use proptest::prelude::*;

const SIZE: (u32, u32) = (640, 360);

fn codec() -> VideoCodec {
    VideoCodec::H264 { sps: Bytes::new(), pps: Bytes::new() }
}

/// An access unit with one slice of `bytes` bytes (at least 2) that differs by `salt`, and what else is given.
fn unit(key: bool, bytes: usize, salt: u64, others: &[&[u8]]) -> Vec<u8> {
    let mut slice = vec![if key { 0x65 } else { 0x41 }];
    slice.extend(salt.to_be_bytes().iter().cycle().map(|byte| byte | 1).take(bytes.saturating_sub(1)));
    let mut data = Vec::new();
    for nal in others.iter().copied().chain([&slice[..]]) {
        data.extend(u32::try_from(nal.len()).expect("short").to_be_bytes());
        data.extend_from_slice(nal);
    }
    data
}

/// One frame every 100 ms; what is told, with the second.
struct Camera {
    check: PictureCheck,
    frame: u64,
    told: Vec<(u64, PictureState)>,
}

impl Camera {
    fn new() -> Self {
        Self { check: PictureCheck::default(), frame: 0, told: Vec::new() }
    }

    fn now(&self) -> Stamp {
        Stamp { mono_us: 5_000_000 + self.frame * 100_000, utc_ms: i64::try_from(self.frame * 100).expect("short") }
    }

    fn send(&mut self, key: bool, data: &[u8]) {
        if self.check.frame(self.now(), &codec(), SIZE, key, data) {
            self.told.push((self.frame / 10, self.check.state()));
        }
        self.frame += 1;
    }

    /// A group of ten: a key frame and nine others of `deltas` bytes.
    fn group(&mut self, key_bytes: usize, salt: u64, deltas: impl Fn(u64) -> usize) {
        self.send(true, &unit(true, key_bytes, salt, &[]));
        for n in 1..10 {
            self.send(false, &unit(false, deltas(n), salt + n, &[]));
        }
    }

    /// Seconds of a living picture.
    fn live(&mut self, seconds: u64) {
        for n in 0..seconds {
            let salt = self.frame * 1_000 + n;
            self.group(20_000 + usize::try_from(salt % 977).expect("small"), salt, |n| {
                1_500 + usize::try_from(salt * n % 431).expect("small")
            });
        }
    }
}

#[test]
fn the_same_picture_again_and_again_is_frozen_since_its_first_appearance() {
    let mut camera = Camera::new();
    camera.live(10);
    for _ in 0..10 {
        camera.group(20_000, 7, |_| 30);
    }
    assert_eq!(camera.told, [(14, PictureState::Frozen)]);
    assert_eq!(camera.check.since().map(|since| since.utc_ms), Some(10_000));
    camera.live(1);
    assert_eq!(camera.told[1..], [(20, PictureState::Ok)]);
    assert_eq!(camera.check.since(), None);
}

#[test]
fn a_change_between_two_key_frames_ends_it_at_once() {
    let mut camera = Camera::new();
    for _ in 0..10 {
        camera.group(20_000, 7, |_| 30);
    }
    camera.send(true, &unit(true, 20_000, 7, &[]));
    assert_eq!(camera.check.state(), PictureState::Frozen);
    camera.send(false, &unit(false, 900, 1, &[]));
    assert_eq!(camera.check.state(), PictureState::Ok);
}

#[test]
fn numbering_time_stamps_and_padding_do_not_hide_a_repetition() {
    let mut camera = Camera::new();
    for n in 0_u8..12 {
        // `idr_pic_id` alternates, a message carries the time, filler pads to the rate, zero words pad the slice.
        let (sei, filler) = ([6, 5, n], vec![12; 300 + usize::from(n) * 7]);
        let mut data = unit(true, 20_000, u64::from(n % 2), &[&sei, &filler]);
        let end = data.len() - 20_000 - 4;
        let words = usize::from(n) * 3;
        data.extend([0, 0, 3].repeat(usize::from(n)));
        data[end..end + 4].copy_from_slice(&u32::try_from(20_000 + words).expect("short").to_be_bytes());
        camera.send(true, &data);
        for n in 1..10 {
            camera.send(false, &unit(false, 30, n, &[&filler]));
        }
    }
    assert_eq!(camera.told, [(4, PictureState::Frozen)]);
}

#[test]
fn a_camera_that_sends_key_frames_only_can_freeze_too() {
    let mut camera = Camera::new();
    for _ in 0..60 {
        camera.send(true, &unit(true, 9_000, 1, &[]));
    }
    assert_eq!(camera.told, [(4, PictureState::Frozen)]);
}

#[test]
fn a_smart_codec_on_a_still_scene_lives_by_its_key_frames() {
    let mut camera = Camera::new();
    for n in 0..500_u64 {
        camera.group(20_000 + usize::try_from(n * 7_919 % 301).expect("small"), n, |_| 28);
    }
    assert_eq!(camera.told, []);
}

#[test]
fn dark_is_far_below_the_usual_and_not_what_a_lower_rate_makes() {
    let mut camera = Camera::new();
    camera.live(20);
    for n in 0..20 {
        // With a time in the corner.
        camera.group(1_300 + usize::try_from(n).expect("small"), 1_000_000 + n, |_| 40);
    }
    assert_eq!(camera.told, [(26, PictureState::Dark)]);
    camera.live(3);
    assert_eq!(camera.told[1..], [(41, PictureState::Ok)]);

    let mut thrifty = Camera::new();
    thrifty.live(20);
    for n in 0..60 {
        thrifty.group(4_000 + usize::try_from(n % 13 * 10).expect("small"), 1_000_000 + n, |_| 250);
    }
    assert_eq!(thrifty.told, []);
}

#[test]
fn a_dusk_does_not_pull_the_usual_along_and_another_picture_size_starts_anew() {
    let mut camera = Camera::new();
    camera.live(20);
    let usual = camera.check.usual.bytes;
    for n in 0..600 {
        camera.group(20_000 - usize::try_from(n * 25).expect("small"), 10_000_000 + n, |n| {
            100 + usize::try_from(n * 37 % 91).expect("small")
        });
    }
    assert!(camera.check.usual.bytes > usual * 0.98, "{usual} then {}", camera.check.usual.bytes);
    camera.check.frame(camera.now(), &codec(), (320, 180), true, &unit(true, 900, 1, &[]));
    assert_eq!(camera.check.usual.learned, 1);
}

#[test]
fn a_session_that_ends_says_nothing_and_the_same_picture_is_known_again() {
    let mut camera = Camera::new();
    for _ in 0..10 {
        camera.group(20_000, 7, |_| 30);
    }
    let since = camera.check.since();
    camera.check.session_ended();
    assert_eq!((camera.check.state(), camera.check.since()), (PictureState::Ok, None));
    camera.group(20_000, 7, |_| 30);
    assert_eq!((camera.check.state(), camera.check.since()), (PictureState::Frozen, since));
}

proptest! {
    /// Whatever a camera sends: no panic, and frames that all differ are never frozen.
    #[test]
    fn frames_that_differ_are_never_frozen(frames in prop::collection::vec((any::<bool>(), 2_usize..5_000), 1..400)) {
        let mut camera = Camera::new();
        for (n, (key, bytes)) in frames.into_iter().enumerate() {
            camera.send(key, &unit(key, bytes + n % 3 * 40, u64::try_from(n).expect("small"), &[]));
        }
        prop_assert!(camera.told.iter().all(|(_, state)| *state != PictureState::Frozen));
    }

    #[test]
    fn anything_at_all_is_survived(frames in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..80)), 0..60)) {
        let mut camera = Camera::new();
        for (key, data) in frames {
            camera.send(key, &data);
        }
    }
}
