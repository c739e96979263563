//! A real key frame from the demo camera, through the real muxer.

use super::*;
use crate::ingest::connect::Connector;
use crate::ingest::{Connect, LoginMark, SourceSpec, TestPatternSpec};
use crate::mux::{MuxOptions, MuxOutput, Muxer};

async fn key_frame() -> (Arc<Epoch>, Arc<Chunk>) {
    let spec = SourceSpec::TestPattern(TestPatternSpec { width: 640, height: 360, fps: 10, hue: 30 });
    let mut source = Connector::default().connect(&spec, &LoginMark::default()).await.expect("the demo camera opens");
    let mut muxer = Muxer::new(MuxOptions::default());
    muxer.start_session(source.tracks());
    let mut epoch = None;
    let mut out = Vec::new();
    loop {
        muxer.push(source.next().await.expect("it goes on"), &mut out);
        for output in out.drain(..) {
            match (output, &epoch) {
                (MuxOutput::Epoch(new), _) => epoch = Some(new),
                (MuxOutput::Chunk(chunk), Some(epoch)) if chunk.key => {
                    source.close().await;
                    return (Arc::clone(epoch), chunk);
                }
                _ => {}
            }
        }
    }
}

/// Width and height from the frame header (SOF0) of a baseline JPEG.
fn size(jpeg: &[u8]) -> (u16, u16) {
    let at = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).expect("a frame header");
    let number = |offset: usize| u16::from_be_bytes([jpeg[at + offset], jpeg[at + offset + 1]]);
    (number(7), number(5))
}

#[tokio::test]
async fn a_key_frame_becomes_a_picture_once() {
    let (epoch, key) = key_frame().await;
    let snapshotter = Snapshotter::new(2);
    let (full, again) = tokio::join!(snapshotter.jpeg(&epoch, &key, None), snapshotter.jpeg(&epoch, &key, None));
    let (full, again) = (full.expect("a picture"), again.expect("a picture"));
    assert_eq!(size(&full), (640, 360));
    // One decode: both have the very same memory.
    assert_eq!(full.as_ptr(), again.as_ptr());
    let small = snapshotter.jpeg(&epoch, &key, Some(161)).await.expect("a picture");
    assert_eq!(size(&small), (161, 90));
    let not_enlarged = snapshotter.jpeg(&epoch, &key, Some(2000)).await.expect("a picture");
    assert_eq!(size(&not_enlarged), (640, 360));
}

#[tokio::test]
async fn a_damaged_key_frame_is_an_error_and_not_kept() {
    let (epoch, key) = key_frame().await;
    let mut broken = Chunk::clone(&key);
    broken.bytes = Bytes::from_static(b"\0\0\0\x08moof\0\0\0\x08mdat");
    let snapshotter = Snapshotter::new(1);
    for _ in 0..2 {
        let error = snapshotter.jpeg(&epoch, &broken, None).await.expect_err("no picture in it");
        assert_eq!(error.code, ErrorCode::FfmpegFailed);
    }
    let missing = Snapshotter::with_program(1, "/nonexistent/ffmpeg").jpeg(&epoch, &key, None).await.expect_err("no program");
    assert_eq!(missing.code, ErrorCode::FfmpegFailed);
}

#[tokio::test]
async fn the_cache_is_bounded() {
    let snapshotter = Snapshotter::new(1);
    for key in 0..100 {
        snapshotter.cell((key, None)).set(Bytes::from(vec![0; 1 << 20])).expect("empty");
        snapshotter.trim();
    }
    let cache = snapshotter.cache.lock().expect("not poisoned");
    assert_eq!(cache.len(), 8);
    assert_eq!(cache.back().map(|(key, _)| *key), Some((99, None)));
}
