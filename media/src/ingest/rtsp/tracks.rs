//! From retina's codec parameters to our track descriptions.

use crate::unit::{AudioCodec, AudioTrack, VideoCodec, VideoTrack};
use bytes::Bytes;
use retina::client::Stream;
use retina::codec::{AudioParameters, ParametersRef, VideoParameters, VideoParametersCodec};

/// What is offered, before anything is set up.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// Indices of the streams to set up.
    Play {
        video: usize,
        audio: Option<usize>,
    },
    /// There is video, in this encoding, and it can't be carried.
    Unsupported(String),
    NoVideo,
}

/// Takes the first video stream and the first audio stream that can be carried; everything else is not set up.
pub(super) fn choose(streams: &[Stream]) -> Choice {
    let video = streams.iter().position(|stream| stream.media() == "video" && matches!(stream.encoding_name(), "h264" | "h265"));
    let Some(video) = video else {
        // JPEG may be announced as an image.
        return match streams.iter().find(|stream| matches!(stream.media(), "video" | "image")) {
            Some(stream) => Choice::Unsupported(stream.encoding_name().to_ascii_uppercase()),
            None => Choice::NoVideo,
        };
    };
    let audio = streams.iter().position(|stream| stream.media() == "audio" && audio_track(stream).is_some());
    Choice::Play { video, audio }
}

/// The audio track of a stream whose codec is known and whose description is whole.
pub(super) fn audio_track(stream: &Stream) -> Option<AudioTrack> {
    let Some(ParametersRef::Audio(parameters)) = stream.parameters() else { return None };
    let (codec, name) = match stream.encoding_name() {
        "mpeg4-generic" => (AudioCodec::Aac, parameters.rfc6381_codec()?),
        "pcma" => (AudioCodec::PcmA, "pcma"),
        "pcmu" => (AudioCodec::PcmU, "pcmu"),
        _ => return None,
    };
    Some(AudioTrack {
        codec,
        rfc6381: name.to_owned(),
        rate_hz: parameters.clock_rate(),
        channels: parameters.channels().get(),
        config: audio_config(codec, parameters),
    })
}

fn audio_config(codec: AudioCodec, parameters: &AudioParameters) -> Bytes {
    match codec {
        AudioCodec::Aac => Bytes::copy_from_slice(parameters.extra_data()),
        AudioCodec::PcmA | AudioCodec::PcmU => Bytes::new(),
    }
}

/// The video track of a stream, once its parameter sets are known.
pub(super) fn stream_video_track(stream: &Stream) -> Option<VideoTrack> {
    match stream.parameters() {
        Some(ParametersRef::Video(parameters)) => video_track(parameters),
        _ => None,
    }
}

/// None for JPEG, which has no parameter sets. `parameters` were made with MP4 framing, so that its extra data is avcC or hvcC.
pub(in crate::ingest) fn video_track(parameters: &VideoParameters) -> Option<VideoTrack> {
    let codec = match parameters.codec_params() {
        VideoParametersCodec::H264 { sps, pps } => VideoCodec::H264 { sps: sps.clone(), pps: pps.clone() },
        VideoParametersCodec::H265 { vps, sps, pps } => VideoCodec::H265 { vps: vps.clone(), sps: sps.clone(), pps: pps.clone() },
        _ => return None,
    };
    let (width, height) = parameters.pixel_dimensions();
    Some(VideoTrack {
        codec,
        rfc6381: parameters.rfc6381_codec().to_owned(),
        width,
        height,
        pixel_aspect: parameters.pixel_aspect_ratio().and_then(|(h, v)| pixel_aspect(h, v)),
        frame_duration: parameters.frame_rate().filter(|(numerator, denominator)| *numerator > 0 && *denominator > 0),
        decoder_config: Bytes::copy_from_slice(parameters.extra_data()),
    })
}

/// None for square pixels and for values that no `pasp` box of ours can hold.
pub(in crate::ingest) fn pixel_aspect(horizontal: u32, vertical: u32) -> Option<(u16, u16)> {
    let ratio = (u16::try_from(horizontal).ok()?, u16::try_from(vertical).ok()?);
    (ratio.0 != ratio.1 && ratio.0 > 0 && ratio.1 > 0).then_some(ratio)
}
