//! Cameras of different kinds, each by HLS and by WebSocket.

use crate::live_support::hls::Follower;
use crate::live_support::mse::{Reader, Said};
use crate::live_support::{Server, programs};
use fakecam::{AudioCodec, FakeCamera, Fixture, TransportBehaviour};
use media::id::Quality;
use serde_json::json;

struct Played {
    /// MIME type of the WebSocket's init.
    mime: String,
    /// The first stream as the API tells it.
    status: serde_json::Value,
    codec: String,
    audio_chunks: usize,
}

/// Watches a camera both ways.
async fn play(server: &Server, id: i64) -> Played {
    server.live(id, Quality::Main).await;
    let mut follower = Follower::new(server.address, id, "main").await;
    let by_socket = async {
        let mut reader = Reader::open(server.address, id, "main").await;
        let (mime, _, init) = reader.init().await;
        let said = reader.frames(50).await;
        let chunks: Vec<_> = said.iter().filter_map(|one| if let Said::Chunk(chunk) = one { Some(chunk) } else { None }).collect();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("live.mp4");
        let file: Vec<u8> = init.iter().chain(chunks.iter().flat_map(|chunk| chunk.bytes.iter())).copied().collect();
        std::fs::write(&path, file).expect("a written file");
        let (codec, frames) = programs::decoded(&path).await;
        assert_eq!(frames, 50);
        (mime, codec, chunks.iter().filter(|chunk| !chunk.video).count())
    };
    let ((mime, codec, audio_chunks), ()) = tokio::join!(by_socket, follower.follow(6));
    assert_eq!(follower.seen.maps.len(), 1);
    let master = server.http().await.get(&format!("/live/{id}/master.m3u8")).await;
    let codecs = mime.split('"').nth(1).expect("codecs").to_owned();
    assert!(master.text().contains(&format!("CODECS=\"{codecs}\"")), "{codecs}: {}", master.text());
    Played { mime, status: server.streams(id).await[0].clone(), codec, audio_chunks }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_codec_of_picture_and_sound() {
    let camera = FakeCamera::builder()
        .mount("/h265", Fixture::h265().with_audio(AudioCodec::Aac))
        .mount("/pcma", Fixture::sub().with_audio(AudioCodec::Pcma))
        .mount("/pcmu", Fixture::sub().with_audio(AudioCodec::Pcmu))
        .mount("/silent", Fixture::sub())
        .start()
        .await
        .expect("a camera");
    let server = Server::start().await;
    let ids = futures::future::join_all(["h265", "pcma", "pcmu", "silent"].map(|mount| {
        let (server, url) = (&server, camera.url(mount));
        async move { server.add_rtsp(mount, &url, None).await }
    }))
    .await;
    let [h265, pcma, pcmu, silent] = <[Played; 4]>::try_from(futures::future::join_all(ids.iter().map(|id| play(&server, *id))).await)
        .unwrap_or_else(|_| panic!("four"));
    assert!(h265.mime.contains("\"hvc1.1.6.L") && h265.mime.contains(",mp4a.40.2\""), "{}", h265.mime);
    assert_eq!(h265.codec, "hevc");
    assert!(h265.audio_chunks > 10);
    // G.711 is no codec of browsers: the picture plays, the status tells what sound there is.
    for (played, codec) in [(&pcma, "pcma"), (&pcmu, "pcmu")] {
        assert!(played.mime.contains("avc1.") && !played.mime.contains(','), "{}", played.mime);
        assert_eq!((played.audio_chunks, &played.status["audio"]), (0, &json!({"codec": codec, "channels": 1, "rate_hz": 8000})));
    }
    assert_eq!((silent.audio_chunks, &silent.status["audio"]), (0, &json!(null)));
    assert!(!silent.mime.contains(','), "{}", silent.mime);
    assert!(ids.iter().all(|id| *id > 0) && camera.sessions_max() == 1 && camera.sessions_open() == 4);
    server.stop().await;
    assert_eq!(camera.sessions_open(), 0, "sessions are torn down");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_without_a_sub_stream_serves_both_from_one_session() {
    let camera = FakeCamera::builder().fixture(Fixture::sub().with_audio(AudioCodec::Aac)).start().await.expect("a camera");
    let server = Server::start().await;
    let id = server.add_rtsp("Gate", &camera.url("/main"), None).await;
    let mut main = Follower::new(server.address, id, "main").await;
    let mut sub = Follower::new(server.address, id, "sub").await;
    let mut main_socket = Reader::open(server.address, id, "main").await;
    let mut sub_socket = Reader::open(server.address, id, "sub").await;
    tokio::join!(main.follow(3), sub.follow(3), main_socket.frames(40), sub_socket.frames(40));
    assert_eq!(main.playlist().segments[0].uri, sub.playlist().segments[0].uri, "the same stream");
    assert!(main.playlist().reports.is_empty(), "there is no other rendition");
    let master = server.http().await.get(&format!("/live/{id}/master.m3u8")).await;
    assert_eq!(master.text().matches("#EXT-X-STREAM-INF").count(), 1, "{}", master.text());
    let streams = server.streams(id).await;
    assert_eq!((&streams[0]["quality"], &streams[1]["quality"]), (&json!("main"), &json!("sub")));
    assert_eq!(streams[1]["viewers"]["mse"], 2);
    assert_eq!((camera.sessions_open(), camera.sessions_max()), (1, 1));
    // The trial, and the stream.
    assert_eq!(camera.sessions_total(), 2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn video_over_udp() {
    let camera = FakeCamera::builder().fixture(Fixture::sub().with_audio(AudioCodec::Aac)).start().await.expect("a camera");
    camera.update(None, |script| script.transport = TransportBehaviour::UdpOnly).await;
    let server = Server::start().await;
    // Found out by a 461 to TCP.
    let id = server.add_rtsp("Gate", &camera.url("/main"), None).await;
    let played = play(&server, id).await;
    assert!(played.status["source"].as_str().is_some_and(|source| source.contains("UDP")), "{}", played.status);
    assert!(played.mime.contains("mp4a.40.2") && played.audio_chunks > 10, "{}", played.mime);
    server.stop().await;
}
