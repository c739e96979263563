//! Snapshots, about one a second, as the element's `poster`: a picture for every browser, codec and network.

use super::browser::{fetch, now_ms, sleep, status_reason};
use super::transport::{Setup, Signal, Transport};
use app::live::{FailReason, PlayerStats, TransportKind};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, Url};

const PERIOD_MS: i32 = 1_000;
/// Widths are asked for in steps, so that the server's cache of decoded key frames is shared.
const WIDTH_STEP: i32 = 320;

pub(crate) struct StillsPlayer(Rc<Inner>);

struct Inner {
    setup: Setup,
    /// Counts starts: a loop of an older one ends.
    run: Cell<u32>,
    first: Cell<bool>,
    shown_at_ms: Cell<f64>,
    interval_ms: Cell<f64>,
    latency_ms: Cell<Option<f64>>,
    bytes: Cell<u64>,
    /// Of the picture that is shown.
    object_url: RefCell<Option<String>>,
}

impl StillsPlayer {
    pub fn new(setup: Setup) -> Self {
        Self(Rc::new(Inner {
            setup,
            run: Cell::new(0),
            first: Cell::new(false),
            shown_at_ms: Cell::new(0.0),
            interval_ms: Cell::new(f64::from(PERIOD_MS)),
            latency_ms: Cell::new(None),
            bytes: Cell::new(0),
            object_url: RefCell::default(),
        }))
    }
}

impl Transport for StillsPlayer {
    fn suspend(&self) {
        self.0.run.set(self.0.run.get().wrapping_add(1));
    }

    fn resume(&self) {
        self.suspend();
        self.0.first.set(false);
        spawn_local(poll(Rc::downgrade(&self.0), self.0.run.get()));
    }

    fn gesture(&self) {}

    fn stats(&self) -> Option<PlayerStats> {
        let inner = &self.0;
        inner.first.get().then(|| PlayerStats {
            transport: TransportKind::Stills,
            latency_ms: inner.latency_ms.get(),
            fps: 1_000.0 / inner.interval_ms.get().max(1.0),
            dropped_frames: 0,
            buffered_s: 0.0,
            target_s: 0.0,
            rate: 1.0,
            stalls: 0,
            frame_age_ms: now_ms() - inner.shown_at_ms.get(),
            bytes: inner.bytes.get(),
        })
    }
}

impl Drop for StillsPlayer {
    fn drop(&mut self) {
        self.suspend();
        // The attribute goes first, so that nobody shows a revoked picture.
        let _ = self.0.setup.video.remove_attribute("poster");
        self.0.replace_url(None);
    }
}

async fn poll(weak: Weak<Inner>, run: u32) {
    loop {
        // Not held over an await: the player may be dropped meanwhile.
        let Some(url) = weak.upgrade().filter(|inner| inner.run.get() == run).map(|inner| inner.url()) else { return };
        let taken = take(&url).await;
        let Some(inner) = weak.upgrade().filter(|inner| inner.run.get() == run) else { return };
        match taken {
            Ok(still) => inner.show(&still),
            Err(reason) => return inner.setup.report(Signal::Failed(reason)),
        }
        drop(inner);
        sleep(PERIOD_MS).await;
    }
}

struct Still {
    blob: Blob,
    /// `X-Frame-Age-Ms` when the answer was sent.
    age_ms: Option<f64>,
    asked_at_ms: f64,
}

async fn take(url: &str) -> Result<Still, FailReason> {
    let asked_at_ms = now_ms();
    let response = fetch(url).await.ok_or(FailReason::Unreachable)?;
    if let Some(reason) = status_reason(response.status()) {
        return Err(reason);
    }
    let age_ms = response.headers().get("x-frame-age-ms").ok().flatten().and_then(|age| age.parse().ok());
    let blob = response.blob().map_err(|_| FailReason::Unreachable)?;
    let blob = JsFuture::from(blob).await.map_err(|_| FailReason::Unreachable)?;
    Ok(Still { blob: blob.unchecked_into(), age_ms, asked_at_ms })
}

impl Inner {
    fn url(&self) -> String {
        let pixels = f64::from(self.setup.video.client_width()) * web_sys::window().map_or(1.0, |window| window.device_pixel_ratio());
        let steps = (pixels / f64::from(WIDTH_STEP)).ceil().clamp(1.0, 8.0) as i32;
        format!("/api/v1/cameras/{}/snapshot.jpg?width={}", self.setup.camera_id, steps * WIDTH_STEP)
    }

    fn show(&self, still: &Still) {
        let Ok(url) = Url::create_object_url_with_blob(&still.blob) else { return };
        self.setup.video.set_poster(&url);
        self.replace_url(Some(url));
        let now = now_ms();
        if self.first.get() {
            self.interval_ms.set(now - self.shown_at_ms.get());
        }
        self.shown_at_ms.set(now);
        self.bytes.set(self.bytes.get().saturating_add(still.blob.size() as u64));
        self.latency_ms.set(still.age_ms.map(|age| age + now - still.asked_at_ms));
        if !self.first.replace(true) {
            self.setup.report(Signal::FirstFrame);
        }
    }

    fn replace_url(&self, url: Option<String>) {
        if let Some(old) = self.object_url.replace(url) {
            // Fails only for a malformed URL, and this one is the browser's own.
            let _ = Url::revoke_object_url(&old);
        }
    }
}
