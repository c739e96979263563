//! LL-HLS of real streams over HTTP, held against the validator: in calm, and while the camera or the server goes through trouble.

use crate::https::serve_state;
use crate::live_support::hls::{Follower, check_media, check_playlist};
use crate::live_support::http::Http;
use crate::live_support::http2::Http2;
use crate::live_support::{Server, timely, token};
use crate::support::tls::{Trust, connect};
use fakecam::{Action, AudioCodec, FakeCamera, Fixture};
use media::hls::validate::{Playlist, parse};
use media::id::Quality;
use media::stream::StreamState;
use serde_json::json;
use std::io::Read;

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

/// As browsers do it: playlists that wait, hints and parts of two streams at the same time, all on one connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_http2_one_connection_carries_all_that_waits() {
    let camera = main_and_sub().start().await.expect("a camera");
    let server = Server::start().await;
    let id = server.add_rtsp("Gate", &camera.url("/main"), Some(&camera.url("/sub"))).await;
    let (_, https, _listener) = serve_state(&server.state).await;
    let trust = Trust::in_authority(&server.state.certificates.authority().expect("an authority").1);
    let socket = connect(https, "localhost", &trust, &[b"h2", b"http/1.1"]).await.expect("trusted");
    assert_eq!(socket.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let who = ("authorization", format!("Bearer {}", token(server.address)));
    let connection = Http2::on(socket, format!("https://localhost:{}", https.port()), who).await;
    let mut main = Follower::over_http2(&connection, id, "main");
    let mut sub = Follower::over_http2(&connection, id, "sub");
    tokio::join!(main.follow(12), sub.follow(12));
    for seen in [&main.seen, &sub.seen] {
        assert!(seen.hinted > 15 && seen.deltas > 1 && seen.whole_segments > 2 && seen.independent_parts > 2, "{seen:?}");
        assert_eq!((seen.unavailable, seen.maps.len(), seen.discontinuities.len()), (0, 1, 0), "{seen:?}");
    }
    // While a whole wall waits for segments that are still to come, other answers come at once.
    let next = main.playlist().open_sequence() + 1;
    let path = format!("/live/{id}/main/index.m3u8?_HLS_msn={next}");
    let mut waiting = std::pin::pin!(futures::future::join_all((0..100).map(|_| connection.get(&path))));
    let other = tokio::select! {
        biased;
        _ = &mut waiting => None,
        answer = connection.get("/health/live") => Some(answer.status),
    };
    assert_eq!(other, Some(200), "what waits holds nothing up");
    for answer in waiting.await {
        check_playlist(&answer, &path);
    }
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
    camera.switch(None, Fixture::other_sps().with_audio(AudioCodec::Aac)).await.expect("a camera that listens");
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
    let discontinuities = (before.discontinuity_sequence, after.discontinuity_sequence);
    assert!(discontinuities.1 >= discontinuities.0, "{discontinuities:?}");
    assert!(after.numbered().all(|(_, segment)| before.numbered().all(|(_, old)| old.uri.is_empty() || segment.uri != old.uri)));
    assert!(follower.seen.maps.iter().all(|map| !again.seen.maps.contains(map)), "no name is used again");
    server.stop().await;
}

/// The playlist as it is now.
async fn now(http: &mut Http, folder: &str) -> Playlist {
    let answer = http.get(&format!("{folder}index.m3u8")).await;
    check_playlist(&answer, folder);
    parse(answer.text())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_framed_cached_and_compressed_as_players_need() {
    let (_camera, server, id) = sub_camera().await;
    let mut http = server.http().await;
    let folder = format!("/live/{id}/main/");
    let (index, master) = (format!("{folder}index.m3u8"), format!("/live/{id}/master.m3u8"));
    let playlist = now(&mut http, &folder).await;

    for path in [&index, &format!("{folder}plain.m3u8"), &master] {
        let (head, get) = (http.head(path).await, http.get(path).await);
        assert_eq!((head.status, head.header("content-type")), (200, get.header("content-type")), "{path}");
        assert!(head.header("content-length").parse::<usize>().is_ok_and(|length| length > 0), "{path}: {:?}", head.headers);
        assert_eq!(get.header("content-length"), get.body.len().to_string(), "{path}");
    }
    let map = playlist.segments[0].map.clone().expect("a map");
    let part = playlist.numbered().flat_map(|(_, segment)| &segment.parts).next().expect("a part").uri.clone();
    for uri in [&map, &playlist.segments[0].uri, &part] {
        let path = format!("{folder}{uri}");
        let (head, get) = (http.head(&path).await, http.get_with(&path, &[("accept-encoding", "gzip")]).await);
        assert_eq!((head.status, head.header("content-length")), (200, get.header("content-length")), "{uri}");
        check_media(&get, uri);
        assert!(get.header("cache-control").contains("private"), "a login must not leak through shared caches");
        assert_eq!(http.get(&path).await.body, get.body, "{uri} stays what it is");
    }

    let squeezed = http.get_with(&index, &[("accept-encoding", "deflate, gzip;q=0.5")]).await;
    assert_eq!((squeezed.status, squeezed.header("content-encoding"), squeezed.header("vary")), (200, "gzip", "accept-encoding"));
    assert_eq!(squeezed.header("content-length"), squeezed.body.len().to_string());
    let mut text = String::new();
    flate2::read::GzDecoder::new(&squeezed.body[..]).read_to_string(&mut text).expect("gzip");
    assert!(text.starts_with("#EXTM3U\n") && text.len() > squeezed.body.len(), "{text}");
    let plain = http.get_with(&index, &[("accept-encoding", "gzip;q=0, br")]).await;
    check_playlist(&plain, &index);
    assert_ne!(plain.header("etag"), squeezed.header("etag"), "each encoding has its own");
    assert_eq!(plain.header("accept-ranges"), "none");

    // A part may come in between: then the tag is another one, and the next try has it.
    let unchanged = async {
        loop {
            let tag = http.get(&index).await.header("etag").to_owned();
            let answer = http.get_with(&index, &[("if-none-match", &format!("\"other\", {tag}"))]).await;
            if answer.status == 304 {
                return (answer, tag);
            }
        }
    };
    let (answer, tag) = timely("an unchanged playlist", unchanged).await;
    assert_eq!((answer.header("etag"), answer.header("vary")), (tag.as_str(), "accept-encoding"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn directives_that_contradict_the_playlist_are_400_and_what_is_not_there_is_404() {
    let (_camera, server, id) = sub_camera().await;
    let mut http = server.http().await;
    let folder = format!("/live/{id}/main/");
    let playlist = now(&mut http, &folder).await;
    let open = playlist.open_sequence();
    let queries = [
        "_HLS_part=0".to_owned(),
        "_HLS_msn=".to_owned(),
        "_HLS_msn=-1".to_owned(),
        "_HLS_msn=1e3".to_owned(),
        "_HLS_msn=99999999999999999999999".to_owned(),
        format!("_HLS_msn={open}&_HLS_part=x"),
        format!("_HLS_msn={open}&_HLS_part=200"),
        format!("_HLS_msn={}", open + 10),
        format!("_HLS_msn={}&_HLS_part=0", open + 10),
        "_HLS_skip=NO".to_owned(),
    ];
    for query in queries {
        assert_eq!(http.get(&format!("{folder}index.m3u8?{query}")).await.problem(400), "bad_hls_directive", "{query}");
    }
    // Old ones are answered at once; parameters that are not for us are passed over.
    let old = playlist.first_sequence();
    for query in [format!("_HLS_msn={old}").as_str(), "_HLS_msn=0&_HLS_part=99", "_HLS_msn=0", "token=x&_HLS_skip=v2"] {
        check_playlist(&http.get(&format!("{folder}index.m3u8?{query}")).await, query);
    }
    // Without low latency there is nothing to wait for.
    check_playlist(&http.get(&format!("{folder}plain.m3u8?_HLS_msn={}", open + 10)).await, "plain");

    let segment = &playlist.segments[0].uri;
    let part = playlist.part_hint().expect("a hint").to_owned();
    let run = part.split('-').nth(1).expect("a run");
    let unknown = [
        ("/live/999/main/index.m3u8".to_owned(), "camera_not_found"),
        ("/live/999/master.m3u8".to_owned(), "camera_not_found"),
        ("/live/x/main/plain.m3u8".to_owned(), "camera_not_found"),
        ("/live/0/main/index.m3u8".to_owned(), "camera_not_found"),
        (format!("/live/{id}/third/index.m3u8"), "stream_not_found"),
        (format!("/live/{id}/third/{segment}"), "stream_not_found"),
        (format!("{folder}seg-{run}-1.m4s"), "media_not_found"),
        (format!("{folder}part-{run}-999999.m4s"), "media_not_found"),
        (format!("{folder}part-0000-1.m4s"), "media_not_found"),
        (format!("{folder}{}", segment.replace("seg", "part")), "media_not_found"),
        (format!("{folder}..%2f..%2fnightjar.db"), "media_not_found"),
        (format!("{folder}index.m3u9"), "media_not_found"),
    ];
    for (path, code) in unknown {
        assert_eq!(http.get(&path).await.problem(404), code, "{path}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_that_sends_nothing_is_503_with_the_time_to_ask_again() {
    let (camera, server, id) = sub_camera().await;
    let mut http = server.http().await;
    let folder = format!("/live/{id}/main/");
    let playlist = now(&mut http, &folder).await;
    camera.stall().await;
    // Two segments ahead is permitted, and waited for: three target durations, before hls.js gives up.
    let ahead = playlist.open_sequence() + 1;
    let answer = timely("the answer", http.get(&format!("{folder}index.m3u8?_HLS_msn={ahead}"))).await;
    assert_eq!(answer.problem(503), "no_new_media");
    assert_eq!(answer.header("retry-after"), "1");
    server.until(id, Quality::Main, |status| status.state == StreamState::Backoff || status.error.is_some()).await;
    // What was there is still served.
    check_playlist(&http.get(&format!("{folder}index.m3u8")).await, "while the camera is silent");

    let never = server.add_rtsp_unseen("Never seen", "rtsp://127.0.0.1:9/main").await;
    for path in ["main/index.m3u8", "sub/plain.m3u8", "master.m3u8"] {
        let answer = http.get(&format!("/live/{never}/{path}")).await;
        assert_eq!(answer.problem(503), "no_frame_yet", "{path}");
        assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
        assert!(!answer.json()["detail"].as_str().is_some_and(|detail| detail.contains("has not sent")), "the reason: {}", answer.text());
    }
    assert_eq!(http.json("PATCH", &format!("/api/v1/cameras/{id}"), &json!({"enabled": false})).await.status, 200);
    server.until(id, Quality::Main, |status| status.state == StreamState::Disabled).await;
    for path in ["main/index.m3u8", "sub/index.m3u8", "main/plain.m3u8"] {
        assert_eq!(http.get(&format!("/live/{id}/{path}")).await.problem(503), "camera_disabled", "{path}");
    }
    server.stop().await;
}
