use super::super::testing::{Step, expected, play, steps};
use super::*;
use proptest::prelude::*;

fn all(assembler: &mut Assembler) -> Vec<Batch> {
    std::iter::from_fn(|| assembler.take()).collect()
}

fn pictures(count: usize, gop: usize, size: usize) -> Vec<Item> {
    let steps: Vec<Step> = (1..count).map(|n| Step::Picture { interval: 3600, key: n % gop == 0, size }).collect();
    play(5, &steps)
}

/// Each chunk comes when it was received.
fn push_in_time(assembler: &mut Assembler, items: &[Item], start: Instant) {
    let mut now = start;
    for item in items {
        if let Item::Chunk(chunk) = item {
            now = start + Duration::from_micros(chunk.received.mono_us);
        }
        assembler.push(item.clone(), now);
    }
}

#[test]
fn a_group_of_pictures_is_a_batch_when_the_next_one_begins() {
    let start = Instant::now();
    let mut assembler = Assembler::default();
    push_in_time(&mut assembler, &pictures(60, 25, 10), start);
    let batch = assembler.take().unwrap();
    assert_eq!((batch.begins, batch.summary.pictures), (true, 50));
    assert!(assembler.take().is_none(), "the third group is not over");
    assert_eq!(assembler.due(), Some(start + Duration::from_secs(4)));
    assembler.close();
    let batch = assembler.take().unwrap();
    assert_eq!((batch.begins, batch.summary.pictures, assembler.bytes()), (false, 60, 0));
}

#[test]
fn nothing_but_key_frames_is_not_a_batch_each() {
    let mut assembler = Assembler::default();
    let start = Instant::now();
    let mut batches = 0;
    for (n, item) in (0..).zip(pictures(101, 1, 10)) {
        assembler.push(item, start + Duration::from_millis(40) * n);
        batches += all(&mut assembler).len();
    }
    // 100 pictures are four seconds.
    assert_eq!(batches, 7, "every 13 pictures");
}

#[test]
fn large_pictures_are_written_in_the_middle_of_a_group() {
    let mut assembler = Assembler::default();
    push_in_time(&mut assembler, &pictures(10, 100, 1 << 20), Instant::now());
    let batch = assembler.take().unwrap();
    assert_eq!(batch.summary.pictures, 9, "two batches that wait are one write");
    assert!(assembler.bytes() > 0 && assembler.take().is_none());
}

#[test]
fn what_a_full_file_has_no_room_for_goes_into_the_next_one() {
    let items = pictures(30, 10, 10);
    let mut assembler = Assembler::default();
    let now = Instant::now();
    for (n, item) in items.iter().enumerate() {
        if n == 15 {
            assembler.take.as_mut().unwrap().chunks = FILE_CHUNKS;
        }
        assembler.push(item.clone(), now);
    }
    assembler.close();
    let batches = all(&mut assembler);
    assert_eq!(batches.iter().map(|batch| (batch.begins, batch.summary.pictures)).collect::<Vec<_>>(), [(true, 20), (true, 10)]);
    assert!(batches[1].pieces[0].starts_with(&expected(&items)[0].epoch.init));
}

#[test]
fn a_stream_without_key_frames_is_not_recorded_for_ever() {
    let mut assembler = Assembler::default();
    let now = Instant::now();
    let items = pictures(30, 100, 10);
    let (before, after) = items.split_at(20);
    before.iter().for_each(|item| assembler.push(item.clone(), now));
    assembler.take.as_mut().unwrap().chunks = MAX_CHUNKS;
    after.iter().for_each(|item| assembler.push(item.clone(), now));
    assert_eq!(assembler.dropped(), u64::try_from(after.len()).unwrap());
}

proptest! {
    #[test]
    fn however_it_is_batched_the_files_are_the_same(
        first in 0..6_u8,
        steps in steps(80),
        closes in proptest::collection::vec(any::<bool>(), 200),
    ) {
        let items = play(first, &steps);
        let at_once = super::super::testing::recorded(&items);
        let dropped: u64 = items.iter().map(|item| if let Item::Dropped(pictures) = item { *pictures } else { 0 }).sum();
        let mut assembler = Assembler::default();
        let mut files: Vec<Vec<u8>> = Vec::new();
        let start = Instant::now();
        let mut take = |assembler: &mut Assembler| {
            for batch in all(assembler) {
                if batch.begins {
                    files.push(Vec::new());
                }
                files.last_mut().unwrap().extend(batch.pieces.concat());
            }
        };
        for (item, close) in items.iter().zip(closes.iter().cycle()) {
            assembler.push(item.clone(), start);
            if *close {
                assembler.close();
                take(&mut assembler);
            }
        }
        assembler.close();
        take(&mut assembler);
        prop_assert_eq!(files, at_once);
        prop_assert_eq!((assembler.bytes(), assembler.dropped()), (0, dropped));
    }
}
