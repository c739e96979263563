//! Addresses within the site.

/// `next` if it is an address of ours, else the wall. Browsers read `//host` and `/\host` as other sites, and drop tabs and line breaks.
pub fn local(next: &str) -> &str {
    let ours =
        next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\t', '\n', '\r']) && !next.contains(char::is_control);
    if ours { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_addresses_are_followed() {
        for ours in ["/", "/camera/3", "/health?x=//y", "/a//b"] {
            assert_eq!(local(ours), ours);
        }
        for away in ["", "x", "//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "javascript:alert(1)"] {
            assert_eq!(local(away), "/", "{away:?}");
        }
    }
}
