//! Files as a crash, a broken disk or somebody else left them, indexed and put into movies: beside themselves, and beside a whole file
//! with other parameters.
#![no_main]

use media::record::{Index, Movie};
use std::io::Cursor;
use std::sync::Arc;

const WHOLE: &[u8] = include_bytes!("../corpus/recorded_file/video");

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(index) = Index::read(&mut Cursor::new(data)) else { return };
    assert!(index.bytes() <= data.len() as u64);
    let _ = index.describe(String::new());
    let other = Index::read(&mut Cursor::new(WHOLE)).expect("a whole file");
    for second in [index.clone(), other] {
        let Ok(movie) = Movie::of(vec![("/nonexistent/1".into(), index.clone()), ("/nonexistent/2".into(), second)]) else { return };
        let movie = Arc::new(movie);
        assert!(movie.memory() < 65_536 + 64 * data.len());
        // The header, and the first piece of a file that isn't there.
        let pieces: Vec<_> = movie.reader(0..movie.len().min(4 << 20)).collect();
        assert!(pieces.iter().flatten().all(|piece| piece.len() <= 256 << 10));
    }
});
