//! ffmpeg and GStreamer play what the server serves, without a complaint.

use crate::live_support::Server;
use crate::live_support::programs::{Ran, run};
use fakecam::{AudioCodec, FakeCamera, Fixture};
use media::id::Quality;

async fn camera_and_server() -> (FakeCamera, Server, i64) {
    let camera = FakeCamera::builder()
        .mount("/main", Fixture::h264_b_frames().with_audio(AudioCodec::Aac))
        .mount("/sub", Fixture::sub().with_audio(AudioCodec::Aac))
        .start()
        .await
        .expect("a camera");
    let server = Server::start().await;
    let id = server.add_rtsp("Gate", &camera.url("/main"), Some(&camera.url("/sub"))).await;
    server.live(id, Quality::Main).await;
    server.live(id, Quality::Sub).await;
    (camera, server, id)
}

/// Frames that ffmpeg decoded of so many seconds.
async fn ffmpeg(url: &str, seconds: &str) -> (u32, Ran) {
    let arguments = ["-hide_banner", "-nostdin", "-v", "warning", "-progress", "pipe:1", "-i", url, "-t", seconds, "-f", "null", "-"];
    let ran = run("ffmpeg", &arguments).await;
    let frames = ran.stdout.lines().rev().find_map(|line| line.strip_prefix("frame=")?.parse().ok());
    (frames.unwrap_or(0), ran)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ffmpeg_plays_every_playlist_without_a_word() {
    let (_camera, server, id) = camera_and_server().await;
    let url = |name| server.player_url(id, name);
    let (master, index, plain) = (url("master.m3u8").await, url("sub/index.m3u8").await, url("main/plain.m3u8").await);
    let probe = ["-v", "warning", "-show_entries", "stream=codec_name,width", "-of", "csv=p=0", &index];
    let (master, index, plain, probed) =
        tokio::join!(ffmpeg(&master, "6"), ffmpeg(&index, "6"), ffmpeg(&plain, "6"), run("ffprobe", &probe));
    for (name, (frames, ran)) in [("master", master), ("index", index), ("plain", plain)] {
        assert!(ran.success, "{name}: {ran:?}");
        assert_eq!(complaints(&ran), [""; 0], "{name}");
        assert!((148..=152).contains(&frames), "{name}: {frames} frames within 6 s of 25 a second");
    }
    let mut lines: Vec<&str> = probed.stdout.lines().filter(|line| !line.is_empty()).collect();
    // ffprobe tells of them twice, by themselves and in the program.
    lines.sort_unstable();
    lines.dedup();
    assert_eq!((lines, probed.stderr.as_str()), (vec!["aac", "h264,640"], ""));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gstreamer_plays_the_playlists() {
    let (_camera, server, id) = camera_and_server().await;
    // Of streams that nobody has watched yet: it never gets past a playlist of one segment, and must not be given one.
    let play = async |name: &str| {
        let uri = format!("uri={}", server.player_url(id, name).await);
        // Ends when both sinks have had their buffers. In time with the clock: a player that takes all at once buffers for ever.
        let sinks = ["video-sink=fakesink num-buffers=100 sync=true", "audio-sink=fakesink num-buffers=50 sync=true"];
        let ran = run("gst-launch-1.0", &["playbin3", &uri, sinks[0], sinks[1]]).await;
        assert!(ran.success && ran.stdout.contains("Got EOS"), "{name}: {ran:?}");
        assert!(!ran.stderr.contains("ERROR") && !ran.stderr.contains("WARN"), "{name}: {ran:?}");
    };
    tokio::join!(play("master.m3u8"), play("sub/index.m3u8"), play("main/plain.m3u8"));
    server.stop().await;
}

/// Both programs watch while the camera drops its connections, jumps in time, and changes its parameter sets and picture size.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ffmpeg_and_gstreamer_play_on_through_trouble() {
    let (camera, server, id) = camera_and_server().await;
    let playlist = server.player_url(id, "sub/plain.m3u8").await;
    let (watching, uri) = (tokio::sync::Notify::new(), format!("uri={playlist}"));
    let trouble = async {
        let mut follower = crate::live_support::hls::Follower::new(server.address, id, "sub").await;
        follower.follow(5).await;
        watching.notify_one();
        follower.follow(3).await;
        camera.drop_connections().await.expect("a camera that listens");
        follower.follow_to_discontinuity().await;
        follower.follow(2).await;
        camera.jump_timestamps(3600.0).await.expect("a camera that listens");
        follower.follow(2).await;
        camera.switch(Some("/sub"), Fixture::other_sps().with_audio(AudioCodec::Aac)).await.expect("a fixture");
        follower.follow_to_discontinuity().await;
    };
    // GStreamer 1.22 never gets past a playlist of one segment.
    let gstreamer = async {
        watching.notified().await;
        let sinks = ["video-sink=fakesink num-buffers=600 sync=true", "audio-sink=fakesink num-buffers=50 sync=true"];
        run("gst-launch-1.0", &["playbin3", &uri, sinks[0], sinks[1]]).await
    };
    let ((frames, ffmpeg), gstreamer, ()) = tokio::join!(ffmpeg(&playlist, "28"), gstreamer, trouble);
    assert!(ffmpeg.success, "{ffmpeg:?}");
    // What the camera did not send is missing; nothing else may be.
    assert!((600..=702).contains(&frames), "{frames} frames: {ffmpeg:?}");
    assert!(gstreamer.success && gstreamer.stdout.contains("Got EOS") && !gstreamer.stderr.contains("ERROR"), "{gstreamer:?}");
    server.stop().await;
}

/// Lines on standard error, but for what ffmpeg says whenever it has reloaded a live playlist with EXT-X-MAP: it reads the init segment
/// again each time, and then skips it.
fn complaints(ran: &Ran) -> Vec<&str> {
    let habit = |line: &str| line.contains("Found duplicated MOOV Atom. Skipped it") || line.contains("Last message repeated");
    ran.stderr.lines().filter(|line| !line.trim().is_empty() && !habit(line)).collect()
}
