//! Playlists of other servers, read and compared by the validator. The input is two answers, split at the first zero byte.
#![no_main]

use media::hls::validate::Reloads;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (first, second) = text.split_once('\0').unwrap_or((&text, &text));
    let mut reloads = Reloads::new();
    reloads.push(first);
    reloads.push(second);
});
