//! One fault: camera, viewers, what is expected, and the watch over all of it.

use crate::live_support::hls::Follower;
use crate::live_support::mse::{Reader, Said};
use crate::live_support::{Server, rtsp, timely};
use fakecam::{Builder, FakeCamera, Fixture};
use futures::FutureExt;
use futures::future::BoxFuture;
use media::id::Quality;
use media::stream::{StreamEvent, StreamState};
use media::{CameraId, ErrorCode, StreamKey};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

/// Something done to the camera.
pub type Act = for<'a> fn(&'a FakeCamera) -> BoxFuture<'a, ()>;

/// What the fault does to the stream.
#[derive(Debug, Clone, Copy)]
pub enum Expected {
    /// Nothing: pictures go on.
    Nothing,
    /// One outage that the camera gets over by itself. How it begins: code and words of the sentence (`|` between alternatives).
    Blink(ErrorCode, &'static str),
    /// One outage that lasts until the camera is mended. How it begins, and the code that it settles on.
    Outage(ErrorCode, &'static str, ErrorCode),
}

pub struct Fault {
    pub name: &'static str,
    /// How the camera is different from the start.
    pub camera: fn(Builder) -> Builder,
    /// `auto`, `tcp` or `udp`.
    pub transport: &'static str,
    pub begin: Act,
    pub end: Act,
    pub expected: Expected,
    /// Pictures that have to come while it lasts, where nothing is expected.
    pub frames: u64,
    /// Pictures before it begins.
    pub before: u64,
}

pub fn nothing(_: &FakeCamera) -> BoxFuture<'_, ()> {
    async {}.boxed()
}

pub fn resume(camera: &FakeCamera) -> BoxFuture<'_, ()> {
    camera.resume().boxed()
}

impl Fault {
    /// One that the stream does not mind.
    pub fn harmless(name: &'static str, begin: Act) -> Self {
        Self { name, camera: |builder| builder, transport: "tcp", begin, end: nothing, expected: Expected::Nothing, frames: 75, before: 25 }
    }

    /// One that is over as soon as it has happened.
    pub fn blink(name: &'static str, begin: Act, code: ErrorCode, sentence: &'static str) -> Self {
        Self { expected: Expected::Blink(code, sentence), ..Self::harmless(name, begin) }
    }

    /// One that lasts until the script is resumed.
    pub fn outage(name: &'static str, begin: Act, code: ErrorCode, sentence: &'static str, settles: ErrorCode) -> Self {
        Self { end: resume, expected: Expected::Outage(code, sentence, settles), ..Self::harmless(name, begin) }
    }

    pub fn on(self, camera: fn(Builder) -> Builder) -> Self {
        Self { camera, ..self }
    }

    pub fn over(self, transport: &'static str) -> Self {
        Self { transport, ..self }
    }

    pub fn ends_with(self, end: Act) -> Self {
        Self { end, ..self }
    }

    pub fn lasting(self, frames: u64) -> Self {
        Self { frames, ..self }
    }

    /// Healthy for so many pictures first.
    pub fn after(self, before: u64) -> Self {
        Self { before, ..self }
    }
}

/// Somebody who watches all the time, and never opens a second connection.
pub struct Audience {
    leave: Arc<AtomicBool>,
    /// Pictures that came over the WebSocket.
    frames: Arc<AtomicU64>,
    /// Microseconds of video that came by HLS.
    media_us: Arc<AtomicU64>,
    tasks: Vec<JoinHandle<()>>,
}

impl Audience {
    pub async fn join(server: &Server, id: i64) -> Self {
        let leave = Arc::new(AtomicBool::new(false));
        let (frames, media_us) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let mut reader = Reader::open(server.address, id, "main").await;
        let (left, count) = (Arc::clone(&leave), Arc::clone(&frames));
        let by_socket = tokio::spawn(async move {
            while !left.load(SeqCst) {
                if let Said::Chunk(chunk) = reader.next().await
                    && chunk.video
                {
                    // The picture would stand still for so long, whatever comes meanwhile.
                    assert!(chunk.duration < u64::from(chunk.timescale), "one picture for {} ticks", chunk.duration);
                    count.fetch_add(1, SeqCst);
                }
            }
        });
        let mut follower = Follower::new(server.address, id, "main").await;
        let (left, count) = (Arc::clone(&leave), Arc::clone(&media_us));
        let by_hls = tokio::spawn(async move {
            while !left.load(SeqCst) {
                let unavailable = follower.seen.unavailable;
                timely("the playlist is answered", follower.step()).await;
                count.store(follower.seen.media_us, SeqCst);
                if follower.seen.unavailable > unavailable {
                    // As it was told: some seconds, here less.
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        });
        Self { leave, frames, media_us, tasks: vec![by_socket, by_hls] }
    }

    /// Waits until both have seen so much more video.
    pub async fn see(&self, frames: u64) {
        let until = (self.frames.load(SeqCst) + frames, self.media_us.load(SeqCst) + frames * 40_000);
        let seeing = async {
            while self.frames.load(SeqCst) < until.0 || self.media_us.load(SeqCst) < until.1 {
                assert!(!self.tasks.iter().any(JoinHandle::is_finished), "a viewer gave up");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timely("pictures come", seeing).await;
    }

    pub async fn leave(self) {
        self.leave.store(true, SeqCst);
        for task in self.tasks {
            timely("a viewer leaves", task).await.expect("what a viewer gets is right at every moment");
        }
    }
}

/// The changes of state of one stream.
pub struct Watch {
    key: StreamKey,
    events: broadcast::Receiver<StreamEvent>,
    pub seen: Vec<StreamEvent>,
}

impl Watch {
    pub fn new(server: &Server, id: i64) -> Self {
        let key = StreamKey::new(CameraId(id), Quality::Main);
        Self { key, events: server.state.streams.events(), seen: Vec::new() }
    }

    pub async fn next(&mut self) -> StreamEvent {
        loop {
            let event = self.events.recv().await.expect("no event is missed");
            if event.key == self.key {
                self.seen.push(event.clone());
                return event;
            }
        }
    }

    pub async fn until(&mut self, what: &str, wanted: impl Fn(&StreamEvent) -> bool) -> StreamEvent {
        let waiting = async {
            loop {
                let event = self.next().await;
                if wanted(&event) {
                    return event;
                }
            }
        };
        timely(what, waiting).await
    }

    /// What has happened by now.
    pub fn catch_up(&mut self) -> &[StreamEvent] {
        while let Ok(event) = self.events.try_recv() {
            if event.key == self.key {
                self.seen.push(event);
            }
        }
        &self.seen
    }
}

/// How long it took, where something was to be seen.
#[derive(Debug)]
pub struct Measured {
    pub detected: Option<Duration>,
    /// From the moment when the camera was able again.
    pub live_again: Option<Duration>,
}

/// Lets the fault happen to a camera of its own.
pub async fn run(server: &Server, fault: &Fault) -> Measured {
    let name = fault.name;
    let camera = (fault.camera)(FakeCamera::builder().fixture(Fixture::sub())).start().await.expect("a camera");
    let mut body = rtsp(name, &camera.url("/main"), None);
    body["sources"]["main"]["transport"] = json!(fault.transport);
    let id = server.add(&body).await;
    server.live(id, Quality::Main).await;
    let audience = Audience::join(server, id).await;
    audience.see(fault.before).await;
    let mut watch = Watch::new(server, id);
    let begun = Instant::now();
    (fault.begin)(&camera).await;
    let mut measured = Measured { detected: None, live_again: None };
    if let Expected::Blink(code, sentence) | Expected::Outage(code, sentence, _) = fault.expected {
        let first = watch.until(name, |event| event.from == StreamState::Live).await;
        measured.detected = Some(begun.elapsed());
        assert_eq!(first.code, Some(code), "{name}: {}", first.reason);
        assert!(says(&first.reason, sentence), "{name}: {}", first.reason);
    }
    if let Expected::Outage(_, _, settles) = fault.expected {
        let settled = server.until(id, Quality::Main, |status| status.error.as_ref().is_some_and(|failing| failing.error.code == settles));
        let settled = settled.await;
        assert!(settled.error.is_some_and(|failing| failing.error.message.len() > 20), "{name}: a sentence for people");
        tokio::time::sleep(Duration::from_millis(1500)).await;
    }
    (fault.end)(&camera).await;
    let able = Instant::now();
    match fault.expected {
        Expected::Nothing => audience.see(fault.frames).await,
        Expected::Blink(..) | Expected::Outage(..) => {
            let live = watch.until(name, |event| event.to == StreamState::Live).await;
            measured.live_again = Some(able.elapsed());
            assert!(live.reason.contains("Live again after"), "{name}: {}", live.reason);
            audience.see(50).await;
        }
    }
    audience.leave().await;
    let outages = watch.catch_up().iter().filter(|event| event.from == StreamState::Live).count();
    let expected = usize::from(!matches!(fault.expected, Expected::Nothing));
    assert_eq!(outages, expected, "{name}: {:#?}", watch.seen);
    assert_eq!((camera.sessions_open(), camera.sessions_max()), (1, 1), "{name}: one session at any time");
    check_log(server, id, fault).await;
    let path = format!("/api/v1/cameras/{id}");
    let deleted = server.http().await.request("DELETE", &path, &[], None).await;
    assert_eq!(deleted.status, 204, "{name}");
    let gone = async {
        while camera.sessions_open() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timely("the session is ended", gone).await;
    camera.shutdown().await;
    measured
}

fn says(text: &str, sentence: &str) -> bool {
    sentence.split('|').any(|words| text.contains(words))
}

/// What a person reads afterwards: one outage with its reason, over; or nothing.
async fn check_log(server: &Server, id: i64, fault: &Fault) {
    let (Expected::Blink(code, sentence) | Expected::Outage(code, sentence, _)) = fault.expected else {
        let log = server.http().await.get(&format!("/api/v1/cameras/{id}/incidents")).await.json();
        assert_eq!(log, json!([]), "{}", fault.name);
        return;
    };
    let log = written(server, id, 1).await;
    assert_eq!(log.len(), 1, "{}: {log:#?}", fault.name);
    let summary = check_outage(fault.name, &log[0], code, sentence);
    say(&format!("  {}: {summary}", fault.name));
}

/// A camera's incidents, when at least so many are written and all are over.
pub async fn written(server: &Server, id: i64, count: usize) -> Vec<Value> {
    let mut http = server.http().await;
    let written = async {
        loop {
            let log = http.get(&format!("/api/v1/cameras/{id}/incidents")).await.json();
            let log = log.as_array().expect("a list");
            if log.len() >= count && log.iter().all(|one| !one["ended_at"].is_null()) {
                return log.clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timely("the incidents are written", written).await
}

/// An outage that began so and was got over; its sentence.
#[track_caller]
pub fn check_outage(name: &str, one: &Value, code: ErrorCode, sentence: &str) -> String {
    assert_eq!((&one["kind"], &one["code"]), (&json!("outage"), &json!(code.as_str())), "{name}: {one:#}");
    let steps = one["steps"].as_array().expect("steps");
    assert!(steps.iter().any(|step| step["text"].as_str().is_some_and(|text| says(text, sentence))), "{name}: {one:#}");
    let summary = one["summary"].as_str().expect("a sentence");
    // The sentence itself: how it began, that it was got over, and how long that took.
    assert!(says(summary, sentence), "{name}: {summary}");
    assert!(summary.contains("; reconnected at the ") && summary.contains(" try; dark for "), "{name}: {summary}");
    assert!(!summary.contains(['(', ')']), "{name}: {summary}");
    summary.to_owned()
}

/// A line for people who run the tests with `--nocapture`.
pub fn say(line: &str) {
    use std::io::Write;
    // Nobody reads: nobody to tell.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
