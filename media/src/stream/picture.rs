//! Looks at the picture without decoding it: from the sizes and the repetition of coded frames. Sans-IO.
//!
//! A living sensor is noisy: no two of its key frames are coded to the same bytes, and their sizes differ by a per cent or so. When a
//! sensor or an encoder's input has hung, key frames repeat, or (rate control turns its own little wheels) keep their size while nothing
//! is coded between them. A picture without light has next to nothing to code. Both are only told, as information: a stream whose picture
//! stands still or is dark runs, and nothing is restarted for it. What padding, time stamps and counters add to a frame is left out first.

use crate::codec::{h264, h265, nal_units};
use crate::time::Stamp;
use crate::unit::VideoCodec;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

/// Key frames that repeat an earlier one before the picture counts as frozen.
const REPEATS: u32 = 3;
/// As many are enough if nothing was coded between them either.
const QUIET_REPEATS: u32 = 1;
/// Key frames in a row of the same size that count as much, if nothing was coded at the end of each group.
const ALIKE: u32 = 8;
/// Sizes are the same within this part of them (a five-hundredth), and a few bytes.
const ALIKE_PART: usize = 500;
/// A picture that stands still for less is not worth a word.
const LEAST_FROZEN: Duration = Duration::from_secs(4);
/// Numbers of pictures run on in the headers of slices that say "as before"; escaped zeros add a byte.
const QUIET_SPREAD: usize = 6;
/// Key frames in a row, and the time, before dark or no longer dark is believed.
const DARK_KEYS: u32 = 3;
const LEAST_DARK: Duration = Duration::from_secs(5);
const BRIGHT_KEYS: u32 = 2;
/// Of the stream's own usual key frame: less is far below it.
const FAR_BELOW: f64 = 0.08;
/// How fast the usual size of key frames follows: up within minutes, down within a day, so that a dusk doesn't pull it along.
const USUAL_UP: Duration = Duration::from_secs(10 * 60);
const USUAL_DOWN: Duration = Duration::from_secs(24 * 60 * 60);
/// Key frames of which the first usual size is made.
const LEARNED: u32 = 10;
/// Encoders number neighbouring key frames differently (`idr_pic_id`): the same picture has up to two forms.
const FORMS: usize = 2;

/// What can be said of a picture from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PictureState {
    /// Nothing remarkable, or not known yet.
    #[default]
    Ok,
    /// The same picture again and again.
    Frozen,
    /// Next to nothing is to be seen: night without light, a covered or dead lens.
    Dark,
}

impl PictureState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Frozen => "frozen",
            Self::Dark => "dark",
        }
    }
}

/// The check of one stream, over all its sessions.
#[derive(Debug, Default)]
pub struct PictureCheck {
    /// 16 × 16 blocks of the picture.
    blocks: usize,
    /// Hashes of the newest key frames' picture data; at most [`FORMS`], newest last.
    forms: VecDeque<u64>,
    /// Key frames in a row that repeated one of `forms`.
    repeats: u32,
    /// Nothing was coded between them.
    quiet: bool,
    /// The newest key frame of a frozen picture was a new form of it.
    strange: bool,
    last_bytes: usize,
    /// The first key frame of those that were repeated.
    unchanged_since: Option<Stamp>,
    alike: Alike,
    /// What came since the newest key frame.
    between: Between,
    /// Key frames in a row that were (or, while it is dark, were not) dark, and since when.
    dark_keys: u32,
    dark_since: Option<Stamp>,
    bright_keys: u32,
    is_dark: bool,
    usual: Usual,
    state: PictureState,
}

/// Key frames in a row that have the same size.
#[derive(Debug, Clone, Copy, Default)]
struct Alike {
    /// Size of the first one.
    bytes: usize,
    count: u32,
    since: Option<Stamp>,
}

impl Alike {
    fn push(&mut self, now: Stamp, bytes: usize, between: &Between) {
        let same = self.bytes.abs_diff(bytes) <= self.bytes / ALIKE_PART + QUIET_SPREAD;
        if same && self.count > 0 && between.ends_quietly() {
            self.count = self.count.saturating_add(1);
        } else {
            *self = Self { bytes, count: 1, since: Some(now) };
        }
    }
}

/// Pictures between two key frames, in bytes of picture data.
#[derive(Debug, Clone, Copy, Default)]
struct Between {
    count: usize,
    least: usize,
    most: usize,
    sum: usize,
    /// The newest ones of one size: that size, and how many.
    level: usize,
    run: usize,
}

impl Between {
    fn push(&mut self, bytes: usize) {
        self.least = if self.count == 0 { bytes } else { self.least.min(bytes) };
        self.most = self.most.max(bytes);
        self.sum = self.sum.saturating_add(bytes);
        self.count += 1;
        if self.run > 0 && self.level.abs_diff(bytes) <= QUIET_SPREAD {
            self.run += 1;
        } else {
            (self.level, self.run) = (bytes, 1);
        }
    }

    /// A good part of the group ended in frames of one size. What lives, varies.
    fn ends_quietly(&self) -> bool {
        self.run >= 3.max(self.count / 4)
    }

    fn mean(&self) -> usize {
        self.sum.checked_div(self.count).unwrap_or(0)
    }

    /// Nothing but "as before".
    fn is_quiet(&self, blocks: usize) -> bool {
        self.count > 0 && self.most <= skip_limit(blocks) && self.most - self.least <= QUIET_SPREAD
    }
}

/// The most that a picture without any change takes: a header and run lengths.
fn skip_limit(blocks: usize) -> usize {
    48 + blocks / 64
}

/// The usual size of key frames at one picture size.
#[derive(Debug, Clone, Copy, Default)]
struct Usual {
    bytes: f64,
    learned: u32,
    at: Option<Stamp>,
}

impl Usual {
    fn push(&mut self, now: Stamp, bytes: usize) {
        let bytes = bytes as f64;
        let passed = self.at.replace(now).map_or(Duration::ZERO, |at| now.since(at));
        if self.learned < LEARNED {
            self.learned += 1;
            self.bytes += (bytes - self.bytes) / f64::from(self.learned);
        } else {
            let follow = if bytes > self.bytes { USUAL_UP } else { USUAL_DOWN };
            self.bytes += (bytes - self.bytes) * (passed.as_secs_f64() / follow.as_secs_f64()).min(1.0);
        }
    }

    fn is_far_above(&self, bytes: usize) -> bool {
        self.learned >= LEARNED && (bytes as f64) < self.bytes * FAR_BELOW
    }
}

impl PictureCheck {
    /// A picture came. `width` and `height` in pixels. True: the state has changed.
    pub fn frame(&mut self, now: Stamp, codec: &VideoCodec, (width, height): (u32, u32), key: bool, data: &[u8]) -> bool {
        let before = self.state;
        let blocks = (width.div_ceil(16) as usize).saturating_mul(height.div_ceil(16) as usize);
        if blocks != self.blocks {
            *self = Self { blocks, state: self.state, ..Self::default() };
        }
        if key {
            let (bytes, hash) = picture_data(codec, data, Some(DefaultHasher::new()));
            self.key(now, bytes, hash);
        } else {
            let (bytes, _) = picture_data(codec, data, None);
            self.between.push(bytes);
            // It moves again: known before the next key frame.
            if self.state == PictureState::Frozen && self.quiet && self.repeats > 0 && bytes > 4 * skip_limit(self.blocks) {
                self.moved(now);
                self.alike = Alike::default();
            }
        }
        self.state = self.judge(now);
        self.state != before
    }

    /// What is to be said now.
    pub fn state(&self) -> PictureState {
        self.state
    }

    /// Since when: of a frozen picture the moment of its first appearance. None while there is nothing to say.
    pub fn since(&self) -> Option<Stamp> {
        match self.state {
            PictureState::Ok => None,
            PictureState::Frozen => self.still_since(),
            PictureState::Dark => self.dark_since,
        }
    }

    /// The session is over: nothing is said of a picture that does not come. What was learned stays, so that a camera that comes
    /// back with the very same picture is known at once.
    pub fn session_ended(&mut self) {
        self.state = PictureState::Ok;
        self.between = Between::default();
    }

    fn key(&mut self, now: Stamp, bytes: usize, hash: u64) {
        let between = std::mem::take(&mut self.between);
        if self.forms.contains(&hash) {
            self.repeats = self.repeats.saturating_add(1);
            self.quiet &= between.is_quiet(self.blocks);
            self.strange = false;
        } else if self.state == PictureState::Frozen
            && !self.strange
            && self.last_bytes.abs_diff(bytes) <= bytes / 100
            && between.ends_quietly()
        {
            // One other form of the same picture now and then is rate control's doing.
            self.strange = true;
        } else {
            self.moved(now);
        }
        self.last_bytes = bytes;
        self.forms.retain(|known| *known != hash);
        self.forms.push_back(hash);
        if self.forms.len() > FORMS {
            self.forms.pop_front();
        }
        self.alike.push(now, bytes, &between);
        self.light(now, bytes, between);
    }

    fn moved(&mut self, now: Stamp) {
        self.repeats = 0;
        self.quiet = true;
        self.strange = false;
        self.unchanged_since = Some(now);
    }

    /// Is there anything to be seen? By what a key frame takes in all, and against what it usually takes here.
    fn light(&mut self, now: Stamp, bytes: usize, between: Between) {
        let nothing = bytes < 64 + self.blocks / 2;
        let far_below = self.usual.is_far_above(bytes) && bytes < 64 + self.blocks * 2;
        // Headlights in the night are something.
        let calm = between.mean() < 64 + self.blocks / 4;
        if (nothing || far_below) && calm {
            self.bright_keys = 0;
            self.dark_keys = self.dark_keys.saturating_add(1);
            let since = *self.dark_since.get_or_insert(now);
            self.is_dark |= self.dark_keys >= DARK_KEYS && now.since(since) >= LEAST_DARK;
            return;
        }
        self.dark_keys = 0;
        self.bright_keys = self.bright_keys.saturating_add(1);
        if !self.is_dark || self.bright_keys >= BRIGHT_KEYS {
            self.is_dark = false;
            self.dark_since = None;
            self.usual.push(now, bytes);
        }
    }

    fn judge(&self, now: Stamp) -> PictureState {
        // A black picture may well repeat: that it is dark says more.
        if self.is_dark {
            return PictureState::Dark;
        }
        let still = self.still_since().is_some_and(|since| now.since(since) >= LEAST_FROZEN);
        if still { PictureState::Frozen } else { PictureState::Ok }
    }

    /// Since when the picture stands still, by the older evidence.
    fn still_since(&self) -> Option<Stamp> {
        let enough = if self.quiet { QUIET_REPEATS } else { REPEATS };
        let repeated = self.unchanged_since.filter(|_| self.repeats >= enough);
        let alike = self.alike.since.filter(|_| self.alike.count >= ALIKE);
        repeated.into_iter().chain(alike).min_by_key(|since| since.mono_us)
    }
}

/// Size of a frame's slices, and their hash if one is wanted: without parameter sets, messages (time stamps), filler, and without the zero
/// words that pad a slice to a constant rate (H.264 7.3.2.8 and H.265 7.3.2.9: `cabac_zero_words`, 0x0000 escaped as 0x000003).
fn picture_data(codec: &VideoCodec, data: &[u8], mut hasher: Option<DefaultHasher>) -> (usize, u64) {
    let mut bytes = 0;
    for nal in nal_units(data) {
        let is_picture = match codec {
            VideoCodec::H264 { .. } => h264::is_picture(h264::nal_type(nal)),
            VideoCodec::H265 { .. } => h265::is_picture(h265::nal_type(nal)),
        };
        if !is_picture {
            continue;
        }
        let mut nal = nal;
        while let Some(shorter) = nal.strip_suffix(&[0, 0, 3]) {
            nal = shorter;
        }
        bytes += nal.len();
        if let Some(hasher) = &mut hasher {
            hasher.write(nal);
        }
    }
    (bytes, hasher.map_or(0, |hasher| hasher.finish()))
}

#[cfg(test)]
#[path = "picture/tests.rs"]
mod tests;
