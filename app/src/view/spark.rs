//! A small line of the last hour: numbers to SVG path data.

use crate::model::StreamState;

/// The field that lines are drawn on.
pub const WIDTH: f64 = 72.0;
pub const HEIGHT: f64 = 18.0;
/// Half a stroke, so that a line at the border is not cut.
const MARGIN: f64 = 1.5;

/// A line from 0 to its highest value.
#[derive(Debug, Clone, PartialEq)]
pub struct Spark {
    /// For `d`; empty if nothing was measured.
    pub path: String,
    /// Least and greatest value.
    pub range: Option<(f64, f64)>,
}

/// The line through `values`, oldest first; None makes a gap.
pub fn spark(values: &[Option<f64>]) -> Spark {
    let known = || values.iter().flatten().copied().filter(|value| value.is_finite());
    let Some(high) = known().reduce(f64::max) else { return Spark { path: String::new(), range: None } };
    let low = known().fold(high, f64::min);
    let step = (WIDTH - 2.0 * MARGIN) / (values.len().max(2) - 1) as f64;
    let y = |value: f64| {
        let share = if high > 0.0 { (value / high).clamp(0.0, 1.0) } else { 0.0 };
        HEIGHT - MARGIN - share * (HEIGHT - 2.0 * MARGIN)
    };
    let mut path = String::new();
    let mut drawing = false;
    for (place, value) in values.iter().enumerate() {
        let Some(value) = value.filter(|value| value.is_finite()) else {
            drawing = false;
            continue;
        };
        let x = MARGIN + step * place as f64;
        let alone = !drawing && values.get(place + 1).is_none_or(Option::is_none);
        path.push_str(&format!("{}{x:.1} {:.1}", if drawing { "L" } else { "M" }, y(value)));
        if alone {
            // A point is a line of no length: round ends make it visible.
            path.push_str("h.01");
        }
        drawing = true;
    }
    Spark { path, range: Some((low, high)) }
}

/// Where a stream was wanted and dark: (x, width) of each stretch, on the same field.
pub fn dark(states: &str) -> Vec<(f64, f64)> {
    let count = states.chars().count().max(1) as f64;
    let mut stretches: Vec<(f64, f64)> = Vec::new();
    let mut before = None;
    for (place, letter) in states.chars().enumerate() {
        if !StreamState::from_letter(letter).is_some_and(is_dark) {
            continue;
        }
        match stretches.last_mut() {
            Some((_, width)) if before.is_some_and(|before: usize| before + 1 == place) => *width += WIDTH / count,
            _ => stretches.push((place as f64 * WIDTH / count, WIDTH / count)),
        }
        before = Some(place);
    }
    stretches
}

fn is_dark(state: StreamState) -> bool {
    matches!(state, StreamState::Stalled | StreamState::Backoff | StreamState::AuthBlocked | StreamState::CircuitOpen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_measured_is_no_line() {
        assert_eq!(spark(&[]), Spark { path: String::new(), range: None });
        assert_eq!(spark(&[None, None]).path, "");
    }

    #[test]
    fn a_line_stands_on_zero_and_reaches_its_highest_value() {
        let line = spark(&[Some(0.0), Some(5.0), Some(10.0)]);
        assert_eq!(line.path, "M1.5 16.5L36.0 9.0L70.5 1.5");
        assert_eq!(line.range, Some((0.0, 10.0)));
        assert_eq!(spark(&[Some(0.0), Some(0.0)]).path, "M1.5 16.5L70.5 16.5");
    }

    #[test]
    fn gaps_are_not_bridged_and_single_points_are_seen() {
        let line = spark(&[Some(1.0), None, Some(1.0), Some(1.0), None, Some(1.0)]);
        assert_eq!(line.path.matches('M').count(), 3);
        assert_eq!(line.path.matches("h.01").count(), 2);
        assert_eq!(spark(&[Some(f64::NAN), Some(1.0)]).range, Some((1.0, 1.0)));
    }

    #[test]
    fn dark_stretches_are_joined() {
        assert_eq!(dark("llll"), []);
        assert_eq!(dark("lbbl"), [(18.0, 36.0)]);
        assert_eq!(dark("b-lo").len(), 2);
        assert_eq!(dark(""), []);
        assert_eq!(dark("idc"), [], "nobody wanted a picture, or it was only just coming");
    }
}
