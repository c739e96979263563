//! RTSP sources against the scripted camera: codecs, transports, logins, and everything cameras get wrong while a session is open.

use fakecam::{Action, Auth, FakeCamera, Fixture, RtpInfoBehaviour, Script, Step, TransportBehaviour};
use media::ErrorCode;
use media::StreamError;
use media::ingest::connect::{Connector, ConnectorOptions};
use media::ingest::net::AddressPolicy;
use media::ingest::rtsp::{Quirks, SessionIdQuirk};
use media::ingest::{Connect, Credentials, LoginMark, RtspSpec, Source, SourceSpec, TransportChoice};
use media::unit::{AccessUnit, AudioCodec, SourceItem, VideoCodec};
use std::time::Duration;
use tokio::time::timeout;

/// Far above what anything here takes; a test that meets it has hung.
const PATIENCE: Duration = Duration::from_secs(30);

fn connector() -> Connector {
    Connector::new(ConnectorOptions {
        addresses: AddressPolicy { allow_loopback: true, ..AddressPolicy::default() },
        ..ConnectorOptions::default()
    })
}

fn spec(camera: &FakeCamera, transport: TransportChoice) -> RtspSpec {
    let url = camera.url("/main").parse().expect("a URL");
    RtspSpec { url, credentials: None, transport, quirks: Quirks::default() }
}

fn login(username: &str, password: &str) -> Option<Credentials> {
    Some(Credentials { username: username.to_owned(), password: password.to_owned().into() })
}

async fn open(spec: RtspSpec) -> Result<Box<dyn Source>, StreamError> {
    timeout(PATIENCE, connector().connect(&SourceSpec::Rtsp(spec), &LoginMark::default())).await.expect("an answer")
}

async fn refused(spec: RtspSpec) -> StreamError {
    match open(spec).await {
        Ok(source) => panic!("opened: {}", source.describe()),
        Err(error) => error,
    }
}

async fn camera(fixture: &str, script: Script) -> FakeCamera {
    let fixture = Fixture::named(fixture).expect("a known fixture");
    FakeCamera::builder().fixture(fixture).behaviour(script).start().await.expect("the camera starts")
}

async fn next(source: &mut Box<dyn Source>) -> Result<SourceItem, StreamError> {
    timeout(PATIENCE, source.next()).await.expect("an item")
}

/// The next `count` pictures; sound is skipped, anything else is a failure.
async fn pictures(source: &mut Box<dyn Source>, count: usize) -> Vec<AccessUnit> {
    let mut units = Vec::new();
    while units.len() < count {
        match next(source).await.expect("the session lives") {
            SourceItem::Video(unit) => units.push(unit),
            SourceItem::Audio(_) => {}
            other => panic!("unexpected {other:?}"),
        }
    }
    units
}

/// Every NAL unit of a picture by its length prefixes; panics if they do not add up.
fn nal_heads(unit: &AccessUnit) -> Vec<u8> {
    let mut rest = &unit.data[..];
    let mut heads = Vec::new();
    while !rest.is_empty() {
        let (length, tail) = rest.split_at(4);
        let length = usize::try_from(u32::from_be_bytes(length.try_into().expect("four bytes"))).expect("small");
        heads.push(tail[0]);
        rest = &tail[length..];
    }
    heads
}

#[tokio::test]
async fn h264_with_aac_over_tcp() {
    let camera = camera("sub_aac", Script::default()).await;
    let mut source = open(spec(&camera, TransportChoice::Auto)).await.expect("it opens");
    assert_eq!(source.describe(), "RTSP over TCP");
    let tracks = source.tracks().clone();
    assert!(matches!(tracks.video.codec, VideoCodec::H264 { .. }));
    assert!(tracks.video.rfc6381.starts_with("avc1."));
    assert_eq!(tracks.video.decoder_config.first(), Some(&1));
    let audio = tracks.audio.expect("sound");
    assert_eq!((audio.codec, audio.rfc6381.as_str()), (AudioCodec::Aac, "mp4a.40.2"));
    let (mut units, mut frames) = (Vec::new(), Vec::new());
    while units.len() < 20 || frames.len() < 20 {
        match next(&mut source).await.expect("the session lives") {
            SourceItem::Video(unit) => units.push(unit),
            SourceItem::Audio(frame) => frames.push(frame),
            other => panic!("unexpected {other:?}"),
        }
    }
    assert!(units[0].key, "a viewer begins with a key frame");
    assert!(units.windows(2).all(|pair| pair[1].pts > pair[0].pts && pair[1].received.mono_us >= pair[0].received.mono_us));
    assert!(units.iter().flat_map(nal_heads).all(|head| !matches!(head & 0x1f, 7 | 8)), "parameter sets are in the track");
    assert!(frames.windows(2).all(|pair| pair[1].pts - pair[0].pts == 1024 && pair[0].samples == 1024));
    source.close().await;
    assert_eq!(camera.sessions_open(), 0, "TEARDOWN was sent and answered");
    camera.shutdown().await;
}

#[tokio::test]
async fn h265_and_g711() {
    let cam = camera("h265_pcmu", Script::default()).await;
    let mut source = open(spec(&cam, TransportChoice::Tcp)).await.expect("it opens");
    let tracks = source.tracks().clone();
    assert!(matches!(tracks.video.codec, VideoCodec::H265 { .. }));
    assert!(tracks.video.rfc6381.starts_with("hvc1."), "{}", tracks.video.rfc6381);
    let audio = tracks.audio.expect("sound");
    assert_eq!((audio.codec, audio.rate_hz, audio.channels), (AudioCodec::PcmU, 8000, 1));
    let units = pictures(&mut source, 10).await;
    assert!(units[0].key && !units[1].key);
    assert!(units.iter().flat_map(nal_heads).all(|head| !(32..=34).contains(&((head >> 1) & 0x3f))));
    source.close().await;
    cam.shutdown().await;

    let cam = camera("sub_pcma", Script::default()).await;
    let source = open(spec(&cam, TransportChoice::Tcp)).await.expect("it opens");
    assert_eq!(source.tracks().audio.as_ref().map(|audio| audio.codec), Some(AudioCodec::PcmA));
    source.close().await;
    cam.shutdown().await;
}

#[tokio::test]
async fn udp_and_the_choice_of_transport() {
    let cam = camera("sub_aac", Script { transport: TransportBehaviour::UdpOnly, ..Script::default() }).await;
    let mut source = open(spec(&cam, TransportChoice::Auto)).await.expect("the other transport is tried");
    assert_eq!(source.describe(), "RTSP over UDP");
    pictures(&mut source, 10).await;
    source.close().await;
    let error = refused(spec(&cam, TransportChoice::Tcp)).await;
    assert_eq!((error.code, error.message.contains("UDP")), (ErrorCode::UnsupportedTransport, true), "{error}");
    cam.shutdown().await;

    let cam = camera("sub", Script { transport: TransportBehaviour::TcpOnly, ..Script::default() }).await;
    let error = refused(spec(&cam, TransportChoice::Udp)).await;
    assert_eq!((error.code, error.message.contains("to TCP")), (ErrorCode::UnsupportedTransport, true));
    cam.shutdown().await;
}

#[tokio::test]
async fn logins() {
    for auth in [Auth::digest("admin", "p)#@ss"), Auth::basic("admin", "p)#@ss")] {
        let fixture = Fixture::named("sub").expect("a known fixture");
        let cam = FakeCamera::builder().fixture(fixture).auth(auth).start().await.expect("the camera starts");
        let right = RtspSpec { credentials: login("admin", "p)#@ss"), ..spec(&cam, TransportChoice::Auto) };
        let mut source = open(right).await.expect("it opens");
        pictures(&mut source, 3).await;
        source.close().await;
        assert_eq!(cam.logins_failed(), 0);
        let wrong = RtspSpec { credentials: login("admin", "wrong"), ..spec(&cam, TransportChoice::Auto) };
        assert_eq!(refused(wrong).await.code, ErrorCode::AuthFailed);
        assert_eq!(cam.logins_failed(), 1, "one connect is one attempt");
        assert_eq!(refused(spec(&cam, TransportChoice::Auto)).await.code, ErrorCode::AuthFailed);
        assert_eq!(cam.logins_failed(), 1, "no credentials, no attempt");
        cam.shutdown().await;
    }
}

#[tokio::test]
async fn a_description_without_parameter_sets_waits_for_the_first_key_frame() {
    for fixture in ["sub_aac", "h265"] {
        let cam = camera(fixture, Script { sprop: false, ..Script::default() }).await;
        let mut source = open(spec(&cam, TransportChoice::Auto)).await.expect("it opens");
        assert!(source.tracks().video.width > 0);
        let units = pictures(&mut source, 3).await;
        assert!(units[0].key, "the frame that brought the parameters is not lost");
        source.close().await;
        cam.shutdown().await;
    }
}

#[tokio::test]
async fn refusals_have_their_codes() {
    let cam = camera("sub_aac", Script::default()).await;
    for (step, status, code) in [
        (Step::Describe, 404, ErrorCode::NotFound),
        (Step::Setup, 453, ErrorCode::SessionLimit),
        (Step::Setup, 403, ErrorCode::SessionLimit),
        (Step::Play, 503, ErrorCode::SessionLimit),
        (Step::Play, 500, ErrorCode::Protocol),
    ] {
        cam.resume().await;
        cam.answer(step, status).await;
        let error = refused(spec(&cam, TransportChoice::Auto)).await;
        assert_eq!(error.code, code, "{status}: {error}");
    }
    cam.resume().await;
    cam.update(None, |script| script.no_video = true).await;
    assert_eq!(refused(spec(&cam, TransportChoice::Auto)).await.code, ErrorCode::NoVideo);
    cam.refuse().await;
    assert_eq!(refused(spec(&cam, TransportChoice::Auto)).await.code, ErrorCode::Refused);
    cam.shutdown().await;
}

#[tokio::test]
async fn quirks_of_the_answers() {
    for rtp_info in [RtpInfoBehaviour::Missing, RtpInfoBehaviour::FirstTrackOnly] {
        let cam = camera("sub_aac", Script { rtp_info, ..Script::default() }).await;
        let mut source = open(spec(&cam, TransportChoice::Auto)).await.expect("permissive by default");
        pictures(&mut source, 3).await;
        source.close().await;
        cam.shutdown().await;
    }
    let cam = camera("sub_aac", Script { new_session_id_per_setup: true, ..Script::default() }).await;
    let quirks = Quirks { session_id: SessionIdQuirk::UseFirst, ..Quirks::default() };
    let mut source = open(RtspSpec { quirks, ..spec(&cam, TransportChoice::Auto) }).await.expect("the first id is kept");
    pictures(&mut source, 3).await;
    assert!(source.tracks().audio.is_some());
    source.close().await;
    cam.shutdown().await;
}

#[tokio::test]
async fn new_parameter_sets_come_before_their_first_picture() {
    let cam = camera("sub", Script::default()).await;
    let mut source = open(spec(&cam, TransportChoice::Auto)).await.expect("it opens");
    let before = source.tracks().video.clone();
    pictures(&mut source, 3).await;
    cam.change_sps().await.expect("it switches");
    let tracks = loop {
        match next(&mut source).await.expect("the session lives") {
            SourceItem::Tracks(tracks) => break tracks,
            SourceItem::Video(_) | SourceItem::Audio(_) | SourceItem::Loss(_) => {}
        }
    };
    assert_ne!(tracks.video, before);
    assert_eq!(source.tracks(), &tracks);
    assert!(pictures(&mut source, 1).await[0].key);
    source.close().await;
    cam.shutdown().await;
}

#[tokio::test]
async fn loss_is_told() {
    let cam = camera("sub", Script::default()).await;
    let mut source = open(spec(&cam, TransportChoice::Auto)).await.expect("it opens");
    pictures(&mut source, 3).await;
    cam.act(None, Action::LoseMidNal).await.expect("done");
    loop {
        if let SourceItem::Loss(packets) = next(&mut source).await.expect("the session lives") {
            assert!(packets > 0);
            break;
        }
    }
    source.close().await;
    cam.shutdown().await;
}

#[tokio::test]
async fn timestamps_pass_as_they_are() {
    // Near the 32-bit wrap they are unwrapped; a jump is left to the muxer.
    let cam = camera("sub", Script { wrap_in_s: Some(0.5), ..Script::default() }).await;
    let mut source = open(spec(&cam, TransportChoice::Auto)).await.expect("it opens");
    let units = pictures(&mut source, 20).await;
    assert!(
        units.windows(2).all(|pair| (1..=90_000).contains(&(pair[1].pts - pair[0].pts))),
        "{:?}",
        units.iter().map(|u| u.pts).collect::<Vec<_>>()
    );
    let last = units[units.len() - 1].pts;
    cam.jump_timestamps(30.0).await.expect("done");
    loop {
        let unit = pictures(&mut source, 1).await.remove(0);
        if unit.pts - last > 25 * 90_000 {
            break;
        }
    }
    source.close().await;
    cam.shutdown().await;
}

#[tokio::test]
async fn a_session_that_breaks_ends_with_a_reason() {
    for (action, code) in [
        (Action::DropConnections { reset: false }, ErrorCode::Unreachable),
        (Action::DropConnections { reset: true }, ErrorCode::Unreachable),
        (Action::DropMidNal, ErrorCode::Unreachable),
        (Action::Garbage { bytes: 400 }, ErrorCode::Protocol),
    ] {
        let cam = camera("sub", Script::default()).await;
        let mut source = open(spec(&cam, TransportChoice::Auto)).await.expect("it opens");
        pictures(&mut source, 3).await;
        cam.act(None, action.clone()).await.expect("done");
        let error = loop {
            if let Err(error) = next(&mut source).await {
                break error;
            }
        };
        assert_eq!(error.code, code, "{action:?}: {error}");
        source.close().await;
        cam.shutdown().await;
    }
}
