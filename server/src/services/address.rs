//! Which network addresses a camera or a webhook may have. They are typed by a person, so they must not become a way to reach what only
//! this machine can reach: loopback, link-local (cloud metadata), multicast, and our own listeners are refused after the name was resolved.

use crate::config::Settings;
use async_trait::async_trait;
use media::ingest::net::{embedded_v4, is_local};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How long a name may take to resolve.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(5);

/// Looks names up; a fake one in tests.
#[async_trait]
pub trait Resolve: Send + Sync {
    /// All addresses of a host name or literal address.
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<IpAddr>>;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, port)).await?.map(|address| address.ip()).collect())
    }
}

/// Why a host is not acceptable as a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("This host name is not known. Check its spelling, or enter the camera's IP address.")]
    Unknown,
    #[error(
        "This address belongs to the server itself (loopback). If the camera really is a program on this machine, set NIGHTJAR_ALLOW_LOOPBACK_CAMERAS=true."
    )]
    Loopback,
    #[error(
        "This is not the address of a single camera (it is a link-local, multicast, broadcast or empty address). Enter the camera's own address."
    )]
    NotACamera,
    #[error("This is Nightjar's own address. Enter the camera's address.")]
    Ourselves,
}

impl Refusal {
    /// The sentence about a webhook's address.
    pub fn of_webhook(self) -> &'static str {
        match self {
            Self::Unknown => "This host name is not known. Check its spelling, or enter an IP address.",
            Self::Loopback => {
                "This address belongs to the server itself. If the receiver really is a program on this machine, set NIGHTJAR_ALLOW_LOOPBACK_WEBHOOKS=true."
            }
            Self::NotACamera => {
                "This is not the address of a single device (it is a link-local, multicast, broadcast or empty address). Enter the receiver's own address."
            }
            Self::Ourselves => "This is Nightjar's own address. Enter the receiver's address.",
        }
    }

    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "dns",
            Self::Loopback => "address_loopback",
            Self::NotACamera => "address_not_allowed",
            Self::Ourselves => "address_own_listener",
        }
    }
}

/// The rules of this installation. Cheap to clone.
#[derive(Clone)]
pub struct AddressPolicy {
    allow_loopback: Arc<AtomicBool>,
    allow_loopback_webhooks: Arc<AtomicBool>,
    resolver: Arc<dyn Resolve>,
    /// Known once the server is bound; the first one is HTTP's.
    listeners: Arc<RwLock<Vec<SocketAddr>>>,
}

impl AddressPolicy {
    pub fn new(settings: &Settings, resolver: Arc<dyn Resolve>) -> Self {
        Self {
            allow_loopback: Arc::new(AtomicBool::new(settings.allow_loopback_cameras)),
            allow_loopback_webhooks: Arc::new(AtomicBool::new(settings.allow_loopback_webhooks)),
            resolver,
            listeners: Arc::default(),
        }
    }

    /// Follows a change of the settings.
    pub fn follow(&self, settings: &Settings) {
        self.allow_loopback.store(settings.allow_loopback_cameras, Ordering::Relaxed);
        self.allow_loopback_webhooks.store(settings.allow_loopback_webhooks, Ordering::Relaxed);
    }

    /// Whether cameras may be on this machine.
    pub fn allow_loopback(&self) -> bool {
        self.allow_loopback.load(Ordering::Relaxed)
    }

    /// Tells the policy where the server itself listens, for each port.
    pub fn set_listener(&self, address: SocketAddr) {
        self.listeners.write().unwrap_or_else(PoisonError::into_inner).push(address);
    }

    /// Where the server listens for HTTP, once it does.
    pub fn listener(&self) -> Option<SocketAddr> {
        self.listeners().first().copied()
    }

    /// All ports of the server.
    pub fn listeners(&self) -> Vec<SocketAddr> {
        // A list that is only ever added to.
        self.listeners.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Resolves `host` and checks every address it has: one bad address refuses the whole name, because the next lookup may return only that one.
    ///
    /// # Errors
    /// The host is unknown or not acceptable.
    pub async fn check(&self, host: &str, port: u16) -> Result<Vec<IpAddr>, Refusal> {
        self.check_all(host, port, |address| address.is_loopback(), &self.allow_loopback).await
    }

    /// As [`AddressPolicy::check`], for the receiver of a webhook: none of this machine's addresses is one, whatever network it is in. Only the
    /// addresses in the answer may be connected to.
    ///
    /// # Errors
    /// The host is unknown or not acceptable.
    pub async fn check_webhook(&self, host: &str, port: u16) -> Result<Vec<IpAddr>, Refusal> {
        self.check_all(host, port, is_local, &self.allow_loopback_webhooks).await
    }

    /// `is_own` tells the addresses that are refused unless `allowed`.
    async fn check_all(&self, host: &str, port: u16, is_own: fn(IpAddr) -> bool, allowed: &AtomicBool) -> Result<Vec<IpAddr>, Refusal> {
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        let addresses = match literal {
            Some(address) => vec![address],
            None => tokio::time::timeout(RESOLVE_TIMEOUT, self.resolver.resolve(host, port))
                .await
                .map_err(|_| Refusal::Unknown)?
                .map_err(|_| Refusal::Unknown)?,
        };
        if addresses.is_empty() {
            return Err(Refusal::Unknown);
        }
        for address in &addresses {
            self.check_address(*address, port, is_own, allowed)?;
        }
        Ok(addresses)
    }

    fn check_address(&self, address: IpAddr, port: u16, is_own: fn(IpAddr) -> bool, allowed: &AtomicBool) -> Result<(), Refusal> {
        let address = embedded_v4(address);
        if not_a_camera(address) {
            return Err(Refusal::NotACamera);
        }
        if self.listeners().iter().any(|own| own.port() == port && (own.ip() == address || is_local(address))) {
            return Err(Refusal::Ourselves);
        }
        if is_own(address) && !allowed.load(Ordering::Relaxed) {
            return Err(Refusal::Loopback);
        }
        Ok(())
    }
}

fn not_a_camera(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.octets()[0] == 0 || v4.is_link_local() || v4.is_multicast() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unspecified() || v6.is_multicast() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    struct Names(Vec<IpAddr>);

    #[async_trait]
    impl Resolve for Names {
        async fn resolve(&self, _host: &str, _port: u16) -> io::Result<Vec<IpAddr>> {
            Ok(self.0.clone())
        }
    }

    fn policy(allow_loopback: bool, names: &[&str]) -> AddressPolicy {
        let names = names.iter().map(|text| text.parse().expect("an address")).collect();
        AddressPolicy {
            allow_loopback: Arc::new(AtomicBool::new(allow_loopback)),
            allow_loopback_webhooks: Arc::default(),
            resolver: Arc::new(Names(names)),
            listeners: Arc::default(),
        }
    }

    #[tokio::test]
    async fn addresses_that_only_this_machine_reaches_are_refused_in_every_spelling() {
        let policy = policy(false, &[]);
        for (host, refusal) in [
            ("127.0.0.1", Refusal::Loopback),
            ("127.9.9.9", Refusal::Loopback),
            ("[::1]", Refusal::Loopback),
            ("::ffff:127.0.0.1", Refusal::Loopback),
            ("::127.0.0.1", Refusal::Loopback),
            ("64:ff9b::7f00:1", Refusal::Loopback),
            ("2002:7f00:1::", Refusal::Loopback),
            ("2002:a9fe:a9fe::1", Refusal::NotACamera),
            ("0.0.0.0", Refusal::NotACamera),
            ("::", Refusal::NotACamera),
            ("169.254.169.254", Refusal::NotACamera),
            ("fe80::1", Refusal::NotACamera),
            ("224.0.0.1", Refusal::NotACamera),
            ("ff02::1", Refusal::NotACamera),
            ("255.255.255.255", Refusal::NotACamera),
        ] {
            assert_eq!(policy.check(host, 554).await, Err(refusal), "{host}");
        }
        for host in ["192.168.1.20", "10.0.0.4", "203.0.113.9", "fd00::5"] {
            assert!(policy.check(host, 554).await.is_ok(), "{host}");
        }
    }

    #[tokio::test]
    async fn a_name_is_judged_by_all_its_addresses() {
        assert!(policy(false, &["192.168.1.2"]).check("cam.lan", 554).await.is_ok());
        assert_eq!(policy(false, &["192.168.1.2", "127.0.0.1"]).check("cam.lan", 554).await, Err(Refusal::Loopback));
        assert_eq!(policy(false, &[]).check("cam.lan", 554).await, Err(Refusal::Unknown));
    }

    #[tokio::test]
    async fn a_webhook_goes_to_no_address_of_this_machine_and_a_camera_may() {
        assert!(is_local("127.3.2.1".parse().expect("an address")) && is_local("::1".parse().expect("an address")));
        assert!(!is_local("198.51.100.7".parse().expect("an address")), "nobody's: it is for examples");
        let policy = policy(false, &[]);
        for own in own_addresses() {
            let host = own.to_string();
            assert_eq!(policy.check_webhook(&host, 9443).await, Err(Refusal::Loopback), "{host}");
            assert!(policy.check(&host, 9443).await.is_ok(), "{host}");
            policy.allow_loopback_webhooks.store(true, Ordering::Relaxed);
            assert!(policy.check_webhook(&host, 9443).await.is_ok(), "{host}");
            policy.allow_loopback_webhooks.store(false, Ordering::Relaxed);
        }
        assert!(policy.check_webhook("198.51.100.7", 9443).await.is_ok());
    }

    /// This machine's addresses in other networks than its own, as the kernel lists them; none on a machine without a network.
    fn own_addresses() -> Vec<Ipv4Addr> {
        let listed = std::fs::read_to_string("/proc/net/fib_trie").unwrap_or_default();
        let lines: Vec<&str> = listed.lines().collect();
        let local = lines.windows(2).filter(|pair| pair[1].contains("/32 host LOCAL"));
        let addresses = local.filter_map(|pair| pair[0].trim().trim_start_matches("|-- ").parse::<Ipv4Addr>().ok());
        addresses.filter(|address| !address.is_loopback()).collect()
    }

    #[tokio::test]
    async fn loopback_is_permitted_by_the_setting_but_never_our_own_port() {
        let policy = policy(true, &[]);
        policy.set_listener("127.0.0.1:8080".parse().expect("an address"));
        assert!(policy.check("127.0.0.1", 8554).await.is_ok());
        assert_eq!(policy.check("127.0.0.1", 8080).await, Err(Refusal::Ourselves));
        assert_eq!(policy.check("169.254.1.1", 8554).await, Err(Refusal::NotACamera));
    }
}
