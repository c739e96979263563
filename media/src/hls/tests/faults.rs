//! Seeded faults: the validator finds each of them, and hostile text does it no harm.

use super::camera::{Camera, boxes};
use super::watcher::text;
use crate::cmaf::Track;
use crate::hls::validate::{Code, Finding, MediaChecker, MediaTracks, PartFacts, Reloads, Severity, check, parse, segment_is_its_parts};
use crate::hls::{HlsOptions, HlsStream, Skip};
use proptest::prelude::*;

/// Playlists of one stream after each 100 ms: sound, and with a discontinuity, parts and a hint in them.
fn history() -> Vec<String> {
    let mut camera = Camera::new(true);
    let stream = HlsStream::new(HlsOptions::default(), camera.stamp());
    stream.set_audience(true);
    stream.push_epoch(camera.connect());
    let mut texts = Vec::new();
    for step in 0..200 {
        if step == 60 {
            stream.push_epoch(camera.connect());
        }
        for chunk in (0..5).flat_map(|_| camera.frame(3600, 50)) {
            stream.push(chunk);
        }
        texts.extend(text(&stream, Skip::No, true));
    }
    let mut reloads = Reloads::new();
    for text in &texts {
        assert!(reloads.push(text).iter().all(|finding| finding.severity() == Severity::Warning));
    }
    texts
}

fn codes(findings: &[Finding]) -> Vec<Code> {
    findings.iter().map(|finding| finding.code).collect()
}

/// Changes the nth line that starts with `prefix`; None drops it.
fn edit(text: &str, prefix: &str, nth: usize, change: impl Fn(&str) -> Option<String>) -> String {
    let mut seen = 0;
    let mut out = String::new();
    for line in text.lines() {
        let hit = line.starts_with(prefix) && {
            seen += 1;
            seen - 1 == nth
        };
        if let Some(line) = if hit { change(line) } else { Some(line.to_owned()) } {
            out.push_str(&line);
            out.push('\n');
        }
    }
    assert!(seen > nth, "no line {nth} with {prefix} in\n{text}");
    out
}

fn replace(text: &str, prefix: &str, nth: usize, from: &str, to: &str) -> String {
    edit(text, prefix, nth, |line| {
        assert!(line.contains(from), "{line}");
        Some(line.replace(from, to))
    })
}

fn drop_line(text: &str, prefix: &str, nth: usize) -> String {
    edit(text, prefix, nth, |_| None)
}

fn number_of(text: &str, prefix: &str) -> u64 {
    text.lines().find_map(|line| line.strip_prefix(prefix)).unwrap().parse().unwrap()
}

#[test]
fn faults_of_one_playlist_are_found() {
    let texts = history();
    let good = texts.last().unwrap();
    let hint = "#EXT-X-PRELOAD-HINT:TYPE=PART";
    let seeded: Vec<(Code, String)> = vec![
        (Code::NotAPlaylist, good.replace("#EXTM3U", "#EXTM3U8")),
        (Code::BadTag, replace(good, "#EXT-X-PART:", 0, "DURATION=0.2", "DURATION=-0.2")),
        (Code::BadTag, replace(good, "#EXT-X-PROGRAM-DATE-TIME", 0, "Z", "")),
        (Code::RepeatedTag, good.replace("#EXT-X-PART-INF", "#EXT-X-TARGETDURATION:2\n#EXT-X-PART-INF")),
        (Code::MisplacedTag, format!("{good}#EXT-X-MEDIA-SEQUENCE:7\n")),
        (Code::MisplacedTag, edit(good, "#EXTINF", 5, |line| Some(format!("{line}\n#EXT-X-PART:DURATION=0.2,URI=\"late\"")))),
        (Code::VersionTooLow, good.replace("VERSION:9", "VERSION:3")),
        (Code::TargetDurationMissing, drop_line(good, "#EXT-X-TARGETDURATION", 0)),
        (Code::SegmentTooLong, replace(good, "#EXTINF", 0, "2.00000", "2.50000")),
        (Code::PartTargetMissing, drop_line(good, "#EXT-X-PART-INF", 0)),
        (Code::PartTooLong, replace(good, "#EXT-X-PART:", 3, "0.20000", "0.21700")),
        (Code::PartTooShort, replace(good, "#EXT-X-PART:", 3, "0.20000", "0.18300")),
        (Code::PartsDoNotSum, drop_line(good, "#EXT-X-PART:", 3)),
        (Code::PartHoldBackTooShort, good.replace("PART-HOLD-BACK=0.648", "PART-HOLD-BACK=0.540")),
        (Code::HoldBackTooShort, good.replace(",HOLD-BACK=6.0", ",HOLD-BACK=5.9")),
        (Code::SkipUntilTooShort, good.replace("CAN-SKIP-UNTIL=12.0", "CAN-SKIP-UNTIL=11.9")),
        (Code::CannotBlockReload, good.replace("CAN-BLOCK-RELOAD=YES,", "")),
        (Code::DateMissing, drop_line(good, "#EXT-X-PROGRAM-DATE-TIME", 4)),
        (
            Code::DateJump,
            edit(good, "#EXT-X-PROGRAM-DATE-TIME", 2, |_| Some("#EXT-X-PROGRAM-DATE-TIME:2026-01-01T03:00:00.000Z".to_owned())),
        ),
        (Code::HintMissing, drop_line(good, hint, 0)),
        (Code::HintRepeated, edit(good, hint, 0, |line| Some(format!("{line}\n{line}")))),
        (Code::HintStale, {
            let listed = parse(good).numbered().flat_map(|(_, segment)| segment.parts.clone()).last().unwrap().uri;
            edit(good, hint, 0, |_| Some(format!("{hint},URI=\"{listed}\"")))
        }),
        (Code::MapMissing, drop_line(good, "#EXT-X-MAP", 0)),
        (
            Code::PartTagsTooOld,
            edit(good, "#EXTINF", 0, |line| {
                let parts: String = (0..10).map(|n| format!("#EXT-X-PART:DURATION=0.20000,URI=\"old-{n}\"\n")).collect();
                Some(format!("{parts}{line}"))
            }),
        ),
        (
            Code::UriRepeated,
            replace(
                good,
                "seg-",
                1,
                &format!("{}.", number_of(good, "#EXT-X-MEDIA-SEQUENCE:") + 1),
                &format!("{}.", number_of(good, "#EXT-X-MEDIA-SEQUENCE:")),
            ),
        ),
        (
            Code::NotIndependentSegments,
            replace(good, "#EXT-X-PART:", 0, ",INDEPENDENT=YES", "")
                .replace("#EXT-X-PART-INF", "#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-PART-INF"),
        ),
        (Code::TooFewSegments, texts[0].clone()),
        (Code::TooBig, "#EXTM3U\n".repeat(1 << 20)),
    ];
    assert!(check(&parse(good)).is_empty());
    for (code, text) in seeded {
        let found = codes(&check(&parse(&text)));
        assert!(found.contains(&code), "{} is not found, but {found:?}", code.as_str());
    }
}

#[test]
fn faults_between_reloads_are_found() {
    let texts = history();
    let at = texts.len() - 3;
    let (old, next) = (&texts[at], &texts[at + 1]);
    let sequence = "#EXT-X-MEDIA-SEQUENCE:";
    let discontinuities = "#EXT-X-DISCONTINUITY-SEQUENCE:";
    let off = |text: &str, prefix: &str, by: i64| {
        let value = number_of(text, prefix);
        edit(text, prefix, 0, |_| Some(format!("{prefix}{}", value.strict_add_signed(by))))
    };
    let without_first_segments = |text: &str, count: usize| {
        let mut out = off(text, sequence, i64::try_from(count).unwrap());
        for _ in 0..count {
            for prefix in ["#EXT-X-PROGRAM-DATE-TIME", "#EXTINF", "seg-"] {
                out = drop_line(&out, prefix, 0);
            }
        }
        out
    };
    // The state before a part came and after.
    let before_cut = texts.windows(2).rposition(|pair| pair[1].matches("#EXTINF").count() == pair[0].matches("#EXTINF").count()).unwrap();
    let parts = old.matches("#EXT-X-PART:").count();
    let seeded: Vec<(Code, String, String)> = vec![
        (Code::TargetDurationChanged, old.clone(), next.replace("TARGETDURATION:2", "TARGETDURATION:3")),
        (Code::PartTargetChanged, old.clone(), next.replace("PART-TARGET=0.216", "PART-TARGET=0.217")),
        (Code::MediaSequenceBack, old.clone(), off(next, sequence, -100)),
        (Code::SegmentsMissed, old.clone(), off(next, sequence, 100)),
        (Code::DiscontinuitySequenceBack, old.clone(), off(next, discontinuities, -1)),
        (Code::DiscontinuitySequenceWrong, old.clone(), without_first_segments(&off(next, discontinuities, 1), 1)),
        (Code::RemovedTooEarly, old.clone(), without_first_segments(next, 4)),
        (Code::SegmentVanished, next.clone(), {
            let whole = next.rfind("#EXT-X-PROGRAM-DATE-TIME").unwrap();
            let whole = next[..whole].rfind("#EXT-X-PROGRAM-DATE-TIME").unwrap();
            next[..whole].to_owned()
        }),
        (Code::SegmentChanged, old.clone(), replace(next, "#EXTINF", 0, "2.00000", "1.99900")),
        (Code::SegmentChanged, old.clone(), edit(next, "seg-", 0, |_| Some("renamed.m4s".to_owned()))),
        (Code::PartChanged, old.clone(), replace(next, "#EXT-X-PART:", parts - 2, ".m4s", "x.m4s")),
        (
            Code::PartVanished,
            old.clone(),
            next.lines().filter(|line| !line.starts_with("#EXT-X-PART:")).fold(String::new(), |out, line| out + line + "\n"),
        ),
        (Code::HintBroken, replace(&texts[before_cut], "#EXT-X-PRELOAD-HINT", 0, ".m4s", "x.m4s"), texts[before_cut + 1].clone()),
        (Code::AfterEnd, format!("{}#EXT-X-ENDLIST\n", texts[before_cut]), format!("{}#EXT-X-ENDLIST\n", texts[before_cut + 1])),
    ];
    for (code, old, next) in seeded {
        let mut reloads = Reloads::new();
        reloads.push(&old);
        let found = codes(&reloads.push(&next));
        assert!(found.contains(&code), "{} is not found, but {found:?}\n{old}\n{next}", code.as_str());
    }
}

#[test]
fn delta_updates_must_fit_what_is_known() {
    let texts = history();
    let (old, next) = (&texts[texts.len() - 2], &texts[texts.len() - 1]);
    let map = next.lines().find(|line| line.starts_with("#EXT-X-MAP")).unwrap().to_owned();
    let delta = |skip: u64| {
        let mut text = next.clone();
        for prefix in ["#EXT-X-PROGRAM-DATE-TIME", "#EXTINF", "seg-", "#EXT-X-MAP"] {
            text = drop_line(&text, prefix, 0);
        }
        edit(&text, "#EXT-X-DISCONTINUITY-SEQUENCE", 0, |line| Some(format!("{line}\n#EXT-X-SKIP:SKIPPED-SEGMENTS={skip}\n{map}")))
    };
    let mut reloads = Reloads::new();
    reloads.push(old);
    assert_eq!(codes(&reloads.push(&delta(1))), []);
    assert_eq!(reloads.current().unwrap().segments.len(), parse(next).segments.len());
    assert!(codes(&Reloads::new().push(&delta(1))).contains(&Code::DeltaInconsistent), "nothing is known yet");
    let mut reloads = Reloads::new();
    reloads.push(old);
    let findings = codes(&reloads.push(&delta(2)));
    assert!(findings.contains(&Code::SegmentChanged) || findings.contains(&Code::DateJump), "{findings:?}");
    assert!(codes(&reloads.push(&delta(u64::MAX))).contains(&Code::DeltaInconsistent));
}

fn facts(independent: bool, duration_us: u64) -> PartFacts {
    PartFacts { uri: "part".to_owned(), duration_us, independent: Some(independent), discontinuity: false }
}

#[test]
fn faults_of_media_are_found() {
    let chunk = |key, time| boxes(Track::Video, 1, key, time, 3600, b"frame").0.to_vec();
    let audio = boxes(Track::Audio, 1, false, 0, 1024, b"a").0.to_vec();
    let first = [audio.clone(), chunk(true, 0), chunk(false, 3600)].concat();
    let fresh = || MediaChecker::new(MediaTracks::ours());
    let sound = |bytes: &[u8]| codes(&fresh().push(&facts(true, 80_000), bytes));
    assert_eq!(sound(&first), []);
    assert!(sound(&first[..first.len() - 1]).contains(&Code::BrokenBoxes));
    assert!(sound(&[]).contains(&Code::BrokenBoxes));
    assert!(sound(&[first.clone(), chunk(true, 7200)[..80].to_vec()].concat()).contains(&Code::BrokenBoxes));
    assert_eq!(codes(&fresh().push(&facts(false, 80_000), &first)), [Code::IndependentWrong]);
    assert_eq!(codes(&fresh().push(&facts(true, 80_000), &[chunk(false, 0), chunk(true, 3600)].concat())), [Code::IndependentWrong]);
    assert_eq!(codes(&fresh().push(&facts(true, 82_000), &first)), [Code::DurationWrong]);

    let mut checker = fresh();
    checker.push(&facts(true, 80_000), &first);
    assert_eq!(codes(&checker.push(&facts(false, 40_000), &chunk(false, 7201))), [Code::DecodeTimeGap]);
    let jump = PartFacts { discontinuity: true, ..facts(true, 40_000) };
    assert_eq!(codes(&checker.push(&jump, &chunk(true, 9))), []);

    assert_eq!(segment_is_its_parts("s", &[first.clone(), audio.clone()].concat(), [first.as_slice(), &audio]), None);
    for wrong in [vec![audio.as_slice()], vec![first.as_slice(), &audio], vec![]] {
        assert_eq!(segment_is_its_parts("s", &first, wrong).map(|finding| finding.code), Some(Code::SegmentNotItsParts));
    }
}

#[test]
fn codes_have_names_of_their_own() {
    let mut names: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Code::ALL.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_text_does_no_harm(lines in prop::collection::vec(prop_oneof![
        "\\PC{0,40}",
        "#EXT-X-(PART|MAP|SKIP|PRELOAD-HINT|SERVER-CONTROL|PART-INF|RENDITION-REPORT):[A-Z=\",.0-9-]{0,40}",
        "#EXT-X-(MEDIA-SEQUENCE|TARGETDURATION|DISCONTINUITY-SEQUENCE|VERSION):[0-9]{0,22}",
        "#EXT-X-SKIP:SKIPPED-SEGMENTS=[0-9]{1,20}",
        "#EXT-X-PART:DURATION=[0-9]{1,20}\\.[0-9]{0,9},URI=\"[ab]\"",
        "#EXT-X-PROGRAM-DATE-TIME:[0-9TZ:.+-]{0,30}",
        "#EXTINF:[0-9.,]{0,24}",
        "[a-c]\\.m4s",
    ], 0..60), cut in 0usize..60) {
        let mut reloads = Reloads::new();
        reloads.push(&format!("#EXTM3U\n{}", lines.join("\n")));
        reloads.push(&format!("#EXTM3U\n{}", lines[cut.min(lines.len())..].join("\r\n")));
    }

    #[test]
    fn hostile_media_does_no_harm(mut bytes in Just([boxes(Track::Audio, 1, false, 0, 1024, b"a").0, boxes(Track::Video, 2, true, 0, 3600, b"v").0].concat()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), end: prop::sample::Index) {
        for (index, value) in changes {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(end.index(bytes.len()) + 1);
        let mut checker = MediaChecker::new(MediaTracks::from_init(&bytes).unwrap_or_else(MediaTracks::ours));
        checker.push(&facts(true, 40_000), &bytes);
        checker.push(&facts(true, 40_000), &bytes);
    }
}
