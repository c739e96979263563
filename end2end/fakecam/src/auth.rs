//! Basic and Digest (RFC 2617, MD5, with and without qop), the server's side.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use crate::rtsp::Request;

/// Schemes offered in a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Basic only.
    Basic,
    /// Digest with `qop="auth"`.
    #[default]
    Digest,
    /// Digest as RFC 2069 had it, still common in cameras.
    DigestWithoutQop,
    /// Digest first, then Basic.
    Both,
}

/// The camera's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    /// Schemes offered.
    pub scheme: Scheme,
    /// User name.
    pub username: String,
    /// Password: a test's, so shown in debug output.
    pub password: String,
}

/// What a request's credentials are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Right,
    /// Sent and not right: what locks a real camera's account.
    Wrong,
    Missing,
}

const REALM: &str = "fakecam";

impl Auth {
    /// Digest with these credentials.
    #[must_use]
    pub fn digest(username: &str, password: &str) -> Self {
        Self { scheme: Scheme::Digest, username: username.into(), password: password.into() }
    }

    /// Basic with these credentials.
    #[must_use]
    pub fn basic(username: &str, password: &str) -> Self {
        Self { scheme: Scheme::Basic, username: username.into(), password: password.into() }
    }

    /// Values of `WWW-Authenticate`, in the order of preference.
    pub(crate) fn challenges(&self, nonce: &str) -> Vec<String> {
        let basic = format!("Basic realm=\"{REALM}\"");
        let old = format!("Digest realm=\"{REALM}\", nonce=\"{nonce}\"");
        let digest = format!("{old}, qop=\"auth\"");
        match self.scheme {
            Scheme::Basic => vec![basic],
            Scheme::Digest => vec![digest],
            Scheme::DigestWithoutQop => vec![old],
            Scheme::Both => vec![digest, basic],
        }
    }

    pub(crate) fn check(&self, request: &Request, nonce: &str) -> Verdict {
        let Some(header) = request.header("authorization") else { return Verdict::Missing };
        let right = match header.split_once(' ') {
            Some(("Basic", value)) if matches!(self.scheme, Scheme::Basic | Scheme::Both) => {
                value.trim() == STANDARD.encode(format!("{}:{}", self.username, self.password))
            }
            Some(("Digest", value)) if self.scheme != Scheme::Basic => {
                // A nonce of another connection is no wrong password: the client has to ask again.
                if parameter(value, "nonce") != Some(nonce) {
                    return Verdict::Missing;
                }
                self.digest_matches(&request.method, value, nonce)
            }
            _ => false,
        };
        if right { Verdict::Right } else { Verdict::Wrong }
    }

    fn digest_matches(&self, method: &str, header: &str, nonce: &str) -> bool {
        let Some(uri) = parameter(header, "uri") else { return false };
        if parameter(header, "username") != Some(&self.username) {
            return false;
        }
        let secret = md5_hex(&format!("{}:{REALM}:{}", self.username, self.password));
        let request = md5_hex(&format!("{method}:{uri}"));
        let expected = match (parameter(header, "qop"), parameter(header, "nc"), parameter(header, "cnonce")) {
            (Some(qop), Some(count), Some(cnonce)) => md5_hex(&format!("{secret}:{nonce}:{count}:{cnonce}:{qop}:{request}")),
            _ => md5_hex(&format!("{secret}:{nonce}:{request}")),
        };
        parameter(header, "response").is_some_and(|response| response.eq_ignore_ascii_case(&expected))
    }
}

/// One `name="value"` or `name=value` of a Digest header. Values with commas appear only in quotes.
fn parameter<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = header;
    loop {
        let (key, value) = rest.split_once('=')?;
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_once(',').unwrap_or((value, "")),
        };
        if key.trim_matches([' ', ',']).eq_ignore_ascii_case(name) {
            return Some(value.trim());
        }
        rest = after;
    }
}

fn md5_hex(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(authorization: &str) -> Request {
        Request { method: "DESCRIBE".into(), url: "rtsp://h/main".into(), headers: vec![("Authorization".into(), authorization.into())] }
    }

    #[test]
    fn digest_parameters_keep_commas_inside_quotes() {
        let header = r#"username="a,b=c", realm="r", nc=00000001, qop=auth, uri="rtsp://h/x?a=1,2""#;
        assert_eq!(parameter(header, "username"), Some("a,b=c"));
        assert_eq!(parameter(header, "nc"), Some("00000001"));
        assert_eq!(parameter(header, "uri"), Some("rtsp://h/x?a=1,2"));
        assert_eq!(parameter(header, "nonce"), None);
    }

    #[test]
    fn basic_right_wrong_and_missing() {
        let auth = Auth::basic("admin", "p)#@ss");
        assert_eq!(auth.check(&request(&format!("Basic {}", STANDARD.encode("admin:p)#@ss"))), "n"), Verdict::Right);
        assert_eq!(auth.check(&request(&format!("Basic {}", STANDARD.encode("admin:no"))), "n"), Verdict::Wrong);
        let none = Request { headers: Vec::new(), ..request("") };
        assert_eq!(auth.check(&none, "n"), Verdict::Missing);
    }

    #[test]
    fn digest_with_a_foreign_nonce_is_asked_again_not_failed() {
        let auth = Auth::digest("a", "b");
        assert_eq!(auth.check(&request(r#"Digest username="a", nonce="old", uri="x", response="0""#), "new"), Verdict::Missing);
        assert_eq!(auth.check(&request(r#"Digest username="a", nonce="new", uri="x", response="0""#), "new"), Verdict::Wrong);
    }
}
