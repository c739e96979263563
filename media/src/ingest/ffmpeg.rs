//! Sources that an ffmpeg child reads: RTMP, RTSP over TLS, HTTP-FLV and files in copy mode, and the demo camera's pattern.
//!
//! The child writes NUT to a pipe ([`super::nut`]). Its arguments are a fixed list built from typed values; no shell, and no string of a
//! user's among them: an address travels in an ffconcat script over standard input, so that neither a password nor a stream key stands
//! in the process list. What belongs here: the child and its output. What does not: restarting it ([`crate::stream`]).

use super::bitstream::{Normalizer, VideoKind};
use super::gate::Gate;
use super::net::{self, AddressPolicy};
use super::nut::{NutItem, NutReader, NutStream, StreamClass};
use super::{FfmpegInput, FfmpegSpec, Source};
use crate::child::{Child, ChildSpec, Secrets};
use crate::error::{ErrorCode, StreamError};
use crate::time::{Stamp, VIDEO_TIMESCALE};
use crate::unit::{AccessUnit, AudioCodec, AudioFrame, AudioTrack, SourceItem, Tracks};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use secrecy::ExposeSecret;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::ChildStdout;
use tokio::time::timeout;
use url::Url;

mod explain;
mod pattern;

pub(super) use pattern::open as open_test_pattern;

/// Until the first picture: the connection, ffmpeg's look at the stream, and one GOP.
const FIRST_PICTURE_LIMIT: Duration = Duration::from_secs(15);
// Behind the resolving of a name and the choice among its addresses.
const _: () =
    assert!(net::RESOLVE_LIMIT.as_secs() + net::REACH_LIMIT.as_secs() + FIRST_PICTURE_LIMIT.as_secs() < super::OPENING_LIMIT.as_secs());
/// Microseconds that the child waits for a silent peer before it gives up; the stall timer of the stream is shorter.
const PEER_TIMEOUT_US: &str = "10000000";
/// What ffmpeg may read and how long it may look, in bytes and microseconds, before it starts to copy. Its own defaults (5 MB, 5 s) delay
/// the first picture by seconds; cameras and encoders name their codecs in the first packets.
/// The frame rate isn't guessed at all: nothing here asks for it (RTMP: first picture after 0.4 s instead of 1.3 s).
const PROBING: [(&str, &str); 3] = [("probesize", "262144"), ("analyzeduration", "1000000"), ("fpsprobesize", "0")];
/// Read from the pipe at once; a Linux pipe holds 64 KiB.
const READ_BYTES: usize = 64 * 1024;
/// Samples per AAC frame (ISO 14496-3, 1024-sample frames; the 960 variant is not used by cameras).
const AAC_FRAME_SAMPLES: u32 = 1024;

/// How to start the child, and how to speak of it.
pub(super) struct Plan {
    pub args: Vec<OsString>,
    /// Written to its standard input, which is then closed.
    pub script: Option<String>,
    pub secrets: Secrets,
    /// For [`Source::describe`].
    pub name: &'static str,
}

/// Opens an input in copy mode.
pub(super) async fn open(spec: &FfmpegSpec, program: &Path, policy: AddressPolicy) -> Result<FfmpegSource, StreamError> {
    let Some((url, port)) = spec.input.remote() else {
        return FfmpegSource::start(plan(spec, None)?, program, None).await;
    };
    let addresses = net::resolve(url, port, policy).await?;
    let address = match addresses.as_slice() {
        [only] => *only,
        several => net::reach(several).await?,
    };
    let gate = Gate::open(policy)
        .await
        .map_err(|error| StreamError::new(ErrorCode::Internal, format!("No port is free for the video program ({error}).")))?;
    FfmpegSource::start(plan(spec, Some(address.ip()))?, program, Some(gate)).await
}

/// `address` is the checked one of the host; RTMP, which knows no proxy, is pinned to it.
fn plan(spec: &FfmpegSpec, address: Option<IpAddr>) -> Result<Plan, StreamError> {
    let mut args = quiet_args();
    let mut secrets = Secrets::default();
    let mut script = None;
    let name = match &spec.input {
        FfmpegInput::File(path) => {
            args.extend(["-re", "-stream_loop", "-1", "-fflags", "+genpts", "-protocol_whitelist", "file", "-i"].map(OsString::from));
            // The prefix keeps a path from being read as an option or as an address.
            let mut input = OsString::from("file:");
            input.push(path);
            args.push(input);
            "file"
        }
        FfmpegInput::Rtmp(url) | FfmpegInput::Rtsps(url) | FfmpegInput::HttpFlv(url) => {
            let (name, protocols, options): (_, _, &[(&str, &str)]) = match url.scheme() {
                "rtmp" => ("RTMP", "pipe,rtmp,tcp", &[("rw_timeout", PEER_TIMEOUT_US)]),
                "rtmps" => ("RTMP over TLS", "pipe,rtmps,rtmp,tls,httpproxy,tcp", &[("rw_timeout", PEER_TIMEOUT_US)]),
                "rtsps" => {
                    ("RTSP over TLS", "pipe,rtsps,rtp,tls,httpproxy,tcp", &[("timeout", PEER_TIMEOUT_US), ("rtsp_transport", "tcp")])
                }
                "http" => ("HTTP-FLV", "pipe,http,tcp", &[("rw_timeout", PEER_TIMEOUT_US)]),
                "https" => ("HTTP-FLV over TLS", "pipe,https,http,tls,httpproxy,tcp", &[("rw_timeout", PEER_TIMEOUT_US)]),
                other => return Err(StreamError::new(ErrorCode::Protocol, format!("Addresses that begin with {other}:// can't be read."))),
            };
            // Not `-fflags nobuffer`: it throws away what was read while probing, and with it the first key frame (measured: one GOP later).
            args.extend(PROBING.iter().flat_map(|(name, value)| [format!("-{name}").into(), OsString::from(value)]));
            args.extend(["-protocol_whitelist", protocols, "-f", "concat", "-safe", "0", "-i", "pipe:0"].map(OsString::from));
            let (url, more) = pinned(with_login(spec, url, &mut secrets)?, address);
            let options: Vec<_> = options.iter().copied().chain(more.as_deref().map(|tc_url| ("rtmp_tcurl", tc_url))).collect();
            script = Some(concat_script(&url, &options));
            name
        }
    };
    args.extend(["-map", "0:v:0", "-map", "0:a:0?", "-c", "copy"].map(OsString::from));
    args.extend(output_args());
    Ok(Plan { args, script, secrets, name })
}

fn quiet_args() -> Vec<OsString> {
    ["-hide_banner", "-nostats", "-loglevel", "error"].map(OsString::from).to_vec()
}

/// NUT on standard output, every packet at once. The interleaving limit keeps a picture from waiting for the next sound.
fn output_args() -> [OsString; 8] {
    ["-max_interleave_delta", "1", "-flush_packets", "1", "-f", "nut", "-y", "pipe:1"].map(OsString::from)
}

/// The address with its login, as only the child gets to see it.
fn with_login(spec: &FfmpegSpec, url: &Url, secrets: &mut Secrets) -> Result<Url, StreamError> {
    let mut url = url.clone();
    if let Some(query) = url.query() {
        // Stream keys and tokens.
        secrets.push(query);
    }
    if let Some(credentials) = &spec.credentials {
        let password = credentials.password.expose_secret();
        if url.set_username(&credentials.username).is_err() || url.set_password(Some(password)).is_err() {
            return Err(StreamError::new(ErrorCode::Protocol, "This address can't take a user name. Check the host in it."));
        }
        secrets.push(password);
        secrets.push(url.password().unwrap_or_default());
    }
    Ok(url)
}

/// An RTMP address with the checked address for a host, and what the server is to be told of the name (`tcUrl`: the address up to the
/// application, which is one segment of the path, or two of three and more, as ffmpeg has it).
fn pinned(mut url: Url, address: Option<IpAddr>) -> (Url, Option<String>) {
    let (Some(address), "rtmp") = (address, url.scheme()) else { return (url, None) };
    let segments: Vec<&str> = url.path().trim_start_matches('/').split('/').collect();
    let application = segments[..if segments.len() > 2 { 2 } else { 1 }].join("/");
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    let told = format!("rtmp://{}{port}/{application}", url.host_str().unwrap_or_default());
    let host = match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    };
    // Only an address without a host cannot take one.
    let _ = url.set_host(Some(&host));
    (url, Some(told))
}

/// An ffconcat script of one input (ffmpeg-formats, "concat").
fn concat_script(url: &Url, options: &[(&str, &str)]) -> String {
    // Within quotes only the quote itself is special; a URL holds no line break.
    let mut script = format!("ffconcat version 1.0\nfile '{}'\n", url.as_str().replace('\'', "'\\''"));
    for (name, value) in PROBING.iter().chain(options) {
        script.push_str(&format!("option {name} '{}'\n", value.replace('\'', "'\\''")));
    }
    script
}

/// A running child whose first picture is known.
pub struct FfmpegSource {
    child: Child,
    /// The child's way to the network; ends with it.
    gate: Option<Gate>,
    stdout: ChildStdout,
    reader: NutReader,
    buffer: BytesMut,
    video: Option<VideoInput>,
    audio: Option<AudioInput>,
    tracks: Option<Tracks>,
    /// Holds what one read of the pipe completed.
    pending: VecDeque<SourceItem>,
    name: &'static str,
}

struct VideoInput {
    stream: usize,
    time_base: (u32, u32),
    normalizer: Normalizer,
}

struct AudioInput {
    stream: usize,
    time_base: (u32, u32),
    track: AudioTrack,
}

impl FfmpegSource {
    pub(super) async fn start(plan: Plan, program: &Path, gate: Option<Gate>) -> Result<Self, StreamError> {
        let environment = gate.iter().map(|gate| ("http_proxy", gate.url().into())).collect();
        let spec = ChildSpec { program: program.into(), args: plan.args, environment, secrets: plan.secrets };
        let mut child = Child::spawn(&spec).map_err(|error| explain::not_started(program, &error))?;
        let (stdin, stdout) = (child.take_stdin(), child.take_stdout());
        if let (Some(mut stdin), Some(script)) = (stdin, &plan.script) {
            // Fails only if the child has ended already, which is explained below.
            let _ = stdin.write_all(script.as_bytes()).await;
        }
        let Some(stdout) = stdout else { return Err(StreamError::new(ErrorCode::Internal, "The video program has no output pipe.")) };
        let mut source = Self {
            child,
            gate,
            stdout,
            reader: NutReader::new(),
            buffer: BytesMut::new(),
            video: None,
            audio: None,
            tracks: None,
            pending: VecDeque::new(),
            name: plan.name,
        };
        let opening = async {
            while source.tracks.is_none() {
                source.read().await?;
            }
            Ok(())
        };
        match timeout(FIRST_PICTURE_LIMIT, opening).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                return Err(StreamError::new(
                    ErrorCode::Timeout,
                    format!(
                        "No picture came within {} s. Check the address, and that the source is sending.",
                        FIRST_PICTURE_LIMIT.as_secs()
                    ),
                ));
            }
        }
        source.pending.retain(|item| !matches!(item, SourceItem::Tracks(_)));
        Ok(source)
    }

    /// Reads the pipe once. Cancel-safe: a cancelled read has taken nothing.
    async fn read(&mut self) -> Result<(), StreamError> {
        self.buffer.reserve(READ_BYTES);
        let count = self.stdout.read_buf(&mut self.buffer).await.unwrap_or(0);
        if count == 0 {
            return Err(self.ended().await);
        }
        let received = Stamp::now();
        let bytes = self.buffer.split();
        self.reader.push(&bytes);
        loop {
            match self.reader.next_item() {
                Ok(Some(NutItem::Streams(streams))) => self.take_streams(&streams)?,
                Ok(Some(NutItem::Frame(frame))) => self.take_frame(frame.stream, frame.pts, frame.data, received),
                Ok(None) => return Ok(()),
                Err(error) => {
                    return Err(StreamError::new(ErrorCode::FfmpegFailed, format!("The video program's output can't be read: {error}.")));
                }
            }
        }
    }

    async fn ended(&mut self) -> StreamError {
        let status = self.child.wait().await.ok();
        if let Some(refusal) = self.gate.as_ref().and_then(Gate::refusal) {
            return refusal;
        }
        explain::ended(status, &self.child.error_tail())
    }

    fn take_streams(&mut self, streams: &[NutStream]) -> Result<(), StreamError> {
        let video = streams.iter().enumerate().find(|(_, stream)| stream.class == StreamClass::Video);
        let Some((index, stream)) = video else { return Err(explain::no_video()) };
        let Some(kind) = video_kind(&stream.fourcc) else { return Err(explain::unsupported_codec(&stream.fourcc)) };
        let normalizer = Normalizer::new(kind, &stream.codec_data);
        self.video = Some(VideoInput { stream: index, time_base: stream.time_base, normalizer });
        self.audio = streams
            .iter()
            .enumerate()
            .find_map(|(index, stream)| Some(AudioInput { stream: index, time_base: stream.time_base, track: audio_track(stream)? }));
        Ok(())
    }

    fn take_frame(&mut self, stream: usize, pts: i64, data: Bytes, received: Stamp) {
        match (&mut self.video, &self.audio) {
            (Some(video), audio) if video.stream == stream => {
                let Some(picture) = video.normalizer.picture(&data) else { return };
                if (picture.new_track || self.tracks.is_none())
                    && let Some(track) = video.normalizer.track()
                {
                    let tracks = Tracks { video: track.clone(), audio: audio.as_ref().map(|audio| audio.track.clone()) };
                    self.tracks = Some(tracks.clone());
                    self.pending.push_back(SourceItem::Tracks(tracks));
                }
                let pts = rescale(pts, video.time_base, VIDEO_TIMESCALE);
                self.pending.push_back(SourceItem::Video(AccessUnit { pts, key: picture.key, data: picture.data, received }));
            }
            (_, Some(audio)) if audio.stream == stream && self.tracks.is_some() => {
                let samples = match audio.track.codec {
                    AudioCodec::Aac => AAC_FRAME_SAMPLES,
                    AudioCodec::PcmA | AudioCodec::PcmU => {
                        u32::try_from(data.len()).unwrap_or(u32::MAX) / u32::from(audio.track.channels.max(1))
                    }
                };
                let pts = rescale(pts, audio.time_base, audio.track.rate_hz);
                self.pending.push_back(SourceItem::Audio(AudioFrame { pts, samples, data, received }));
            }
            _ => {}
        }
    }
}

#[async_trait]
impl Source for FfmpegSource {
    fn tracks(&self) -> &Tracks {
        // `start` gives no source without tracks.
        self.tracks.as_ref().expect("a started source has tracks")
    }

    async fn next(&mut self) -> Result<SourceItem, StreamError> {
        loop {
            if let Some(item) = self.pending.pop_front() {
                return Ok(item);
            }
            self.read().await?;
        }
    }

    async fn close(self: Box<Self>) {
        self.child.stop().await;
    }

    fn describe(&self) -> String {
        format!("{} (ffmpeg)", self.name)
    }
}

/// The names that ffmpeg's muxer gives or keeps for the two codecs.
fn video_kind(fourcc: &[u8]) -> Option<VideoKind> {
    match fourcc.to_ascii_lowercase().as_slice() {
        b"h264" | b"avc1" | b"avc3" | b"x264" => Some(VideoKind::H264),
        b"hevc" | b"h265" | b"hvc1" | b"hev1" => Some(VideoKind::H265),
        _ => None,
    }
}

fn audio_track(stream: &NutStream) -> Option<AudioTrack> {
    if stream.class != StreamClass::Audio || stream.channels == 0 {
        return None;
    }
    let simple = |codec, name: &str| {
        let track =
            AudioTrack { codec, rfc6381: name.to_owned(), rate_hz: stream.sample_rate, channels: stream.channels, config: Bytes::new() };
        (stream.sample_rate > 0).then_some(track)
    };
    // WAVE format tags (little-endian) or MP4 names.
    match stream.fourcc.to_ascii_lowercase().as_slice() {
        [0x06, 0, ..] | b"alaw" => simple(AudioCodec::PcmA, "pcma"),
        [0x07, 0, ..] | b"ulaw" => simple(AudioCodec::PcmU, "pcmu"),
        [0xff, 0, ..] | b"mp4a" => {
            let (object_type, rate_hz) = audio_specific_config(&stream.codec_data)?;
            Some(AudioTrack {
                codec: AudioCodec::Aac,
                rfc6381: format!("mp4a.40.{object_type}"),
                rate_hz,
                channels: stream.channels,
                config: stream.codec_data.clone(),
            })
        }
        _ => None,
    }
}

/// Audio object type and core sample rate (ISO 14496-3 section 1.6.2.1). None without a description: AAC in ADTS, which isn't unwrapped.
fn audio_specific_config(config: &[u8]) -> Option<(u8, u32)> {
    const RATES: [u32; 13] = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
    let (first, second) = (*config.first()?, *config.get(1)?);
    let object_type = first >> 3;
    let index = usize::from((first & 7) << 1 | second >> 7);
    // Type 31 escapes to longer codes and index 15 to a free rate: neither is AAC as cameras send it.
    if object_type == 0 || object_type == 31 {
        return None;
    }
    Some((object_type, *RATES.get(index)?))
}

/// Ticks of `time_base` in ticks of `rate`, rounded to the nearest.
fn rescale(ticks: i64, time_base: (u32, u32), rate: u32) -> i64 {
    let denominator = i128::from(time_base.1.max(1));
    let numerator = i128::from(ticks) * i128::from(time_base.0) * i128::from(rate);
    let rounded = (numerator + denominator / 2).div_euclid(denominator);
    i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
#[path = "ffmpeg/tests.rs"]
mod tests;
