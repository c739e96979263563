//! Real parameter sets, and hostile ones.

use super::*;
use crate::codec::nal_units;
use proptest::prelude::*;

/// x264: High 3.0, 640x360, 25 fps, POC type 2, restriction with depth 0.
const X264_HIGH: [u8; 26] = [
    0x67, 0x64, 0x00, 0x1e, 0xac, 0xb2, 0x01, 0x40, 0x5f, 0xf2, 0xe0, 0x22, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x64,
    0x1e, 0x2c, 0x5c, 0x90,
];

/// The same with POC type 0 and without the restriction, as many cameras send it.
fn unrestricted() -> Vec<u8> {
    let mut sps = read_sps(&X264_HIGH).unwrap();
    sps.pic_order_cnt = PicOrderCntType::TypeZero { log2_max_pic_order_cnt_lsb_minus4: 2 };
    sps.vui_parameters.as_mut().unwrap().bitstream_restrictions = None;
    sps.to_vec_with_header(NalHeader::new(0x67).unwrap())
}

fn slice(slice_type_bits: u8) -> [u8; 4] {
    [0x41, slice_type_bits, 0x24, 0x6c]
}

#[test]
fn an_sps_is_read() {
    let info = parse_sps(&X264_HIGH).unwrap();
    assert_eq!((info.width, info.height, info.pixel_aspect, info.frame_duration), (640, 360, None, Some((2, 50))));
    assert_eq!(info.reordering, Reordering::Impossible);
    assert_eq!(parse_sps(&unrestricted()).unwrap().reordering, Reordering::Unknown);
    assert_eq!(rfc6381(&X264_HIGH).as_deref(), Some("avc1.64001e"));
}

#[test]
fn trailing_zero_bytes_do_not_matter() {
    let padded = [&X264_HIGH[..], &[0, 0]].concat();
    assert_eq!(parse_sps(&padded), parse_sps(&X264_HIGH));
}

#[test]
fn the_low_latency_sps_differs_in_the_restriction_only() {
    let before = unrestricted();
    let after = low_latency_sps(&before).unwrap();
    let mut expected = read_sps(&before).unwrap();
    let references = expected.max_num_ref_frames;
    let restrictions = read_sps(&after).unwrap().vui_parameters.unwrap().bitstream_restrictions.unwrap();
    assert_eq!((restrictions.max_num_reorder_frames, restrictions.max_dec_frame_buffering), (0, references));
    expected.vui_parameters.as_mut().unwrap().bitstream_restrictions = Some(restrictions);
    assert_eq!(read_sps(&after).unwrap(), expected);
    assert_eq!(parse_sps(&after).unwrap().reordering, Reordering::Declared(0));
}

#[test]
fn an_sps_without_vui_gets_one() {
    let mut sps = read_sps(&unrestricted()).unwrap();
    sps.vui_parameters = None;
    let bare = sps.to_vec_with_header(NalHeader::new(0x67).unwrap());
    assert_eq!(parse_sps(&low_latency_sps(&bare).unwrap()).unwrap().reordering, Reordering::Declared(0));
}

#[test]
fn a_declared_restriction_is_never_touched() {
    assert_eq!(low_latency_sps(&X264_HIGH), None);
}

#[test]
fn slice_types_are_told_apart() {
    // first_mb_in_slice 0, then slice_type 5 (P), 6 (B), 0 (P), 1 (B), 7 (I).
    for (bits, b) in [(0x9a, false), (0x9e, true), (0xc0, false), (0xa0, true), (0x88, false)] {
        assert_eq!(is_b_slice(&slice(bits)), b, "{bits:02x}");
    }
    assert!(!is_b_slice(&[0x65, 0x9e, 0, 1]), "an IDR picture has no B slices");
}

#[test]
fn the_avcc_of_a_high_profile_names_chroma_and_depths() {
    let sps = Bytes::from_static(&X264_HIGH);
    let pps = Bytes::from_static(&[0x68, 0xeb, 0xc3, 0xcb, 0x22, 0xc0]);
    let record = avcc([&sps].into_iter(), [&pps].into_iter()).unwrap();
    let mut expected = vec![1, 0x64, 0x00, 0x1e, 0xff, 0xe1, 0, 26];
    expected.extend(X264_HIGH);
    expected.extend([1, 0, 6, 0x68, 0xeb, 0xc3, 0xcb, 0x22, 0xc0, 0xfd, 0xf8, 0xf8, 0]);
    assert_eq!(record, expected);
}

proptest! {
    #[test]
    fn hostile_units_never_panic(mut nal in proptest::collection::vec(any::<u8>(), 0..200), kind in 0_u8..32) {
        if let Some(header) = nal.first_mut() {
            *header = *header & 0x60 | kind;
        }
        let _ = (parse_sps(&nal), low_latency_sps(&nal), is_b_slice(&nal), parameter_set_id(&nal), rfc6381(&nal));
        let set = Bytes::from(nal.clone());
        let _ = avcc([&set].into_iter(), [&set].into_iter());
        let _ = nal_units(&nal).count();
    }

    #[test]
    fn a_damaged_sps_never_panics(at in 1..26_usize, byte: u8, cut in 0..26_usize) {
        let mut nal = unrestricted();
        if let Some(target) = nal.get_mut(at) {
            *target = byte;
        }
        nal.truncate(nal.len().saturating_sub(cut));
        if let Some(rewritten) = low_latency_sps(&nal) {
            prop_assert_eq!(low_latency_sps(&rewritten), None);
        }
    }
}
