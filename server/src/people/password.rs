//! The rules of passwords: long, and not what everybody tries first. Pure.
//!
//! Length is what counts (OWASP ASVS 6.2): no demands for digits or signs, any character, pasted or typed.

mod common;

use crate::error::AppError;
use unicode_normalization::UnicodeNormalization;

/// In characters.
pub const MIN_CHARS: usize = 12;
const MAX_CHARS: usize = 256;
/// Fewer different characters than this are no password.
const MIN_DIFFERENT: usize = 5;
/// So much must be left when the account's name and the product's are taken out.
const MIN_WITHOUT_NAMES: usize = 8;

/// A password as it is hashed: the same however the keyboard composes accents.
pub fn normal(password: &str) -> String {
    password.nfc().collect()
}

/// Checks a new password. `field` is its place in the body.
///
/// # Errors
/// 422 with the rule it breaks: `password_too_short`, `password_too_long`, `password_repetitive`, `password_sequence`, `password_contains_name`,
/// `password_common`.
pub fn check(password: &str, username: &str, field: &str) -> Result<(), AppError> {
    let invalid = |code: &str, detail: &str| Err(AppError::invalid(field, code, detail));
    if password.len() > MAX_CHARS * 4 || password.chars().count() > MAX_CHARS {
        return invalid("password_too_long", "At most 256 characters.");
    }
    let password = normal(password);
    let letters: Vec<char> = password.chars().collect();
    if letters.len() < MIN_CHARS {
        return invalid("password_too_short", "At least 12 characters. A few words in a row are easy to remember.");
    }
    let lower: Vec<char> = letters.iter().flat_map(|c| c.to_lowercase()).collect();
    if different(&lower) < MIN_DIFFERENT || is_repetition(&lower) {
        return invalid("password_repetitive", "It repeats itself. Use more different characters.");
    }
    if is_run(&lower) {
        return invalid("password_sequence", "It runs along the alphabet, the digits or the keyboard. Choose something less regular.");
    }
    let plain = plain(&lower);
    if plain != without_names(&plain, username) && without_names(&plain, username).chars().count() < MIN_WITHOUT_NAMES {
        return invalid("password_contains_name", "It is little more than the user name or the word Nightjar. Choose something else.");
    }
    if common::is_common(&plain) {
        return invalid(
            "password_common",
            "It is one of the passwords that are tried first. Choose something else, for example four random words.",
        );
    }
    Ok(())
}

fn different(letters: &[char]) -> usize {
    letters.iter().collect::<std::collections::HashSet<_>>().len()
}

/// `abcabcabcabc`, also with a rest: `abcabcabcabca`.
fn is_repetition(letters: &[char]) -> bool {
    (1..=letters.len() / 2).any(|period| letters.iter().zip(letters.iter().skip(period)).all(|(one, other)| one == other))
}

/// Nearly every step goes to the next or the previous character, of the alphabet or of a row of keys.
fn is_run(letters: &[char]) -> bool {
    const ROWS: [&str; 8] = [
        "qwertyuiop",
        "asdfghjkl",
        "zxcvbnm",
        "qwertzuiop",
        "azertyuiop",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
        "q1w2e3r4t5y6u7i8o9p0",
        "1q2w3e4r5t6y7u8i9o0p",
    ];
    let in_row = |one: char, other: char| {
        ROWS.iter().any(|row| {
            let place = |wanted: char| row.chars().position(|key| key == wanted);
            place(one).zip(place(other)).is_some_and(|(one, other)| one.abs_diff(other) == 1)
        })
    };
    let close = |one: char, other: char| u32::from(one).abs_diff(u32::from(other)) <= 1 || in_row(one, other);
    let steps = letters.len().saturating_sub(1);
    let near = letters.iter().zip(letters.iter().skip(1)).filter(|(one, other)| close(**one, **other)).count();
    near * 5 >= steps * 4
}

/// Without what people put in place of letters, and letters only where there are any: `P4ssw0rd!!2024` becomes `password`.
fn plain(lower: &[char]) -> String {
    let is_letter = |c: &char| c.is_alphabetic();
    let first = lower.iter().position(is_letter);
    let last = lower.iter().rposition(is_letter);
    let (Some(first), Some(last)) = (first, last) else { return lower.iter().collect() };
    let core = lower.get(first..=last).unwrap_or_default();
    core.iter().map(|c| letter_for(*c)).filter(|c| c.is_alphabetic()).collect()
}

fn letter_for(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        '8' => 'b',
        other => other,
    }
}

fn without_names(plain: &str, username: &str) -> String {
    let name: String = super::name::key(username).chars().map(letter_for).filter(|c| c.is_alphabetic()).collect();
    let rest = plain.replace("nightjar", "");
    if name.chars().count() >= 3 { rest.replace(&name, "") } else { rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(password: &str) -> Option<String> {
        let problem = check(password, "Ann.Parker", "password").err()?.problem();
        assert_eq!((problem.status, problem.field.as_deref()), (422, Some("password")));
        Some(problem.code)
    }

    #[test]
    fn each_rule_has_its_name() {
        for (password, code) in [
            ("", "password_too_short"),
            ("hunter2", "password_too_short"),
            ("elevenchars", "password_too_short"),
            ("aaaaaaaaaaaaaaa", "password_repetitive"),
            ("abababababababab", "password_repetitive"),
            ("tigerXtigerXtiger", "password_repetitive"),
            ("123456789012", "password_sequence"),
            ("abcdefghijklm", "password_sequence"),
            ("qwertyuiop123", "password_sequence"),
            ("1q2w3e4r5t6y", "password_sequence"),
            ("Password1234", "password_common"),
            ("P4$$w0rd!2024", "password_common"),
            ("passwordadmin1", "password_common"),
            ("iloveyou2024!!", "password_common"),
            ("correcthorsebatterystaple", "password_common"),
            ("annparker1998", "password_contains_name"),
            ("nightjar2026!", "password_contains_name"),
            ("Nightjar-annparker-1", "password_contains_name"),
        ] {
            assert_eq!(rule(password).as_deref(), Some(code), "{password}");
        }
        assert_eq!(rule(&"x1Z".repeat(100)).as_deref(), Some("password_too_long"));
    }

    #[test]
    fn long_and_unusual_is_enough() {
        for password in
            ["violet ferry onion crane", "Ωμέγα-βροχή-τσάι", "t7#kQ9vLm2$x", "grandmother sold her boat", "雨の日は猫と本を読むのだ"]
        {
            assert_eq!(rule(password), None, "{password}");
        }
    }

    #[test]
    fn composed_and_decomposed_accents_are_the_same_password() {
        assert_eq!(normal("caf\u{e9}"), normal("cafe\u{301}"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_judged(password in "\\PC{0,40}", name in "\\PC{0,10}") {
            if let Err(error) = check(&password, &name, "password") {
                proptest::prop_assert_eq!(error.status().as_u16(), 422);
                proptest::prop_assert!(password.len() < 3 || !error.problem().detail.contains(&password));
            }
        }
    }
}
