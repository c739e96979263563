use super::*;
use crate::config::{Flags, Settings};
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::HashMap;

fn discovery(group: SocketAddrV4, environment: &[(&str, &str)]) -> Discovery {
    let environment: HashMap<String, String> = environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let settings = Settings::load_from(&Flags::default(), Some(environment)).expect("loads");
    let terms = Terms { group, wait: Duration::from_secs(1) };
    Discovery::new(terms, Current::new(settings), TaskTracker::new(), CancellationToken::new())
}

/// A device in the group, on loopback alone; it answers the first question.
fn device_in_group(group: Ipv4Addr) -> (SocketAddrV4, tokio::task::JoinHandle<()>) {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)).expect("a socket");
    socket.bind(&SocketAddrV4::new(group, 0).into()).expect("a port");
    socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST).expect("the group");
    socket.set_nonblocking(true).expect("a socket");
    let socket = UdpSocket::from_std(socket.into()).expect("a socket");
    let port = socket.local_addr().expect("an address").port();
    let task = tokio::spawn(async move {
        let mut buffer = vec![0; 4096];
        let (length, from) = socket.recv_from(&mut buffer).await.expect("a question");
        let question = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let id = question.split("<w:MessageID>").nth(1).and_then(|rest| rest.split('<').next()).expect("an id");
        let answer = format!(
            "<Envelope><Header><RelatesTo>{id}</RelatesTo></Header><Body><ProbeMatches><ProbeMatch>\
             <Scopes>onvif://www.onvif.org/name/Group</Scopes></ProbeMatch></ProbeMatches></Body></Envelope>"
        );
        // From an address of its own, as a device on a network does.
        let own = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        own.send_to(answer.as_bytes(), from).await.expect("sent");
    });
    (SocketAddrV4::new(group, port), task)
}

#[tokio::test]
async fn the_group_is_asked_in_the_chosen_network() {
    let (group, device) = device_in_group(Ipv4Addr::new(239, 255, 255, 250));
    let discovery = discovery(group, &[("NIGHTJAR_DISCOVERY_INTERFACES", "127.0.0.1")]);
    let found = discovery.search().await.expect("searched");
    assert_eq!(found.devices.iter().map(|device| device.name.as_deref()).collect::<Vec<_>>(), [Some("Group")]);
    assert_eq!(found.devices[0].address, IpAddr::from([127, 0, 0, 1]));
    assert_eq!(found.from, BTreeSet::from([Ipv4Addr::LOCALHOST]));
    device.await.expect("it was asked");
}

#[tokio::test]
async fn an_address_that_is_not_this_machines_is_no_network_to_search() {
    let discovery = discovery(network::GROUP, &[("NIGHTJAR_DISCOVERY_INTERFACES", "192.0.2.1")]);
    assert_eq!(discovery.search().await.expect_err("nothing asked").code(), "no_network");
}

#[tokio::test]
async fn a_stop_ends_the_search_and_its_waiters() {
    let discovery = discovery("127.0.0.1:9".parse().expect("an address"), &[("NIGHTJAR_DISCOVERY_INTERFACES", "127.0.0.1")]);
    let inner = Arc::clone(&discovery.inner);
    let waiter = tokio::spawn(async move { discovery.search().await.map(drop).map_err(|error| error.code().to_owned()) });
    while inner.tasks.is_empty() {
        tokio::task::yield_now().await;
    }
    inner.stopping.cancel();
    assert_eq!(waiter.await.expect("ran"), Err("stopping".to_owned()));
    inner.tasks.close();
    inner.tasks.wait().await;
}

#[test]
fn a_camera_at_the_same_address_is_recognised() {
    for (url, at) in [
        ("rtsp://192.168.1.20:554/main", Some("192.168.1.20")),
        ("http://192.168.1.20/x.flv", Some("192.168.1.20")),
        ("rtsp://gate.lan/main", None),
        ("file:///srv/a.mp4", None),
    ] {
        assert_eq!(address_in(url), at.map(|text| text.parse().expect("an address")), "{url}");
    }
}
