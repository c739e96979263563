//! The rules of account names. Pure.

use crate::error::AppError;
use crate::typed::is_invisible;
use unicode_normalization::UnicodeNormalization;

const MAX_CHARS: usize = 64;

/// How names are compared: the same to the eye is the same, without regard to case.
pub fn key(name: &str) -> String {
    let mut key = fold(name);
    // Rarely, one step makes work for another (a spacing accent leaves a space at the edge, a capital leaves marks).
    for _ in 0..3 {
        let again = fold(&key);
        if again == key {
            break;
        }
        key = again;
    }
    key
}

fn fold(name: &str) -> String {
    let lower: String = name.trim().nfkc().flat_map(char::to_lowercase).collect();
    lower.nfkc().collect::<String>().trim().to_owned()
}

/// The name as it is stored.
///
/// # Errors
/// 422 with the rule it breaks.
pub fn check(name: &str) -> Result<String, AppError> {
    let invalid = |code: &str, detail: &str| Err(AppError::invalid("username", code, detail));
    // Bytes first: normalising a huge text is work for nothing.
    if name.len() > MAX_CHARS * 16 {
        return invalid("username_too_long", "At most 64 characters.");
    }
    let name: String = name.trim().nfc().collect();
    if name.is_empty() {
        return invalid("username_empty", "Enter a user name.");
    }
    if name.chars().count() > MAX_CHARS {
        return invalid("username_too_long", "At most 64 characters.");
    }
    if name.chars().any(|c| c.is_control() || (c.is_whitespace() && c != ' ') || is_invisible(c)) {
        return invalid("username_control_characters", "There is a line break or another invisible character in it. Type it again.");
    }
    // A colon would end the name where programs sign in with `name:password`.
    if name.contains(['<', '>', ':', '"', '\\']) {
        return invalid("username_characters", "Leave out < > : \" and \\.");
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_the_same_are_the_same() {
        for (one, other) in [
            ("Ann", "ANN"),
            ("José", "Jose\u{301}"),
            ("ﬁn", "fin"),
            ("ＡＮＮ", "ann"),
            (" ann ", "Ann"),
            ("İ", "i\u{307}"),
            ("a῍", "a \u{313}\u{300}"),
        ] {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
        assert_ne!(key("ann"), key("anne"));
    }

    #[test]
    fn names_that_are_refused() {
        for (name, code) in [
            ("", "username_empty"),
            (" \t", "username_empty"),
            ("a\nb", "username_control_characters"),
            ("a\u{202e}b", "username_control_characters"),
            ("a\u{200b}", "username_control_characters"),
            ("<b>", "username_characters"),
            ("a:b", "username_characters"),
        ] {
            let problem = check(name).expect_err(name).problem();
            assert_eq!((problem.code.as_str(), problem.field.as_deref()), (code, Some("username")), "{name:?}");
        }
        assert_eq!(check(&"x".repeat(10_000)).expect_err("long").code(), "username_too_long");
        assert_eq!(check(&"x".repeat(65)).expect_err("long").code(), "username_too_long");
        assert_eq!(check(" Ann Lee ").expect("good"), "Ann Lee");
    }

    proptest::proptest! {
        #[test]
        fn a_name_that_was_accepted_stays_accepted_and_keeps_its_key(name in "\\PC{0,20}") {
            if let Ok(stored) = check(&name) {
                proptest::prop_assert_eq!(check(&stored).expect("again"), stored.clone());
                proptest::prop_assert_eq!(key(&stored), key(&name));
                proptest::prop_assert_eq!(key(&key(&stored)), key(&stored));
            }
        }
    }
}
