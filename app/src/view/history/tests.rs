use super::*;
use crate::model::TimelineSlot;

fn incident(id: i64, quality: Quality, second: u32, ended: bool, dark_ms: u64) -> Incident {
    Incident {
        id,
        camera_id: Some(1),
        quality: Some(quality),
        kind: IncidentKind::Outage,
        code: None,
        started_at: format!("2026-11-21T06:00:{second:02}Z"),
        ended_at: ended.then(|| "2026-11-21T06:09:00Z".to_owned()),
        dark_ms: Some(dark_ms),
        attempts: 1,
        summary: format!("Number {id}."),
        steps: Vec::new(),
        steps_left_out: 0,
    }
}

#[test]
fn the_newest_form_of_an_entry_counts_whatever_comes_last() {
    let (open, longer, closed) =
        (incident(1, Quality::Main, 0, false, 5), incident(1, Quality::Main, 0, false, 9), incident(1, Quality::Main, 0, true, 12));
    for order in [[&open, &longer, &closed], [&closed, &open, &longer], [&longer, &closed, &open]] {
        assert_eq!(merged(order.into_iter().cloned()).as_slice(), std::slice::from_ref(&closed));
    }
    assert_eq!(merged([longer.clone(), open]), [longer]);
    let ids: Vec<_> = merged([closed, incident(3, Quality::Sub, 0, true, 1)]).iter().map(|one| one.id).collect();
    assert_eq!(ids, [3, 1]);
}

#[test]
fn both_streams_of_a_camera_make_one_story() {
    let list = vec![
        incident(5, Quality::Sub, 50, true, 40),
        incident(4, Quality::Main, 30, true, 4),
        incident(3, Quality::Sub, 2, true, 90),
        incident(2, Quality::Main, 0, true, 70),
        incident(1, Quality::Main, 0, true, 70),
    ];
    let told: Vec<_> = stories(list).iter().map(|story| (story.incident.id, story.twin, story.key())).collect();
    // 5 began too long after 4; 1 is of the same stream as 2.
    assert_eq!(told, [(5, None, 5), (4, None, 4), (3, Some(2), 2), (1, None, 1)]);
    let frozen = |id, quality| Incident { kind: IncidentKind::PictureFrozen, ..incident(id, quality, 0, false, 5) };
    let told = stories(vec![frozen(2, Quality::Sub), frozen(1, Quality::Main), incident(3, Quality::Main, 0, true, 5)]);
    assert_eq!(told.len(), 2, "a picture that stands still does so in both streams, and is no outage");
    let open = stories(vec![incident(2, Quality::Sub, 1, true, 90), incident(1, Quality::Main, 0, false, 5)]);
    assert!(open.len() == 1 && open[0].is_open(), "one that goes on is the story");
}

#[test]
fn a_timeline_has_no_gaps_and_hides_no_darkness() {
    let slot = |index: i64, live_ms, dark_ms, idle_ms| TimelineSlot { at: 1_000 + index * 300, live_ms, dark_ms, idle_ms };
    let stream = StreamTimeline {
        quality: Quality::Main,
        slots: vec![slot(1, 300_000, 0, 0), slot(2, 300_000, 0, 0), slot(3, 299_000, 1_000, 0), slot(5, 0, 0, 300_000)],
    };
    let timeline = Timeline { from: 1_000, slot_s: 300, slots: 6, streams: Vec::new() };
    let found = stretches(&timeline, &stream);
    let lanes: Vec<_> = found.iter().map(|one| (one.lane, one.from, one.to, one.dark_ms)).collect();
    assert_eq!(
        lanes,
        [
            (Lane::Off, 1_000, 1_300, 0),
            (Lane::Live, 1_300, 1_900, 0),
            (Lane::Dark, 1_900, 2_200, 1_000),
            (Lane::Off, 2_200, 2_500, 0),
            (Lane::Idle, 2_500, 2_800, 0)
        ]
    );
    assert!((found.iter().map(|one| one.width).sum::<f64>() - 100.0).abs() < 0.001);
}

#[test]
fn numbers_and_times_as_words() {
    assert_eq!(percent(1.0), "100 %");
    assert_eq!(percent(0.999_99), "99.99 %");
    assert_eq!(percent(0.872), "87.2 %");
    assert_eq!(percent(0.0), "0.0 %");
    assert_eq!(
        (length(400).as_str(), length(9_400).as_str(), length(42_000).as_str(), length(200_000).as_str()),
        ("0.4 s", "9.4 s", "42 s", "3 min")
    );
    let now = LocalTime { year: 2026, month: 10, day: 21, weekday: 6, hour: 15, minute: 0, second: 1 };
    let then = LocalTime { hour: 9, minute: 5, second: 7, ..now };
    assert_eq!((then.short(&now), then.long(&now)), ("09:05".to_owned(), "Today, 09:05:07".to_owned()));
    let before = LocalTime { day: 20, weekday: 5, ..then };
    assert_eq!(before.short(&now), "Fri 20 Nov, 09:05");
    assert_eq!(LocalTime { year: 2025, ..before }.long(&now), "20 Nov 2025, 09:05:07");
    assert_eq!(then.end(&before, &now), "today, 09:05");
    assert_eq!(then.end(&then, &now), "09:05");
    assert_eq!(LocalTime { hour: 23, ..before }.end(&before, &now), "23:05");
    assert_eq!(before.end(&LocalTime { day: 19, weekday: 4, ..then }, &now), "Fri 20 Nov, 09:05");
    assert_eq!((weekday("2026-11-21"), weekday("1970-01-01")), ("Sat", "Thu"));
}
