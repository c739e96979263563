//! A look at a camera from outside: is its port open, is anything said, would it show the stream. Neither session nor login: the one
//! request that is made is how every client begins, without credentials, and counts towards no lock.

use super::Knocked;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use url::Url;

/// Enough for the status line.
const STATUS_BYTES: usize = 64;

/// Connects to the first address that lets it, and asks for the description of `rtsp`, if that is spoken there.
pub(super) async fn knock(addresses: &[SocketAddr], rtsp: Option<&Url>, limit: Duration) -> Knocked {
    let until = Instant::now() + limit;
    let connecting = async {
        for address in addresses {
            if let Ok(stream) = TcpStream::connect(address).await {
                return Some(stream);
            }
        }
        None
    };
    let Ok(Some(mut stream)) = timeout_at(until, connecting).await else { return Knocked::Shut };
    let Some(url) = rtsp else { return Knocked::Answers };
    match timeout_at(until, ask(&mut stream, url)).await {
        Ok(Some(met)) => met,
        Ok(None) | Err(_) => Knocked::Silent,
    }
}

/// None if it says nothing and hangs up.
async fn ask(stream: &mut TcpStream, url: &Url) -> Option<Knocked> {
    let agent = concat!("Nightjar/", env!("CARGO_PKG_VERSION"));
    let request = format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\nUser-Agent: {agent}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::with_capacity(STATUS_BYTES);
    while answer.len() < STATUS_BYTES && !answer.contains(&b'\n') {
        match stream.read_buf(&mut answer).await {
            Ok(1..) => {}
            Ok(0) | Err(_) => break,
        }
    }
    (!answer.is_empty()).then(|| classify(&answer))
}

fn classify(answer: &[u8]) -> Knocked {
    let text = String::from_utf8_lossy(answer);
    let status = text.strip_prefix("RTSP/").and_then(|rest| rest.split(' ').nth(1)?.parse::<u16>().ok());
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
        assert_eq!(classify(b"RTSP/1.0 200 OK\r\nCSeq: 1"), Knocked::Answers);
        assert_eq!(classify(b"RTSP/1.0 401 Unauthorized\r\n"), Knocked::Answers);
        for refusal in ["RTSP/1.0 404 Not Found\r\n", "RTSP/1.0 503 Service Unavailable\r\n", "HTTP/1.1 400 Bad Request\r\n", "SSH-2.0"] {
            assert_eq!(classify(refusal.as_bytes()), Knocked::Refuses, "{refusal}");
        }
    }

    #[tokio::test]
    async fn shut_and_silent_ports_are_told_apart_in_time() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let url = Url::parse(&format!("rtsp://{address}/main")).expect("a URL");
        // Accepted by the kernel, and nothing is said.
        assert_eq!(knock(&[address], Some(&url), Duration::from_millis(100)).await, Knocked::Silent);
        assert_eq!(knock(&[address], None, Duration::from_millis(100)).await, Knocked::Answers);
        drop(listener);
        assert_eq!(knock(&[address], Some(&url), Duration::from_millis(100)).await, Knocked::Shut);
        assert!(Knocked::Shut < Knocked::Silent && Knocked::Silent < Knocked::Refuses && Knocked::Refuses < Knocked::Answers);
    }
}
