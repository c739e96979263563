//! Real parameter sets, and hostile ones.

use super::*;
use proptest::prelude::*;

/// x265: Main, level 3.0, 640x360, two reordered pictures.
const X265_SPS: [u8; 43] = [
    0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x3f, 0xa0, 0x05, 0x02, 0x01,
    0x69, 0x65, 0x95, 0x9a, 0x49, 0x32, 0xbc, 0x05, 0xa0, 0x20, 0x00, 0x00, 0x03, 0x00, 0x20, 0x00, 0x00, 0x03, 0x03, 0x21, 0x00,
];

#[test]
fn an_sps_is_read() {
    let info = parse_sps(&X265_SPS).unwrap();
    assert_eq!((info.id, info.width, info.height, info.reorder), (0, 640, 360, 2));
    assert_eq!((info.chroma_format, info.bit_depth_luma_minus8, info.bit_depth_chroma_minus8, info.sub_layers), (1, 0, 0, 1));
    assert!(info.temporal_id_nested);
    assert_eq!(rfc6381(&info), "hvc1.1.6.L63.90");
}

#[test]
fn the_hvcc_record_is_complete() {
    let info = parse_sps(&X265_SPS).unwrap();
    let (vps, sps, pps) = (Bytes::from_static(&[0x40, 1, 2]), Bytes::from_static(&X265_SPS), Bytes::from_static(&[0x44, 1, 3]));
    let record = hvcc(&info, [(VPS, &[vps][..]), (SPS, &[sps]), (PPS, &[pps])]).unwrap();
    let mut expected = vec![1, 0x01, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 63, 0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, 3];
    expected.extend([0x80 | VPS, 0, 1, 0, 3, 0x40, 1, 2, 0x80 | SPS, 0, 1, 0, 43]);
    expected.extend(X265_SPS);
    expected.extend([0x80 | PPS, 0, 1, 0, 3, 0x44, 1, 3]);
    assert_eq!(record, expected);
}

#[test]
fn kinds_of_pictures() {
    assert_eq!(nal_type(&[0x26, 0x01]), 19);
    assert!(is_irap(19) && is_irap(21) && !is_irap(1) && !is_irap(22));
    assert!(is_picture(0) && !is_picture(VPS));
    assert!(is_leading(6) && is_skipped_leading(9) && !is_skipped_leading(7));
}

proptest! {
    #[test]
    fn hostile_units_never_panic(mut nal in proptest::collection::vec(any::<u8>(), 0..200), kind in 0_u8..64) {
        if let Some(header) = nal.first_mut() {
            *header = kind << 1;
        }
        let _ = (parse_sps(&nal), parameter_set_id(&nal));
    }

    #[test]
    fn a_damaged_sps_never_panics(at in 2..43_usize, byte: u8, cut in 0..43_usize) {
        let mut nal = X265_SPS.to_vec();
        nal[at] = byte;
        nal.truncate(43 - cut);
        if let Some(info) = parse_sps(&nal) {
            prop_assert!(info.width > 0 && info.height > 0 && info.reorder <= MAX_REORDER);
            let _ = rfc6381(&info);
        }
    }
}
