//! URLs that are safe to log and to show: never a password, never a query that may hold one.

use std::fmt;
use url::Url;

/// Wraps a URL; prints scheme, host, port and path only.
pub struct Redacted<'a>(pub &'a Url);

impl fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.0.host_str().unwrap_or(""))?;
        if let Some(port) = self.0.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(self.0.path())?;
        if self.0.query().is_some() {
            f.write_str("?…")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_and_query_values_are_not_printed() {
        let url = Url::parse("rtsp://admin:p%40ss@cam.lan:554/main?user=admin&password=x").expect("a valid URL");
        assert_eq!(Redacted(&url).to_string(), "rtsp://cam.lan:554/main?…");
        assert_eq!(format!("{:?}", Redacted(&url)), "rtsp://cam.lan:554/main?…");
    }
}
