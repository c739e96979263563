//! What a source delivers: tracks with their parameters, access units and audio frames, in decode order as received.

use crate::time::Stamp;
use bytes::Bytes;

/// Decoder parameters of the video track. Parameter sets are raw NAL units (no start code, no length prefix).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VideoCodec {
    H264 { sps: Bytes, pps: Bytes },
    H265 { vps: Bytes, sps: Bytes, pps: Bytes },
}

/// A video track as described by the source (SDP or in-band parameter sets).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoTrack {
    pub codec: VideoCodec,
    /// RFC 6381 name, `avc1.640028` or `hvc1.1.6.L120.90`.
    pub rfc6381: String,
    /// Display size in pixels.
    pub width: u32,
    pub height: u32,
    /// Pixel aspect ratio where the stream names one other than 1:1.
    pub pixel_aspect: Option<(u16, u16)>,
    /// Nominal duration of a frame in seconds as a fraction (numerator, denominator), where the SPS names it.
    pub frame_duration: Option<(u32, u32)>,
    /// The configuration record (avcC or hvcC box content) for the sample entry.
    pub decoder_config: Bytes,
}

/// Audio codecs that are recognised. Only AAC is muxed into CMAF today; the others travel with the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AudioCodec {
    /// MPEG-4 AAC, one raw access unit (no ADTS header) per frame.
    Aac,
    /// G.711 A-law.
    PcmA,
    /// G.711 µ-law.
    PcmU,
}

/// An audio track as described by the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioTrack {
    pub codec: AudioCodec,
    /// RFC 6381 name (`mp4a.40.2`), or the codec's usual short name (`pcma`, `pcmu`) where there is none.
    pub rfc6381: String,
    /// Samples per second; also the timescale of the track.
    pub rate_hz: u32,
    pub channels: u16,
    /// AudioSpecificConfig for AAC (ISO 14496-3 1.6.2.1), empty otherwise.
    pub config: Bytes,
}

/// The tracks of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracks {
    pub video: VideoTrack,
    /// None where the camera sends no audio or an unknown codec.
    pub audio: Option<AudioTrack>,
}

/// One coded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessUnit {
    /// Presentation time in 90 kHz ticks of the camera's clock, already unwrapped to 64 bits; not yet repaired.
    pub pts: i64,
    /// An IDR (H.264) or IRAP (H.265) picture: decoding can start here.
    pub key: bool,
    /// NAL units, each with a 4-byte big-endian length prefix.
    pub data: Bytes,
    /// When the last byte of it was received.
    pub received: Stamp,
}

/// One audio frame (AAC access unit or a run of G.711 samples).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioFrame {
    /// Presentation time in ticks of the track's rate, unwrapped; not yet repaired. Same zero moment as video (both zero at session start) where the source knows it.
    pub pts: i64,
    /// Number of samples per channel.
    pub samples: u32,
    pub data: Bytes,
    pub received: Stamp,
}

/// What comes out of a source, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceItem {
    /// New parameters: they apply from the next access unit on, which is a key frame.
    Tracks(Tracks),
    Video(AccessUnit),
    Audio(AudioFrame),
    /// The network lost this many packets before the next item.
    Loss(u32),
}
