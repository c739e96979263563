//! The recovery ladder on a whole server: its steps, its limits over restarts, the webhook that is really received, and who is told.

use crate::live_support::{PATIENCE, Server};
use crate::support::TestApp;
use app::model::{Alert, ServerMessage};
use async_trait::async_trait;
use axum::http::StatusCode;
use fakecam::{FakeCamera, Fixture};
use media::id::{CameraId, Quality};
use media::stream::StreamState;
use serde_json::{Value, json};
use server::services::recovery::{Parts, Reboot, Recovery};
use server::services::webhook::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const LOOPBACK: [(&str, &str); 1] = [("NIGHTJAR_ALLOW_LOOPBACK_WEBHOOKS", "true")];

/// A program that receives webhooks.
struct Receiver {
    url: String,
    requests: mpsc::Receiver<String>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/relay", listener.local_addr().expect("bound"));
        let (sender, requests) = mpsc::channel(64);
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut text = String::new();
                let mut buffer = [0; 4096];
                // The tests' bodies end with this.
                while !text.ends_with("\"end\"}") {
                    match socket.read(&mut buffer).await {
                        Ok(0) | Err(_) => break,
                        Ok(count) => text.push_str(&String::from_utf8_lossy(&buffer[..count])),
                    }
                }
                let _ = socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
                let _ = sender.send(text).await;
            }
        });
        Self { url, requests }
    }

    fn webhook(&self) -> Value {
        json!({
            "url": self.url, "header": "X-Key", "secret": "s3cret",
            "body": r#"{"camera": "{camera}", "id": "{camera_id}", "reason": "{reason}", "z": "end"}"#
        })
    }

    async fn next(&mut self) -> String {
        timeout(PATIENCE, self.requests.recv()).await.expect("received in time").expect("still listening")
    }

    fn none(&mut self) {
        assert!(self.requests.try_recv().is_err(), "nothing more was to be sent");
    }
}

/// Every wait 0, again after a second.
fn brisk() -> Value {
    json!({
        "recovery.reconnect_wait_s": 0, "recovery.transport_wait_s": 0, "recovery.reboot_wait_s": 0, "recovery.webhook_wait_s": 0,
        "recovery.alert_wait_s": 0, "recovery.again_after_s": 1
    })
}

async fn set(app: &TestApp, patch: Value) {
    let answer = app.patch("/api/v1/settings", patch).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
}

/// A camera that never answers.
async fn add_dark(app: &TestApp) -> i64 {
    let camera = json!({ "name": "Gate", "sources": { "main": { "url": "rtsp://timeout.test:554/main" } } });
    let answer = app.post("/api/v1/cameras?force=true", camera).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    answer.json()["id"].as_i64().expect("an id")
}

/// The sentence of a camera's newest incident, once it is as wanted.
async fn summary(app: &TestApp, id: i64, wanted: impl Fn(&str) -> bool) -> String {
    let looking = async {
        loop {
            let log = app.get(&format!("/api/v1/cameras/{id}/incidents")).await.json();
            if let Some(sentence) = log[0]["summary"].as_str().filter(|sentence| wanted(sentence)) {
                return sentence.to_owned();
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, looking).await.expect("told in time")
}

/// The next alerts that browsers are told of which `wanted` is true.
async fn alerts(
    feed: &mut tokio::sync::broadcast::Receiver<server::services::feed::Told>,
    wanted: impl Fn(&[Alert]) -> bool,
) -> Vec<Alert> {
    let waiting = async {
        loop {
            let told = feed.recv().await.expect("the feed goes on");
            if let Ok(ServerMessage::Alerts { alerts }) = serde_json::from_str(&told.text(true))
                && wanted(&alerts)
            {
                return alerts;
            }
        }
    };
    timeout(PATIENCE, waiting).await.expect("told in time")
}

#[tokio::test]
async fn a_dark_camera_is_reported_to_the_webhook_and_to_people_until_it_rests() {
    let app = TestApp::start_with(&LOOPBACK).await;
    let mut receiver = Receiver::start().await;
    let mut feed = app.state.feed.subscribe();
    set(&app, json!({"defaults": brisk(), "webhook": receiver.webhook()})).await;
    let id = add_dark(&app).await;

    let request = receiver.next().await;
    assert!(request.starts_with("POST /relay ") && request.to_ascii_lowercase().contains("x-key: s3cret"), "{request}");
    let body: Value = serde_json::from_str(request.split_once("\r\n\r\n").expect("a body").1).expect("JSON");
    assert_eq!((&body["camera"], &body["id"]), (&json!("Gate"), &json!(id.to_string())));
    assert!(body["reason"].as_str().expect("a reason").contains("The fake camera says no."), "{body}");
    let told = alerts(&mut feed, |alerts| !alerts.is_empty()).await;
    assert_eq!(told[0].camera_id, id);

    assert_eq!(told[0].message, "The fake camera says no.", "how long it has been dark is told by a time, which does not grow old");
    let sentence = summary(&app, id, |sentence| sentence.contains("people are asked to look")).await;
    assert_eq!(sentence, "The fake camera says no; the webhook was sent; people are asked to look; not back yet.");

    let recovery = app.get(&format!("/api/v1/cameras/{id}/recovery")).await.json();
    let rung = |name: &str| recovery["rungs"].as_array().expect("rungs").iter().find(|rung| rung["rung"] == name).expect("known").clone();
    assert!(rung("webhook")["used"].as_u64().expect("a count") >= 1 && recovery["dark_since"].is_string(), "{recovery}");
    assert_eq!(rung("reboot")["available"], false);
    assert!(rung("reboot")["reason"].as_str().expect("a reason").contains("ONVIF"));

    // Switched off: nothing more is done, and nobody is asked to look.
    assert_eq!(app.patch(&format!("/api/v1/cameras/{id}"), json!({"enabled": false})).await.status, StatusCode::OK);
    alerts(&mut feed, <[Alert]>::is_empty).await;
    assert_eq!(app.get("/api/v1/cameras/999/recovery").await.problem().0, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_that_comes_back_for_a_moment_is_asked_to_be_looked_at_again_at_once() {
    let camera = FakeCamera::builder().mount("/main", Fixture::sub()).start().await.expect("a camera");
    let server = Server::start().await;
    let mut feed = server.state.feed.subscribe();
    // One round a day, and an hour of pictures before a camera counts as well.
    let mut defaults = brisk();
    defaults["recovery.again_after_s"] = json!(0);
    defaults["recovery.settled_after_s"] = json!(3600);
    let answer = server.http().await.json("PATCH", "/api/v1/settings", &json!({"defaults": defaults})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let id = server.add_rtsp("Gate", &camera.url("main"), None).await;
    server.live(id, Quality::Main).await;
    for _ in 0..2 {
        camera.refuse().await;
        camera.drop_connections().await.expect("dropped");
        let told = alerts(&mut feed, |alerts| !alerts.is_empty()).await;
        assert_eq!(told[0].camera_id, id);
        camera.resume().await;
        alerts(&mut feed, <[Alert]>::is_empty).await;
        server.live(id, Quality::Main).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_limit_holds_over_a_restart() {
    let app = TestApp::start_with(&LOOPBACK).await;
    let mut receiver = Receiver::start().await;
    let mut defaults = brisk();
    defaults["recovery.webhook_per_day"] = json!(1);
    set(&app, json!({"defaults": defaults, "webhook": receiver.webhook()})).await;
    let id = add_dark(&app).await;
    receiver.next().await;

    let app = app.restart_with(&LOOPBACK).await;
    let mut feed = app.state.feed.subscribe();
    // The alert comes after the webhook's turn: twice, so that a whole round lies in between.
    for _ in 0..2 {
        alerts(&mut feed, |alerts| !alerts.is_empty()).await;
    }
    receiver.none();
    let recovery = app.get(&format!("/api/v1/cameras/{id}/recovery")).await.json();
    assert_eq!(recovery["rungs"][3]["used"], 1, "{recovery}");
}

#[tokio::test]
async fn a_dry_run_sends_nothing_and_alerts_nobody() {
    let app = TestApp::start_with(&LOOPBACK).await;
    let mut receiver = Receiver::start().await;
    let mut defaults = brisk();
    defaults["recovery.dry_run"] = json!(true);
    set(&app, json!({"defaults": defaults, "webhook": receiver.webhook()})).await;
    let id = add_dark(&app).await;
    let other = json!({ "name": "Yard", "sources": { "main": { "url": "rtsp://refused.test:554/main" } }, "overrides": {"recovery.dry_run": false} });
    let mut feed = app.state.feed.subscribe();
    assert_eq!(app.post("/api/v1/cameras?force=true", other).await.status, StatusCode::CREATED);
    // The other camera's whole round, twice: the dry one's rounds are as long.
    for _ in 0..2 {
        assert!(receiver.next().await.contains("Yard"));
    }
    let told = alerts(&mut feed, |alerts| !alerts.is_empty()).await;
    assert!(told.iter().all(|alert| alert.camera_id != id));
    let recovery = app.get(&format!("/api/v1/cameras/{id}/recovery")).await.json();
    assert!(recovery["rungs"].as_array().expect("rungs").iter().all(|rung| rung["used"] == 0), "{recovery}");
    assert_eq!(summary(&app, id, |_| true).await, "The fake camera says no; not back yet.", "nothing was done, so none of it is told");
    let log = app.get(&format!("/api/v1/cameras/{id}/incidents")).await.json();
    let steps = log[0]["steps"].as_array().expect("steps");
    assert!(steps.iter().any(|step| step["text"].as_str().is_some_and(|text| text.starts_with("Dry run: after "))), "{log}");
}

#[tokio::test]
async fn the_webhook_is_checked_sealed_and_never_told() {
    let app = TestApp::start_with(&LOOPBACK).await;
    let listener = app.listen().await;
    for (webhook, field, code) in [
        (json!({"url": "http://169.254.169.254/latest"}), "webhook.url", "address_not_allowed"),
        (json!({"url": format!("http://{listener}/api/v1/cameras")}), "webhook.url", "address_own_listener"),
        (json!({"url": "http://nobody.invalid/"}), "webhook.url", "dns"),
        (json!({"url": "ftp://plug.test/"}), "webhook.url", "url_scheme"),
        (json!({"url": "http://plug.test/", "body": "{camera}"}), "webhook.body", "body_not_json"),
        (json!({"url": "http://plug.test/", "header": "X-Key"}), "webhook.secret", "secret_missing"),
        (json!({"url": "http://plug.test/", "method": "DELETE"}), "webhook.method", "invalid_value"),
    ] {
        let problem = app.patch("/api/v1/settings", json!({"webhook": webhook})).await.problem();
        assert_eq!(problem, (422, code.to_owned(), Some(field.to_owned())), "{webhook}");
    }
    assert_eq!(app.get("/api/v1/settings").await.json()["webhook"], Value::Null);

    let mut receiver = Receiver::start().await;
    set(&app, json!({"webhook": receiver.webhook()})).await;
    let app = app.restart_with(&LOOPBACK).await;
    let told = app.get("/api/v1/settings").await;
    assert_eq!((&told.json()["webhook"]["has_secret"], &told.json()["webhook"]["url"]), (&json!(true), &json!(receiver.url)));
    assert!(!told.text.contains("s3cret"));
    // The stored secret is sent with what is typed, and only to its own place.
    let mut typed = receiver.webhook();
    typed.as_object_mut().expect("an object").remove("secret");
    let tested = app.post("/api/v1/settings/webhook/test", typed.clone()).await;
    assert_eq!((tested.status, tested.json()["status"].as_u64()), (StatusCode::OK, Some(200)), "{}", tested.text);
    assert!(receiver.next().await.to_ascii_lowercase().contains("x-key: s3cret"));
    typed["url"] = json!("http://plug.test/relay");
    assert_eq!(app.post("/api/v1/settings/webhook/test", typed).await.problem().2.as_deref(), Some("webhook.secret"));
    set(&app, json!({"webhook": null})).await;
    assert_eq!(app.get("/api/v1/settings").await.json()["webhook"], Value::Null);
}

#[tokio::test]
async fn without_the_setting_a_webhook_to_this_machine_is_refused() {
    let app = TestApp::start().await;
    let mut receiver = Receiver::start().await;
    let answer = app.patch("/api/v1/settings", json!({"webhook": receiver.webhook()})).await;
    assert_eq!(answer.problem(), (422, "address_loopback".to_owned(), Some("webhook.url".to_owned())));
    let answer = app.post("/api/v1/settings/webhook/test", receiver.webhook()).await;
    assert_eq!(answer.problem().1, "address_loopback");
    receiver.none();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_transport_is_tried_and_kept_if_pictures_come() {
    let camera = FakeCamera::builder().mount("/main", Fixture::sub()).start().await.expect("a camera");
    let server = Server::start().await;
    let id = server.add_rtsp("Gate", &camera.url("main"), None).await;
    let status = server.live(id, Quality::Main).await;
    assert_eq!(status.source.as_deref(), Some("RTSP over TCP"));
    let defaults = json!({"recovery.reconnect_per_day": 0, "recovery.transport_wait_s": 0, "recovery.again_after_s": 1});
    let answer = server.http().await.json("PATCH", "/api/v1/settings", &json!({"defaults": defaults})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());

    camera.stall().await;
    let over = |name: &'static str| move |status: &media::stream::StreamStatus| status.source.as_deref() == Some(name);
    server.until(id, Quality::Main, over("RTSP over UDP")).await;
    camera.resume().await;
    server.until(id, Quality::Main, |status| status.state == StreamState::Live && over("RTSP over UDP")(status)).await;
    // It brought pictures: the next session is opened the same way.
    camera.drop_connections().await.expect("dropped");
    let again = |status: &media::stream::StreamStatus| status.reconnects > 1 && status.state == StreamState::Live;
    assert_eq!(server.until(id, Quality::Main, again).await.source.as_deref(), Some("RTSP over UDP"));
}

/// Cameras that can be asked to restart, by a mistake of its own not about every one. A restart lasts until it is let go.
#[derive(Default)]
struct Mistaken {
    /// About all cameras but this one a question panics; 0: about all.
    well: Mutex<Option<i64>>,
    begun: Mutex<Vec<i64>>,
    begins: Notify,
    go: Notify,
}

#[async_trait]
impl Reboot for Mistaken {
    fn available(&self, camera: Option<CameraId>) -> Result<(), &'static str> {
        let well = *self.well.lock().expect("a lock");
        assert!(well.is_none() || well == camera.map(|camera| camera.0), "on purpose");
        Ok(())
    }

    async fn reboot(&self, camera: CameraId) -> Result<(), String> {
        self.begun.lock().expect("a lock").push(camera.0);
        self.begins.notify_one();
        self.go.notified().await;
        Ok(())
    }
}

impl Mistaken {
    fn set_well(&self, only: Option<i64>) {
        *self.well.lock().unwrap_or_else(PoisonError::into_inner) = only;
    }

    /// A restart of this camera, and of any other on the way, has begun.
    async fn begun(&self, camera: i64) {
        let waiting = async {
            while !self.begun.lock().expect("a lock").contains(&camera) {
                self.begins.notified().await;
            }
        };
        timeout(PATIENCE, waiting).await.expect("begun in time");
        self.begun.lock().expect("a lock").clear();
    }
}

/// Another recovery on the same server, with cameras that can be restarted, and nothing else that can be done for them.
async fn recovery_that_restarts(app: &TestApp) -> (Recovery, Arc<Mistaken>) {
    let mut defaults = brisk();
    for rung in ["reconnect", "transport", "webhook", "alert"] {
        defaults[format!("recovery.{rung}_per_day")] = json!(0);
    }
    defaults["recovery.reboot_per_day"] = json!(100);
    set(app, json!({ "defaults": defaults })).await;
    let (state, reboot) = (&app.state, Arc::<Mistaken>::default());
    let parts = Parts {
        db: state.db.clone(),
        cameras: state.cameras.clone(),
        streams: state.streams.clone(),
        installation: state.installation.clone(),
        incidents: state.incidents.clone(),
        feed: state.feed.clone(),
        webhooks: Sender::new(state.addresses.clone()),
        reboot: reboot.clone(),
        tasks: state.tasks.clone(),
    };
    (Recovery::new(parts), reboot)
}

fn run(recovery: &Recovery) -> tokio::task::JoinHandle<()> {
    let recovery = recovery.clone();
    tokio::spawn(async move { recovery.run(CancellationToken::new()).await })
}

/// The camera's ladder then waited for that step for ever.
#[tokio::test]
async fn a_step_under_way_ends_also_if_the_recovery_was_begun_again_meanwhile() {
    let app = TestApp::start().await;
    let (recovery, reboot) = recovery_that_restarts(&app).await;
    let id = add_dark(&app).await;
    let first = run(&recovery);
    reboot.begun(id).await;
    reboot.set_well(Some(0));
    assert!(first.await.expect_err("it fails").is_panic());
    reboot.set_well(None);
    let second = run(&recovery);
    reboot.go.notify_one();
    reboot.begun(id).await;
    second.abort();
}

#[tokio::test]
async fn a_step_that_was_never_begun_holds_up_no_later_one() {
    let app = TestApp::start().await;
    let (recovery, reboot) = recovery_that_restarts(&app).await;
    let id = add_dark(&app).await;
    let other = json!({ "name": "Yard", "sources": { "main": { "url": "rtsp://timeout.test:554/main" } } });
    assert_eq!(app.post("/api/v1/cameras?force=true", other).await.status, StatusCode::CREATED);
    reboot.set_well(Some(id));
    let used = || recovery.of(id).expect("known").rungs[2].used;
    let failing = async {
        while used() == Some(0) {
            assert!(run(&recovery).await.expect_err("it fails").is_panic());
        }
    };
    timeout(PATIENCE, failing).await.expect("its turn comes");
    reboot.set_well(None);
    let last = run(&recovery);
    reboot.begun(id).await;
    last.abort();
}
