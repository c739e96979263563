//! Real streams are recorded from a hub, and ffmpeg plays the files and the movie of them without complaint.

#![allow(clippy::unwrap_used, reason = "a test that cannot prepare its clips fails")]

#[allow(dead_code, reason = "the muxer's test uses the rest")]
#[path = "mux_ffmpeg/clip.rs"]
mod clip;

use clip::{Clip, ffmpeg, ffprobe};
use media::mux::{MuxOptions, MuxOutput, Muxer};
use media::record::{Ended, Finished, Job, Movie, recover};
use media::stream::hub::{Hub, HubLimits};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const FRAMES: usize = 60;

/// Records the clips, one camera session each, into `folder`.
async fn recorded(folder: &Path, clips: &[&Clip]) -> Finished {
    let hub = Hub::new(HubLimits { history: Duration::from_secs(3600), max_bytes: 1 << 30 });
    let (stop, job) = (CancellationToken::new(), Job { folder: folder.into(), stem: "gate".into(), keep_free: 0 });
    let reader = hub.subscribe(usize::MAX);
    let mut muxer = Muxer::new(MuxOptions::default());
    for clip in clips {
        muxer.start_session(&clip.tracks);
        let mut out = Vec::new();
        clip.items().into_iter().for_each(|item| muxer.push(item, &mut out));
        for output in out {
            match output {
                MuxOutput::Epoch(epoch) => hub.publish_epoch(epoch),
                MuxOutput::Chunk(chunk) => hub.publish(chunk),
            }
        }
    }
    hub.close();
    let finished = media::record::record(reader, job, stop, watch::Sender::default()).await;
    assert!(matches!(finished.ended, Ended::StreamGone), "{:?}", finished.ended);
    assert_eq!(recover(folder, "gate").unwrap(), finished.files);
    finished
}

/// Writes the movie of the files beside them.
fn movie(folder: &Path, finished: &Finished) -> PathBuf {
    let names: Vec<String> = finished.files.iter().map(|file| file.name.clone()).collect();
    let movie = Arc::new(Movie::open(folder, &names, false).unwrap());
    let bytes: Vec<_> = movie.reader(0..movie.len()).map(Result::unwrap).collect();
    let path = folder.join("movie.mp4");
    std::fs::write(&path, bytes.concat()).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), movie.len());
    path
}

/// Decodes everything from a moment on. ffmpeg may say nothing about it, except for lines that begin with one of `pardoned`.
fn assert_plays(path: &Path, from: &str, pardoned: &[&str]) {
    let path = path.to_str().unwrap();
    let said = ffmpeg(&["-xerror", "-err_detect", "explode", "-ss", from, "-i", path, "-map", "0", "-f", "null", "-"]);
    let said: Vec<&str> = said.lines().filter(|line| !pardoned.iter().any(|start| line.starts_with(start))).collect();
    assert_eq!(said, [""; 0], "{path} plays from {from} s");
}

#[derive(Debug, PartialEq)]
struct Packet {
    hash: String,
    key: bool,
    /// In ms.
    time: i64,
}

/// The packets of each stream. Times count from the first picture's.
fn packets(path: &Path) -> BTreeMap<usize, Vec<Packet>> {
    let entries = "packet=stream_index,pts_time,flags,data_hash";
    let text = ffprobe(&["-show_packets", "-show_data_hash", "md5", "-show_entries", entries, "-of", "csv=p=0", path.to_str().unwrap()]);
    let mut streams: BTreeMap<usize, Vec<Packet>> = BTreeMap::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split(',').collect();
        let [stream, time, flags, hash, ..] = fields[..] else { continue };
        let time = (time.parse::<f64>().unwrap() * 1000.0).round();
        let key = flags.starts_with('K');
        // Whole milliseconds of a short clip.
        let packet = Packet { hash: hash.to_owned(), key, time: format!("{time}").parse().unwrap() };
        streams.entry(stream.parse().unwrap()).or_default().push(packet);
    }
    let first = streams[&0][0].time;
    streams.values_mut().flatten().for_each(|packet| packet.time -= first);
    streams
}

/// The times of the decoded pictures from a moment on, in ms.
fn pictures(path: &Path, from: &str) -> Vec<i64> {
    let interval = format!("{from}%");
    let show = ["-select_streams", "v", "-show_entries", "frame=pts_time", "-of", "csv=p=0", "-read_intervals", &interval];
    let text = ffprobe(&[&show[..], &[path.to_str().unwrap()]].concat());
    let times = text.lines().map(|line| line.trim_end_matches(',')).filter(|line| !line.is_empty());
    times.map(|time| format!("{}", (time.parse::<f64>().unwrap() * 1000.0).round()).parse().unwrap()).collect()
}

async fn assert_one_clip(clip: &Clip, audio: bool) {
    let folder = tempfile::tempdir().unwrap();
    let finished = recorded(folder.path(), &[clip]).await;
    let [file] = &finished.files[..] else { panic!("one file, not {:?}", finished.files) };
    assert_eq!((file.pictures, file.duration), (60, Duration::from_millis(2400)));
    let recorded = folder.path().join(&file.name);
    let movie = movie(folder.path(), &finished);
    for path in [&recorded, &movie] {
        assert_plays(path, "0", &[]);
        assert_plays(path, "1.3", &[]);
        assert_eq!(packets(path).len(), 1 + usize::from(audio));
    }
    // The movie begins at 0, and the same packets come at the same times.
    assert_eq!(pictures(&movie, "0"), (0..60).map(|n| n * 40).collect::<Vec<_>>());
    let (before, after) = (packets(&recorded), packets(&movie));
    assert_eq!(before[&0].iter().filter(|packet| packet.key).count(), 3, "key frames are known as such");
    for (stream, before) in &before {
        let after = &after[stream];
        assert_eq!(after.len(), before.len());
        for (after, before) in after.iter().zip(before) {
            assert_eq!((&after.hash, after.key), (&before.hash, before.key));
            assert!((after.time - before.time).abs() <= 1, "{after:?} was {before:?}");
        }
    }
    // Seeking begins at a key frame, not at the beginning.
    let from_the_middle = pictures(&movie, "1.3");
    assert_eq!((from_the_middle.first(), from_the_middle.last()), (Some(&800), Some(&2360)));
}

#[tokio::test]
async fn h264_with_b_frames_and_aac() {
    let clip = Clip::make("libx264", &["-bf", "3", "-b_strategy", "0", "-g", "20", "-x264-params", "b-pyramid=normal"], true);
    assert_one_clip(&clip, true).await;
}

#[tokio::test]
async fn h264_baseline() {
    assert_one_clip(&Clip::make("libx264", &["-profile:v", "baseline", "-g", "20"], false), false).await;
}

#[tokio::test]
async fn h265_with_b_frames_and_aac() {
    let clip =
        Clip::make("libx265", &["-x265-params", "log-level=none:keyint=20:min-keyint=20:scenecut=0:bframes=3:b-adapt=0:open-gop=0"], true);
    assert_one_clip(&clip, true).await;
}

#[tokio::test]
async fn files_of_several_sessions_with_other_parameters_and_without_sound_are_one_movie() {
    let folder = tempfile::tempdir().unwrap();
    let with_sound = Clip::make("libx264", &["-bf", "2", "-b_strategy", "0", "-g", "20"], true);
    let silent = Clip::make("libx264", &["-profile:v", "baseline", "-g", "20"], false);
    let finished = recorded(folder.path(), &[&silent, &with_sound, &silent, &with_sound]).await;
    assert_eq!(finished.files.len(), 4);
    let movie = movie(folder.path(), &finished);
    for from in ["0", "1.3", "3.7", "6", "8.1"] {
        // ffmpeg's null muxer counts frames of the first rate.
        assert_plays(&movie, from, &["[null @"]);
    }
    assert_eq!(pictures(&movie, "0"), (0..4 * 60).map(|n| n * 40).collect::<Vec<_>>());
    let packets = packets(&movie);
    let hashes = |name: &str| self::packets(&folder.path().join(name));
    let all: Vec<String> =
        finished.files.iter().flat_map(|file| hashes(&file.name).remove(&0).unwrap()).map(|packet| packet.hash).collect();
    assert_eq!(packets[&0].len(), 4 * FRAMES);
    for (packet, hash) in packets[&0].iter().zip(&all) {
        assert!(packet.key != (packet.hash == *hash), "key frames, and only they, have their parameter sets before them");
    }
    // Each clip's sound begins with its pictures, to within a frame of 64 ms.
    let sounds = &packets[&1];
    let second = &hashes(&finished.files[3].name)[&1][0];
    let begins: Vec<i64> = sounds.iter().filter(|packet| packet.hash == second.hash).map(|packet| packet.time).collect();
    assert_eq!(begins.len(), 2, "{begins:?}");
    assert!((0..64).contains(&(begins[0] - 2400)) && (0..64).contains(&(begins[1] - 7200)), "{begins:?}");
}
