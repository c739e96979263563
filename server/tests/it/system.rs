//! `/api/v1/system`: figures of a real process, the last hour, and pages that tell, ask too much, or say what nobody understands.

use crate::diagnostics::Program;
use crate::live_support::http::Http;
use crate::live_support::mse::{close_code, open};
use crate::live_support::{Server, programs, remember, timely};
use crate::program::{ends_cleanly, nightjar, ready, run};
use crate::support::TestApp;
use fakecam::{FakeCamera, Fixture};
use futures::{SinkExt, StreamExt};
use media::id::Quality;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
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

/// The children that a process has now, as the kernel tells: their numbers and names, in order.
fn children_of(parent: u32) -> Vec<(u64, String)> {
    let mut children = Vec::new();
    for entry in std::fs::read_dir("/proc").expect("Linux").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // It may have ended meanwhile.
        let status = std::fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(":\t")).unwrap_or_default();
        if field("PPid") == parent.to_string() && !field("State").starts_with('Z') {
            children.push((pid, field("Name").to_owned()));
        }
    }
    children.sort_unstable();
    children
}

/// A program of its own: in the one that the tests share, the figures would be those of all of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_figures_follow_what_the_program_does() {
    const CAMERAS: usize = 3;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (data, file) = (folder.path().join("data"), folder.path().join("loop.mp4"));
    let mut making = vec!["-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=25:duration=4", "-c:v", "libx264", "-bf", "0"];
    making.extend(["-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25", file.to_str().expect("a path")]);
    let made = programs::run("ffmpeg", &making).await;
    assert!(made.success, "{made:?}");
    let (_, token) = run(&data, &["token", "create", "Test", "--scope", "admin"], "");
    let mut program = nightjar();
    program.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data).env("NIGHTJAR_MEDIA_FOLDERS", folder.path());
    let mut program = Program(program.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started"));
    let pid = program.0.id();
    let address = ready(&mut program.0).parse().expect("an address");
    remember(address, token.trim().to_owned());
    let mut http = Http::connect(address).await;
    let measured = async |http: &mut Http, what: &str, wanted: &dyn Fn(&Value) -> bool| {
        timely(what, async {
            loop {
                let health = http.get(HEALTH).await.json();
                if wanted(&health) {
                    return health;
                }
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
        })
        .await
    };
    let idle = measured(&mut http, "a first sample", &|health| health["process"]["children"] == json!([])).await;

    let mut ids = Vec::new();
    for n in 0..CAMERAS {
        let url = format!("file://{}", file.display());
        let body = json!({"name": format!("Loop {n}"), "profile": "ffmpeg", "always_on": true, "sources": {"main": {"url": url}}});
        let added = http.json("POST", "/api/v1/cameras?force=true", &body).await;
        assert_eq!(added.status, 201, "{}", added.text());
        ids.push(added.json()["id"].as_i64().expect("an id"));
    }
    let children = |health: &Value| -> Vec<(u64, String)> {
        let listed = health["process"]["children"].as_array().expect("a list").iter();
        listed.map(|child| (child["pid"].as_u64().expect("a number"), child["name"].as_str().expect("text").to_owned())).collect()
    };
    let busy = measured(&mut http, "all are live", &|health| {
        health["streams"]["live"] == CAMERAS && children(health).len() == CAMERAS && children(health) == children_of(pid)
    })
    .await;
    assert!(children(&busy).iter().all(|(_, name)| name == "ffmpeg"), "{busy:#}");
    assert!(busy["process"]["children"].as_array().expect("a list").iter().all(|child| child["rss_bytes"].as_u64() > Some(1 << 20)));
    let figure = |health: &Value, name: &str| health["process"][name].as_u64().unwrap_or_else(|| panic!("{name}: {health:#}"));
    // Three pipes of each child; a task of each stream.
    for (name, least) in [("open_files", 2 * CAMERAS as u64), ("tasks", CAMERAS as u64)] {
        let (before, after) = (figure(&idle, name), figure(&busy, name));
        assert!(before > 0 && after >= before + least, "{name}: {before}, then {after}");
    }
    let size = busy["database"]["size_bytes"].as_u64().expect("told");
    let whole = std::fs::metadata(Path::new(&data).join("nightjar.db")).expect("a file").len();
    assert!(size > 0 && size <= whole, "{size} of {whole} bytes");

    // One camera less, one child less.
    assert_eq!(http.request("DELETE", &format!("/api/v1/cameras/{}", ids[0]), &[], None).await.status, 204);
    measured(&mut http, "its child has ended", &|health| {
        children(health).len() == CAMERAS - 1 && children(health) == children_of(pid) && health["streams"]["total"] == CAMERAS - 1
    })
    .await;
    ends_cleanly(&mut program.0);
    assert_eq!(children_of(pid), [], "none is left behind");
}

/// The newest values of a list of the last hour, oldest first; what was not measured is left out.
fn values(history: &Value, list: &str) -> Vec<u64> {
    history["streams"][0][list].as_array().map_or_else(Vec::new, |all| all.iter().filter_map(Value::as_u64).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_hour_shows_what_a_camera_sends_and_that_it_was_away() {
    let camera = FakeCamera::builder().fixture(Fixture::sub()).start().await.expect("a camera");
    let server = Server::start().await;
    let id = server.add_rtsp("Gate", &camera.url("/main"), None).await;
    server.live(id, Quality::Main).await;
    let mut samples = server.state.system.watch();
    let mut until = async |what: &str, wanted: &dyn Fn(&Value) -> bool| {
        timely(what, async {
            loop {
                let history = server.http().await.get(HISTORY).await.json();
                if wanted(&history) {
                    return history;
                }
                samples.changed().await.expect("the server runs");
            }
        })
        .await
    };
    let newest = |history: &Value, list: &str| values(history, list).last().copied().unwrap_or_default();
    // 500 kbit/s, and then four million.
    let near = |kbps: u64, of: u64| (of / 2..of * 2).contains(&kbps);
    let small = until("the sub stream's rate", &|history| near(newest(history, "bitrate_kbps"), 500)).await;
    assert!(values(&small, "reconnects").iter().all(|count| *count == 0), "{small}");
    camera.switch(None, Fixture::main()).await.expect("a fixture");
    let large = until("the main stream's rate", &|history| near(newest(history, "bitrate_kbps"), 4000)).await;
    assert!(values(&large, "reconnects").iter().all(|count| *count == 0), "{large}");
    let mut status = server.stream(id, Quality::Main).watch();
    camera.drop_connections().await.expect("a camera that listens");
    let again = status.wait_for(|status| status.reconnects == 1 && status.state == media::stream::StreamState::Live);
    timely("it is back", again).await.expect("the server runs");
    let away = until("the reconnect", &|history| newest(history, "reconnects") == 1).await;
    assert_eq!(values(&away, "reconnects").iter().sum::<u64>(), 1, "counted once: {away}");
    server.stop().await;
}
