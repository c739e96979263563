//! What listens on a port that did not speak RTSP to us: asked once more, by hand, without credentials.
//!
//! Only for the sentence a person reads; nothing else depends on it.

use super::super::net;
use crate::error::StreamError;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// For each of the two questions.
const ANSWER_LIMIT: Duration = Duration::from_millis(1500);

/// How much of an answer is looked at.
const ANSWER_BYTES: usize = 512;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Diagnosis {
    /// It can't be connected to any more.
    Unreachable(StreamError),
    Answered(Answer),
    /// Connected, and nothing was said.
    Silent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Rtsp,
    Http,
    Tls,
    Ssh,
    /// The connection was closed without a byte.
    Closed,
    Other,
}

/// Asks in plain RTSP, then, if that is met with silence, whether it is a TLS port.
pub(super) async fn diagnose(address: SocketAddr) -> Diagnosis {
    if let Err(error) = net::reach(&[address]).await {
        return Diagnosis::Unreachable(error);
    }
    let plain = ask(address, b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n").await;
    if let Some(answer) = plain.as_deref().map(classify).filter(|answer| *answer != Answer::Closed) {
        return Diagnosis::Answered(answer);
    }
    if let Some(Answer::Tls) = ask(address, &CLIENT_HELLO).await.as_deref().map(classify) {
        return Diagnosis::Answered(Answer::Tls);
    }
    plain.map_or(Diagnosis::Silent, |_| Diagnosis::Answered(Answer::Closed))
}

/// The first bytes of the answer; empty if the connection was closed instead, None if nothing happened.
async fn ask(address: SocketAddr, question: &[u8]) -> Option<Vec<u8>> {
    let asking = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        // A failed write is a closed connection; what was said before it can still be read.
        let _ = stream.write_all(question).await;
        let mut answer = vec![0; ANSWER_BYTES];
        let mut filled = 0;
        // Enough to tell protocols apart, or all there is.
        while filled < ANSWER_BYTES {
            match timeout(ANSWER_LIMIT / 3, stream.read(&mut answer[filled..])).await {
                Ok(Ok(count @ 1..)) => filled += count,
                Ok(_) => break,
                Err(_) if filled > 0 => break,
                Err(_) => {}
            }
        }
        answer.truncate(filled);
        Some(answer)
    };
    timeout(ANSWER_LIMIT, asking).await.ok().flatten()
}

fn classify(answer: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(answer);
    let lower = text.to_ascii_lowercase();
    // Web servers say so when they are asked in plain text on their HTTPS port.
    let wants_https = lower.contains("https port") || lower.contains("https server");
    match answer {
        [] => Answer::Closed,
        // A TLS record: alert (21) or handshake (22), major version 3.
        [0x15 | 0x16, 0x03, ..] => Answer::Tls,
        _ if text.starts_with("RTSP/") => Answer::Rtsp,
        _ if wants_https => Answer::Tls,
        _ if text.starts_with("HTTP/") || lower.contains("<html") || lower.contains("<!doctype html") => Answer::Http,
        _ if text.starts_with("SSH-") => Answer::Ssh,
        _ => Answer::Other,
    }
}

/// A minimal TLS 1.2 ClientHello (RFC 5246 section 7.4.1.2): any TLS server answers it with a handshake or an alert record.
const CLIENT_HELLO: [u8; 56] = {
    let mut hello = [0; 56];
    // Record: handshake, version 3.1, length 51. Handshake: ClientHello, length 47. Version 3.3; then 32 bytes of random, here zero.
    let head = [0x16, 0x03, 0x01, 0x00, 0x33, 0x01, 0x00, 0x00, 0x2f, 0x03, 0x03];
    // No session id; 4 cipher suites (ECDHE-RSA-AES128-GCM, ECDHE-ECDSA-AES128-GCM, RSA-AES128-GCM, RSA-AES128-CBC); null compression.
    let tail = [0x00, 0x00, 0x08, 0xc0, 0x2f, 0xc0, 0x2b, 0x00, 0x9c, 0x00, 0x2f, 0x01, 0x00];
    let mut i = 0;
    while i < head.len() {
        hello[i] = head[i];
        i += 1;
    }
    let mut i = 0;
    while i < tail.len() {
        hello[head.len() + 32 + i] = tail[i];
        i += 1;
    }
    hello
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_tell_the_protocol() {
        assert_eq!(classify(b""), Answer::Closed);
        assert_eq!(classify(b"RTSP/1.0 200 OK\r\n"), Answer::Rtsp);
        assert_eq!(classify(b"HTTP/1.1 400 Bad Request\r\n"), Answer::Http);
        assert_eq!(classify(b"<!DOCTYPE HTML PUBLIC"), Answer::Http);
        assert_eq!(classify(b"HTTP/1.1 400\r\n\r\nThe plain HTTP request was sent to HTTPS port"), Answer::Tls);
        assert_eq!(classify(&[0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46]), Answer::Tls);
        assert_eq!(classify(b"SSH-2.0-OpenSSH_9.2"), Answer::Ssh);
        assert_eq!(classify(b"220 ftp"), Answer::Other);
    }

    #[test]
    fn the_hello_has_consistent_lengths() {
        assert_eq!(usize::from(CLIENT_HELLO[4]), CLIENT_HELLO.len() - 5);
        assert_eq!(usize::from(CLIENT_HELLO[8]), CLIENT_HELLO.len() - 9);
    }
}
