//! Messages of live viewers.
#![no_main]

use media::mse::Session;

libfuzzer_sys::fuzz_target!(|data: &str| {
    let mut session = Session::new();
    let _ = session.command(data);
});
