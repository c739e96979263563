//! The camera misbehaves as told: each fault is seen by a plain socket client.

mod client;
mod switches;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use client::{Client, PATIENCE};
use fakecam::{
    Action, Answer, AudioCodec, Auth, ConnectBehaviour, FakeCamera, Fixture, KeepaliveBehaviour, LoginBehaviour, Script, Step,
    TransportBehaviour,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub async fn camera() -> Result<FakeCamera> {
    FakeCamera::builder().fixture(Fixture::sub()).start().await
}

pub async fn scripted(script: Script) -> Result<FakeCamera> {
    FakeCamera::builder().fixture(Fixture::sub()).behaviour(script).start().await
}

pub fn steps(timestamps: &[u32]) -> Vec<i32> {
    timestamps.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]) as i32).collect()
}

/// 25 fps.
pub const FRAME: i32 = 3600;

#[tokio::test]
async fn a_healthy_camera_starts_with_a_key_frame_and_runs_on_over_the_seam() -> Result<()> {
    let camera = camera().await?;
    let mut client = Client::playing(&camera, "/main").await?;
    let first = client.video_packet().await?;
    assert_eq!(first.payload[0] & 0x1F, 24, "a STAP-A with the parameter sets");
    let mut sequence = first.sequence;
    let mut timestamp = first.timestamp;
    let started = Instant::now();
    let mut frames = 1;
    while frames < 210 {
        let packet = client.video_packet().await?;
        assert_eq!(packet.sequence, sequence.wrapping_add(1));
        sequence = packet.sequence;
        if packet.timestamp != timestamp {
            assert_eq!(packet.timestamp.wrapping_sub(timestamp), 3600);
            timestamp = packet.timestamp;
            frames += 1;
        }
    }
    assert!(started.elapsed() > Duration::from_millis(8300), "210 frames came faster than real time");
    assert_eq!(camera.sessions_open(), 1);
    assert_eq!(client.ask("TEARDOWN", "", "").await?.0, 200);
    assert_eq!(camera.sessions_open(), 0);
    Ok(())
}

#[tokio::test]
async fn refused_and_back() -> Result<()> {
    let camera = camera().await?;
    camera.refuse().await;
    let error = TcpStream::connect(camera.address()).await.err().context("was let in")?;
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    camera.resume().await;
    Client::playing(&camera, "/main").await?;
    Ok(())
}

#[tokio::test]
async fn a_frozen_picture_is_the_same_frame_again_and_again_until_the_next_key_frame() -> Result<()> {
    let camera = camera().await?;
    let mut client = Client::playing(&camera, "/main").await?;
    client.timestamps(10).await?;
    camera.update(None, |script| script.frozen = true).await;
    // What was under way comes first.
    client.timestamps(5).await?;
    let frames = client.frames(60).await?;
    assert!(frames.windows(2).all(|pair| pair[0].1 == pair[1].1), "the same bytes");
    assert_eq!(frames[0].1[0] & 0x1F, 24, "of a key frame, with its parameter sets");
    let timestamps: Vec<u32> = frames.iter().map(|(timestamp, _)| *timestamp).collect();
    assert!(steps(&timestamps).iter().all(|step| *step == FRAME), "each with a time of its own");
    camera.resume().await;
    let after = client.frames(60).await?;
    let moving = after.iter().position(|(_, frame)| *frame != frames[0].1).context("moves again")?;
    assert_eq!(after[moving].1[0] & 0x1F, 24, "nothing that builds on frames that were never sent");
    assert!(after[moving..].windows(2).all(|pair| pair[0].1 != pair[1].1));
    Ok(())
}

#[tokio::test]
async fn a_half_open_connection_is_without_a_word_but_there() -> Result<()> {
    let camera = camera().await?;
    let mut client = Client::playing(&camera, "/main").await?;
    client.timestamps(3).await?;
    camera.update(None, |script| script.half_open = true).await;
    let silence = tokio::time::timeout(Duration::from_secs(1), client.until_error()).await;
    assert!(silence.is_err(), "neither closed nor broken");
    assert_eq!(camera.sessions_open(), 1);
    camera.resume().await;
    client.timestamps(3).await?;
    Ok(())
}

#[tokio::test]
async fn other_servers_on_the_port() -> Result<()> {
    for (connect, expected) in [(ConnectBehaviour::Http, "HTTP/1.1 400"), (ConnectBehaviour::Tls, "\u{15}")] {
        let camera = scripted(Script { connect, ..Script::default() }).await?;
        let mut stream = TcpStream::connect(camera.address()).await?;
        stream.write_all(b"DESCRIBE rtsp://x/ RTSP/1.0\r\nCSeq: 1\r\n\r\n").await?;
        let mut answer = Vec::new();
        tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await??;
        assert!(String::from_utf8_lossy(&answer).starts_with(expected));
    }
    let camera = scripted(Script { connect: ConnectBehaviour::Silent, ..Script::default() }).await?;
    let mut client = Client::connect(&camera, "/main").await?;
    assert!(tokio::time::timeout(Duration::from_millis(300), client.open()).await.is_err(), "a silent camera answered");
    Ok(())
}

#[tokio::test]
async fn errors_at_each_step_as_often_as_told() -> Result<()> {
    for (step, status) in
        [(Step::Describe, 404), (Step::Describe, 403), (Step::Setup, 453), (Step::Setup, 503), (Step::Setup, 461), (Step::Play, 454)]
    {
        let camera = scripted(Script { answers: vec![Answer { step, status, times: Some(1) }], ..Script::default() }).await?;
        assert_eq!(Client::connect(&camera, "/main").await?.open().await?, status);
        assert_eq!(Client::connect(&camera, "/main").await?.open().await?, 200);
    }
    Ok(())
}

#[tokio::test]
async fn all_logins_refused_and_counted() -> Result<()> {
    let camera = FakeCamera::builder()
        .fixture(Fixture::sub())
        .auth(Auth::basic("a", "b"))
        .behaviour(Script { login: LoginBehaviour::RefuseAll, ..Script::default() })
        .start()
        .await?;
    let mut client = Client::connect(&camera, "/main").await?;
    assert_eq!(client.open().await?, 401);
    assert_eq!(camera.logins_failed(), 0, "asking without credentials is no failed login");
    assert_eq!(client.ask("DESCRIBE", "", "Authorization: Basic YTpi\r\n").await?.0, 401);
    assert_eq!((camera.logins_failed(), camera.logins_ok()), (1, 0));
    Ok(())
}

#[tokio::test]
async fn session_limit_counts_per_mount_and_frees_on_close() -> Result<()> {
    let camera = FakeCamera::builder()
        .fixture(Fixture::sub())
        .cameras(2)
        .behaviour(Script { session_limit: Some(1), ..Script::default() })
        .start()
        .await?;
    let first = Client::playing(&camera, "/cam/1/main").await?;
    assert_eq!(Client::connect(&camera, "/cam/1/main").await?.open().await?, 453);
    let _other = Client::playing(&camera, "/cam/2/main").await?;
    assert_eq!(Client::connect(&camera, "/cam/3/main").await?.open().await?, 404);
    drop(first);
    let deadline = Instant::now() + PATIENCE;
    while camera.mount_counters("/cam/1/main").sessions_open > 0 {
        ensure!(Instant::now() < deadline, "the session never ended");
        tokio::task::yield_now().await;
    }
    Client::playing(&camera, "/cam/1/main").await?;
    assert_eq!(camera.sessions_max(), 1);
    Ok(())
}

#[tokio::test]
async fn only_one_transport() -> Result<()> {
    let camera = scripted(Script { transport: TransportBehaviour::UdpOnly, ..Script::default() }).await?;
    assert_eq!(Client::connect(&camera, "/main").await?.open().await?, 461);
    let camera = scripted(Script { transport: TransportBehaviour::TcpOnly, ..Script::default() }).await?;
    let mut client = Client::connect(&camera, "/main").await?;
    assert_eq!(client.ask("SETUP", "/trackID=0", "Transport: RTP/AVP;unicast;client_port=6000-6001\r\n").await?.0, 461);
    Ok(())
}

#[tokio::test]
async fn stalled_media_keeps_the_session_and_comes_back_with_a_key_frame() -> Result<()> {
    let camera = camera().await?;
    let mut client = Client::playing(&camera, "/main").await?;
    client.timestamps(3).await?;
    camera.stall().await;
    assert_eq!(client.ask("GET_PARAMETER", "", "").await?.0, 200);
    assert!(tokio::time::timeout(Duration::from_millis(300), client.packet()).await.is_err(), "media in a stall");
    camera.resume().await;
    assert_eq!(client.video_packet().await?.payload[0] & 0x1F, 24);
    Ok(())
}

#[tokio::test]
async fn timestamp_faults() -> Result<()> {
    let camera = camera().await?;
    let mut client = Client::playing(&camera, "/main").await?;
    client.timestamps(2).await?;
    camera.jump_timestamps(60.0).await?;
    assert!(steps(&client.timestamps(10).await?).contains(&(60 * 90_000 + FRAME)));
    camera.jump_timestamps(-60.0).await?;
    assert!(steps(&client.timestamps(10).await?).contains(&(-60 * 90_000 + FRAME)));
    camera.act(None, Action::OutlierTimestamp { seconds: 9800.0 }).await?;
    let seen = steps(&client.timestamps(10).await?);
    assert!(seen.contains(&(9800 * 90_000 + FRAME)) && seen.contains(&(-9800 * 90_000 + FRAME)), "{seen:?}");
    camera.act(None, Action::EqualTimestamps { frames: 2 }).await?;
    assert!(steps(&client.timestamps(10).await?).contains(&(3 * FRAME)), "two frames shared a timestamp");
    camera.act(None, Action::BackwardsTimestamps { frames: 2 }).await?;
    let seen = steps(&client.timestamps(10).await?);
    assert_eq!(seen.iter().filter(|step| **step == -FRAME).count(), 2, "{seen:?}");
    Ok(())
}

#[tokio::test]
async fn timestamps_wrap_soon_after_the_start() -> Result<()> {
    let camera = scripted(Script { wrap_in_s: Some(0.2), ..Script::default() }).await?;
    let seen = Client::playing(&camera, "/main").await?.timestamps(12).await?;
    assert!(seen[0] > u32::MAX - 90_000 && seen[11] < 90_000, "{seen:?}");
    assert!(steps(&seen).iter().all(|step| *step == FRAME));
    Ok(())
}

#[tokio::test]
async fn connections_end_between_frames_inside_one_and_by_garbage() -> Result<()> {
    let camera = camera().await?;
    let mut client = Client::playing(&camera, "/main").await?;
    camera.drop_connections().await?;
    assert_eq!(client.until_error().await.to_string(), "closed");
    assert!(client.input.is_empty(), "the last frame was whole");
    assert_eq!(camera.sessions_open(), 0);

    let mut client = Client::playing(&camera, "/main").await?;
    camera.act(None, Action::DropMidNal).await?;
    assert_eq!(client.until_error().await.to_string(), "closed");
    assert!(!client.input.is_empty(), "half a packet is left");

    let mut client = Client::playing(&camera, "/main").await?;
    camera.act(None, Action::Garbage { bytes: 32 }).await?;
    assert!(client.until_error().await.to_string().contains("not an interleaved frame"));

    let mut client = Client::playing(&camera, "/main").await?;
    camera.act(None, Action::CutPacket).await?;
    assert!(client.until_error().await.to_string().contains("not an interleaved frame"));
    Ok(())
}

#[tokio::test]
async fn keepalive_answers_can_be_wrong() -> Result<()> {
    let camera = scripted(Script { keepalive: KeepaliveBehaviour::BadRequestWrongCseq, ..Script::default() }).await?;
    let mut client = Client::playing(&camera, "/main").await?;
    let (status, answer) = client.ask("GET_PARAMETER", "", "").await?;
    assert_eq!(status, 400);
    assert!(answer.contains("CSeq: 3\r\n"), "{answer}");
    camera.resume().await;
    camera.act(None, Action::ChangeSessionId).await?;
    assert_eq!(client.ask("GET_PARAMETER", "", "").await?.0, 454);
    Ok(())
}

#[tokio::test]
async fn new_parameter_sets_come_in_band_with_timestamps_running_on() -> Result<()> {
    let camera = camera().await?;
    let mut client = Client::playing(&camera, "/main").await?;
    let first = client.video_packet().await?;
    camera.change_sps().await?;
    let mut before = first.timestamp;
    loop {
        let packet = client.video_packet().await?;
        let step = packet.timestamp.wrapping_sub(before);
        assert!(step < 3 * 3600, "a gap of {step}");
        before = packet.timestamp;
        if packet.payload[0] & 0x1F == 24 && packet.payload != first.payload {
            return Ok(());
        }
    }
}

#[tokio::test]
async fn a_reboot_resets_and_refuses_a_power_loss_leaves_sockets_open() -> Result<()> {
    let camera = camera().await?;
    for power_loss in [false, true] {
        let mut client = Client::playing(&camera, "/main").await?;
        camera.act(None, Action::Reboot { seconds: 0.5, power_loss }).await?;
        assert!(TcpStream::connect(camera.address()).await.is_err());
        let asked = Instant::now();
        client.until_error().await;
        assert_eq!(asked.elapsed() > Duration::from_millis(300), power_loss);
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(camera.address()).await.is_err() {
            ensure!(Instant::now() < deadline, "the camera never came back");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_the_description_leaves_out() -> Result<()> {
    let camera = FakeCamera::builder()
        .fixture(Fixture::sub().with_audio(AudioCodec::Pcma))
        .behaviour(Script { sprop: false, ..Script::default() })
        .start()
        .await?;
    let mut client = Client::connect(&camera, "/main").await?;
    let (_, sdp) = client.ask("DESCRIBE", "", "").await?;
    assert!(sdp.contains("H264/90000") && !sdp.contains("sprop") && sdp.contains("PCMA/8000"), "{sdp}");
    camera.update(Some("/main"), |script| script.no_video = true).await;
    let (_, sdp) = client.ask("DESCRIBE", "", "").await?;
    assert!(!sdp.contains("m=video") && sdp.contains("m=audio"), "{sdp}");
    Ok(())
}

#[tokio::test]
async fn lost_packets_leave_holes_in_the_numbers() -> Result<()> {
    let camera = scripted(Script { loss: 0.2, reorder: 0.1, ..Script::default() }).await?;
    let mut client = Client::playing(&camera, "/main").await?;
    let mut steps = Vec::new();
    let mut last = client.video_packet().await?.sequence;
    for _ in 0..100 {
        let sequence = client.video_packet().await?.sequence;
        steps.push(sequence.wrapping_sub(last) as i16);
        last = sequence;
    }
    assert!(steps.iter().any(|step| *step > 1) && steps.iter().any(|step| *step < 0), "{steps:?}");
    Ok(())
}
