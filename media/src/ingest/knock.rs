//! A look at a camera from outside: is its port open, is anything said, would it show the stream. Neither session nor login: the one
//! request that is made is how every client begins, without credentials, and counts towards no lock.

use super::Knocked;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use url::Url;

/// Enough for the status line.
const STATUS_BYTES: usize = 64;
/// Unanswered for so long, a further connection asks as well: a camera that has started meanwhile knows nothing of the first.
const AGAIN: Duration = Duration::from_secs(1);

/// Connects to the first address that lets it, and asks for the description of `rtsp`, if that is spoken there.
pub(super) async fn knock(addresses: &[SocketAddr], rtsp: Option<&Url>, limit: Duration) -> Knocked {
    let until = Instant::now() + limit;
    let connected = AtomicBool::new(false);
    let mut looks = FuturesUnordered::new();
    loop {
        looks.push(look(addresses, rtsp, &connected));
        let next = (Instant::now() + AGAIN).min(until);
        if let Ok(Some(met)) = timeout_at(next, looks.next()).await {
            return met;
        }
        if next >= until {
            return if connected.load(Ordering::Relaxed) { Knocked::Silent } else { Knocked::Shut };
        }
    }
}

/// One look. Takes as long as the camera does.
async fn look(addresses: &[SocketAddr], rtsp: Option<&Url>, connected: &AtomicBool) -> Knocked {
    for address in addresses {
        if let Ok(mut stream) = TcpStream::connect(address).await {
            connected.store(true, Ordering::Relaxed);
            return match rtsp {
                Some(url) => classify(ask(&mut stream, url).await),
                None => Knocked::Answers,
            };
        }
    }
    Knocked::Shut
}

/// The status that the first request of a client is answered with at this address; None if it can't be reached or does not speak RTSP.
/// 401: a login is asked for. Takes as long as the camera does.
pub(super) async fn status(address: SocketAddr, url: &Url) -> Option<u16> {
    ask(&mut TcpStream::connect(address).await.ok()?, url).await
}

/// The status of the answer, if that is RTSP.
async fn ask(stream: &mut TcpStream, url: &Url) -> Option<u16> {
    let agent = concat!("Nightjar/", env!("CARGO_PKG_VERSION"));
    let request = format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\nUser-Agent: {agent}\r\n\r\n");
    let mut answer = Vec::with_capacity(STATUS_BYTES);
    if stream.write_all(request.as_bytes()).await.is_ok() {
        while answer.len() < STATUS_BYTES && !answer.contains(&b'\n') {
            match stream.read_buf(&mut answer).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => break,
            }
        }
    }
    read_status(&answer)
}

fn read_status(answer: &[u8]) -> Option<u16> {
    String::from_utf8_lossy(answer).strip_prefix("RTSP/")?.split_whitespace().nth(1)?.parse().ok()
}

fn classify(status: Option<u16>) -> Knocked {
    match status {
        Some(200..=299 | 401) => Knocked::Answers,
        _ => Knocked::Refuses,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[test]
    fn the_status_tells_whether_the_stream_is_there() {
        let classify = |answer| super::classify(read_status(answer));
        assert_eq!(classify(b"RTSP/1.0 200 OK\r\nCSeq: 1"), Knocked::Answers);
        assert_eq!(classify(b"RTSP/1.0 401 Unauthorized\r\n"), Knocked::Answers);
        for refusal in ["RTSP/1.0 404 Not Found\r\n", "RTSP/1.0 503 Service Unavailable\r\n", "HTTP/1.1 400 Bad Request\r\n", "SSH-2.0", ""]
        {
            assert_eq!(classify(refusal.as_bytes()), Knocked::Refuses, "{refusal}");
        }
    }

    #[tokio::test]
    async fn shut_and_silent_ports_are_told_apart_in_time() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let url = Url::parse(&format!("rtsp://{address}/main")).expect("a URL");
        // Accepted by the kernel, and nothing is said, to the first connection or to a later one.
        assert_eq!(knock(&[address], Some(&url), Duration::from_millis(100)).await, Knocked::Silent);
        assert_eq!(knock(&[address], None, Duration::from_millis(100)).await, Knocked::Answers);
        let starting = async {
            let mut connections = Vec::new();
            loop {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                if connections.len() == 4 {
                    stream.write_all(b"RTSP/1.0 200 OK\r\n").await.expect("a client that reads");
                }
                connections.push(stream);
            }
        };
        let addresses = [address];
        tokio::select! {
            met = knock(&addresses, Some(&url), Duration::from_secs(60)) => assert_eq!(met, Knocked::Answers),
            () = starting => {}
        }
        drop(listener);
        assert_eq!(knock(&[address], Some(&url), Duration::from_millis(100)).await, Knocked::Shut);
        assert!(Knocked::Shut < Knocked::Silent && Knocked::Silent < Knocked::Refuses && Knocked::Refuses < Knocked::Answers);
    }
}
