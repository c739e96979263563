//! The multivariant playlist: a camera's streams as variants.

use std::fmt::Write;

/// One variant of the multivariant playlist.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// Where its media playlist is, relative to the multivariant playlist.
    pub uri: String,
    /// RFC 6381 list, `avc1.640028,mp4a.40.2`.
    pub codecs: String,
    /// Pixels.
    pub width: u32,
    pub height: u32,
    /// Frames per second.
    pub frame_rate: f64,
    /// Peak and average bits per second.
    pub bandwidth: u64,
    pub average_bandwidth: u64,
}

/// The multivariant playlist with the variants in the order given (the first is what most players start with).
pub fn master_playlist(variants: &[Variant]) -> String {
    // EXT-X-INDEPENDENT-SEGMENTS is left out on purpose: long GOPs are cut between key frames.
    let mut out = String::from("#EXTM3U\n#EXT-X-VERSION:9\n");
    for Variant { uri, codecs, width, height, frame_rate, bandwidth, average_bandwidth } in variants {
        let _ = write!(
            out,
            "#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},AVERAGE-BANDWIDTH={average_bandwidth},CODECS=\"{codecs}\",\
             RESOLUTION={width}x{height},FRAME-RATE={frame_rate:.3}\n{uri}\n"
        );
    }
    out
}
