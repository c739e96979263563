//! Blocking reload and hinted parts on tokio's paused clock.

use super::camera::Camera;
use crate::cmaf::Track;
use crate::hls::{HlsOptions, HlsStream, PlaylistError, PlaylistRequest, RenditionPeer, Skip, Sound};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// A stream with two whole segments and two parts of the third.
fn stream() -> (Camera, HlsStream) {
    let mut camera = Camera::new(false);
    let stream = HlsStream::new(HlsOptions::default(), camera.stamp());
    stream.set_audience(true);
    stream.push_epoch(camera.connect());
    camera.run(&stream, 25 + 25 + 10, 3600, 25);
    (camera, stream)
}

fn ask(msn: u64, part: Option<u32>) -> PlaylistRequest {
    PlaylistRequest { msn: Some(msn), part, low_latency: true, ..PlaylistRequest::default() }
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_for_its_part_and_all_share_one_text() {
    let (mut camera, stream) = stream();
    let (msn, part) = stream.position().unwrap();
    assert_eq!(part, Some(1));
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let stream = stream.clone();
            tokio::spawn(async move { stream.playlist(ask(msn, Some(2))).await })
        })
        .collect();
    tokio::task::yield_now().await;
    camera.run(&stream, 4, 3600, 25);
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(waiting.iter().all(|task| !task.is_finished()), "the part is not whole");
    camera.run(&stream, 1, 3600, 25);
    let mut texts = Vec::new();
    for task in waiting {
        texts.push(task.await.unwrap().unwrap());
    }
    assert!(texts.iter().all(|text| text.text().as_ptr() == texts[0].text().as_ptr()));
    let text = String::from_utf8(texts[0].text().to_vec()).unwrap();
    assert_eq!(text.lines().rev().find(|line| line.starts_with("#EXT-X-PART:")).map(|line| line.contains("-13.m4s")), Some(true), "{text}");

    let compressed = AtomicU32::new(0);
    for rendered in &texts {
        rendered.gzip_with(|text| {
            compressed.fetch_add(1, Ordering::Relaxed);
            bytes::Bytes::copy_from_slice(&text[..3])
        });
    }
    assert_eq!(compressed.into_inner(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_part_past_the_end_is_the_first_of_the_next_segment() {
    let (mut camera, stream) = stream();
    let (msn, _) = stream.position().unwrap();
    let waiting = tokio::spawn({
        let stream = stream.clone();
        async move { stream.playlist(ask(msn, Some(5))).await }
    });
    // The segment has five parts, 0 to 4; part 5 of it is part 0 of the next.
    camera.run(&stream, 15, 3600, 25);
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(!waiting.is_finished());
    camera.run(&stream, 5, 3600, 25);
    assert!(waiting.await.unwrap().is_ok());
    assert_eq!(stream.position().unwrap(), (msn + 1, Some(0)));
}

#[tokio::test(start_paused = true)]
async fn what_never_comes_ends_in_503_before_the_player_gives_up() {
    let (_, stream) = stream();
    let (msn, _) = stream.position().unwrap();
    let start = Instant::now();
    stream.session_ended();
    assert_eq!(stream.playlist(ask(msn + 1, None)).await.unwrap_err(), PlaylistError::TimedOut { retry_after_s: 1 });
    assert_eq!(start.elapsed(), Duration::from_secs(6), "three target durations");
}

#[tokio::test(start_paused = true)]
async fn impossible_requests_are_refused_and_old_ones_answered_at_once() {
    let (_, stream) = stream();
    let (msn, _) = stream.position().unwrap();
    assert!(matches!(stream.playlist(ask(msn + 3, None)).await, Err(PlaylistError::BadRequest(_))));
    assert!(matches!(stream.playlist(ask(msn, Some(90))).await, Err(PlaylistError::BadRequest(_))));
    let without_msn = PlaylistRequest { part: Some(1), low_latency: true, ..PlaylistRequest::default() };
    assert!(matches!(stream.playlist(without_msn).await, Err(PlaylistError::BadRequest(_))));
    assert!(stream.playlist(ask(0, Some(3))).await.is_ok());
    assert!(stream.playlist(ask(msn - 1, None)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn before_there_is_a_segment_there_is_no_playlist() {
    let mut camera = Camera::new(true);
    let stream = HlsStream::new(HlsOptions::default(), camera.stamp());
    assert!(matches!(stream.playlist(ask(1, None)).await, Err(PlaylistError::NotReady { .. })));
    assert!(!stream.ready(Duration::from_secs(1)).await);
    let waiting = tokio::spawn({
        let stream = stream.clone();
        async move { stream.ready(Duration::from_secs(10)).await }
    });
    tokio::task::yield_now().await;
    stream.push_epoch(camera.connect());
    camera.run(&stream, 26, 3600, 25);
    assert!(waiting.await.unwrap());
    assert!(stream.lists(1, Duration::ZERO, Duration::ZERO).await && !stream.lists(2, Duration::ZERO, Duration::from_secs(1)).await);
    camera.run(&stream, 25, 3600, 25);
    assert!(stream.lists(2, Duration::ZERO, Duration::ZERO).await);
    assert!(!stream.lists(2, Duration::from_secs(60), Duration::from_secs(1)).await, "they are shorter");
    assert!(
        stream
            .variant("main/index.m3u8", Sound::With)
            .is_some_and(|variant| variant.codecs == "avc1.640028,mp4a.40.2" && variant.bandwidth > 0)
    );
}

#[tokio::test(start_paused = true)]
async fn the_hinted_part_is_waited_for_and_others_are_not() {
    let (mut camera, stream) = stream();
    camera.run(&stream, 14, 3600, 25);
    let text = stream.playlist(PlaylistRequest { low_latency: true, ..PlaylistRequest::default() }).await.unwrap();
    let text = String::from_utf8(text.text().to_vec()).unwrap();
    let playlist = crate::hls::validate::parse(&text);
    let hint = playlist.part_hint().unwrap().to_owned();
    let waiting = tokio::spawn({
        let (stream, hint) = (stream.clone(), hint.clone());
        async move { stream.part(&hint).await }
    });
    tokio::task::yield_now().await;
    // A key frame ends the segment early: the hinted name is still that of the next part.
    camera.force_key();
    camera.run(&stream, 5, 3600, 25);
    assert!(waiting.await.unwrap().is_some_and(|body| body.len > 0));

    let start = Instant::now();
    let beyond = hint.replace("-15.m4s", "-99.m4s");
    assert_ne!(beyond, hint);
    assert_eq!(stream.part(&beyond).await, None);
    for unknown in ["", "part-0-1.m4s", "../x", &hint.replace("part", "seg")] {
        assert_eq!(stream.resource(unknown, Sound::With).await, None, "{unknown}");
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    let next = stream.part(&hint.replace("-15.m4s", "-17.m4s")).await;
    assert_eq!((next, start.elapsed()), (None, Duration::from_secs(6)), "waited for, and it did not come");
}

#[tokio::test(start_paused = true)]
async fn renditions_report_each_other() {
    let (_, main) = stream();
    let (_, sub) = stream();
    let (msn, _) = sub.position().unwrap();
    let peer = |uri: &str, stream: &HlsStream| RenditionPeer { uri: uri.to_owned(), stream: stream.clone() };
    let request = |peer| PlaylistRequest { low_latency: true, renditions: vec![peer], ..PlaylistRequest::default() };
    let text = main.playlist(request(peer("../sub/index.m3u8", &sub))).await.unwrap();
    let text = String::from_utf8(text.text().to_vec()).unwrap();
    assert!(text.ends_with(&format!("#EXT-X-RENDITION-REPORT:URI=\"../sub/index.m3u8\",LAST-MSN={msn},LAST-PART=1\n")), "{text}");
    let hostile = main.playlist(request(peer("x\"\n#EXT-X-ENDLIST", &sub))).await.unwrap();
    assert!(!hostile.text().windows(7).any(|window| window == b"ENDLIST"));

    // Both ways at once from two threads: no lock is held while the other stream is asked.
    let threads: Vec<_> = [(main.clone(), sub.clone()), (sub, main)]
        .into_iter()
        .map(|(own, other)| {
            std::thread::spawn(move || {
                let mut camera = Camera::new(false);
                own.push_epoch(camera.connect());
                let peers = Arc::new(peer("../x", &other));
                for _ in 0..500 {
                    camera.run(&own, 5, 3600, 25);
                    let _ = futures::executor::block_on(own.playlist(request(peers.as_ref().clone())));
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_rendering_has_one_strong_etag() {
    let (mut camera, stream) = stream();
    let request = |low_latency, skip| PlaylistRequest { low_latency, skip, ..PlaylistRequest::default() };
    let first = stream.playlist(request(true, Skip::No)).await.unwrap();
    assert_eq!(first.etag(), stream.playlist(request(true, Skip::No)).await.unwrap().etag());
    assert!(first.etag().starts_with('"') && first.etag().ends_with('"'));
    assert_ne!(first.etag(), stream.playlist(request(false, Skip::No)).await.unwrap().etag());
    camera.run(&stream, 5, 3600, 25);
    assert_ne!(first.etag(), stream.playlist(request(true, Skip::No)).await.unwrap().etag());
}

#[tokio::test(start_paused = true)]
async fn another_part_length_counts_from_the_next_key_frame_on() {
    let (mut camera, stream) = stream();
    let part_target = |text: &str| {
        let rest = text.split("PART-TARGET=").nth(1).expect("parts are announced");
        rest.split(['\n', ',']).next().and_then(|seconds| seconds.parse::<f64>().ok()).expect("seconds")
    };
    let now = || async {
        String::from_utf8(
            stream.playlist(PlaylistRequest { low_latency: true, ..PlaylistRequest::default() }).await.unwrap().text().to_vec(),
        )
        .unwrap()
    };
    assert!((0.18..0.25).contains(&part_target(&now().await)));
    stream.set_part_target(Duration::from_millis(500));
    camera.run(&stream, 10, 3600, 25);
    assert!(part_target(&now().await) < 0.25, "frozen until a key frame");
    camera.run(&stream, 100, 3600, 25);
    assert!((0.4..0.7).contains(&part_target(&now().await)));
    assert_eq!(stream.identity(), 1);
    stream.set_part_target(Duration::from_millis(500));
    camera.run(&stream, 100, 3600, 25);
    assert_eq!(stream.identity(), 1, "the same wish changes nothing");
}

#[tokio::test(start_paused = true)]
async fn without_sound_the_same_playlist_names_pictures_only() {
    let (mut camera, stream) = (Camera::new(true), HlsStream::new(HlsOptions::default(), Camera::new(true).stamp()));
    stream.push_epoch(camera.connect());
    let mut pictures = Vec::new();
    for _ in 0..60 {
        for chunk in camera.frame(3600, 25) {
            if chunk.track == Track::Video {
                pictures.extend_from_slice(&chunk.bytes);
            }
            stream.push(chunk);
        }
    }
    let text = async |sound| {
        let request = PlaylistRequest { low_latency: true, sound, ..PlaylistRequest::default() };
        String::from_utf8(stream.playlist(request).await.unwrap().text().to_vec()).unwrap()
    };
    let (heard, silent) = (text(Sound::With).await, text(Sound::Without).await);
    assert_eq!(silent.replace("silent-", ""), heard);
    let names = |text: &str| -> Vec<String> {
        text.lines()
            .filter(|line| line.contains("seg-") || line.contains("MAP:URI"))
            .map(|line| line.split('"').nth(1).unwrap_or(line).to_owned())
            .collect()
    };
    let mut bytes = Vec::new();
    // The simulated camera's parameter sets are no real ones, so that no init segment can be written anew here.
    for name in names(&silent).into_iter().filter(|name| name.contains("seg-")) {
        let body = stream.resource(&name, Sound::Without).await.unwrap();
        assert_eq!(body.len, u64::try_from(body.parts.iter().map(bytes::Bytes::len).sum::<usize>()).unwrap());
        assert_eq!(stream.resource(&name, Sound::With).await.as_ref(), Some(&body), "who may hear may also do without");
        bytes.extend(body.parts.concat());
    }
    assert!(!bytes.is_empty() && pictures.starts_with(&bytes));
    for name in names(&heard) {
        assert_eq!(stream.resource(&name, Sound::Without).await, None, "{name}");
        assert!(stream.resource(&name, Sound::With).await.is_some(), "{name}");
    }
    let codecs = |sound| stream.variant("main/index.m3u8", sound).unwrap().codecs;
    assert_eq!((codecs(Sound::With).as_str(), codecs(Sound::Without).as_str()), ("avc1.640028,mp4a.40.2", "avc1.640028"));
}
