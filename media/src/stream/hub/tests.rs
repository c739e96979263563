use super::*;
use crate::time::Stamp;
use crate::unit::{Tracks, VideoCodec, VideoTrack};
use bytes::Bytes;

fn epoch(number: u32) -> Arc<Epoch> {
    let video = VideoTrack {
        codec: VideoCodec::H264 { sps: Bytes::new(), pps: Bytes::new() },
        rfc6381: "avc1.42001f".into(),
        width: 640,
        height: 360,
        pixel_aspect: None,
        frame_duration: None,
        decoder_config: Bytes::new(),
    };
    Arc::new(Epoch { number, init: Bytes::new(), tracks: Tracks { video, audio: None }, audio_muxed: false, mime: String::new() })
}

/// Chunk `sequence` of a 25 fps stream with a key frame every `gop` frames and `size` bytes each.
fn chunk(sequence: u64, gop: u64, size: usize) -> Arc<Chunk> {
    Arc::new(Chunk {
        sequence,
        epoch: 1,
        track: Track::Video,
        key: (sequence - 1).is_multiple_of(gop),
        decode_time: sequence * 3600,
        duration: 3600,
        composition_offset: 0,
        received: Stamp { mono_us: sequence * 40_000, utc_ms: 0 },
        bytes: Bytes::from(vec![0; size]),
        payload_offset: 0,
    })
}

fn sequences(reader: &mut Reader) -> Vec<u64> {
    std::iter::from_fn(|| reader.try_next())
        .filter_map(|item| match item {
            Item::Chunk(chunk) => Some(chunk.sequence),
            _ => None,
        })
        .collect()
}

#[test]
fn a_late_joiner_starts_at_the_newest_key_frame_with_its_epoch() {
    let hub = Hub::default();
    hub.publish_epoch(epoch(1));
    (1..=60).for_each(|n| hub.publish(chunk(n, 25, 100)));
    let mut reader = hub.subscribe(usize::MAX);
    assert!(matches!(reader.try_next(), Some(Item::Epoch(epoch)) if epoch.number == 1));
    assert_eq!(sequences(&mut reader), (51..=60).collect::<Vec<_>>());
}

#[test]
fn a_joiner_before_the_first_key_frame_waits_for_it_and_is_not_told_of_drops() {
    let hub = Hub::default();
    let mut reader = hub.subscribe(usize::MAX);
    hub.publish_epoch(epoch(1));
    (2..=30).for_each(|n| hub.publish(chunk(n, 25, 100)));
    assert!(matches!(reader.try_next(), Some(Item::Epoch(_))));
    assert_eq!(sequences(&mut reader), (26..=30).collect::<Vec<_>>());
}

#[test]
fn a_slow_reader_is_moved_to_the_next_key_frame_and_told_how_many_frames_it_missed() {
    let hub = Hub::default();
    hub.publish_epoch(epoch(1));
    hub.publish(chunk(1, 25, 1000));
    let mut reader = hub.subscribe(5_000);
    assert_eq!(sequences(&mut reader), [1]);
    (2..=30).for_each(|n| hub.publish(chunk(n, 25, 1000)));
    assert!(matches!(reader.try_next(), Some(Item::Dropped(24))));
    assert_eq!(sequences(&mut reader), (26..=30).collect::<Vec<_>>());
    assert_eq!(hub.dropped(), 24);
}

#[test]
fn a_slow_reader_inside_the_newest_gop_waits_for_the_next_key_frame() {
    let hub = Hub::default();
    hub.publish_epoch(epoch(1));
    hub.publish(chunk(1, 25, 1000));
    let mut reader = hub.subscribe(5_000);
    assert_eq!(sequences(&mut reader), [1]);
    (2..=20).for_each(|n| hub.publish(chunk(n, 25, 1000)));
    assert!(reader.try_next().is_none());
    (21..=27).for_each(|n| hub.publish(chunk(n, 25, 1000)));
    assert!(matches!(reader.try_next(), Some(Item::Dropped(24))));
    assert_eq!(sequences(&mut reader), [26, 27]);
}

#[test]
fn the_ring_is_bounded_in_bytes_even_without_key_frames() {
    let hub = Hub::new(HubLimits { max_bytes: 10_000, ..HubLimits::default() });
    hub.publish_epoch(epoch(1));
    (1..=1000).for_each(|n| hub.publish(chunk(n, 100_000, 1000)));
    assert!(hub.bytes() <= 10_000);
    let mut late = hub.subscribe(usize::MAX);
    assert!(late.try_next().is_none(), "without a key frame in the ring a late joiner gets nothing it cannot decode");
}

#[test]
fn after_clear_readers_go_on_with_the_next_session_and_the_poster_stays() {
    let hub = Hub::default();
    hub.publish_epoch(epoch(1));
    (1..=10).for_each(|n| hub.publish(chunk(n, 25, 100)));
    let mut reader = hub.subscribe(usize::MAX);
    assert_eq!(sequences(&mut reader).len(), 10);
    hub.clear();
    assert_eq!(hub.bytes(), 0);
    assert_eq!(hub.last_key_frame().map(|(_, chunk)| chunk.sequence), Some(1));
    let mut late = hub.subscribe(usize::MAX);
    assert!(late.try_next().is_none());
    hub.publish(chunk(26, 25, 100));
    assert_eq!(sequences(&mut late), [26]);
    assert_eq!(sequences(&mut reader), [26]);
}

#[tokio::test]
async fn readers_are_woken_by_publication_and_end_when_the_hub_closes() {
    let hub = Hub::default();
    let mut reader = hub.subscribe(usize::MAX);
    let waiting = tokio::spawn(async move {
        let mut seen = Vec::new();
        while let Some(item) = reader.next().await {
            if let Item::Chunk(chunk) = item {
                seen.push(chunk.sequence);
            }
        }
        seen
    });
    tokio::task::yield_now().await;
    hub.publish_epoch(epoch(1));
    hub.publish(chunk(1, 25, 10));
    hub.publish(chunk(2, 25, 10));
    hub.close();
    assert_eq!(waiting.await.expect("the reader task"), [1, 2]);
}
