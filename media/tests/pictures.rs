//! Scenes coded by real encoders, and what is said of them: moving, still but living, frozen, black; with constant and with free rates.

#![allow(clippy::unwrap_used, reason = "a test that cannot prepare its scenes fails")]

use bytes::{BufMut, Bytes, BytesMut};
use media::stream::picture::{PictureCheck, PictureState};
use media::time::Stamp;
use media::unit::VideoCodec;
use std::process::Command;

const SIZE: (u32, u32) = (640, 360);
const FPS: u64 = 10;

struct Scene {
    codec: VideoCodec,
    units: Vec<(bool, Bytes)>,
}

impl Scene {
    /// `seconds` of a filter graph's picture, a key frame every 2 s.
    fn h264(filter: &str, seconds: u64, rate: &str) -> Self {
        let codec = VideoCodec::H264 { sps: Bytes::new(), pps: Bytes::new() };
        let x264 = format!("aud=1:keyint=20:min-keyint=20:scenecut=0:bframes=0:{rate}");
        let stream = encode(filter, seconds, &["-c:v", "libx264", "-preset", "veryfast", "-x264-params", &x264, "-f", "h264"]);
        let units = split(&stream, |nal| nal[0] & 0x1f == 9, |nal| nal[0] & 0x1f == 5);
        Self { codec, units }
    }

    fn h265(filter: &str, seconds: u64) -> Self {
        let codec = VideoCodec::H265 { vps: Bytes::new(), sps: Bytes::new(), pps: Bytes::new() };
        let x265 = "aud=1:keyint=20:min-keyint=20:scenecut=0:bframes=0:open-gop=0:repeat-headers=1:log-level=error:bitrate=500:vbv-maxrate=500:vbv-bufsize=500";
        let stream = encode(filter, seconds, &["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", x265, "-f", "hevc"]);
        let units = split(&stream, |nal| nal[0] >> 1 == 35, |nal| (16..22).contains(&(nal[0] >> 1)));
        Self { codec, units }
    }

    fn then(mut self, next: Self) -> Self {
        self.units.extend(next.units);
        self
    }

    /// Every change that is told, with its second.
    fn told(&self) -> Vec<(u64, PictureState)> {
        let mut check = PictureCheck::default();
        let mut told = Vec::new();
        for (n, (key, data)) in (0_u64..).zip(&self.units) {
            let now = Stamp { mono_us: 1_000_000 + n * 1_000_000 / FPS, utc_ms: 0 };
            if check.frame(now, &self.codec, SIZE, *key, data) {
                told.push((n / FPS, check.state()));
            }
        }
        told
    }
}

fn encode(filter: &str, seconds: u64, encoder: &[&str]) -> Vec<u8> {
    let source = filter.replacen('=', &format!("=size={}x{}:rate={FPS}:", SIZE.0, SIZE.1), 1);
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostdin", "-v", "error", "-f", "lavfi", "-i", &source, "-t", &seconds.to_string(), "-pix_fmt", "yuv420p"])
        .args(encoder)
        .arg("pipe:1")
        .output()
        .expect("ffmpeg runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// An Annex B stream as access units with length prefixes, and whether each is a key frame.
fn split(stream: &[u8], is_delimiter: fn(&[u8]) -> bool, is_key: fn(&[u8]) -> bool) -> Vec<(bool, Bytes)> {
    let mut starts: Vec<usize> = stream.windows(3).enumerate().filter(|(_, window)| window == &[0, 0, 1]).map(|(at, _)| at + 3).collect();
    starts.push(stream.len() + 3);
    let mut units: Vec<(bool, BytesMut)> = Vec::new();
    for pair in starts.windows(2) {
        let mut nal = &stream[pair[0]..pair[1] - 3];
        while let [rest @ .., 0] = nal {
            nal = rest;
        }
        if is_delimiter(nal) {
            units.push((false, BytesMut::new()));
        }
        let (key, unit) = units.last_mut().expect("a delimiter comes first");
        *key |= is_key(nal);
        unit.put_u32(u32::try_from(nal.len()).unwrap());
        unit.put_slice(nal);
    }
    units.into_iter().map(|(key, unit)| (key, unit.freeze())).collect()
}

const VBR: &str = "bitrate=500:vbv-maxrate=500:vbv-bufsize=500";
/// Filler up to the rate.
const CBR: &str = "nal-hrd=cbr:bitrate=500:vbv-maxrate=500:vbv-bufsize=250";
const MOVING: &str = "testsrc2=duration=60,noise=alls=6:allf=t";
/// A car park at night: nothing moves but the sensor's noise.
const LIVING: &str = "testsrc2=duration=60,loop=loop=-1:size=1:start=7,noise=alls=4:allf=t+u";
/// The sensor or the encoder's input has hung.
const FROZEN: &str = "testsrc2=duration=60,loop=loop=-1:size=1:start=7";
const BLACK: &str = "color=c=black";
/// Black with a sensor's rest of noise.
const NIGHT: &str = "color=c=0x040404,noise=alls=2:allf=t";

#[test]
fn a_picture_that_moves_or_only_lives_is_never_called_frozen_or_dark() {
    for (name, scene) in [
        ("moving", Scene::h264(MOVING, 40, VBR)),
        ("moving, padded", Scene::h264(MOVING, 40, CBR)),
        ("living", Scene::h264(LIVING, 60, VBR)),
        ("living, padded", Scene::h264(LIVING, 60, CBR)),
        ("living, constant quality", Scene::h264(LIVING, 60, "crf=30")),
        ("living, H.265", Scene::h265(LIVING, 30)),
        ("night", Scene::h264(NIGHT, 40, VBR)),
    ] {
        assert_eq!(scene.told(), [], "{name}");
    }
}

#[test]
fn a_frozen_picture_is_told_and_so_is_its_coming_back_to_life() {
    for (name, frozen, living) in [
        ("free rate", Scene::h264(FROZEN, 60, VBR), Scene::h264(LIVING, 10, VBR)),
        ("padded", Scene::h264(FROZEN, 60, CBR), Scene::h264(LIVING, 10, CBR)),
        ("constant quality", Scene::h264(FROZEN, 60, "crf=28"), Scene::h264(LIVING, 10, "crf=28")),
        ("H.265", Scene::h265(FROZEN, 60), Scene::h265(LIVING, 10)),
    ] {
        let told = frozen.then(living).told();
        let [(after, PictureState::Frozen), (back, PictureState::Ok)] = told[..] else { panic!("{name}: {told:?}") };
        assert!((4..50).contains(&after) && (60..63).contains(&back), "{name}: {told:?}");
    }
}

#[test]
fn black_is_dark_not_frozen_and_over_with_the_first_light() {
    for (name, scene) in [
        ("free rate", Scene::h264(MOVING, 30, VBR).then(Scene::h264(BLACK, 20, VBR)).then(Scene::h264(MOVING, 10, VBR))),
        ("padded", Scene::h264(MOVING, 30, CBR).then(Scene::h264(BLACK, 20, CBR)).then(Scene::h264(MOVING, 10, CBR))),
        ("H.265", Scene::h265(MOVING, 30).then(Scene::h265(BLACK, 20)).then(Scene::h265(MOVING, 10))),
    ] {
        let told = scene.told();
        let [(dark, PictureState::Dark), (bright, PictureState::Ok)] = told[..] else { panic!("{name}: {told:?}") };
        assert!((35..45).contains(&dark) && (50..55).contains(&bright), "{name}: {told:?}");
    }
}
