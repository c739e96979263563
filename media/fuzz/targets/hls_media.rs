//! Parts and init segments of other servers, as the validator reads them.
#![no_main]

use media::hls::validate::{MediaChecker, MediaTracks, PartFacts};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut checker = MediaChecker::new(MediaTracks::from_init(data).unwrap_or_else(MediaTracks::ours));
    let facts = PartFacts { uri: String::new(), duration_us: 200_000, independent: Some(true), discontinuity: false };
    checker.push(&facts, data);
    checker.push(&facts, data);
});
