//! Cameras behind the `Connect` seam: the host's name says what they do.
//!
//! `ok.test` sends pictures; `locked.test` wants the password `right`; `silent.test` opens and sends nothing; any other `CODE.test` (with `-`
//! for `_`) fails with that stream error code.

use async_trait::async_trait;
use bytes::Bytes;
use media::ingest::{Connect, LoginMark, Source, SourceSpec};
use media::time::Stamp;
use media::unit::{AccessUnit, SourceItem, Tracks, VideoCodec, VideoTrack};
use media::{ErrorCode, StreamError};
use secrecy::ExposeSecret;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

#[derive(Default)]
pub struct FakeCameras {
    connects: AtomicU32,
    refused_logins: AtomicU32,
    /// Paths that were opened, in order.
    opened: Mutex<Vec<String>>,
    /// Newest teardown quirk of each path that was opened.
    teardowns: Mutex<BTreeMap<String, String>>,
}

impl FakeCameras {
    pub fn connects(&self) -> u32 {
        self.connects.load(SeqCst)
    }

    pub fn refused_logins(&self) -> u32 {
        self.refused_logins.load(SeqCst)
    }

    pub fn opened(&self) -> Vec<String> {
        self.opened.lock().expect("not poisoned").clone()
    }

    pub fn teardown(&self, path: &str) -> Option<String> {
        self.teardowns.lock().expect("not poisoned").get(path).cloned()
    }
}

const CODES: [ErrorCode; 12] = [
    ErrorCode::Unreachable,
    ErrorCode::Refused,
    ErrorCode::Timeout,
    ErrorCode::NotFound,
    ErrorCode::UnsupportedTransport,
    ErrorCode::UnsupportedCodec,
    ErrorCode::NoVideo,
    ErrorCode::Protocol,
    ErrorCode::Stalled,
    ErrorCode::SessionLimit,
    ErrorCode::Tls,
    ErrorCode::FfmpegFailed,
];

#[async_trait]
impl Connect for FakeCameras {
    async fn connect(&self, spec: &SourceSpec, _login: &LoginMark) -> Result<Box<dyn Source>, StreamError> {
        self.connects.fetch_add(1, SeqCst);
        let (host, path, password) = match spec {
            SourceSpec::Rtsp(spec) => {
                let password = spec.credentials.as_ref().map(|login| login.password.expose_secret().to_owned());
                (spec.url.host_str().unwrap_or_default().to_owned(), spec.url.path().to_owned(), password)
            }
            SourceSpec::Ffmpeg(_) | SourceSpec::TestPattern(_) => ("ok.test".to_owned(), format!("{spec:?}"), None),
        };
        let name = host.trim_end_matches(".test").replace('-', "_");
        if let Some(code) = CODES.into_iter().find(|code| code.as_str() == name) {
            return Err(StreamError::new(code, "The fake camera says no."));
        }
        if name == "locked" && password.as_deref() != Some("right") {
            self.refused_logins.fetch_add(1, SeqCst);
            return Err(StreamError::new(ErrorCode::AuthFailed, "The camera refused the user name or password."));
        }
        if let SourceSpec::Rtsp(spec) = spec {
            let quirk = spec.quirks.teardown.to_string();
            self.teardowns.lock().expect("not poisoned").insert(path.clone(), quirk);
        }
        self.opened.lock().expect("not poisoned").push(path);
        Ok(Box::new(Session { silent: name == "silent", tracks: tracks(), frames: 0 }))
    }
}

struct Session {
    silent: bool,
    tracks: Tracks,
    frames: i64,
}

#[async_trait]
impl Source for Session {
    fn tracks(&self) -> &Tracks {
        &self.tracks
    }

    async fn next(&mut self) -> Result<SourceItem, StreamError> {
        if self.silent {
            std::future::pending::<()>().await;
        }
        if self.frames > 0 {
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
        let key = self.frames % 25 == 0;
        // One slice NAL unit: IDR or not; first_mb 0, slice type I or P, PPS 0.
        let nal: &[u8] = if key { &[0, 0, 0, 4, 0x65, 0x88, 0x84, 0x21] } else { &[0, 0, 0, 4, 0x41, 0x9a, 0x24, 0x6c] };
        let unit = AccessUnit { pts: self.frames * 3600, key, data: Bytes::from_static(nal), received: Stamp::now() };
        self.frames += 1;
        Ok(SourceItem::Video(unit))
    }

    async fn close(self: Box<Self>) {}

    fn describe(&self) -> String {
        "a fake over nothing".into()
    }
}

/// H.264 Baseline 640x360 at 25 fps, as x264 writes it.
fn tracks() -> Tracks {
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
