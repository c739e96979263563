//! Real ffmpeg children on files of a second or two.

use super::super::TestPatternSpec;
use super::*;
use crate::child;
use std::collections::BTreeSet;
use std::path::PathBuf;
use tokio::net::TcpListener;

/// A file in a folder of the test's own.
fn media(folder: &tempfile::TempDir, name: &str, codecs: &[&str]) -> PathBuf {
    let path = folder.path().join(name);
    let lavfi = ["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=15", "-f", "lavfi", "-i", "sine=r=16000", "-t", "2"];
    let status = std::process::Command::new("ffmpeg").args(lavfi).args(codecs).arg(&path).status().expect("ffmpeg runs");
    assert!(status.success());
    path
}

async fn open_input(input: FfmpegInput) -> Result<FfmpegSource, StreamError> {
    open(&FfmpegSpec { input, credentials: None }, Path::new("ffmpeg"), AddressPolicy { allow_loopback: true, ..AddressPolicy::default() })
        .await
}

#[tokio::test]
async fn a_file_is_played_with_its_sound() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = media(&folder, "it's [a] clip.mp4", &["-c:v", "libx264", "-g", "15", "-bf", "0", "-c:a", "aac"]);
    let mut source = open_input(FfmpegInput::File(path)).await.expect("it opens");
    let tracks = source.tracks().clone();
    assert_eq!((tracks.video.width, tracks.video.height), (160, 90));
    let audio = tracks.audio.expect("sound");
    assert_eq!((audio.codec, audio.rfc6381.as_str(), audio.rate_hz, audio.channels), (AudioCodec::Aac, "mp4a.40.2", 16_000, 1));
    let (mut units, mut sound) = (Vec::new(), 0);
    while units.len() < 6 {
        match source.next().await.expect("it goes on") {
            SourceItem::Video(unit) => units.push(unit),
            SourceItem::Audio(frame) => sound += frame.samples,
            other => panic!("unexpected {other:?}"),
        }
    }
    assert!(units[0].key && !units[1].key);
    assert!(units.windows(2).all(|pair| pair[1].pts - pair[0].pts == 6000));
    assert!(sound > 0);
    // Length-prefixed to the last byte, no parameter set inside.
    let mut rest = &units[0].data[..];
    while let Some((head, tail)) = rest.split_at_checked(4) {
        let length = usize::try_from(u32::from_be_bytes(head.try_into().expect("four bytes"))).expect("small");
        assert!(!matches!(tail[0] & 0x1f, 7 | 8));
        rest = &tail[length..];
    }
    assert!(rest.is_empty());
    Box::new(source).close().await;
}

#[tokio::test]
async fn what_cannot_be_played_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let code = async |input| open_input(input).await.err().expect("refused").code;
    assert_eq!(code(FfmpegInput::File(folder.path().join("missing.mp4"))).await, ErrorCode::NotFound);
    let sound = media(&folder, "sound.mp4", &["-vn", "-map", "1:a", "-c:a", "aac"]);
    assert_eq!(code(FfmpegInput::File(sound)).await, ErrorCode::NoVideo);
    let mpeg4 = media(&folder, "old.mp4", &["-c:v", "mpeg4"]);
    assert_eq!(code(FfmpegInput::File(mpeg4)).await, ErrorCode::UnsupportedCodec);
    let garbage = folder.path().join("garbage.mp4");
    std::fs::write(&garbage, vec![0x5a; 5000]).expect("written");
    assert_eq!(code(FfmpegInput::File(garbage)).await, ErrorCode::Protocol);
    let spec = FfmpegSpec { input: FfmpegInput::File("x".into()), credentials: None };
    let missing = open(&spec, Path::new("/nonexistent"), AddressPolicy::default());
    assert_eq!(missing.await.err().expect("no program").code, ErrorCode::FfmpegFailed);
}

/// One HTTP server for one request; gives the request's head and the command lines of this process's children while it was served.
async fn http(status: &'static str, body: Vec<u8>) -> (Url, tokio::task::JoinHandle<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = Url::parse(&format!("http://{}/live.flv?key=sesame1", listener.local_addr().expect("bound"))).expect("a URL");
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_buf(&mut head).await.expect("a request");
        }
        let lines = command_lines();
        let _ = stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Type: video/x-flv\r\nConnection: close\r\n\r\n").as_bytes()).await;
        let _ = stream.write_all(&body).await;
        (String::from_utf8_lossy(&head).into_owned(), lines)
    });
    (url, served)
}

fn command_lines() -> String {
    let mut lines = String::new();
    for entry in std::fs::read_dir("/proc").expect("procfs").flatten() {
        lines.push_str(&std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default());
        lines.push('\n');
    }
    lines
}

#[tokio::test]
async fn flv_over_http_keeps_its_login_out_of_the_process_list() {
    let folder = tempfile::tempdir().expect("a folder");
    let flv = media(&folder, "clip.flv", &["-c:v", "libx264", "-g", "15", "-bf", "2", "-c:a", "aac"]);
    let (url, served) = http("200 OK", std::fs::read(flv).expect("made above")).await;
    let credentials = super::super::Credentials { username: "joe".to_owned(), password: "hunter2'x".to_owned().into() };
    let spec = FfmpegSpec { input: FfmpegInput::HttpFlv(url), credentials: Some(credentials) };
    let mut source =
        open(&spec, Path::new("ffmpeg"), AddressPolicy { allow_loopback: true, ..AddressPolicy::default() }).await.expect("it opens");
    let mut units = 0;
    let end = loop {
        match source.next().await {
            Ok(SourceItem::Video(_)) => units += 1,
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(units, 30);
    assert_eq!(end.code, ErrorCode::Unreachable, "{end}");
    let (head, processes) = served.await.expect("served");
    assert!(head.contains("GET /live.flv?key=sesame1"), "{head}");
    assert!(processes.contains("ffconcat") || processes.contains("concat"), "the child was running");
    assert!(!processes.contains("hunter2") && !processes.contains("sesame1"));
}

#[tokio::test]
async fn http_refusals_have_their_codes() {
    for (status, code) in [("401 Unauthorized", ErrorCode::AuthFailed), ("404 Not Found", ErrorCode::NotFound)] {
        let (url, _served) = http(status, Vec::new()).await;
        let error = open_input(FfmpegInput::HttpFlv(url)).await.err().expect("refused");
        assert_eq!(error.code, code, "{error}");
        assert!(!error.message.contains("sesame1"));
    }
    let loopback = FfmpegInput::Rtmp(Url::parse("rtmp://127.0.0.1:1/live").expect("a URL"));
    let refused = open(&FfmpegSpec { input: loopback.clone(), credentials: None }, Path::new("ffmpeg"), AddressPolicy::default()).await;
    assert_eq!(refused.err().expect("not permitted").code, ErrorCode::Unreachable);
    assert_eq!(open_input(loopback).await.err().expect("closed").code, ErrorCode::Refused);
}

#[tokio::test]
async fn the_demo_camera_moves_and_is_a_clean_stream() {
    let spec = TestPatternSpec { width: 640, height: 360, fps: 15, hue: 205 };
    let mut source = open_test_pattern(&spec, Path::new("ffmpeg")).await.expect("it opens");
    assert_eq!((source.tracks().video.width, source.tracks().video.height), (640, 360));
    assert!(child::living() >= 1);
    let mut units = Vec::new();
    while units.len() < 31 {
        if let SourceItem::Video(unit) = source.next().await.expect("it goes on") {
            units.push(unit);
        }
    }
    let keys: Vec<usize> = (0..units.len()).filter(|index| units[*index].key).collect();
    assert_eq!(keys, [0, 15, 30]);
    assert!(units.windows(2).all(|pair| pair[1].pts - pair[0].pts == 6000));
    // Something moves in every frame: no two are coded alike.
    assert_eq!(units.iter().map(|unit| unit.data.clone()).collect::<BTreeSet<_>>().len(), units.len());
    let pid = source.child.id().expect("it runs");
    Box::new(source).close().await;
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
}

#[tokio::test]
async fn a_killed_child_ends_the_source_with_a_reason() {
    let spec = TestPatternSpec { width: 160, height: 90, fps: 15, hue: 0 };
    let mut source = open_test_pattern(&spec, Path::new("ffmpeg")).await.expect("it opens");
    let pid = source.child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw).expect("it runs");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("killed");
    let error = loop {
        if let Err(error) = source.next().await {
            break error;
        }
    };
    assert_eq!(error.code, ErrorCode::FfmpegFailed, "{error}");
    assert_eq!(source.child.id(), None, "it was reaped");
}

#[tokio::test]
async fn an_impossible_pattern_is_refused() {
    let spec = TestPatternSpec { width: 641, height: 360, fps: 15, hue: 0 };
    assert!(open_test_pattern(&spec, Path::new("ffmpeg")).await.is_err());
}

#[test]
fn a_quote_in_an_address_stays_in_the_script() {
    let url = Url::parse("rtmp://host/live/it's").expect("a URL");
    let script = concat_script(&url, &[("rw_timeout", "1")]);
    assert!(script.starts_with("ffconcat version 1.0\nfile 'rtmp://host/live/it'\\''s'\n"), "{script}");
    assert!(script.ends_with("option rw_timeout '1'\n"));
}
