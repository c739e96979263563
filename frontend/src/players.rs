//! Players: one per video element, each running a tile's transport ladder.
//!
//! [`tile`] walks the ladder and is the handle that pages hold; [`mse`], [`hls`], [`native`] and [`stills`] are the transports;
//! [`screen`] is what the first three share: the element, its frames, the live edge. Decisions are in `app::live`, unit-tested natively.
//! What does not belong here: which tile is visible, what it looks like, what is retried by whom above a single player.

mod autoplay;
mod bindings;
mod browser;
mod debug;
mod hls;
mod mse;
mod native;
mod screen;
mod stills;
mod thumbnail;
mod tile;
mod transport;

use app::live::clock::ServerOffset;
use app::live::ladder::Capabilities;
use app::live::{OnEvent, PlayRequest, PlayerHandle, PlayerHost, Still, TransportKind};
use std::cell::RefCell;
use std::rc::{Rc, Weak};
use tile::Tile;
use web_sys::HtmlVideoElement;

/// What all players of a page share.
pub(crate) struct Shared {
    /// From the page's `?transport=`, read once.
    forced: Option<TransportKind>,
    capabilities: Capabilities,
    /// Safari re-buffers at a change of rate.
    rate_is_cheap: bool,
    offset: RefCell<ServerOffset>,
    hls_script: hls::Script,
    thumbnails: thumbnail::Thumbnails,
    /// For the debug hook; dead entries are swept when a player is added.
    tiles: RefCell<Vec<Weak<Tile>>>,
}

/// The players of this page.
pub struct BrowserPlayers {
    shared: Rc<Shared>,
}

impl BrowserPlayers {
    /// Looks at the browser once and puts the debug hook `window.__nightjar` in place.
    pub fn install() -> Rc<dyn PlayerHost> {
        let shared = Rc::new(Shared {
            forced: browser::query_parameter("transport").and_then(|value| value.parse().ok()),
            capabilities: browser::capabilities(),
            rate_is_cheap: !browser::is_safari(),
            offset: RefCell::default(),
            hls_script: hls::Script::default(),
            thumbnails: thumbnail::Thumbnails::default(),
            tiles: RefCell::default(),
        });
        debug::install(&shared);
        Rc::new(Self { shared })
    }
}

impl PlayerHost for BrowserPlayers {
    fn play(&self, video: HtmlVideoElement, request: PlayRequest, on_event: OnEvent) -> Box<dyn PlayerHandle> {
        let tile = Tile::start(Rc::clone(&self.shared), video, request, on_event);
        let mut tiles = self.shared.tiles.borrow_mut();
        tiles.retain(|tile| tile.strong_count() > 0);
        tiles.push(Rc::downgrade(&tile));
        drop(tiles);
        Box::new(tile::Handle::new(tile))
    }

    fn still(&self, camera_id: i64, on_still: Box<dyn FnOnce(Still)>) {
        wasm_bindgen_futures::spawn_local(async move {
            if let Some(still) = stills::one(camera_id).await {
                on_still(still);
            }
        });
    }

    fn heard_server(&self, server_ms: f64, browser_ms: f64) {
        self.shared.offset.borrow_mut().observe(server_ms, browser_ms);
    }
}
