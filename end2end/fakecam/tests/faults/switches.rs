//! The finer switches, one test each.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fakecam::{Action, AudioCodec, FakeCamera, Fixture, KeepaliveBehaviour, RtpInfoBehaviour, Script};
use tokio::net::UdpSocket;

use super::client::{Client, PATIENCE};
use super::{FRAME, camera, scripted, steps};

const TCP: &str = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
const TCP_SOUND: &str = "Transport: RTP/AVP/TCP;unicast;interleaved=2-3\r\n";

async fn with_sound(script: Script) -> Result<FakeCamera> {
    FakeCamera::builder().fixture(Fixture::sub().with_audio(AudioCodec::Pcma)).behaviour(script).start().await
}

#[tokio::test]
async fn a_slow_line_trickles_and_runs_again_when_it_is_free() -> Result<()> {
    let camera = camera().await?;
    let mut client = Client::playing(&camera, "/main").await?;
    client.timestamps(3).await?;
    camera.update(None, |script| script.bytes_per_second = Some(4000)).await;
    client.input.clear();
    let (started, mut bytes) = (Instant::now(), vec![0; 65_536]);
    let mut count = 0;
    while started.elapsed() < Duration::from_millis(500) {
        let read = tokio::time::timeout(Duration::from_millis(500), tokio::io::AsyncReadExt::read(&mut client.stream, &mut bytes)).await;
        if let Ok(read) = read {
            count += read?;
        }
    }
    // What was in the sockets' buffers comes on top.
    assert!(count < 12_000, "{count} bytes in half a second");
    camera.resume().await;
    drop(client);
    Client::playing(&camera, "/main").await?.timestamps(30).await?;
    Ok(())
}

#[tokio::test]
async fn a_trickling_camera_still_ends_its_session() -> Result<()> {
    let camera = camera().await?;
    let mut client = Client::playing(&camera, "/main").await?;
    client.timestamps(3).await?;
    camera.update(None, |script| script.bytes_per_second = Some(200)).await;
    let url = client.url.clone();
    let session = client.session.clone().context("a session")?;
    tokio::io::AsyncWriteExt::write_all(
        &mut client.stream,
        format!("TEARDOWN {url} RTSP/1.0\r\nCSeq: 9\r\nSession: {session}\r\n\r\n").as_bytes(),
    )
    .await?;
    let deadline = Instant::now() + PATIENCE;
    while camera.sessions_open() > 0 {
        ensure!(Instant::now() < deadline, "the session never ended");
        tokio::task::yield_now().await;
    }
    Ok(())
}

#[tokio::test]
async fn sound_may_come_late() -> Result<()> {
    let camera = with_sound(Script { audio_delay_ms: 800, ..Script::default() }).await?;
    let mut client = Client::connect(&camera, "/main").await?;
    client.ask("DESCRIBE", "", "").await?;
    client.ask("SETUP", "/trackID=0", TCP).await?;
    client.ask("SETUP", "/trackID=1", TCP_SOUND).await?;
    client.ask("PLAY", "", "").await?;
    let mut frames = HashSet::new();
    loop {
        let packet = client.packet().await?;
        match packet.channel {
            0 => drop(frames.insert(packet.timestamp)),
            2 => break,
            _ => {}
        }
    }
    assert!(frames.len() >= 18, "{} frames of 40 ms before 800 ms of silence were over", frames.len());
    Ok(())
}

#[tokio::test]
async fn packets_may_come_twice() -> Result<()> {
    let camera = scripted(Script { duplicate: 0.3, ..Script::default() }).await?;
    let mut client = Client::playing(&camera, "/main").await?;
    let mut last = client.video_packet().await?;
    let mut twice = 0;
    for _ in 0..60 {
        let packet = client.video_packet().await?;
        if packet.sequence == last.sequence {
            assert_eq!(packet.payload, last.payload);
            twice += 1;
        }
        last = packet;
    }
    assert!(twice > 5, "{twice}");
    Ok(())
}

#[tokio::test]
async fn a_session_without_a_sign_of_life_is_closed() -> Result<()> {
    let camera = scripted(Script { session_timeout_s: Some(1), ..Script::default() }).await?;
    let mut client = Client::connect(&camera, "/main").await?;
    client.ask("DESCRIBE", "", "").await?;
    let (_, answer) = client.ask("SETUP", "/trackID=0", TCP).await?;
    assert!(answer.contains(";timeout=1\r\n"), "{answer}");
    client.ask("PLAY", "", "").await?;
    for _ in 0..3 {
        client.timestamps(13).await?;
        assert_eq!(client.ask("GET_PARAMETER", "", "").await?.0, 200, "half a second apart");
    }
    assert_eq!(client.until_error().await.to_string(), "closed");
    assert_eq!(camera.sessions_open(), 0);
    Ok(())
}

#[tokio::test]
async fn the_media_clock_may_run_fast() -> Result<()> {
    let camera = scripted(Script { clock_ppm: 100_000.0, ..Script::default() }).await?;
    let seen = steps(&Client::playing(&camera, "/main").await?.timestamps(12).await?);
    assert!(seen.iter().all(|step| (step - FRAME * 11 / 10).abs() <= 1), "{seen:?}");
    Ok(())
}

#[tokio::test]
async fn the_wall_clock_may_step_and_the_media_clock_does_not_notice() -> Result<()> {
    let camera = camera().await?;
    let mut seconds = Vec::new();
    for offset in [0.0, 3600.0] {
        camera.update(None, |script| script.wall_clock_offset_s = offset).await;
        let mut client = Client::playing(&camera, "/main").await?;
        loop {
            let packet = client.packet().await?;
            if packet.channel == 1 {
                seconds.push(u32::from_be_bytes(packet.ntp));
                break;
            }
        }
        assert!(steps(&client.timestamps(10).await?).iter().all(|step| *step == FRAME));
    }
    let step = seconds[1] - seconds[0];
    assert!((3600..3620).contains(&step), "{step}");
    Ok(())
}

#[tokio::test]
async fn every_setup_may_name_another_session() -> Result<()> {
    let camera = with_sound(Script { new_session_id_per_setup: true, ..Script::default() }).await?;
    let mut client = Client::connect(&camera, "/main").await?;
    client.ask("SETUP", "/trackID=0", TCP).await?;
    let first = client.session.clone();
    client.ask("SETUP", "/trackID=1", TCP_SOUND).await?;
    assert_ne!(client.session, first);
    client.session = first;
    assert_eq!(client.ask("PLAY", "", "").await?.0, 200, "the first id is still understood");
    assert_eq!(camera.sessions_max(), 1);
    Ok(())
}

#[tokio::test]
async fn the_answer_to_play_may_leave_things_out() -> Result<()> {
    for (rtp_info, tracks) in [(RtpInfoBehaviour::Full, 2), (RtpInfoBehaviour::FirstTrackOnly, 1), (RtpInfoBehaviour::Missing, 0)] {
        let camera = with_sound(Script { rtp_info, ..Script::default() }).await?;
        let mut client = Client::connect(&camera, "/main").await?;
        client.ask("SETUP", "/trackID=0", TCP).await?;
        client.ask("SETUP", "/trackID=1", TCP_SOUND).await?;
        let (_, answer) = client.ask("PLAY", "", "").await?;
        assert_eq!(answer.matches("rtptime=").count(), tracks, "{answer}");
    }
    Ok(())
}

#[tokio::test]
async fn the_middle_of_a_frame_may_be_lost() -> Result<()> {
    let camera = camera().await?;
    let mut client = Client::playing(&camera, "/main").await?;
    client.timestamps(2).await?;
    let mut last = client.video_packet().await?;
    camera.act(None, Action::LoseMidNal).await?;
    loop {
        let packet = client.video_packet().await?;
        if packet.sequence != last.sequence.wrapping_add(1) {
            assert_eq!(packet.timestamp, last.timestamp, "the hole is inside a frame");
            break;
        }
        last = packet;
    }
    assert!(steps(&client.timestamps(10).await?).iter().all(|step| *step == FRAME), "the next frames are whole");
    Ok(())
}

#[tokio::test]
async fn a_keepalive_may_be_answered_under_another_number_or_not_at_all() -> Result<()> {
    let camera = scripted(Script { keepalive: KeepaliveBehaviour::WrongCseq, ..Script::default() }).await?;
    let mut client = Client::playing(&camera, "/main").await?;
    let (status, answer) = client.ask("GET_PARAMETER", "", "").await?;
    assert!(status == 200 && answer.contains("CSeq: 3\r\n"), "{answer}");
    camera.update(None, |script| script.keepalive = KeepaliveBehaviour::Ignore).await;
    assert!(tokio::time::timeout(Duration::from_millis(300), client.ask("OPTIONS", "", "")).await.is_err());
    Ok(())
}

#[tokio::test]
async fn datagrams_are_lost_and_change_places() -> Result<()> {
    let camera = scripted(Script { loss: 0.1, reorder: 0.1, duplicate: 0.1, ..Script::default() }).await?;
    let (rtp, rtcp) = loop {
        let rtp = UdpSocket::bind("127.0.0.1:0").await?;
        if let Ok(rtcp) = UdpSocket::bind(("127.0.0.1", rtp.local_addr()?.port().wrapping_add(1))).await {
            break (rtp, rtcp);
        }
    };
    let ports = format!("Transport: RTP/AVP;unicast;client_port={}-{}\r\n", rtp.local_addr()?.port(), rtcp.local_addr()?.port());
    let mut client = Client::connect(&camera, "/main").await?;
    assert_eq!(client.ask("SETUP", "/trackID=0", &ports).await?.0, 200);
    client.ask("PLAY", "", "").await?;
    let mut packet = vec![0; 2048];
    let mut last = None;
    let (mut holes, mut back, mut twice) = (0, 0, 0);
    for _ in 0..200 {
        tokio::time::timeout(PATIENCE, rtp.recv(&mut packet)).await??;
        let sequence = u16::from_be_bytes([packet[2], packet[3]]);
        if let Some(last) = last.replace(sequence) {
            match sequence.wrapping_sub(last) as i16 {
                1 => {}
                0 => twice += 1,
                step if step > 1 => holes += 1,
                _ => back += 1,
            }
        }
    }
    assert!(holes > 3 && back > 3 && twice > 3, "{holes} holes, {back} steps back, {twice} twice");
    Ok(())
}

#[tokio::test]
async fn sessions_that_are_being_opened_are_counted() -> Result<()> {
    let camera = camera().await?;
    let mut one = Client::connect(&camera, "/main").await?;
    one.ask("SETUP", "/trackID=0", TCP).await?;
    let mut two = Client::connect(&camera, "/main").await?;
    two.ask("SETUP", "/trackID=0", TCP).await?;
    one.ask("PLAY", "", "").await?;
    Client::playing(&camera, "/main").await?;
    assert_eq!((camera.counters().handshakes_max, camera.sessions_max()), (2, 3));
    Ok(())
}
