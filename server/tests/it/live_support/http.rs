//! A small HTTP/1.1 client on a bare socket: the tests see how an answer is framed (Content-Length, chunks, or to the end) and that
//! connections are kept, which a comfortable client hides.

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use bytes::Bytes;
use serde_json::Value;
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// One kept connection.
pub struct Http {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
    agent: String,
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("not JSON ({error}): {:?}", self.body))
    }

    /// A header's text, empty if it is not there.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a readable header"))
    }

    /// Its code, after it was made sure that it is a problem document of this status.
    #[track_caller]
    pub fn problem(&self, status: u16) -> String {
        assert_eq!((self.status, self.header("content-type")), (status, "application/problem+json"), "{:?}", self.body);
        assert_eq!(self.header("content-length"), self.body.len().to_string());
        self.json()["code"].as_str().expect("a code").to_owned()
    }
}

impl Http {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("a socket option");
        Self { address, stream: BufReader::new(stream), agent: "live-tests".to_owned() }
    }

    /// The same under another name: another HLS viewer.
    pub fn named(mut self, agent: &str) -> Self {
        agent.clone_into(&mut self.agent);
        self
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    pub async fn get_with(&mut self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.request("GET", path, headers, None).await
    }

    pub async fn head(&mut self, path: &str) -> Answer {
        self.request("HEAD", path, &[], None).await
    }

    pub async fn json(&mut self, method: &str, path: &str, body: &Value) -> Answer {
        self.request(method, path, &[("content-type", "application/json")], Some(body.to_string())).await
    }

    pub async fn request(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Answer {
        let (status, answered) = self.open(method, path, headers, body).await;
        let bodiless = method == "HEAD" || status == 304 || status == 204;
        let body = if bodiless { Bytes::new() } else { self.read_body(&answered, path).await };
        Answer { status, headers: answered, body }
    }

    /// Sends a request and reads the answer's head.
    pub async fn open(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<String>) -> (u16, HeaderMap) {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nuser-agent: {}\r\n", self.address, self.agent);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if headers.iter().all(|(name, _)| *name != "authorization" && *name != "cookie") {
            head.push_str(&format!("authorization: Bearer {}\r\n", super::token(self.address)));
        }
        let body = body.unwrap_or_default();
        head.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        self.stream.write_all(head.as_bytes()).await.expect("a request that is taken");
        let line = self.line().await;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no status in {line:?}"));
        let mut headers = HeaderMap::new();
        loop {
            let line = self.line().await;
            let Some((name, value)) = line.split_once(':') else { break };
            let name: HeaderName = name.parse().expect("a header's name");
            headers.append(name, HeaderValue::from_str(value.trim()).expect("a header's value"));
        }
        (status, headers)
    }

    async fn read_body(&mut self, headers: &HeaderMap, path: &str) -> Bytes {
        if let Some(length) = headers.get(CONTENT_LENGTH) {
            let length = length.to_str().expect("text").parse().expect("a number");
            let mut body = vec![0; length];
            self.stream.read_exact(&mut body).await.expect("a whole body");
            return body.into();
        }
        assert_eq!(headers.get(TRANSFER_ENCODING).map(HeaderValue::as_bytes), Some(&b"chunked"[..]), "{path} has no length: {headers:?}");
        let mut body = Vec::new();
        while let Some(piece) = self.chunk().await {
            body.extend_from_slice(&piece);
        }
        body.into()
    }

    /// The next piece of a chunked body; None at its end.
    pub async fn chunk(&mut self) -> Option<Bytes> {
        let line = self.line().await;
        let length = usize::from_str_radix(line.trim(), 16).unwrap_or_else(|_| panic!("no chunk length in {line:?}"));
        let mut piece = vec![0; length + 2];
        self.stream.read_exact(&mut piece).await.expect("a whole chunk");
        piece.truncate(length);
        (length > 0).then(|| piece.into())
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).await.expect("a line");
        assert!(line.ends_with("\r\n"), "the connection ended: {line:?}");
        line.truncate(line.len() - 2);
        line
    }
}
