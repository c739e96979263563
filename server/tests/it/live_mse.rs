//! Live view over a WebSocket, read message by message: what comes in which order, and what becomes of slow, rude and lost clients.

use crate::live_support::mse::{Reader, Said, close_code, open, refused};
use crate::live_support::{Server, programs, timely};
use fakecam::{AudioCodec, FakeCamera, Fixture};
use futures::SinkExt;
use media::cmaf::Track;
use media::id::Quality;
use media::stream::hub::Item;
use media::time::Stamp;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

async fn camera_and_server() -> (FakeCamera, Server, i64) {
    let camera = FakeCamera::builder().fixture(Fixture::sub().with_audio(AudioCodec::Aac)).start().await.expect("a camera");
    let server = Server::start().await;
    let id = server.add_rtsp("Gate", &camera.url("/main"), None).await;
    server.live(id, Quality::Main).await;
    (camera, server, id)
}

/// Waits until the camera has sent so many more frames.
async fn frames_pass(server: &Server, id: i64, frames: usize) {
    let mut reader = server.stream(id, Quality::Main).hub().subscribe(usize::MAX);
    let passing = async {
        let mut seen = 0;
        while seen < frames {
            let item = reader.next().await.expect("a stream that goes on");
            seen += usize::from(matches!(item, Item::Chunk(chunk) if chunk.track == Track::Video));
        }
    };
    timely("frames from the camera", passing).await;
}

/// Writes init and chunks into a file and has ffmpeg decode all of it.
async fn decoded(init: &[u8], said: &[Said]) -> (String, usize) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("live.mp4");
    let mut file = init.to_vec();
    for one in said {
        if let Said::Chunk(chunk) = one {
            file.extend_from_slice(&chunk.bytes);
        }
    }
    std::fs::write(&path, file).expect("a written file");
    programs::decoded(&path).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_gets_init_then_one_access_unit_per_message() {
    let (_camera, server, id) = camera_and_server().await;
    let before = Stamp::now().utc_ms;
    let mut reader = Reader::open(server.address, id, "main").await;
    let mut next = reader.next().await;
    if let Said::Status(status) = &next {
        // The state is told at once, before or after init.
        assert_eq!((&status["state"], &status["quality"]), (&json!("live"), &json!("main")), "{status}");
        next = reader.next().await;
    }
    let Said::Init { mime, bytes: init, .. } = next else { panic!("{next:?}") };
    assert!(mime.starts_with("video/mp4; codecs=\"avc1.64") && mime.ends_with(",mp4a.40.2\""), "{mime}");
    let next = reader.next().await;
    let Said::Clock { wallclock_ms, .. } = next else { panic!("{next:?}") };
    assert!(wallclock_ms <= before, "the first picture is the one that was there already");
    let mut said = vec![next];
    said.extend(reader.frames(75).await);
    let first = said.iter().find_map(|one| if let Said::Chunk(chunk) = one { Some(chunk.clone()) } else { None }).expect("a chunk");
    assert!(first.video && first.key, "{first:?}");
    assert!(said.iter().any(|one| matches!(one, Said::Chunk(chunk) if !chunk.video)), "sound is in the stream");
    assert_eq!(decoded(&init, &said).await, ("h264".to_owned(), 75));

    // A clock message tells of a picture sent since the last one, or of the one that follows.
    let (mut clocks, mut told, mut sent) = (0, None, Vec::new());
    for one in &said {
        match one {
            Said::Clock { media_time, .. } => {
                clocks += 1;
                told = Some(*media_time);
            }
            Said::Chunk(chunk) if chunk.video => {
                let shown = chunk.decode_time.saturating_add_signed(chunk.composition_offset);
                #[expect(clippy::cast_precision_loss, reason = "a few thousand seconds")]
                sent.push(shown as f64 / f64::from(chunk.timescale));
                let Some(told) = told.take() else { continue };
                assert!(sent.iter().any(|shown| (told - shown).abs() < 1e-6), "the clock tells of a picture: {told}, not in {sent:?}");
            }
            _ => {}
        }
    }
    assert!(clocks >= 2, "{clocks} clock messages within three seconds of video");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decode_times_run_on_over_a_restart_of_the_camera() {
    let (camera, server, id) = camera_and_server().await;
    let mut reader = Reader::open(server.address, id, "main").await;
    let (_, mut epoch, _) = reader.init().await;
    for _ in 0..2 {
        reader.frames(15).await;
        camera.drop_connections().await.expect("a camera that listens");
        let (_, next, init) = reader.init().await;
        assert!(next > epoch, "epoch {next} after {epoch}");
        epoch = next;
        let said = reader.frames(30).await;
        let Some(Said::Chunk(first)) = said.iter().find(|one| matches!(one, Said::Chunk(_))) else { panic!("{said:?}") };
        assert!(first.video && first.key, "{first:?}");
        assert_eq!(decoded(&init, &said).await, ("h264".to_owned(), 30));
    }
    camera.change_sps().await.expect("a camera that listens");
    let (mime, next, init) = reader.init().await;
    assert!(next > epoch && mime.contains("avc1."), "{mime}");
    let said = reader.frames(30).await;
    assert_eq!(decoded(&init, &said).await, ("h264".to_owned(), 30));
    assert_eq!(server.streams(id).await[0]["video"]["height"], 360);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn timestamps_of_the_camera_may_jump() {
    let (camera, server, id) = camera_and_server().await;
    let mut reader = Reader::open(server.address, id, "main").await;
    for seconds in [7.0, -7.0, 90_000.0] {
        reader.frames(20).await;
        camera.jump_timestamps(seconds).await.expect("a camera that listens");
        // The reader holds every decode time against the one before.
        let frames = reader.frames(40).await;
        let longest = frames.iter().filter_map(|one| if let Said::Chunk(chunk) = one { Some(chunk.duration) } else { None }).max();
        assert!(longest.is_some_and(|longest| longest < 90_000), "a jump is no frame that lasts for seconds: {longest:?}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_may_pause_and_may_want_key_frames_only() {
    let (_camera, server, id) = camera_and_server().await;
    let mut reader = Reader::open(server.address, id, "main").await;
    let last = reader.frames(10).await;
    let Some(Said::Chunk(last)) = last.last() else { panic!("{last:?}") };
    reader.say(r#"{"type":"pause"}"#).await;
    frames_pass(&server, id, 100).await;
    reader.say(r#"{"type":"resume"}"#).await;
    reader.expect_jump();
    let mut on_the_way = 0;
    let mut before = last.decode_time + last.duration;
    let resumed = loop {
        let frame = reader.frame().await;
        if frame.decode_time != before {
            break frame;
        }
        on_the_way += 1;
        before = frame.decode_time + frame.duration;
    };
    assert!(on_the_way < 25, "{on_the_way} frames came after the pause");
    assert!(resumed.key && resumed.decode_time > before + 90_000, "on at the live edge: {} after {before}", resumed.decode_time);
    reader.frames(10).await;

    reader.expect_keys_only();
    reader.say(r#"{"type":"key_frames_only","on":true}"#).await;
    let (mime, _, init) = reader.init().await;
    assert!(!mime.contains("mp4a"), "{mime}");
    let said = reader.frames(3).await;
    let keys: Vec<_> = said.iter().filter_map(|one| if let Said::Chunk(chunk) = one { Some(chunk) } else { None }).collect();
    assert!(keys.iter().all(|chunk| chunk.video && chunk.key), "{said:?}");
    let gap = keys[2].decode_time - keys[1].decode_time;
    assert_eq!(gap, 90_000);
    assert!(keys[2].duration >= gap, "each lasts until the next one");
    assert_eq!(decoded(&init, &said).await.1, 3);
    reader.say(r#"{"type":"key_frames_only","on":false}"#).await;
    let (mime, _, _) = reader.init().await;
    assert!(mime.contains("mp4a.40.2"), "{mime}");
    reader.expect_jump();
    assert!(reader.frame().await.key);
    let said = reader.frames(30).await;
    assert!(said.iter().any(|one| matches!(one, Said::Chunk(chunk) if !chunk.video)), "with sound again");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_is_too_slow_goes_on_at_a_key_frame_and_is_told() {
    let camera = FakeCamera::builder().fixture(Fixture::sub()).start().await.expect("a camera");
    let server = Server::start_narrow().await;
    let id = server.add_rtsp("Gate", &camera.url("/main"), None).await;
    server.live(id, Quality::Main).await;
    let mut quick = Reader::open(server.address, id, "main").await;
    let mut slow = Reader::on(crate::live_support::mse::open_narrow(server.address, &format!("/live/{id}/main/mse")).await);
    slow.frames(3).await;
    // Another viewer goes on meanwhile: nobody waits for the slow one.
    quick.frames(200).await;
    let frames = loop {
        match slow.next().await {
            Said::Dropped(frames) => break frames,
            Said::Chunk(_) | Said::Clock { .. } | Said::Init { .. } | Said::Status(_) => {}
        }
    };
    assert!(frames > 25, "{frames}");
    assert!(slow.frame().await.key);
    slow.frames(25).await;
    let status = server.until(id, Quality::Main, |status| status.frames_dropped >= frames).await;
    assert_eq!(status.viewers.mse, 2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_is_ignored_and_a_flood_of_it_ends_the_connection() {
    let (_camera, server, id) = camera_and_server().await;
    let mut reader = Reader::open(server.address, id, "main").await;
    reader.frames(2).await;
    let nested = "[".repeat(1000);
    for nonsense in ["", "hello", r#"{"type":"dance"}"#, r#"{"type":"pause","type":"pause"}"#, "null", &nested, &"x".repeat(2000)] {
        reader.say(nonsense).await;
    }
    reader.socket.send(Message::binary(vec![0; 100])).await.expect("the server reads");
    reader.frames(30).await;
    for _ in 0..200 {
        if reader.socket.send(Message::text("nonsense")).await.is_err() {
            break;
        }
    }
    assert_eq!(close_code(&mut reader.socket).await, 1008);

    // Larger than any command: not even read.
    let mut socket = open(server.address, &format!("/live/{id}/main/mse")).await;
    socket.send(Message::text("x".repeat(100_000))).await.expect("sent");
    let ended = async { while let Some(Ok(_)) = futures::StreamExt::next(&mut socket).await {} };
    timely("the connection ends", ended).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_close_code_says_why_there_is_no_picture() {
    let (camera, server, id) = camera_and_server().await;
    for path in ["/live/999/main/mse", "/live/x/main/mse", "/live/0/main/mse"] {
        assert_eq!(close_code(&mut open(server.address, path).await).await, 4404, "{path}");
    }
    assert_eq!(close_code(&mut open(server.address, &format!("/live/{id}/third/mse")).await).await, 4404);

    let mut http = server.http().await;
    let path = format!("/api/v1/cameras/{id}");
    let mut watching = Reader::open(server.address, id, "main").await;
    watching.frames(2).await;
    assert_eq!(http.json("PATCH", &path, &json!({"enabled": false})).await.status, 200);
    assert_eq!(close_code(&mut watching.socket).await, 4503, "switched off while watched");
    assert_eq!(close_code(&mut open(server.address, &format!("/live/{id}/main/mse")).await).await, 4503, "switched off before");
    assert_eq!(http.json("PATCH", &path, &json!({"enabled": true})).await.status, 200);
    let mut main = Reader::open(server.address, id, "main").await;
    let mut sub = Reader::open(server.address, id, "sub").await;
    tokio::join!(main.frames(2), sub.frames(2));
    assert_eq!(http.request("DELETE", &path, &[], None).await.status, 204);
    for (name, reader) in [("main", &mut main), ("sub", &mut sub)] {
        let code = close_code(&mut reader.socket).await;
        assert!([4404, 4503].contains(&code), "{name}: {code}");
    }

    let id = server.add_rtsp("Yard", &camera.url("/main"), None).await;
    let mut watching = Reader::open(server.address, id, "main").await;
    watching.frames(2).await;
    let (code, _) = tokio::join!(close_code(&mut watching.socket), server.stop());
    assert_eq!(code, 1001);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_other_sites_get_no_connection() {
    let (_camera, server, id) = camera_and_server().await;
    let own = format!("http://{}", server.address);
    for path in [format!("/live/{id}/main/mse"), "/api/v1/ws".to_owned()] {
        for foreign in ["http://evil.example", "null", "http://127.0.0.1:1"] {
            assert_eq!(refused(server.address, &path, &[("origin", foreign)]).await, 403, "{foreign}");
        }
        assert_eq!(refused(server.address, &path, &[("origin", &own), ("sec-fetch-site", "cross-site")]).await, 403);
        assert_eq!(refused(server.address, &path, &[("origin", &own), ("sec-fetch-site", "same-origin")]).await, 101);
        assert_eq!(refused(server.address, &path, &[("origin", &own)]).await, 101);
    }
    server.stop().await;
}
