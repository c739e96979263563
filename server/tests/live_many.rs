//! Fifty cameras at once. Alone in its file: it wants the whole machine.

#[path = "it/live_support/mod.rs"]
mod live_support;

use fakecam::{FakeCamera, Fixture};
use futures::StreamExt;
use live_support::mse::Reader;
use live_support::{Server, rtsp};
use media::id::Quality;

const CAMERAS: u32 = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_cameras_are_live_and_each_can_be_seen() {
    let camera = FakeCamera::builder().fixture(Fixture::sub()).cameras(CAMERAS).start().await.expect("a camera");
    let server = Server::start().await;
    let adding = (1..=CAMERAS).map(|number| {
        let (server, body) = (&server, rtsp(&format!("Camera {number}"), &camera.url(&format!("/cam/{number}/main")), None));
        async move { server.add(&body).await }
    });
    let ids: Vec<i64> = futures::stream::iter(adding).buffer_unordered(10).collect().await;
    futures::future::join_all(ids.iter().map(|id| server.live(*id, Quality::Main))).await;
    let mut readers: Vec<Reader> = Vec::new();
    for id in &ids {
        readers.push(Reader::open(server.address, *id, "main").await);
    }
    // Every reader holds its decode times against each other; none is told that it is too slow.
    let watching = readers.iter_mut().map(|reader| async {
        let said = reader.frames(75).await;
        assert!(!said.iter().any(|one| matches!(one, live_support::mse::Said::Dropped(_))), "{said:?}");
    });
    futures::future::join_all(watching).await;
    let counters = camera.counters();
    let of_cameras: Vec<_> = counters.mounts.iter().filter(|(path, _)| path.starts_with("/cam/")).collect();
    assert_eq!(of_cameras.len(), ids.len());
    for (path, mount) in of_cameras {
        // One trial, then one session.
        assert_eq!((mount.sessions_open, mount.sessions_max, mount.sessions_total), (1, 1, 2), "{path}");
    }
    assert!(ids.iter().all(|id| server.stream(*id, Quality::Main).status().reconnects == 0));
    server.stop().await;
    assert_eq!(camera.sessions_open(), 0, "sessions are torn down");
}
