//! From where it is searched, and the sockets for it.

use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use tokio::net::UdpSocket;

/// Where devices listen for questions.
pub const GROUP: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(239, 255, 255, 250), PORT);
const PORT: u16 = 3702;
/// Networks that are searched at once.
const NETWORKS: usize = 16;
/// Bytes that wait to be read: a large network answers within a moment.
const WAITING: usize = 1 << 20;

/// The machine's own addresses in the networks to search: `chosen`, or all that lead out of it.
pub fn own_addresses(chosen: &[String]) -> Vec<Ipv4Addr> {
    let mut own: Vec<Ipv4Addr> = if chosen.is_empty() {
        match if_addrs::get_if_addrs() {
            Ok(interfaces) => {
                let outward = interfaces.iter().filter(|interface| !interface.is_loopback() && !interface.is_p2p);
                let v4 = |ip| if let IpAddr::V4(ip) = ip { Some(ip) } else { None };
                outward.filter_map(|interface| v4(interface.ip())).collect()
            }
            Err(error) => {
                tracing::warn!(%error, "the machine's networks cannot be listed");
                Vec::new()
            }
        }
    } else {
        chosen.iter().filter_map(|text| text.parse().ok()).collect()
    };
    own.sort_unstable();
    own.dedup();
    own.truncate(NETWORKS);
    own
}

/// A host that is asked by its address: `192.168.20.5`, or with a port.
pub fn host(text: &str) -> Option<SocketAddrV4> {
    text.parse().ok().or_else(|| Some(SocketAddrV4::new(text.parse().ok()?, PORT)))
}

/// A socket that asks and hears in the network of this address.
///
/// # Errors
/// The address is not this machine's, or it has no sockets left.
pub fn socket(own: Ipv4Addr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    if !own.is_unspecified() {
        // Otherwise questions to the group leave by the network of the default route, whatever address they come from.
        socket.set_multicast_if_v4(&own)?;
    }
    // Questions stay in this network.
    socket.set_multicast_ttl_v4(1)?;
    // A smaller buffer than asked for is still one.
    let _ = socket.set_recv_buffer_size(WAITING);
    socket.bind(&SocketAddrV4::new(own, 0).into())?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_addresses_with_or_without_a_port() {
        assert_eq!(host("192.168.20.5"), Some("192.168.20.5:3702".parse().expect("an address")));
        assert_eq!(host("127.0.0.1:4000"), Some("127.0.0.1:4000".parse().expect("an address")));
        for wrong in ["", "camera.lan", "::1", "1.2.3.4:", "1.2.3.4:99999", "1.2.3"] {
            assert_eq!(host(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn loopback_is_only_searched_when_it_is_chosen() {
        assert!(own_addresses(&[]).iter().all(|own| !own.is_loopback()));
        assert_eq!(own_addresses(&["127.0.0.1".into(), "127.0.0.1".into()]), [Ipv4Addr::LOCALHOST]);
    }
}
