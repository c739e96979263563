//! Cameras that nothing happens to, next to others; and twenty that come back together.

use super::harness::{Audience, Watch, check_outage, say, written};
use crate::live_support::{Server, within};
use fakecam::{FakeCamera, Fixture, Script};
use media::ErrorCode;
use media::id::Quality;
use media::stream::StreamState;
use std::time::{Duration, Instant};

pub struct Bystander {
    camera: FakeCamera,
    id: i64,
    audience: Audience,
    watch: Watch,
}

impl Bystander {
    pub async fn new(server: &Server) -> Self {
        let camera = FakeCamera::builder().fixture(Fixture::sub()).start().await.expect("a camera");
        let id = server.add_rtsp("Bystander", &camera.url("/main"), None).await;
        server.live(id, Quality::Main).await;
        let audience = Audience::join(server, id).await;
        Self { audience, watch: Watch::new(server, id), id, camera }
    }

    /// Nothing has happened to it.
    pub async fn unmoved(mut self, server: &Server) {
        self.audience.see(25).await;
        assert_eq!(self.watch.catch_up(), []);
        let status = server.stream(self.id, Quality::Main).status();
        assert_eq!((status.state, status.reconnects), (StreamState::Live, 0));
        // The trial, and the stream.
        assert_eq!((self.camera.sessions_total(), self.camera.sessions_max()), (2, 1));
        self.audience.leave().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_cameras_that_come_back_together_are_opened_a_few_at_a_time() {
    const CAMERAS: u32 = 20;
    let camera = FakeCamera::builder().fixture(Fixture::sub()).cameras(CAMERAS).start().await.expect("a camera");
    let server = Server::start().await;
    let adding = (1..=CAMERAS).map(|number| server.add_rtsp_unseen_always(number, camera.url(&format!("/cam/{number}/main"))));
    let ids = futures::future::join_all(adding).await;
    futures::future::join_all(ids.iter().map(|id| server.live(*id, Quality::Main))).await;
    // One address, one lock of the wall: a switch loses its power, all are gone at once and come back at once.
    camera.refuse().await;
    camera.drop_connections().await.expect("a camera that listens");
    for id in &ids {
        server.until(*id, Quality::Main, |status| status.error.is_some()).await;
    }
    let slow = Script { answer_delay_ms: 30, ..Script::default() };
    let back = Instant::now();
    camera.update(None, |script| *script = slow).await;
    // Ten seconds are promised, so this time is a limit.
    let all_live = futures::future::join_all(ids.iter().map(|id| server.live(*id, Quality::Main)));
    within(Duration::from_secs(10), "all twenty are live", all_live).await;
    say(&format!("| twenty cameras back at once | | {} ms |", back.elapsed().as_millis()));
    for id in &ids {
        let log = written(&server, *id, 1).await;
        assert_eq!(log.len(), 1, "camera {id}: {log:#?}");
        check_outage(&format!("camera {id}"), &log[0], ErrorCode::Unreachable, "closed the connection");
    }
    let counters = camera.counters();
    assert!(counters.handshakes_max <= 8, "{} sessions were being opened at once", counters.handshakes_max);
    assert_eq!((camera.sessions_open(), camera.sessions_max()), (u64::from(CAMERAS), 1));
    server.stop().await;
    assert_eq!(camera.sessions_open(), 0);
}
