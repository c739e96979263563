//! Settings of cameras: refused with their field, told with their origin, in force without touching other cameras; and a changed
//! configuration that is followed while the server runs.

use crate::support::{TestApp, camera, settings};
use axum::http::StatusCode;
use media::id::{CameraId, Quality};
use media::stream::{StreamState, StreamStatus};
use serde_json::{Value, json};
use std::time::Duration;

async fn live(app: &TestApp, id: i64) -> StreamStatus {
    let mut status = app.state.cameras.stream(CameraId(id), Quality::Main).expect("a stream").watch();
    let is_live = status.wait_for(|status| status.state == StreamState::Live);
    tokio::time::timeout(Duration::from_secs(20), is_live).await.expect("live in time").expect("the stream runs").clone()
}

/// The settings of a camera by key.
async fn setting(app: &TestApp, id: i64, key: &str) -> Value {
    let answer = app.get(&format!("/api/v1/cameras/{id}/settings")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json().as_array().expect("a list").iter().find(|setting| setting["key"] == key).expect("known").clone()
}

#[tokio::test]
async fn unknown_keys_and_values_are_refused_beside_their_field() {
    let app = TestApp::start().await;
    let path = format!("/api/v1/cameras/{}", app.add("Gate").await);
    for (overrides, field, words) in [
        (json!({"speed": 1}), "overrides.speed", "rtsp.teardown"),
        (json!({"rtsp.teardown": "sometimes"}), "overrides.rtsp.teardown", "auto, always, never"),
        (json!({"hls.part_target_ms": 50}), "overrides.hls.part_target_ms", "from 100 to 1000"),
        (json!({"stream.stall_timeout_s": 121}), "overrides.stream.stall_timeout_s", "from 5 to 120"),
    ] {
        let answer = app.patch(&path, json!({"overrides": overrides})).await;
        let (status, _, at) = answer.problem();
        assert_eq!((status, at.as_deref()), (422, Some(field)));
        assert!(answer.json()["detail"].as_str().expect("a sentence").contains(words), "{}", answer.text);
        let mut new = camera("Other");
        new["overrides"] = overrides;
        assert_eq!(app.post("/api/v1/cameras", new).await.problem().2.as_deref(), Some(field));
    }
    assert_eq!(app.get(&path).await.json()["overrides"], json!({}));
}

#[tokio::test]
async fn every_threshold_is_refused_outside_its_range_which_is_named() {
    let app = TestApp::start().await;
    let path = format!("/api/v1/cameras/{}", app.add("Gate").await);
    let settings = app.get(&format!("{path}/settings")).await.json();
    let mut ranges = 0;
    for setting in settings.as_array().expect("a list") {
        let (key, allowed) = (setting["key"].as_str().expect("a key"), &setting["allowed"]);
        let (outside, words) = match allowed["kind"].as_str().expect("a kind") {
            "range" => {
                let (min, max) = (allowed["min"].as_i64().expect("a number"), allowed["max"].as_i64().expect("a number"));
                ranges += 1;
                (vec![json!(min - 1), json!(max + 1), json!("5")], format!("from {min} to {max}"))
            }
            _ => (vec![json!("nonsense"), json!(7)], String::new()),
        };
        for value in outside {
            for (path, overrides) in [(path.as_str(), "overrides"), ("/api/v1/settings", "defaults")] {
                let answer = app.patch(path, json!({overrides: {key: value}})).await;
                let (status, _, field) = answer.problem();
                assert_eq!((status, field), (422, Some(format!("{overrides}.{key}"))), "{value}: {}", answer.text);
                assert!(answer.json()["detail"].as_str().expect("a sentence").contains(&words), "{}", answer.text);
            }
        }
    }
    assert!(ranges >= 10, "{settings:#}");
    let answer = app.patch(&path, json!({"overrides": {"health.stale_after_s": 1}})).await;
    assert_eq!(answer.json()["detail"], "This must be a whole number from 2 to 120 (seconds).");
}

#[tokio::test]
async fn a_value_is_told_with_its_origin_and_survives_a_restart() {
    let app = TestApp::start().await;
    let id = app.add("Gate").await;
    let built_in = json!({
        "key": "stream.stall_timeout_s", "value": 5, "origin": "built_in", "inherited": {"value": 5, "origin": "built_in"},
        "allowed": {"kind": "range", "min": 5, "max": 120}
    });
    assert_eq!(setting(&app, id, "stream.stall_timeout_s").await, built_in);
    let overrides = json!({"stream.stall_timeout_s": 30, "rtsp.teardown": "always"});
    let changed = app.patch(&format!("/api/v1/cameras/{id}"), json!({"overrides": overrides})).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    assert_eq!(changed.json()["overrides"], overrides);

    let app = app.restart().await;
    let stall = setting(&app, id, "stream.stall_timeout_s").await;
    assert_eq!((&stall["value"], &stall["origin"], &stall["inherited"]["value"]), (&json!(30), &json!("camera"), &json!(5)));
    let teardown = setting(&app, id, "rtsp.teardown").await;
    assert_eq!(teardown["allowed"], json!({"kind": "one_of", "values": ["auto", "always", "never"]}));
    live(&app, id).await;
    assert_eq!(app.cameras.teardown("/main").as_deref(), Some("always"));

    let inherited = app.get("/api/v1/cameras/settings?profile=generic_rtsp").await.json();
    assert!(inherited.as_array().expect("a list").iter().all(|setting| setting["origin"] == "built_in"));
    assert_eq!(app.get("/api/v1/cameras/999/settings").await.problem().0, 404);
    assert_eq!(app.get("/api/v1/cameras/settings?profile=toaster").await.problem().0, 400);
}

#[tokio::test]
async fn only_streams_that_open_something_else_restart() {
    let app = TestApp::start().await;
    let other = camera("Other");
    let (gate, other) = (app.add("Gate").await, app.post("/api/v1/cameras", other).await.json()["id"].as_i64().expect("an id"));
    live(&app, gate).await;
    let untouched = live(&app, other).await.connected_at_utc_ms;
    let opened = app.cameras.opened().len();
    let path = format!("/api/v1/cameras/{gate}");

    let gentle = json!({"overrides": {"stream.stall_timeout_s": 20, "hls.part_target_ms": 400}});
    assert_eq!(app.patch(&path, gentle).await.status, StatusCode::OK);
    assert_eq!(app.cameras.opened().len(), opened, "timers and playlists need no new session");

    let mut quirk = app.state.cameras.stream(CameraId(gate), Quality::Main).expect("a stream").watch();
    let before = quirk.borrow().connected_at_utc_ms;
    assert_eq!(app.patch(&path, json!({"overrides": {"rtsp.teardown": "never"}})).await.status, StatusCode::OK);
    let again = quirk.wait_for(|status| status.state == StreamState::Live && status.connected_at_utc_ms != before);
    tokio::time::timeout(Duration::from_secs(20), again).await.expect("in time").expect("the stream runs");
    assert_eq!(app.cameras.teardown("/main").as_deref(), Some("never"));
    assert_eq!(live(&app, other).await.connected_at_utc_ms, untouched, "the other camera's session goes on");
}

#[tokio::test]
async fn a_changed_configuration_is_followed_while_the_server_runs() {
    let app = TestApp::start().await;
    let (gate, own) = (app.add("Gate").await, app.add("Own").await);
    assert_eq!(app.patch(&format!("/api/v1/cameras/{own}"), json!({"overrides": {"rtsp.teardown": "auto"}})).await.status, 200);
    live(&app, gate).await;
    let untouched = live(&app, own).await.connected_at_utc_ms;
    let loopback = json!({"name": "Bridge", "sources": {"main": {"url": "rtsp://loopback.test/main"}}});
    assert_eq!(app.post("/api/v1/cameras?force=true", loopback.clone()).await.problem().1, "address_loopback");

    let mut new = settings(app.data(), &[("NIGHTJAR_ALLOW_LOOPBACK_CAMERAS", "true"), ("NIGHTJAR_LISTEN", "127.0.0.1:9")]);
    new.defaults.insert("rtsp.teardown".into(), json!("always"));
    let mut status = app.state.cameras.stream(CameraId(gate), Quality::Main).expect("a stream").watch();
    let before = status.borrow().connected_at_utc_ms;
    assert_eq!(app.state.reconfigure(new).await.expect("followed"), ["listen"]);

    let again = status.wait_for(|status| status.state == StreamState::Live && status.connected_at_utc_ms != before);
    tokio::time::timeout(Duration::from_secs(20), again).await.expect("in time").expect("the stream runs");
    assert_eq!(app.cameras.teardown("/main").as_deref(), Some("always"));
    assert_eq!(setting(&app, gate, "rtsp.teardown").await["origin"], "installation");
    let kept = setting(&app, own, "rtsp.teardown").await;
    assert_eq!((&kept["origin"], &kept["inherited"]["value"]), (&json!("camera"), &json!("always")));
    assert_eq!(live(&app, own).await.connected_at_utc_ms, untouched, "its own value did not change");
    assert_eq!(app.post("/api/v1/cameras?force=true", loopback).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn the_health_monitors_thresholds_are_inherited_told_with_the_camera_and_refused_outside_their_ranges() {
    let app = TestApp::start().await;
    let (gate, other) = (app.add("Gate").await, app.add("Other").await);
    let path = format!("/api/v1/cameras/{gate}");
    for (key, value, range) in [
        ("health.stale_after_s", json!(1), "from 2 to 120"),
        ("health.sample_interval_ms", json!(100), "from 500 to 5000"),
        ("health.warm_up_s", json!(0), "from 1 to 120"),
        ("health.cool_down_s", json!(601), "from 1 to 600"),
        ("health.window_s", json!(9), "from 10 to 600"),
        ("health.refreshes", json!(21), "from 0 to 20"),
        ("health.first_wait_s", json!(0), "from 1 to 60"),
        ("health.longest_wait_s", json!(601), "from 5 to 600"),
        ("health.max_attempts", json!(-1), "from 0 to 1000"),
        ("health.blank_samples", json!(1), "from 2 to 120"),
        ("health.frozen_samples", json!(2), "from 3 to 120"),
        ("health.enabled", json!(1), "true or false"),
    ] {
        let answer = app.patch(&path, json!({"overrides": {key: value}})).await;
        let (status, _, field) = answer.problem();
        assert_eq!((status, field), (422, Some(format!("overrides.{key}"))));
        assert!(answer.json()["detail"].as_str().expect("a sentence").contains(range), "{}", answer.text);
    }
    let built_in = serde_json::to_value(app::health::HealthSettings::default()).expect("JSON");
    assert_eq!(app.get(&path).await.json()["health"], built_in);

    let changed = app.patch(&path, json!({"overrides": {"health.stale_after_s": 9, "health.enabled": false}})).await.json();
    assert_eq!((&changed["health"]["stale_after_s"], &changed["health"]["enabled"]), (&json!(9), &json!(false)));

    let mut wall = app.state.cameras.watch();
    wall.mark_unchanged();
    let defaults = json!({"defaults": {"health.enabled": false, "health.refreshes": 1}});
    assert_eq!(app.patch("/api/v1/settings", defaults).await.status, StatusCode::OK);
    tokio::time::timeout(Duration::from_secs(20), wall.changed()).await.expect("in time").expect("the service runs");
    let told: Vec<_> = wall.borrow().cameras.iter().map(|camera| (camera.id, camera.health.clone())).collect();
    for id in [gate, other] {
        let (_, health) = told.iter().find(|(known, _)| *known == id).expect("known");
        assert!(!health.enabled, "the switch for the whole installation");
        assert_eq!((health.refreshes, health.stale_after_s), (1, if id == gate { 9 } else { 6 }));
    }
}
