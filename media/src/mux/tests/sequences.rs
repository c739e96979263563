//! Properties that hold for any sequence of items.

use super::*;
use crate::time::Stamp;
use proptest::prelude::*;

/// One step of a scripted camera.
#[derive(Debug, Clone)]
enum Step {
    /// A frame after this many ticks, off by some; the flag asks for a key frame.
    Frame {
        interval: i64,
        jitter: i64,
        key: bool,
    },
    /// A small group with B frames.
    BGroup {
        pyramid: bool,
    },
    /// The camera's clock jumps for good.
    Jump(i64),
    /// One frame with a timestamp of its own.
    Outlier(i64),
    /// The same timestamp again.
    Equal,
    /// One or more frames of sound, off by some.
    Sound {
        frames: u8,
        jitter: i64,
    },
    /// Time passes in which nothing comes.
    Silence(i64),
    Session,
    Parameters(u8),
    Garbage(Vec<u8>),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => (prop_oneof![Just(3600_i64), 1500..18_000_i64], -400..400_i64, prop::bool::weighted(0.15)).prop_map(|(interval, jitter, key)| Step::Frame { interval, jitter, key }),
        3 => any::<bool>().prop_map(|pyramid| Step::BGroup { pyramid }),
        1 => (-40_000_000_i64..40_000_000).prop_map(Step::Jump),
        1 => any::<i64>().prop_map(Step::Outlier),
        1 => Just(Step::Equal),
        5 => (1..4_u8, -300..300_i64).prop_map(|(frames, jitter)| Step::Sound { frames, jitter }),
        1 => (0..4_000_000_i64).prop_map(Step::Silence),
        1 => Just(Step::Session),
        1 => (0..5_u8).prop_map(Step::Parameters),
        1 => proptest::collection::vec(any::<u8>(), 0..40).prop_map(Step::Garbage),
    ]
}

fn tracks(choice: u8) -> Tracks {
    match choice {
        0 => video_only(high_sps()),
        1 => with_audio(in_order_sps()),
        2 => with_audio(declaring_sps(2)),
        3 => video_only(smaller_sps()),
        _ => with_audio(high_sps()),
    }
}

/// Runs a script and gives everything that came out.
fn play(first: u8, steps: &[Step]) -> Vec<MuxOutput> {
    let mut choice = first;
    let mut muxer = started(&tracks(choice));
    let mut out = Vec::new();
    // Real time in ticks, and what the camera's clock is ahead.
    let (mut now, mut ahead, mut sound_time) = (0_i64, 1_000_i64, 0_i64);
    let received = |now: i64| -> Stamp { on_time(now) };
    muxer.push(picture(ahead, 'I', received(0)), &mut out);
    for step in steps {
        match step {
            Step::Frame { interval, jitter, key } => {
                now += interval;
                muxer.push(picture(now + ahead + jitter, if *key { 'I' } else { 'P' }, received(now)), &mut out);
            }
            Step::BGroup { pyramid } => {
                let order: &[(char, i64)] =
                    if *pyramid { &[('P', 4), ('B', 2), ('B', 1), ('B', 3)] } else { &[('P', 3), ('B', 1), ('B', 2)] };
                for (n, (kind, place)) in (1..).zip(order) {
                    muxer.push(picture(now + place * 3600 + ahead, *kind, received(now + n * 3600)), &mut out);
                }
                now += i64::try_from(order.len()).unwrap() * 3600;
            }
            Step::Jump(by) => ahead += by,
            Step::Outlier(pts) => {
                now += 3600;
                muxer.push(picture(*pts, 'P', received(now)), &mut out);
            }
            Step::Equal => muxer.push(picture(now + ahead, 'P', received(now)), &mut out),
            Step::Sound { frames, jitter } => {
                for _ in 0..*frames {
                    muxer.push(sound_at(sound_time + (ahead * 16).div_euclid(90) + jitter, received(now)), &mut out);
                    sound_time += 1024;
                }
            }
            Step::Silence(ticks) => now += ticks,
            Step::Session => muxer.start_session(&tracks(choice)),
            Step::Parameters(new) => {
                choice = *new;
                muxer.push(SourceItem::Tracks(tracks(choice)), &mut out);
            }
            Step::Garbage(data) => {
                let data = Bytes::from(data.clone());
                muxer.push(SourceItem::Video(AccessUnit { pts: now, key: true, data, received: received(now) }), &mut out);
            }
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_sequence_gives_a_sound_stream(first in 0..5_u8, steps in proptest::collection::vec(step(), 1..120)) {
        let out = play(first, &steps);
        let mut epoch: Option<Arc<Epoch>> = None;
        let mut opened = false;
        let mut sequence = 0;
        let mut video_next: Option<u64> = None;
        let mut audio: Option<(u32, u64, u32)> = None;
        for item in &out {
            let chunk = match item {
                MuxOutput::Epoch(new) => {
                    prop_assert_eq!(new.number, epoch.as_ref().map_or(0, |old| old.number) + 1);
                    epoch = Some(Arc::clone(new));
                    opened = true;
                    continue;
                }
                MuxOutput::Chunk(chunk) => chunk,
            };
            let number = epoch.as_ref().unwrap().number;
            prop_assert_eq!(chunk.epoch, number);
            prop_assert_eq!(chunk.sequence, sequence + 1);
            sequence = chunk.sequence;
            prop_assert!(chunk.duration > 0);
            if std::mem::take(&mut opened) {
                prop_assert!(chunk.track == Track::Video && chunk.key, "an epoch begins with a key frame");
            }
            let end = chunk.decode_time + u64::from(chunk.duration);
            match chunk.track {
                Track::Video => {
                    prop_assert_eq!(chunk.decode_time, video_next.unwrap_or(0), "video runs on over epochs and sessions");
                    video_next = Some(end);
                }
                Track::Audio => {
                    let rate = epoch.as_ref().unwrap().timescale(Track::Audio);
                    if let Some((before, next, old_rate)) = audio {
                        if before == number {
                            prop_assert_eq!(chunk.decode_time, next);
                        } else if old_rate == rate {
                            prop_assert!(chunk.decode_time >= next, "audio only skips forward at a new epoch");
                        }
                    }
                    audio = Some((number, end, rate));
                }
            }
        }
    }

    #[test]
    fn pictures_are_shown_in_the_cameras_order(kinds in proptest::collection::vec(0..4_u8, 2..60), secret: bool, jitter in proptest::collection::vec(-500..500_i64, 60)) {
        let sps = if secret { high_sps() } else { declaring_sps(2) };
        // Not rewritten: whoever sends B frames after a whole GOP without any is shown out of order once.
        let mut muxer = Muxer::new(MuxOptions { rewrite_sps: false });
        muxer.start_session(&video_only(sps));
        let mut out = Vec::new();
        let mut pts = vec![0];
        muxer.push(frame(0, true), &mut out);
        let mut now = 0;
        for (kind, jitter) in kinds.iter().zip(&jitter) {
            let group: &[(char, i64)] = match kind {
                0 => &[('I', 1)],
                1 => &[('P', 1)],
                2 => &[('P', 3), ('B', 1), ('B', 2)],
                _ => &[('P', 4), ('B', 2), ('B', 1), ('B', 3)],
            };
            for (n, (kind, place)) in (1..).zip(group) {
                let time = now + place * 3600 + jitter;
                pts.push(time);
                muxer.push(picture(time, *kind, on_time(now + n * 3600)), &mut out);
            }
            now += i64::try_from(group.len()).unwrap() * 3600;
        }
        let shown: Vec<i64> = chunks(&out, Track::Video).iter().map(|chunk| i64::try_from(chunk.decode_time).unwrap() + i64::from(chunk.composition_offset)).collect();
        prop_assert_eq!(shown.len(), pts.len());
        let order = |times: &[i64]| {
            let mut order: Vec<usize> = (0..times.len()).collect();
            order.sort_by_key(|&index| times[index]);
            order
        };
        prop_assert_eq!(order(&shown), order(&pts));
    }

    #[test]
    fn prediction_errors_never_add_up(intervals in proptest::collection::vec(1500..9000_i64, 10..200)) {
        let mut muxer = started(&video_only(in_order_sps()));
        let mut out = Vec::new();
        let mut now = 0;
        muxer.push(frame(0, true), &mut out);
        for interval in intervals {
            now += interval;
            muxer.push(frame(now, false), &mut out);
            let last = chunks(&out, Track::Video).pop().unwrap();
            let off = now - i64::try_from(last.decode_time).unwrap();
            prop_assert!(off.abs() <= 9000, "off by {off} ticks");
        }
    }
}
