//! Golden bytes.

use super::*;

const VIDEO: Sample = Sample {
    track: Track::Video,
    key: true,
    sequence: 0x1_0000_0007,
    decode_time: 0x1_0203_0405_0607,
    duration: 3600,
    composition_offset: -2,
};

#[test]
fn a_video_key_frame() {
    let written = write(&VIDEO, 6, [&[0, 0, 0, 2][..], &[0x65, 0x88]].into_iter()).unwrap();
    #[rustfmt::skip]
    let golden: &[u8] = &[
        0, 0, 0, 104, b'm', b'o', b'o', b'f',
            0, 0, 0, 16, b'm', b'f', b'h', b'd', 0, 0, 0, 0, 0, 0, 0, 7,
            0, 0, 0, 80, b't', b'r', b'a', b'f',
                0, 0, 0, 16, b't', b'f', b'h', b'd', 0, 2, 0, 0, 0, 0, 0, 1,
                0, 0, 0, 20, b't', b'f', b'd', b't', 1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7,
                0, 0, 0, 36, b't', b'r', b'u', b'n', 1, 0, 0x0f, 1, 0, 0, 0, 1, 0, 0, 0, 112,
                    0, 0, 0x0e, 0x10, 0, 0, 0, 6, 2, 0, 0, 0, 0xff, 0xff, 0xff, 0xfe,
        0, 0, 0, 14, b'm', b'd', b'a', b't', 0, 0, 0, 2, 0x65, 0x88,
    ];
    assert_eq!(written.bytes, golden);
    assert_eq!(written.payload_offset, 112);
}

#[test]
fn a_dependent_video_frame_is_no_sync_sample() {
    let written = write(&Sample { key: false, ..VIDEO }, 1, [&[9][..]].into_iter()).unwrap();
    assert_eq!(written.bytes[96..100], [1, 1, 0, 0]);
}

#[test]
fn an_audio_frame() {
    let sample = Sample { track: Track::Audio, key: false, sequence: 2, decode_time: 1024, duration: 1024, composition_offset: 0 };
    let written = write(&sample, 3, [&[0x21, 0x10, 0x04][..]].into_iter()).unwrap();
    #[rustfmt::skip]
    let golden: &[u8] = &[
        0, 0, 0, 100, b'm', b'o', b'o', b'f',
            0, 0, 0, 16, b'm', b'f', b'h', b'd', 0, 0, 0, 0, 0, 0, 0, 2,
            0, 0, 0, 76, b't', b'r', b'a', b'f',
                0, 0, 0, 16, b't', b'f', b'h', b'd', 0, 2, 0, 0, 0, 0, 0, 2,
                0, 0, 0, 20, b't', b'f', b'd', b't', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0,
                0, 0, 0, 32, b't', b'r', b'u', b'n', 1, 0, 7, 1, 0, 0, 0, 1, 0, 0, 0, 108,
                    0, 0, 4, 0, 0, 0, 0, 3, 2, 0, 0, 0,
        0, 0, 0, 11, b'm', b'd', b'a', b't', 0x21, 0x10, 0x04,
    ];
    assert_eq!(written.bytes, golden);
    assert_eq!(written.payload_offset, 108);
}

#[test]
fn a_wrong_payload_size_is_refused() {
    assert_eq!(write(&VIDEO, 5, [&[1, 2, 3, 4][..]].into_iter()), None);
    assert_eq!(write(&VIDEO, usize::try_from(u32::MAX).unwrap(), std::iter::empty()), None);
}
