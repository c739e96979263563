//! RTSP 1.0 messages (RFC 2326): requests out of a byte buffer, answers into one. No sockets, no behaviour.

use std::fmt::Write;

/// Requests longer than this are nonsense.
const MAX_REQUEST: usize = 64 * 1024;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// A header's value, by case-insensitive name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The URL's path without query and trailing slash: `/main/trackID=0`.
    pub(crate) fn path(&self) -> &str {
        let after_scheme = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        let path = after_scheme.find('/').map_or("", |at| &after_scheme[at..]);
        path.split('?').next().unwrap_or("").trim_end_matches('/')
    }
}

/// What lies at the start of a connection's input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Request(Request),
    /// An interleaved frame: receiver reports.
    Interleaved,
    /// More bytes are needed.
    Incomplete,
    /// Not RTSP.
    Invalid,
}

/// Takes one request or interleaved frame from the front of `buffer`.
pub(crate) fn take(buffer: &mut Vec<u8>) -> Input {
    if buffer.first() == Some(&b'$') {
        let Some(length) = buffer.get(2..4).map(|l| usize::from(u16::from_be_bytes([l[0], l[1]])) + 4) else { return Input::Incomplete };
        if buffer.len() < length {
            return Input::Incomplete;
        }
        buffer.drain(..length);
        return Input::Interleaved;
    }
    let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return if buffer.len() > MAX_REQUEST { Input::Invalid } else { Input::Incomplete };
    };
    let Ok(head) = std::str::from_utf8(&buffer[..end]) else { return Input::Invalid };
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or("").split(' ');
    let (Some(method), Some(url), Some("RTSP/1.0")) = (first.next(), first.next(), first.next()) else { return Input::Invalid };
    let headers = lines.filter_map(|line| line.split_once(':')).map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()));
    let request = Request { method: method.to_owned(), url: url.to_owned(), headers: headers.collect() };
    let body = request.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0usize);
    if body > MAX_REQUEST {
        return Input::Invalid;
    }
    if buffer.len() < end + 4 + body {
        return Input::Incomplete;
    }
    buffer.drain(..end + 4 + body);
    Input::Request(request)
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Response {
    pub status: u16,
    headers: String,
    body: String,
}

impl Response {
    pub(crate) fn new(status: u16) -> Self {
        Self { status, headers: String::new(), body: String::new() }
    }

    pub(crate) fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        write!(self.headers, "{name}: {value}\r\n").expect("writing to a string does not fail");
        self
    }

    pub(crate) fn with_body(mut self, content_type: &str, body: String) -> Self {
        self = self.with("Content-Type", content_type).with("Content-Length", body.len());
        self.body = body;
        self
    }

    pub(crate) fn encode(&self, cseq: &str) -> String {
        format!("RTSP/1.0 {} {}\r\nCSeq: {cseq}\r\nServer: fakecam\r\n{}\r\n{}", self.status, reason(self.status), self.headers, self.body)
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        453 => "Not Enough Bandwidth",
        454 => "Session Not Found",
        455 => "Method Not Valid in This State",
        461 => "Unsupported Transport",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_receiver_reports_are_taken_one_by_one() {
        let mut buffer = b"$\x01\x00\x02abOPTIONS rtsp://host:554/main/?x=1 RTSP/1.0\r\nCSeq: 3\r\n\r\nGET_PARAMETER rtsp://h/a RTSP/1.0\r\nContent-Length: 3\r\n\r\nab".to_vec();
        assert_eq!(take(&mut buffer), Input::Interleaved);
        let Input::Request(request) = take(&mut buffer) else { panic!("a request") };
        assert_eq!((request.method.as_str(), request.path(), request.header("cseq")), ("OPTIONS", "/main", Some("3")));
        assert_eq!(take(&mut buffer), Input::Incomplete);
        buffer.push(b'c');
        assert!(matches!(take(&mut buffer), Input::Request(_)));
        assert!(buffer.is_empty());
    }

    #[test]
    fn other_protocols_are_invalid() {
        assert_eq!(take(&mut b"GET / HTTP/1.1\r\n\r\n".to_vec()), Input::Invalid);
        assert_eq!(take(&mut vec![b'x'; MAX_REQUEST + 1]), Input::Invalid);
    }
}
