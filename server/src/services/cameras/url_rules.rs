//! What the text of a camera address may look like. Pure: nothing is resolved or opened here.
//!
//! Each fault has a code of its own and a sentence that says what to change. No sentence repeats the text: it may hold a password.

use app::model::Profile;
use url::{Host, Url};

/// Longest accepted address in bytes.
pub const MAX_LENGTH: usize = 2048;

/// A fault of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlFault {
    #[error("Enter the address of the stream.")]
    Empty,
    #[error("The address is too long: at most {MAX_LENGTH} characters.")]
    TooLong,
    #[error("The address has a space, a line break or another invisible character in it.")]
    Whitespace,
    #[error(
        "Don't put a user name or password into the address; use the credentials fields. (If the @ is part of the path, write it as %40.)"
    )]
    Credentials,
    #[error("The address of an RTSP camera begins with rtsp://.")]
    SchemeRtsp,
    #[error("RTSP over TLS is read by ffmpeg: choose the profile ffmpeg for an rtsps:// address.")]
    SchemeRtsps,
    #[error("This profile reads addresses that begin with rtmp://, rtmps://, rtsps://, http://, https:// or file://.")]
    SchemeFfmpeg,
    #[error("The host name or IP address is missing, or has characters that no host name has.")]
    Host,
    #[error("The port must be a number from 1 to 65535.")]
    Port,
    #[error("The path of the address cannot be used: leave out # and backslashes, and don't use ...")]
    Path,
    #[error("This is not a complete address. It looks like rtsp://192.168.1.20:554/stream1.")]
    NotAUrl,
}

impl UrlFault {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "url_missing",
            Self::TooLong => "url_too_long",
            Self::Whitespace => "url_whitespace",
            Self::Credentials => "url_credentials",
            Self::SchemeRtsp | Self::SchemeRtsps | Self::SchemeFfmpeg => "url_scheme",
            Self::Host => "url_host",
            Self::Port => "url_port",
            Self::Path => "url_path",
            Self::NotAUrl => "url_invalid",
        }
    }
}

/// Reads an address for a profile. White space around it is forgiven.
///
/// # Errors
/// The first fault that is found.
pub fn parse(profile: Profile, text: &str) -> Result<Url, UrlFault> {
    let text = text.trim();
    if text.is_empty() {
        return Err(UrlFault::Empty);
    }
    if text.len() > MAX_LENGTH {
        return Err(UrlFault::TooLong);
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(UrlFault::Whitespace);
    }
    // Before anything is parsed: a password with # or / in it would parse as something else and be stored.
    if text.contains('@') || names_a_password(text) {
        return Err(UrlFault::Credentials);
    }
    let (scheme, rest) = text.split_once(':').ok_or(UrlFault::NotAUrl)?;
    check_scheme(profile, &scheme.to_ascii_lowercase())?;
    let Some(rest) = rest.strip_prefix("//") else { return Err(UrlFault::NotAUrl) };
    if scheme.eq_ignore_ascii_case("file") {
        // As written: the parser would take .. away.
        check_path(rest)?;
        return parse_file(text);
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).ok_or(UrlFault::NotAUrl)?;
    check_authority(authority)?;
    check_path(path)?;
    let url = Url::parse(text).map_err(|error| match error {
        url::ParseError::InvalidPort => UrlFault::Port,
        url::ParseError::RelativeUrlWithoutBase => UrlFault::NotAUrl,
        _ => UrlFault::Host,
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlFault::Credentials);
    }
    Ok(url)
}

fn check_scheme(profile: Profile, scheme: &str) -> Result<(), UrlFault> {
    match (profile, scheme) {
        (Profile::GenericRtsp, "rtsp") => Ok(()),
        (Profile::GenericRtsp, "rtsps") => Err(UrlFault::SchemeRtsps),
        (Profile::GenericRtsp, _) => Err(UrlFault::SchemeRtsp),
        (_, "rtmp" | "rtmps" | "rtsps" | "http" | "https" | "file") => Ok(()),
        _ => Err(UrlFault::SchemeFfmpeg),
    }
}

/// `password=…` in the query or, as some vendors have it, in the path.
fn names_a_password(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["password=", "passwd=", "pwd=", "pass="].iter().any(|key| {
        text.match_indices(key).any(|(start, _)| text[..start].chars().next_back().is_none_or(|before| !before.is_ascii_alphanumeric()))
    })
}

fn check_authority(authority: &str) -> Result<(), UrlFault> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (literal, after) = rest.split_once(']').ok_or(UrlFault::Host)?;
        literal.parse::<std::net::Ipv6Addr>().map_err(|_| UrlFault::Host)?;
        (None, after.strip_prefix(':').or(if after.is_empty() { None } else { Some(after) }))
    } else {
        match authority.split_once(':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(authority), None),
        }
    };
    if let Some(host) = host {
        let labels = host.strip_suffix('.').unwrap_or(host).split('.');
        let good = !host.is_empty()
            && host.len() <= 253
            && labels
                .clone()
                .all(|label| (1..=63).contains(&label.len()) && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_'))
            && Host::parse(host).is_ok();
        if !good {
            return Err(UrlFault::Host);
        }
    }
    match port {
        None => Ok(()),
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0) => Ok(()),
        Some(_) => Err(UrlFault::Port),
    }
}

fn check_path(path: &str) -> Result<(), UrlFault> {
    let plain = path.split('?').next().unwrap_or("");
    let climbs = plain.to_ascii_lowercase().replace("%2e", ".").split('/').any(|part| part == "..");
    if path.contains(['#', '\\', '"', '<', '>', '`']) || climbs { Err(UrlFault::Path) } else { Ok(()) }
}

fn parse_file(text: &str) -> Result<Url, UrlFault> {
    let url = Url::parse(text).map_err(|_| UrlFault::NotAUrl)?;
    if url.host_str().is_some_and(|host| !host.is_empty()) {
        return Err(UrlFault::Host);
    }
    if url.query().is_some() || url.fragment().is_some() || url.to_file_path().is_err() {
        return Err(UrlFault::Path);
    }
    Ok(url)
}

/// The port that is used where the address names none.
pub fn port_of(url: &Url) -> u16 {
    url.port_or_known_default().unwrap_or(match url.scheme() {
        "rtsps" => 322,
        "rtmp" => 1935,
        "rtmps" => 443,
        _ => 554,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(profile: Profile, text: &str) -> &'static str {
        parse(profile, text).map_or_else(UrlFault::code, |_| "ok")
    }

    #[test]
    fn each_fault_has_its_code() {
        for (text, expected) in [
            ("rtsp://192.168.1.20:554/main", "ok"),
            ("  rtsp://cam_1.lan/Streaming/Channels/101?transportmode=unicast \n", "ok"),
            ("rtsp://[fd00::5]:8554/s", "ok"),
            ("rtsp://cam", "ok"),
            ("RTSP://cam/a", "ok"),
            ("", "url_missing"),
            ("   ", "url_missing"),
            ("rtsp://cam/a b", "url_whitespace"),
            ("rtsp://cam/\u{0}", "url_whitespace"),
            ("rtsp://cam/a\r\nX: y", "url_whitespace"),
            ("rtsp://admin:secret@cam/main", "url_credentials"),
            ("rtsp://admin@cam/main", "url_credentials"),
            ("rtsp://admin:p)#@ss@cam/main", "url_credentials"),
            ("rtsp://admin:12/3@cam/main", "url_credentials"),
            ("rtsp://cam/main?user=admin&password=x", "url_credentials"),
            ("rtsp://cam/user=admin_password=x_channel=1", "url_credentials"),
            ("rtsp://cam/main?bypass=1", "ok"),
            ("http://cam/main", "url_scheme"),
            ("rtsps://cam/main", "url_scheme"),
            ("file:///etc/passwd", "url_scheme"),
            ("javascript:alert(1)", "url_scheme"),
            ("exec:rm", "url_scheme"),
            ("192.168.1.20/main", "url_invalid"),
            ("rtsp:cam/main", "url_invalid"),
            ("rtsp:///main", "url_host"),
            ("rtsp://:554/main", "url_host"),
            ("rtsp://ca$m/main", "url_host"),
            ("rtsp://-i%20x/main", "url_host"),
            ("rtsp://[zz]/main", "url_host"),
            ("rtsp://cam..lan/main", "url_host"),
            ("rtsp://cam:0/main", "url_port"),
            ("rtsp://cam:65536/main", "url_port"),
            ("rtsp://cam:/main", "url_port"),
            ("rtsp://cam:55a/main", "url_port"),
            ("rtsp://cam/main#x", "url_path"),
            ("rtsp://cam/a\\b", "url_path"),
            ("rtsp://cam/../b", "url_path"),
            ("rtsp://cam/%2e%2E/b", "url_path"),
        ] {
            assert_eq!(code(Profile::GenericRtsp, text), expected, "{text}");
        }
        assert_eq!(code(Profile::GenericRtsp, &format!("rtsp://cam/{}", "a".repeat(3000))), "url_too_long");
    }

    #[test]
    fn the_ffmpeg_profile_takes_its_own_schemes() {
        for (text, expected) in [
            ("rtmp://cam/live/x", "ok"),
            ("rtsps://cam/x", "ok"),
            ("https://cam/live.flv", "ok"),
            ("file:///media/loop.mp4", "ok"),
            ("rtsp://cam/x", "url_scheme"),
            ("concat:a|b", "url_scheme"),
            ("pipe:0", "url_scheme"),
            ("file://host/x.mp4", "url_host"),
            ("file:///a/../b", "url_path"),
            ("file:///a?b", "url_path"),
        ] {
            assert_eq!(code(Profile::Ffmpeg, text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_accepted_with_user_information(text in "rtsp://[ -~]{0,40}") {
            if let Ok(url) = parse(Profile::GenericRtsp, &text) {
                prop_assert!(url.username().is_empty() && url.password().is_none());
                prop_assert!(!url.as_str().contains('@'));
                prop_assert!(url.host_str().is_some_and(|host| !host.is_empty()));
            }
        }
    }
}
