//! The init segment of an epoch: `ftyp` + `moov` (ISO 14496-12 8.2, ISO 14496-15).
//!
//! Nothing in it names a duration (`mvhd` and `tkhd` 0, no `mehd`): Chromium then renders in its low-delay mode.

use super::{AUDIO_TRACK_ID, VIDEO_TRACK_ID};
use crate::time::VIDEO_TIMESCALE;
use crate::unit::{AudioTrack, VideoCodec, VideoTrack};
use bytes::{BufMut, Bytes, BytesMut};
use mp4_atom::esds::{DecoderConfig, DecoderSpecific, EsDescriptor, SLConfig};
use mp4_atom::{
    Atom, Audio, Avc1, Avcc, Codec, Dinf, Dref, Encode, Esds, FixedPoint, FourCC, Ftyp, Hdlr, Hvc1, Hvcc, Mdhd, Mp4a, Mvex, Mvhd, Pasp,
    Smhd, Stbl, Stco, Stsd, Tkhd, Trex, Url, Visual, Vmhd,
};

/// Why an init segment could not be written.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The decoder configuration does not parse, or a value fits no box.
    #[error("the decoder configuration does not fit a sample entry: {0}")]
    Boxes(#[from] mp4_atom::Error),
    /// Sample entries hold 16-bit sizes.
    #[error("a picture of {width}x{height} pixels is too large for a sample entry")]
    PictureSize { width: u32, height: u32 },
}

/// Writes the init segment. `audio` is the track to be muxed: AAC with its AudioSpecificConfig.
///
/// # Errors
/// The source's parameters do not fit the boxes.
pub fn write(video: &VideoTrack, audio: Option<&AudioTrack>) -> Result<Bytes, InitError> {
    let mut out = BytesMut::with_capacity(1536);
    Ftyp {
        major_brand: FourCC::new(b"iso6"),
        minor_version: 0,
        compatible_brands: vec![FourCC::new(b"iso6"), FourCC::new(b"cmf2"), FourCC::new(b"mp41")],
    }
    .encode(&mut out)?;
    // Containers are written by hand: mp4-atom puts optional children last, readers expect the usual order (ISO 23000-19 7.3.1).
    boxed(&mut out, b"moov", |out| {
        let next_track_id = audio.map_or(VIDEO_TRACK_ID, |_| AUDIO_TRACK_ID) + 1;
        Mvhd { timescale: VIDEO_TIMESCALE, duration: 0, rate: 1.into(), volume: 1.into(), next_track_id, ..Mvhd::default() }.encode(out)?;
        video_trak(out, video)?;
        let mut trex = vec![trex(VIDEO_TRACK_ID)];
        if let Some(audio) = audio {
            audio_trak(out, audio)?;
            trex.push(self::trex(AUDIO_TRACK_ID));
        }
        Mvex { mehd: None, trex }.encode(out)?;
        Ok(())
    })?;
    Ok(out.freeze())
}

/// Writes a box around what `content` writes.
fn boxed(out: &mut BytesMut, kind: &[u8; 4], content: impl FnOnce(&mut BytesMut) -> Result<(), InitError>) -> Result<(), InitError> {
    let start = out.len();
    out.put_u32(0);
    out.put_slice(kind);
    content(out)?;
    let size = u32::try_from(out.len() - start).map_err(|_| mp4_atom::Error::InvalidSize)?;
    if let Some(field) = out.get_mut(start..start + 4) {
        field.copy_from_slice(&size.to_be_bytes());
    }
    Ok(())
}

fn trex(track_id: u32) -> Trex {
    Trex { track_id, default_sample_description_index: 1, ..Trex::default() }
}

fn video_trak(out: &mut BytesMut, video: &VideoTrack) -> Result<(), InitError> {
    let too_large = || InitError::PictureSize { width: video.width, height: video.height };
    let width = u16::try_from(video.width).map_err(|_| too_large())?;
    let height = u16::try_from(video.height).map_err(|_| too_large())?;
    let visual = Visual { data_reference_index: 1, width, height, ..Visual::default() };
    let pasp = video.pixel_aspect.map(|(h, v)| Pasp { h_spacing: h.into(), v_spacing: v.into() });
    let mut record = video.decoder_config.as_ref();
    let entry = match video.codec {
        VideoCodec::H264 { .. } => Codec::from(Avc1 { visual, avcc: Avcc::decode_body(&mut record)?, pasp, ..Avc1::default() }),
        VideoCodec::H265 { .. } => Codec::from(Hvc1 { visual, hvcc: Hvcc::decode_body(&mut record)?, pasp, ..Hvc1::default() }),
    };
    // The track is laid out in square pixels.
    let shown_width = match video.pixel_aspect {
        Some((h, v)) if v > 0 => u16::try_from(u64::from(width) * u64::from(h) / u64::from(v)).unwrap_or(width),
        _ => width,
    };
    let tkhd = Tkhd {
        track_id: VIDEO_TRACK_ID,
        enabled: true,
        in_movie: true,
        width: shown_width.into(),
        height: height.into(),
        ..Tkhd::default()
    };
    trak(out, &tkhd, VIDEO_TIMESCALE, (b"vide", "Video"), &Vmhd::default(), entry)
}

fn audio_trak(out: &mut BytesMut, audio: &AudioTrack) -> Result<(), InitError> {
    let entry = Mp4a {
        audio: Audio {
            data_reference_index: 1,
            channel_count: audio.channels,
            sample_size: 16,
            // A 16.16 field: rates above 65 535 Hz are only in the AudioSpecificConfig (ISO 14496-12 12.2.3).
            sample_rate: FixedPoint::from(u16::try_from(audio.rate_hz).unwrap_or(0)),
        },
        esds: Esds {
            es_desc: EsDescriptor {
                es_id: 0,
                dec_config: DecoderConfig {
                    // Audio ISO/IEC 14496-3, audio stream (ISO 14496-1 tables 5 and 6).
                    object_type_indication: 0x40,
                    stream_type: 5,
                    dec_specific: Some(DecoderSpecific { raw: audio.config.to_vec(), ..DecoderSpecific::default() }),
                    ..DecoderConfig::default()
                },
                sl_config: SLConfig::default(),
                ..EsDescriptor::default()
            },
        },
        btrt: None,
        taic: None,
    };
    let tkhd = Tkhd { track_id: AUDIO_TRACK_ID, alternate_group: 1, enabled: true, in_movie: true, volume: 1.into(), ..Tkhd::default() };
    trak(out, &tkhd, audio.rate_hz, (b"soun", "Audio"), &Smhd::default(), Codec::from(entry))
}

fn trak(
    out: &mut BytesMut,
    tkhd: &Tkhd,
    timescale: u32,
    (handler, name): (&[u8; 4], &str),
    media_header: &impl Encode,
    entry: Codec,
) -> Result<(), InitError> {
    boxed(out, b"trak", |out| {
        tkhd.encode(out)?;
        boxed(out, b"mdia", |out| {
            Mdhd { timescale, language: "und".into(), ..Mdhd::default() }.encode(out)?;
            Hdlr { handler: FourCC::new(handler), name: name.into() }.encode(out)?;
            boxed(out, b"minf", |out| {
                media_header.encode(out)?;
                own_data().encode(out)?;
                samples(entry).encode(out)?;
                Ok(())
            })
        })
    })
}

/// The samples are in the same file.
fn own_data() -> Dinf {
    Dinf { dref: Dref { entries: vec![Url::default().into()] } }
}

/// Sample tables of a fragmented track: the description only.
fn samples(entry: Codec) -> Stbl {
    Stbl { stsd: Stsd { codecs: vec![entry] }, stco: Some(Stco::default()), ..Stbl::default() }
}

#[cfg(test)]
#[path = "init/tests.rs"]
mod tests;
