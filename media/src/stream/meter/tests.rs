use super::*;

const MS: Duration = Duration::from_millis(1);

fn at(ms: u64) -> Stamp {
    Stamp { mono_us: 1_000_000 + ms * 1000, utc_ms: 0 }
}

/// A session from `from` ms on: a frame of `bytes` bytes every `interval` ms, a key frame every `gop` frames. Returns the end in ms.
fn session(meter: &mut Meter, from: u64, frames: u64, interval: u64, gop: u64, bytes: usize) -> u64 {
    meter.connected(at(from));
    for frame in 0..frames {
        meter.video(at(from + frame * interval), frame.is_multiple_of(gop), bytes);
    }
    from + frames * interval
}

#[test]
fn a_steady_stream_reads_as_what_it_is() {
    let mut meter = Meter::default();
    let end = session(&mut meter, 0, 500, 40, 50, 20_000);
    let reading = meter.read(at(end));
    assert!((24.5..=25.5).contains(&reading.fps), "{}", reading.fps);
    assert!((3900..=4100).contains(&reading.bitrate_kbps), "{}", reading.bitrate_kbps);
    assert_eq!(reading.key_frame_interval, Some(2000 * MS));
    assert_eq!((reading.bytes, reading.reconnects), (10_000_000, 0));
    assert_eq!(meter.frame_interval(), Some(40 * MS));
}

#[test]
fn a_young_stream_reads_nearly_right_after_a_second() {
    let mut meter = Meter::default();
    let end = session(&mut meter, 0, 25, 40, 25, 1000);
    assert!((24.0..=26.0).contains(&meter.read(at(end)).fps), "{}", meter.read(at(end)).fps);
}

#[test]
fn rates_fall_to_zero_when_nothing_comes_and_at_the_end_of_a_session() {
    let mut meter = Meter::default();
    let end = session(&mut meter, 0, 500, 40, 50, 1000);
    assert!(meter.read(at(end + 2000)).fps < 15.0);
    assert_eq!(meter.read(at(end + 5000)).fps, 0.0);

    let end = session(&mut meter, end + 10_000, 100, 40, 50, 1000);
    meter.session_ended();
    let reading = meter.read(at(end));
    assert_eq!((reading.fps, reading.bitrate_kbps, reading.connected_at), (0.0, 0, None));
    assert_eq!((reading.bytes, reading.reconnects), (600_000, 1), "counts go on over sessions");
    assert_eq!(meter.frame_interval(), Some(40 * MS), "the interval is the camera's, not the session's");
}

#[test]
fn the_interval_is_unknown_at_first_and_hardly_moved_by_one_late_frame() {
    let mut meter = Meter::default();
    meter.connected(at(0));
    meter.video(at(0), true, 1);
    meter.video(at(40), false, 1);
    assert_eq!(meter.frame_interval(), None);
    for frame in 2..50 {
        meter.video(at(frame * 40), false, 1);
    }
    meter.video(at(50 * 40 + 400), false, 1);
    assert!(meter.frame_interval().is_some_and(|interval| interval < 100 * MS));
}

#[test]
fn the_pause_between_two_sessions_is_no_frame_interval() {
    let mut meter = Meter::default();
    let end = session(&mut meter, 0, 100, 40, 50, 1);
    session(&mut meter, end + 30_000, 2, 40, 50, 1);
    assert_eq!(meter.frame_interval(), Some(40 * MS));
    assert_eq!(meter.read(at(end + 30_100)).key_frame_interval, None);
}

#[test]
fn the_window_holds_a_bounded_number_of_buckets() {
    let mut meter = Meter::default();
    session(&mut meter, 0, 100_000, 1, 1000, 1);
    assert!(meter.buckets.len() <= 18, "{}", meter.buckets.len());
}

#[test]
fn sound_counts_as_bytes_but_not_as_pictures() {
    let mut meter = Meter::default();
    let end = session(&mut meter, 0, 100, 40, 50, 0);
    for frame in 0..100 {
        meter.audio(at(frame * 40), 500);
    }
    let reading = meter.read(at(end));
    assert_eq!(reading.bytes, 50_000);
    assert!((24.0..26.0).contains(&reading.fps));
}

#[test]
fn pictures_that_trickle_in_do_not_stretch_the_interval() {
    let mut meter = Meter::default();
    meter.connected(Stamp::default());
    let mut now = Stamp::default();
    for _ in 0..50 {
        now = now.plus(Duration::from_millis(40));
        meter.video(now, false, 100);
    }
    for _ in 0..4 {
        now = now.plus(Duration::from_millis(3500));
        meter.video(now, false, 100);
    }
    assert!(meter.frame_interval().is_some_and(|interval| interval < Duration::from_millis(600)), "{:?}", meter.frame_interval());
    // One that really has become slow is believed after some pictures.
    for _ in 0..20 {
        now = now.plus(Duration::from_millis(3500));
        meter.video(now, false, 100);
    }
    assert!(meter.frame_interval().is_some_and(|interval| interval > Duration::from_secs(2)), "{:?}", meter.frame_interval());
}
