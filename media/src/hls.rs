//! HLS of one stream: low-latency playlists (RFC 8216bis) over the chunks that were muxed once, and plain ones for players without LL.
//!
//! `window` is the sans-IO core: it cuts chunks into parts and segments and keeps a bounded window of them. `playlist` writes it as
//! text, `reload` judges blocking requests, [`HlsStream`] is the thin shell that waits. [`validate`] checks playlists and media of any
//! origin against the same rules.
//!
//! What does not belong here: HTTP (routes, status codes, compression), making chunks ([`crate::mux`]), who may watch.
//!
//! How the rules are kept, in short:
//! - PART-TARGET and TARGETDURATION are chosen once from the first seconds of the stream (`choose`) and then frozen. If a camera later
//!   changes its frame rate so that no whole number of frames fits 85-100 % of a part, the segment is ended early (a segment's last
//!   part may be short); if that goes on, the window starts over at a key frame with new targets: a new playlist identity
//!   ([`HlsStream::identity`]), whose sequence numbers go on and whose resources share no name with the old.
//! - Parts are named by a counter of their own, not by segment and index, so that the hinted name is always that of the part that
//!   comes next, even when the segment ends before it.
//! - Media and discontinuity sequence are seeded from the wall clock and never go back, also over restarts.

mod choose;
mod datetime;
mod master;
mod playlist;
mod reload;
mod segment;
mod shell;
pub mod validate;
mod window;

use bytes::Bytes;
use std::time::Duration;

pub use master::{Variant, master_playlist};
pub use reload::PlaylistError;
pub use shell::{HlsStream, PlaylistRequest, Rendered, RenditionPeer};

/// Content type of playlists (RFC 8216 section 4).
pub const PLAYLIST_CONTENT_TYPE: &str = "application/vnd.apple.mpegurl";

/// Content type of init segments, segments and parts.
pub const MEDIA_CONTENT_TYPE: &str = "video/mp4";

/// What can be chosen about a stream's playlists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HlsOptions {
    /// Wished length of a part; kept within 100-1000 ms. The frozen PART-TARGET is the nearest that whole frames fill.
    pub part_target: Duration,
    /// Whole segments listed while somebody watches, at least 6 (Apple's authoring rules 8.11).
    pub segments: usize,
    /// Whole segments kept while nobody watches, at least 1.
    pub idle_segments: usize,
    /// Bound of the media held, in bytes; the oldest goes first.
    pub max_bytes: usize,
    /// EXT-X-DISCONTINUITY-SEQUENCE starts at least here: above what any earlier run of the installation has shown.
    pub first_discontinuity: u64,
}

impl Default for HlsOptions {
    fn default() -> Self {
        Self { part_target: Duration::from_millis(200), segments: 6, idle_segments: 2, max_bytes: 96 << 20, first_discontinuity: 0 }
    }
}

/// Whether a playlist may be a delta update (`_HLS_skip`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Skip {
    /// The full playlist.
    #[default]
    No,
    /// `_HLS_skip=YES`: older segments may be replaced by EXT-X-SKIP.
    Yes,
    /// `_HLS_skip=v2`: also skipped date ranges; there are none here, so it renders like `Yes`.
    V2,
}

/// Whether sound goes with the pictures: not everybody who may see a camera may hear it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sound {
    #[default]
    With,
    /// The same playlist with media under names of its own, which hold pictures only.
    Without,
}

/// Bytes of a part, segment or init, by reference: writing the pieces in order gives the resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaBody {
    pub parts: Vec<Bytes>,
    /// Sum of the pieces' lengths: the Content-Length.
    pub len: u64,
}

impl MediaBody {
    fn of(pieces: impl IntoIterator<Item = Bytes>) -> Self {
        let parts: Vec<Bytes> = pieces.into_iter().collect();
        let len = parts.iter().map(|bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX)).sum();
        Self { parts, len }
    }
}

#[cfg(test)]
mod tests;
