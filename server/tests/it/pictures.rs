//! A picture that freezes or goes dark while the stream runs on: told, noted, and no fault.

use crate::live_support::{Server, timely};
use fakecam::{AudioCodec, FakeCamera, Fixture};
use media::id::Quality;
use media::stream::StreamState;
use media::stream::picture::PictureState;
use serde_json::{Value, json};
use std::time::Duration;

/// A camera's incidents, newest first, as soon as they are as `wanted`.
async fn log(server: &Server, id: i64, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let reading = async {
        loop {
            let log = server.http().await.get(&format!("/api/v1/cameras/{id}/incidents")).await.json();
            let entries = log.as_array().cloned().unwrap_or_default();
            if wanted(&entries) {
                return entries;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timely("the incident log", reading).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_and_a_dark_picture_are_told_while_the_stream_stays_live() {
    let camera = FakeCamera::builder().fixture(Fixture::sub()).start().await.expect("a camera");
    let server = Server::start().await;
    let id = server.add_rtsp("Gate", &camera.url("/main"), None).await;
    let live = server.live(id, Quality::Main).await;
    assert_eq!((live.picture, live.picture_since_utc_ms), (PictureState::Ok, None));

    camera.update(None, |script| script.frozen = true).await;
    let frozen = server.until(id, Quality::Main, |status| status.picture == PictureState::Frozen).await;
    assert_eq!((frozen.state, &frozen.error), (StreamState::Live, &None));
    assert!(frozen.picture_since_utc_ms.is_some_and(|since| since >= live.since_utc_ms), "{frozen:?}");
    let told = &server.streams(id).await[0];
    assert_eq!((&told["state"], &told["picture"]), (&json!("live"), &json!("frozen")));
    assert!(told["picture_since"].is_string(), "{told}");

    log(&server, id, |entries| entries.len() == 1).await;
    camera.resume().await;
    let back = server.until(id, Quality::Main, |status| status.picture == PictureState::Ok).await;
    assert_eq!((back.state, back.picture_since_utc_ms, back.reconnects), (StreamState::Live, None, 0));

    camera.switch(None, Fixture::black()).await.expect("a black loop");
    let dark = server.until(id, Quality::Main, |status| status.picture == PictureState::Dark).await;
    assert_eq!((dark.state, &dark.error), (StreamState::Live, &None));
    log(&server, id, |entries| entries.len() == 2).await;
    camera.switch(None, Fixture::sub()).await.expect("a loop");
    let light = server.until(id, Quality::Main, |status| status.picture == PictureState::Ok).await;
    assert_eq!((light.state, light.reconnects), (StreamState::Live, 0), "nothing was restarted for it");

    // What a person reads afterwards: both, each over, none of them an outage.
    let over = |entries: &[Value]| entries.len() == 2 && entries.iter().all(|entry| !entry["ended_at"].is_null());
    let log = log(&server, id, over).await;
    for (entry, kind) in log.iter().zip(["picture_dark", "picture_frozen"]) {
        assert_eq!((&entry["kind"], &entry["camera_id"], &entry["quality"]), (&json!(kind), &json!(id), &json!("main")), "{entry:#}");
        assert!(entry["summary"].as_str().is_some_and(|summary| summary.contains("over after")), "{entry:#}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sound_that_is_announced_and_never_sent_is_not_promised() {
    let camera = FakeCamera::builder()
        .mount("/with", Fixture::sub().with_audio(AudioCodec::Aac))
        .mount("/without", Fixture::sub().with_audio(AudioCodec::Aac))
        .mount("/pcma", Fixture::sub().with_audio(AudioCodec::Pcma))
        .start()
        .await
        .expect("a camera");
    camera.update(Some("/without"), |script| script.stall_audio = true).await;
    let server = Server::start().await;
    let with = server.add_rtsp("With", &camera.url("/with"), None).await;
    let without = server.add_rtsp("Without", &camera.url("/without"), None).await;
    let pcma = server.add_rtsp("Telephone", &camera.url("/pcma"), None).await;
    server.until(with, Quality::Main, |status| status.sound).await;
    for id in [without, pcma] {
        let status = server.until(id, Quality::Main, |status| status.fps > 20.0 && status.audio.is_some()).await;
        assert!(!status.sound, "announced, and nothing that a browser could play: {status:?}");
    }
    // It stops in the middle: the next key frame takes it out.
    camera.update(Some("/with"), |script| script.stall_audio = true).await;
    server.until(with, Quality::Main, |status| !status.sound && status.state == StreamState::Live).await;
    server.stop().await;
}
