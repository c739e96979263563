//! Recording by hand, from the button to the file: a real camera, a real server, real files.

mod access;
mod faults;

use crate::live_support::http::Http;
use crate::live_support::{Server, timely};
use fakecam::{AudioCodec, FakeCamera, Fixture};
use media::id::Quality;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// A server with one camera that is live, with sound.
struct Site {
    server: Server,
    camera: FakeCamera,
    id: i64,
}

impl Site {
    async fn new() -> Self {
        let camera = FakeCamera::builder().fixture(Fixture::sub().with_audio(AudioCodec::Aac)).start().await.expect("a camera");
        let server = Server::start().await;
        let id = server.add_rtsp("Gate", &camera.url("/main"), None).await;
        server.live(id, Quality::Main).await;
        Self { server, camera, id }
    }

    fn path(&self) -> String {
        format!("/api/v1/cameras/{}/recording", self.id)
    }

    /// Starts recording; the recording as it was told.
    async fn start(&self, body: Value) -> Value {
        let answer = self.server.http().await.json("POST", &self.path(), &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let recording = answer.json();
        assert_eq!(answer.header("location"), format!("/api/v1/recordings/{}", recording["id"]));
        recording
    }

    /// Waits until so much of a recording is on the disk.
    async fn until(&self, id: &Value, wanted: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/api/v1/recordings/{id}");
        let mut http = self.server.http().await;
        let grown = async {
            loop {
                let recording = http.get(&path).await.json();
                if wanted(&recording) {
                    return recording;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        timely("the recording is as wanted", grown).await
    }

    async fn stop(&self) -> Value {
        let answer = self.server.http().await.request("DELETE", &self.path(), &[], None).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// A recording of at least so many milliseconds, ended.
    async fn recording(&self, ms: u64) -> Value {
        let started = self.start(json!({})).await;
        self.until(&started["id"], |told| told["duration_ms"].as_u64() >= Some(ms)).await;
        self.stop().await
    }

    fn folder(&self) -> PathBuf {
        self.server.state.storage.folder().join(self.id.to_string())
    }
}

/// What ffprobe says of a file.
fn probed(bytes: &[u8]) -> Value {
    let file = tempfile::NamedTempFile::with_suffix(".mp4").expect("a file");
    std::fs::write(file.path(), bytes).expect("written");
    let probe = Command::new("ffprobe")
        .args(["-v", "error", "-count_packets", "-show_entries", "stream=codec_name,nb_read_packets:format=duration", "-of", "json"])
        .arg(file.path())
        .output()
        .expect("ffprobe runs");
    assert!(probe.status.success() && probe.stderr.is_empty(), "{}", String::from_utf8_lossy(&probe.stderr));
    // Every picture and every sound decodes.
    let decoded = Command::new("ffmpeg").args(["-v", "error", "-xerror", "-i"]).arg(file.path()).args(["-f", "null", "-"]).output();
    let decoded = decoded.expect("ffmpeg runs");
    assert!(decoded.status.success() && decoded.stderr.is_empty(), "{}", String::from_utf8_lossy(&decoded.stderr));
    serde_json::from_slice(&probe.stdout).expect("JSON")
}

fn codecs(probed: &Value) -> Vec<&str> {
    probed["streams"].as_array().expect("streams").iter().filter_map(|stream| stream["codec_name"].as_str()).collect()
}

async fn listed(http: &mut Http, query: &str) -> Value {
    let answer = http.get(&format!("/api/v1/recordings{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// The audit log's lines of an action, once there are so many.
async fn logged(server: &Server, action: &str, count: usize) -> Value {
    let mut http = server.http().await;
    let lines = async {
        loop {
            let log = http.get(&format!("/api/v1/audit?action={action}")).await.json();
            if log.as_array().is_some_and(|log| log.len() >= count) {
                return log;
            }
            tokio::task::yield_now().await;
        }
    };
    timely("the audit log", lines).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_button_to_the_file() {
    let site = Site::new().await;
    let mut http = site.server.http().await;
    assert_eq!(listed(&mut http, "").await, json!({ "spans": [], "gaps": [], "more": false }));
    let started = site.start(json!({ "duration_s": 60 })).await;
    assert_eq!((&started["camera_name"], &started["quality"], &started["kind"]), (&json!("Gate"), &json!("main"), &json!("manual")));
    assert!(started["end"].is_null() && started["ended_by"].is_null() && started["ends_at"].is_string(), "{started}");
    let again = http.json("POST", &site.path(), &json!({})).await;
    assert_eq!(again.problem(409), "recording_runs");

    // What there is so far can be watched while it grows.
    let id = &started["id"];
    site.until(id, |told| told["duration_ms"].as_u64() >= Some(1500)).await;
    let video = format!("/api/v1/recordings/{id}/video.mp4");
    let so_far = http.get(&video).await;
    assert_eq!((so_far.status, so_far.header("content-type")), (200, "video/mp4"));
    assert_eq!(codecs(&probed(&so_far.body)), ["h264", "aac"]);
    let first = http.get_with(&format!("{video}?load=7"), &[("range", "bytes=0-999")]).await;
    site.until(id, |told| told["duration_ms"].as_u64() >= Some(3500)).await;
    // Whoever asks in parts gets parts of the same film, though it has grown.
    let next = http.get_with(&format!("{video}?load=7"), &[("range", "bytes=1000-1999")]).await;
    assert_eq!((first.status, next.status, first.header("etag")), (206, 206, next.header("etag")));
    let anew = http.get_with(&format!("{video}?load=8"), &[("range", "bytes=0-999")]).await;
    assert_ne!(anew.header("etag"), first.header("etag"));
    let ended = site.stop().await;
    assert_eq!((&ended["id"], &ended["ended_by"], &ended["has_poster"]), (id, &json!("stopped"), &json!(true)), "{ended}");
    assert!(ended["end"].is_string() && ended["ends_at"].is_null() && ended["bytes"].as_u64() > Some(10_000), "{ended}");
    assert_eq!(http.request("DELETE", &site.path(), &[], None).await.problem(409), "not_recording");

    // The file: whole, with sound, as long as was told.
    let whole = http.get(&video).await;
    let probe = probed(&whole.body);
    assert_eq!(codecs(&probe), ["h264", "aac"]);
    let seconds: f64 = probe["format"]["duration"].as_str().and_then(|text| text.parse().ok()).expect("a duration");
    let told = ended["duration_ms"].as_f64().expect("a number") / 1000.0;
    assert!((seconds - told).abs() < 0.2, "{seconds} s, told {told} s");
    assert!(whole.body.len() > so_far.body.len());
    // In parts, as browsers ask for it.
    let length = whole.body.len();
    for (asked, part) in [("bytes=0-99", 0..100), ("bytes=5000-", 5000..length), ("bytes=-700", length - 700..length)] {
        let answer = http.get_with(&video, &[("range", asked)]).await;
        assert_eq!((answer.status, &answer.body), (206, &whole.body.slice(part.clone())), "{asked}");
        assert_eq!(answer.header("content-range"), format!("bytes {}-{}/{length}", part.start, part.end - 1));
    }
    let beyond = http.get_with(&video, &[("range", &format!("bytes={length}-"))]).await;
    assert_eq!((beyond.problem(416).as_str(), beyond.header("content-range")), ("range_not_satisfiable", &*format!("bytes */{length}")));
    let head = http.head(&video).await;
    assert_eq!((head.status, head.header("content-length")), (200, &*length.to_string()));
    let poster = http.get(&format!("/api/v1/recordings/{id}/poster.jpg")).await;
    assert_eq!((poster.status, poster.body.get(..3)), (200, Some(&[0xff, 0xd8, 0xff][..])));
    let taken = http.get(&format!("/api/v1/recordings/{id}/export.mp4")).await;
    assert!(taken.header("content-disposition").starts_with("attachment; filename=\"Gate 20"), "{:?}", taken.headers);
    assert_eq!(taken.body, whole.body);

    // The list, and what is said of it.
    let list = listed(&mut http, "").await;
    assert_eq!((&list["spans"][0], list["spans"].as_array().map(Vec::len)), (&ended, Some(1)), "{list}");
    let own = format!("/api/v1/recordings/{id}");
    let named = http.json("PATCH", &own, &json!({ "title": "  The parcel  " })).await;
    assert_eq!((named.status, &named.json()["title"]), (200, &json!("The parcel")));
    for title in ["x".repeat(121), "a\nb".into(), "a\u{202e}b".into()] {
        let refused = http.json("PATCH", &own, &json!({ "title": title })).await;
        assert_eq!((refused.status, &refused.json()["field"]), (422, &json!("title")), "{title:?}");
    }
    let camera = site.id;
    let start = ended["start"].as_str().expect("text");
    for (query, count) in [
        (format!("?camera={camera}"), 1),
        ("?camera=999".into(), 0),
        (format!("?to={start}"), 0),
        (format!("?from={start}"), 1),
        ("?from=2100-01-01T00:00:00Z".into(), 0),
        (format!("?before={id}"), 0),
        ("?limit=1".into(), 1),
    ] {
        assert_eq!(listed(&mut http, &query).await["spans"].as_array().map(Vec::len), Some(count), "{query}");
    }
    for query in ["?limit=0", "?limit=201", "?from=yesterday"] {
        assert_eq!(http.get(&format!("/api/v1/recordings{query}")).await.status, 422, "{query}");
    }
    assert_eq!(http.json("POST", &site.path(), &json!({ "duration_s": 0 })).await.json()["field"], "duration_s");
    assert_eq!(http.json("POST", &site.path(), &json!({ "duration_s": 3601 })).await.json()["field"], "duration_s");

    // Gone, with its files.
    assert!(std::fs::read_dir(site.folder()).expect("a folder").count() >= 2);
    assert_eq!(http.request("DELETE", &own, &[], None).await.status, 204);
    assert_eq!(std::fs::read_dir(site.folder()).expect("a folder").count(), 0);
    assert_eq!(http.get(&own).await.problem(404), "recording_not_found");
    assert_eq!(http.get(&video).await.problem(404), "recording_not_found");
    for (action, count) in [
        ("recording.start", 1),
        ("recording.stop", 1),
        ("recording.update", 1),
        ("recording.delete", 1),
        // Once, not with each part of it.
        ("recording.view", 1),
        ("recording.export", 1),
    ] {
        let log = logged(&site.server, action, count).await;
        assert_eq!(log.as_array().map(Vec::len), Some(count), "{action}: {log}");
        let target = ["target_kind", "target_id", "target_name"].map(|key| log[0][key].as_str().unwrap_or_default().to_owned());
        assert_eq!(target, ["recording".to_owned(), id.to_string(), "Gate".to_owned()], "{action}");
    }
    site.camera.shutdown().await;
    site.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_ends_by_itself_when_its_time_is_over() {
    let site = Site::new().await;
    let started = site.start(json!({ "duration_s": 1 })).await;
    let ended = site.until(&started["id"], |told| !told["ended_by"].is_null()).await;
    assert_eq!(ended["ended_by"], "time_up", "{ended}");
    assert!(ended["duration_ms"].as_u64() > Some(0), "{ended}");
    // Another one can follow.
    site.start(json!({})).await;
    site.stop().await;
    site.camera.shutdown().await;
    site.server.stop().await;
}
