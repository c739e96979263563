//! What a tile asks of each of its transports.

use super::Shared;
use super::screen::Screen;
use app::live::{FailReason, PlayerStats};
use app::model::Quality;
use std::rc::Rc;
use web_sys::HtmlVideoElement;

/// What a transport tells its tile. The tile acts on it later, from a clean stack, so it may be said at any time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Signal {
    FirstFrame,
    Stalled,
    Dropped(u64),
    NeedsGesture,
    MutedByBrowser,
    /// Nothing failed, but what comes now needs a transport made afresh.
    Renew,
    /// The transport does nothing more until `resume` or its end.
    Failed(FailReason),
}

pub(crate) type Report = Rc<dyn Fn(Signal)>;

/// What a transport is made from.
#[derive(Clone)]
pub(crate) struct Setup {
    pub shared: Rc<Shared>,
    pub video: HtmlVideoElement,
    pub camera_id: i64,
    pub quality: Quality,
    /// As [`app::live::PlayRequest`] has them.
    pub frame_interval_ms: Option<f64>,
    pub key_interval_ms: Option<f64>,
    pub report: Report,
}

impl Setup {
    /// `/live/{camera}/{quality}/{rest}`.
    pub fn live_path(&self, rest: &str) -> String {
        format!("/live/{}/{}/{rest}", self.camera_id, self.quality.as_str())
    }

    /// Tells the tile.
    pub fn report(&self, signal: Signal) {
        (self.report)(signal);
    }
}

/// One way of getting pictures into the element. Made suspended; dropping it frees everything, the element's `src` included.
pub(crate) trait Transport {
    /// Network and decoding stop; the last picture stays.
    fn suspend(&self);

    /// (Re)connects and shows the live edge.
    fn resume(&self);

    /// What sees the element's frames, for a transport that feeds it some.
    fn screen(&self) -> Option<&Screen>;

    /// Called from inside a user's gesture.
    fn gesture(&self) {
        if let Some(screen) = self.screen() {
            screen.play();
        }
    }

    /// See [`app::live::PlayerHandle::picture_at_ms`].
    fn picture_at_ms(&self) -> Option<f64> {
        self.screen()?.picture_at_ms()
    }

    /// See [`app::live::PlayerHandle::thumbnail`]. Only asked for while the page is visible.
    fn thumbnail(&self) -> Option<Vec<u8>> {
        self.screen()?.thumbnail()
    }

    /// None until something was measured.
    fn stats(&self) -> Option<PlayerStats> {
        self.screen()?.stats()
    }
}
