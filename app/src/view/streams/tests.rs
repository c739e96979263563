use super::*;
use crate::model::{Sources, StreamError, VideoInfo};

fn status(state: StreamState, fps: f32) -> StreamStatus {
    StreamStatus { state, fps, ..StreamStatus::idle(Quality::Main) }
}

fn entry(camera_id: i64, status: Option<StreamStatus>) -> Entry {
    Entry { key: StreamKey { camera_id, quality: Quality::Main }, status, latency_ms: None }
}

fn order(entries: &[Entry], column: Column, descending: bool) -> Vec<i64> {
    arrange(entries.to_vec(), Sort { column, descending }, false).into_iter().map(|key| key.camera_id).collect()
}

#[test]
fn numbers_sort_both_ways_and_unknown_ones_stand_last() {
    let entries = [
        entry(1, Some(status(StreamState::Live, 15.0))),
        entry(2, None),
        entry(3, Some(status(StreamState::Live, 25.0))),
        entry(4, Some(status(StreamState::Backoff, 0.0))),
    ];
    assert_eq!(order(&entries, Column::Fps, true), [3, 1, 4, 2]);
    assert_eq!(order(&entries, Column::Fps, false), [4, 1, 3, 2]);
    assert_eq!(order(&entries, Column::Camera, false), [1, 2, 3, 4]);
    assert_eq!(order(&entries, Column::Camera, true), [4, 3, 2, 1]);
    assert_eq!(order(&entries, Column::State, false), [4, 1, 3, 2], "the worst first, equals in their own order");
}

#[test]
fn the_longest_connected_is_the_largest() {
    let connected = |at: &str| Some(StreamStatus { connected_at: Some(at.into()), ..status(StreamState::Live, 1.0) });
    let entries = [
        entry(1, connected("2026-11-21T02:00:00Z")),
        entry(2, connected("2026-11-21T01:00:00Z")),
        entry(3, Some(status(StreamState::Idle, 0.0))),
    ];
    assert_eq!(order(&entries, Column::Connected, true), [2, 1, 3]);
}

#[test]
fn pictures_sort_by_their_size() {
    let of = |width, height| {
        Some(StreamStatus { video: Some(VideoInfo { codec: "avc1".into(), width, height }), ..status(StreamState::Live, 1.0) })
    };
    let entries = [entry(1, of(640, 360)), entry(2, of(2560, 1440)), entry(3, of(1280, 720))];
    assert_eq!(order(&entries, Column::Video, true), [2, 3, 1]);
}

#[test]
fn only_what_is_wanted_and_dark_is_trouble() {
    let failing = StreamError { code: "refused".into(), message: "No.".into(), since: String::new(), next_try_at: None };
    let trying = StreamStatus { error: Some(failing), ..status(StreamState::Connecting, 0.0) };
    let entries = vec![
        entry(1, Some(status(StreamState::Live, 1.0))),
        entry(2, Some(status(StreamState::Idle, 0.0))),
        entry(3, Some(status(StreamState::Disabled, 0.0))),
        entry(4, Some(status(StreamState::Connecting, 0.0))),
        entry(5, Some(trying)),
        entry(6, Some(status(StreamState::Stalled, 0.0))),
        entry(7, None),
        entry(8, Some(StreamStatus { asleep: true, ..status(StreamState::Backoff, 0.0) })),
        entry(9, Some(StreamStatus { picture: PictureState::Frozen, ..status(StreamState::Live, 1.0) })),
    ];
    let shown: Vec<i64> = arrange(entries, Sort::default(), true).into_iter().map(|key| key.camera_id).collect();
    assert_eq!(shown, [5, 6, 9]);
}

#[test]
fn a_press_turns_the_order_and_another_column_starts_its_own_way() {
    let sort = Sort::default().pressed(Column::Fps);
    assert_eq!(sort, Sort { column: Column::Fps, descending: true });
    assert!(!sort.pressed(Column::Fps).descending);
    assert_eq!(sort.pressed(Column::Camera), Sort { column: Column::Camera, descending: false });
    for column in Column::ALL {
        assert_eq!(Column::parse(column.as_str()), Some(column));
    }
}

#[test]
fn a_camera_without_a_sub_stream_is_listed_once() {
    let camera = |profile, sources| Camera { id: 1, name: "Gate".into(), profile, enabled: true, sources, ..Camera::default() };
    assert_eq!(streams_of(&camera(Profile::GenericRtsp, Sources::default())).len(), 1);
    assert_eq!(streams_of(&camera(Profile::TestPattern, Sources::default())).len(), 2);
}
