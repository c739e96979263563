//! The registry, supervisor and handles together, against a scripted camera, under tokio's paused clock.

#[path = "tests/sequences.rs"]
mod sequences;

use super::*;
use crate::id::Quality;
use crate::stream::handle::Viewer;
use crate::stream::hub::Item;
use crate::stream::status::ViewerKind;
use crate::stream::testing::{Camera, Counted, Mode, key, source};
use futures::future::join_all;

const MAIN: StreamKey = StreamKey { camera: crate::CameraId(1), quality: Quality::Main };
const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

fn streams(camera: &Camera) -> Streams {
    Streams::new(StreamsOptions::default(), Arc::new(camera.clone()))
}

fn config(path: &str) -> StreamConfig {
    StreamConfig::new(source("camera.lan", path, "right"))
}

fn always_on(path: &str) -> StreamConfig {
    StreamConfig { always_on: true, ..config(path) }
}

fn handle(streams: &Streams, key: StreamKey) -> StreamHandle {
    streams.handle(key).expect("a configured stream")
}

/// Waits (in paused time) until the stream is in `state`.
async fn until(handle: &StreamHandle, state: StreamState) -> Duration {
    let started = Instant::now();
    let mut watch = handle.watch();
    let found = timeout(7200 * SECOND, watch.wait_for(|status| status.state == state)).await;
    assert!(matches!(found, Ok(Ok(_))), "not {state:?} within two hours but {:?}", handle.status());
    started.elapsed()
}

async fn live(camera: &Camera) -> (Streams, StreamHandle, Viewer) {
    let streams = streams(camera);
    streams.configure(MAIN, config("main"));
    let handle = handle(&streams, MAIN);
    let viewer = handle.join(ViewerKind::Mse);
    until(&handle, StreamState::Live).await;
    (streams, handle, viewer)
}

#[tokio::test(start_paused = true)]
async fn a_viewer_starts_the_stream_and_the_last_one_to_go_ends_it() {
    let camera = Camera::default();
    let streams = streams(&camera);
    streams.configure(MAIN, config("main"));
    let handle = handle(&streams, MAIN);
    tokio::time::sleep(60 * SECOND).await;
    assert_eq!((handle.status().state, camera.connects()), (StreamState::Idle, 0));

    let (one, two) = (handle.join(ViewerKind::Mse), handle.join(ViewerKind::Hls));
    until(&handle, StreamState::Live).await;
    assert_eq!((handle.status().viewers.mse, handle.status().viewers.hls), (1, 1));
    drop(one);
    tokio::time::sleep(60 * SECOND).await;
    assert_eq!(handle.status().state, StreamState::Live, "a viewer's stop ends that viewer only");
    drop(two);
    let lingered = until(&handle, StreamState::Idle).await;
    assert!((10 * SECOND..11 * SECOND).contains(&lingered), "{lingered:?}");
    tokio::time::sleep(SECOND).await;
    assert_eq!((camera.open(), camera.connects()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_waits_long_for_its_first_picture_is_waited_for() {
    // As long as a source may by its own limits: a program that is started, connects and meets a long group of pictures.
    let camera = Camera { connect_time: crate::ingest::OPENING_LIMIT - SECOND, ..Camera::default() };
    let (_streams, handle, _viewer) = live(&camera).await;
    assert_eq!((camera.connects(), handle.status().reconnects), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_live_is_measured() {
    let (_streams, handle, viewer) = live(&Camera::default()).await;
    tokio::time::sleep(10 * SECOND).await;
    let status = handle.status();
    assert!((24.0..26.5).contains(&status.fps), "{}", status.fps);
    assert_eq!(status.key_frame_interval_ms.map(|ms| ms / 100), Some(10));
    assert!(status.last_frame_age_ms.is_some_and(|age| age <= 50), "{:?}", status.last_frame_age_ms);
    assert!(status.bytes_received > 1500 && status.reconnects == 0 && status.error.is_none());
    assert_eq!(status.video.map(|video| (video.width, video.height)), Some((640, 360)));
    let mut reader = viewer.hub().subscribe(1 << 20);
    assert!(matches!(reader.next().await, Some(Item::Epoch(_))));
    assert!(matches!(reader.next().await, Some(Item::Chunk(chunk)) if chunk.key));
}

#[tokio::test(start_paused = true)]
async fn a_stall_is_found_in_five_seconds_and_readers_go_on_with_a_new_epoch() {
    let camera = Camera::default();
    let (streams, handle, viewer) = live(&camera).await;
    let mut events = streams.events();
    let mut reader = viewer.hub().subscribe(1 << 20);
    tokio::time::sleep(2 * SECOND).await;
    camera.set(Mode::Silent);
    let found = until(&handle, StreamState::Stalled).await;
    assert!(found < 5 * SECOND, "{found:?}");
    camera.set(Mode::Send);
    let healed = until(&handle, StreamState::Live).await;
    assert!(healed <= SECOND, "{healed:?}");
    assert_eq!((camera.connects(), camera.open_most(), handle.status().reconnects), (2, 1, 1));

    let mut epochs = Vec::new();
    while epochs.last() != Some(&2) {
        if let Some(Item::Epoch(epoch)) = reader.next().await {
            epochs.push(epoch.number);
        }
    }
    let mut reasons = Vec::new();
    while let Ok(event) = events.try_recv() {
        reasons.push((event.to, event.reason));
    }
    assert!(reasons[0].0 == StreamState::Stalled && reasons[0].1.contains("No frames for 4.8 s"), "{reasons:?}");
    let (last, sentence) = reasons.last().expect("events");
    assert!(*last == StreamState::Live && sentence.contains("in the dark"), "{reasons:?}");
}

#[tokio::test(start_paused = true)]
async fn a_camera_that_sends_nothing_is_an_error_and_not_live() {
    let camera = Camera::default();
    camera.set(Mode::Silent);
    let streams = streams(&camera);
    streams.configure(MAIN, always_on("main"));
    let handle = handle(&streams, MAIN);
    until(&handle, StreamState::Backoff).await;
    let error = handle.status().error.expect("an error");
    assert_eq!(error.error.code, ErrorCode::Stalled);
    assert!(error.next_try_utc_ms.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_camera_that_never_answers_is_a_timeout() {
    let camera = Camera::default();
    camera.set(Mode::Hang);
    let streams = streams(&camera);
    streams.configure(MAIN, always_on("main"));
    let handle = handle(&streams, MAIN);
    until(&handle, StreamState::Backoff).await;
    assert_eq!(handle.status().error.map(|error| error.error.code), Some(ErrorCode::Timeout));
}

#[tokio::test(start_paused = true)]
async fn main_sub_and_probes_together_send_two_wrong_logins_in_an_hour() {
    let camera = Camera { password: Some("right"), ..Camera::default() };
    let streams = streams(&camera);
    let wrong = |path| StreamConfig { source: source("camera.lan", path, "wrong"), ..always_on(path) };
    for quality in Quality::ALL {
        streams.configure(key(1, quality), wrong(quality.as_str()));
    }
    let spec = source("camera.lan", "main", "wrong");
    let probes = join_all((0..5).map(|_| streams.probe(&spec, 10 * SECOND))).await;
    for probe in probes {
        let code = probe.expect_err("a wrong password").code;
        assert!(matches!(code, ErrorCode::AuthFailed | ErrorCode::AuthBlocked), "{code}");
    }
    for quality in Quality::ALL {
        let handle = handle(&streams, key(1, quality));
        until(&handle, StreamState::AuthBlocked).await;
        assert!(!handle.restart().await.restarted);
    }
    tokio::time::sleep(59 * 60 * SECOND).await;
    assert_eq!(camera.wrong_logins(), 2);

    // The right password is tried at once; the other stream of the camera stays blocked.
    streams.configure(MAIN, always_on("main"));
    let healed = until(&handle(&streams, MAIN), StreamState::Live).await;
    assert!(healed < SECOND, "{healed:?}");
    assert_eq!(camera.wrong_logins(), 2);
    assert!(streams.probe(&source("camera.lan", "other", "right"), 10 * SECOND).await.is_ok());
}

/// Such refusals were taken for a camera that does not answer: one was asked nine times in a minute.
#[tokio::test(start_paused = true)]
async fn a_login_that_is_never_answered_is_sent_twice_an_hour() {
    let camera = Camera { password: Some("right"), ..Camera::default() };
    camera.set(Mode::Mute);
    let streams = streams(&camera);
    let spec = source("camera.lan", "main", "wrong");
    // Whoever asked goes away while the login is under way.
    for _ in 0..5 {
        let probe = timeout(camera.connect_time + SECOND, streams.probe(&spec, 10 * SECOND)).await;
        assert!(probe.is_err() || probe.is_ok_and(|probe| probe.is_err()));
    }
    streams.configure(MAIN, StreamConfig { source: spec.clone(), ..always_on("main") });
    until(&handle(&streams, MAIN), StreamState::AuthBlocked).await;
    let told = handle(&streams, MAIN).status().error.expect("an error").error.message;
    assert!(told.contains("left them unanswered"), "{told}");
    // Changes of everything but the login, in the middle of whatever happens.
    for round in 0..40 {
        let path = format!("path{round}");
        streams.configure(MAIN, StreamConfig { source: source("camera.lan", &path, "wrong"), ..always_on("main") });
        tokio::time::sleep(SECOND).await;
        let _ = handle(&streams, MAIN).restart().await;
    }
    tokio::time::sleep(50 * 60 * SECOND).await;
    assert_eq!(camera.wrong_logins(), 2);
    streams.configure(MAIN, always_on("main"));
    until(&handle(&streams, MAIN), StreamState::Live).await;
    assert_eq!(camera.open_most(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_opening_that_is_given_up_while_its_login_is_under_way_is_no_second_session() {
    // The camera takes its time to find the password right.
    let camera = Camera { password: Some("right"), judge_time: 50 * MS, ..Camera::default() };
    let streams = streams(&camera);
    let right = source("camera.lan", "main", "right");
    for _ in 0..5 {
        let probe = timeout(camera.connect_time + 10 * MS, streams.probe(&right, 10 * SECOND)).await;
        assert!(probe.is_err(), "given up");
    }
    streams.configure(MAIN, StreamConfig { source: right, ..always_on("main") });
    until(&handle(&streams, MAIN), StreamState::Live).await;
    assert_eq!((camera.open(), camera.open_most(), camera.wrong_logins()), (1, 1, 0));
}

/// Nothing is gained by it: what is counted does not outlive the program.
#[tokio::test(start_paused = true)]
async fn the_end_does_not_wait_for_the_answer_to_a_login() {
    let camera = Camera { password: Some("right"), ..Camera::default() };
    camera.set(Mode::Mute);
    let streams = streams(&camera);
    let wrong = source("camera.lan", "main", "wrong");
    streams.configure(MAIN, StreamConfig { source: wrong.clone(), ..always_on("main") });
    let probe = timeout(camera.connect_time + SECOND, streams.probe(&wrong, 10 * SECOND)).await;
    assert!(probe.is_err() && camera.wrong_logins() == 2, "both are under way");
    let begun = Instant::now();
    streams.shutdown().await;
    assert!(begun.elapsed() < SECOND, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn ten_restarts_at_once_are_one_session() {
    let camera = Camera::default();
    let (_streams, handle, _viewer) = live(&camera).await;
    let answers = join_all((0..10).map(|_| handle.restart())).await;
    assert!(answers.iter().all(|answer| answer.restarted));
    tokio::time::sleep(SECOND).await;
    until(&handle, StreamState::Live).await;
    assert_eq!((camera.connects(), camera.open_most()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn recover_leaves_a_healthy_stream_alone() {
    let camera = Camera::default();
    let (_streams, handle, _viewer) = live(&camera).await;
    assert!(!handle.recover().await.restarted);
    camera.set(Mode::Silent);
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let answers = join_all((0..10).map(|_| handle.recover())).await;
    assert!(answers.iter().all(|answer| answer.restarted), "{answers:?}");
    camera.set(Mode::Send);
    until(&handle, StreamState::Live).await;
    assert_eq!((camera.connects(), camera.open_most()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_configuration_changes_nothing_and_a_new_source_restarts_only_its_stream() {
    let camera = Camera::default();
    let streams = streams(&camera);
    for quality in Quality::ALL {
        streams.configure(key(1, quality), always_on(quality.as_str()));
        until(&handle(&streams, key(1, quality)), StreamState::Live).await;
    }
    streams.configure(MAIN, always_on("main"));
    let settings = StreamSettings { policy: PolicySettings { linger: SECOND, ..PolicySettings::default() }, ..StreamSettings::default() };
    streams.configure(MAIN, StreamConfig { settings, ..always_on("main") });
    tokio::time::sleep(5 * SECOND).await;
    assert_eq!(camera.connects(), 2);

    streams.configure(MAIN, always_on("other"));
    tokio::time::sleep(SECOND).await;
    until(&handle(&streams, MAIN), StreamState::Live).await;
    assert_eq!((camera.connects(), camera.open_most()), (3, 2));
    assert_eq!(handle(&streams, key(1, Quality::Sub)).status().reconnects, 0);

    streams.configure(MAIN, StreamConfig { enabled: false, ..always_on("other") });
    until(&handle(&streams, MAIN), StreamState::Disabled).await;
    tokio::time::sleep(SECOND).await;
    assert_eq!(camera.open(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_mistake_of_ours_costs_one_session_of_one_stream() {
    let camera = Camera::default();
    let (_streams, handle, _viewer) = live(&camera).await;
    camera.set(Mode::Panic);
    until(&handle, StreamState::Backoff).await;
    assert_eq!(handle.status().error.map(|error| error.error.code), Some(ErrorCode::Internal));
    camera.set(Mode::Send);
    until(&handle, StreamState::Live).await;
    assert!(camera.connects() >= 2 && camera.open_most() == 1);
    assert_eq!(handle.hub().epoch().map(|epoch| epoch.number), Some(camera.connects()));
}

#[tokio::test(start_paused = true)]
async fn twenty_cameras_at_once_respect_the_connect_limit_and_dead_ones_do_not_starve_the_rest() {
    let camera = Camera { connect_time: SECOND, ..Camera::default() };
    camera.set(Mode::Fail(ErrorCode::Unreachable));
    let streams = streams(&camera);
    for number in 1..=20 {
        let source = source(&format!("camera-{number}.lan"), &format!("{number}"), "right");
        streams.configure(key(number, Quality::Main), StreamConfig { always_on: true, ..StreamConfig::new(source) });
    }
    tokio::time::sleep(120 * SECOND).await;
    camera.set(Mode::Send);
    let back = Instant::now();
    for number in 1..=20 {
        until(&handle(&streams, key(number, Quality::Main)), StreamState::Live).await;
    }
    assert!(back.elapsed() <= 10 * SECOND, "{:?}", back.elapsed());
    assert!(camera.connecting_most() <= 8, "{}", camera.connecting_most());
    assert_eq!(camera.open(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_removed_stream_is_closed_before_its_successor_opens() {
    let camera = Camera { close_time: SECOND, ..Camera::default() };
    let (streams, old, _viewer) = live(&camera).await;
    let mut reader = old.hub().subscribe(1 << 20);
    let removal = tokio::spawn({
        let streams = streams.clone();
        async move { streams.remove(MAIN).await }
    });
    tokio::task::yield_now().await;
    assert!(streams.handle(MAIN).is_none());
    streams.configure(MAIN, always_on("main"));
    until(&handle(&streams, MAIN), StreamState::Live).await;
    removal.await.expect("no panic");
    assert_eq!((camera.connects(), camera.open_most()), (2, 1));
    assert!(streams.handle(MAIN).is_some(), "the successor stays");
    while reader.next().await.is_some() {}
    assert!(!old.restart().await.restarted);
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_every_session_within_five_seconds_even_if_one_hangs() {
    let camera = Camera { close_time: 600 * SECOND, ..Camera::default() };
    let (streams, _handle, _viewer) = live(&camera).await;
    streams.configure(key(2, Quality::Main), always_on("second"));
    until(&handle(&streams, key(2, Quality::Main)), StreamState::Live).await;
    let started = Instant::now();
    streams.shutdown().await;
    assert!(started.elapsed() <= 5 * SECOND);
    assert_eq!(camera.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_probe_of_a_live_source_opens_no_second_session() {
    let camera = Camera::default();
    let (streams, _handle, _viewer) = live(&camera).await;
    let found = streams.probe(&source("camera.lan", "main", "right"), 10 * SECOND).await.expect("a picture");
    assert!(found.key_frame.key && found.tracks.video.width == 640);
    assert_eq!(camera.connects(), 1);
    let other = streams.probe(&source("camera.lan", "sub", "right"), 10 * SECOND).await.expect("a picture");
    assert!(other.key_frame.key);
    assert_eq!((camera.connects(), camera.open()), (2, 1), "the probe's session is closed when it answers");
    camera.set(Mode::Silent);
    let error = streams.probe(&source("camera.lan", "third", "right"), 10 * SECOND).await.expect_err("nothing is sent");
    assert_eq!(error.code, ErrorCode::Stalled);
}

#[tokio::test(start_paused = true)]
async fn an_inner_consumer_keeps_the_stream_but_is_no_viewer() {
    let camera = Camera::default();
    let streams = streams(&camera);
    streams.configure(MAIN, config("main"));
    let handle = handle(&streams, MAIN);
    let _recorder = handle.join(ViewerKind::Internal);
    until(&handle, StreamState::Live).await;
    assert_eq!(handle.status().viewers, crate::stream::status::ViewerCounts::default());
}

#[tokio::test(start_paused = true)]
async fn a_camera_that_was_off_for_an_hour_is_live_two_seconds_after_it_answers() {
    let camera = Camera::default();
    let (_streams, handle, _viewer) = live(&camera).await;
    camera.set(Mode::Fail(ErrorCode::Unreachable));
    until(&handle, StreamState::CircuitOpen).await;
    tokio::time::sleep(3600 * SECOND).await;
    camera.set(Mode::Send);
    let healed = until(&handle, StreamState::Live).await;
    assert!(healed <= 2 * SECOND, "{healed:?}");
    assert_eq!(camera.open_most(), 1);
}
