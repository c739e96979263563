//! Everything before the payload: `ftyp`, `moov` and the head of `mdat`.

use super::*;
use mp4_atom::{Dinf, Dref, Encode, FourCC, Ftyp, Hdlr, Mdhd, Mvhd, Smhd, Tkhd, Url, Vmhd};

/// From 1904 (ISO 14496-12) to 1970, in seconds.
const MP4_TO_UNIX: i64 = 2_082_844_800;

/// None if a table grows too large.
pub(super) fn write(movie: &Builder) -> Option<Bytes> {
    let payload = movie.spans.length();
    // The tables of positions stand before what they point at: once to see how long the header becomes, then as it is.
    let narrow = if u32::try_from(payload).is_ok() { Some(length(movie, false)?) } else { None };
    match narrow.filter(|start| u32::try_from(start.saturating_add(payload)).is_ok()) {
        Some(start) => header(movie, start, false),
        None => header(movie, length(movie, true)?, true),
    }
}

fn length(movie: &Builder, wide: bool) -> Option<u64> {
    u64::try_from(header(movie, 0, wide)?.len()).ok()
}

fn header(movie: &Builder, start: u64, wide: bool) -> Option<Bytes> {
    let mut out = BytesMut::with_capacity(64 << 10);
    let brand = |name| FourCC::new(name);
    let compatible_brands = vec![brand(b"isom"), brand(b"iso2"), brand(b"mp41"), brand(b"mp42")];
    Ftyp { major_brand: brand(b"isom"), minor_version: 0x200, compatible_brands }.encode(&mut out).ok()?;
    boxed(&mut out, b"moov", |out| {
        let created = movie.started_utc_ms.map_or(0, |utc_ms| u64::try_from(utc_ms.div_euclid(1000) + MP4_TO_UNIX).unwrap_or(0));
        let video = Trak::video(movie);
        let audio = Trak::audio(movie).filter(|_| !movie.audio.is_empty());
        let duration = audio.as_ref().map_or(video.shown(), |audio| audio.shown().max(video.shown()));
        Mvhd {
            creation_time: created,
            modification_time: created,
            timescale: VIDEO_TIMESCALE,
            duration,
            rate: 1.into(),
            volume: 1.into(),
            next_track_id: audio.as_ref().map_or(VIDEO_TRACK_ID, |_| AUDIO_TRACK_ID) + 1,
            ..Mvhd::default()
        }
        .encode(out)
        .ok()?;
        for trak in [Some(video), audio].into_iter().flatten() {
            trak.write(out, start, wide)?;
        }
        Some(())
    })?;
    let payload = movie.spans.length();
    if wide {
        out.put_u32(1);
        out.put_slice(b"mdat");
        out.put_u64(payload.checked_add(16)?);
    } else {
        out.put_u32(u32::try_from(payload.checked_add(8)?).ok()?);
        out.put_slice(b"mdat");
    }
    Some(out.freeze())
}

/// One track of the movie.
struct Trak<'a> {
    tables: &'a Tables,
    /// Ticks per second.
    timescale: u32,
    track: Track,
    size: (u32, u32),
    /// How much later than the movie it begins, in ticks of the movie.
    late: u64,
    /// How long it is shown, in ticks of the movie.
    duration: u64,
    /// Presentation time in the media of what is shown first.
    media_time: u32,
}

impl<'a> Trak<'a> {
    fn video(movie: &'a Builder) -> Self {
        let tables = &movie.video;
        Self {
            tables,
            timescale: VIDEO_TIMESCALE,
            track: Track::Video,
            size: movie.size,
            late: 0,
            duration: movie.elapsed,
            media_time: tables.shift(),
        }
    }

    fn audio(movie: &'a Builder) -> Option<Self> {
        let tables = &movie.audio;
        let in_movie = |ticks: u64| {
            let ticks = u128::from(ticks) * u128::from(VIDEO_TIMESCALE) / u128::from(movie.audio_rate.max(1));
            u64::try_from(ticks).ok()
        };
        let (late, duration) = (in_movie(tables.first()?)?, in_movie(tables.duration())?);
        Some(Self { tables, timescale: movie.audio_rate, track: Track::Audio, size: (0, 0), late, duration, media_time: 0 })
    }

    /// In ticks of the movie.
    fn shown(&self) -> u64 {
        self.late.saturating_add(self.duration)
    }

    fn write(&self, out: &mut BytesMut, start: u64, wide: bool) -> Option<()> {
        let is_video = self.track == Track::Video;
        boxed(out, b"trak", |out| {
            self.write_head(out)?;
            self.write_edits(out)?;
            boxed(out, b"mdia", |out| {
                Mdhd { timescale: self.timescale, duration: self.tables.duration(), language: "und".into(), ..Mdhd::default() }
                    .encode(out)
                    .ok()?;
                let (handler, name) = if is_video { (b"vide", "Video") } else { (b"soun", "Audio") };
                Hdlr { handler: FourCC::new(handler), name: name.into() }.encode(out).ok()?;
                boxed(out, b"minf", |out| {
                    if is_video {
                        Vmhd::default().encode(out).ok()?;
                    } else {
                        Smhd::default().encode(out).ok()?;
                    }
                    // The samples are in the same file.
                    Dinf { dref: Dref { entries: vec![Url::default().into()] } }.encode(out).ok()?;
                    self.tables.write(out, start, wide, !is_video)
                })
            })
        })
    }

    fn write_head(&self, out: &mut BytesMut) -> Option<()> {
        let is_video = self.track == Track::Video;
        let head = Tkhd {
            track_id: if is_video { VIDEO_TRACK_ID } else { AUDIO_TRACK_ID },
            duration: self.shown(),
            alternate_group: u16::from(!is_video),
            enabled: true,
            in_movie: true,
            volume: u8::from(!is_video).into(),
            ..Tkhd::default()
        };
        head.encode(out).ok()?;
        // Width and height end the box; as 16.16 numbers they are copied from the file.
        let sizes = out.len().checked_sub(8)?;
        out.truncate(sizes);
        out.put_u32(self.size.0);
        out.put_u32(self.size.1);
        Some(())
    }

    fn write_edits(&self, out: &mut BytesMut) -> Option<()> {
        let empty = (self.late > 0).then_some((self.late, -1));
        let edits: Vec<(u64, i64)> = empty.into_iter().chain([(self.duration, i64::from(self.media_time))]).collect();
        boxed(out, b"edts", |out| {
            boxed(out, b"elst", |out| {
                // Version 1: 64-bit.
                out.put_u32(0x0100_0000);
                out.put_u32(u32::try_from(edits.len()).ok()?);
                for (duration, media_time) in &edits {
                    out.put_u64(*duration);
                    out.put_i64(*media_time);
                    // At normal speed.
                    out.put_u32(0x0001_0000);
                }
                Some(())
            })
        })
    }
}
