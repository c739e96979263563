use super::*;
use crate::cmaf::{self, chunk};
use crate::unit::{AudioCodec, AudioTrack, Tracks, VideoCodec, VideoTrack};

fn epoch(number: u32, audio_muxed: bool) -> Arc<Epoch> {
    let video = VideoTrack {
        codec: VideoCodec::H264 { sps: Bytes::from_static(&[0x67, 0x42, 0, 0x1f]), pps: Bytes::from_static(&[0x68, 0xce, 0x3c, 0x80]) },
        rfc6381: "avc1.42001f".into(),
        width: 640,
        height: 360,
        pixel_aspect: None,
        frame_duration: None,
        decoder_config: Bytes::from_static(&[1, 0x42, 0, 0x1f, 0xff, 0xe1, 0, 4, 0x67, 0x42, 0, 0x1f, 1, 0, 4, 0x68, 0xce, 0x3c, 0x80]),
    };
    let audio = audio_muxed.then(|| AudioTrack {
        codec: AudioCodec::Aac,
        rfc6381: "mp4a.40.2".into(),
        rate_hz: 16_000,
        channels: 1,
        config: Bytes::from_static(&[0x14, 0x08]),
    });
    let mut epoch = Epoch { number, init: Bytes::new(), tracks: Tracks { video, audio }, audio_muxed, mime: String::new() };
    epoch.init = cmaf::init::write(&epoch.tracks.video, epoch.tracks.audio.as_ref()).expect("valid parameters");
    epoch.mime = format!("video/mp4; codecs=\"{}\"", epoch.codecs());
    Arc::new(epoch)
}

fn video(sequence: u64, key: bool, at_ms: u64) -> Arc<Chunk> {
    let payload = [0, 0, 0, 1, 0x65];
    let sample = chunk::Sample { track: Track::Video, key, sequence, decode_time: at_ms * 90, duration: 3600, composition_offset: 0 };
    let written = chunk::write(&sample, payload.len(), std::iter::once(payload.as_slice())).expect("small");
    Arc::new(Chunk {
        sequence,
        epoch: 1,
        track: Track::Video,
        key,
        decode_time: sample.decode_time,
        duration: sample.duration,
        composition_offset: 0,
        received: Stamp { mono_us: at_ms * 1000, utc_ms: 1_000_000 + i64::try_from(at_ms).expect("small") },
        bytes: written.bytes,
        payload_offset: written.payload_offset,
    })
}

fn texts(messages: &[Message]) -> Vec<&str> {
    messages.iter().filter_map(|message| if let Message::Text(text) = message { Some(text.as_str()) } else { None }).collect()
}

#[test]
fn a_viewer_gets_init_then_chunks_and_a_clock_every_two_seconds() {
    let mut session = Session::new();
    let mut out = Vec::new();
    session.push(Item::Epoch(epoch(1, true)), &mut out);
    assert!(out.is_empty(), "the init message carries the receive time of the first chunk");
    (0..76).for_each(|n| session.push(Item::Chunk(video(n + 1, n % 25 == 0, n * 40)), &mut out));
    assert_eq!(
        texts(&out),
        [
            r#"{"type":"init","mime":"video/mp4; codecs=\"avc1.42001f,mp4a.40.2\"","epoch":1,"wallclock_ms":1000000}"#,
            r#"{"type":"clock","media_time":0.0,"wallclock_ms":1000000}"#,
            r#"{"type":"clock","media_time":2.0,"wallclock_ms":1002000}"#,
        ]
    );
    assert_eq!(out[1], Message::Binary(epoch(1, true).init.clone()));
    assert_eq!(out.len(), 3 + 1 + 76);
}

#[test]
fn the_clock_goes_by_the_picture_that_arrived_earliest_not_by_a_late_key_frame() {
    let mut session = Session::new();
    let mut out = Vec::new();
    session.push(Item::Epoch(epoch(1, false)), &mut out);
    for n in 0..51 {
        let mut chunk = Arc::unwrap_or_clone(video(n + 1, n % 25 == 0, n * 40));
        chunk.received.utc_ms += if chunk.key { 60 } else { i64::try_from(n % 7).expect("small") };
        session.push(Item::Chunk(Arc::new(chunk)), &mut out);
    }
    assert_eq!(texts(&out)[2], r#"{"type":"clock","media_time":1.96,"wallclock_ms":1001960}"#);
}

#[test]
fn a_new_epoch_sends_a_new_init_before_its_first_chunk() {
    let mut session = Session::new();
    let mut out = Vec::new();
    session.push(Item::Epoch(epoch(1, false)), &mut out);
    session.push(Item::Chunk(video(1, true, 0)), &mut out);
    out.clear();
    session.push(Item::Epoch(epoch(2, false)), &mut out);
    session.push(Item::Chunk(video(2, true, 40)), &mut out);
    assert!(texts(&out)[0].contains(r#""epoch":2"#));
    assert!(matches!(out[1], Message::Binary(_)));
}

#[test]
fn drops_are_told() {
    let mut out = Vec::new();
    Session::new().push(Item::Dropped(17), &mut out);
    assert_eq!(texts(&out), [r#"{"type":"dropped","frames":17}"#]);
}

#[test]
fn pause_sends_nothing_and_resume_asks_for_the_live_edge() {
    let mut session = Session::new();
    let mut out = Vec::new();
    session.push(Item::Epoch(epoch(1, false)), &mut out);
    assert_eq!(session.command(r#"{"type":"pause"}"#), Ok(ReaderChange::None));
    assert!(session.is_paused());
    session.push(Item::Chunk(video(1, true, 0)), &mut out);
    assert!(out.is_empty());
    assert_eq!(session.command(r#"{"type":"resume"}"#), Ok(ReaderChange::ResumeLive));
    session.push(Item::Chunk(video(2, true, 40)), &mut out);
    assert_eq!(out.len(), 4, "init text, init, clock, chunk");
}

#[test]
fn key_frames_only_drops_audio_and_stretches_key_frames_to_the_next_one() {
    let mut session = Session::new();
    let mut out = Vec::new();
    session.push(Item::Epoch(epoch(1, true)), &mut out);
    (0..26).for_each(|n| session.push(Item::Chunk(video(n + 1, n % 25 == 0, n * 40)), &mut out));
    out.clear();
    assert_eq!(session.command(r#"{"type":"key_frames_only","on":true}"#), Ok(ReaderChange::ResumeLive));
    (25..51).for_each(|n| session.push(Item::Chunk(video(n + 1, n % 25 == 0, n * 40)), &mut out));
    assert!(texts(&out)[0].contains(r#"codecs=\"avc1.42001f\""#), "{out:?}");
    let binary = out.iter().filter(|message| matches!(message, Message::Binary(_))).count();
    assert_eq!(binary, 1 + 2, "an init segment and two key frames");
    let Some(Message::Binary(stretched)) = out.last() else { panic!("a key frame") };
    let mut reader = &stretched[80..];
    assert_eq!(*stretched, video(51, true, 2000).with_duration(90_000 + 90_000 / 4));
    assert_eq!(bytes::Buf::get_u32(&mut reader), 1, "one sample");
    assert_eq!(bytes::Buf::get_u32(&mut reader), 112, "the data offset stays");
    assert_eq!(bytes::Buf::get_u32(&mut reader), 112_500, "25 % longer than the key frames' distance");
    out.clear();
    assert_eq!(session.command(r#"{"type":"key_frames_only","on":false}"#), Ok(ReaderChange::ResumeLive));
    session.push(Item::Chunk(video(51, true, 2000)), &mut out);
    assert!(texts(&out)[0].contains("mp4a.40.2"));
}

#[test]
fn what_is_no_command_is_refused_and_changes_nothing() {
    let mut session = Session::new();
    for text in ["", "{}", "[]", "null", r#"{"type":"stop"}"#, r#"{"type":"key_frames_only"}"#, &"x".repeat(5000)] {
        assert_eq!(session.command(text), Err(UnknownCommand), "{text:.40}");
    }
    assert!(!session.is_paused());
}
