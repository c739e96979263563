//! Where packets go: into the RTSP connection, or out of a pair of UDP ports.

use std::net::SocketAddr;

use tokio::net::UdpSocket;

#[derive(Debug)]
pub(super) enum Transport {
    /// RTP on this channel, RTCP on the next.
    Interleaved { channel: u8 },
    /// RTP and RTCP sockets, each connected to the client's port.
    Udp { rtp: UdpSocket, rtcp: UdpSocket },
}

impl Transport {
    /// Opens what a `Transport` header asks for; also the header to answer.
    pub(super) async fn open(offer: &str, tcp: bool, peer: SocketAddr, track: usize) -> Option<(Self, String)> {
        // Several offers may be listed; the first one of the right kind counts.
        let offer = offer.split(',').find(|one| one.contains("RTP/AVP/TCP") == tcp)?;
        let parameter = |name: &str| offer.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        if tcp {
            let asked = parameter("interleaved").and_then(|range| range.split('-').next()?.parse::<u8>().ok());
            let channel = asked.or_else(|| u8::try_from(track * 2).ok())?.min(254);
            return Some((Self::Interleaved { channel }, format!("RTP/AVP/TCP;unicast;interleaved={channel}-{}", channel + 1)));
        }
        let (first, second) = parameter("client_port")?.split_once('-')?;
        let (first, second): (u16, u16) = (first.parse().ok()?, second.parse().ok()?);
        let (rtp, rtcp) = bind_pair(peer).await?;
        rtp.connect(SocketAddr::new(peer.ip(), first)).await.ok()?;
        rtcp.connect(SocketAddr::new(peer.ip(), second)).await.ok()?;
        let (server_rtp, server_rtcp) = (rtp.local_addr().ok()?.port(), rtcp.local_addr().ok()?.port());
        let answer = format!("RTP/AVP;unicast;client_port={first}-{second};server_port={server_rtp}-{server_rtcp}");
        Some((Self::Udp { rtp, rtcp }, answer))
    }
}

/// An even port and the one after it, as RFC 3550 wants.
async fn bind_pair(peer: SocketAddr) -> Option<(UdpSocket, UdpSocket)> {
    let local = if peer.is_ipv4() { "127.0.0.1" } else { "::1" };
    for _ in 0..64 {
        let rtp = UdpSocket::bind((local, 0)).await.ok()?;
        let port = rtp.local_addr().ok()?.port();
        if port % 2 == 0
            && let Ok(rtcp) = UdpSocket::bind((local, port + 1)).await
        {
            return Some((rtp, rtcp));
        }
    }
    None
}
