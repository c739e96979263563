//! Real streams made by ffmpeg go through the muxer, and ffmpeg and an independent reader take the result without complaint.

#![allow(clippy::unwrap_used, reason = "a test that cannot prepare its clips fails")]

#[path = "mux_ffmpeg/clip.rs"]
mod clip;

use clip::{Clip, ffmpeg, ffprobe};
use media::cmaf::{Chunk, Epoch, Track};
use media::mux::{MuxOptions, MuxOutput, Muxer};
use media::unit::VideoCodec;
use shiguredo_mp4::demux::Fmp4SegmentDemuxer;
use std::sync::Arc;

const FRAMES: usize = 60;

struct Muxed {
    /// Each epoch with its chunks.
    epochs: Vec<(Arc<Epoch>, Vec<Arc<Chunk>>)>,
    muxer: Muxer,
}

fn mux(clip: &Clip) -> Muxed {
    let mut muxer = Muxer::new(MuxOptions::default());
    muxer.start_session(&clip.tracks);
    let mut out = Vec::new();
    for item in clip.items() {
        muxer.push(item, &mut out);
    }
    let mut epochs: Vec<(Arc<Epoch>, Vec<Arc<Chunk>>)> = Vec::new();
    for output in out {
        match output {
            MuxOutput::Epoch(epoch) => epochs.push((epoch, Vec::new())),
            MuxOutput::Chunk(chunk) => epochs.last_mut().expect("an epoch comes first").1.push(chunk),
        }
    }
    Muxed { epochs, muxer }
}

/// Writes one epoch as a file, has ffmpeg decode it, and gives the presentation times of the decoded frames in ticks of 1/90000 s.
/// It may say nothing about it, except for lines with `pardoned`.
fn decoded(epoch: &Epoch, chunks: &[Arc<Chunk>], pardoned: Option<&str>) -> Vec<i64> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muxed.mp4");
    let mut file = epoch.init.to_vec();
    for chunk in chunks {
        file.extend_from_slice(&chunk.bytes);
    }
    std::fs::write(&path, file).unwrap();
    let complaints = ffmpeg(&["-xerror", "-err_detect", "explode", "-i", path.to_str().unwrap(), "-map", "0", "-f", "null", "-"]);
    let complaints: Vec<&str> = complaints.lines().filter(|line| pardoned.is_none_or(|pardoned| !line.contains(pardoned))).collect();
    assert_eq!(complaints, [""; 0], "ffmpeg decodes without a word");
    let frames = ffprobe(&["-select_streams", "v", "-show_entries", "frame=pts", "-of", "csv=p=0", path.to_str().unwrap()]);
    // Side data of a frame takes lines of its own.
    frames.lines().map(|line| line.trim_end_matches(',')).filter(|line| !line.is_empty()).map(|line| line.parse().unwrap()).collect()
}

/// Presentation times as the chunks say.
fn presented(chunks: &[Arc<Chunk>]) -> Vec<i64> {
    let mut times: Vec<i64> = chunks
        .iter()
        .filter(|chunk| chunk.track == Track::Video)
        .map(|chunk| i64::try_from(chunk.decode_time).unwrap() + i64::from(chunk.composition_offset))
        .collect();
    times.sort_unstable();
    times
}

fn assert_continuous(chunks: &[Arc<Chunk>]) {
    for track in [Track::Video, Track::Audio] {
        let of_track: Vec<_> = chunks.iter().filter(|chunk| chunk.track == track).collect();
        for pair in of_track.windows(2) {
            assert_eq!(pair[0].decode_time + u64::from(pair[0].duration), pair[1].decode_time);
        }
    }
}

/// Feeds init and chunks to shiguredo_mp4 and checks its view of every sample against ours.
fn assert_read_back(epoch: &Epoch, chunks: &[Arc<Chunk>]) {
    let mut demuxer = Fmp4SegmentDemuxer::new();
    demuxer.handle_init_segment(&epoch.init).unwrap();
    for chunk in chunks {
        let samples = demuxer.handle_media_segment(&chunk.bytes).unwrap();
        assert_eq!(samples.len(), 1);
        let sample = &samples[0];
        assert_eq!(sample.timestamp, chunk.decode_time);
        assert_eq!(sample.duration, chunk.duration);
        assert_eq!(sample.keyframe, chunk.key || chunk.track == Track::Audio);
        assert_eq!(sample.composition_time_offset.unwrap_or(0), i64::from(chunk.composition_offset));
        let start = usize::try_from(sample.data_offset).unwrap();
        assert_eq!((start, &chunk.bytes[start..start + sample.data_size]), (chunk.payload_offset, chunk.payload().as_ref()));
    }
}

fn assert_plays(clip: &Clip, muxed: &Muxed) {
    let [(epoch, chunks)] = &muxed.epochs[..] else { panic!("one epoch, not {}", muxed.epochs.len()) };
    assert_continuous(chunks);
    assert_read_back(epoch, chunks);
    let times = decoded(epoch, chunks, None);
    assert_eq!(times.len(), FRAMES);
    assert_eq!(times, presented(chunks));
    let even: Vec<i64> = (0..60).map(|n| times[0] + n * 3600).collect();
    assert_eq!(times, even, "25 frames per second stay 25 frames per second");
    assert_eq!(chunks.iter().filter(|chunk| chunk.track == Track::Audio).count(), clip.audio_frames());
}

#[test]
fn h264_without_b_frames() {
    let clip = Clip::make("libx264", &["-bf", "0", "-g", "20"], false);
    let muxed = mux(&clip);
    assert_plays(&clip, &muxed);
    assert_eq!(muxed.muxer.stats().reorder_depth, 0);
}

#[test]
fn h264_with_b_frames() {
    let clip = Clip::make("libx264", &["-bf", "3", "-b_strategy", "0", "-g", "20", "-x264-params", "b-pyramid=normal"], false);
    let muxed = mux(&clip);
    assert_plays(&clip, &muxed);
    let stats = muxed.muxer.stats();
    assert_eq!((stats.reorder_depth, stats.timestamps_repaired, stats.low_latency_sps), (2, 0, false));
    let chunks = &muxed.epochs[0].1;
    assert!(chunks.iter().all(|chunk| chunk.composition_offset >= 0 && chunk.duration == 3600), "even decode times before presentation");
}

#[test]
fn h264_with_b_frames_that_the_sps_keeps_secret() {
    let clip = Clip::make("libx264", &["-bf", "2", "-b_strategy", "0", "-g", "20"], false).without_bitstream_restriction();
    let muxed = mux(&clip);
    let [(epoch, chunks)] = &muxed.epochs[..] else { panic!("one epoch") };
    assert_continuous(chunks);
    assert_read_back(epoch, chunks);
    // The uneven decode times of the first GOP, while the depth was learned.
    let times = decoded(epoch, chunks, Some("DTS discontinuity"));
    assert_eq!(presented(chunks), (0..60).map(|n| n * 3600).collect::<Vec<i64>>());
    // ffmpeg moves everything by the most negative offset it has met (three frames, once).
    assert_eq!(times, (3..63).map(|n| n * 3600).collect::<Vec<i64>>());
    assert_eq!((muxed.muxer.stats().reorder_depth, muxed.muxer.stats().low_latency_sps), (1, false));
    assert!(chunks.iter().skip(12).all(|chunk| chunk.composition_offset >= 0), "learned within the first GOP");
}

#[test]
fn h264_that_cannot_reorder_gets_a_low_latency_sps_at_once() {
    let clip = Clip::make("libx264", &["-bf", "0", "-g", "20"], false).without_bitstream_restriction();
    let muxed = mux(&clip);
    assert_plays(&clip, &muxed);
    assert!(muxed.muxer.stats().low_latency_sps);
    assert_ne!(muxed.epochs[0].0.tracks.video.codec, clip.tracks.video.codec);
}

#[test]
fn h264_baseline_with_aac() {
    let clip = Clip::make("libx264", &["-profile:v", "baseline", "-g", "20"], true);
    let muxed = mux(&clip);
    assert_plays(&clip, &muxed);
    let (epoch, chunks) = &muxed.epochs[0];
    assert!(epoch.audio_muxed && epoch.mime.ends_with(",mp4a.40.2\""));
    let first_sound = chunks.iter().find(|chunk| chunk.track == Track::Audio).unwrap();
    assert_eq!(first_sound.decode_time, 0);
    assert!(chunks.iter().filter(|chunk| chunk.track == Track::Audio).all(|chunk| chunk.duration == 1024));
}

#[test]
fn h265_with_b_frames_and_aac() {
    let clip = Clip::make("libx265", &["-x265-params", "log-level=none:keyint=20:bframes=3:b-adapt=0"], true);
    let muxed = mux(&clip);
    assert_plays(&clip, &muxed);
    assert!(muxed.muxer.stats().reorder_depth > 0);
    assert!(matches!(muxed.epochs[0].0.tracks.video.codec, VideoCodec::H265 { .. }));
}

#[test]
fn h265_without_b_frames() {
    let clip = Clip::make("libx265", &["-x265-params", "log-level=none:keyint=20:bframes=0"], false);
    let muxed = mux(&clip);
    assert_plays(&clip, &muxed);
    assert_eq!(muxed.muxer.stats().reorder_depth, 0);
}
