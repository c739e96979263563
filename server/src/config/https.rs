//! What can be set of HTTPS, and what may be wrong with it.

use super::Settings;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Port for HTTPS where `https_listen` is not set.
pub const HTTPS_PORT: u16 = 8443;
/// Let's Encrypt.
pub const ACME_DIRECTORY: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// Where the certificate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpsMode {
    /// No HTTPS: for loopback, or behind a proxy that does it.
    Off,
    /// Made by an authority of this installation's own. Browsers warn until that authority is installed on the device.
    #[default]
    SelfSigned,
    /// The person's own files, followed when they change.
    Files,
    /// Got from a certificate authority by ACME (RFC 8555), proved over HTTP.
    Acme,
}

impl HttpsMode {
    /// As it is written in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::SelfSigned => "self_signed",
            Self::Files => "files",
            Self::Acme => "acme",
        }
    }
}

impl Settings {
    /// `HOST:PORT` for HTTPS: as set, else the host of `listen` with port 8443, or any free port where `listen` takes one too.
    pub fn https_address(&self) -> String {
        if !self.https_listen.is_empty() {
            return self.https_listen.clone();
        }
        let (host, port) = self.listen.rsplit_once(':').unwrap_or((&self.listen, ""));
        format!("{host}:{}", if port == "0" { 0 } else { HTTPS_PORT })
    }

    /// What is wrong with the settings of HTTPS.
    pub(super) fn https_complaints(&self, complaints: &mut Vec<String>) {
        if !self.https_listen.is_empty()
            && !self.https_listen.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
        {
            complaints.push(format!("https_listen: {} is not HOST:PORT.", self.https_listen));
        }
        for name in &self.https_names {
            if name.parse::<IpAddr>().is_err() && !is_dns_name(name) {
                complaints.push(format!("https_names: {name} is neither a host name nor an address."));
            }
        }
        match self.https {
            HttpsMode::Off | HttpsMode::SelfSigned => {}
            HttpsMode::Files => {
                // Whether the files can be used is no question of the settings: they may be renewed at any moment.
                for (key, file) in [("certificate_file", &self.certificate_file), ("key_file", &self.key_file)] {
                    if file.as_os_str().is_empty() {
                        complaints.push(format!("{key} must name a PEM file when https is \"files\"."));
                    }
                }
            }
            HttpsMode::Acme => {
                if self.acme_domains.is_empty() {
                    complaints.push("acme_domains must name this server when https is \"acme\".".to_owned());
                }
                for domain in self.acme_domains.iter().filter(|domain| !is_dns_name(domain) || !domain.contains('.')) {
                    complaints.push(format!("acme_domains: {domain} is not a domain that a public authority knows."));
                }
                if !url::Url::parse(&self.acme_directory).is_ok_and(|url| url.scheme() == "https") {
                    complaints.push(format!("acme_directory: {} is not an https address.", self.acme_directory));
                }
                if !self.acme_email.is_empty() && !self.acme_email.contains('@') {
                    complaints.push("acme_email is not a mail address.".to_owned());
                }
            }
        }
    }
}

/// Letters, digits and hyphens in labels of at most 63; no wildcard.
pub fn is_dns_name(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::super::Flags;
    use super::*;
    use std::collections::HashMap;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        let environment: HashMap<String, String> = pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        Settings::load_from(&Flags::default(), Some(environment)).expect("loads")
    }

    #[test]
    fn https_listens_beside_http() {
        assert_eq!(settings(&[("NIGHTJAR_LISTEN", "0.0.0.0:8080")]).https_address(), "0.0.0.0:8443");
        assert_eq!(settings(&[("NIGHTJAR_LISTEN", "[::]:80")]).https_address(), "[::]:8443");
        assert_eq!(settings(&[("NIGHTJAR_LISTEN", "127.0.0.1:0")]).https_address(), "127.0.0.1:0");
        assert_eq!(settings(&[("NIGHTJAR_HTTPS_LISTEN", "0.0.0.0:443")]).https_address(), "0.0.0.0:443");
    }

    #[test]
    fn each_complaint_names_its_key() {
        for (pairs, key) in [
            (vec![("NIGHTJAR_HTTPS_LISTEN", "443")], "https_listen"),
            (vec![("NIGHTJAR_HTTPS_NAMES", "a b")], "https_names"),
            (vec![("NIGHTJAR_HTTPS", "files"), ("NIGHTJAR_KEY_FILE", "/k")], "certificate_file"),
            (vec![("NIGHTJAR_HTTPS", "acme")], "acme_domains"),
            (vec![("NIGHTJAR_HTTPS", "acme"), ("NIGHTJAR_ACME_DOMAINS", "*.example.org")], "acme_domains"),
            (
                vec![("NIGHTJAR_HTTPS", "acme"), ("NIGHTJAR_ACME_DOMAINS", "a.example"), ("NIGHTJAR_ACME_DIRECTORY", "http://x/")],
                "acme_directory",
            ),
        ] {
            let complaints = settings(&pairs).complaints();
            assert!(complaints.len() == 1 && complaints[0].starts_with(key), "{complaints:?}");
        }
        assert!(settings(&[("NIGHTJAR_HTTPS", "acme"), ("NIGHTJAR_ACME_DOMAINS", "a.example,b.example")]).complaints().is_empty());
        assert_eq!(settings(&[("NIGHTJAR_HTTP_REDIRECT", "true")]).http_redirect, Some(true));
    }
}
