//! Behaviour of the muxer on scripted streams.

use super::*;
use crate::codec::h264;
use crate::time::Stamp;
use crate::unit::VideoCodec;
use bytes::Bytes;
use test_stream::*;

#[path = "test_stream.rs"]
pub(crate) mod test_stream;

fn run(muxer: &mut Muxer, items: impl IntoIterator<Item = SourceItem>) -> Vec<MuxOutput> {
    let mut out = Vec::new();
    for item in items {
        muxer.push(item, &mut out);
    }
    out
}

fn started(tracks: &Tracks) -> Muxer {
    let mut muxer = Muxer::new(MuxOptions::default());
    muxer.start_session(tracks);
    muxer
}

fn chunks(out: &[MuxOutput], track: Track) -> Vec<Arc<Chunk>> {
    out.iter()
        .filter_map(|item| if let MuxOutput::Chunk(chunk) = item { (chunk.track == track).then(|| Arc::clone(chunk)) } else { None })
        .collect()
}

fn epochs(out: &[MuxOutput]) -> Vec<Arc<Epoch>> {
    out.iter().filter_map(|item| if let MuxOutput::Epoch(epoch) = item { Some(Arc::clone(epoch)) } else { None }).collect()
}

#[test]
fn a_steady_stream_has_even_chunks_and_an_epoch_first() {
    let mut muxer = started(&video_only(high_sps()));
    let out = run(&mut muxer, (0..10).map(|n| frame(n * 3600, n % 5 == 0)));
    assert!(matches!(out.first(), Some(MuxOutput::Epoch(epoch)) if epoch.number == 1 && epoch.mime == "video/mp4; codecs=\"avc1.64001e\""));
    let video = chunks(&out, Track::Video);
    assert_eq!(video.len(), 10);
    for (n, chunk) in (0_u64..).zip(&video) {
        assert_eq!((chunk.decode_time, chunk.duration, chunk.composition_offset, chunk.key), (n * 3600, 3600, 0, n % 5 == 0));
        assert_eq!(chunk.sequence, n + 1);
    }
}

#[test]
fn frames_before_the_first_key_frame_are_counted_and_dropped() {
    let mut muxer = started(&video_only(high_sps()));
    let out = run(&mut muxer, [frame(0, false), frame(3600, false), frame(7200, true)]);
    assert_eq!(chunks(&out, Track::Video).len(), 1);
    assert_eq!(muxer.stats().frames_dropped(), 2);
}
