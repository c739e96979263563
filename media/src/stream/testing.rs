//! A scripted camera behind the [`Connect`] seam: it counts sessions and logins, and does what a test tells it.

use crate::error::{ErrorCode, StreamError};
use crate::id::{CameraId, Quality, StreamKey};
use crate::ingest::{Connect, Credentials, Knocked, LoginMark, RtspSpec, Source, SourceSpec, TransportChoice, rtsp::Quirks};
use crate::stream::session;
use crate::unit::{AccessUnit, SourceItem, Tracks, VideoCodec, VideoTrack};
use async_trait::async_trait;
use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use url::Url;

/// What the camera does, now and for sessions that are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// 25 frames per second, a key frame every second, the first at once.
    Send,
    /// Sessions stay open, nothing comes.
    Silent,
    /// Connects fail and open sessions end with this code.
    Fail(ErrorCode),
    /// Connects are never answered.
    Hang,
    /// Logins are never answered.
    Mute,
    /// Our own code breaks on the next frame.
    Panic,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    connecting: AtomicU32,
    connecting_most: AtomicU32,
    connects: AtomicU32,
    open: AtomicU32,
    open_most: AtomicU32,
    wrong_logins: AtomicU32,
}

/// The camera; clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Camera {
    pub(crate) mode: Arc<watch::Sender<Mode>>,
    pub(crate) counters: Arc<Counters>,
    /// Time a connect takes.
    pub(crate) connect_time: Duration,
    /// Time it takes to judge a login.
    pub(crate) judge_time: Duration,
    /// Time a polite end takes.
    pub(crate) close_time: Duration,
    /// The password it accepts; None: any.
    pub(crate) password: Option<&'static str>,
    /// Sessions per path that are open now: two at once is a fault of ours.
    pub(crate) paths: Arc<std::sync::Mutex<HashSet<String>>>,
}

impl Default for Camera {
    fn default() -> Self {
        Self {
            mode: Arc::new(watch::Sender::new(Mode::Send)),
            counters: Arc::default(),
            connect_time: Duration::from_millis(20),
            judge_time: Duration::ZERO,
            close_time: Duration::from_millis(5),
            password: None,
            paths: Arc::default(),
        }
    }
}

impl Camera {
    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    pub(crate) fn connects(&self) -> u32 {
        self.counters.connects.load(SeqCst)
    }

    pub(crate) fn open(&self) -> u32 {
        self.counters.open.load(SeqCst)
    }

    pub(crate) fn open_most(&self) -> u32 {
        self.counters.open_most.load(SeqCst)
    }

    pub(crate) fn connecting(&self) -> u32 {
        self.counters.connecting.load(SeqCst)
    }

    pub(crate) fn connecting_most(&self) -> u32 {
        self.counters.connecting_most.load(SeqCst)
    }

    pub(crate) fn wrong_logins(&self) -> u32 {
        self.counters.wrong_logins.load(SeqCst)
    }
}

/// Counts up while it lives, also if what it stands for is given up.
pub(crate) struct Counted<'a>(&'a AtomicU32);

impl<'a> Counted<'a> {
    /// `most`: the largest that `count` has been.
    pub(crate) fn new(count: &'a AtomicU32, most: &AtomicU32) -> Self {
        most.fetch_max(count.fetch_add(1, SeqCst) + 1, SeqCst);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

#[async_trait]
impl Connect for Camera {
    async fn knock(&self, _spec: &SourceSpec, limit: Duration) -> Option<Knocked> {
        let mode = *self.mode.borrow();
        Some(match mode {
            Mode::Fail(ErrorCode::Unreachable | ErrorCode::Refused) => Knocked::Shut,
            Mode::Fail(ErrorCode::Timeout) | Mode::Hang => {
                tokio::time::sleep(limit).await;
                Knocked::Silent
            }
            Mode::Fail(ErrorCode::NotFound | ErrorCode::Protocol) => Knocked::Refuses,
            Mode::Fail(_) | Mode::Send | Mode::Silent | Mode::Mute | Mode::Panic => Knocked::Answers,
        })
    }

    async fn connect(&self, spec: &SourceSpec, login: &LoginMark) -> Result<Box<dyn Source>, StreamError> {
        let SourceSpec::Rtsp(spec) = spec else { panic!("the fake speaks RTSP specs only") };
        let counted = Counted::new(&self.counters.connecting, &self.counters.connecting_most);
        self.counters.connects.fetch_add(1, SeqCst);
        tokio::time::sleep(self.connect_time).await;
        let mode = *self.mode.borrow();
        match mode {
            Mode::Fail(code) => return Err(StreamError::new(code, "The fake camera says no.")),
            Mode::Hang => std::future::pending().await,
            Mode::Send | Mode::Silent | Mode::Mute | Mode::Panic => {}
        }
        login.sent();
        tokio::time::sleep(self.judge_time).await;
        let given = spec.credentials.as_ref().map(|login| login.password.expose_secret().to_owned());
        if self.password.is_some_and(|right| given.as_deref() != Some(right)) {
            self.counters.wrong_logins.fetch_add(1, SeqCst);
            if mode == Mode::Mute {
                std::future::pending::<()>().await;
            }
            login.judged();
            return Err(StreamError::new(ErrorCode::AuthFailed, "The camera refused the user name or password."));
        }
        login.judged();
        let path = spec.url.path().to_owned();
        assert!(self.paths.lock().expect("not poisoned").insert(path.clone()), "two sessions at once for {path}");
        drop(counted);
        let open = self.counters.open.fetch_add(1, SeqCst) + 1;
        self.counters.open_most.fetch_max(open, SeqCst);
        Ok(Box::new(Session { camera: self.clone(), mode: self.mode.subscribe(), tracks: tracks(), path, frames: 0, due: Instant::now() }))
    }
}

struct Session {
    camera: Camera,
    mode: watch::Receiver<Mode>,
    tracks: Tracks,
    path: String,
    frames: i64,
    /// When the next frame is sent; kept over cancelled calls.
    due: Instant,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.camera.counters.open.fetch_sub(1, SeqCst);
        if let Ok(mut paths) = self.camera.paths.lock() {
            paths.remove(&self.path);
        }
    }
}

#[async_trait]
impl Source for Session {
    fn tracks(&self) -> &Tracks {
        &self.tracks
    }

    async fn next(&mut self) -> Result<SourceItem, StreamError> {
        loop {
            let mode = *self.mode.borrow_and_update();
            match mode {
                Mode::Fail(code) => return Err(StreamError::new(code, "The fake camera hung up.")),
                Mode::Panic => panic!("a scripted mistake"),
                Mode::Silent | Mode::Hang => {
                    let _ = self.mode.changed().await;
                    continue;
                }
                Mode::Send | Mode::Mute => {}
            }
            tokio::select! {
                _ = self.mode.changed() => continue,
                () = tokio::time::sleep_until(self.due) => {}
            }
            let key = self.frames % 25 == 0;
            // One slice NAL unit: IDR or not; first_mb 0, slice type I or P, PPS 0.
            let nal: &[u8] = if key { &[0, 0, 0, 4, 0x65, 0x88, 0x84, 0x21] } else { &[0, 0, 0, 4, 0x41, 0x9a, 0x24, 0x6c] };
            let unit = AccessUnit { pts: self.frames * 3600, key, data: Bytes::from_static(nal), received: session::now() };
            self.frames += 1;
            // A camera that was silent does not catch up.
            self.due = Instant::now() + Duration::from_millis(40);
            return Ok(SourceItem::Video(unit));
        }
    }

    async fn close(self: Box<Self>) {
        tokio::time::sleep(self.camera.close_time).await;
    }

    fn describe(&self) -> String {
        "a fake over nothing".into()
    }
}

/// H.264 Baseline 640×360 at 25 fps, as x264 writes it.
pub(crate) fn tracks() -> Tracks {
    const SPS: &[u8] = &[
        0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00, 0x03, 0x00, 0x32, 0x0f,
        0x16, 0x2e, 0x48,
    ];
    const PPS: &[u8] = &[0x68, 0xcb, 0x83, 0xcb, 0x20];
    let mut config = vec![1, SPS[1], SPS[2], SPS[3], 0xff, 0xe1, 0, u8::try_from(SPS.len()).expect("short")];
    config.extend_from_slice(SPS);
    config.extend_from_slice(&[1, 0, u8::try_from(PPS.len()).expect("short")]);
    config.extend_from_slice(PPS);
    let video = VideoTrack {
        codec: VideoCodec::H264 { sps: Bytes::from_static(SPS), pps: Bytes::from_static(PPS) },
        rfc6381: "avc1.42C01E".into(),
        width: 640,
        height: 360,
        pixel_aspect: None,
        frame_duration: Some((1, 25)),
        decoder_config: Bytes::from(config),
    };
    Tracks { video, audio: None }
}

pub(crate) fn key(camera: i64, quality: Quality) -> StreamKey {
    StreamKey::new(CameraId(camera), quality)
}

/// `rtsp://HOST/PATH` with `user` and `password`.
pub(crate) fn source(host: &str, path: &str, password: &str) -> SourceSpec {
    SourceSpec::Rtsp(RtspSpec {
        url: Url::parse(&format!("rtsp://{host}/{path}")).expect("a valid URL"),
        credentials: Some(Credentials { username: "user".into(), password: SecretString::from(password.to_owned()) }),
        transport: TransportChoice::Auto,
        quirks: Quirks::default(),
    })
}
