//! How good a new password is, as the page shows while it is typed. The server decides by its own rules.

/// The server's least length, in characters.
pub const MIN_CHARS: usize = 12;
/// From here on it is good.
const GOOD_CHARS: usize = 18;

/// What the meter shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    Empty,
    Short,
    Fair,
    Good,
}

/// By length and variety: `aaaaaaaaaaaa` is not twelve characters' worth.
pub fn strength(password: &str) -> Strength {
    let length = password.chars().count();
    let different = password.chars().collect::<std::collections::HashSet<_>>().len();
    match length {
        0 => Strength::Empty,
        _ if length < MIN_CHARS || different < 5 => Strength::Short,
        _ if length < GOOD_CHARS || different < 8 => Strength::Fair,
        _ => Strength::Good,
    }
}

/// Random bytes that [`made_up`] takes.
pub const MADE_UP_BYTES: usize = 16;

/// A password from random bytes, five bits of each: `k7mxq-…`, without letters that are taken for others, because it is read out and typed.
pub fn made_up(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"23456789abcdefghijkmnpqrstuvwxyz";
    let letters: Vec<char> = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// A browser by what it calls itself: the best known names, else the first word.
pub fn browser(user_agent: &str) -> String {
    const SYSTEMS: [(&str, &str); 7] = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    const BROWSERS: [(&str, &str); 5] =
        [("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrom", "Chrome"), ("Safari/", "Safari")];
    let find = |names: &[(&'static str, &'static str)]| names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name);
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => user_agent.split(['/', ' ']).next().filter(|word| !word.is_empty()).unwrap_or("–").chars().take(30).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_password_is_long_and_easy_to_read_out() {
        let bytes: Vec<u8> = (0..MADE_UP_BYTES).map(|number| (number * 31 % 256) as u8).collect();
        let password = made_up(&bytes);
        assert_eq!((password.len(), password.matches('-').count()), (19, 3));
        assert!(!password.contains(['0', '1', 'l', 'o', 'I', 'O']));
        assert_eq!(strength(&password), Strength::Good);
    }

    #[test]
    fn length_and_variety_count() {
        assert_eq!(strength(""), Strength::Empty);
        assert_eq!(strength("elevenchars"), Strength::Short);
        assert_eq!(strength("aaaaaaaaaaaaaaaaaaaaaaaa"), Strength::Short);
        assert_eq!(strength("violet ferry"), Strength::Fair);
        assert_eq!(strength("violet ferry onion crane"), Strength::Good);
    }

    #[test]
    fn browsers_are_named() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1";
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0";
        assert_eq!(browser(firefox), "Firefox on Linux");
        assert_eq!(browser(safari), "Safari on iPhone");
        assert_eq!(browser(edge), "Edge on Windows");
        assert_eq!(browser("curl/8.0"), "curl");
        assert_eq!(browser(""), "–");
    }
}
