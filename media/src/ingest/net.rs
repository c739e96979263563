//! Reaching a host: which addresses may be asked at all, name resolution, and whether a TCP port answers.
//!
//! Every address is checked after resolution and the checked one is used, so that a name can't point somewhere else a moment later.

use crate::error::{ErrorCode, StreamError};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::{Host, Url};

const RESOLVE_LIMIT: Duration = Duration::from_secs(4);
const CONNECT_LIMIT: Duration = Duration::from_secs(4);
const CONNECT_AGAIN: Duration = Duration::from_secs(1);
/// Addresses of one name that are tried.
const MAX_ADDRESSES: usize = 4;

/// Which addresses a camera may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AddressPolicy {
    /// Permits this machine itself (tests, bridges on the same host).
    pub allow_loopback: bool,
}

impl AddressPolicy {
    /// Refuses what is no camera: this machine, link-local (cloud metadata services live there), multicast and unspecified addresses.
    ///
    /// # Errors
    /// A sentence that names the address and why it is refused.
    pub fn check(self, address: IpAddr) -> Result<(), StreamError> {
        let address = address.to_canonical();
        let kind = match address {
            _ if address.is_loopback() || address.is_unspecified() => {
                if self.allow_loopback {
                    return Ok(());
                }
                "is this server itself"
            }
            _ if address.is_multicast() => "is a multicast address",
            IpAddr::V4(v4) if v4.is_broadcast() => "is a broadcast address",
            IpAddr::V4(v4) if v4.is_link_local() => "is a link-local address",
            IpAddr::V6(v6) if v6.is_unicast_link_local() => "is a link-local address",
            _ => return Ok(()),
        };
        Err(StreamError::new(
            ErrorCode::Unreachable,
            format!("{address} {kind} and is not asked for video. Enter the camera's own address."),
        ))
    }
}

/// The permitted addresses of a URL's host, at least one.
pub(crate) async fn resolve(url: &Url, port: u16, policy: AddressPolicy) -> Result<Vec<SocketAddr>, StreamError> {
    let addresses: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(ip)) => vec![SocketAddr::new(ip.into(), port)],
        Some(Host::Ipv6(ip)) => vec![SocketAddr::new(ip.into(), port)],
        // Schemes that are unknown to the URL standard (rtsp, rtmp) keep an IPv4 address as an opaque name.
        Some(Host::Domain(name)) => match name.parse::<IpAddr>() {
            Ok(ip) => vec![SocketAddr::new(ip, port)],
            Err(_) => lookup(name, port).await?,
        },
        None => return Err(StreamError::new(ErrorCode::Dns, "The address has no host name. Enter one like rtsp://192.168.1.20/stream.")),
    };
    let mut refused = None;
    let permitted: Vec<SocketAddr> = addresses
        .into_iter()
        .filter(|address| match policy.check(address.ip()) {
            Ok(()) => true,
            Err(error) => {
                refused.get_or_insert(error);
                false
            }
        })
        .take(MAX_ADDRESSES)
        .collect();
    match refused {
        Some(error) if permitted.is_empty() => Err(error),
        _ => Ok(permitted),
    }
}

async fn lookup(name: &str, port: u16) -> Result<Vec<SocketAddr>, StreamError> {
    let dns = |what: &str| {
        let message = format!("The host name {name} {what}. Check its spelling, or enter the camera's IP address.");
        StreamError::new(ErrorCode::Dns, message)
    };
    let found =
        timeout(RESOLVE_LIMIT, tokio::net::lookup_host((name, port))).await.map_err(|_| dns("is not answered by the name server"))?;
    let addresses: Vec<SocketAddr> = found.map_err(|_| dns("is not known"))?.collect();
    if addresses.is_empty() { Err(dns("has no address")) } else { Ok(addresses) }
}

/// The first address that accepts a TCP connection. The connection itself is closed again: it only proves that the port is there,
/// which the opaque errors of the protocol libraries do not say reliably.
pub(crate) async fn reach(addresses: &[SocketAddr]) -> Result<SocketAddr, StreamError> {
    let mut last = StreamError::new(ErrorCode::Dns, "The host name has no address.");
    for address in addresses {
        match timeout(CONNECT_LIMIT, connect_insistently(*address)).await {
            Ok(Ok(_)) => return Ok(*address),
            Ok(Err(error)) => last = connect_error(*address, &error),
            Err(_) => {
                last = StreamError::new(
                    ErrorCode::Timeout,
                    format!(
                        "{address} did not answer within {} s. Check the address and port, and that the camera has power and network.",
                        CONNECT_LIMIT.as_secs()
                    ),
                );
            }
        }
    }
    Err(last)
}

/// Begins a further connection every second while none is answered: the kernel's own repetitions come at longer and longer distances,
/// and a camera that has just got its power back would wait for them.
async fn connect_insistently(address: SocketAddr) -> io::Result<TcpStream> {
    let mut connecting = FuturesUnordered::new();
    loop {
        connecting.push(TcpStream::connect(address));
        if let Ok(Some(answer)) = timeout(CONNECT_AGAIN, connecting.next()).await {
            return answer;
        }
    }
}

fn connect_error(address: SocketAddr, error: &io::Error) -> StreamError {
    let (ip, port) = (address.ip(), address.port());
    match error.kind() {
        io::ErrorKind::ConnectionRefused => StreamError::new(
            ErrorCode::Refused,
            format!("{ip} is there, but nothing listens on port {port}. Check the port, and that RTSP is switched on in the camera."),
        ),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => StreamError::new(
            ErrorCode::Refused,
            format!("{ip} closed the connection to port {port} at once. Check the port and the camera's address filter."),
        ),
        io::ErrorKind::TimedOut => StreamError::new(
            ErrorCode::Timeout,
            format!("{address} did not answer. Check the address and port, and that the camera has power and network."),
        ),
        _ => StreamError::new(
            ErrorCode::Unreachable,
            format!("{ip} can't be reached ({error}). Check the address, and that the camera has power and is on this network."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_no_cameras_are_refused() {
        let strict = AddressPolicy::default();
        for refused in
            ["127.0.0.1", "::1", "0.0.0.0", "::ffff:127.0.0.1", "169.254.169.254", "fe80::1", "224.0.0.1", "ff02::1", "255.255.255.255"]
        {
            assert!(strict.check(refused.parse().expect("an address")).is_err(), "{refused}");
        }
        for permitted in ["192.168.1.20", "10.0.0.1", "8.8.8.8", "fd00::1", "2001:db8::1"] {
            assert!(strict.check(permitted.parse().expect("an address")).is_ok(), "{permitted}");
        }
        let tests = AddressPolicy { allow_loopback: true };
        assert!(tests.check("127.0.0.1".parse().expect("an address")).is_ok());
        assert!(tests.check("169.254.169.254".parse().expect("an address")).is_err());
    }

    #[tokio::test]
    async fn an_unknown_name_is_a_dns_error() {
        let url = Url::parse("rtsp://camera.invalid/main").expect("a URL");
        let error = resolve(&url, 554, AddressPolicy::default()).await.expect_err("the name does not exist");
        assert_eq!(error.code, ErrorCode::Dns);
    }

    #[tokio::test]
    async fn a_closed_port_is_refused() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        drop(listener);
        assert_eq!(reach(&[address]).await.expect_err("closed").code, ErrorCode::Refused);
    }
}
