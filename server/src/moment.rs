//! Moments in the API: RFC 3339, told in UTC, read in any offset. Lengths of time in sentences.

use crate::error::{AppError, AppResult};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// As the API tells it.
pub fn told(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// As a client wrote it. `field` is its place in the body or query.
///
/// # Errors
/// 422 with the field.
pub fn read(written: &str, field: &str) -> AppResult<OffsetDateTime> {
    let wrong = || AppError::invalid(field, "invalid_value", "Write a moment as in 2030-01-31T12:00:00Z.");
    OffsetDateTime::parse(written, &Rfc3339).map_err(|_| wrong())
}

/// A length of time for people: `under 0.1 s`, `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 days`.
pub fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let two = |large: u64, unit: &str, small: u64, other: &str| {
        if small == 0 { format!("{large} {unit}") } else { format!("{large} {unit} {small} {other}") }
    };
    match seconds {
        0..=59 => {
            let exact = duration.as_secs_f32();
            match exact {
                ..0.05 => "under 0.1 s".to_owned(),
                ..9.95 => format!("{exact:.1} s"),
                _ => format!("{exact:.0} s"),
            }
        }
        60..=599 => two(seconds / 60, "min", seconds % 60, "s"),
        600..=3_599 => format!("{} min", seconds / 60),
        3_600..=86_399 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        86_400..=172_799 => two(1, "day", seconds % 86_400 / 3_600, "h"),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_one_or_two_units() {
        let cases = [
            (0, "under 0.1 s"),
            (49, "under 0.1 s"),
            (60, "0.1 s"),
            (400, "0.4 s"),
            (9_940, "9.9 s"),
            (42_100, "42 s"),
            (200_000, "3 min 20 s"),
            (1_500_000, "25 min"),
        ];
        for (ms, text) in cases {
            assert_eq!(span(Duration::from_millis(ms)), text);
        }
        assert_eq!(span(Duration::from_secs(7_500)), "2 h 5 min");
        assert_eq!(span(Duration::from_secs(90_000)), "1 day 1 h");
        assert_eq!(span(Duration::from_secs(600_000)), "6 days");
    }
}
