//! Snapshots, about one a second, as the element's `poster`: a picture for every browser, codec and network.

use super::browser::{fetch, moment, now_ms, sleep, status_reason};
use super::screen::Screen;
use super::transport::{Setup, Signal, Transport};
use app::live::proof::Proof;
use app::live::{FailReason, PlayerStats, TransportKind};
use gloo::timers::callback::Interval;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, HtmlImageElement, Url};

const PERIOD_MS: i32 = 1_000;
/// How often the picture's age is looked at.
const TICK_MS: u32 = 500;
/// Stills are key frames: of a stream whose key frames are a second apart or that says nothing, milliseconds.
const USUAL_KEY_INTERVAL_MS: f64 = 2_000.0;
/// Widths are asked for in steps, so that the server's cache of decoded key frames is shared.
const WIDTH_STEP: i32 = 320;

pub(crate) struct StillsPlayer(Rc<Inner>);

struct Inner {
    setup: Setup,
    /// Counts starts: a loop of an older one ends.
    run: Cell<u32>,
    first: Cell<bool>,
    /// `Stalled` was said and no newer picture came since.
    still: Cell<bool>,
    /// Whether the picture is young enough to be live. Its frames are the different stills, by the time they were taken.
    proof: Cell<Proof>,
    /// When the picture was taken, on the page's monotonic clock, as far as its age is known.
    taken_at_ms: Cell<f64>,
    /// When it came.
    new_at_ms: Cell<f64>,
    watch: RefCell<Option<Interval>>,
    shown_at_ms: Cell<f64>,
    /// When the newest picture came that was not the one before again, and which one it was.
    fresh_at_ms: Cell<Option<f64>>,
    taken: RefCell<Option<String>>,
    /// What is shown, for looking at it: a poster can't be read.
    picture: RefCell<Option<HtmlImageElement>>,
    interval_ms: Cell<f64>,
    latency_ms: Cell<Option<f64>>,
    bytes: Cell<u64>,
    /// Different stills so far.
    count: Cell<f64>,
    /// Of the picture that is shown.
    object_url: RefCell<Option<String>>,
}

impl StillsPlayer {
    pub fn new(setup: Setup) -> Self {
        let key_interval_ms = setup.key_interval_ms.unwrap_or(USUAL_KEY_INTERVAL_MS).max(f64::from(PERIOD_MS));
        Self(Rc::new(Inner {
            setup,
            run: Cell::new(0),
            first: Cell::new(false),
            still: Cell::new(false),
            proof: Cell::new(Proof::new(Some(key_interval_ms))),
            taken_at_ms: Cell::new(f64::NEG_INFINITY),
            new_at_ms: Cell::new(0.0),
            watch: RefCell::default(),
            shown_at_ms: Cell::new(0.0),
            fresh_at_ms: Cell::new(None),
            taken: RefCell::default(),
            picture: RefCell::default(),
            interval_ms: Cell::new(f64::from(PERIOD_MS)),
            latency_ms: Cell::new(None),
            bytes: Cell::new(0),
            count: Cell::new(0.0),
            object_url: RefCell::default(),
        }))
    }
}

impl Transport for StillsPlayer {
    fn suspend(&self) {
        self.0.watch.borrow_mut().take();
        self.0.run.set(self.0.run.get().wrapping_add(1));
    }

    fn resume(&self) {
        self.suspend();
        self.0.begin();
        let weak = Rc::downgrade(&self.0);
        *self.0.watch.borrow_mut() = Some(Interval::new(TICK_MS, move || {
            if let Some(inner) = weak.upgrade() {
                inner.look();
            }
        }));
        spawn_local(poll(Rc::downgrade(&self.0), self.0.run.get()));
    }

    fn screen(&self) -> Option<&Screen> {
        None
    }

    fn picture_at_ms(&self) -> Option<f64> {
        self.0.fresh_at_ms.get()
    }

    fn thumbnail(&self) -> Option<Vec<u8>> {
        self.0.picture.borrow().as_ref().and_then(|picture| self.0.setup.shared.thumbnails.of_image(picture))
    }

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
            frame_age_ms: (now_ms() - inner.new_at_ms.get()).max(0.0),
            bound_ms: inner.proof.get().bound_ms(),
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

/// A camera's newest picture by itself.
pub(crate) async fn one(camera_id: i64) -> Option<app::live::Still> {
    let picture = take(&app::live::snapshot_address(camera_id)).await.ok()?;
    let age_ms = picture.age_ms?;
    let url = Url::create_object_url_with_blob(&picture.blob).ok()?;
    let taken = moment().minus_ms(age_ms + now_ms() - picture.answered_at_ms);
    Some(app::live::Still { url, taken, release })
}

fn release(url: &str) {
    // Fails only for a malformed URL, and this one is the browser's own.
    let _ = Url::revoke_object_url(url);
}

struct Picture {
    blob: Blob,
    /// `X-Frame-Age-Ms` when the answer was sent.
    age_ms: Option<f64>,
    answered_at_ms: f64,
    /// `Last-Modified`: when the server received the picture.
    taken: Option<String>,
}

async fn take(url: &str) -> Result<Picture, FailReason> {
    let response = fetch(url).await.ok_or(FailReason::Unreachable)?;
    let answered_at_ms = now_ms();
    if let Some(reason) = status_reason(response.status()) {
        return Err(reason);
    }
    let age_ms = response.headers().get("x-frame-age-ms").ok().flatten().and_then(|age| age.parse().ok());
    let taken = response.headers().get("last-modified").ok().flatten();
    let blob = response.blob().map_err(|_| FailReason::Unreachable)?;
    let blob = JsFuture::from(blob).await.map_err(|_| FailReason::Unreachable)?;
    Ok(Picture { blob: blob.unchecked_into(), age_ms, answered_at_ms, taken })
}

impl Inner {
    fn url(&self) -> String {
        let pixels = f64::from(self.setup.video.client_width()) * web_sys::window().map_or(1.0, |window| window.device_pixel_ratio());
        let steps = (pixels / f64::from(WIDTH_STEP)).ceil().clamp(1.0, 8.0) as i32;
        format!("/api/v1/cameras/{}/snapshot.jpg?width={}", self.setup.camera_id, steps * WIDTH_STEP)
    }

    fn show(&self, still: &Picture) {
        let Ok(url) = Url::create_object_url_with_blob(&still.blob) else { return };
        self.setup.video.set_poster(&url);
        if let Ok(picture) = HtmlImageElement::new() {
            picture.set_src(&url);
            *self.picture.borrow_mut() = Some(picture);
        }
        self.replace_url(Some(url));
        let now = now_ms();
        // While the camera is away the server goes on giving the last picture.
        if still.taken.is_none() || *self.taken.borrow() != still.taken {
            self.fresh_at_ms.set(Some(now));
            self.taken.borrow_mut().clone_from(&still.taken);
        }
        if self.first.get() {
            self.interval_ms.set(now - self.shown_at_ms.get());
        }
        self.shown_at_ms.set(now);
        self.bytes.set(self.bytes.get().saturating_add(still.blob.size() as u64));
        // A server that doesn't say how old it is says nothing that proves a live picture.
        let Some(age_ms) = still.age_ms else { return };
        let age_ms = age_ms + now - still.answered_at_ms;
        let taken_at_ms = now - age_ms;
        // The same key frame once more is no new picture; the age is exact to a few milliseconds.
        if taken_at_ms > self.taken_at_ms.get() + 50.0 {
            self.taken_at_ms.set(taken_at_ms);
            self.new_at_ms.set(now);
            self.latency_ms.set(Some(age_ms));
            let mut proof = self.proof.get();
            self.count.set(self.count.get() + 1.0);
            proof.presented(moment().minus_ms(age_ms), taken_at_ms / 1_000.0, self.count.get());
            self.proof.set(proof);
        }
        // An old one may come first: of a camera that is away.
        let live = age_ms <= self.proof.get().bound_ms();
        if live && (!self.first.replace(true) || self.still.replace(false)) {
            self.still.set(false);
            self.setup.report(Signal::FirstFrame);
        } else if !live && !self.first.replace(true) {
            self.still.set(true);
            self.setup.report(Signal::Stalled);
        }
    }

    fn begin(&self) {
        self.first.set(false);
        self.still.set(false);
        self.taken_at_ms.set(f64::NEG_INFINITY);
        let mut proof = self.proof.get();
        proof.restart();
        self.proof.set(proof);
    }

    fn look(&self) {
        let mut proof = self.proof.get();
        let overdue = proof.is_overdue(moment());
        self.proof.set(proof);
        if overdue && self.first.get() && !self.still.replace(true) {
            self.setup.report(Signal::Stalled);
        }
    }

    fn replace_url(&self, url: Option<String>) {
        if let Some(old) = self.object_url.replace(url) {
            release(&old);
        }
    }
}
