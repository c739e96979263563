//! Parameter sets and pictures as containers carry them: avcC, hvcC, Annex B, length-prefixed.
#![no_main]

use bytes::Bytes;
use media::ingest::bitstream::{Normalizer, VideoKind};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((&[control, length], rest)) = data.split_first_chunk::<2>() else { return };
    let kind = if control & 1 == 0 { VideoKind::H264 } else { VideoKind::H265 };
    let (codec_data, packets) = rest.split_at(usize::from(length).min(rest.len()));
    let mut normalizer = Normalizer::new(kind, &Bytes::copy_from_slice(codec_data));
    for packet in packets.chunks(64) {
        normalizer.picture(&Bytes::copy_from_slice(packet));
    }
});
