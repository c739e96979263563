//! A client for HTTPS that trusts whom a test says.

use http_body_util::Empty;
use hyper::Response;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Whom a client trusts.
#[derive(Clone)]
pub struct Trust(RootCertStore);

impl Trust {
    pub fn in_nobody() -> Self {
        Self(RootCertStore::empty())
    }

    pub fn in_authority(der: &[u8]) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(der.to_vec())).expect("a certificate");
        Self(roots)
    }
}

/// Connects to `address` and expects a certificate for `name`.
pub async fn connect(address: SocketAddr, name: &str, trust: &Trust, protocols: &[&[u8]]) -> std::io::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(trust.0.clone())
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let tcp = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(name.to_owned()).expect("a name"), tcp).await
}

/// A client on one HTTP/2 connection.
pub type Http2 = hyper::client::conn::http2::SendRequest<Empty<bytes::Bytes>>;

/// Opens an HTTP/2 connection.
pub async fn http2(address: SocketAddr, name: &str, trust: &Trust) -> std::io::Result<Http2> {
    let socket = connect(address, name, trust, &[b"h2", b"http/1.1"]).await?;
    assert_eq!(socket.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await.expect("HTTP/2");
    tokio::spawn(connection);
    Ok(sender)
}

/// Asks by HTTP/2; the protocol and the answer.
pub async fn get(address: SocketAddr, name: &str, trust: &Trust, path: &str) -> std::io::Result<(String, Response<hyper::body::Incoming>)> {
    let mut sender = http2(address, name, trust).await?;
    let request = hyper::Request::get(format!("https://{name}:{}{path}", address.port())).body(Empty::new()).expect("a request");
    Ok(("h2".to_owned(), sender.send_request(request).await.expect("an answer")))
}
