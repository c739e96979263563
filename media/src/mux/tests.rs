//! Behaviour of the muxer on scripted streams.

use super::test_stream::*;
use super::*;
use crate::codec::{h264, h265, nal_units};
use crate::unit::VideoCodec;
use bytes::Bytes;

#[path = "tests/sequences.rs"]
mod sequences;

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

/// The sets in an epoch's sample entry.
fn sps_of(epoch: &Epoch) -> Bytes {
    match &epoch.tracks.video.codec {
        VideoCodec::H264 { sps, .. } => sps.clone(),
        VideoCodec::H265 { .. } => panic!("H.264 was muxed"),
    }
}

fn assert_continuous(chunks: &[Arc<Chunk>]) {
    for pair in chunks.windows(2) {
        assert_eq!(pair[0].decode_time + u64::from(pair[0].duration), pair[1].decode_time);
    }
}

#[test]
fn a_late_frame_is_made_good_for_by_the_next_duration() {
    let mut muxer = started(&video_only(in_order_sps()));
    let times = [0, 3600, 7200, 11_700, 14_400, 18_000];
    let out = run(&mut muxer, times.iter().map(|&pts| frame(pts, pts == 0)));
    let video = chunks(&out, Track::Video);
    assert_eq!(video.iter().map(|chunk| chunk.duration).collect::<Vec<_>>(), [3600, 3600, 3600, 4500, 2700, 3600]);
    assert!(video.iter().all(|chunk| chunk.composition_offset == 0));
    assert_continuous(&video);
}

#[test]
fn redundant_units_are_left_out_and_a_known_sps_opens_no_epoch() {
    let sps = high_sps();
    let mut muxer = started(&video_only(sps.clone()));
    let aud: &[u8] = &[9, 0xf0];
    let filler: &[u8] = &[12, 0xff, 0x80];
    let sei: &[u8] = &[6, 5, 1, 0, 0x80];
    let data = length_prefixed(&[aud, &sps, &pps(), sei, &slice('I'), filler]);
    let unit = |pts| SourceItem::Video(AccessUnit { pts, key: true, data: data.clone(), received: on_time(pts) });
    let out = run(&mut muxer, [unit(0), unit(3600)]);
    assert_eq!(epochs(&out).len(), 1);
    for chunk in chunks(&out, Track::Video) {
        assert_eq!(chunk.payload(), length_prefixed(&[sei, &slice('I')]));
    }
}

#[test]
fn a_new_sps_in_the_stream_opens_an_epoch_at_its_key_frame() {
    let mut muxer = started(&video_only(high_sps()));
    let changed = length_prefixed(&[&smaller_sps(), &pps(), &slice('I')]);
    let change = SourceItem::Video(AccessUnit { pts: 7200, key: true, data: changed, received: on_time(7200) });
    let out = run(&mut muxer, [frame(0, true), frame(3600, false), change, frame(10_800, false)]);
    let epochs = epochs(&out);
    assert_eq!(epochs.iter().map(|epoch| (epoch.number, epoch.tracks.video.width)).collect::<Vec<_>>(), [(1, 640), (2, 320)]);
    assert_ne!(epochs[0].init, epochs[1].init);
    let video = chunks(&out, Track::Video);
    assert_eq!(video.iter().map(|chunk| chunk.epoch).collect::<Vec<_>>(), [1, 1, 2, 2]);
    assert_continuous(&video);
    assert_eq!(nal_units(&video[2].payload()).count(), 1);
}

#[test]
fn announced_parameters_wait_for_a_key_frame() {
    let mut muxer = started(&video_only(high_sps()));
    let out = run(
        &mut muxer,
        [frame(0, true), SourceItem::Tracks(video_only(smaller_sps())), frame(3600, false), frame(7200, true), frame(10_800, false)],
    );
    assert_eq!(chunks(&out, Track::Video).iter().map(|chunk| chunk.epoch).collect::<Vec<_>>(), [1, 2, 2]);
    assert_eq!(muxer.stats().dropped_before_key, 1);
}

#[test]
fn an_sps_that_cannot_reorder_is_rewritten_at_once() {
    let mut muxer = started(&video_only(in_order_sps()));
    let out = run(&mut muxer, [frame(0, true)]);
    assert_eq!(h264::low_latency_sps(&in_order_sps()), Some(sps_of(&epochs(&out)[0])));
    let mut plain = Muxer::new(MuxOptions { rewrite_sps: false });
    plain.start_session(&video_only(in_order_sps()));
    let out = run(&mut plain, [frame(0, true)]);
    assert_eq!(sps_of(&epochs(&out)[0]), in_order_sps());
}

#[test]
fn a_silent_sps_is_rewritten_after_a_whole_gop_in_order_and_remembered_over_sessions() {
    let tracks = video_only(high_sps());
    let mut muxer = started(&tracks);
    let out = run(&mut muxer, (0..30).map(|n| frame(n * 3600, n % 10 == 0)));
    let opened = epochs(&out);
    assert_eq!(opened.len(), 2);
    assert_eq!((sps_of(&opened[0]), Some(sps_of(&opened[1]))), (high_sps(), h264::low_latency_sps(&high_sps())));
    assert_eq!(chunks(&out, Track::Video).iter().find(|chunk| chunk.epoch == 2).map(|chunk| chunk.decode_time), Some(36_000));
    muxer.start_session(&tracks);
    let out = run(&mut muxer, [frame(0, true)]);
    assert_eq!(Some(sps_of(&epochs(&out)[0])), h264::low_latency_sps(&high_sps()));
}

#[test]
fn b_frames_prevent_the_rewrite_and_undo_it() {
    let mut muxer = started(&video_only(high_sps()));
    let b_gop = |start: i64| {
        ['I', 'P', 'B', 'P', 'B', 'P', 'B', 'P', 'B', 'P']
            .into_iter()
            .zip([0, 2, 1, 4, 3, 6, 5, 8, 7, 9])
            .map(move |(kind, place)| picture((start + place) * 3600, kind, on_time((start + place) * 3600)))
    };
    let out = run(&mut muxer, (0..20).map(|n| frame(n * 3600, n % 10 == 0)).chain(b_gop(20)).chain(b_gop(30)));
    let opened = epochs(&out);
    assert_eq!(opened.len(), 3);
    assert_eq!((opened[0].init == opened[2].init, opened[0].init == opened[1].init), (true, false));
    assert!(!muxer.stats().low_latency_sps);
    assert_eq!(muxer.stats().reorder_depth, 1);
}

#[test]
fn a_declared_depth_is_never_rewritten() {
    for depth in [0, 2] {
        let mut muxer = started(&video_only(declaring_sps(depth)));
        let out = run(&mut muxer, (0..40).map(|n| frame(n * 3600, n % 10 == 0)));
        assert_eq!(epochs(&out).len(), 1);
        assert_eq!(sps_of(&epochs(&out)[0]), declaring_sps(depth));
    }
}

#[test]
fn declared_b_frames_are_decoded_evenly_and_shown_in_order() {
    let mut muxer = started(&video_only(declaring_sps(1)));
    let pictures = [('I', 0), ('P', 3), ('B', 1), ('B', 2), ('P', 6), ('B', 4), ('B', 5)];
    let out = run(&mut muxer, pictures.map(|(kind, place)| picture(place * 3600, kind, on_time(place * 3600))));
    let video = chunks(&out, Track::Video);
    assert!(video.iter().all(|chunk| chunk.duration == 3600));
    let offsets: Vec<i32> = video.iter().map(|chunk| chunk.composition_offset / 3600).collect();
    assert_eq!(offsets, [1, 3, 0, 0, 3, 0, 0]);
}

#[test]
fn a_reconnect_goes_on_without_a_gap_in_a_new_epoch() {
    let tracks = with_audio(in_order_sps());
    let mut muxer = started(&tracks);
    let mut out = run(&mut muxer, [frame(0, true), sound(0), frame(3600, false), sound(1024)]);
    muxer.start_session(&tracks);
    // Sixty seconds later, with a camera clock that begins anywhere.
    let later = |n: i64| on_time(60 * 90_000 + n * 3600);
    out.extend(run(
        &mut muxer,
        [
            picture(77_000_000, 'P', later(0)),
            sound_at(13_688_900, later(0)),
            picture(77_003_600, 'I', later(1)),
            sound_at(13_689_529, later(1)),
            picture(77_007_200, 'P', later(2)),
            sound_at(13_690_553, later(2)),
        ],
    ));
    assert_eq!(epochs(&out).len(), 2);
    let video = chunks(&out, Track::Video);
    assert_eq!(video.iter().map(|chunk| (chunk.epoch, chunk.decode_time)).collect::<Vec<_>>(), [(1, 0), (1, 3600), (2, 7200), (2, 10_800)]);
    let audio = chunks(&out, Track::Audio);
    // 13 689 529 is the moment of the key frame to a tick, but 7200 ticks are 1280 samples and 2048 are already served.
    assert_eq!(audio.iter().map(|chunk| (chunk.epoch, chunk.decode_time)).collect::<Vec<_>>(), [(1, 0), (1, 1024), (2, 2304)]);
    assert_eq!(muxer.stats().dropped_audio, 1);
}

#[test]
fn audio_begins_with_the_key_frame_on_the_same_clock() {
    let mut muxer = started(&with_audio(in_order_sps()));
    // Sound from before the picture is dropped; 3600 ticks of 90 kHz are 640 samples.
    let out = run(&mut muxer, [sound(0), frame(3600, true), sound(512), sound(1536), frame(7200, false), sound(2560)]);
    let audio = chunks(&out, Track::Audio);
    assert_eq!(audio.iter().map(|chunk| (chunk.decode_time, chunk.duration)).collect::<Vec<_>>(), [(896, 1024), (1920, 1024)]);
    assert_eq!(muxer.stats().dropped_audio, 1);
}

#[test]
fn audio_that_appears_late_opens_an_epoch_at_the_next_key_frame() {
    let mut muxer = started(&video_only(in_order_sps()));
    let out = run(
        &mut muxer,
        [
            frame(0, true),
            SourceItem::Tracks(with_audio(in_order_sps())),
            frame(3600, false),
            sound(640),
            frame(7200, true),
            sound(1280),
            sound(2304),
        ],
    );
    assert_eq!(epochs(&out).iter().map(|epoch| epoch.audio_muxed).collect::<Vec<_>>(), [false, true]);
    assert_eq!(chunks(&out, Track::Video).len(), 3);
    assert_eq!(chunks(&out, Track::Audio).iter().map(|chunk| chunk.decode_time).collect::<Vec<_>>(), [1280, 2304]);
}

#[test]
fn g711_is_described_and_not_muxed() {
    let mut tracks = with_audio(in_order_sps());
    tracks.audio = Some(AudioTrack { codec: AudioCodec::PcmA, rfc6381: "pcma".into(), rate_hz: 8000, channels: 1, config: Bytes::new() });
    let mut muxer = started(&tracks);
    let out = run(&mut muxer, [frame(0, true), sound(0)]);
    let epoch = &epochs(&out)[0];
    assert!(!epoch.audio_muxed && epoch.tracks.audio.is_some());
    assert_eq!(epoch.mime, "video/mp4; codecs=\"avc1.64001e\"");
    assert!(chunks(&out, Track::Audio).is_empty());
}

#[test]
fn lost_audio_leaves_its_place_empty_and_jitter_is_not_heard() {
    let mut muxer = started(&with_audio(in_order_sps()));
    let out = run(&mut muxer, [frame(0, true), sound(0), sound(1030), sound(2048), sound(5120), sound(6144)]);
    let durations: Vec<u32> = chunks(&out, Track::Audio).iter().map(|chunk| chunk.duration).collect();
    assert_eq!(durations, [1024, 1030, 1018, 3072, 1024]);
}

#[test]
fn a_picture_without_slices_and_broken_data_are_dropped() {
    let mut muxer = started(&video_only(in_order_sps()));
    let unit = |data: Bytes| SourceItem::Video(AccessUnit { pts: 0, key: true, data, received: on_time(0) });
    let out = run(&mut muxer, [unit(length_prefixed(&[&[9, 0xf0]])), unit(Bytes::from_static(&[0, 0, 1, 0x65])), unit(Bytes::new())]);
    assert!(out.is_empty());
    assert_eq!(muxer.stats().dropped_unusable, 3);
}

#[test]
fn a_gap_without_audio_is_closed_and_a_slow_camera_is_no_gap() {
    let mut muxer = started(&video_only(in_order_sps()));
    let out = run(&mut muxer, [0, 3600, 7200, 367_200, 370_800].map(|pts| frame(pts, pts == 0)));
    assert!(chunks(&out, Track::Video).iter().all(|chunk| chunk.duration == 3600));
    assert_eq!(muxer.stats().gaps_closed, 1);

    let mut muxer = started(&video_only(in_order_sps()));
    let out = run(&mut muxer, (0..12).map(|n| frame(n * 180_000, n == 0)));
    assert_eq!(chunks(&out, Track::Video).iter().skip(8).map(|chunk| chunk.duration).collect::<Vec<_>>(), [180_000; 4]);
}

#[test]
fn nothing_comes_out_before_a_session_was_started() {
    let mut muxer = Muxer::new(MuxOptions::default());
    assert!(run(&mut muxer, [frame(0, true), sound(0)]).is_empty());
}

/// x265: Main, level 3.0, 640x360, two reordered pictures.
const X265_SPS: [u8; 42] = [
    0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x3f, 0xa0, 0x05, 0x02, 0x01,
    0x69, 0x65, 0x95, 0x9a, 0x49, 0x32, 0xbc, 0x05, 0xa0, 0x20, 0x00, 0x00, 0x03, 0x00, 0x20, 0x00, 0x00, 0x03, 0x03, 0x21,
];

#[test]
fn h265_pictures_that_refer_to_before_the_session_are_dropped_and_its_sets_are_kept_out_of_samples() {
    let (vps, sps, pps): (&[u8], &[u8], &[u8]) = (&[0x40, 1, 0x0c, 1], &X265_SPS, &[0x44, 1, 0xc1]);
    let info = h265::parse_sps(sps).unwrap();
    let [vps_set, sps_set, pps_set] = [vps, sps, pps].map(Bytes::copy_from_slice);
    let kinds = [
        (h265::VPS, std::slice::from_ref(&vps_set)),
        (h265::SPS, std::slice::from_ref(&sps_set)),
        (h265::PPS, std::slice::from_ref(&pps_set)),
    ];
    let mut tracks = video_only(high_sps());
    tracks.video.decoder_config = h265::hvcc(&info, kinds).unwrap();
    tracks.video.rfc6381 = h265::rfc6381(&info);
    tracks.video.codec = VideoCodec::H265 { vps: vps_set, sps: sps_set, pps: pps_set };
    let mut muxer = started(&tracks);
    let unit = |place: i64, units: &[&[u8]]| {
        SourceItem::Video(AccessUnit { pts: place * 3600, key: false, data: length_prefixed(units), received: on_time(place * 3600) })
    };
    // CRA, two RASL, a trailing picture; at the second CRA the leading pictures have what they refer to.
    let (cra, rasl, trail): (&[u8], &[u8], &[u8]) = (&[0x2a, 1, 0x80], &[0x12, 1, 0x80], &[0x02, 1, 0x80]);
    let out = run(
        &mut muxer,
        [
            unit(3, &[vps, sps, pps, cra]),
            unit(1, &[rasl]),
            unit(2, &[rasl]),
            unit(6, &[trail]),
            unit(9, &[vps, sps, pps, cra]),
            unit(7, &[rasl]),
        ],
    );
    let video = chunks(&out, Track::Video);
    assert_eq!(video.iter().map(|chunk| chunk.key).collect::<Vec<_>>(), [true, false, true, false]);
    assert_eq!(video[0].payload(), length_prefixed(&[cra]));
    assert_eq!((muxer.stats().dropped_before_key, muxer.stats().reorder_depth), (2, 2));
    assert!(epochs(&out)[0].mime.contains("hvc1.1.6.L63.90"));
    // A longer PPS under the same id: new parameters from this key frame on.
    let out = run(&mut muxer, [unit(12, &[vps, sps, &[0x44, 1, 0xc1, 0x72], cra]), unit(15, &[vps, sps, &[0x44, 1, 0xc1, 0x72], cra])]);
    assert_eq!(epochs(&out).len(), 1);
}

/// Freezes the picture in browsers otherwise: seen in Chromium when a camera's sound ended in mid-session.
#[test]
fn sound_that_stays_away_leaves_the_epoch_at_a_key_frame_and_comes_back_at_one() {
    let mut muxer = started(&with_audio(in_order_sps()));
    let pictures = |from: i64, to: i64| (from * 25..to * 25).map(|n| frame(n * 3600, n % 25 == 0));
    let with_sound = |muxer: &mut Muxer, from: i64, to: i64| {
        let mut out = Vec::new();
        for second in from..to {
            out.extend(run(muxer, pictures(second, second + 1)));
            out.extend(run(muxer, (0..15).map(|n| sound(second * 16_000 + n * 1024))));
        }
        out
    };
    let spoken = with_sound(&mut muxer, 0, 4);
    assert_eq!(epochs(&spoken).iter().map(|epoch| epoch.audio_muxed).collect::<Vec<_>>(), [true]);
    let silent = run(&mut muxer, pictures(4, 8));
    assert_eq!(epochs(&silent).iter().map(|epoch| epoch.audio_muxed).collect::<Vec<_>>(), [false], "one change");
    assert!(!epochs(&silent)[0].mime.contains("mp4a"), "{}", epochs(&silent)[0].mime);
    muxer.start_session(&with_audio(in_order_sps()));
    let again = run(&mut muxer, pictures(8, 10));
    assert_eq!(epochs(&again).iter().map(|epoch| epoch.audio_muxed).collect::<Vec<_>>(), [false], "known from the session before");
    let back = with_sound(&mut muxer, 10, 13);
    assert_eq!(epochs(&back).iter().map(|epoch| epoch.audio_muxed).collect::<Vec<_>>(), [true]);
    let video: Vec<_> = [spoken, silent, again, back].iter().flat_map(|out| chunks(out, Track::Video)).collect();
    assert_continuous(&video);
}

#[test]
fn a_pause_of_the_network_does_not_cost_the_sound() {
    let mut muxer = started(&with_audio(in_order_sps()));
    let later = |n: i64| on_time(n * 3600 + 90_000 * 30);
    let mut out = run(&mut muxer, [frame(0, true), sound(0)]);
    out.extend(run(&mut muxer, (1..3).map(|n| picture(n * 3600, 'I', later(n)))));
    assert_eq!(epochs(&out).len(), 1);
}
