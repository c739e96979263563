use super::*;
use proptest::prelude::*;

#[test]
fn a_prft_box_is_as_the_standard_lays_it_out() {
    // 2026-01-01T00:00:00.500Z
    let prft = prft(0x0102_0304_0506, 1_767_225_600_500);
    let expected: [u8; 32] =
        [0, 0, 0, 32, b'p', b'r', b'f', b't', 1, 0, 0, 1, 0, 0, 0, 1, 0xed, 0x00, 0x37, 0x80, 0x80, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6];
    assert_eq!(prft, expected.as_slice());
}

proptest! {
    #[test]
    fn times_are_read_back_to_the_millisecond(utc_ms in -50_000_000_000_i64..4_200_000_000_000) {
        prop_assert_eq!(prft_time(&prft(7, utc_ms)[8..]), Some(utc_ms));
    }

    #[test]
    fn boxes_of_any_bytes_are_walked_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(children(&bytes).map(|(_, body)| body.len() + 8).sum::<usize>() <= bytes.len());
    }
}

#[test]
fn a_box_without_an_end_or_with_a_size_below_its_head_is_none() {
    assert_eq!(Head::of(&[0, 0, 0, 0, b'm', b'd', b'a', b't']), None);
    assert_eq!(Head::of(&[0, 0, 0, 7, b'm', b'd', b'a', b't']), None);
    assert_eq!(Head::of(&[0; 16]), None);
    let large = [0, 0, 0, 1, b'm', b'd', b'a', b't', 0, 0, 0, 1, 0, 0, 0, 0];
    assert_eq!(Head::of(&large), Some(Head { kind: *b"mdat", length: 16, size: 1 << 32 }));
    assert_eq!(Head::of(&large[..15]), None);
}
