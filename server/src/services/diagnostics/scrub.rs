//! Finds secrets in texts and takes them out: known ones in every form in which they travel, and unknown ones by the name of their field.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use media::ingest::Credentials;
use secrecy::ExposeSecret;
use serde_json::Value;
use std::borrow::Cow;
use url::Url;
use url::form_urlencoded;

/// What stands in a secret's place.
pub const MASK: &str = "***";
/// Shorter passwords are not looked for in texts: they would eat ordinary words, and are not told there to begin with.
const SHORTEST: usize = 4;
/// Shorter encoded pieces would be found everywhere.
const SHORTEST_ENCODED: usize = 6;
/// Names of fields whose values are never told.
const SECRET_NAMES: [&str; 9] = ["password", "passwd", "secret", "token", "api_key", "private_key", "authorization", "cookie", "sealed"];

/// The secrets to look for.
#[derive(Default)]
pub struct Scrub {
    /// Longest first: an encoded form may contain the plain one.
    needles: Vec<String>,
}

impl Scrub {
    /// Of the cameras' logins and other secrets.
    pub fn new(logins: &[Credentials], others: &[String]) -> Self {
        let mut scrub = Self::default();
        for login in logins {
            let password = login.password.expose_secret();
            if !password.is_empty() {
                scrub.secret(password);
                // As it travels in a Basic header.
                let pair = format!("{}:{password}", login.username);
                scrub.needles.extend([STANDARD.encode(&pair), STANDARD_NO_PAD.encode(&pair), URL_SAFE_NO_PAD.encode(&pair)]);
            }
        }
        for secret in others {
            scrub.secret(secret);
        }
        scrub.needles.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        scrub.needles.dedup();
        scrub
    }

    fn secret(&mut self, secret: &str) {
        if secret.len() < SHORTEST {
            return;
        }
        let mut in_address = Url::parse("rtsp://host/").ok();
        let in_address =
            in_address.as_mut().and_then(|url| url.set_password(Some(secret)).ok().and_then(|()| url.password().map(str::to_owned)));
        let everything: String = secret
            .bytes()
            .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect();
        let quoted = serde_json::to_string(secret).unwrap_or_default();
        let debug = format!("{secret:?}");
        self.needles.extend([
            secret.to_owned(),
            everything.to_lowercase(),
            everything,
            form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        ]);
        self.needles.extend(in_address);
        self.needles.extend([quoted, debug].iter().map(|text| text.trim_matches('"').to_owned()));
        self.needles.extend(base64_pieces(secret.as_bytes()));
        self.needles.retain(|needle| needle.len() >= SHORTEST);
    }

    /// A text without secrets.
    pub fn text(&self, text: &str) -> String {
        let mut clean = Cow::Borrowed(text);
        for needle in &self.needles {
            if clean.contains(needle.as_str()) {
                clean = Cow::Owned(clean.replace(needle.as_str(), MASK));
            }
        }
        without_userinfo(&clean)
    }

    /// JSON without secrets. Numbers stay: a password of digits is no reason to tell wrong figures.
    pub fn json(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(list) => Value::Array(list.into_iter().map(|value| self.json(value)).collect()),
            Value::Object(fields) => {
                let one = |(name, value): (String, Value)| {
                    let secret = value.is_string() && is_secret_name(&name);
                    let value = if secret { Value::String(MASK.to_owned()) } else { self.json(value) };
                    (self.text(&name), value)
                };
                Value::Object(fields.into_iter().map(one).collect())
            }
            other => other,
        }
    }
}

/// `has_password` and the like are true or false and no strings, so they are not asked about here.
fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|secret| name.contains(secret))
}

/// What base64 makes of a secret wherever it stands within something longer: three forms, without the characters that its neighbours decide.
fn base64_pieces(secret: &[u8]) -> Vec<String> {
    let mut pieces = Vec::new();
    for before in 0..3_usize {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(secret);
        for encoded in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            // Six bits a character: the first ones hold bits of what stands before, the last one bits of what follows.
            let first = (before * 8).div_ceil(6);
            let last = bytes.len() * 8 / 6;
            pieces.extend(encoded.get(first..last).filter(|piece| piece.len() >= SHORTEST_ENCODED).map(str::to_owned));
        }
    }
    pieces
}

/// Takes out what stands between `://` and `@` within one word.
fn without_userinfo(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + 3);
        out.push_str(before);
        let authority = after.find(|c: char| matches!(c, '/' | '"' | '\'' | '<' | '>') || c.is_whitespace()).unwrap_or(after.len());
        rest = match after[..authority].rfind('@') {
            Some(at) if &after[..at] != MASK => {
                out.push_str(MASK);
                &after[at..]
            }
            _ => after,
        };
    }
    out.push_str(rest);
    out
}

/// An address that may be told: no login, no query, no random word in its path (UniFi Protect's addresses hold nothing else).
pub fn address(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return MASK.to_owned() };
    // A scheme without an authority has no login to take out.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let query = if url.query().is_some() { "?…" } else { "" };
    url.set_query(None);
    url.set_fragment(None);
    let mut clean = url.to_string();
    for word in random_words(url.path()) {
        clean = clean.replace(word, MASK);
    }
    format!("{clean}{query}")
}

/// Words of a path that no person has thought up.
pub fn random_words(path: &str) -> impl Iterator<Item = &str> {
    path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| {
        let has = |test: fn(&u8) -> bool| word.as_bytes().iter().any(test);
        let (digit, lower, upper) = (has(u8::is_ascii_digit), has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase));
        (word.len() >= 12 && digit && lower && upper) || (word.len() >= 20 && digit && (lower || upper))
    })
}

/// A user name by its first letter.
pub fn user(name: &str) -> String {
    name.chars().next().map_or_else(String::new, |first| format!("{first}{MASK}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scrub(password: &str) -> Scrub {
        Scrub::new(&[Credentials { username: "admin".into(), password: password.to_owned().into() }], &[])
    }

    #[test]
    fn a_password_is_found_in_every_form() {
        let scrub = scrub("p)#@ss \"wörd\"");
        for text in [
            "p)#@ss \"wörd\"",
            "p%29%23%40ss%20%22w%C3%B6rd%22",
            "p)%23%40ss%20%22w%C3%B6rd%22",
            "p%29%23%40ss+%22w%C3%B6rd%22",
            r#"p)#@ss \"wörd\""#,
            &STANDARD.encode("admin:p)#@ss \"wörd\""),
            &STANDARD.encode("somebody else:p)#@ss \"wörd\" and more"),
            &URL_SAFE_NO_PAD.encode("x:p)#@ss \"wörd\""),
        ] {
            let clean = scrub.text(&format!("before {text} after"));
            assert!(clean.contains(MASK) && !clean.contains(text), "{text}: {clean}");
            assert!(clean.starts_with("before ") && clean.ends_with(" after"), "{clean}");
        }
    }

    #[test]
    fn logins_in_addresses_go_whoever_they_belong_to() {
        let scrub = Scrub::default();
        assert_eq!(scrub.text("DESCRIBE rtsp://a:b@cam/x failed"), "DESCRIBE rtsp://***@cam/x failed");
        assert_eq!(scrub.text("\"rtsp://a:p@b@cam\",\"http://c/d@e\""), "\"rtsp://***@cam\",\"http://c/d@e\"");
        assert_eq!(scrub.text("rtsp://cam/x rtsp://cam:554"), "rtsp://cam/x rtsp://cam:554");
    }

    #[test]
    fn figures_stay_and_secret_fields_go() {
        let scrub = scrub("1234");
        let value = serde_json::json!({
            "bytes": 12345, "has_password": true, "url": "1234", "webhook_secret": "x", "tokens_left": 3, "list": [{"Authorization": "Basic eA"}]
        });
        let expected = serde_json::json!({
            "bytes": 12345, "has_password": true, "url": "***", "webhook_secret": "***", "tokens_left": 3, "list": [{"Authorization": "***"}]
        });
        assert_eq!(scrub.json(value), expected);
    }

    #[test]
    fn addresses_keep_what_helps() {
        for (text, expected) in [
            ("rtsp://a:b@10.0.0.5:554/h264Preview_01_main", "rtsp://10.0.0.5:554/h264Preview_01_main"),
            ("rtsp://cam/Streaming/Channels/101?token=abc#x", "rtsp://cam/Streaming/Channels/101?…"),
            ("rtsps://10.0.0.1:7441/rqLwdBxG2h5Nq8uW?enableSrtp", "rtsps://10.0.0.1:7441/***?…"),
            ("rtmp://live/app/live_9f86d081884c7d659a2feaa0", "rtmp://live/app/live_***"),
            ("file:///media/clip.mp4", "file:///media/clip.mp4"),
            ("not an address", "***"),
        ] {
            assert_eq!(address(text), expected);
        }
        assert_eq!((user("admin"), user("")), ("a***".to_owned(), String::new()));
    }

    proptest! {
        #[test]
        fn no_password_survives(password in "\\PC{4,24}", before in "[a-z]{0,5}", after in "[a-z]{0,5}") {
            let scrub = scrub(&password);
            let clear = scrub.text(&format!("{before}{password}{after}"));
            prop_assert!(password == MASK || MASK.contains(&password) || !clear.contains(&password), "{}", clear);
            let packed = STANDARD.encode(format!("{before}:{password}{after}"));
            if password.len() >= 8 {
                prop_assert!(!scrub.text(&packed).contains(&packed), "{}", packed);
            }
        }
    }
}
