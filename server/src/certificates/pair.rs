//! A certificate with its key, ready to serve, and what people want to know of it.

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::sync::Arc;
use time::OffsetDateTime;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate};

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Host names (a first label may be `*`) and addresses that it holds for.
    pub names: Vec<String>,
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
    /// SHA-256 of the whole certificate: `AB:CD:…`.
    pub fingerprint: String,
    /// Vouched for by itself.
    pub self_issued: bool,
}

impl Facts {
    /// Reads a certificate.
    ///
    /// # Errors
    /// It is none.
    pub fn of(der: &[u8]) -> Result<Self, String> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| "the certificate cannot be read".to_owned())?;
        let mut names = Vec::new();
        if let Ok(Some(alternatives)) = certificate.subject_alternative_name() {
            for name in &alternatives.value.general_names {
                match name {
                    GeneralName::DNSName(name) => names.push((*name).to_ascii_lowercase()),
                    GeneralName::IPAddress(bytes) => names.extend(ip_of(bytes).map(|ip| ip.to_string())),
                    _ => {}
                }
            }
        }
        let fingerprint: Vec<String> = Sha256::digest(der).iter().map(|byte| format!("{byte:02X}")).collect();
        Ok(Self {
            names,
            not_before: certificate.validity().not_before.to_datetime(),
            not_after: certificate.validity().not_after.to_datetime(),
            fingerprint: fingerprint.join(":"),
            self_issued: certificate.subject() == certificate.issuer(),
        })
    }

    /// Whether a browser that went to `host` (without port) accepts the name.
    pub fn covers(&self, host: &str) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let wildcard = host.split_once('.').map(|(_, rest)| format!("*.{rest}"));
        self.names.iter().any(|name| *name == host || wildcard.as_ref() == Some(name))
    }

    /// Holds at `now`.
    pub fn is_valid_at(&self, now: OffsetDateTime) -> bool {
        self.not_before <= now && now < self.not_after
    }
}

/// A certificate that can be served.
#[derive(Debug, Clone)]
pub struct Pair {
    pub key: Arc<CertifiedKey>,
    pub facts: Facts,
}

impl Pair {
    /// Reads a chain and its key.
    ///
    /// # Errors
    /// In words for people: what of it cannot be used.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, String> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|_| "the certificate file is damaged or not PEM".to_owned())?;
        let Some(leaf) = chain.first() else { return Err("the certificate file holds no certificate".to_owned()) };
        let facts = Facts::of(leaf)?;
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|_| "the key file holds no private key that can be read (PEM, without a password)".to_owned())?;
        let key = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => "the key does not belong to the certificate".to_owned(),
            other => format!("the certificate cannot be used: {other}"),
        })?;
        Ok(Self { key: Arc::new(key), facts })
    }

    /// The second certificate of the chain: the one that vouches for the first.
    pub fn issuer(&self) -> Option<&CertificateDer<'static>> {
        self.key.cert.get(1)
    }
}

/// Host names that an authority may vouch for; empty if it is not limited.
pub fn permitted_names(der: &[u8]) -> Vec<String> {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else { return Vec::new() };
    let mut names = Vec::new();
    for extension in certificate.extensions() {
        if let ParsedExtension::NameConstraints(constraints) = extension.parsed_extension() {
            for subtree in constraints.permitted_subtrees.iter().flatten() {
                if let GeneralName::DNSName(name) = &subtree.base {
                    names.push((*name).to_ascii_lowercase());
                }
            }
        }
    }
    names
}

fn ip_of(bytes: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(bytes).map(IpAddr::from).or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_browsers_do() {
        let facts = Facts {
            names: ["cams.example", "*.lan.example", "192.168.1.5", "fd00::5"].map(str::to_owned).to_vec(),
            not_before: OffsetDateTime::UNIX_EPOCH,
            not_after: OffsetDateTime::UNIX_EPOCH,
            fingerprint: String::new(),
            self_issued: false,
        };
        for host in ["cams.example", "CAMS.example", "a.lan.example", "192.168.1.5", "[fd00::5]"] {
            assert!(facts.covers(host), "{host}");
        }
        for host in ["example", "x.cams.example", "lan.example", "a.b.lan.example", "192.168.1.6", "", "*"] {
            assert!(!facts.covers(host), "{host}");
        }
    }

    #[test]
    fn files_that_cannot_be_used_are_told_apart() {
        let make = || rcgen::generate_simple_self_signed(["a.example".to_owned()]).expect("made");
        let (one, other) = (make(), make());
        let (chain, key) = (one.cert.pem(), one.signing_key.serialize_pem());
        assert_eq!(Pair::from_pem(chain.as_bytes(), key.as_bytes()).expect("usable").facts.names, ["a.example"]);
        let fault = |chain: &str, key: &str| Pair::from_pem(chain.as_bytes(), key.as_bytes()).expect_err("not usable");
        assert!(fault("", &key).contains("no certificate"));
        assert!(fault(&chain[..chain.len() / 2], &key).contains("certificate"));
        assert!(fault(&chain, "").contains("no private key"));
        assert!(fault(&chain, &other.signing_key.serialize_pem()).contains("does not belong"));
    }
}
