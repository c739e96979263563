//! The only way of ffmpeg children to the network: an HTTP proxy on loopback that lives as long as its child.
//!
//! ffmpeg resolves names by itself and follows redirects, so a check before it starts proves nothing about where it connects. Told of a proxy
//! it sends HTTP through it and opens TLS (HTTPS, RTSPS, RTMPS) by CONNECT; here every target, a redirect's too, is resolved, checked
//! ([`AddressPolicy`]) and connected to by the checked address.

use super::net::{self, AddressPolicy};
use crate::error::StreamError;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use url::Url;

/// Longest head of a request.
const MAX_HEAD: usize = 16 << 10;
/// Until the head is there; the child writes it at once.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// Connections of one child at the same time; it opens one, and another after a redirect.
const MAX_CONNECTIONS: usize = 8;
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// A running gate; dropping it cuts its connections.
#[derive(Debug)]
pub(super) struct Gate {
    address: SocketAddr,
    refusal: Arc<Mutex<Option<StreamError>>>,
    task: JoinHandle<()>,
}

impl Gate {
    /// Opens a gate on a free port.
    pub async fn open(policy: AddressPolicy) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let refusal = Arc::new(Mutex::new(None));
        let task = tokio::spawn(run(listener, policy, Arc::clone(&refusal)));
        Ok(Self { address, refusal, task })
    }

    /// For the child's environment, as `http_proxy`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Why the last target was refused.
    pub fn refusal(&self) -> Option<StreamError> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(listener: TcpListener, policy: AddressPolicy, refusal: Arc<Mutex<Option<StreamError>>>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) if connections.len() < MAX_CONNECTIONS => {
                    let refusal = Arc::clone(&refusal);
                    connections.spawn(async move {
                        if let Err(error) = pass(socket, policy).await {
                            *refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                        }
                    });
                }
                Ok(_) => {}
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection; the error is for people. What breaks in the middle is the child's to tell.
async fn pass(mut socket: TcpStream, policy: AddressPolicy) -> Result<(), StreamError> {
    let Some(head) = timeout(HEAD_WITHIN, read_head(&mut socket)).await.ok().flatten() else { return Ok(()) };
    let Some(request) = Request::parse(&head) else {
        let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        return Ok(());
    };
    let mut far = match connect(&request, policy).await {
        Ok(far) => far,
        Err(error) => {
            let _ = socket.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
            return Err(error);
        }
    };
    let begun = match &request.forward {
        Some(head) => far.write_all(head).await,
        None => socket.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await,
    };
    if begun.is_ok() {
        // Ends with either side.
        let _ = copy_bidirectional(&mut socket, &mut far).await;
    }
    Ok(())
}

async fn connect(request: &Request, policy: AddressPolicy) -> Result<TcpStream, StreamError> {
    let addresses = net::resolve(&request.target, request.port, policy).await?;
    let mut last = None;
    for address in addresses {
        match timeout(CONNECT_WITHIN, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = Some(net::connect_error(address, &error)),
            Err(_) => last = Some(net::connect_error(address, &io::ErrorKind::TimedOut.into())),
        }
    }
    Err(last.unwrap_or_else(|| net::connect_error(SocketAddr::from(([0, 0, 0, 0], request.port)), &io::ErrorKind::NotFound.into())))
}

/// Up to and with the empty line; byte by byte, so that nothing behind it is taken. None if it is none.
async fn read_head(socket: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= MAX_HEAD {
            return None;
        }
        head.push(socket.read_u8().await.ok()?);
    }
    Some(head)
}

/// What the child asks the proxy for.
struct Request {
    /// Scheme and host only matter.
    target: Url,
    port: u16,
    /// The head as the target gets it; None for a tunnel.
    forward: Option<Vec<u8>>,
}

impl Request {
    fn parse(head: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(head).ok()?;
        let (line, rest) = text.split_once("\r\n")?;
        let mut words = line.split(' ');
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        if method == "CONNECT" {
            let target = Url::parse(&format!("http://{target}")).ok()?;
            let port = target.port_or_known_default()?;
            return Some(Self { target, port, forward: None });
        }
        let target = Url::parse(target).ok().filter(|target| target.scheme() == "http")?;
        let port = target.port_or_known_default()?;
        let query = target.query().map_or_else(String::new, |query| format!("?{query}"));
        let forward = format!("{method} {}{query} {version}\r\n{rest}", target.path());
        Some(Self { port, forward: Some(forward.into_bytes()), target })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(gate: &Gate, request: &str) -> String {
        let mut socket = TcpStream::connect(gate.address).await.expect("connected");
        socket.write_all(request.as_bytes()).await.expect("written");
        let mut text = Vec::new();
        let _ = socket.read_to_end(&mut text).await;
        String::from_utf8_lossy(&text).into_owned()
    }

    #[tokio::test]
    async fn what_is_not_permitted_is_not_reached_by_any_spelling() {
        let inner = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = inner.local_addr().expect("bound").port();
        let gate = Gate::open(AddressPolicy::default()).await.expect("a gate");
        for host in [
            "127.0.0.1",
            "localhost",
            "[::1]",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "127.1",
            "[::ffff:127.0.0.1]",
            "0.0.0.0",
            "169.254.169.254",
        ] {
            for request in
                [format!("CONNECT {host}:{port} HTTP/1.1\r\n\r\n"), format!("GET http://{host}:{port}/a HTTP/1.1\r\nHost: x\r\n\r\n")]
            {
                let answer = ask(&gate, &request).await;
                assert!(answer.starts_with("HTTP/1.1 403"), "{request}: {answer}");
                assert!(gate.refusal().is_some());
            }
        }
        for nonsense in ["GET /a HTTP/1.1\r\n\r\n", "CONNECT\r\n\r\n", "GET ftp://127.0.0.1/ HTTP/1.1\r\n\r\n", "\r\n\r\n"] {
            assert!(ask(&gate, nonsense).await.starts_with("HTTP/1.1 400"), "{nonsense:?}");
        }
        assert!(timeout(Duration::from_millis(50), inner.accept()).await.is_err(), "nothing came through");
    }

    #[tokio::test]
    async fn what_is_permitted_goes_through_as_if_nothing_were_between() {
        let inner = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = inner.local_addr().expect("bound").port();
        let server = tokio::spawn(async move {
            let (mut socket, _) = inner.accept().await.expect("a connection");
            let head = read_head(&mut socket).await.expect("a head");
            socket.write_all(b"HTTP/1.1 200 OK\r\n\r\nvideo").await.expect("written");
            String::from_utf8(head).expect("text")
        });
        let gate = Gate::open(AddressPolicy { allow_loopback: true, ..AddressPolicy::default() }).await.expect("a gate");
        let answer = ask(&gate, &format!("GET http://localhost:{port}/live.flv?key=1 HTTP/1.1\r\nHost: cam:9\r\n\r\n")).await;
        assert!(answer.ends_with("video"), "{answer}");
        assert_eq!(server.await.expect("ended"), "GET /live.flv?key=1 HTTP/1.1\r\nHost: cam:9\r\n\r\n");
    }
}
