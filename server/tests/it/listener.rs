//! The listener on real sockets: slow, large, many, silent, and what a stop does to them.

use crate::live_support::http2::Http2;
use crate::live_support::mse::{open_as, refused};
use crate::support::TestApp;
use server::listen::Limits;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Everything that the server sends until it closes. Whether it closes is what is tested: the test hangs if it doesn't.
async fn rest(socket: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is cut off with unread bytes ends in a reset: what came before counts.
    let _ = socket.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn say(address: SocketAddr, text: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.expect("connected");
    socket.write_all(text.as_bytes()).await.expect("written");
    socket
}

/// A request whose body is longer than what comes of it.
fn slow_post(app: &TestApp, body: &str) -> String {
    let head = format!("POST /api/v1/cameras HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n", app.token);
    format!("{head}Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{body}")
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

fn hasty() -> Limits {
    let short = Duration::from_millis(200);
    Limits { start: short, head: short, write: short, ping: short, ..Limits::default() }
}

#[tokio::test]
async fn a_silent_or_slow_head_is_let_go() {
    let app = TestApp::start().await;
    let (address, server) = app.listen_within(hasty()).await;
    for beginning in ["", "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n", "PRI * HTTP/2.0\r\n", "\u{16}\u{3}\u{1}"] {
        let mut socket = say(address, beginning).await;
        let answer = rest(&mut socket).await;
        assert!(answer.is_empty() || status(&answer) == "408", "{beginning:?}: {answer}");
    }
    // A connection that is kept open for a next request is let go too.
    let mut socket = say(address, "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await;
    assert_eq!(status(&rest(&mut socket).await), "200");
    assert_eq!(server.open(), 0);
}

/// Frames of HTTP/2, as bytes: what the server says is none of the test's business, only that it ends.
#[tokio::test]
async fn a_silent_http2_connection_is_let_go() {
    let app = TestApp::start().await;
    let (address, server) = app.listen_within(hasty()).await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    // The head of a request (`:method: GET`) that is said to go on, and does not.
    let unfinished = [0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82];
    for bytes in [preface.clone(), [&preface[..], &settings].concat(), [&preface[..], &settings, &unfinished].concat()] {
        let mut socket = TcpStream::connect(address).await.expect("connected");
        socket.write_all(&bytes).await.expect("written");
        rest(&mut socket).await;
    }
    while server.open() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn heads_that_are_too_large_are_refused_over_http2_as_well() {
    let app = TestApp::start().await;
    let connection = Http2::plain(app.listen().await, ("cookie", "other=1".to_owned())).await;
    let large = "a".repeat(40_000);
    assert_eq!(connection.send("GET", "/health/live", &[("x-large", &large)], "").await.status, 431);
    let long = connection.get(&format!("/health/live?{}", "a".repeat(9000))).await;
    assert_eq!(long.problem(414), "uri_too_long");
    assert_eq!(connection.get("/health/live").await.status, 200, "the connection goes on");
}

#[tokio::test]
async fn pages_of_other_sites_are_told_from_our_own_over_http2() {
    let app = TestApp::start().await;
    let address = app.listen().await;
    let connection = Http2::plain(address, ("cookie", "other=1".to_owned())).await;
    let from = async |origin: &str| {
        let headers = [("content-type", "application/json"), ("origin", origin)];
        connection.send("POST", "/api/v1/session", &headers, "{\"username\":\"x\",\"password\":\"y\"}").await
    };
    assert_eq!(from(&format!("http://{address}")).await.problem(401), "sign_in_failed");
    for foreign in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        assert_eq!(from(foreign).await.problem(403), "cross_site", "{foreign}");
    }
}

/// A proxy that writes who asks it, and its own name as Host, as nginx does unless it is told otherwise.
#[tokio::test]
async fn sockets_open_through_a_trusted_proxy_and_only_for_its_own_pages() {
    let app =
        TestApp::start_with(&[("NIGHTJAR_TRUSTED_PROXIES", "127.0.0.1"), ("NIGHTJAR_ALLOWED_ORIGINS", "https://elsewhere.example")]).await;
    let id = app.add("Gate").await;
    let address = app.listen().await;
    let upstream = address.to_string();
    for path in ["/api/v1/ws".to_owned(), format!("/live/{id}/main/mse")] {
        let through = async |origin: &str| {
            let headers = [
                ("host", upstream.as_str()),
                ("x-forwarded-for", "192.0.2.7"),
                ("x-forwarded-proto", "https"),
                ("x-forwarded-host", "192.0.2.1"),
                ("origin", origin),
            ];
            refused(address, &path, &headers).await
        };
        assert_eq!(through("https://192.0.2.1").await, 101, "{path}");
        assert_eq!(through("https://elsewhere.example").await, 101, "{path}: named in the settings");
        assert_eq!(through("https://evil.example").await, 403, "{path}");
        assert_eq!(through(&format!("http://{upstream}")).await, 403, "{path}: the name between proxy and server is nobody's page");
    }
}

#[tokio::test]
async fn a_client_that_feeds_its_head_byte_by_byte_gets_no_more_time() {
    let app = TestApp::start().await;
    let (address, _server) = app.listen_within(hasty()).await;
    let mut socket = say(address, "GET / HTTP/1.1\r\nX-A: ").await;
    // Each byte comes well within the limit; all of them do not.
    while socket.write_all(b"a").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn heads_that_are_too_large_are_refused_in_words() {
    let app = TestApp::start().await;
    let address = app.listen().await;
    let get = |target: &str, headers: &str| {
        let text = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{headers}\r\n");
        async move { rest(&mut say(address, &text).await).await }
    };
    let long = get(&format!("/health/live?{}", "a".repeat(9000)), "").await;
    assert!(status(&long) == "414" && long.contains("uri_too_long"), "{long}");
    assert!(["414", "431"].contains(&status(&get(&format!("/{}", "a".repeat(100_000)), "").await)));
    let many: String = (0..200).map(|n| format!("X-{n}: a\r\n")).collect();
    assert_eq!(status(&get("/health/live", &many).await), "431");
    assert_eq!(status(&get("/health/live", &format!("X-Large: {}\r\n", "a".repeat(40_000))).await), "431");
    assert_eq!(status(&get("/health/live", &format!("X-Honest: {}\r\n", "a".repeat(4000))).await), "200");
}

#[tokio::test]
async fn a_body_that_never_comes_does_not_wait_for_ever() {
    let app = TestApp::start().await;
    let address = app.listen().await;
    let slow = slow_post(&app, "{\"name\":");
    let mut socket = say(address, &slow).await;
    // Once the head was read: from here on only the clock moves.
    tokio::time::sleep(Duration::from_millis(200)).await;
    tokio::time::pause();
    let answer = rest(&mut socket).await;
    assert!(status(&answer) == "400" && answer.contains("body_unreadable"), "{answer}");
}

#[tokio::test]
async fn connections_beyond_the_limit_are_closed_and_places_come_back() {
    let app = TestApp::start().await;
    let (address, server) = app.listen_within(Limits { connections_per_address: 3, ..Limits::default() }).await;
    let request = "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut socket = say(address, request).await;
        assert!(socket.read(&mut [0; 512]).await.expect("an answer") > 0);
        open.push(socket);
    }
    assert_eq!(server.open(), 3);
    let mut fourth = TcpStream::connect(address).await.expect("connected");
    let _ = fourth.write_all(request.as_bytes()).await;
    assert_eq!(rest(&mut fourth).await, "");
    open.clear();
    while server.open() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut again = say(address, request).await;
    assert!(again.read(&mut [0; 512]).await.expect("an answer") > 0);
}

#[tokio::test]
async fn a_websocket_keeps_its_place_as_long_as_it_is_open() {
    let app = TestApp::start().await;
    let (address, server) = app.listen_within(Limits::default()).await;
    let socket = open_as(address, "/api/v1/ws", ("authorization", format!("Bearer {}", app.token))).await;
    assert_eq!(server.open(), 1);
    drop(socket);
    while server.open() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_stop_ends_idle_connections_at_once_and_cuts_off_what_does_not_end() {
    let app = TestApp::start().await;
    let (address, server) = app.listen_within(Limits::default()).await;
    let mut silent = TcpStream::connect(address).await.expect("connected");
    let mut idle = say(address, "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await;
    assert!(idle.read(&mut [0; 4096]).await.expect("an answer") > 0);
    let mut busy = say(address, &slow_post(&app, "{")).await;
    while server.open() < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    app.state.stopping.cancel();
    assert_eq!((rest(&mut silent).await, rest(&mut idle).await), (String::new(), String::new()));
    server.ended(Duration::from_millis(100)).await;
    assert_eq!(rest(&mut busy).await, "");
}
