//! Motion JPEG, snapshots, streams that run only while somebody looks, and the state feed.

#[path = "it/live_support/mod.rs"]
mod live_support;

use bytes::{Bytes, BytesMut};
use fakecam::{AudioCodec, FakeCamera, Fixture};
use futures::StreamExt;
use live_support::http::Http;
use live_support::mse::{Reader, open};
use live_support::{PATIENCE, Server, programs, rtsp, timely};
use media::id::Quality;
use media::stream::StreamState;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

async fn camera_and_server() -> (FakeCamera, Server, i64) {
    let camera = FakeCamera::builder().fixture(Fixture::sub()).start().await.expect("a camera");
    let server = Server::start().await;
    let id = server.add_rtsp("Gate", &camera.url("/main"), None).await;
    server.live(id, Quality::Main).await;
    (camera, server, id)
}

/// Reads a multipart answer picture by picture.
struct Pictures {
    http: Http,
    boundary: String,
    buffer: BytesMut,
}

impl Pictures {
    async fn open(address: SocketAddr, path: &str) -> Self {
        let mut http = Http::connect(address).await;
        let (status, headers) = http.open("GET", path, &[], None).await;
        let kind = headers["content-type"].to_str().expect("text");
        let boundary = kind.strip_prefix("multipart/x-mixed-replace; boundary=").unwrap_or_else(|| panic!("{status}: {kind}"));
        assert_eq!((status, &headers["cache-control"]), (200, &"no-store".parse().expect("a value")));
        Self { boundary: format!("--{boundary}\r\n"), http, buffer: BytesMut::new() }
    }

    async fn next(&mut self) -> Bytes {
        timely("the next picture", self.read()).await
    }

    async fn read(&mut self) -> Bytes {
        let head = loop {
            match self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                Some(end) => break self.buffer.split_to(end + 4),
                None => self.more().await,
            }
        };
        let head = std::str::from_utf8(&head).expect("a readable part header");
        let lines = head.strip_prefix(&self.boundary).unwrap_or_else(|| panic!("{head:?}")).to_ascii_lowercase();
        assert!(lines.contains("content-type: image/jpeg\r\n"), "{lines:?}");
        let length = lines.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok()).expect("a length");
        while self.buffer.len() < length + 2 {
            self.more().await;
        }
        let picture = self.buffer.split_to(length).freeze();
        assert_eq!(&self.buffer.split_to(2)[..], b"\r\n");
        assert!(picture.starts_with(&[0xff, 0xd8]) && picture.ends_with(&[0xff, 0xd9]), "no JPEG");
        picture
    }

    async fn more(&mut self) {
        let piece = self.http.chunk().await.expect("a stream that goes on");
        self.buffer.extend_from_slice(&piece);
    }
}

/// Width and height of a JPEG, as ffprobe reads it.
async fn size(picture: &[u8]) -> (u32, u32) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("picture.jpg");
    std::fs::write(&path, picture).expect("a written file");
    assert_eq!(programs::decoded(&path).await, ("mjpeg".to_owned(), 1));
    let path = path.to_str().expect("a plain path");
    let ran = programs::run("ffprobe", &["-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0", path]).await;
    let (width, height) = ran.stdout.trim().split_once(',').expect("two numbers");
    (width.parse().expect("a number"), height.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn motion_jpeg_is_one_child_for_all_viewers_and_none_without() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let (camera, server, id) = camera_and_server().await;
    children(0).await;
    let path = format!("/live/{id}/main/mjpeg");
    let mut one = Pictures::open(server.address, &path).await;
    let mut seen = HashSet::new();
    let mut last = one.next().await;
    while seen.len() < 5 {
        last = one.next().await;
        seen.insert(last.clone());
    }
    assert_eq!(size(&last).await, (640, 360));
    let mut two = Pictures::open(server.address, &path).await;
    two.next().await;
    assert_eq!(media::child::living(), 1);
    assert_eq!(server.stream(id, Quality::Main).status().viewers.mjpeg, 2);
    drop(one);
    two.next().await;

    camera.drop_connections().await.expect("a camera that listens");
    server.until(id, Quality::Main, |status| status.state == StreamState::Live && status.reconnects == 1).await;
    // The new session's parameters are another child's; its pictures come on the same connection.
    let mut fresh = HashSet::new();
    while fresh.len() < 20 {
        fresh.insert(two.next().await);
    }
    drop(two);
    children(0).await;
    server.until(id, Quality::Main, |status| status.viewers.mjpeg == 0).await;

    let _open = Pictures::open(server.address, &path).await;
    server.stop().await;
    assert_eq!(media::child::living(), 0, "stopping the server ends the child");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_says_how_old_it_is() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let (camera, server, id) = camera_and_server().await;
    let mut http = server.http().await;
    let path = format!("/api/v1/cameras/{id}/snapshot.jpg");
    let before = media::time::Stamp::now().utc_ms;
    for (query, width, height) in [("", 640, 360), ("?width=320", 320, 180), ("?width=5000", 640, 360)] {
        let answer = http.get(&format!("{path}{query}")).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "image/jpeg"), "{:?}", answer.headers);
        assert_eq!(answer.header("content-length"), answer.body.len().to_string());
        let age: i64 = answer.header("x-frame-age-ms").parse().expect("a number");
        let modified = httpdate::parse_http_date(answer.header("last-modified")).expect("a date");
        let modified = modified.duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_millis();
        let taken = i64::try_from(modified).expect("a date");
        let now = media::time::Stamp::now().utc_ms;
        assert!((before - age - 1000..=now).contains(&taken), "{age} ms old at {now}, taken at {taken}");
        assert_eq!(size(&answer.body).await, (width, height));
    }
    let (code, field) = {
        let answer = http.get(&format!("{path}?width=5")).await;
        (answer.problem(422), answer.json()["field"].clone())
    };
    assert_eq!((code.as_str(), field), ("out_of_range", json!("width")));
    assert_eq!(http.get("/api/v1/cameras/999/snapshot.jpg").await.problem(404), "camera_not_found");

    // A camera that is away keeps its last picture, and the picture ages.
    camera.refuse().await;
    camera.drop_connections().await.expect("a camera that listens");
    server.until(id, Quality::Main, |status| status.error.is_some()).await;
    assert_eq!(http.get(&path).await.status, 200);

    let never = server.add_rtsp_unseen("Never seen", &camera.url("/main")).await;
    let answer = http.get(&format!("/api/v1/cameras/{never}/snapshot.jpg")).await;
    assert_eq!(answer.problem(503), "no_picture");
    assert!(answer.header("retry-after").parse::<u32>().is_ok(), "{:?}", answer.headers);
    assert!(
        answer.json()["detail"].as_str().is_some_and(|detail| !detail.contains("has not sent")),
        "the reason is told: {}",
        answer.text()
    );
    children(0).await;
    server.stop().await;
}

/// Tests that count children of this process.
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Waits until so many children live. There is no event for the end of the last one.
async fn children(count: usize) {
    let waiting = async {
        while media::child::living() != count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timely(&format!("{count} children"), waiting).await;
}

/// The process ids of this process's children that run `program`.
fn running(program: &str) -> Vec<i32> {
    let own = std::process::id().to_string();
    let processes = std::fs::read_dir("/proc").expect("procfs").flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let (command, rest) = stat.rsplit_once(')').unwrap_or_default();
        command.ends_with(&format!("({program}")) && rest.split_whitespace().nth(1) == Some(&own)
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_ffmpeg_is_told_and_started_again() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let server = Server::start().await;
    let id = server.add(&json!({ "name": "Demo", "profile": "test_pattern", "always_on": true })).await;
    let first = server.live(id, Quality::Main).await;
    let mut events = server.state.streams.events();
    let mut viewer = Reader::open(server.address, id, "main").await;
    viewer.frames(3).await;
    let before = running("ffmpeg");
    assert!(!before.is_empty(), "the picture is drawn by a child");
    for pid in &before {
        let status = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status().expect("kill runs");
        assert!(status.success());
    }
    let told = timely("the end of the child is told", async {
        loop {
            let event = events.recv().await.expect("events");
            if event.key.quality == Quality::Main && event.to != StreamState::Live {
                return event;
            }
        }
    })
    .await;
    assert_eq!((told.to, told.code.map(|code| code.as_str())), (StreamState::Backoff, Some("ffmpeg_failed")), "{}", told.reason);
    let again = server.until(id, Quality::Main, |status| status.state == StreamState::Live && status.reconnects > first.reconnects).await;
    assert!(again.error.is_none(), "{again:?}");
    viewer.frames(3).await;
    assert!(running("ffmpeg").iter().all(|pid| !before.contains(pid)), "the killed ones are reaped");
    server.stop().await;
    children(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_on_demand_runs_while_somebody_looks() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let camera = FakeCamera::builder().fixture(Fixture::sub()).cameras(3).start().await.expect("a camera");
    let server = Server::start().await;
    let add = async |name: &str, mount: &str| {
        let mut body = rtsp(name, &camera.url(mount), None);
        body["always_on"] = json!(false);
        server.add(&body).await
    };
    let (snapshot, hls, mse) = (add("One", "/cam/1/main").await, add("Two", "/cam/2/main").await, add("Three", "/cam/3/main").await);
    for id in [snapshot, hls, mse] {
        assert_eq!(server.stream(id, Quality::Main).status().state, StreamState::Idle);
    }
    until_sessions(&camera, 0).await;

    let by_snapshot = async {
        assert_eq!(server.http().await.get(&format!("/api/v1/cameras/{snapshot}/snapshot.jpg")).await.status, 200);
        assert_eq!(server.stream(snapshot, Quality::Main).status().state, StreamState::Live);
        idle(&server, snapshot).await;
    };
    let by_hls = async {
        let answer = server.http().await.get(&format!("/live/{hls}/main/index.m3u8")).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        assert_eq!(server.stream(hls, Quality::Main).status().viewers.hls, 1);
        // The player's last request, then its 15 s, then the linger.
        idle(&server, hls).await;
        assert_eq!(server.stream(hls, Quality::Main).status().viewers.hls, 0);
    };
    let by_mse = async {
        let mut reader = Reader::open(server.address, mse, "main").await;
        reader.frames(10).await;
        assert_eq!(server.stream(mse, Quality::Main).status().viewers.mse, 1);
        drop(reader);
        idle(&server, mse).await;
        // And it starts again.
        Reader::open(server.address, mse, "main").await.frames(5).await;
    };
    tokio::join!(by_snapshot, by_hls, by_mse);
    idle(&server, mse).await;
    until_sessions(&camera, 0).await;
    assert_eq!(camera.sessions_max(), 1);
    server.stop().await;
}

async fn idle(server: &Server, id: i64) {
    server.until(id, Quality::Main, |status| status.state == StreamState::Idle).await;
}

/// The camera sees a session's end a moment after us.
async fn until_sessions(camera: &FakeCamera, count: u64) {
    let waiting = async {
        while camera.sessions_open() != count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timely("sessions end", waiting).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_begins_with_everything_and_goes_on_with_changes() {
    let camera = FakeCamera::builder().fixture(Fixture::sub().with_audio(AudioCodec::Aac)).start().await.expect("a camera");
    let server = Server::start().await;
    let id = server.add_rtsp("Gate", &camera.url("/main"), None).await;
    server.live(id, Quality::Main).await;
    let mut feed = Feed(open(server.address, "/api/v1/ws").await);
    let first = feed.next().await;
    assert_eq!((&first["type"], &first["cameras"][0]["name"], &first["cameras"][0]["id"]), (&json!("cameras"), &json!("Gate"), &json!(id)));
    for quality in ["main", "sub"] {
        let status = feed.next().await;
        assert_eq!((&status["type"], &status["camera_id"]), (&json!("stream_status"), &json!(id)), "{status}");
        assert_eq!((&status["quality"], &status["state"]), (&json!(quality), &json!("live")), "{status}");
        assert_eq!((&status["audio"]["codec"], &status["audio"]["rate_hz"]), (&json!("mp4a.40.2"), &json!(16000)), "{status}");
    }
    camera.refuse().await;
    camera.drop_connections().await.expect("a camera that listens");
    let lost = feed.find(|said| said["type"] == "stream_status" && said["state"] == "backoff").await;
    assert!(lost["error"]["code"].is_string() && lost["error"]["message"].is_string(), "{lost}");
    camera.resume().await;
    feed.find(|said| said["type"] == "stream_status" && said["state"] == "live").await;
    let mut http = server.http().await;
    assert_eq!(http.json("PATCH", &format!("/api/v1/cameras/{id}"), &json!({"name": "Yard"})).await.status, 200);
    feed.find(|said| said["type"] == "cameras" && said["cameras"][0]["name"] == "Yard").await;
    feed.find(|said| said["type"] == "heartbeat" && said["wallclock_ms"].is_i64()).await;
    assert_eq!(http.request("DELETE", &format!("/api/v1/cameras/{id}"), &[], None).await.status, 204);
    feed.find(|said| said["type"] == "cameras" && said["cameras"] == json!([])).await;
    let (code, _) = tokio::join!(live_support::mse::close_code(&mut feed.0), server.stop());
    assert_eq!(code, 1001);
}

struct Feed(tokio_tungstenite::WebSocketStream<tokio::net::TcpStream>);

impl Feed {
    async fn next(&mut self) -> Value {
        loop {
            match tokio::time::timeout(PATIENCE, self.0.next()).await.expect("in time") {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).expect("JSON"),
                Some(Ok(Message::Ping(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    async fn find(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let finding = async {
            loop {
                let said = self.next().await;
                if wanted(&said) {
                    return said;
                }
            }
        };
        timely("a message of the feed", finding).await
    }
}
