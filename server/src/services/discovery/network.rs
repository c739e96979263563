//! From where it is searched, and the sockets for it.

use if_addrs::Interface;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use tokio::net::UdpSocket;

/// Where devices listen for questions.
pub const GROUP: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(239, 255, 255, 250), PORT);
const PORT: u16 = 3702;
/// Networks that are searched at once.
const NETWORKS: usize = 16;
/// How names of interfaces begin that are bridges to containers and virtual machines, or lead to one of these.
const INNER: [&str; 4] = ["docker", "br-", "veth", "virbr"];
/// Bytes that wait to be read: a large network answers within a moment.
const WAITING: usize = 1 << 20;

/// The machine's own addresses in the networks to search: `chosen`, or all that lead out of it.
pub fn own_addresses(chosen: &[String]) -> Vec<Ipv4Addr> {
    if !chosen.is_empty() {
        return bounded(chosen.iter().filter_map(|text| Some((false, text.parse().ok()?))).collect());
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_else(|error| {
        tracing::warn!(%error, "the machine's networks cannot be listed");
        Vec::new()
    });
    let outward = interfaces.iter().filter(|interface| !interface.is_loopback() && !interface.is_p2p);
    let own = |interface: &Interface| match interface.ip() {
        IpAddr::V4(own) => Some((is_inner(&interface.name), own)),
        IpAddr::V6(_) => None,
    };
    bounded(outward.filter_map(own).collect())
}

/// Whether an interface of this name leads to containers and virtual machines on this machine, as far as names tell.
fn is_inner(name: &str) -> bool {
    INNER.iter().any(|start| name.starts_with(start))
}

/// As many addresses as are searched from, each once, by number. Those of inner networks come last: a machine with many containers has more
/// of them than are searched.
fn bounded(mut own: Vec<(bool, Ipv4Addr)>) -> Vec<Ipv4Addr> {
    own.sort_unstable();
    own.dedup();
    let mut own: Vec<Ipv4Addr> = own.into_iter().map(|(_, own)| own).collect();
    let left_out = own.split_off(own.len().min(NETWORKS));
    if !left_out.is_empty() {
        tracing::warn!(?left_out, "this machine is in more networks than are searched at once; discovery_interfaces chooses which");
    }
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

    /// Addresses of containers' bridges have small numbers, too.
    #[test]
    fn the_networks_of_containers_are_the_first_to_be_left_out() {
        let bridges = ["docker0", "br-1f9c0a2b3d4e", "veth1a2b3c", "virbr0"].iter().cycle().take(30);
        let mut own: Vec<_> = bridges.zip(0..).map(|(name, number)| (is_inner(name), Ipv4Addr::new(10, number, 0, 1))).collect();
        let lan = ["eth0", "enp3s0", "wlan0", "bond0", "br0"].map(is_inner).into_iter().zip(1..);
        own.extend(lan.map(|(inner, number)| (inner, Ipv4Addr::new(192, 168, number, 5))));
        let asked = bounded(own);
        assert_eq!(asked.len(), NETWORKS);
        assert_eq!(asked[..6].iter().map(|own| own.octets()[2]).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 0]);
    }

    #[test]
    fn loopback_is_only_searched_when_it_is_chosen() {
        assert!(own_addresses(&[]).iter().all(|own| !own.is_loopback()));
        assert_eq!(own_addresses(&["127.0.0.1".into(), "127.0.0.1".into()]), [Ipv4Addr::LOCALHOST]);
    }
}
