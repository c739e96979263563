//! Streams against the scripted RTSP camera: one session each, whatever the camera and the people do.

use fakecam::{Action, Auth, FakeCamera, Fixture};
use futures::future::join_all;
use media::ingest::connect::{Connector, ConnectorOptions};
use media::ingest::net::AddressPolicy;
use media::ingest::{Credentials, RtspSpec, SourceSpec, TransportChoice, rtsp::Quirks};
use media::stream::hub::Item;
use media::stream::{StreamConfig, StreamHandle, StreamState, Streams, StreamsOptions, ViewerKind};
use media::{CameraId, ErrorCode, Quality, StreamKey};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Far above what anything here takes; a test that meets it has hung.
const PATIENCE: Duration = Duration::from_secs(30);
const MAIN: StreamKey = StreamKey { camera: CameraId(1), quality: Quality::Main };
const SUB: StreamKey = StreamKey { camera: CameraId(1), quality: Quality::Sub };

async fn camera(auth: Option<Auth>) -> FakeCamera {
    let builder = FakeCamera::builder().mount("/main", Fixture::sub()).mount("/sub", Fixture::other_sps());
    let builder = match auth {
        Some(auth) => builder.auth(auth),
        None => builder,
    };
    builder.start().await.expect("the camera starts")
}

fn streams() -> Streams {
    let options =
        ConnectorOptions { addresses: AddressPolicy { allow_loopback: true, ..AddressPolicy::default() }, ..ConnectorOptions::default() };
    Streams::new(StreamsOptions::default(), Arc::new(Connector::new(options)))
}

fn source(camera: &FakeCamera, path: &str, password: &str) -> SourceSpec {
    SourceSpec::Rtsp(RtspSpec {
        url: camera.url(path).parse().expect("a URL"),
        credentials: Some(Credentials { username: "admin".into(), password: password.to_owned().into() }),
        transport: TransportChoice::Tcp,
        quirks: Quirks::default(),
    })
}

fn add(streams: &Streams, key: StreamKey, source: SourceSpec) -> StreamHandle {
    streams.configure(key, StreamConfig { always_on: true, ..StreamConfig::new(source) });
    streams.handle(key).expect("just configured")
}

async fn until(handle: &StreamHandle, state: StreamState) {
    let mut watch = handle.watch();
    let found = timeout(PATIENCE, watch.wait_for(|status| status.state == state)).await;
    assert!(matches!(found, Ok(Ok(_))), "not {state:?} but {:?}", handle.status());
}

#[tokio::test]
async fn main_and_sub_run_side_by_side_in_one_session_each() {
    let (camera, streams) = (camera(None).await, streams());
    let (main, sub) = (add(&streams, MAIN, source(&camera, "/main", "")), add(&streams, SUB, source(&camera, "/sub", "")));
    until(&main, StreamState::Live).await;
    until(&sub, StreamState::Live).await;
    let viewers: Vec<_> = (0..5).map(|_| main.join(ViewerKind::Mse)).collect();
    for viewer in &viewers {
        let mut reader = viewer.hub().subscribe(8 << 20);
        let epoch = timeout(PATIENCE, reader.next()).await.expect("in time");
        assert!(matches!(epoch, Some(Item::Epoch(_))));
        assert!(matches!(reader.next().await, Some(Item::Chunk(chunk)) if chunk.key));
    }
    let size = |handle: &StreamHandle| handle.status().video.map(|video| (video.width, video.height));
    assert_eq!((size(&main), size(&sub)), (Some((640, 360)), Some((480, 360))));
    assert_eq!((camera.sessions_open(), camera.sessions_total()), (2, 2));
    streams.shutdown().await;
    assert_eq!(camera.mount_counters("/main").teardowns + camera.mount_counters("/sub").teardowns, 2);
}

#[tokio::test]
async fn a_rebooting_camera_comes_back_to_the_same_viewer() {
    let (camera, streams) = (camera(None).await, streams());
    let main = add(&streams, MAIN, source(&camera, "/main", ""));
    let viewer = main.join(ViewerKind::Mse);
    let mut reader = viewer.hub().subscribe(8 << 20);
    until(&main, StreamState::Live).await;
    camera.act(None, Action::Reboot { seconds: 1.0, power_loss: false }).await.expect("it reboots");
    let mut epochs = 0;
    while epochs < 2 {
        if let Some(Item::Epoch(_)) = timeout(PATIENCE, reader.next()).await.expect("in time") {
            epochs += 1;
        }
    }
    until(&main, StreamState::Live).await;
    assert_eq!(camera.mount_counters("/main").sessions_max, 1);
    assert_eq!(main.status().reconnects, 1);
    streams.shutdown().await;
}

#[tokio::test]
async fn a_stall_with_an_open_socket_is_found_and_healed() {
    let (camera, streams) = (camera(None).await, streams());
    let main = add(&streams, MAIN, source(&camera, "/main", ""));
    until(&main, StreamState::Live).await;
    let mut watch = main.watch();
    let mut events = streams.events();
    // A few frames first: until their distance is known, a silent camera gets more time.
    timeout(PATIENCE, watch.wait_for(|status| status.fps > 10.0)).await.expect("in time").expect("running");
    camera.stall().await;
    until(&main, StreamState::Stalled).await;
    camera.resume().await;
    until(&main, StreamState::Live).await;
    let event = events.try_recv().expect("an event");
    assert_eq!((event.to, event.code), (StreamState::Stalled, Some(ErrorCode::Stalled)));
    // For how long is up to how busy the machine is; the limit itself is proved in simulated time.
    assert!(event.reason.starts_with("No frames for "), "{}", event.reason);
    assert_eq!(camera.mount_counters("/main").sessions_max, 1);
    streams.shutdown().await;
}

#[tokio::test]
async fn a_wrong_password_reaches_a_camera_that_does_not_answer_it_twice_at_most() {
    let (camera, streams) = (camera(Some(Auth::digest("admin", "right"))).await, streams());
    camera.update(None, |script| script.hold_refusals = true).await;
    let wrong = source(&camera, "/main", "wrong");
    for sent in 1..=2 {
        // Whoever asked goes away once the login was sent.
        let probing = streams.probe(&wrong, PATIENCE);
        tokio::pin!(probing);
        let login_seen = async {
            while camera.logins_failed() < sent {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            probe = probing.as_mut() => panic!("not answered yet: {probe:?}"),
            () = login_seen => {}
        }
    }
    let (main, sub) = (add(&streams, MAIN, wrong.clone()), add(&streams, SUB, source(&camera, "/sub", "wrong")));
    until(&main, StreamState::AuthBlocked).await;
    until(&sub, StreamState::AuthBlocked).await;
    assert!(!main.restart().await.restarted && !sub.recover().await.restarted);
    assert!(streams.probe(&wrong, PATIENCE).await.is_err());
    assert_eq!(camera.logins_failed(), 2);
    streams.shutdown().await;
}

#[tokio::test]
async fn a_wrong_password_reaches_the_camera_twice_at_most() {
    let (camera, streams) = (camera(Some(Auth::digest("admin", "right"))).await, streams());
    let (main, sub) = (add(&streams, MAIN, source(&camera, "/main", "wrong")), add(&streams, SUB, source(&camera, "/sub", "wrong")));
    let spec = source(&camera, "/main", "wrong");
    let probes = join_all((0..3).map(|_| streams.probe(&spec, PATIENCE))).await;
    assert!(probes.iter().all(|probe| probe.is_err()));
    until(&main, StreamState::AuthBlocked).await;
    until(&sub, StreamState::AuthBlocked).await;
    assert!(!main.restart().await.restarted && !sub.recover().await.restarted);
    assert!(streams.probe(&spec, PATIENCE).await.is_err());
    assert_eq!(camera.logins_failed(), 2);
    add(&streams, MAIN, source(&camera, "/main", "right"));
    until(&main, StreamState::Live).await;
    assert_eq!(camera.logins_failed(), 2);
    streams.shutdown().await;
}

#[tokio::test]
async fn ten_restarts_at_once_are_one_session() {
    let (camera, streams) = (camera(None).await, streams());
    let main = add(&streams, MAIN, source(&camera, "/main", ""));
    until(&main, StreamState::Live).await;
    let mut watch = main.watch();
    let answers = join_all((0..10).map(|_| main.restart())).await;
    assert!(answers.iter().all(|answer| answer.restarted), "{answers:?}");
    timeout(PATIENCE, watch.wait_for(|status| status.reconnects == 1 && status.state == StreamState::Live))
        .await
        .expect("in time")
        .expect("running");
    let counters = camera.mount_counters("/main");
    assert_eq!((counters.sessions_total, counters.sessions_max), (2, 1));
    streams.shutdown().await;
}

#[tokio::test]
async fn a_probe_gives_a_picture_and_its_session_back() {
    let (camera, streams) = (camera(None).await, streams());
    let found = streams.probe(&source(&camera, "/main", ""), PATIENCE).await.expect("a picture");
    assert!(found.key_frame.key && !found.epoch.init.is_empty());
    assert_eq!((found.tracks.video.width, found.tracks.video.height), (640, 360));
    assert_eq!((camera.sessions_total(), camera.mount_counters("/main").teardowns), (1, 1));
    let error = streams.probe(&source(&camera, "/nothing", ""), PATIENCE).await.expect_err("no such path");
    assert_eq!(error.code, ErrorCode::NotFound);
}
