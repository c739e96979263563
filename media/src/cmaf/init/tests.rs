//! Golden bytes, and an independent reader.

use super::*;
use crate::mux::test_stream::{in_order_sps, pps, video_only, with_audio};
use shiguredo_mp4::demux::Fmp4SegmentDemuxer;

/// Bytes as hex, one top-level or track box per line, so that a difference can be found.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn video_and_audio() {
    let tracks = with_audio(in_order_sps());
    let init = write(&tracks.video, tracks.audio.as_ref()).unwrap();
    assert_eq!(hex(&init), include_str!("golden_av.hex").split_whitespace().collect::<String>());
    let mut reader = Fmp4SegmentDemuxer::new();
    reader.handle_init_segment(&init).unwrap();
    let rates: Vec<u32> = reader.tracks().unwrap().iter().map(|track| track.timescale.get()).collect();
    assert_eq!(rates, [90_000, 16_000]);
}

#[test]
fn nothing_names_a_duration() {
    let tracks = video_only(in_order_sps());
    let init = write(&tracks.video, None).unwrap();
    for kind in [b"mehd", b"elst", b"sidx"] {
        assert!(!init.windows(4).any(|window| window == kind), "{}", String::from_utf8_lossy(kind));
    }
    let mvhd = init.windows(4).position(|window| window == b"mvhd").unwrap();
    // Version 1: flags, two times of eight bytes, timescale, duration.
    assert_eq!(init[mvhd + 28..mvhd + 36], [0; 8]);
}

#[test]
fn the_parameter_sets_are_in_the_sample_entry() {
    let sps = in_order_sps();
    let init = write(&video_only(sps.clone()).video, None).unwrap();
    assert!(init.windows(sps.len()).any(|window| window == sps));
    assert!(init.windows(pps().len()).any(|window| window == pps()));
}

#[test]
fn what_fits_no_box_is_refused() {
    let mut video = video_only(in_order_sps()).video;
    video.width = 70_000;
    assert!(matches!(write(&video, None), Err(InitError::PictureSize { width: 70_000, .. })));
    video.width = 640;
    video.decoder_config = Bytes::from_static(&[1, 2]);
    assert!(matches!(write(&video, None), Err(InitError::Boxes(_))));
}
