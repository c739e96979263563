//! The multipart picture stream of a child process.
#![no_main]

use media::mjpeg::multipart::Splitter;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut splitter = Splitter::new();
    for piece in data.chunks(97) {
        splitter.extend(piece);
        while let Ok(Some(_)) = splitter.next_picture() {}
    }
});
