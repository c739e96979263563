//! The tracks of a recorded file's `moov`.

use super::super::boxes::{child, children, u32_at};
use crate::time::VIDEO_TIMESCALE;
use bytes::Bytes;

/// A larger sample entry is none of ours: parameter sets are some hundred bytes.
const MAX_ENTRY: usize = 1 << 16;
/// Faster sound is none of ours.
const MAX_RATE: u32 = 1_000_000;

/// A track as its file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::record) struct TrackInfo {
    pub id: u32,
    /// Ticks per second.
    pub timescale: u32,
    /// Width and height at which it is shown, as 16.16 numbers.
    pub size: (u32, u32),
    /// The sample entry, the whole box.
    pub entry: Bytes,
}

/// The video and the audio track. None if there is no video, or a track is none of ours.
pub(super) fn read(moov: &[u8]) -> Option<(TrackInfo, Option<TrackInfo>)> {
    let (mut video, mut audio) = (None, None);
    for (_, trak) in children(moov).filter(|(kind, _)| kind == b"trak") {
        let media = child(trak, b"mdia")?;
        let track = TrackInfo { id: 0, timescale: 0, size: (0, 0), entry: Bytes::new() };
        let track = TrackInfo { entry: entry(media)?, timescale: timescale(media)?, ..track };
        let header = child(trak, b"tkhd")?;
        // The identifier follows two times of 4 or 8 bytes; the sizes end the box.
        let id_at = if *header.first()? == 1 { 20 } else { 12 };
        let sizes = header.len().checked_sub(8)?;
        let track = TrackInfo { id: u32_at(header, id_at)?, size: (u32_at(header, sizes)?, u32_at(header, sizes + 4)?), ..track };
        let slot = match child(media, b"hdlr")?.get(8..12)? {
            b"vide" if track.timescale == VIDEO_TIMESCALE => &mut video,
            b"soun" if (1..=MAX_RATE).contains(&track.timescale) => &mut audio,
            _ => return None,
        };
        if slot.replace(track).is_some() {
            return None;
        }
    }
    let video = video?;
    let same = audio.as_ref().is_some_and(|audio: &TrackInfo| audio.id == video.id);
    (!same).then_some((video, audio))
}

fn timescale(media: &[u8]) -> Option<u32> {
    let header = child(media, b"mdhd")?;
    u32_at(header, if *header.first()? == 1 { 20 } else { 12 })
}

/// The only sample entry.
fn entry(media: &[u8]) -> Option<Bytes> {
    let table = child(child(child(media, b"minf")?, b"stbl")?, b"stsd")?;
    let entries = table.get(8..).filter(|entries| entries.len() <= MAX_ENTRY)?;
    let (_, body) = children(entries).next()?;
    let only = u32_at(table, 4) == Some(1) && body.len() + 8 == entries.len();
    only.then(|| Bytes::copy_from_slice(entries))
}
