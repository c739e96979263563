//! Certificates of this installation's own: an authority that people install on their devices once, and a certificate by it that is made
//! anew whenever the machine's names or addresses change.
//!
//! Phones take no certificate of a server as trusted, only that of an authority; so there is one, made at the first start and kept for ten
//! years. It is limited by name constraints to names that only mean something in this network, and can't vouch for anybody's bank.

use super::files;
use super::pair::{Facts, Pair, permitted_names};
use crate::config::{Settings, is_dns_name};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, SanType,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;
use time::{Duration, OffsetDateTime};

const AUTHORITY: (&str, &str) = ("authority.pem", "authority.key");
const SERVER: (&str, &str) = ("server.pem", "server.key");
const AUTHORITY_LIFE: Duration = Duration::days(3650);
/// Browsers accept at most 397 days from any authority that follows their rules, and 825 from one that a person installed.
const SERVER_LIFE: Duration = Duration::days(390);
/// Made anew when less than this is left.
const RENEW_BEFORE: Duration = Duration::days(30);
/// For devices whose clock is behind.
const BACKDATED: Duration = Duration::days(1);
/// Suffixes that are not delegated to anybody (RFC 6761, 6762, 8375, and what home routers use).
const LOCAL_NAMES: [&str; 8] = ["localhost", "local", "lan", "home", "internal", "home.arpa", "localdomain", "fritz.box"];
/// More than any machine has; certificates stay small.
const MAX_NAMES: usize = 100;

/// What this machine is called and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    pub hosts: BTreeSet<String>,
    pub addresses: BTreeSet<IpAddr>,
    /// Of `hosts`, those that a person has set: the authority must be able to vouch for them.
    pub demanded: BTreeSet<String>,
}

impl Names {
    /// Asks the system.
    pub fn of_this_machine(settings: &Settings) -> Self {
        let mut names = Self::default();
        let host = rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase();
        names.hosts.insert("localhost".to_owned());
        if is_dns_name(&host) {
            if !host.contains('.') {
                names.hosts.insert(format!("{host}.local"));
            }
            names.hosts.insert(host);
        }
        names.addresses.extend([IpAddr::from([127, 0, 0, 1]), IpAddr::from(std::net::Ipv6Addr::LOCALHOST)]);
        match if_addrs::get_if_addrs() {
            Ok(interfaces) => names.addresses.extend(
                interfaces
                    .iter()
                    .map(if_addrs::Interface::ip)
                    .filter(|ip| !matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local()))
                    .take(MAX_NAMES),
            ),
            Err(error) => tracing::warn!(%error, "the machine's addresses cannot be read; the certificate holds for its names only"),
        }
        for name in settings.https_names.iter().map(|name| name.to_ascii_lowercase()) {
            match name.parse() {
                Ok(address) => {
                    names.addresses.insert(address);
                }
                Err(_) => {
                    names.demanded.insert(name.clone());
                    names.hosts.insert(name);
                }
            }
        }
        names
    }
}

/// The authority as people get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    pub pem: String,
    pub der: Vec<u8>,
    pub facts: Facts,
}

/// The authority and a certificate by it for `names`, from `folder` or made and put there.
///
/// # Errors
/// The folder cannot be written.
pub fn provide(folder: &Path, names: &Names, now: OffsetDateTime) -> Result<(Authority, Pair), String> {
    let (authority, issuer) = match open_authority(folder) {
        Ok(Some((authority, issuer))) if is_fit(&authority, names, now) => (authority, issuer),
        found => {
            if let Err(error) = &found {
                tracing::error!(
                    error,
                    "the installation's own authority cannot be used; a new one is made, to be installed on devices again"
                );
            } else if matches!(found, Ok(Some(_))) {
                tracing::warn!(
                    "the installation's own authority has run out or cannot vouch for a name in https_names; a new one is made, to be installed on devices again"
                );
            }
            make_authority(folder, names, now)?
        }
    };
    let permitted = permitted_names(&authority.der);
    let wanted: BTreeSet<String> = names
        .hosts
        .iter()
        .filter(|host| is_permitted(host, &permitted))
        .cloned()
        .chain(names.addresses.iter().map(ToString::to_string))
        .take(MAX_NAMES)
        .collect();
    if let Ok(pair) = open_server(folder)
        && pair.issuer().is_some_and(|issuer| issuer.as_ref() == authority.der)
        && wanted.iter().all(|name| pair.facts.names.contains(name))
        && pair.facts.not_before <= now
        && pair.facts.not_after - now > RENEW_BEFORE
    {
        return Ok((authority, pair));
    }
    let pair = make_server(folder, &wanted, &authority, &issuer, now)?;
    tracing::info!(names = pair.facts.names.join(", "), "a certificate for HTTPS was made");
    Ok((authority, pair))
}

fn is_fit(authority: &Authority, names: &Names, now: OffsetDateTime) -> bool {
    let permitted = permitted_names(&authority.der);
    authority.facts.not_before <= now
        && authority.facts.not_after - now > SERVER_LIFE
        && names.demanded.iter().all(|name| is_permitted(name, &permitted))
}

fn is_permitted(name: &str, permitted: &[String]) -> bool {
    permitted.iter().any(|suffix| name == suffix || name.strip_suffix(suffix.as_str()).is_some_and(|rest| rest.ends_with('.')))
}

type OwnIssuer = Issuer<'static, KeyPair>;

fn open_authority(folder: &Path) -> Result<Option<(Authority, OwnIssuer)>, String> {
    let Some(pem) = files::read_if_there(&folder.join(AUTHORITY.0))? else { return Ok(None) };
    let key = files::read(&folder.join(AUTHORITY.1))?;
    let key = KeyPair::from_pem(&String::from_utf8_lossy(&key)).map_err(|error| format!("{}: {error}", AUTHORITY.1))?;
    let pem = String::from_utf8_lossy(&pem).into_owned();
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|error| format!("{}: {error}", AUTHORITY.0))?;
    let issuer = Issuer::from_ca_cert_der(&der, key).map_err(|error| format!("{}: {error}", AUTHORITY.0))?;
    Ok(Some((Authority { facts: Facts::of(&der)?, der: der.to_vec(), pem }, issuer)))
}

fn make_authority(folder: &Path, names: &Names, now: OffsetDateTime) -> Result<(Authority, OwnIssuer), String> {
    let fault = |error: rcgen::Error| format!("no certificate can be made: {error}");
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = now - BACKDATED;
    params.not_after = now + AUTHORITY_LIFE;
    let host = names.hosts.iter().find(|host| !LOCAL_NAMES.contains(&host.as_str())).map_or("this machine", String::as_str);
    let day = now.date();
    params.distinguished_name.push(DnType::CommonName, format!("Nightjar on {host} ({day})"));
    params.distinguished_name.push(DnType::OrganizationName, "Nightjar");
    let own = names.hosts.iter().map(String::as_str).filter(|host| !is_permitted(host, &LOCAL_NAMES.map(str::to_owned)));
    let permitted = LOCAL_NAMES.into_iter().chain(own).map(|name| GeneralSubtree::DnsName(name.to_owned())).collect();
    params.name_constraints = Some(NameConstraints { permitted_subtrees: permitted, excluded_subtrees: Vec::new() });
    let key = KeyPair::generate().map_err(fault)?;
    let certificate = params.self_signed(&key).map_err(fault)?;
    files::write(&folder.join(AUTHORITY.1), key.serialize_pem().as_bytes())?;
    files::write(&folder.join(AUTHORITY.0), certificate.pem().as_bytes())?;
    let authority = Authority { pem: certificate.pem(), der: certificate.der().to_vec(), facts: Facts::of(certificate.der())? };
    let issuer = Issuer::from_ca_cert_der(certificate.der(), key).map_err(fault)?;
    tracing::info!(
        fingerprint = authority.facts.fingerprint,
        "an authority of this installation's own was made; the page /https says how devices get to trust it"
    );
    Ok((authority, issuer))
}

fn open_server(folder: &Path) -> Result<Pair, String> {
    Pair::from_pem(&files::read(&folder.join(SERVER.0))?, &files::read(&folder.join(SERVER.1))?)
}

fn make_server(
    folder: &Path,
    names: &BTreeSet<String>,
    authority: &Authority,
    issuer: &OwnIssuer,
    now: OffsetDateTime,
) -> Result<Pair, String> {
    let fault = |error: rcgen::Error| format!("no certificate can be made: {error}");
    let mut params = CertificateParams::default();
    for name in names {
        params.subject_alt_names.push(match name.parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(name.as_str().try_into().map_err(fault)?),
        });
    }
    params.distinguished_name.push(DnType::CommonName, "Nightjar");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.not_before = now - BACKDATED;
    params.not_after = now + SERVER_LIFE;
    let key = KeyPair::generate().map_err(fault)?;
    let certificate = params.signed_by(&key, issuer).map_err(fault)?;
    let chain = format!("{}{}", certificate.pem(), authority.pem);
    let pair = Pair::from_pem(chain.as_bytes(), key.serialize_pem().as_bytes())?;
    files::write(&folder.join(SERVER.1), key.serialize_pem().as_bytes())?;
    files::write(&folder.join(SERVER.0), chain.as_bytes())?;
    Ok(pair)
}

#[cfg(test)]
#[path = "own/tests.rs"]
mod tests;
