//! What bad input gets: each has its own code and field, a 4xx, and leaves the other cameras untouched.

use crate::support::{TestApp, camera};
use axum::http::StatusCode;
use serde_json::{Value, json};

/// A camera with one address.
fn at(url: &str) -> Value {
    json!({ "name": "New", "sources": { "main": { "url": url } } })
}

fn with(change: Value) -> Value {
    let mut body = camera("New");
    for (key, value) in change.as_object().expect("an object") {
        body[key] = value.clone();
    }
    body
}

fn rows() -> Vec<(&'static str, Value, u16, &'static str, &'static str)> {
    let main = "sources.main.url";
    let sub = json!({"sources": {"main": {"url": "rtsp://ok.test/main"}, "sub": {"url": "rtsp://not-found.test/sub"}}});
    vec![
        ("wrong scheme", at("gopher://ok.test/main"), 422, "url_scheme", main),
        ("web address", at("http://ok.test/main"), 422, "url_scheme", main),
        ("command", at("exec:reboot"), 422, "url_scheme", main),
        ("no host", at("rtsp:///main"), 422, "url_host", main),
        ("bad host", at("rtsp://c$m/main"), 422, "url_host", main),
        ("unknown host", at("rtsp://nowhere.example/main"), 422, "dns", main),
        ("port 0", at("rtsp://ok.test:0/main"), 422, "url_port", main),
        ("port too large", at("rtsp://ok.test:99999/main"), 422, "url_port", main),
        ("bad path", at("rtsp://ok.test/../etc"), 422, "url_path", main),
        ("space", at("rtsp://ok.test/a b"), 422, "url_whitespace", main),
        ("too long", at(&format!("rtsp://ok.test/{}", "a".repeat(5000))), 422, "url_too_long", main),
        ("no address", with(json!({"sources": {}})), 422, "url_missing", main),
        ("password inside", at("rtsp://admin:hunter2@ok.test/main"), 422, "url_credentials", main),
        ("odd password inside", at("rtsp://admin:p)#@ss@ok.test/main"), 422, "url_credentials", main),
        ("password in query", at("rtsp://ok.test/main?user=a&password=hunter2"), 422, "url_credentials", main),
        ("loopback", at("rtsp://127.0.0.1:8554/main"), 422, "address_loopback", main),
        ("name of loopback", at("rtsp://loopback.test/main"), 422, "address_loopback", main),
        ("cloud metadata", at("rtsp://169.254.169.254/main"), 422, "address_not_allowed", main),
        ("multicast", at("rtsp://239.1.2.3/main"), 422, "address_not_allowed", main),
        ("path unknown to the camera", at("rtsp://not-found.test/main"), 422, "not_found", main),
        ("wrong sub", with(sub), 422, "not_found", "sources.sub.url"),
        (
            "wrong password",
            with(json!({"sources": {"main": {"url": "rtsp://locked.test/"}}, "credentials": {"username": "a", "password": "b"}})),
            422,
            "auth_failed",
            "credentials",
        ),
        ("no video track", at("rtsp://no-video.test/"), 422, "no_video", main),
        ("unsupported codec", at("rtsp://unsupported-codec.test/"), 422, "unsupported_codec", main),
        ("unsupported transport", at("rtsp://unsupported-transport.test/"), 422, "unsupported_transport", "sources.main.transport"),
        ("a web server on the port", at("rtsp://protocol.test/"), 422, "protocol", main),
        ("TLS on the port", at("rtsp://tls.test/"), 422, "tls", main),
        ("nobody there", at("rtsp://unreachable.test/"), 422, "unreachable", main),
        ("port closed", at("rtsp://refused.test/"), 422, "refused", main),
        ("no answer", at("rtsp://timeout.test/"), 422, "timeout", main),
        ("too many sessions", at("rtsp://session-limit.test/"), 422, "session_limit", main),
        ("empty name", with(json!({"name": ""})), 422, "name_empty", "name"),
        ("blank name", with(json!({"name": " \t "})), 422, "name_empty", "name"),
        ("10 kB name", with(json!({"name": "x".repeat(10_000)})), 422, "name_too_long", "name"),
        ("script name", with(json!({"name": "<script>alert(1)</script>"})), 422, "name_characters", "name"),
        ("line break in name", with(json!({"name": "a\nb"})), 422, "name_control_characters", "name"),
        ("duplicate", with(json!({"name": "GATE"})), 409, "name_taken", "name"),
        ("number as name", with(json!({"name": 7})), 422, "invalid_value", "name"),
        ("no name", json!({"sources": {"main": {"url": "rtsp://ok.test/"}}}), 422, "missing_field", "name"),
        ("unknown field", with(json!({"colour": "red"})), 422, "unknown_field", "colour"),
        ("unknown profile", with(json!({"profile": "toaster"})), 422, "invalid_value", "profile"),
        (
            "unknown transport",
            with(json!({"sources": {"main": {"url": "rtsp://ok.test/", "transport": "pigeon"}}})),
            422,
            "invalid_value",
            "sources.main.transport",
        ),
        ("unknown setting", with(json!({"overrides": {"zoom": 2}})), 422, "unknown_setting", "overrides.zoom"),
        (
            "file outside",
            json!({"name": "New", "profile": "ffmpeg", "sources": {"main": {"url": "file:///etc/passwd"}}}),
            422,
            "file_not_allowed",
            main,
        ),
        (
            "ffmpeg protocol",
            json!({"name": "New", "profile": "ffmpeg", "sources": {"main": {"url": "concat:a|b"}}}),
            422,
            "url_scheme",
            main,
        ),
        ("long group", with(json!({"group": "g".repeat(60)})), 422, "group_too_long", "group"),
        ("too many tags", with(json!({"tags": (0..30).map(|n| n.to_string()).collect::<Vec<_>>()})), 422, "too_many_tags", "tags"),
    ]
}

#[tokio::test]
async fn each_fault_has_its_code_and_field_when_saved_and_when_tested() {
    let app = TestApp::start().await;
    let id = app.add("Gate").await;
    let before = app.get("/api/v1/cameras").await.json();
    for (what, body, status, code, field) in rows() {
        let expected = (status, code.to_owned(), Some(field.to_owned()));
        let saved = app.post("/api/v1/cameras", body.clone()).await;
        assert_eq!(saved.problem(), expected, "save: {what}: {}", saved.text);
        assert!(!saved.text.contains("hunter2"), "{what} repeats a password");
        if code != "auth_failed" {
            assert_eq!(app.post("/api/v1/cameras/probe", body).await.problem(), expected, "test: {what}");
        }
    }
    assert_eq!(app.get("/api/v1/cameras").await.json(), before, "nothing was stored");
    let opened = app.cameras.opened();
    assert_eq!(app.get(&format!("/api/v1/cameras/{id}/streams")).await.json()[0]["reconnects"], 0, "{opened:?}");
}

#[tokio::test]
async fn a_changed_address_is_judged_like_a_new_one() {
    let app = TestApp::start().await;
    app.add("Other").await;
    let path = format!("/api/v1/cameras/{}", app.add("Gate").await);
    let change = |url: &str| json!({"sources": {"main": {"url": url}}});
    assert_eq!(app.patch(&path, change("rtsp://a:b@ok.test/")).await.problem().1, "url_credentials");
    assert_eq!(app.patch(&path, change("rtsp://not-found.test/")).await.problem().1, "not_found");
    assert_eq!(app.patch(&path, change("rtsp://127.0.0.1/")).await.problem().1, "address_loopback");
    assert_eq!(app.patch(&path, json!({"name": "oTHER"})).await.problem().0, 409);
    assert_eq!(app.patch(&path, json!({"colour": 1})).await.problem().2.as_deref(), Some("colour"));
    assert_eq!(app.get(&path).await.json()["sources"]["main"]["url"], "rtsp://ok.test:554/main");
}

#[tokio::test]
async fn a_camera_that_opens_and_sends_nothing_is_told_apart() {
    let app = TestApp::start().await;
    // Nothing below waits for anything but the clock.
    tokio::time::pause();
    assert_eq!(
        app.post("/api/v1/cameras", at("rtsp://silent.test/")).await.problem(),
        (422, "stalled".into(), Some("sources.main.url".into()))
    );
}

#[tokio::test]
async fn two_wrong_passwords_stop_all_further_logins_until_the_credentials_change() {
    let app = TestApp::start().await;
    let body = |password: &str| {
        json!({"name": "Locked", "sources": {"main": {"url": "rtsp://locked.test/main"}, "sub": {"url": "rtsp://locked.test/sub"}},
               "credentials": {"username": "admin", "password": password}})
    };
    // The second refusal already says that there will be no third login.
    for expected in ["auth_failed", "auth_blocked", "auth_blocked", "auth_blocked"] {
        assert_eq!(app.post("/api/v1/cameras/probe", body("wrong")).await.problem(), (422, expected.into(), Some("credentials".into())));
    }
    assert_eq!(app.cameras.refused_logins(), 2);
    assert_eq!(app.post("/api/v1/cameras", body("right")).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_camera_that_is_offline_is_stored_if_forced_and_bad_text_never() {
    let app = TestApp::start().await;
    let stored = app.post("/api/v1/cameras?force=true", at("rtsp://unreachable.test/")).await;
    assert_eq!(stored.status, StatusCode::CREATED, "{}", stored.text);
    assert_eq!(app.delete("/api/v1/cameras/1").await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.post("/api/v1/cameras?force=true", at("rtsp://a:b@ok.test/")).await.problem().1, "url_credentials");
    assert_eq!(app.post("/api/v1/cameras?force=true", at("rtsp://127.0.0.1/")).await.problem().1, "address_loopback");
}
