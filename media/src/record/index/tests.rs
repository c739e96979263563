use super::super::testing::{self, Expected, Step, expected, late, play, recorded, steps};
use super::*;
use proptest::prelude::*;
use std::io::Cursor;

fn read(bytes: &[u8]) -> Result<Index, IndexError> {
    Index::read(&mut Cursor::new(bytes))
}

/// Samples that end within the first `length` bytes, with their payloads compared to what was recorded.
fn assert_finds(index: &Index, file: &[u8], expected: &Expected) {
    let count = index.samples.len();
    assert!(count <= expected.chunks.len());
    for (sample, chunk) in index.samples.iter().zip(&expected.chunks) {
        let start = usize::try_from(sample.position).unwrap();
        let payload = &file[start..start + usize::try_from(sample.size).unwrap()];
        assert_eq!(payload, chunk.payload());
        assert_eq!((sample.track, sample.decode_time, sample.duration), (chunk.track, chunk.decode_time, chunk.duration));
        assert_eq!(sample.composition_offset, chunk.composition_offset);
        assert_eq!(sample.key, chunk.key || chunk.track == Track::Audio);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_sample_is_found(first in 0..6_u8, steps in steps(80), skipped in 0..5_usize) {
        let items = late(play(first, &steps), skipped);
        let files = recorded(&items);
        let expected = expected(&items);
        prop_assert_eq!(files.len(), expected.len());
        for (file, expected) in files.iter().zip(&expected) {
            let index = read(file).unwrap();
            assert_finds(&index, file, expected);
            prop_assert_eq!(index.samples.len(), expected.chunks.len());
            prop_assert_eq!(index.bytes(), u64::try_from(file.len()).unwrap());
            let found = index.describe("a-1.mp4".into()).unwrap();
            let pictures = expected.of(Track::Video);
            prop_assert_eq!(found.pictures, u64::try_from(pictures.len()).unwrap());
            prop_assert_eq!(found.started_utc_ms, pictures[0].received.utc_ms);
            prop_assert_eq!(found.duration, super::super::summary::duration(expected.ticks()));
            let last_key = pictures.iter().rev().find(|chunk| chunk.key).unwrap();
            let left = expected.shown_end() - i128::from(last_key.decode_time) - i128::from(last_key.composition_offset);
            let ended = last_key.received.utc_ms + i64::try_from(left / 90).unwrap();
            prop_assert_eq!(found.ended_utc_ms, ended.max(found.started_utc_ms));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_file_torn_anywhere_has_exactly_its_whole_samples(first in 0..6_u8, steps in steps(25)) {
        let items = play(first, &steps);
        let (files, expected) = (recorded(&items), expected(&items));
        let (file, expected) = (&files[0], &expected[0]);
        let whole = read(file).unwrap();
        let init = expected.epoch.init.len();
        for length in 0..file.len() {
            let torn = read(&file[..length]);
            if length < init {
                prop_assert!(matches!(torn, Err(IndexError::NotRecorded(_))), "{length}: {torn:?}");
                continue;
            }
            let torn = torn.unwrap();
            let ends = whole.samples.iter().map(|sample| sample.position + u64::from(sample.size));
            let fitting = ends.clone().filter(|end| *end <= u64::try_from(length).unwrap());
            prop_assert_eq!(torn.bytes(), fitting.clone().max().unwrap_or(u64::try_from(init).unwrap()));
            prop_assert_eq!(&torn.samples[..], &whole.samples[..fitting.count()]);
            // Zeros, as a file system leaves them after a power cut.
            let mut zeros = file[..length].to_vec();
            zeros.resize(length + 300, 0);
            let zeros = read(&zeros).unwrap();
            prop_assert!(zeros.samples.len() <= torn.samples.len() + 1);
            prop_assert!(zeros.samples.starts_with(&torn.samples));
        }
    }
}

/// A `moof` and `mdat` with one `trun` of so many samples, which have but a size of their own.
fn fragment(samples: u32, size: u32, per_sample: bool) -> Vec<u8> {
    let entries = if per_sample { samples } else { 0 };
    let mut run = vec![];
    run.extend(if per_sample { 0x0000_0201_u32 } else { 0x0000_0001 }.to_be_bytes());
    run.extend(samples.to_be_bytes());
    run.extend(0_u32.to_be_bytes());
    (0..entries).for_each(|_| run.extend(size.to_be_bytes()));
    let put = |kind: &[u8; 4], body: &[u8]| {
        let mut bytes = u32::try_from(body.len() + 8).unwrap().to_be_bytes().to_vec();
        bytes.extend(kind);
        bytes.extend(body);
        bytes
    };
    // Every sample lasts a tick.
    let head = put(b"tfhd", &[0, 2, 0, 8, 0, 0, 0, 1, 0, 0, 0, 1]);
    let time = put(b"tfdt", &[0; 8]);
    let traf = put(b"traf", &[head, time, put(b"trun", &run)].concat());
    let mut moof = put(b"moof", &traf);
    let at = moof.len() - usize::try_from(entries).unwrap() * 4 - 4;
    let offset = u32::try_from(moof.len() + 8).unwrap();
    moof[at..at + 4].copy_from_slice(&offset.to_be_bytes());
    moof.extend(put(b"mdat", &[7; 64]));
    moof
}

fn init() -> Vec<u8> {
    expected(&play(1, &[Step::Sound(1)]))[0].epoch.init.to_vec()
}

#[test]
fn a_million_samples_in_a_moof_are_none() {
    for (samples, per_sample, found) in [(1_000_000, false, 0), (u32::MAX, false, 0), (16_000, true, 16_000), (1_000_000, true, 0)] {
        let file = [init(), fragment(samples, 0, per_sample)].concat();
        let index = read(&file).unwrap();
        assert_eq!(index.samples.len(), found, "{samples} {per_sample}");
    }
    // A count that the box has no room for.
    let mut lying = [init(), fragment(4, 16, true)].concat();
    assert_eq!(read(&lying).unwrap().samples.len(), 4);
    let at = lying.windows(4).position(|kind| kind == b"trun").unwrap() + 8;
    lying[at..at + 4].copy_from_slice(&1_000_000_u32.to_be_bytes());
    assert_eq!(read(&lying).unwrap().samples.len(), 0);
}

#[test]
fn a_sample_outside_its_mdat_ends_the_file() {
    let whole = fragment(4, 16, true);
    let beyond = fragment(4, 17, true);
    let index = read(&[init(), beyond, whole.clone()].concat()).unwrap();
    assert_eq!((index.samples.len(), index.bytes()), (0, u64::try_from(init().len()).unwrap()));
    // The second time the decode times do not increase.
    let index = read(&[init(), whole.clone(), whole].concat()).unwrap();
    assert_eq!(index.samples.len(), 4);
}

#[test]
fn more_samples_than_are_held_in_memory_are_an_error() {
    let many = fragment(16_000, 0, true);
    let time = many.windows(4).position(|kind| kind == b"tfdt").unwrap() + 8;
    let mut file = init();
    for n in 0..u32::try_from(MAX_SAMPLES / 16_000 + 1).unwrap() {
        let mut next = many.clone();
        next[time..time + 4].copy_from_slice(&(n * 16_000).to_be_bytes());
        file.extend(next);
    }
    assert!(matches!(read(&file), Err(IndexError::TooLong)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..400), with_init: bool) {
        let bytes = if with_init { [init(), bytes].concat() } else { bytes };
        let _ = read(&bytes);
    }

    #[test]
    fn a_damaged_file_is_read(
        steps in steps(20),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        huge in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut file = recorded(&play(1, &steps)).remove(0);
        for (at, value) in damage {
            let at = at.index(file.len());
            file[at] = value;
        }
        if let Some(at) = huge {
            let at = at.index(file.len() - 4);
            file[at..at + 4].copy_from_slice(&[0xff; 4]);
        }
        if let Ok(index) = read(&file) {
            prop_assert!(index.samples.iter().all(|sample| sample.position + u64::from(sample.size) <= index.bytes()));
            prop_assert!(index.bytes() <= u64::try_from(file.len()).unwrap());
        }
    }
}

#[test]
fn boxes_that_are_unknown_are_passed_over() {
    let file = recorded(&play(0, &[Step::Picture { interval: 3600, key: true, size: 5 }])).remove(0);
    let init = testing::expected(&play(0, &[Step::Silence(1)])).remove(0).epoch.init.len();
    let mut longer = file[..init].to_vec();
    longer.extend(b"\0\0\0\x0cfreeabcd");
    longer.extend(&file[init..]);
    let (index, other) = (read(&file).unwrap(), read(&longer).unwrap());
    assert_eq!(index.samples.len(), 2);
    assert_eq!(other.samples.len(), 2);
    assert_eq!(other.samples[0].position, index.samples[0].position + 12);
}
