//! Made-up streams for tests: parameter sets, access units and audio frames.

use super::*;
use crate::codec::h264;
use crate::time::Stamp;
use crate::unit::VideoCodec;
use bytes::{BufMut, Bytes, BytesMut};
use h264_reader::nal::sps::{PicOrderCntType, SeqParameterSet, VuiParameters};
use h264_reader::nal::{NalHeader, WritableNal};
use h264_reader::rbsp::{BitReader, ByteReader};

/// x264: High, level 3.0, 640x360, 25 fps, picture order count type 2, reorder depth 0 declared.
const X264_SPS: [u8; 29] = [
    0x67, 0x64, 0x00, 0x1e, 0xac, 0xb2, 0x01, 0x40, 0x5f, 0xf2, 0xe0, 0x22, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x64,
    0x1e, 0x2c, 0x5c, 0x90, 0x00, 0x00, 0x01,
];

fn edited_sps(edit: impl FnOnce(&mut SeqParameterSet, &mut VuiParameters)) -> Bytes {
    let nal = &X264_SPS[..26];
    let mut sps = SeqParameterSet::from_bits(BitReader::new(ByteReader::skipping_h264_header(nal))).unwrap();
    let mut vui = sps.vui_parameters.take().unwrap();
    edit(&mut sps, &mut vui);
    sps.vui_parameters = Some(vui);
    sps.to_vec_with_header(NalHeader::new(0x67).unwrap()).into()
}

/// Says nothing about reordering.
pub(crate) fn high_sps() -> Bytes {
    edited_sps(|sps, vui| {
        sps.pic_order_cnt = PicOrderCntType::TypeZero { log2_max_pic_order_cnt_lsb_minus4: 2 };
        vui.bitstream_restrictions = None;
    })
}

/// Another resolution, otherwise like [`high_sps`].
pub(crate) fn smaller_sps() -> Bytes {
    edited_sps(|sps, vui| {
        sps.pic_order_cnt = PicOrderCntType::TypeZero { log2_max_pic_order_cnt_lsb_minus4: 2 };
        sps.pic_width_in_mbs_minus1 = 19;
        vui.bitstream_restrictions = None;
    })
}

/// Picture order count type 2: cannot reorder.
pub(crate) fn in_order_sps() -> Bytes {
    edited_sps(|_, vui| vui.bitstream_restrictions = None)
}

/// Declares a reorder depth.
pub(crate) fn declaring_sps(depth: u32) -> Bytes {
    edited_sps(|sps, vui| {
        sps.pic_order_cnt = PicOrderCntType::TypeZero { log2_max_pic_order_cnt_lsb_minus4: 2 };
        let restrictions = vui.bitstream_restrictions.as_mut().unwrap();
        restrictions.max_num_reorder_frames = depth;
        restrictions.max_dec_frame_buffering = restrictions.max_dec_frame_buffering.max(depth);
    })
}

pub(crate) fn pps() -> Bytes {
    Bytes::from_static(&[0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0])
}

pub(crate) fn video_only(sps: Bytes) -> Tracks {
    let pps = pps();
    let info = h264::parse_sps(&sps).unwrap();
    Tracks {
        video: VideoTrack {
            rfc6381: h264::rfc6381(&sps).unwrap(),
            width: info.width,
            height: info.height,
            pixel_aspect: info.pixel_aspect,
            frame_duration: info.frame_duration,
            decoder_config: h264::avcc([&sps].into_iter(), [&pps].into_iter()).unwrap(),
            codec: VideoCodec::H264 { sps, pps },
        },
        audio: None,
    }
}

/// AAC-LC, 16 kHz, mono.
pub(crate) fn with_audio(sps: Bytes) -> Tracks {
    let audio = AudioTrack {
        codec: AudioCodec::Aac,
        rfc6381: "mp4a.40.2".into(),
        rate_hz: 16_000,
        channels: 1,
        config: Bytes::from_static(&[0x14, 0x08]),
    };
    Tracks { audio: Some(audio), ..video_only(sps) }
}

pub(crate) fn length_prefixed(units: &[&[u8]]) -> Bytes {
    let mut data = BytesMut::new();
    for unit in units {
        data.put_u32(u32::try_from(unit.len()).unwrap());
        data.put_slice(unit);
    }
    data.freeze()
}

/// `first_mb_in_slice` 0 and an I (key), P or B slice type, then filling.
pub(crate) fn slice(kind: char) -> Vec<u8> {
    match kind {
        'I' => vec![0x65, 0x88, 0x80, 0x10],
        'P' => vec![0x41, 0x9a, 0x24, 0x6c],
        'B' => vec![0x01, 0x9e, 0x41, 0x79],
        other => panic!("no slice of kind {other}"),
    }
}

/// Received when it is due: 90 kHz ticks read as time.
pub(crate) fn on_time(pts: i64) -> Stamp {
    let mono_us = u64::try_from(pts.max(0) * 100 / 9).unwrap();
    Stamp { mono_us, utc_ms: i64::try_from(mono_us / 1000).unwrap() }
}

pub(crate) fn picture(pts: i64, kind: char, received: Stamp) -> SourceItem {
    SourceItem::Video(AccessUnit { pts, key: kind == 'I', data: length_prefixed(&[&slice(kind)]), received })
}

pub(crate) fn frame(pts: i64, key: bool) -> SourceItem {
    picture(pts, if key { 'I' } else { 'P' }, on_time(pts))
}

/// A frame of 1024 samples at 16 kHz.
pub(crate) fn sound(pts: i64) -> SourceItem {
    sound_at(pts, on_time(pts * 90 / 16))
}

pub(crate) fn sound_at(pts: i64, received: Stamp) -> SourceItem {
    SourceItem::Audio(AudioFrame { pts, samples: 1024, data: Bytes::from_static(&[0x21, 0x10, 0x04]), received })
}
