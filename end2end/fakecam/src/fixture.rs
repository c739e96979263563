//! Which loops there are, and where their files lie: made by ffmpeg on first use, cached, never committed.
//!
//! Each loop is eight seconds long: a whole number of frames at every frame rate used here and of AAC frames at
//! 16 kHz, so that it repeats without a seam in time. The encoding itself is in `fixture/encode.rs`.

mod encode;

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::loops::Loop;

/// Seconds in every loop.
pub const LOOP_SECONDS: u32 = 8;

/// Video codec of a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VideoCodec {
    /// RFC 6184.
    H264,
    /// RFC 7798.
    H265,
}

/// Audio codec of a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AudioCodec {
    /// AAC-LC, 16 kHz mono, as `mpeg4-generic` (RFC 3640).
    Aac,
    /// G.711 A-law, 8 kHz mono.
    Pcma,
    /// G.711 µ-law, 8 kHz mono.
    Pcmu,
}

/// What is to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scene {
    /// A moving test picture with noise, and the clock strip.
    #[default]
    Moving,
    /// Nothing: a covered lens. Without a strip.
    Black,
}

/// The picture of a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VideoSpec {
    /// What is to be seen.
    #[serde(default)]
    pub scene: Scene,
    /// Codec.
    pub codec: VideoCodec,
    /// Pixels.
    pub width: u32,
    /// Pixels; a multiple of 24, so that the strip's rows are whole and even.
    pub height: u32,
    /// Frames per second.
    pub fps: u32,
    /// Frames from key frame to key frame; divides the loop's frame count.
    pub gop: u32,
    /// Consecutive B-frames, 0 = none.
    pub b_frames: u32,
    /// Target bit rate.
    pub kbps: u32,
}

/// Part of the name of the files: of the usual scene the same as before there were others, so that what is made stays in use.
impl Hash for VideoSpec {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { scene, codec, width, height, fps, gop, b_frames, kbps } = self;
        (codec, width, height, fps, gop, b_frames, kbps).hash(state);
        if *scene != Scene::Moving {
            scene.hash(state);
        }
    }
}

/// A whole loop: picture, sound, and the id in its clock strip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fixture {
    /// Picture; `None` is a camera without a video track.
    pub video: Option<VideoSpec>,
    /// Sound.
    pub audio: Option<AudioCodec>,
    /// Goes into the clock strip.
    pub loop_id: u16,
}

impl Fixture {
    const fn h264(width: u32, height: u32, fps: u32, gop: u32, kbps: u32) -> Self {
        let video = VideoSpec { scene: Scene::Moving, codec: VideoCodec::H264, width, height, fps, gop, b_frames: 0, kbps };
        Self { video: Some(video), audio: None, loop_id: 1 }
    }

    /// 1080p25 H.264 High without B-frames at 4 Mbit/s, key frame every 2 s: a usual main stream, and the benchmark's.
    #[must_use]
    pub const fn main() -> Self {
        Self::h264(1920, 1080, 25, 50, 4000)
    }

    /// 640×360 at 25 fps and 500 kbit/s, key frame every second: a usual sub stream.
    #[must_use]
    pub const fn sub() -> Self {
        Self::h264(640, 360, 25, 25, 500).with_loop_id(2)
    }

    /// 1280×720 H.264, cheap to decode: for tests that open many browsers.
    #[must_use]
    pub const fn hd() -> Self {
        Self::h264(1280, 720, 25, 25, 1500).with_loop_id(3)
    }

    /// 640×360 H.264 with two B-frames between references.
    #[must_use]
    pub const fn h264_b_frames() -> Self {
        let mut fixture = Self::h264(640, 360, 25, 50, 700).with_loop_id(4);
        if let Some(video) = &mut fixture.video {
            video.b_frames = 2;
        }
        fixture
    }

    /// 640×360 H.265 without B-frames.
    #[must_use]
    pub const fn h265() -> Self {
        let mut fixture = Self::h264(640, 360, 25, 25, 500).with_loop_id(5);
        if let Some(video) = &mut fixture.video {
            video.codec = VideoCodec::H265;
        }
        fixture
    }

    /// 480×360 H.264 at 20 fps: other parameter sets and another size than `sub`, for a change in mid-session.
    #[must_use]
    pub const fn other_sps() -> Self {
        Self::h264(480, 360, 20, 20, 400).with_loop_id(6)
    }

    /// 640×360 H.264 at 20 fps: the size of `sub`, and other parameter sets.
    #[must_use]
    pub const fn same_size() -> Self {
        Self::h264(640, 360, 20, 20, 400).with_loop_id(8)
    }

    /// 640×360 H.264 of nothing: night without light, or a covered lens.
    #[must_use]
    pub const fn black() -> Self {
        let mut fixture = Self::h264(640, 360, 25, 25, 500).with_loop_id(7);
        if let Some(video) = &mut fixture.video {
            video.scene = Scene::Black;
        }
        fixture
    }

    /// Sound only.
    #[must_use]
    pub const fn audio_only(codec: AudioCodec) -> Self {
        Self { video: None, audio: Some(codec), loop_id: 0 }
    }

    /// The same with this sound track.
    #[must_use]
    pub const fn with_audio(mut self, codec: AudioCodec) -> Self {
        self.audio = Some(codec);
        self
    }

    /// The same with another id in the strip.
    #[must_use]
    pub const fn with_loop_id(mut self, loop_id: u16) -> Self {
        self.loop_id = loop_id;
        self
    }

    /// Fixtures by name, for command lines and the control socket:
    /// `main sub hd h264_b h265 other_sps same_size black`, each also with `_aac`, `_pcma` or `_pcmu`, and `audio_only`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let audio = [("_aac", AudioCodec::Aac), ("_pcma", AudioCodec::Pcma), ("_pcmu", AudioCodec::Pcmu)];
        if let Some((base, codec)) = audio.iter().find_map(|(suffix, codec)| Some((name.strip_suffix(suffix)?, *codec))) {
            return Self::named(base).map(|fixture| fixture.with_audio(codec));
        }
        Some(match name {
            "main" => Self::main(),
            "sub" => Self::sub(),
            "hd" => Self::hd(),
            "h264_b" => Self::h264_b_frames(),
            "h265" => Self::h265(),
            "other_sps" => Self::other_sps(),
            "same_size" => Self::same_size(),
            "black" => Self::black(),
            "audio_only" => Self::audio_only(AudioCodec::Aac),
            _ => return None,
        })
    }

    /// Makes the files if needed and packetises them. Loops are shared inside the process: fifty mounts of one fixture
    /// hold its bytes once. Blocks for seconds on first use: call it from a blocking thread.
    pub fn load(self) -> Result<Arc<Loop>> {
        type Slot = Arc<Mutex<Option<Arc<Loop>>>>;
        static LOADED: OnceLock<Mutex<HashMap<Fixture, Slot>>> = OnceLock::new();
        let slot = {
            let mut loaded = LOADED.get_or_init(Mutex::default).lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            Arc::clone(loaded.entry(self).or_default())
        };
        let mut slot = slot.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(ready) = &*slot {
            return Ok(Arc::clone(ready));
        }
        let ready = Arc::new(Loop::load(self, &self.files()?)?);
        *slot = Some(Arc::clone(&ready));
        Ok(ready)
    }

    /// The folder with this fixture's elementary streams, encoded now if it isn't there.
    pub fn files(self) -> Result<PathBuf> {
        let root = fixtures_dir();
        std::fs::create_dir_all(&root).with_context(|| format!("creating {}", root.display()))?;
        let mut hasher = DefaultHasher::new();
        (self, encode::RECIPE_VERSION, LOOP_SECONDS).hash(&mut hasher);
        let name = format!("{}-{:016x}", self.label(), hasher.finish());
        let folder = root.join(&name);
        if folder.is_dir() {
            return Ok(folder);
        }
        // One encoder at a time per fixture, over all test processes; the folder appears whole by a rename.
        let lock = std::fs::File::create(root.join(format!("{name}.lock")))?;
        lock.lock().context("locking the fixture")?;
        if !folder.is_dir() {
            let unfinished = root.join(format!("{name}.unfinished"));
            if unfinished.exists() {
                std::fs::remove_dir_all(&unfinished)?;
            }
            std::fs::create_dir(&unfinished)?;
            encode::encode(self, &unfinished)
                .with_context(|| format!("encoding fixture {name} (is ffmpeg with libx264 and libx265 installed?)"))?;
            std::fs::rename(&unfinished, &folder)?;
        }
        Ok(folder)
    }

    fn label(self) -> String {
        let video =
            self.video.map_or_else(String::new, |v| format!("{:?}-{}x{}-b{}", v.codec, v.width, v.height, v.b_frames).to_lowercase());
        let audio = self.audio.map_or_else(String::new, |a| format!("-{a:?}").to_lowercase());
        format!("{video}{audio}-{}", self.loop_id)
    }
}

/// `$NIGHTJAR_FIXTURES`, or `fixtures/` in cargo's target folder (the one this program was built into).
#[must_use]
pub fn fixtures_dir() -> PathBuf {
    if let Some(dir) = std::env::var_os("NIGHTJAR_FIXTURES") {
        return dir.into();
    }
    if let Some(target) = std::env::var_os("CARGO_TARGET_DIR") {
        return PathBuf::from(target).join("fixtures");
    }
    let exe = std::env::current_exe().unwrap_or_default();
    let target = exe.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    target.unwrap_or(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target")).join("fixtures")
}
