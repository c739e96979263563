use super::*;
use proptest::prelude::*;
use std::process::Command;

/// A second of H.264 with B-frames and AAC, or H.265 and G.711, in NUT as our arguments make ffmpeg write it.
fn fixture(codecs: &[&str]) -> Vec<u8> {
    let lavfi = ["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=15", "-f", "lavfi", "-i", "sine=r=8000"];
    let output = Command::new("ffmpeg").args(lavfi).args(["-t", "1"]).args(codecs).args(["-f", "nut", "-"]).output().expect("ffmpeg runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn read(bytes: &[u8], piece: usize) -> Result<Vec<NutItem>, NutError> {
    let mut reader = NutReader::new();
    let mut items = Vec::new();
    for piece in bytes.chunks(piece) {
        reader.push(piece);
        while let Some(item) = reader.next_item()? {
            items.push(item);
        }
    }
    Ok(items)
}

#[test]
fn frames_come_out_whole_whatever_the_pieces() {
    let bytes = fixture(&["-c:v", "libx264", "-bf", "2", "-g", "8", "-c:a", "aac"]);
    let items = read(&bytes, usize::MAX).expect("readable");
    assert_eq!(read(&bytes, 7).expect("readable"), items);
    let NutItem::Streams(streams) = &items[0] else { panic!("streams come first") };
    assert_eq!((streams[0].class, streams[0].width, streams[0].height), (StreamClass::Video, 160, 90));
    assert_eq!((streams[1].class, streams[1].sample_rate, streams[1].channels), (StreamClass::Audio, 8000, 1));
    let video: Vec<&NutFrame> = items
        .iter()
        .filter_map(|item| match item {
            NutItem::Frame(frame) if frame.stream == 0 => Some(frame),
            _ => None,
        })
        .collect();
    assert_eq!(video.len(), 15);
    assert!(video[0].key);
    // B-frames: in decode order the times go back and forth, sorted they are one frame apart.
    let (numerator, denominator) = streams[0].time_base;
    let mut times: Vec<i64> = video.iter().map(|frame| frame.pts * i64::from(numerator) * 90_000 / i64::from(denominator)).collect();
    assert!(times.windows(2).any(|pair| pair[1] < pair[0]));
    times.sort_unstable();
    assert!(times.windows(2).all(|pair| (5999..=6001).contains(&(pair[1] - pair[0]))), "{times:?}");
}

#[test]
fn g711_and_h265_are_carried() {
    let bytes = fixture(&["-c:v", "libx265", "-x265-params", "log-level=error", "-c:a", "pcm_alaw"]);
    let items = read(&bytes, 4096).expect("readable");
    let NutItem::Streams(streams) = &items[0] else { panic!("streams come first") };
    assert_eq!(&streams[0].fourcc[..], b"HEVC");
    assert_eq!(streams[1].fourcc.first(), Some(&6));
    let audio: usize = items
        .iter()
        .map(|item| match item {
            NutItem::Frame(frame) if frame.stream == 1 => frame.data.len(),
            _ => 0,
        })
        .sum();
    assert_eq!(audio, 8000);
}

#[test]
fn something_else_is_refused() {
    assert!(read(b"\0\0\0\x18ftypisom and so on, long enough", 10).is_err());
    let mut bytes = FILE_ID.to_vec();
    bytes.extend_from_slice(&MAIN);
    // A header of 2^63 bytes.
    bytes.extend_from_slice(&[0xff; 8]);
    bytes.push(0x7f);
    assert!(read(&bytes, 100).is_err());
}

proptest! {
    #[test]
    fn damaged_streams_do_not_panic(seed: u64, damage in proptest::collection::vec((0usize..4000, any::<u8>()), 1..20)) {
        static GOOD: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let mut bytes = GOOD.get_or_init(|| fixture(&["-c:v", "libx264", "-c:a", "aac"])).clone();
        for (position, value) in damage {
            if let Some(byte) = bytes.get_mut(position) {
                *byte = value;
            }
        }
        let piece = usize::try_from(seed % 5000).unwrap_or(0) + 1;
        let _ = read(&bytes, piece);
    }

    #[test]
    fn garbage_does_not_panic(garbage: Vec<u8>) {
        let mut bytes = FILE_ID.to_vec();
        bytes.extend_from_slice(&MAIN);
        bytes.extend_from_slice(&garbage);
        let _ = read(&bytes, 64);
    }
}
