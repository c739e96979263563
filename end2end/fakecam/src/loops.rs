//! A loaded loop: its tracks as ready packets with times, and what SDP needs to know. Reads files, opens no socket.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::fixture::{AudioCodec, Fixture, LOOP_SECONDS, VideoCodec};
use crate::packetize::{self, Unit};

/// What kind of bytes a track carries.
#[derive(Debug, Clone)]
pub(crate) enum Encoding {
    H264 {
        sps: Vec<u8>,
        pps: Vec<u8>,
    },
    H265 {
        vps: Vec<u8>,
        sps: Vec<u8>,
        pps: Vec<u8>,
    },
    /// `AudioSpecificConfig`.
    Aac {
        config: [u8; 2],
    },
    Pcma,
    Pcmu,
}

/// One track of a loop.
#[derive(Debug)]
pub(crate) struct Track {
    pub encoding: Encoding,
    pub payload_type: u8,
    /// Ticks per second of the RTP clock.
    pub clock_rate: u32,
    /// The loop's length in ticks.
    pub loop_ticks: u64,
    /// In sending order, never empty, the first one a key frame.
    pub units: Vec<Unit>,
}

impl Track {
    pub(crate) fn is_video(&self) -> bool {
        matches!(self.encoding, Encoding::H264 { .. } | Encoding::H265 { .. })
    }
}

/// A packetised loop, shared by all mounts and sessions that play it.
#[derive(Debug)]
pub struct Loop {
    /// What it was made from.
    pub fixture: Fixture,
    /// Video first.
    pub(crate) tracks: Vec<Track>,
}

impl Loop {
    pub(crate) fn load(fixture: Fixture, folder: &Path) -> Result<Self> {
        let mut tracks = Vec::new();
        if let Some(video) = fixture.video {
            let stream = std::fs::read(folder.join("video.bin")).context("reading video.bin")?;
            let listing = std::fs::read_to_string(folder.join("video.txt")).context("reading video.txt")?;
            tracks.push(video_track(video.codec, video.fps, &stream, &listing)?);
        }
        if let Some(audio) = fixture.audio {
            let stream = std::fs::read(folder.join("audio.bin")).context("reading audio.bin")?;
            tracks.push(audio_track(audio, &stream)?);
        }
        ensure!(!tracks.is_empty(), "a fixture needs a track");
        Ok(Self { fixture, tracks })
    }

    /// When each frame is sent, in milliseconds after the loop's start, by display index (the clock strip's number).
    #[must_use]
    pub fn send_offsets_ms(&self) -> Vec<f64> {
        let Some(video) = self.tracks.first().filter(|track| track.is_video()) else { return Vec::new() };
        let mut offsets = vec![0.0; video.units.len()];
        for unit in &video.units {
            offsets[unit.display_index as usize] = unit.send_ticks as f64 * 1000.0 / f64::from(video.clock_rate);
        }
        offsets
    }

    /// The place (in sending order) of the video frame that ends with these bytes, if exactly one does.
    #[must_use]
    pub fn find_video_unit(&self, last_bytes: &[u8; 16]) -> Option<usize> {
        let video = self.tracks.first().filter(|track| track.is_video())?;
        let mut found = video.units.iter().enumerate().filter(|(_, unit)| unit.tail == *last_bytes).map(|(index, _)| index);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }
}

/// A line of ffmpeg's `framecrc` listing.
struct Listed {
    dts: i64,
    pts: i64,
    size: usize,
}

fn parse_listing(text: &str) -> Result<Vec<Listed>> {
    let parse = |line: &str| {
        let mut fields = line.split(',').map(str::trim);
        let mut next = || fields.nth(1)?.parse::<i64>().ok().zip(fields.next()?.parse::<i64>().ok());
        let (dts, pts) = next()?;
        let size = fields.nth(1)?.parse().ok()?;
        Some(Listed { dts, pts, size })
    };
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| parse(line).with_context(|| format!("unexpected framecrc line {line:?}")))
        .collect()
}

fn video_track(codec: VideoCodec, fps: u32, stream: &[u8], listing: &str) -> Result<Track> {
    const CLOCK: u32 = 90_000;
    let listed = parse_listing(listing)?;
    ensure!(listed.len() == (fps * LOOP_SECONDS) as usize, "{} frames listed, {} wanted", listed.len(), fps * LOOP_SECONDS);
    ensure!(listed.iter().map(|l| l.size).sum::<usize>() == stream.len(), "video.txt does not describe video.bin");
    let ticks = u64::from(CLOCK / fps);
    let first_pts = listed.iter().map(|l| l.pts).min().unwrap_or(0);
    let first_dts = listed[0].dts;
    let mut units = Vec::with_capacity(listed.len());
    let mut at = 0;
    let mut parameter_sets: [Vec<u8>; 3] = Default::default();
    for line in &listed {
        let nals = packetize::split_annex_b(&stream[at..at + line.size]);
        at += line.size;
        ensure!(nals.iter().all(|nal| nal.len() > 2), "an empty NAL unit");
        let mut unit = match codec {
            VideoCodec::H264 => packetize::h264(96, &nals),
            VideoCodec::H265 => packetize::h265(96, &nals),
        };
        for nal in nals {
            let slot = match (codec, nal[0] & 0x1F, nal[0] >> 1 & 0x3F) {
                (VideoCodec::H264, 7, _) | (VideoCodec::H265, _, 33) => 1,
                (VideoCodec::H264, 8, _) | (VideoCodec::H265, _, 34) => 2,
                (VideoCodec::H265, _, 32) => 0,
                _ => continue,
            };
            if parameter_sets[slot].is_empty() {
                parameter_sets[slot] = nal.to_vec();
            }
        }
        unit.display_index = u32::try_from(line.pts - first_pts).context("presentation time")?;
        // Presentation runs ahead of decoding by the reorder delay; RTP carries presentation times only (RFC 6184 5.1).
        unit.rtp_ticks = u64::try_from(line.pts - first_dts).context("presentation before decoding")? * ticks;
        unit.send_ticks = u64::try_from(line.dts - first_dts).context("decode time")? * ticks;
        units.push(unit);
    }
    ensure!(units[0].key && units[0].display_index == 0, "the loop must start with a key frame");
    let [vps, sps, pps] = parameter_sets;
    ensure!(!sps.is_empty() && !pps.is_empty(), "no parameter sets in the stream");
    let encoding = match codec {
        VideoCodec::H264 => Encoding::H264 { sps, pps },
        VideoCodec::H265 => Encoding::H265 { vps, sps, pps },
    };
    Ok(Track { encoding, payload_type: 96, clock_rate: CLOCK, loop_ticks: u64::from(CLOCK * LOOP_SECONDS), units })
}

fn audio_track(codec: AudioCodec, stream: &[u8]) -> Result<Track> {
    let (encoding, payload_type, clock_rate, samples, frames) = match codec {
        // The first frame is the encoder's run-in: leaving it out keeps the loop a whole number of frames.
        AudioCodec::Aac => {
            let frames = split_adts(stream)?;
            let wanted = (16_000 * LOOP_SECONDS / 1024) as usize;
            ensure!(frames.len() > wanted, "{} AAC frames, more than {wanted} wanted", frames.len());
            // AAC-LC (2), 16 kHz (index 8), one channel.
            (Encoding::Aac { config: [0x14, 0x08] }, 97, 16_000, 1024, frames[1..=wanted].to_vec())
        }
        AudioCodec::Pcma => (Encoding::Pcma, 8, 8_000, 160, stream.chunks_exact(160).collect()),
        AudioCodec::Pcmu => (Encoding::Pcmu, 0, 8_000, 160, stream.chunks_exact(160).collect()),
    };
    let loop_ticks = u64::from(clock_rate * LOOP_SECONDS);
    ensure!(frames.len() as u64 * samples == loop_ticks, "audio of {} frames does not fill the loop", frames.len());
    let units = frames.into_iter().enumerate().map(|(index, frame)| {
        let mut unit = match codec {
            AudioCodec::Aac => packetize::aac(payload_type, frame),
            AudioCodec::Pcma | AudioCodec::Pcmu => packetize::g711(payload_type, frame),
        };
        unit.send_ticks = index as u64 * samples;
        unit.rtp_ticks = unit.send_ticks;
        unit
    });
    Ok(Track { encoding, payload_type, clock_rate, loop_ticks, units: units.collect() })
}

fn split_adts(mut data: &[u8]) -> Result<Vec<&[u8]>> {
    let mut frames = Vec::new();
    while data.len() >= 7 {
        let header = if data[1] & 1 == 1 { 7 } else { 9 };
        let length = usize::from(data[3] & 3) << 11 | usize::from(data[4]) << 3 | usize::from(data[5]) >> 5;
        if data[0] != 0xFF || length <= header || length > data.len() {
            bail!("broken ADTS frame");
        }
        frames.push(&data[header..length]);
        data = &data[length..];
    }
    Ok(frames)
}
