//! What an ffmpeg child writes: the container, and the coded pictures and parameter sets in it.
#![no_main]

use media::ingest::bitstream::{Normalizer, VideoKind};
use media::ingest::nut::{NutItem, NutReader, StreamClass};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (pieces, data) = data.split_first().map_or((1, data), |(first, rest)| (usize::from(*first) + 1, rest));
    let mut reader = NutReader::new();
    let mut normalizers = Vec::new();
    for piece in data.chunks(pieces) {
        reader.push(piece);
        while let Ok(Some(item)) = reader.next_item() {
            match item {
                NutItem::Streams(streams) => {
                    normalizers = streams
                        .iter()
                        .map(|stream| {
                            let kind = if stream.fourcc.starts_with(b"H264") { VideoKind::H264 } else { VideoKind::H265 };
                            (stream.class == StreamClass::Video).then(|| Normalizer::new(kind, &stream.codec_data))
                        })
                        .collect();
                }
                NutItem::Frame(frame) => {
                    if let Some(Some(normalizer)) = normalizers.get_mut(frame.stream) {
                        normalizer.picture(&frame.data);
                    }
                }
            }
        }
    }
});
