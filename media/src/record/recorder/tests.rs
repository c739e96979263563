//! The recorder on a real hub and a real disk.

use super::super::testing::{Expected, Step, expected, play};
use super::super::{Index, recover};
use super::*;
use crate::cmaf::Track;
use crate::stream::hub::{Hub, HubLimits};
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

struct Running {
    hub: Hub,
    stop: CancellationToken,
    progress: watch::Receiver<Progress>,
    task: JoinHandle<Finished>,
}

fn job(folder: &Path) -> Job {
    Job { folder: folder.join("recordings/gate"), stem: "r1".into(), keep_free: 0 }
}

fn start(hub: &Hub, job: Job, max_lag: usize) -> Running {
    let (stop, sender) = (CancellationToken::new(), watch::Sender::default());
    let progress = sender.subscribe();
    let task = tokio::spawn(record(hub.subscribe(max_lag), job, stop.clone(), sender));
    Running { hub: hub.clone(), stop, progress, task }
}

impl Running {
    fn publish(&self, items: &[Item]) {
        publish(&self.hub, items);
    }

    /// Waits until something is written that was not before.
    async fn written(&mut self, more_than: u64) -> u64 {
        self.progress.wait_for(|progress| progress.bytes > more_than).await.unwrap().bytes
    }

    async fn stopped(self) -> Finished {
        self.stop.cancel();
        self.task.await.unwrap()
    }
}

fn publish(hub: &Hub, items: &[Item]) {
    for item in items {
        match item {
            Item::Epoch(epoch) => hub.publish_epoch(Arc::clone(epoch)),
            Item::Chunk(chunk) => hub.publish(Arc::clone(chunk)),
            Item::Dropped(_) => {}
        }
    }
}

/// Keeps all of a test's stream, however late it is read.
fn long_hub() -> Hub {
    Hub::new(HubLimits { history: Duration::from_secs(3600), ..HubLimits::default() })
}

/// Key frames every `gop` pictures of 25 a second, with sound.
fn stream(pictures: usize, gop: usize) -> Vec<Item> {
    let mut steps = Vec::new();
    for n in 1..pictures {
        steps.push(Step::Picture { interval: 3600, key: n % gop == 0, size: 50 });
        steps.extend((n % 2 == 0).then_some(Step::Sound(1)));
    }
    play(1, &steps)
}

fn assert_is(folder: &Path, file: &RecordedFile, expected: &Expected) {
    let path = folder.join("recordings/gate").join(&file.name);
    let bytes = fs::read(&path).unwrap();
    assert_eq!(file.bytes, u64::try_from(bytes.len()).unwrap());
    let index = Index::read(&mut File::open(&path).unwrap()).unwrap();
    assert_eq!(index.samples.len(), expected.chunks.len());
    for (sample, chunk) in index.samples.iter().zip(&expected.chunks) {
        let start = usize::try_from(sample.position).unwrap();
        assert_eq!((sample.decode_time, sample.track), (chunk.decode_time, chunk.track));
        assert!(bytes[start..].starts_with(&chunk.payload()));
    }
    assert_eq!(file.pictures, u64::try_from(expected.of(Track::Video).len()).unwrap());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

fn assert_is_whole(folder: &TempDir, finished: &Finished, expected: &[Expected]) {
    assert_eq!(finished.files.len(), expected.len());
    for (file, expected) in finished.files.iter().zip(expected) {
        assert_is(folder.path(), file, expected);
    }
    let gate = folder.path().join("recordings/gate");
    assert_eq!(recover(&gate, "r1").unwrap(), finished.files, "a restart finds the same");
    for made in [&gate, &folder.path().join("recordings")] {
        assert_eq!(fs::metadata(made).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[tokio::test]
async fn what_was_in_memory_and_what_comes_is_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let items = stream(60, 25);
    let hub = Hub::default();
    let (before, after) = items.split_at(items.len() / 2);
    publish(&hub, before);
    let mut running = start(&hub, job(folder.path()), usize::MAX);
    let first_key = running.progress.wait_for(|progress| progress.first_key.is_some()).await.unwrap().clone();
    running.publish(after);
    let finished = running.stopped().await;
    assert!(matches!(finished.ended, Ended::Stopped));
    assert_eq!(finished.dropped, 0);
    // From the key frame on that was the newest.
    let key = before.iter().rposition(|item| matches!(item, Item::Chunk(chunk) if chunk.key)).unwrap();
    assert!(key > 1, "not the first of all");
    let kept: Vec<Item> = items[..1].iter().chain(&items[key..]).cloned().collect();
    let expected = expected(&kept);
    assert_is_whole(&folder, &finished, &expected);
    let (epoch, chunk) = first_key.first_key.unwrap();
    assert_eq!((&epoch, &chunk), (&expected[0].epoch, &expected[0].chunks[0]));
    assert_eq!(first_key.started_utc_ms, Some(chunk.received.utc_ms));
    assert_eq!(finished.files[0].name, "r1-1.mp4");
}

#[tokio::test]
async fn progress_tells_what_is_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let items = stream(60, 25);
    let mut running = start(&long_hub(), job(folder.path()), usize::MAX);
    running.publish(&items[..items.len() / 2]);
    let path = folder.path().join("recordings/gate/r1-1.mp4");
    // Nobody stops it, and no group of pictures ends: it is written after two seconds all the same.
    let bytes = running.written(0).await;
    assert_eq!(fs::metadata(&path).unwrap().len(), bytes);
    running.publish(&items[items.len() / 2..]);
    let more = running.written(bytes).await;
    assert_eq!(fs::metadata(&path).unwrap().len(), more);
    let mut progress = running.progress.clone();
    let finished = running.stopped().await;
    let last = progress.borrow_and_update().clone();
    assert_eq!((last.bytes, last.duration), (finished.files[0].bytes, finished.files[0].duration));
    assert_eq!(last.duration, Duration::from_millis(60 * 40));
}

#[tokio::test]
async fn a_new_epoch_begins_a_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let picture = |key| Step::Picture { interval: 3600, key, size: 20 };
    let steps =
        [picture(false), Step::Parameters(3), picture(true), Step::Sound(2), picture(false), Step::Session, picture(true), picture(false)];
    let items = play(2, &steps);
    let running = start(&long_hub(), job(folder.path()), usize::MAX);
    running.publish(&items);
    let finished = running.stopped().await;
    let expected = expected(&items);
    assert_eq!(expected.len(), 3);
    assert_is_whole(&folder, &finished, &expected);
    assert_eq!(finished.files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["r1-1.mp4", "r1-2.mp4", "r1-3.mp4"]);
}

#[tokio::test]
async fn a_reader_that_fell_behind_goes_on_in_the_same_file_and_says_how_much_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let items = stream(100, 10);
    let hub = Hub::default();
    publish(&hub, &items[..2]);
    let mut running = start(&hub, job(folder.path()), 4000);
    // It has had the first picture before the rest comes, all at once and more than it may lag behind.
    running.progress.wait_for(|progress| progress.first_key.is_some()).await.unwrap();
    running.publish(&items[2..]);
    let finished = running.stopped().await;
    let last_key = items.iter().rposition(|item| matches!(item, Item::Chunk(chunk) if chunk.key)).unwrap();
    let mut kept = items[..2].to_vec();
    kept.extend_from_slice(&items[last_key..]);
    assert_eq!(finished.dropped, 89);
    assert_is_whole(&folder, &finished, &expected(&kept));
    // The picture before the gap lasts until the next one: the times are those of the clock on the wall.
    assert_eq!(finished.files[0].duration, Duration::from_secs(4));
}

#[tokio::test]
async fn a_stop_is_obeyed_when_nothing_comes() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(&long_hub(), job(folder.path()), usize::MAX);
    let finished = running.stopped().await;
    assert!(matches!(finished.ended, Ended::Stopped));
    assert!(finished.files.is_empty());
    assert!(!folder.path().join("recordings").exists(), "nothing to write, nothing made");
}

#[tokio::test]
async fn the_end_of_the_stream_ends_the_recording() {
    let folder = tempfile::tempdir().unwrap();
    let items = stream(10, 5);
    let running = start(&long_hub(), job(folder.path()), usize::MAX);
    running.publish(&items);
    running.hub.close();
    let finished = running.task.await.unwrap();
    assert!(matches!(finished.ended, Ended::StreamGone));
    assert_is_whole(&folder, &finished, &expected(&items));
}

#[tokio::test]
async fn a_full_disk_ends_the_recording_and_leaves_no_empty_file() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(&long_hub(), Job { keep_free: u64::MAX, ..job(folder.path()) }, usize::MAX);
    running.publish(&stream(60, 5));
    running.stop.cancel();
    let finished = running.task.await.unwrap();
    assert!(matches!(finished.ended, Ended::DiskFull));
    assert!(finished.files.is_empty());
    assert_eq!(fs::read_dir(folder.path().join("recordings/gate")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_fails_the_recording() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("recordings"), b"a file").unwrap();
    let running = start(&long_hub(), job(folder.path()), usize::MAX);
    running.publish(&stream(60, 5));
    running.hub.close();
    let finished = running.task.await.unwrap();
    assert!(matches!(finished.ended, Ended::Failed(_)), "{:?}", finished.ended);
    assert!(finished.files.is_empty());
}

#[tokio::test]
async fn a_folder_or_a_file_that_is_taken_away_fails_the_recording() {
    for whole_folder in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let items = stream(60, 25);
        let mut running = start(&long_hub(), job(folder.path()), usize::MAX);
        running.publish(&items[..40]);
        running.written(0).await;
        match whole_folder {
            true => fs::remove_dir_all(folder.path().join("recordings")).unwrap(),
            false => fs::remove_file(folder.path().join("recordings/gate/r1-1.mp4")).unwrap(),
        }
        running.publish(&items[40..]);
        running.hub.close();
        let finished = running.task.await.unwrap();
        assert!(matches!(&finished.ended, Ended::Failed(error) if error.kind() == io::ErrorKind::NotFound), "{:?}", finished.ended);
    }
}

#[tokio::test]
async fn a_recording_that_is_cut_off_leaves_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let items = stream(60, 25);
    let mut running = start(&long_hub(), job(folder.path()), usize::MAX);
    running.publish(&items);
    running.written(0).await;
    running.task.abort();
    assert!(running.task.await.unwrap_err().is_cancelled());
    let files = recover(&folder.path().join("recordings/gate"), "r1").unwrap();
    assert_eq!(files.iter().map(|file| file.pictures).collect::<Vec<_>>(), [60]);
}

#[tokio::test]
async fn files_of_an_earlier_recording_stay() {
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("recordings/gate");
    fs::create_dir_all(&gate).unwrap();
    fs::write(gate.join("r1-1.mp4"), b"earlier").unwrap();
    let running = start(&long_hub(), job(folder.path()), usize::MAX);
    running.publish(&stream(10, 5));
    let finished = running.stopped().await;
    assert_eq!(finished.files[0].name, "r1-2.mp4");
    assert_eq!(fs::read(gate.join("r1-1.mp4")).unwrap(), b"earlier");
}
