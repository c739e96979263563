//! Reaching a host: which addresses may be asked at all, name resolution, and whether a TCP port answers.
//!
//! Every address is checked after resolution and the checked one is used, so that a name can't point somewhere else a moment later.

use crate::error::{ErrorCode, StreamError, plainly};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::{Host, Url};

pub(super) const RESOLVE_LIMIT: Duration = Duration::from_secs(4);
/// For all addresses of a name together.
pub(super) const REACH_LIMIT: Duration = Duration::from_secs(8);
/// For one of them.
const CONNECT_LIMIT: Duration = Duration::from_secs(4);
const CONNECT_AGAIN: Duration = Duration::from_secs(1);
/// Addresses of one name that are tried.
const MAX_ADDRESSES: usize = 4;

/// Which addresses a camera may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AddressPolicy {
    /// Permits this machine itself (tests, bridges on the same host).
    pub allow_loopback: bool,
    /// Ports on which the server itself listens at any address of this machine; 0 is none.
    pub own_ports: [u16; 2],
}

impl AddressPolicy {
    /// Refuses what is no camera: this machine, link-local (cloud metadata services live there), multicast and unspecified addresses, and the
    /// server itself.
    ///
    /// # Errors
    /// A sentence that names the address and why it is refused.
    pub fn check(self, address: SocketAddr) -> Result<(), StreamError> {
        let ip = embedded_v4(address.ip());
        let kind = match ip {
            _ if ip.is_unspecified() => "is no address of a camera",
            IpAddr::V4(v4) if v4.octets()[0] == 0 => "is no address of a camera",
            _ if ip.is_multicast() => "is a multicast address",
            IpAddr::V4(v4) if v4.is_broadcast() => "is a broadcast address",
            IpAddr::V4(v4) if v4.is_link_local() => "is a link-local address",
            IpAddr::V6(v6) if v6.is_unicast_link_local() => "is a link-local address",
            _ if address.port() != 0 && self.own_ports.contains(&address.port()) && is_local(ip) => "is Nightjar itself",
            _ if ip.is_loopback() && !self.allow_loopback => "is this server itself",
            _ => return Ok(()),
        };
        Err(StreamError::new(ErrorCode::Unreachable, format!("{ip} {kind} and is not asked for video. Enter the camera's own address.")))
    }
}

/// An IPv4 address that is written inside an IPv6 one (mapped, compatible, NAT64, 6to4) counts as that IPv4 address.
pub fn embedded_v4(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match [a, b, c, d, e, f] {
        [0x64, 0xff9b, 0, 0, 0, 0] => v4(g, h),
        [0, 0, 0, 0, 0, 0] if v6 != Ipv6Addr::LOCALHOST && v6 != Ipv6Addr::UNSPECIFIED => v4(g, h),
        [0x2002, ..] => v4(b, c),
        _ => address.to_canonical(),
    }
}

/// Any port does to ask for the way to an address.
const DISCARD: u16 = 9;

/// Whether the address is one of this machine's: only then the way to it begins at the address itself. Nothing is sent.
///
/// Not whether a socket can be bound to it: with `net.ipv4.ip_nonlocal_bind` (virtual addresses of routers) that is every address.
pub fn is_local(address: IpAddr) -> bool {
    let any: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let begin = || {
        let socket = UdpSocket::bind((any, 0))?;
        socket.connect((address, DISCARD))?;
        socket.local_addr()
    };
    address.is_loopback() || begin().is_ok_and(|begin| begin.ip() == address)
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
        .filter(|address| match policy.check(*address) {
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
    let limit = connect_limit(addresses.len());
    for address in addresses {
        match timeout(limit, connect_insistently(*address)).await {
            Ok(Ok(_)) => return Ok(*address),
            Ok(Err(error)) => last = connect_error(*address, &error),
            Err(_) => {
                last = StreamError::new(
                    ErrorCode::Timeout,
                    format!(
                        "{address} did not answer within {} s. Check the address and port, and that the camera has power and network.",
                        limit.as_secs()
                    ),
                );
            }
        }
    }
    Err(last)
}

/// How long each of so many addresses is waited for, in whole seconds.
fn connect_limit(addresses: usize) -> Duration {
    let share = u64::try_from(addresses).map_or(0, |addresses| REACH_LIMIT.as_secs() / addresses.max(1));
    Duration::from_secs(share.max(1)).min(CONNECT_LIMIT)
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

pub(super) fn connect_error(address: SocketAddr, error: &io::Error) -> StreamError {
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
            format!("{ip} can't be reached: {}. Check the address, and that the camera has power and is on this network.", plainly(error)),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().expect("an address"), 554)
    }

    #[test]
    fn addresses_that_are_no_cameras_are_refused() {
        let strict = AddressPolicy::default();
        let tests = AddressPolicy { allow_loopback: true, ..AddressPolicy::default() };
        for refused in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"] {
            assert!(strict.check(at(refused)).is_err(), "{refused}");
            assert!(tests.check(at(refused)).is_ok(), "{refused}");
        }
        for refused in [
            "0.0.0.0",
            "::",
            "0.1.2.3",
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::",
            "fe80::1",
            "224.0.0.1",
            "ff02::1",
            "255.255.255.255",
        ] {
            assert!(strict.check(at(refused)).is_err() && tests.check(at(refused)).is_err(), "{refused}");
        }
        for permitted in ["192.168.1.20", "10.0.0.1", "8.8.8.8", "fd00::1", "2001:db8::1", "64:ff9b::c0a8:114"] {
            assert!(strict.check(at(permitted)).is_ok(), "{permitted}");
        }
    }

    #[test]
    fn the_server_never_asks_itself() {
        let policy = AddressPolicy { allow_loopback: true, own_ports: [8080, 8443] };
        for (own, refused) in [("127.0.0.1:8080", true), ("[::1]:8443", true), ("127.0.0.1:8554", false), ("192.0.2.1:8080", false)] {
            assert_eq!(policy.check(own.parse().expect("an address")).is_err(), refused, "{own}");
        }
    }

    /// However a name or number is written, what counts is where the system would connect to.
    #[tokio::test]
    async fn every_spelling_of_this_machine_is_refused() {
        for host in [
            "127.0.0.1",
            "localhost",
            "LOCALHOST",
            "localhost.",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "127.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:0:0:1]",
            "0",
            "0.0.0.0",
            "user@127.0.0.1",
            "192.168.1.5@127.0.0.1",
        ] {
            for scheme in ["rtsp", "http"] {
                let Ok(url) = Url::parse(&format!("{scheme}://{host}:554/a")) else { continue };
                assert!(resolve(&url, 554, AddressPolicy::default()).await.is_err(), "{scheme}://{host}");
            }
        }
    }

    /// Four silent addresses, 4 s each, and the wait for a picture took an opening past its limit.
    #[test]
    fn the_addresses_of_a_name_share_one_limit() {
        for count in 1..=MAX_ADDRESSES {
            let limit = connect_limit(count);
            assert!(limit * u32::try_from(count).expect("few") <= REACH_LIMIT && limit > CONNECT_AGAIN, "{count} addresses: {limit:?}");
        }
        assert_eq!(connect_limit(1), CONNECT_LIMIT);
    }

    /// People read "can't be reached (No route to host (os error 113))".
    #[test]
    fn what_the_system_says_is_told_in_plain_words() {
        for number in 0..=133 {
            let error = connect_error(at("192.0.2.9"), &io::Error::from_raw_os_error(number));
            assert!(!error.message.contains("os error") && !error.message.contains('('), "{number}: {error}");
        }
        let told = connect_error(at("192.0.2.9"), &io::Error::from_raw_os_error(113));
        assert_eq!(told.code, ErrorCode::Unreachable);
        assert!(told.message.starts_with("192.0.2.9 can't be reached: there is no route to it. Check"), "{told}");
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
