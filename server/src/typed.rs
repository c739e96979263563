//! Rules that hold for every short text a person types: a camera's name, an account's, a token's.

/// Direction overrides, zero-width characters and soft hyphens make two different names look the same.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
