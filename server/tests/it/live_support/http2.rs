//! A client on one HTTP/2 connection, in clear text or over TLS, for many requests at the same time.

use super::http::Answer;
use super::timely;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// Cheap to clone: clones share the connection.
#[derive(Clone)]
pub struct Http2 {
    sender: SendRequest<Full<bytes::Bytes>>,
    /// `https://localhost:8443`
    origin: String,
    /// The header that says who asks.
    who: (&'static str, String),
}

impl Http2 {
    /// In clear text, without asking first.
    pub async fn plain(address: SocketAddr, who: (&'static str, String)) -> Self {
        Self::on(TcpStream::connect(address).await.expect("the server listens"), format!("http://{address}"), who).await
    }

    /// Over a connection that is there already, such as one of TLS.
    pub async fn on(socket: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, origin: String, who: (&'static str, String)) -> Self {
        let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(socket)).await.expect("HTTP/2");
        tokio::spawn(connection);
        Self { sender, origin, who }
    }

    /// The same connection for somebody else.
    pub fn by(&self, who: (&'static str, String)) -> Self {
        Self { who, ..self.clone() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let request = hyper::Request::builder().method(method).uri(format!("{}{path}", self.origin)).header(self.who.0, &self.who.1);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(Full::from(bytes::Bytes::copy_from_slice(body.as_bytes()))).expect("a request");
        let mut sender = self.sender.clone();
        let asked = async {
            sender.ready().await.expect("the connection holds");
            let (head, body) = sender.send_request(request).await.expect("an answer").into_parts();
            assert_eq!(head.version, hyper::Version::HTTP_2);
            Answer { status: head.status.as_u16(), headers: head.headers, body: body.collect().await.expect("a whole body").to_bytes() }
        };
        timely("an answer over HTTP/2", asked).await
    }
}
