//! Streams of cameras through the API: what runs, what is shown, what a change touches.

use crate::support::{TestApp, camera};
use axum::http::StatusCode;
use media::id::{CameraId, Quality};
use serde_json::json;
use std::time::Duration;

/// Waits until both streams of a camera are live.
async fn live(app: &TestApp, id: i64) {
    for quality in Quality::ALL {
        let mut status = app.state.cameras.stream(CameraId(id), quality).expect("a stream").watch();
        let is_live = status.wait_for(|status| status.state == media::stream::StreamState::Live);
        tokio::time::timeout(Duration::from_secs(20), is_live).await.expect("live in time").expect("the stream runs");
    }
}

#[tokio::test]
async fn a_camera_without_sub_serves_both_from_one_session() {
    let app = TestApp::start().await;
    let id = app.add("Gate").await;
    live(&app, id).await;
    let streams = app.get(&format!("/api/v1/cameras/{id}/streams")).await.json();
    assert_eq!((&streams[0]["quality"], &streams[1]["quality"]), (&json!("main"), &json!("sub")));
    for stream in streams.as_array().expect("a list") {
        assert_eq!((&stream["state"], &stream["error"]), (&json!("live"), &json!(null)), "{stream}");
        assert_eq!(stream["video"], json!({"codec": "avc1.42C01E", "width": 640, "height": 360}));
        assert_eq!(stream["source"], "a fake over nothing");
    }
    // One trial before it was stored, one session.
    assert_eq!(app.cameras.opened(), ["/main", "/main"]);
}

#[tokio::test]
async fn a_change_restarts_only_what_it_changes() {
    let app = TestApp::start().await;
    let body = json!({"name": "Gate", "sources": {"main": {"url": "rtsp://ok.test/main"}, "sub": {"url": "rtsp://ok.test/sub"}}});
    let id = app.post("/api/v1/cameras", body).await.json()["id"].as_i64().expect("an id");
    live(&app, id).await;
    let opened = app.cameras.opened().len();
    let path = format!("/api/v1/cameras/{id}");

    assert_eq!(app.patch(&path, json!({"name": "Gate 2", "tags": ["a"], "hidden": true})).await.status, StatusCode::OK);
    assert_eq!(app.cameras.opened().len(), opened, "a new name opens nothing");

    let sources = json!({"main": {"url": "rtsp://ok.test/main"}, "sub": {"url": "rtsp://ok.test/sub2"}});
    assert_eq!(app.patch(&path, json!({"sources": sources})).await.status, StatusCode::OK);
    live(&app, id).await;
    let after = app.cameras.opened();
    assert!(after[opened..].iter().all(|path| path == "/sub2"), "{after:?}");
}

#[tokio::test]
async fn disabled_and_deleted_cameras_have_no_session() {
    let app = TestApp::start().await;
    let id = app.add("Gate").await;
    live(&app, id).await;
    let path = format!("/api/v1/cameras/{id}");
    assert_eq!(app.patch(&path, json!({"enabled": false})).await.status, StatusCode::OK);
    let mut status = app.state.cameras.stream(CameraId(id), Quality::Main).expect("a stream").watch();
    status.wait_for(|status| status.state == media::stream::StreamState::Disabled).await.expect("the stream runs");
    assert_eq!(app.get(&format!("{path}/streams")).await.json()[0]["state"], "disabled");
    assert_eq!(app.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.get(&format!("{path}/streams")).await.problem().0, 404);
    assert_eq!(app.post(&format!("{path}/streams/main/restart"), json!(null)).await.problem().0, 404);
}

#[tokio::test]
async fn recover_leaves_a_good_stream_alone_and_restart_does_not() {
    let app = TestApp::start().await;
    let id = app.add("Gate").await;
    live(&app, id).await;
    let recovered = app.post(&format!("/api/v1/cameras/{id}/streams/main/recover"), json!(null)).await;
    assert_eq!((recovered.status, &recovered.json()["restarted"]), (StatusCode::OK, &json!(false)), "{}", recovered.text);
    assert!(!recovered.json()["reason"].as_str().expect("text").is_empty());
    let restarted = app.post(&format!("/api/v1/cameras/{id}/streams/sub/restart"), json!(null)).await;
    assert_eq!(restarted.json()["restarted"], true);
    assert_eq!(app.post(&format!("/api/v1/cameras/{id}/streams/third/restart"), json!(null)).await.problem().0, 404);
}

#[tokio::test]
async fn a_probe_says_what_the_camera_offers_and_stores_nothing() {
    let app = TestApp::start().await;
    let answer = app.post("/api/v1/cameras/probe", camera("New")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let stream = &answer.json()["streams"][0];
    assert_eq!((&stream["quality"], &stream["video"]["width"]), (&json!("main"), &json!(640)));
    assert_eq!(app.get("/api/v1/cameras").await.json(), json!([]));
}

#[tokio::test]
async fn a_probe_of_an_edited_camera_uses_its_stored_password() {
    let app = TestApp::start().await;
    let mut body = json!({"name": "Locked", "sources": {"main": {"url": "rtsp://locked.test/main"}},
                          "credentials": {"username": "admin", "password": "right"}});
    let id = app.post("/api/v1/cameras", body.clone()).await.json()["id"].as_i64().expect("an id");
    body["credentials"] = json!({"username": "admin"});
    body["sources"]["main"]["url"] = json!("rtsp://locked.test/other");
    assert_eq!(app.post(&format!("/api/v1/cameras/probe?camera_id={id}"), body.clone()).await.status, StatusCode::OK);
    assert_eq!(app.post("/api/v1/cameras/probe?camera_id=999", body).await.problem().0, 404);
}

#[tokio::test]
async fn demo_cameras_need_nothing_but_a_name_and_have_two_streams_of_their_own() {
    let app = TestApp::start().await;
    let created = app.post("/api/v1/cameras", json!({"name": "Demo", "profile": "test_pattern"})).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    live(&app, created.json()["id"].as_i64().expect("an id")).await;
    let opened = app.cameras.opened();
    assert!(opened.iter().any(|spec| spec.contains("width: 1280")) && opened.iter().any(|spec| spec.contains("width: 640")), "{opened:?}");
}

#[tokio::test]
async fn streams_of_stored_cameras_start_with_the_server() {
    let app = TestApp::start().await;
    let id = app.add("Gate").await;
    let app = app.restart().await;
    live(&app, id).await;
}
