//! A look at the picture itself: a thumbnail's brightness, structure and change, and what they mean over some samples.

use serde::Serialize;

/// Size of the thumbnail that is looked at, pixels.
pub const WIDTH: u32 = 32;
pub const HEIGHT: u32 = 18;
/// Bytes of a thumbnail: RGBA.
pub const BYTES: usize = (WIDTH * HEIGHT * 4) as usize;

/// Deviation below which a picture has no structure at all, and brightness below which such a picture is black (of 255).
const EVEN: f32 = 2.0;
const DARK: f32 = 20.0;

/// One look at the picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sample {
    /// Mean brightness, 0 to 255.
    pub mean: f32,
    /// Standard deviation of the brightness.
    pub deviation: f32,
    /// Mean difference from the sample before, per colour value. Exactly 0: not one value differs. None: the first one.
    pub change: Option<f32>,
}

impl Sample {
    /// Nothing is to be seen on it, whatever its brightness.
    pub fn is_even(&self) -> bool {
        self.deviation < EVEN
    }

    /// Nothing is to be seen on it, and it is dark.
    pub fn is_black(&self) -> bool {
        self.is_even() && self.mean < DARK
    }

    /// Not one value differs from the sample before.
    pub fn is_identical(&self) -> bool {
        self.change == Some(0.0)
    }
}

/// Turns thumbnails into samples; keeps the one before.
#[derive(Debug, Default)]
pub struct Sampler {
    before: Vec<u8>,
}

impl Sampler {
    /// Takes RGBA pixels. None: not [`BYTES`] of them.
    pub fn take(&mut self, rgba: Vec<u8>) -> Option<Sample> {
        if rgba.len() != BYTES {
            return None;
        }
        let pixels = f64::from(WIDTH * HEIGHT);
        let (mut sum, mut squares) = (0.0, 0.0);
        for pixel in rgba.chunks_exact(4) {
            let &[red, green, blue, _] = pixel else { continue };
            // Rec. 709 weights.
            let light = 0.2126 * f64::from(red) + 0.7152 * f64::from(green) + 0.0722 * f64::from(blue);
            sum += light;
            squares += light * light;
        }
        let mean = sum / pixels;
        let change = (self.before.len() == rgba.len()).then(|| {
            let differing: u64 = self.before.iter().zip(&rgba).map(|(old, new)| u64::from(old.abs_diff(*new))).sum();
            // At most 32 · 18 · 4 · 255: exact.
            differing as f32 / (pixels * 3.0) as f32
        });
        self.before = rgba;
        Some(Sample { mean: mean as f32, deviation: (squares / pixels - mean * mean).max(0.0).sqrt() as f32, change })
    }

    /// The next sample has nothing before it.
    pub fn forget(&mut self) {
        self.before.clear();
    }
}

/// What the samples say about the picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Picture {
    /// Not sampled: hidden, just started, or a picture that the browser does not let us read.
    #[default]
    Unknown,
    Fine,
    /// Black, several samples in a row.
    Black,
    /// One even colour, several samples in a row.
    Even,
    /// New pictures are presented, and several in a row were identical.
    Frozen,
}

/// What the monitor thinks of a tile's picture, for whoever shows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Verdict {
    pub picture: Picture,
    /// No new picture for longer than allowed.
    pub stale: bool,
    /// The newest look.
    pub sample: Option<Sample>,
}

/// Counts samples of a kind in a row.
#[derive(Debug, Clone, Copy, Default)]
pub struct Streaks {
    samples: u32,
    even: u32,
    black: u32,
    identical: u32,
}

impl Streaks {
    /// A sample of a picture that is newer than the one before.
    pub fn push(&mut self, sample: &Sample) {
        let next = |holds: bool, count: u32| if holds { count.saturating_add(1) } else { 0 };
        self.samples = self.samples.saturating_add(1);
        self.even = next(sample.is_even(), self.even);
        self.black = next(sample.is_black(), self.black);
        self.identical = next(sample.is_identical(), self.identical);
    }

    /// What so many samples in a row say of the picture.
    pub fn picture(&self, blank_samples: u32, frozen_samples: u32) -> Picture {
        if self.samples == 0 {
            Picture::Unknown
        } else if self.black >= blank_samples {
            Picture::Black
        } else if self.even >= blank_samples {
            Picture::Even
        } else if self.identical >= frozen_samples {
            Picture::Frozen
        } else {
            Picture::Fine
        }
    }

    /// The newest sample differed from the one before.
    pub fn is_lively(&self) -> bool {
        self.samples > 1 && self.identical == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn even(level: u8) -> Vec<u8> {
        [level, level, level, 255].repeat(BYTES / 4)
    }

    #[test]
    fn brightness_structure_and_change_are_measured() {
        let mut sampler = Sampler::default();
        let black = sampler.take(even(0)).expect("a sample");
        assert_eq!((black.mean, black.deviation, black.change), (0.0, 0.0, None));
        assert!(black.is_black());
        let grey = sampler.take(even(128)).expect("a sample");
        assert!((grey.mean - 128.0).abs() < 0.01 && grey.deviation < 0.01);
        assert!((grey.change.expect("one before") - 128.0).abs() < 0.01);
        assert!(grey.is_even() && !grey.is_black());
        let mut dot = even(128);
        dot[0] += 1;
        assert!(!sampler.take(dot.clone()).expect("a sample").is_identical(), "one value is a change");
        assert!(sampler.take(dot).expect("a sample").is_identical());
        let stripes: Vec<u8> = (0..BYTES).map(|i| if i % 8 < 4 { 0 } else { 255 }).collect();
        assert!(sampler.take(stripes).expect("a sample").deviation > 100.0);
        assert_eq!(sampler.take(vec![0; 7]), None);
        sampler.forget();
        assert_eq!(sampler.take(even(1)).expect("a sample").change, None);
    }

    #[test]
    fn flags_need_a_row_and_black_is_not_frozen() {
        let (mut streaks, mut sampler) = (Streaks::default(), Sampler::default());
        assert_eq!(streaks.picture(3, 5), Picture::Unknown);
        for expected in [Picture::Fine, Picture::Fine, Picture::Black, Picture::Black] {
            streaks.push(&sampler.take(even(3)).expect("a sample"));
            assert_eq!(streaks.picture(3, 5), expected);
        }
        streaks.push(&sampler.take(even(90)).expect("a sample"));
        assert_eq!(streaks.picture(3, 5), Picture::Even, "an even picture was before as well");
        let scene: Vec<u8> = (0..BYTES).map(|i| (i % 251) as u8).collect();
        streaks.push(&sampler.take(scene.clone()).expect("a sample"));
        assert_eq!(streaks.picture(3, 5), Picture::Fine);
        for _ in 0..5 {
            streaks.push(&sampler.take(scene.clone()).expect("a sample"));
        }
        assert_eq!(streaks.picture(3, 5), Picture::Frozen);
    }

    proptest! {
        #[test]
        fn any_pixels_give_finite_numbers(pixels in prop::collection::vec(any::<u8>(), BYTES)) {
            let mut sampler = Sampler::default();
            let first = sampler.take(pixels.clone()).expect("a sample");
            prop_assert!((0.0..=255.1).contains(&first.mean) && first.deviation.is_finite());
            prop_assert!(sampler.take(pixels).expect("a sample").is_identical());
        }
    }
}
