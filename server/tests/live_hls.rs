//! LL-HLS of real streams over HTTP, held against the validator: in calm, and while the camera or the server goes through trouble.

mod live_support;

use fakecam::{Action, AudioCodec, FakeCamera, Fixture};
use live_support::Server;
use live_support::hls::Follower;
use media::id::Quality;

fn main_and_sub() -> fakecam::Builder {
    FakeCamera::builder()
        .mount("/main", Fixture::h264_b_frames().with_audio(AudioCodec::Aac))
        .mount("/sub", Fixture::sub().with_audio(AudioCodec::Aac))
}

async fn sub_camera() -> (FakeCamera, Server, i64) {
    let camera = FakeCamera::builder().fixture(Fixture::sub().with_audio(AudioCodec::Aac)).start().await.expect("a camera");
    let server = Server::start().await;
    let id = server.add_rtsp("Gate", &camera.url("/main"), None).await;
    (camera, server, id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn main_and_sub_are_followed_without_a_finding() {
    let camera = main_and_sub().start().await.expect("a camera");
    let server = Server::start().await;
    let id = server.add_rtsp("Gate", &camera.url("/main"), Some(&camera.url("/sub"))).await;
    let mut main = Follower::new(server.address, id, "main").await;
    let mut sub = Follower::new(server.address, id, "sub").await;
    tokio::join!(main.follow(22), sub.follow(22));
    for (follower, other) in [(&main, "../sub/index.m3u8"), (&sub, "../main/index.m3u8")] {
        let (seen, playlist) = (&follower.seen, follower.playlist());
        assert!(seen.most_segments >= 6, "{seen:?}");
        assert!(seen.hinted > 40 && seen.deltas > 3 && seen.whole_segments > 5 && seen.independent_parts > 5, "{seen:?}");
        assert_eq!((seen.unavailable, seen.maps.len(), seen.discontinuities.len()), (0, 1, 0), "{seen:?}");
        let [report] = &playlist.reports[..] else { panic!("{:?}", playlist.reports) };
        assert!(report.uri == other && report.last_msn.is_some() && report.last_part.is_some(), "{report:?}");
    }
    assert_eq!((camera.sessions_open(), camera.sessions_max()), (2, 1));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_that_drops_its_connections_goes_on_after_a_discontinuity() {
    let (camera, server, id) = sub_camera().await;
    let mut follower = Follower::new(server.address, id, "main").await;
    follower.follow(5).await;
    for epochs in 2..4 {
        camera.drop_connections().await.expect("a camera that listens");
        follower.follow_to_discontinuity().await;
        follower.follow(4).await;
        assert_eq!((follower.seen.maps.len(), follower.seen.discontinuities.len()), (epochs, epochs - 1), "{:?}", follower.seen);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_that_reboots_goes_on_after_a_discontinuity() {
    let (camera, server, id) = sub_camera().await;
    let mut follower = Follower::new(server.address, id, "main").await;
    follower.follow(5).await;
    camera.act(None, Action::Reboot { seconds: 2.0, power_loss: false }).await.expect("a camera that listens");
    follower.follow_to_discontinuity().await;
    follower.follow(5).await;
    assert_eq!((follower.seen.maps.len(), follower.seen.discontinuities.len()), (2, 1), "{:?}", follower.seen);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_parameter_sets_in_mid_session_are_another_map_after_a_discontinuity() {
    let (camera, server, id) = sub_camera().await;
    let mut follower = Follower::new(server.address, id, "main").await;
    follower.follow(5).await;
    camera.change_sps().await.expect("a camera that listens");
    follower.follow_to_discontinuity().await;
    follower.follow(6).await;
    assert_eq!(follower.seen.maps.len(), 2, "{:?}", follower.seen);
    let status = server.live(id, Quality::Main).await;
    assert_eq!(status.video.map(|video| (video.width, video.height)), Some((480, 360)));
    assert_eq!(status.reconnects, 0, "the session stays");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn timestamps_that_jump_either_way_leave_the_playlist_whole() {
    let (camera, server, id) = sub_camera().await;
    let mut follower = Follower::new(server.address, id, "main").await;
    follower.follow(5).await;
    for seconds in [5.0, -5.0, 4000.0, -4000.0] {
        camera.jump_timestamps(seconds).await.expect("a camera that listens");
        follower.follow(3).await;
    }
    assert_eq!(server.live(id, Quality::Main).await.reconnects, 0, "the session stays");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sequence_numbers_do_not_go_back_over_a_restart_of_the_server() {
    let (_camera, server, id) = sub_camera().await;
    let mut follower = Follower::new(server.address, id, "main").await;
    follower.follow(5).await;
    let before = follower.playlist().clone();
    let server = server.restart().await;
    let mut again = Follower::new(server.address, id, "main").await;
    again.follow(3).await;
    let after = again.playlist().clone();
    assert!(after.first_sequence() > before.open_sequence(), "{} after {}", after.first_sequence(), before.open_sequence());
    assert!(after.discontinuity_sequence > before.discontinuity_sequence);
    assert!(after.numbered().all(|(_, segment)| before.numbered().all(|(_, old)| old.uri.is_empty() || segment.uri != old.uri)));
    assert!(follower.seen.maps.iter().all(|map| !again.seen.maps.contains(map)), "no name is used again");
    server.stop().await;
}
