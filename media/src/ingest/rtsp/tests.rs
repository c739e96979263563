//! Real sockets on the loopback interface, answering as cameras do. Whole streams are tested in `tests/` against the scripted camera.

use super::super::connect::{Connector, ConnectorOptions};
use super::super::{Connect, Credentials as Login, SourceSpec};
use super::*;
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

/// An H.264 description without parameter sets.
const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n";

/// What a fake server does with one connection's bytes so far: reply with these bytes, or close.
enum Reply {
    Send(Vec<u8>),
    /// Send and close.
    Last(Vec<u8>),
    Silence,
}

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn push(&self, request: String) {
        self.0.lock().expect("not poisoned").push(request);
    }

    /// Requests with the method and a header that starts so.
    fn count(&self, method: &str, header: &str) -> usize {
        let seen = self.0.lock().expect("not poisoned");
        seen.iter().filter(|request| request.starts_with(method) && request.contains(header)).count()
    }
}

/// A server that hands every request head (or the first bytes of something else) to `answer`.
async fn serve(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> (Url, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = Url::parse(&format!("rtsp://{}/main", listener.local_addr().expect("bound"))).expect("a URL");
    let seen = Seen::default();
    let (answer, log) = (Arc::new(answer), seen.clone());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (answer, log) = (Arc::clone(&answer), log.clone());
            tokio::spawn(async move {
                let mut buffer = Vec::new();
                let mut chunk = [0; 2048];
                while let Ok(count @ 1..) = stream.read(&mut chunk).await {
                    buffer.extend_from_slice(&chunk[..count]);
                    let text = String::from_utf8_lossy(&buffer).into_owned();
                    if !text.ends_with("\r\n\r\n") && !buffer.starts_with(&[0x16]) {
                        continue;
                    }
                    log.push(text.clone());
                    buffer.clear();
                    match answer(&text) {
                        Reply::Send(bytes) => drop(stream.write_all(&bytes).await),
                        Reply::Last(bytes) => return drop(stream.write_all(&bytes).await),
                        Reply::Silence => {}
                    }
                }
            });
        }
    });
    (url, seen)
}

/// An RTSP answer to `request` with its CSeq.
fn rtsp(request: &str, status: &str, headers: &str, body: &str) -> Reply {
    let cseq = request.lines().find_map(|line| line.strip_prefix("CSeq: ")).unwrap_or("0");
    let length =
        if body.is_empty() { String::new() } else { format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n", body.len()) };
    Reply::Send(format!("RTSP/1.0 {status}\r\nCSeq: {cseq}\r\n{headers}{length}\r\n{body}").into_bytes())
}

fn spec(url: &Url, login: Option<(&str, &str)>, transport: TransportChoice) -> SourceSpec {
    let credentials = login.map(|(username, password)| Login { username: username.to_owned(), password: password.to_owned().into() });
    SourceSpec::Rtsp(RtspSpec { url: url.clone(), credentials, transport, quirks: Quirks::default() })
}

fn connector() -> Connector {
    Connector::new(ConnectorOptions {
        addresses: AddressPolicy { allow_loopback: true, ..AddressPolicy::default() },
        ..ConnectorOptions::default()
    })
}

async fn refused(url: &Url, login: Option<(&str, &str)>, transport: TransportChoice) -> StreamError {
    match connector().connect(&spec(url, login, transport), &LoginMark::default()).await {
        Ok(source) => panic!("opened: {}", source.describe()),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_wrong_password_is_tried_exactly_once() {
    for challenge in ["Digest realm=\"cam\", nonce=\"abc\", qop=\"auth\"", "Basic realm=\"cam\""] {
        let (url, seen) = serve(move |request| rtsp(request, "401 Unauthorized", &format!("WWW-Authenticate: {challenge}\r\n"), "")).await;
        let error = refused(&url, Some(("admin", "wrong")), TransportChoice::Auto).await;
        assert_eq!(error.code, ErrorCode::AuthFailed);
        assert!(error.message.contains("refused"), "{}", error.message);
        assert_eq!(seen.count("", "Authorization: "), 1, "{challenge}");
    }
}

#[tokio::test]
async fn a_missing_password_is_asked_for() {
    let (url, seen) = serve(|request| rtsp(request, "401 Unauthorized", "WWW-Authenticate: Basic realm=\"cam\"\r\n", "")).await;
    let error = refused(&url, None, TransportChoice::Auto).await;
    assert_eq!(error.code, ErrorCode::AuthFailed);
    assert!(error.message.contains("asks for"), "{}", error.message);
    assert_eq!(seen.count("", "Authorization: "), 0);
}

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let (url, _) = serve(|request| rtsp(request, "404 Not Found", "", "")).await;
    assert_eq!(refused(&url, None, TransportChoice::Auto).await.code, ErrorCode::NotFound);
}

#[tokio::test]
async fn a_full_camera_is_a_session_limit() {
    for status in ["453 Not Enough Bandwidth", "503 Service Unavailable", "403 Forbidden"] {
        let (url, _) = serve(move |request| match request.starts_with("DESCRIBE") {
            true => rtsp(request, "200 OK", "", SDP),
            false => rtsp(request, status, "", ""),
        })
        .await;
        assert_eq!(refused(&url, None, TransportChoice::Auto).await.code, ErrorCode::SessionLimit, "{status}");
    }
}

#[tokio::test]
async fn other_servers_on_the_port_are_named() {
    let (web, _) = serve(|_| Reply::Last(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec())).await;
    let error = refused(&web, None, TransportChoice::Auto).await;
    assert_eq!((error.code, error.message.contains("web server")), (ErrorCode::Protocol, true), "{}", error.message);

    let (alerting, _) = serve(|_| Reply::Last(vec![0x15, 3, 1, 0, 2, 2, 70])).await;
    assert_eq!(refused(&alerting, None, TransportChoice::Auto).await.code, ErrorCode::Tls);

    // Closes on anything but a TLS hello.
    let (strict, _) = serve(|request| match request.as_bytes().first() {
        Some(0x16) => Reply::Last(vec![0x15, 3, 3, 0, 2, 2, 40]),
        _ => Reply::Last(Vec::new()),
    })
    .await;
    assert_eq!(refused(&strict, None, TransportChoice::Auto).await.code, ErrorCode::Tls);

    let (closing, _) = serve(|_| Reply::Last(Vec::new())).await;
    let error = refused(&closing, None, TransportChoice::Auto).await;
    assert_eq!((error.code, error.message.contains("closes them")), (ErrorCode::Protocol, true), "{}", error.message);
}

#[tokio::test]
async fn a_port_that_says_nothing_is_a_timeout() {
    let (url, _) = serve(|_| Reply::Silence).await;
    assert_eq!(refused(&url, None, TransportChoice::Auto).await.code, ErrorCode::Timeout);
}

#[tokio::test]
async fn streams_that_cannot_be_carried_are_named() {
    let jpeg = SDP.replace("RTP/AVP 96", "RTP/AVP 26").replace("96 H264", "26 JPEG");
    let (url, seen) = serve(move |request| rtsp(request, "200 OK", "", &jpeg)).await;
    let error = refused(&url, None, TransportChoice::Auto).await;
    assert_eq!((error.code, error.message.contains("JPEG")), (ErrorCode::UnsupportedCodec, true), "{}", error.message);
    assert_eq!(seen.count("SETUP", ""), 0);

    let audio_only = SDP.replace("m=video 0 RTP/AVP 96", "m=audio 0 RTP/AVP 0").replace("96 H264/90000", "0 PCMU/8000");
    let (url, _) = serve(move |request| rtsp(request, "200 OK", "", &audio_only)).await;
    assert_eq!(refused(&url, None, TransportChoice::Auto).await.code, ErrorCode::NoVideo);
}

#[tokio::test]
async fn a_refused_transport_is_replaced_once_and_remembered() {
    // Takes UDP only, and fails at PLAY so that the test ends there.
    let (url, seen) = serve(|request| match request {
        _ if request.starts_with("DESCRIBE") => rtsp(request, "200 OK", "", SDP),
        _ if request.starts_with("SETUP") && request.contains("RTP/AVP/TCP") => rtsp(request, "461 Unsupported Transport", "", ""),
        _ if request.starts_with("SETUP") => {
            rtsp(request, "200 OK", "Session: 7\r\nTransport: RTP/AVP/UDP;unicast;client_port=1-2;server_port=9000-9001\r\n", "")
        }
        _ if request.starts_with("PLAY") => rtsp(request, "500 Internal Server Error", "", ""),
        _ => rtsp(request, "200 OK", "", ""),
    })
    .await;
    let connector = connector();
    for attempt in 1..=2 {
        let error = connector.connect(&spec(&url, None, TransportChoice::Auto), &LoginMark::default()).await.err().expect("PLAY fails");
        assert_eq!(error.code, ErrorCode::Protocol);
        assert_eq!(seen.count("SETUP", "RTP/AVP/TCP"), 1, "TCP is not asked for again");
        assert_eq!(seen.count("SETUP", "RTP/AVP/UDP"), attempt);
    }
    let error = connector.connect(&spec(&url, None, TransportChoice::Tcp), &LoginMark::default()).await.err().expect("TCP is refused");
    assert_eq!(error.code, ErrorCode::UnsupportedTransport);
    assert!(error.message.contains("UDP"), "{}", error.message);
}

#[tokio::test]
async fn refused_sound_does_not_cost_the_picture() {
    let parameters = "a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z2QADKzZQUGfnwEQAAADABAAAAMB4PFCmWA=,aOvjyyLA\r\n";
    let described = format!("{SDP}{parameters}m=audio 0 RTP/AVP 0\r\na=control:track2\r\nm=audio 0 RTP/AVP 8\r\na=control:track3\r\n");
    let (url, seen) = serve(move |request| match request {
        _ if request.starts_with("DESCRIBE") => rtsp(request, "200 OK", "", &described),
        _ if request.starts_with("SETUP") && request.contains("track1") => {
            rtsp(request, "200 OK", "Session: 7\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n", "")
        }
        _ if request.starts_with("SETUP") => rtsp(request, "500 Internal Server Error", "", ""),
        _ => rtsp(request, "200 OK", "Session: 7\r\n", ""),
    })
    .await;
    let source = connector().connect(&spec(&url, None, TransportChoice::Auto), &LoginMark::default()).await.expect("it opens");
    assert_eq!((source.tracks().video.width, source.tracks().audio.is_none()), (320, true));
    assert_eq!(seen.count("SETUP", "track"), 2, "the first audio track only");
    source.close().await;
    assert_eq!(seen.count("TEARDOWN", "Session: 7"), 1);
}

#[tokio::test]
async fn loopback_needs_permission() {
    let (url, seen) = serve(|request| rtsp(request, "404 Not Found", "", "")).await;
    let error = Connector::default().connect(&spec(&url, None, TransportChoice::Auto), &LoginMark::default()).await.err().expect("refused");
    assert_eq!(error.code, ErrorCode::Unreachable);
    assert_eq!(seen.count("", ""), 0);
}

#[test]
fn odd_video_clocks_are_converted() {
    assert_eq!(to_90k(-5, 90_000), -5);
    assert_eq!(to_90k(1000, 1000), 90_000);
    assert_eq!(to_90k(i64::MAX, 1), i64::MAX);
}
