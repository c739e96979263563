//! Movies read back by an independent reader.

use super::super::testing::{Expected, Step, expected, late, play, recorded, steps};
use super::*;
use crate::cmaf::Chunk;
use crate::mux::test_stream::length_prefixed;
use crate::unit::VideoCodec;
use proptest::prelude::*;
use shiguredo_mp4::boxes::{MoovBox, SampleEntry};
use shiguredo_mp4::demux::{Input, Mp4FileDemuxer};
use shiguredo_mp4::{Decode, TrackKind};
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::Cursor;
use tempfile::TempDir;

/// The files of a recording on a disk, and the movie of them.
struct Made {
    _folder: TempDir,
    movie: Arc<Movie>,
}

fn make(files: &[Vec<u8>]) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (1..=files.len()).map(|n| format!("x-{n}.mp4")).collect();
    for (name, file) in names.iter().zip(files) {
        fs::write(folder.path().join(name), file).unwrap();
    }
    let movie = Arc::new(Movie::open(folder.path(), &names, false).unwrap());
    Made { _folder: folder, movie }
}

fn bytes(movie: &Arc<Movie>, range: Range<u64>) -> Vec<u8> {
    let pieces: Vec<Bytes> = movie.reader(range).map(Result::unwrap).collect();
    assert!(pieces.iter().all(|piece| (1..=256 << 10).contains(&piece.len())));
    pieces.concat()
}

fn whole(movie: &Arc<Movie>) -> Vec<u8> {
    let bytes = bytes(movie, 0..u64::MAX);
    assert_eq!(movie.len(), u64::try_from(bytes.len()).unwrap());
    bytes
}

/// A sample as the other reader sees it.
struct Packet {
    kind: TrackKind,
    data: Vec<u8>,
    /// When it is presented, as seconds times `scale`.
    time: i128,
    scale: i128,
    decode_time: u64,
    sync: bool,
    entry: SampleEntry,
}

/// How much later than the movie a track begins (in ticks of the movie), and which time of the media is shown then.
fn edits(movie: &[u8]) -> HashMap<u32, (u64, i64)> {
    let at = movie.windows(4).position(|kind| kind == b"moov").unwrap() - 4;
    let (moov, _) = MoovBox::decode(&movie[at..]).unwrap();
    let edits = moov.trak_boxes.iter().map(|trak| {
        let entries = &trak.edts_box.as_ref().unwrap().elst_box.as_ref().unwrap().entries;
        let late = entries.iter().take_while(|entry| entry.media_time == -1).map(|entry| entry.edit_duration).sum();
        (trak.tkhd_box.track_id, (late, entries.last().unwrap().media_time))
    });
    edits.collect()
}

fn packets(movie: &[u8]) -> Vec<Packet> {
    let edits = edits(movie);
    let mut demuxer = Mp4FileDemuxer::new();
    demuxer.handle_input(Input { position: 0, data: movie });
    let mut entries = HashMap::new();
    let mut packets = Vec::new();
    while let Some(sample) = demuxer.next_sample().unwrap() {
        let track = sample.track.track_id;
        if let Some(entry) = sample.sample_entry {
            entries.insert(track, entry.clone());
        }
        let start = usize::try_from(sample.data_offset).unwrap();
        let scale = i128::from(sample.track.timescale.get());
        let (late, media_time) = edits[&track];
        // In units that both the track's and the movie's ticks are whole numbers of.
        let shown = i128::from(sample.timestamp) + i128::from(sample.composition_time_offset.unwrap_or(0)) - i128::from(media_time);
        packets.push(Packet {
            kind: sample.track.kind,
            data: movie[start..start + sample.data_size].to_vec(),
            time: shown * 90_000 + i128::from(late) * scale,
            scale: scale * 90_000,
            decode_time: sample.timestamp,
            sync: sample.keyframe,
            entry: entries[&track].clone(),
        });
    }
    packets
}

/// A recorded chunk, where it belongs in the movie.
struct Placed {
    chunk: Arc<Chunk>,
    file: usize,
    /// Presentation time in seconds times `scale`.
    time: i128,
    scale: i128,
}

fn placed(files: &[Expected], track: Track) -> Vec<Placed> {
    let mut elapsed = 0_i128;
    let mut all = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let rate = i128::from(file.epoch.timescale(track));
        for chunk in file.of(track) {
            let own = i128::from(chunk.decode_time) + i128::from(chunk.composition_offset);
            all.push(Placed { chunk, file: number, time: (elapsed - file.shown()) * rate + own * 90_000, scale: 90_000 * rate });
        }
        elapsed += i128::from(file.ticks());
    }
    all
}

fn assert_pictures(files: &[Expected], packets: &[Packet]) {
    let pictures: Vec<&Packet> = packets.iter().filter(|packet| packet.kind == TrackKind::Video).collect();
    let placed = placed(files, Track::Video);
    assert_eq!(pictures.len(), placed.len(), "every picture is there");
    let repeated = files.iter().any(|file| file.epoch.tracks.video != files[0].epoch.tracks.video);
    for (packet, placed) in pictures.iter().zip(&placed) {
        let sets = match &files[placed.file].epoch.tracks.video.codec {
            VideoCodec::H264 { sps, pps } if repeated && placed.chunk.key => length_prefixed(&[sps, pps]),
            _ => Bytes::new(),
        };
        assert_eq!(packet.data, [sets, placed.chunk.payload()].concat());
        assert_eq!(packet.sync, placed.chunk.key);
        assert_eq!(packet.time * placed.scale, placed.time * packet.scale, "pictures are exactly in time");
        let SampleEntry::Avc1(entry) = &packet.entry else { panic!("{:?}", packet.entry) };
        let track = &files[placed.file].epoch.tracks.video;
        let sps = match &track.codec {
            VideoCodec::H264 { sps, .. } => sps.to_vec(),
            VideoCodec::H265 { .. } => panic!("H.264 was muxed"),
        };
        assert_eq!((u32::from(entry.visual.width), &entry.avcc_box.sps_list), (track.width, &vec![sps]));
    }
    assert!(pictures.windows(2).all(|pair| pair[0].decode_time < pair[1].decode_time));
    // No picture is shown among those of another file.
    for pair in placed.windows(2).filter(|pair| pair[0].file != pair[1].file) {
        assert!(placed.iter().filter(|other| other.file <= pair[0].file).all(|other| other.time < pair[1].time));
    }
}

fn assert_sound(files: &[Expected], packets: &[Packet]) {
    let sounds: Vec<&Packet> = packets.iter().filter(|packet| packet.kind == TrackKind::Audio).collect();
    let mut left = sounds.iter().peekable();
    let mut before: Option<&Placed> = None;
    for placed in &placed(files, Track::Audio) {
        let is_next = left.peek().is_some_and(|packet| packet.data == placed.chunk.payload());
        if is_next {
            let packet = left.next().unwrap();
            let error = packet.time * placed.scale - placed.time * packet.scale;
            // Rounded to a tick of the first sound's rate, and the beginning to one of the movie's.
            let tick = packet.scale / (packet.scale / 90_000).min(16_000) * placed.scale;
            assert!(error.abs() <= 2 * tick, "sound is {error}/{tick} ticks off");
            before = Some(placed);
        } else {
            // Only what lies before the first picture, or in the sound of the file before.
            let before = before.filter(|before| before.file < placed.file || placed.file > 0);
            let inside = before.is_some_and(|before| {
                let end = before.time + i128::from(before.chunk.duration) * 90_000;
                placed.time * before.scale < end * placed.scale
            });
            assert!(placed.time < 0 || inside, "sound is missing: {:?}", placed.chunk);
        }
    }
    assert!(left.next().is_none(), "nothing but what was recorded");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_movie_has_the_samples_of_its_files_in_time(first in 0..6_u8, steps in steps(100), skipped in 0..5_usize) {
        let items = late(play(first, &steps), skipped);
        let files = expected(&items);
        let made = make(&recorded(&items));
        let movie = whole(&made.movie);
        let packets = packets(&movie);
        assert_pictures(&files, &packets);
        assert_sound(&files, &packets);
        let entries: BTreeSet<_> = files.iter().map(|file| format!("{:?}", file.epoch.tracks.video)).collect();
        let moov = &movie[..movie.len() - usize::try_from(made.movie.spans.length()).unwrap()];
        prop_assert_eq!(moov.windows(4).filter(|kind| kind == b"avcC").count(), entries.len(), "no sample entry twice");
        prop_assert_eq!(made.movie.duration(), summary::duration(files.iter().map(Expected::ticks).sum()));
        prop_assert!(made.movie.memory() > moov.len());
    }

    #[test]
    fn a_range_is_a_slice_of_the_whole(
        first in 0..6_u8,
        steps in steps(60),
        ranges in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..12),
    ) {
        let made = make(&recorded(&play(first, &steps)));
        let movie = whole(&made.movie);
        for (from, to) in ranges {
            let (from, to) = (from.index(movie.len() + 1), to.index(movie.len() + 20));
            let range = u64::try_from(from).unwrap()..u64::try_from(to).unwrap();
            let expected = movie.get(from..to.min(movie.len())).unwrap_or_default();
            prop_assert_eq!(bytes(&made.movie, range), expected);
        }
    }

    #[test]
    fn a_movie_of_damaged_files_is_none_or_bounded(
        steps in steps(30),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..30),
    ) {
        let mut files = recorded(&play(1, &steps));
        for (at, value) in damage {
            let count = files.len();
            let file = &mut files[at.index(count)];
            let at = at.index(file.len());
            file[at] = value;
        }
        let size: usize = files.iter().map(Vec::len).sum();
        let indexes: Vec<_> = files.iter().filter_map(|file| Index::read(&mut Cursor::new(file)).ok()).collect();
        let named = indexes.into_iter().map(|index| (PathBuf::from("/nonexistent/file"), index)).collect();
        if let Ok(movie) = Movie::of(named) {
            let movie = Arc::new(movie);
            prop_assert!(movie.memory() < 16_384 + 4 * size);
            let header = u64::try_from(movie.header.len()).unwrap();
            prop_assert!(movie.reader(0..header).all(|piece| piece.is_ok()));
            let mut behind = movie.reader(header..u64::MAX);
            prop_assert!(behind.next().is_none_or(|piece| piece.is_err()));
            prop_assert!(behind.next().is_none(), "nothing after an error");
        }
    }
}

#[test]
fn long_files_with_large_pictures_are_read_in_pieces() {
    let mut steps = Vec::new();
    for n in 1..1500 {
        let size = if n % 200 == 0 { 300_000 } else { n % 700 };
        steps.push(Step::Picture { interval: 3600, key: n % 100 == 0, size });
        steps.push(Step::Sound(1));
    }
    let items = play(1, &steps);
    let made = make(&recorded(&items));
    let movie = whole(&made.movie);
    assert!(made.movie.spans.memory() < 8 * 3000 + 4096, "{} bytes for 3000 samples", made.movie.spans.memory());
    let packets = packets(&movie);
    assert_pictures(&expected(&items), &packets);
    assert_sound(&expected(&items), &packets);
    for from in (0..movie.len()).step_by(99_991) {
        let to = (from + 300_000).min(movie.len());
        assert_eq!(bytes(&made.movie, u64::try_from(from).unwrap()..u64::try_from(to).unwrap()), movie[from..to]);
    }
}

#[test]
fn sound_is_beside_its_pictures_after_a_file_without() {
    let picture = |key| Step::Picture { interval: 3600, key, size: 10 };
    let part = |choice, sound: bool| {
        // Sound that did not come is left out: some must come before the key frame.
        let mut steps = vec![Step::Parameters(choice), Step::Sound(1), picture(true)];
        (0..40).for_each(|_| steps.extend([Some(picture(false)), sound.then_some(Step::Sound(1))].into_iter().flatten()));
        steps
    };
    // Without sound, 16 kHz, without, 48 kHz, 44.1 kHz, 16 kHz again.
    let steps: Vec<Step> = [(0, false), (2, true), (5, false), (3, true), (4, true), (1, true)]
        .iter()
        .flat_map(|(choice, sound)| part(*choice, *sound))
        .collect();
    let items = play(0, &steps);
    let files = expected(&items);
    assert!(files.iter().filter(|file| !file.of(Track::Audio).is_empty()).count() >= 4 && files.len() >= 6);
    let made = make(&recorded(&items));
    let movie = whole(&made.movie);
    let packets = packets(&movie);
    assert_pictures(&files, &packets);
    assert_sound(&files, &packets);
    let sounds = packets.iter().filter(|packet| packet.kind == TrackKind::Audio).count();
    let recorded: usize = files.iter().map(|file| file.of(Track::Audio).len()).sum();
    assert!(sounds + files.len() >= recorded && sounds > 100, "{sounds} of {recorded}");
    let rates: BTreeSet<u16> = packets
        .iter()
        .filter_map(|packet| if let SampleEntry::Mp4a(entry) = &packet.entry { Some(entry.audio.samplerate.integer) } else { None })
        .collect();
    assert_eq!(rates.into_iter().collect::<Vec<_>>(), [16_000, 44_100, 48_000]);
}

#[test]
fn a_silent_movie_has_not_a_byte_of_sound() {
    let mut steps = Vec::new();
    (1..60).for_each(|n| steps.extend([Step::Picture { interval: 3600, key: n % 20 == 0, size: 10 }, Step::Sound(1)]));
    let items = play(2, &steps);
    let files = expected(&items);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x-1.mp4"), &recorded(&items)[0]).unwrap();
    let movie = Arc::new(Movie::open(folder.path(), &["x-1.mp4".to_owned()], true).unwrap());
    let bytes = whole(&movie);
    let packets = packets(&bytes);
    assert_pictures(&files[..1], &packets);
    assert!(packets.iter().all(|packet| packet.kind == TrackKind::Video));
    let sounds = files[0].of(Track::Audio);
    assert!(sounds.len() > 50);
    for sound in sounds {
        let payload = sound.payload();
        assert!(!bytes.windows(payload.len()).any(|window| window == payload));
    }
}

#[test]
fn more_than_four_gigabytes_have_wide_positions() {
    // One picture of a gigabyte, five times: sparse files.
    let size = 1_u32 << 30;
    let items = play(0, &[Step::Silence(0)]);
    let mut file = recorded(&items).remove(0);
    let tail = file.len() - expected(&items)[0].chunks[0].payload().len();
    file.truncate(tail);
    let trun = file.windows(4).rposition(|kind| kind == b"trun").unwrap();
    file[trun + 20..trun + 24].copy_from_slice(&size.to_be_bytes());
    let mdat = file.len() - 8;
    file[mdat..mdat + 4].copy_from_slice(&(size + 8).to_be_bytes());
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (1..=5).map(|n| format!("x-{n}.mp4")).collect();
    for (n, name) in (1_u8..).zip(&names) {
        let path = folder.path().join(name);
        fs::write(&path, &file).unwrap();
        let sparse = File::options().write(true).open(&path).unwrap();
        sparse.set_len(u64::try_from(tail).unwrap() + u64::from(size)).unwrap();
        // Each picture ends with its number.
        std::os::unix::fs::FileExt::write_all_at(&sparse, &[n], u64::try_from(tail).unwrap() + u64::from(size) - 1).unwrap();
    }
    let movie = Arc::new(Movie::open(folder.path(), &names, false).unwrap());
    let header = bytes(&movie, 0..u64::try_from(movie.header.len()).unwrap());
    assert_eq!(movie.len(), u64::try_from(header.len()).unwrap() + 5 * u64::from(size));
    let mut demuxer = Mp4FileDemuxer::new();
    demuxer.handle_input(Input { position: 0, data: &header });
    for n in 1..=5_u8 {
        let sample = demuxer.next_sample().unwrap().unwrap();
        assert_eq!(sample.data_size, usize::try_from(size).unwrap());
        let end = sample.data_offset + u64::from(size);
        assert_eq!(bytes(&movie, end - 2..end), [0, n]);
    }
    let head = &header[header.len() - 16..];
    assert_eq!((&head[..8], &head[8..]), (&b"\0\0\0\x01mdat"[..], &(5 * u64::from(size) + 16).to_be_bytes()[..]));
}

#[test]
fn what_is_no_movie_says_why() {
    assert!(matches!(Movie::of(Vec::new()), Err(MovieError::Empty)));
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| Movie::open(folder.path(), &[name.to_owned()], false);
    assert!(matches!(open("x-1.mp4"), Err(MovieError::File { .. })));
    fs::write(folder.path().join("x-1.mp4"), b"no movie").unwrap();
    assert!(matches!(open("x-1.mp4"), Err(MovieError::Index { .. })));
    for outside in ["../x-1.mp4", "/etc/passwd", "..", ""] {
        assert!(matches!(open(outside), Err(MovieError::File { source, .. }) if source.kind() == io::ErrorKind::InvalidInput));
    }
    let file = recorded(&play(1, &[Step::Silence(0)])).remove(0);
    let init = expected(&play(1, &[Step::Silence(0)]))[0].epoch.init.len();
    fs::write(folder.path().join("x-1.mp4"), &file[..init]).unwrap();
    assert!(matches!(open("x-1.mp4"), Err(MovieError::Empty)));
}
