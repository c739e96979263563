//! A dozen streams whose cameras fail in random ways at random moments, all behind one registry: what holds in every sequence.

use super::*;
use crate::error::StreamError;
use crate::ingest::{Connect, Knocked, LoginMark, Source, SourceSpec};
use async_trait::async_trait;
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

const STREAMS: usize = 12;
/// Of all streams together.
const LIMIT: u32 = 8;
/// For the last stream to be live again once all cameras are able: openings that hang run out first, and a wait is half a minute at most.
const RECOVERY: Duration = Duration::from_secs(90);

/// One camera for each stream, told apart by path; counts openings over all of them.
#[derive(Clone)]
struct Wall {
    cameras: Arc<Vec<Camera>>,
    opening: Arc<AtomicU32>,
    opening_most: Arc<AtomicU32>,
    /// Openings that were begun while a session of the same stream was open or being opened.
    doubled: Arc<AtomicU32>,
}

impl Wall {
    fn new() -> Self {
        let cameras = (0..STREAMS).map(|number| Camera { connect_time: Duration::from_millis(100 * number as u64), ..Camera::default() });
        Self { cameras: Arc::new(cameras.collect()), opening: Arc::default(), opening_most: Arc::default(), doubled: Arc::default() }
    }

    fn number(spec: &SourceSpec) -> usize {
        let SourceSpec::Rtsp(rtsp) = spec else { panic!("the fake speaks RTSP specs only") };
        rtsp.url.path().trim_start_matches('/').parse().expect("a path of ours")
    }
}

#[async_trait]
impl Connect for Wall {
    async fn knock(&self, spec: &SourceSpec, limit: Duration) -> Option<Knocked> {
        self.cameras[Self::number(spec)].knock(spec, limit).await
    }

    async fn connect(&self, spec: &SourceSpec, login: &LoginMark) -> Result<Box<dyn Source>, StreamError> {
        let camera = &self.cameras[Self::number(spec)];
        self.doubled.fetch_add(u32::from(camera.connecting() + camera.open() > 0), SeqCst);
        let _opening = Counted::new(&self.opening, &self.opening_most);
        camera.connect(spec, login).await
    }
}

#[derive(Debug, Clone, Copy)]
enum Event {
    /// Of this stream's camera.
    Mode(usize, Mode),
    /// Of all: a switch loses its power, or gets it back.
    All(Mode),
    /// Somebody presses the button.
    Restart(usize),
}

fn mode() -> impl Strategy<Value = Mode> {
    // Not a refused login, which waits for another password, nor a mistake of ours: both have tests of their own.
    use ErrorCode::{NotFound, Protocol, Refused, SessionLimit, Timeout, Unreachable};
    let failing = prop::sample::select(vec![NotFound, Protocol, Refused, SessionLimit, Timeout, Unreachable]);
    prop_oneof![3 => Just(Mode::Send), 1 => Just(Mode::Silent), 1 => Just(Mode::Hang), 3 => failing.prop_map(Mode::Fail)]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        12 => (0..STREAMS, mode()).prop_map(|(stream, mode)| Event::Mode(stream, mode)),
        2 => mode().prop_map(Event::All),
        2 => (0..STREAMS).prop_map(Event::Restart),
    ]
}

async fn play(events: Vec<(u64, Event)>) -> Result<(), TestCaseError> {
    let wall = Wall::new();
    let streams = Streams::new(StreamsOptions::default(), Arc::new(wall.clone()));
    let mut handles = Vec::new();
    for number in 0..STREAMS {
        let key = key(i64::try_from(number).expect("a dozen") + 1, Quality::Main);
        let source = source(&format!("camera-{number}.lan"), &number.to_string(), "right");
        streams.configure(key, StreamConfig { always_on: true, ..StreamConfig::new(source) });
        handles.push(handle(&streams, key));
    }
    let mut restarts = tokio::task::JoinSet::new();
    for (pause_ms, event) in events {
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        match event {
            Event::Mode(stream, mode) => wall.cameras[stream].set(mode),
            Event::All(mode) => wall.cameras.iter().for_each(|camera| camera.set(mode)),
            Event::Restart(stream) => {
                let handle = handles[stream].clone();
                restarts.spawn(async move { handle.restart().await.restarted });
            }
        }
    }
    wall.cameras.iter().for_each(|camera| camera.set(Mode::Send));
    let able = Instant::now();
    for handle in &handles {
        until(handle, StreamState::Live).await;
    }
    let took = able.elapsed();
    prop_assert!(took <= RECOVERY, "{took:?} until the last one was live");
    while let Some(answered) = restarts.join_next().await {
        answered.expect("a restart is answered");
    }
    let most = wall.opening_most.load(SeqCst);
    prop_assert!(most <= LIMIT, "{most} openings at once");
    prop_assert_eq!(wall.doubled.load(SeqCst), 0, "sessions opened before the last one of the stream had ended");
    streams.shutdown().await;
    let open: u32 = wall.cameras.iter().map(Camera::open).sum();
    prop_assert_eq!(open, 0);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_connect_limit_and_one_session_hold_in_every_sequence_of_faults_and_all_are_live_in_the_end(
        events in vec((0_u64..3000, event()), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
        runtime.block_on(play(events))?;
    }
}
