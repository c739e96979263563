//! Times as the API writes them (RFC 3339 UTC) to milliseconds, and ages to words.

/// Milliseconds since 1970 of an RFC 3339 time such as `2026-11-21T01:40:03.25Z` or `…+02:00`. None if it is not one.
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() < 20
        || bytes[4] != b'-'
        || bytes[7] != b'-'
        || !matches!(bytes[10], b'T' | b't' | b' ')
        || bytes[13] != b':'
        || bytes[16] != b':'
    {
        return None;
    }
    let number =
        |from: usize, to: usize| text.get(from..to).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let rest = text.get(19..)?;
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(tail) => {
            let digits = tail.find(|c: char| !c.is_ascii_digit())?;
            tail.split_at(digits)
        }
        None => ("", rest),
    };
    let mut milliseconds = 0;
    for place in 0..3 {
        milliseconds = milliseconds * 10 + fraction.as_bytes().get(place).map_or(0, |digit| i64::from(digit - b'0'));
    }
    let offset_minutes = match zone {
        "Z" | "z" => 0,
        _ => {
            let sign = match zone.as_bytes().first()? {
                b'+' => 1,
                b'-' => -1,
                _ => return None,
            };
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            sign * (hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?)
        }
    };
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3_600 + (minute - offset_minutes) * 60 + second;
    Some(seconds * 1_000 + milliseconds)
}

/// Days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant's `days_from_civil`).
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// A length of time in its one or two largest units: `4 s`, `2 min`, `1 h 5 min`, `3 days`.
pub fn age(milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) / 1_000;
    match seconds {
        0..=59 => format!("{seconds} s"),
        60..=3_599 => format!("{} min", seconds / 60),
        3_600..=86_399 => {
            let minutes = seconds % 3_600 / 60;
            if minutes == 0 { format!("{} h", seconds / 3_600) } else { format!("{} h {minutes} min", seconds / 3_600) }
        }
        86_400..=172_799 => "1 day".to_owned(),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// How long a countdown runs: seconds while they can be watched, `2 min`, `1 h 5 min` beyond. Rounded up, so that it never ends too early.
pub fn remaining(seconds: i64) -> String {
    match seconds {
        ..=90 => format!("{} s", seconds.max(0)),
        91..=3_540 => format!("{} min", (seconds + 59) / 60),
        // The next full minute, for `59 min 20 s` and the like.
        _ => age((seconds + 59) / 60 * 60_000),
    }
}

/// Whole seconds until a moment, rounded up; zero once it has passed.
pub fn seconds_until(then_ms: i64, now_ms: i64) -> i64 {
    ((then_ms - now_ms).max(0) + 999) / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_forms_that_servers_write() {
        assert_eq!(parse_rfc3339("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse_rfc3339("2026-11-21T01:40:03Z"), Some(1_795_225_203_000));
        assert_eq!(parse_rfc3339("2026-11-21T01:40:03.250123Z"), Some(1_795_225_203_250));
        assert_eq!(parse_rfc3339("2026-11-21T01:40:03.5Z"), Some(1_795_225_203_500));
        assert_eq!(parse_rfc3339("2026-11-21T03:40:03+02:00"), Some(1_795_225_203_000));
        assert_eq!(parse_rfc3339("2024-02-29T23:59:59Z"), Some(1_709_251_199_000));
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "yesterday",
            "2026-13-01T00:00:00Z",
            "2026-11-21T25:00:00Z",
            "2026-11-21T01:40:03",
            "2026-11-21T01:40:03.Q",
            "äöüäöüäöüäöüäöü",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn ages_are_short_words() {
        assert_eq!(age(-5), "0 s");
        assert_eq!(age(4_900), "4 s");
        assert_eq!(age(125_000), "2 min");
        assert_eq!(age(3_600_000), "1 h");
        assert_eq!(age(3_900_000), "1 h 5 min");
        assert_eq!(age(100_000_000), "1 day");
        assert_eq!(age(300_000_000), "3 days");
    }

    #[test]
    fn long_countdowns_are_told_in_minutes() {
        assert_eq!(remaining(-1), "0 s");
        assert_eq!(remaining(90), "90 s");
        assert_eq!(remaining(91), "2 min");
        assert_eq!(remaining(3_540), "59 min");
        assert_eq!(remaining(3_541), "1 h");
        assert_eq!(remaining(3_587), "1 h");
        assert_eq!(remaining(3_661), "1 h 2 min");
    }

    #[test]
    fn a_countdown_never_says_zero_before_its_end() {
        assert_eq!(seconds_until(4_001, 1), 4);
        assert_eq!(seconds_until(4_002, 1), 5);
        assert_eq!(seconds_until(1, 4_000), 0);
    }
}
