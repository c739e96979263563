//! Rules that hold for what a person types, wherever that is: a camera's name, an account's, a token's, a number.

use std::fmt::Display;

/// Direction overrides, zero-width characters and soft hyphens make two different names look the same.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// What a number may be, after "must be". Both ends included; the unit as people read it.
pub fn whole_number(least: impl Display, most: impl Display, unit: &str) -> String {
    format!("a whole number from {least} to {most} ({unit})")
}
