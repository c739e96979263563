//! What is set for the whole installation: read, changed, refused with its field, kept over a restart, and in force without touching
//! cameras that it makes no difference to.

use crate::support::{TestApp, camera};
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

fn of_key(list: &Value, key: &str) -> Value {
    list.as_array().expect("a list").iter().find(|setting| setting["key"] == key).expect("known").clone()
}

async fn default(app: &TestApp, key: &str) -> Value {
    let answer = app.get("/api/v1/settings").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    of_key(&answer.json()["defaults"], key)
}

async fn inherited(app: &TestApp, camera: i64, key: &str) -> Value {
    of_key(&app.get(&format!("/api/v1/cameras/{camera}/settings")).await.json(), key)
}

#[tokio::test]
async fn a_default_is_inherited_at_once_kept_over_a_restart_and_taken_back() {
    const KEY: &str = "stream.stall_timeout_s";
    let app = TestApp::start().await;
    let (gate, mut own) = (app.add("Gate").await, camera("Own"));
    own["overrides"] = json!({ KEY: 30 });
    let own = app.post("/api/v1/cameras", own).await.json()["id"].as_i64().expect("an id");
    let connected = live(&app, gate).await.connected_at_utc_ms;
    assert_eq!(default(&app, KEY).await["stored"], false);

    let changed = app.patch("/api/v1/settings", json!({"defaults": {KEY: 20}})).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let told = of_key(&changed.json()["defaults"], KEY);
    assert_eq!((&told["value"], &told["stored"], &told["inherited"]["value"]), (&json!(20), &json!(true), &json!(5)));
    let setting = inherited(&app, gate, KEY).await;
    assert_eq!((&setting["value"], &setting["origin"]), (&json!(20), &json!("installation")));
    let setting = inherited(&app, own, KEY).await;
    assert_eq!((&setting["value"], &setting["origin"], &setting["inherited"]["value"]), (&json!(30), &json!("camera"), &json!(20)));
    assert_eq!(live(&app, gate).await.connected_at_utc_ms, connected, "a timer needs no new session");

    let app = app.restart().await;
    assert_eq!(inherited(&app, gate, KEY).await["value"], 20);
    let back = app.patch("/api/v1/settings", json!({"defaults": {KEY: null}})).await;
    assert_eq!(back.status, StatusCode::OK, "{}", back.text);
    let setting = inherited(&app, gate, KEY).await;
    assert_eq!((&setting["value"], &setting["origin"]), (&json!(5), &json!("built_in")));
}

#[tokio::test]
async fn a_default_that_opens_something_else_restarts_only_those_that_inherit_it() {
    let app = TestApp::start().await;
    let (gate, mut own) = (app.add("Gate").await, camera("Own"));
    own["overrides"] = json!({"rtsp.teardown": "auto"});
    let own = app.post("/api/v1/cameras", own).await.json()["id"].as_i64().expect("an id");
    let (before, untouched) = (live(&app, gate).await.connected_at_utc_ms, live(&app, own).await.connected_at_utc_ms);
    let mut status = app.state.cameras.stream(CameraId(gate), Quality::Main).expect("a stream").watch();
    let changed = app.patch("/api/v1/settings", json!({"defaults": {"rtsp.teardown": "always", "stream.sleep_prone": true}})).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let again = status.wait_for(|status| status.state == StreamState::Live && status.connected_at_utc_ms != before);
    tokio::time::timeout(Duration::from_secs(20), again).await.expect("in time").expect("the stream runs");
    assert_eq!(live(&app, own).await.connected_at_utc_ms, untouched);
}

#[tokio::test]
async fn what_is_stored_goes_before_the_file() {
    let app = TestApp::start().await;
    let gate = app.add("Gate").await;
    app.patch("/api/v1/settings", json!({"defaults": {"stream.linger_s": 60}})).await;
    let mut file = crate::support::settings(app.data(), &[]);
    file.defaults.insert("stream.linger_s".into(), json!(30));
    file.defaults.insert("hls.part_target_ms".into(), json!(300));
    app.state.reconfigure(file).await.expect("followed");
    assert_eq!(inherited(&app, gate, "stream.linger_s").await["value"], 60);
    assert_eq!(inherited(&app, gate, "hls.part_target_ms").await["value"], 300);
    let told = default(&app, "stream.linger_s").await;
    assert_eq!(told["inherited"], json!({"value": 30, "origin": "installation"}));
}

#[tokio::test]
async fn a_wrong_value_is_refused_beside_its_field_and_changes_nothing() {
    let app = TestApp::start().await;
    for (defaults, field, words) in [
        (json!({"stream.linger_s": 20, "speed": 1}), "defaults.speed", "rtsp.teardown"),
        (json!({"stream.linger_s": 20, "stream.stall_timeout_s": 4}), "defaults.stream.stall_timeout_s", "from 5 to 120"),
        (json!({"stream.linger_s": 20, "stream.sleep_prone": "yes"}), "defaults.stream.sleep_prone", "true or false"),
        (json!({"stream.linger_s": 20, "speed": null}), "defaults.speed", "rtsp.teardown"),
    ] {
        let answer = app.patch("/api/v1/settings", json!({"defaults": defaults})).await;
        let (status, _, at) = answer.problem();
        assert_eq!((status, at.as_deref()), (422, Some(field)));
        assert!(answer.json()["detail"].as_str().expect("a sentence").contains(words), "{}", answer.text);
    }
    assert_eq!(default(&app, "stream.linger_s").await["stored"], false);
    assert_eq!(app.patch("/api/v1/settings", json!({"default": {}})).await.problem().0, 422);
}

#[tokio::test]
async fn a_camera_that_may_sleep_is_asleep_and_not_failing() {
    let app = TestApp::start().await;
    let sleeper = json!({
        "name": "Doorbell", "sources": { "main": { "url": "rtsp://timeout.test:554/main" } }, "overrides": {"stream.sleep_prone": true}
    });
    let id = app.post("/api/v1/cameras?force=true", sleeper).await.json()["id"].as_i64().expect("an id");
    let mut status = app.state.cameras.stream(CameraId(id), Quality::Main).expect("a stream").watch();
    let asleep = status.wait_for(|status| status.asleep);
    tokio::time::timeout(Duration::from_secs(20), asleep).await.expect("in time").expect("the stream runs");
    let told = app.get(&format!("/api/v1/cameras/{id}/streams")).await.json()[0].clone();
    assert_eq!((&told["state"], &told["asleep"], &told["error"]), (&json!("backoff"), &json!(true), &Value::Null));

    // Without the setting the same camera fails.
    assert_eq!(app.patch(&format!("/api/v1/cameras/{id}"), json!({"overrides": {}})).await.status, StatusCode::OK);
    let failing = status.wait_for(|status| status.error.is_some());
    tokio::time::timeout(Duration::from_secs(20), failing).await.expect("in time").expect("the stream runs");
}

#[tokio::test]
async fn the_folder_for_recordings_is_proved_before_it_is_taken_and_kept_over_a_restart() {
    let app = TestApp::start().await;
    let path = "/api/v1/settings/recordings";
    let own = app.get(path).await.json();
    let below = std::path::absolute(app.data()).expect("a path").join("recordings");
    assert_eq!((own["folder"].as_str(), &own["is_default"], &own["problem"]), (below.to_str(), &json!(true), &Value::Null));
    assert!(own["free_bytes"].as_u64() > Some(0) && own["total_bytes"].as_u64() > own["free_bytes"].as_u64(), "{own}");
    let disk = tempfile::tempdir().expect("a disk");
    std::fs::write(disk.path().join("file"), "").expect("written");
    for (folder, code) in [
        ("recordings".to_owned(), "folder_not_absolute"),
        ("/srv/../etc".to_owned(), "folder_not_absolute"),
        ("/proc/recordings".to_owned(), "folder_not_made"),
        (disk.path().join("file").to_string_lossy().into_owned(), "folder_not_made"),
    ] {
        let answer = app.json("PUT", path, json!({ "folder": folder })).await;
        assert_eq!(answer.problem(), (422, code.into(), Some("folder".into())), "{folder}");
    }
    assert_eq!(app.get(path).await.json()["folder"], own["folder"], "nothing was changed");
    assert_eq!(app.json("PUT", path, json!({ "folder": null })).await.status, StatusCode::OK, "what it was");
    let wanted = disk.path().join("cameras/all");
    let taken = app.json("PUT", path, json!({ "folder": format!("{}/", wanted.display()) })).await;
    assert_eq!((taken.status, taken.json()["folder"].as_str()), (StatusCode::OK, wanted.to_str()), "{}", taken.text);
    assert_eq!(std::fs::read_dir(&wanted).expect("made").count(), 0, "nothing is left there");
    let app = app.restart().await;
    assert_eq!(app.state.storage.folder(), wanted);
    // What was noted is written before a server ends.
    let log = app.get("/api/v1/audit?action=settings.recordings").await.json();
    assert_eq!(log.as_array().map(Vec::len), Some(1), "only what changed something: {log}");
    // Its disk is not mounted any more.
    std::fs::remove_dir_all(disk.path().join("cameras")).expect("removed");
    let gone = app.state.storage.place().await.expect("told");
    assert!(gone.problem.is_some_and(|sentence| sentence.contains("mounted")));
    let back = app.state.storage.choose(None).await.expect("always there");
    assert_eq!((back.folder.as_str(), back.is_default), (below.to_str().expect("text"), true));
}
