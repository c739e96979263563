//! A short clip made by ffmpeg, taken apart into access units with their timestamps in decode order.

use bytes::{BufMut, Bytes, BytesMut};
use h264_reader::nal::sps::SeqParameterSet;
use h264_reader::nal::{NalHeader, WritableNal};
use h264_reader::rbsp::{BitReader, ByteReader};
use media::codec::{h264, h265, nal_units};
use media::time::Stamp;
use media::unit::{AccessUnit, AudioCodec, AudioFrame, AudioTrack, SourceItem, Tracks, VideoCodec, VideoTrack};
use std::process::Command;

pub struct Clip {
    pub tracks: Tracks,
    /// Length-prefixed access units in decode order with presentation times in 90 kHz ticks.
    units: Vec<(i64, Bytes)>,
    /// Raw AAC frames of 1024 samples.
    sounds: Vec<Bytes>,
}

/// Runs ffmpeg and gives what it said on standard error.
pub fn ffmpeg(arguments: &[&str]) -> String {
    let output =
        Command::new("ffmpeg").args(["-hide_banner", "-nostdin", "-v", "warning", "-y"]).args(arguments).output().expect("ffmpeg runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "ffmpeg {arguments:?}: {said}");
    said
}

/// Runs ffprobe and gives its standard output.
pub fn ffprobe(arguments: &[&str]) -> String {
    let output = Command::new("ffprobe").args(["-v", "error"]).args(arguments).output().expect("ffprobe runs");
    assert!(output.status.success(), "ffprobe {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

impl Clip {
    /// 60 frames at 25 per second.
    pub fn make(encoder: &str, options: &[&str], audio: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let source = file("source.mp4");
        let mut arguments = vec!["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2.4"];
        if audio {
            arguments.extend(["-f", "lavfi", "-i", "sine=sample_rate=16000:duration=2.4", "-c:a", "aac", "-ac", "1"]);
        }
        arguments.extend(["-pix_fmt", "yuv420p", "-c:v", encoder]);
        arguments.extend(options);
        arguments.push(&source);
        ffmpeg(&arguments);

        let is_h265 = encoder == "libx265";
        let (format, filter) = match is_h265 {
            true => ("hevc", "hevc_mp4toannexb,hevc_metadata=aud=insert"),
            false => ("h264", "h264_mp4toannexb,h264_metadata=aud=insert"),
        };
        let raw = file("raw");
        ffmpeg(&["-i", &source, "-map", "0:v", "-c", "copy", "-bsf:v", filter, "-f", format, &raw]);
        let data = split_units(&std::fs::read(&raw).unwrap(), is_h265);
        let packets = ffprobe(&["-select_streams", "v", "-show_entries", "packet=pts_time", "-of", "csv=p=0", &source]);
        let times: Vec<i64> = packets.lines().map(|line| ticks(line.trim_end_matches(','))).collect();
        assert_eq!(times.len(), data.len(), "one timestamp per access unit");

        let (sounds, sound_track) = if audio {
            let raw = file("sound.aac");
            ffmpeg(&["-i", &source, "-map", "0:a", "-c", "copy", "-f", "adts", &raw]);
            (split_adts(&std::fs::read(&raw).unwrap()), Some(sound_track()))
        } else {
            (Vec::new(), None)
        };
        let video = describe(&data[0], is_h265);
        Self { tracks: Tracks { video, audio: sound_track }, units: times.into_iter().zip(data).collect(), sounds }
    }

    /// Takes the bitstream restriction out of every SPS, as cameras deliver it that never heard of it.
    pub fn without_bitstream_restriction(mut self) -> Self {
        for (_, unit) in &mut self.units {
            let nals: Vec<Vec<u8>> =
                nal_units(unit).map(|nal| if h264::nal_type(nal) == h264::SPS { unrestricted(nal) } else { nal.to_vec() }).collect();
            *unit = length_prefixed(nals.iter().map(Vec::as_slice));
        }
        self.tracks.video = describe(&self.units[0].1, false);
        self
    }

    pub fn audio_frames(&self) -> usize {
        self.sounds.len()
    }

    /// Everything in the order of its time, received when it is due.
    pub fn items(&self) -> Vec<SourceItem> {
        let mut items: Vec<(i64, SourceItem)> = Vec::new();
        for (n, (pts, data)) in (0_i64..).zip(&self.units) {
            let received = stamp(n * 3600);
            // Key frames are left to be found.
            items.push((n * 3600, SourceItem::Video(AccessUnit { pts: *pts, key: false, data: data.clone(), received })));
        }
        for (n, data) in (0_i64..).zip(&self.sounds) {
            let due = n * 1024 * 90 / 16;
            let frame = AudioFrame { pts: n * 1024, samples: 1024, data: data.clone(), received: stamp(due) };
            items.push((due, SourceItem::Audio(frame)));
        }
        items.sort_by_key(|(due, _)| *due);
        items.into_iter().map(|(_, item)| item).collect()
    }
}

fn stamp(ticks: i64) -> Stamp {
    Stamp { mono_us: u64::try_from(ticks * 100 / 9).unwrap(), utc_ms: ticks / 90 }
}

/// Decimal seconds as 90 kHz ticks.
fn ticks(seconds: &str) -> i64 {
    let (whole, fraction) = seconds.split_once('.').unwrap();
    (whole.parse::<i64>().unwrap() * 1_000_000 + fraction.parse::<i64>().unwrap()) * 9 / 100
}

/// Splits an Annex B stream into access units at their delimiters.
fn split_units(stream: &[u8], is_h265: bool) -> Vec<Bytes> {
    let mut units: Vec<Vec<&[u8]>> = Vec::new();
    for nal in annex_b(stream) {
        let delimiter = if is_h265 { h265::nal_type(nal) == h265::AUD } else { h264::nal_type(nal) == h264::AUD };
        if delimiter {
            units.push(Vec::new());
        }
        units.last_mut().expect("the stream begins with a delimiter").push(nal);
    }
    units.into_iter().map(|nals| length_prefixed(nals.into_iter())).collect()
}

fn annex_b(stream: &[u8]) -> Vec<&[u8]> {
    let starts: Vec<usize> = stream.windows(3).enumerate().filter(|(_, code)| *code == [0, 0, 1]).map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([stream.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| {
            let nal = &stream[start + 3..end];
            let used = nal.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            &nal[..used]
        })
        .collect()
}

fn length_prefixed<'a>(nals: impl Iterator<Item = &'a [u8]>) -> Bytes {
    let mut data = BytesMut::new();
    for nal in nals {
        data.put_u32(u32::try_from(nal.len()).unwrap());
        data.put_slice(nal);
    }
    data.freeze()
}

fn split_adts(mut stream: &[u8]) -> Vec<Bytes> {
    let mut frames = Vec::new();
    while let [_, protection, _, a, b, c, _, ..] = *stream {
        let length = usize::from(a & 3) << 11 | usize::from(b) << 3 | usize::from(c) >> 5;
        let header = if protection & 1 == 1 { 7 } else { 9 };
        frames.push(Bytes::copy_from_slice(&stream[header..length]));
        stream = &stream[length..];
    }
    frames
}

/// AAC-LC, 16 kHz, mono.
fn sound_track() -> AudioTrack {
    AudioTrack {
        codec: AudioCodec::Aac,
        rfc6381: "mp4a.40.2".into(),
        rate_hz: 16_000,
        channels: 1,
        config: Bytes::from_static(&[0x14, 0x08]),
    }
}

fn describe(unit: &Bytes, is_h265: bool) -> VideoTrack {
    let find = |kind: u8| {
        let nal = nal_units(unit).find(|nal| (if is_h265 { h265::nal_type(nal) } else { h264::nal_type(nal) }) == kind);
        Bytes::copy_from_slice(nal.expect("the first access unit has all parameter sets"))
    };
    if is_h265 {
        let (vps, sps, pps) = (find(h265::VPS), find(h265::SPS), find(h265::PPS));
        let info = h265::parse_sps(&sps).unwrap();
        let sets =
            [(h265::VPS, std::slice::from_ref(&vps)), (h265::SPS, std::slice::from_ref(&sps)), (h265::PPS, std::slice::from_ref(&pps))];
        VideoTrack {
            rfc6381: h265::rfc6381(&info),
            width: info.width,
            height: info.height,
            pixel_aspect: None,
            frame_duration: None,
            decoder_config: h265::hvcc(&info, sets).unwrap(),
            codec: VideoCodec::H265 { vps, sps, pps },
        }
    } else {
        let (sps, pps) = (find(h264::SPS), find(h264::PPS));
        let info = h264::parse_sps(&sps).unwrap();
        VideoTrack {
            rfc6381: h264::rfc6381(&sps).unwrap(),
            width: info.width,
            height: info.height,
            pixel_aspect: info.pixel_aspect,
            frame_duration: info.frame_duration,
            decoder_config: h264::avcc([&sps].into_iter(), [&pps].into_iter()).unwrap(),
            codec: VideoCodec::H264 { sps, pps },
        }
    }
}

fn unrestricted(sps: &[u8]) -> Vec<u8> {
    let mut parsed = SeqParameterSet::from_bits(BitReader::new(ByteReader::skipping_h264_header(sps))).unwrap();
    parsed.vui_parameters.as_mut().unwrap().bitstream_restrictions = None;
    parsed.to_vec_with_header(NalHeader::new(sps[0]).unwrap())
}
