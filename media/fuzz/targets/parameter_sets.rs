//! NAL units and parameter sets of cameras (H.264, H.265) and AudioSpecificConfig: what is told about them, and what is built from them.
#![no_main]

use bytes::Bytes;
use media::codec::{aac, h264, h265, nal_units};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = aac::parse_config(data);
    look_at(data);
    let mut units = nal_units(data);
    for nal in units.by_ref() {
        look_at(nal);
    }
    let _ = units.is_broken();
});

fn look_at(nal: &[u8]) {
    let set = Bytes::copy_from_slice(nal);
    let _ = (h264::is_b_slice(nal), h264::parameter_set_id(nal), h264::rfc6381(nal), h265::parameter_set_id(nal));
    if h264::parse_sps(nal).is_some() {
        // What is rewritten for low latency must still be read as the same picture.
        if let Some(rewritten) = h264::low_latency_sps(nal) {
            let (before, after) = (h264::parse_sps(nal), h264::parse_sps(&rewritten));
            let size = |info: Option<h264::SpsInfo>| info.map(|info| (info.width, info.height));
            assert_eq!(size(before), size(after));
        }
        let _ = h264::avcc([&set].into_iter(), [&set].into_iter());
    }
    if let Some(info) = h265::parse_sps(nal) {
        let _ = h265::rfc6381(&info);
        let one = [set];
        let _ = h265::hvcc(&info, [(32, &one), (33, &one), (34, &one)]);
    }
}
