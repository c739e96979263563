//! The exact text of small playlists.

use super::camera::Camera;
use crate::hls::HlsOptions;
use crate::hls::choose::Targets;
use crate::hls::playlist::{self, Report};
use crate::hls::window::Window;

fn window(camera: &mut Camera) -> Window {
    Window::new(HlsOptions::default(), "r".to_owned(), camera.stamp())
}

fn run(window: &mut Window, camera: &mut Camera, frames: u32, gop: u32) {
    for _ in 0..frames {
        camera.frame(3600, gop).into_iter().for_each(|chunk| window.push(chunk));
    }
}

fn targets(window: &Window) -> Targets {
    window.ready().expect("a segment is whole")
}

#[test]
fn a_small_low_latency_playlist() {
    let mut camera = Camera::new(true);
    let mut window = window(&mut camera);
    window.push_epoch(camera.connect());
    run(&mut window, &mut camera, 25 + 12, 25);
    let reports = [Report { uri: "../sub/index.m3u8".to_owned(), last_msn: 7, last_part: Some(2) }];
    let text = playlist::low_latency(&window, window.names(), targets(&window), false, &reports);
    let expected = "\
#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0,HOLD-BACK=6.0,PART-HOLD-BACK=0.648
#EXT-X-PART-INF:PART-TARGET=0.216
#EXT-X-MEDIA-SEQUENCE:126144020
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-MAP:URI=\"init-r-1.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:05.040Z
#EXT-X-PART:DURATION=0.20000,URI=\"part-r-1.m4s\",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.20000,URI=\"part-r-2.m4s\"
#EXT-X-PART:DURATION=0.20000,URI=\"part-r-3.m4s\"
#EXT-X-PART:DURATION=0.20000,URI=\"part-r-4.m4s\"
#EXT-X-PART:DURATION=0.20000,URI=\"part-r-5.m4s\"
#EXTINF:1.00000,
seg-r-126144020.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:06.040Z
#EXT-X-PART:DURATION=0.20000,URI=\"part-r-6.m4s\",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.20000,URI=\"part-r-7.m4s\"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part-r-8.m4s\"
#EXT-X-RENDITION-REPORT:URI=\"../sub/index.m3u8\",LAST-MSN=7,LAST-PART=2
";
    assert_eq!(text, expected);
}

#[test]
fn a_new_epoch_has_a_discontinuity_a_map_and_its_hint() {
    let mut camera = Camera::new(false);
    let mut window = window(&mut camera);
    window.push_epoch(camera.connect());
    run(&mut window, &mut camera, 26, 25);
    window.push_epoch(camera.connect());
    let text = playlist::low_latency(&window, window.names(), targets(&window), false, &[]);
    let tail = "\
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:06.040Z
#EXT-X-PART:DURATION=0.04000,URI=\"part-r-6.m4s\",INDEPENDENT=YES
#EXTINF:0.04000,
seg-r-126144021.m4s
#EXT-X-PRELOAD-HINT:TYPE=MAP,URI=\"init-r-2.mp4\"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part-r-7.m4s\"
";
    assert!(text.ends_with(tail), "{text}");

    run(&mut window, &mut camera, 6, 25);
    let text = playlist::low_latency(&window, window.names(), targets(&window), false, &[]);
    let tail = "\
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI=\"init-r-2.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:06.080Z
#EXT-X-PART:DURATION=0.20000,URI=\"part-r-7.m4s\",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part-r-8.m4s\"
";
    assert!(text.ends_with(tail), "{text}");
}

#[test]
fn a_plain_playlist_has_whole_segments_only() {
    let mut camera = Camera::new(false);
    let mut window = window(&mut camera);
    window.push_epoch(camera.connect());
    run(&mut window, &mut camera, 2 * 25 + 12, 25);
    let expected = "\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:126144020
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-MAP:URI=\"init-r-1.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:05.040Z
#EXTINF:1.00000,
seg-r-126144020.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:06.040Z
#EXTINF:1.00000,
seg-r-126144021.m4s
";
    assert_eq!(playlist::plain(&window, window.names(), targets(&window)), expected);
}
