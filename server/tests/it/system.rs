//! `/api/v1/system`: figures of a real process, the last hour, and pages that tell, ask too much, or say what nobody understands.

use crate::live_support::mse::{close_code, open};
use crate::live_support::timely;
use crate::support::TestApp;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

const HEALTH: &str = "/api/v1/system/health";
const HISTORY: &str = "/api/v1/system/history";

/// The newest answer of an address that is as wanted; asked again after every sample.
async fn sampled(app: &TestApp, path: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut samples = app.state.system.watch();
    timely(what, async {
        loop {
            let answer = app.get(path).await.json();
            if wanted(&answer) {
                return answer;
            }
            samples.changed().await.expect("the server runs");
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_figures_are_those_of_this_process() {
    let app = TestApp::start().await;
    let id = app.add("Gate").await;
    let body = json!({"name": "Away", "sources": {"main": {"url": "rtsp://refused.test/main"}}});
    assert_eq!(app.post("/api/v1/cameras?force=true", body).await.status, 201);
    let health = sampled(&app, HEALTH, "the streams are counted", |health| {
        health["streams"]["live"] == 1 && health["streams"]["trouble"] == 1 && health["process"]["cpu_percent"].is_number()
    })
    .await;
    let process = &health["process"];
    assert_eq!(process["pid"], std::process::id());
    assert_eq!(process["version"], env!("CARGO_PKG_VERSION"));
    assert!(process["rss_bytes"].as_u64().expect("told") > 1 << 20);
    assert!(process["open_files"].as_u64().expect("told") >= 3);
    assert!(process["threads"].as_u64().expect("told") >= 2);
    assert!(process["tasks"].as_u64().expect("told") >= 4, "{process}");
    assert!(process["cpu_percent"].as_f64().expect("told") >= 0.0);
    assert!(health["memory"]["total_bytes"].as_u64() >= health["memory"]["available_bytes"].as_u64());
    assert!(health["disk"]["free_bytes"].as_u64().expect("told") <= health["disk"]["total_bytes"].as_u64().expect("told"));
    let database = &health["database"];
    assert_eq!((database["kind"].as_str(), database["reachable"].as_bool()), (Some("sqlite"), Some(true)));
    assert!(database["size_bytes"].as_u64().expect("told") > 0);
    assert!(database["write_ms"].as_f64().expect("told") > 0.0 && database["written_at"].is_string());
    assert_eq!(health["streams"]["total"], 2);

    // A point of the history is complete after ten seconds.
    let history =
        sampled(&app, HISTORY, "the history begins", |history| history["streams"].as_array().is_some_and(|all| all.len() == 2)).await;
    assert_eq!(history["step_s"], 10);
    let gate = history["streams"].as_array().expect("a list").iter().find(|stream| stream["camera_id"] == id).expect("there").clone();
    for list in ["fps", "bitrate_kbps", "latency_ms", "reconnects"] {
        assert_eq!(gate[list].as_array().expect("a list").len(), 360, "{list}");
    }
    assert_eq!(gate["states"].as_str().expect("letters").len(), 360);
    assert!(gate["fps"][359].as_f64().expect("measured") > 0.0, "{}", gate["fps"][359]);
    assert_eq!(gate["fps"][0], Value::Null);
    let minutes = app.get("/api/v1/system/history?step_s=60").await.json();
    assert_eq!(minutes["streams"][0]["fps"].as_array().expect("a list").len(), 60);
    assert_eq!(app.get("/api/v1/system/history?step_s=99999999999").await.problem().0, 400);
    assert_eq!(app.get("/api/v1/system/history?step_s=4000000000").await.json()["step_s"], 600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_counted_and_may_tell_how_old_their_pictures_are() {
    let app = TestApp::start().await;
    let id = app.add("Gate").await;
    let address = app.listen().await;
    let mut page = open(address, "/api/v1/ws").await;
    let told = |streams: Value| Message::text(json!({"type": "latency", "streams": streams}).to_string());
    page.send(told(json!([{"camera_id": id, "quality": "sub", "ms": 180}, {"camera_id": id, "quality": "main", "ms": 220}])))
        .await
        .expect("sent");
    // Deleted in the meantime: nothing to complain about.
    page.send(told(json!([{"camera_id": 4711, "quality": "main", "ms": 1}]))).await.expect("sent");
    let senseless = [
        told(json!([{"camera_id": id, "quality": "main", "ms": 3_600_000}])),
        told(json!([{"camera_id": id, "quality": "best", "ms": 1}])),
        told(json!([{"camera_id": id, "quality": "main", "ms": -1}])),
        told(vec![json!({"camera_id": id, "quality": "main", "ms": 1}); 41].into()),
        Message::text("{\"type\":\"reboot\"}"),
        Message::text("{"),
        Message::binary(vec![0, 1, 2]),
        Message::text("long".repeat(4_000)),
    ];
    let count = senseless.len();
    for message in senseless {
        page.send(message).await.expect("sent");
    }
    let health = sampled(&app, HEALTH, "messages are counted", |health| health["counters"]["messages_ignored"] == count).await;
    assert_eq!(health["connections"]["pages"], 1);
    assert!(health["counters"]["latencies_told"].as_u64() >= Some(2));
    assert_eq!(health["counters"]["pages_flooding"], 0);
    assert!(timely("the page still hears", page.next()).await.is_some_and(|message| message.is_ok()));

    // A camera without a sub stream serves both from main: the means of both are main's.
    let newest =
        |history: &Value| history["streams"][0]["latency_ms"].as_array().and_then(|list| list.iter().rev().find_map(Value::as_u64));
    let history = sampled(&app, HISTORY, "the delay is in the history", |history| newest(history).is_some()).await;
    assert_eq!(newest(&history), Some(200));
    drop(page);
    sampled(&app, HEALTH, "the page is gone", |health| health["connections"]["pages"] == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_floods_is_cut_off_and_others_are_not() {
    let app = TestApp::start().await;
    let address = app.listen().await;
    let (mut quiet, mut loud) = (open(address, "/api/v1/ws").await, open(address, "/api/v1/ws").await);
    for _ in 0..50 {
        quiet.send(Message::text("hm")).await.expect("sent");
    }
    for _ in 0..1000 {
        if loud.send(Message::text("hm")).await.is_err() {
            break;
        }
    }
    assert_eq!(close_code(&mut loud).await, 1008);
    let health = sampled(&app, HEALTH, "the flood is counted", |health| health["counters"]["pages_flooding"] == 1).await;
    assert_eq!(health["connections"]["pages"], 1);
    assert!(timely("the other page still hears", quiet.next()).await.is_some_and(|message| message.is_ok()));
}
