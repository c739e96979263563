//! HTTPS as browsers meet it: whose certificate, which protocol, what happens when a file is broken, and what HTTP answers meanwhile.

use crate::support::TestApp;
use crate::support::acme::Authority;
use crate::support::tls::{Trust, connect, get};
use axum::http::StatusCode;
use server::listen::{Limits, Port, Server};
use server::state::AppState;
use std::net::SocketAddr;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// HTTP and HTTPS of a server, as `nightjar serve` opens them.
pub async fn serve(app: &TestApp) -> (SocketAddr, SocketAddr, Server) {
    serve_state(&app.state).await
}

/// The same for a server that is not in a [`TestApp`].
pub async fn serve_state(state: &AppState) -> (SocketAddr, SocketAddr, Server) {
    let bind = async || TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let (http, https) = (bind().await, bind().await);
    let addresses = (http.local_addr().expect("bound"), https.local_addr().expect("bound"));
    for address in [addresses.0, addresses.1] {
        state.addresses.set_listener(address);
    }
    state.certificates.start(state).await;
    state.certificates.listens(Ok(addresses.1));
    let ports = vec![Port { listener: http, https: false }, Port { listener: https, https: true }];
    let tls = state.certificates.tls().expect("TLS");
    (addresses.0, addresses.1, Server::start(state, server::router::app(state.clone()), ports, Some(tls), Limits::default()))
}

async fn plain(address: SocketAddr, host: &str, path: &str) -> String {
    let mut socket = TcpStream::connect(address).await.expect("connected");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.expect("written");
    let mut text = String::new();
    socket.read_to_string(&mut text).await.expect("an answer");
    text
}

fn location(answer: &str) -> Option<&str> {
    answer.lines().find_map(|line| line.strip_prefix("location: "))
}

/// A certificate for `name` by an authority that nobody knows; the files and the authority's certificate.
fn issue(folder: &Path, name: &str) -> Vec<u8> {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "somebody");
    let authority = rcgen::CertifiedIssuer::self_signed(params, key).expect("an authority");
    let key = rcgen::KeyPair::generate().expect("a key");
    let certificate = rcgen::CertificateParams::new([name.to_owned()]).expect("a name").signed_by(&key, &authority).expect("signed");
    std::fs::write(folder.join("new.crt"), certificate.pem()).expect("written");
    std::fs::write(folder.join("new.key"), key.serialize_pem()).expect("written");
    for (from, to) in [("new.crt", "tls.crt"), ("new.key", "tls.key")] {
        std::fs::rename(folder.join(from), folder.join(to)).expect("renamed");
    }
    authority.der().to_vec()
}

#[tokio::test]
async fn the_first_start_serves_https_that_a_device_trusts_once_it_has_the_authority() {
    let app = TestApp::start().await;
    let (http, https, _server) = serve(&app).await;
    let authority = app.send(axum::http::Request::get("/https/nightjar-ca.crt").body(axum::body::Body::empty()).expect("a request")).await;
    assert_eq!(
        (authority.status, &authority.headers["content-type"]),
        (StatusCode::OK, &"application/x-x509-ca-cert".parse().expect("a value"))
    );
    let (_, der) = app.state.certificates.authority().expect("an authority");
    let trust = Trust::in_authority(&der);
    for name in ["127.0.0.1", "localhost"] {
        let (protocol, answer) = get(https, name, &trust, "/health/live").await.expect("trusted");
        assert_eq!((protocol.as_str(), answer.status().as_u16()), ("h2", 200), "{name}");
        assert!(!answer.headers().contains_key("strict-transport-security"), "the certificate is not one that others trust");
    }
    assert!(get(https, "127.0.0.1", &Trust::in_nobody(), "/").await.is_err(), "a browser warns");
    assert!(connect(https, "bank.example", &trust, &[b"h2"]).await.is_err(), "only for its own names");
    // HTTP stays as it is; clear text on the port of HTTPS is sent on; TLS works on the port of HTTP too.
    assert!(plain(http, &http.to_string(), "/health/live").await.starts_with("HTTP/1.1 200"));
    let astray = plain(https, &https.to_string(), "/camera/1?a=b").await;
    assert_eq!(location(&astray), Some(format!("https://{https}/camera/1?a=b").as_str()), "{astray}");
    assert_eq!(get(http, "127.0.0.1", &trust, "/health/live").await.expect("trusted").1.status().as_u16(), 200);
    let status = app.get("/api/v1/system/https").await.json();
    assert_eq!(
        (&status["mode"], &status["port"], &status["problem"]),
        (&"self_signed".into(), &https.port().into(), &serde_json::Value::Null)
    );
    assert!(status["authority"]["fingerprint"].as_str().is_some_and(|text| text.len() == 95), "{status}");
    // The authority outlives the server.
    app.state.stopping.cancel();
    let app = app.restart().await;
    serve(&app).await;
    assert_eq!(app.state.certificates.authority().expect("an authority").1, der);
}

#[tokio::test]
async fn files_are_followed_and_a_broken_one_changes_nothing_but_what_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut trust = Trust::in_authority(&issue(folder.path(), "cams.example"));
    let (certificate, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    let paths = (certificate.to_string_lossy().into_owned(), key.to_string_lossy().into_owned());
    let app = TestApp::start_with(&[
        ("NIGHTJAR_HTTPS", "files"),
        ("NIGHTJAR_CERTIFICATE_FILE", &paths.0),
        ("NIGHTJAR_KEY_FILE", &paths.1),
        ("NIGHTJAR_ALLOWED_ORIGINS", "https://cams.example"),
    ])
    .await;
    let (http, https, _server) = serve(&app).await;
    let problem = async || app.get("/api/v1/system/https").await.json()["problem"].as_str().map(str::to_owned);
    let looked = async |wanted: fn(&Option<String>) -> bool| {
        app.state.certificates.look_again();
        while !wanted(&problem().await) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let answer = get(https, "cams.example", &trust, "/health/live").await.expect("trusted").1;
    assert!(answer.headers().contains_key("strict-transport-security"));
    assert_eq!(problem().await, None);
    // HTTP leads to HTTPS where the certificate is good for the name, and only there.
    assert_eq!(
        location(&plain(http, &format!("cams.example:{}", http.port()), "/").await),
        Some(format!("https://cams.example:{}/", https.port()).as_str())
    );
    assert_eq!(location(&plain(http, "cams.example", "/a").await), Some("https://cams.example/a"), "port 80 was forwarded here: so is 443");
    for (host, path) in
        [("cams.example", "/health/live"), ("127.0.0.1", "/api/v1/cameras"), ("cams.example", "/.well-known/acme-challenge/x")]
    {
        assert_eq!(location(&plain(http, host, path).await), None, "{host}{path}");
    }

    for (file, bytes, word) in [(&certificate, "garbage", "certificate"), (&key, "garbage", "certificate")] {
        std::fs::write(file, bytes).expect("written");
        looked(Option::is_some).await;
        let told = problem().await.expect("a problem");
        assert!(told.contains(word) && told.contains("stays in use"), "{told}");
        assert_eq!(get(https, "cams.example", &trust, "/health/live").await.expect("the old one").1.status().as_u16(), 200);
    }
    std::fs::remove_file(&certificate).expect("removed");
    looked(|problem| problem.as_ref().is_some_and(|text| text.contains("does not exist"))).await;

    trust = Trust::in_authority(&issue(folder.path(), "cams.example"));
    looked(Option::is_none).await;
    assert_eq!(get(https, "cams.example", &trust, "/health/live").await.expect("the new one").1.status().as_u16(), 200);
}

#[tokio::test]
async fn while_the_files_are_broken_at_the_start_one_made_here_stands_in() {
    let app = TestApp::start_with(&[
        ("NIGHTJAR_HTTPS", "files"),
        ("NIGHTJAR_CERTIFICATE_FILE", "/no/such.crt"),
        ("NIGHTJAR_KEY_FILE", "/no/such.key"),
    ])
    .await;
    let (http, https, _server) = serve(&app).await;
    let status = app.get("/api/v1/system/https").await.json();
    assert_eq!(status["stand_in"], true);
    assert!(status["problem"].as_str().is_some_and(|text| text.contains("/no/such.crt") && text.contains("stands in")), "{status}");
    let trust = Trust::in_authority(&app.state.certificates.authority().expect("an authority").1);
    assert_eq!(get(https, "127.0.0.1", &trust, "/health/live").await.expect("trusted").1.status().as_u16(), 200);
    assert_eq!(location(&plain(http, "nas.lan", "/").await), None, "nobody is sent to a certificate that browsers warn of");
}

#[tokio::test]
async fn http_leads_to_https_where_it_is_set() {
    let app = TestApp::start_with(&[("NIGHTJAR_HTTP_REDIRECT", "true"), ("NIGHTJAR_ALLOWED_ORIGINS", "https://nas.lan")]).await;
    let (http, https, _server) = serve(&app).await;
    let port = http.port();
    assert_eq!(location(&plain(http, &format!("nas.lan:{port}"), "/").await), Some(format!("https://nas.lan:{}/", https.port()).as_str()));
    for (host, path) in [
        (format!("127.0.0.1:{port}"), "/api/v1/cameras"),
        (format!("nas.lan:{port}"), "/https"),
        (format!("nas.lan:{port}"), "/https/nightjar-ca.pem"),
    ] {
        assert_eq!(location(&plain(http, &host, path).await), None, "{host}{path}");
    }
    for host in ["evil.example/@nas.lan", "a@nas.lan", "nas.lan:8080:9"] {
        let answer = plain(http, host, "/").await;
        assert!(location(&answer).is_none_or(|to| to.starts_with("https://nas.lan")), "{answer}");
    }
}

#[tokio::test]
async fn both_ports_speak_http_1_for_those_that_ask_for_it() {
    let app = TestApp::start().await;
    let (_, https, _server) = serve(&app).await;
    let trust = Trust::in_authority(&app.state.certificates.authority().expect("an authority").1);
    let socket = connect(https, "localhost", &trust, &[b"http/1.1"]).await.expect("trusted");
    let request = tokio_tungstenite::tungstenite::ClientRequestBuilder::new("wss://localhost/api/v1/ws".parse().expect("an address"))
        .with_header("authorization", format!("Bearer {}", app.token));
    let (mut live, _) = tokio_tungstenite::client_async(request, socket).await.expect("a WebSocket over TLS");
    let first = futures::StreamExt::next(&mut live).await.expect("a message").expect("sound");
    assert!(first.to_text().expect("text").contains("\"type\""));
}

/// A port of somebody else, who proves nothing.
async fn somebody_else() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
        }
    });
    address
}

/// A server that orders from an authority that finds its name at `port_80`, or at the server itself.
async fn ordering(port_80: Option<SocketAddr>, folder: &Path) -> (TestApp, Authority, SocketAddr, SocketAddr, Server) {
    // The authority must know the port, and the server the authority: the port is found first.
    let own = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    own.set_nonblocking(true).expect("set");
    let http = own.local_addr().expect("bound");
    let root = folder.join("root.pem");
    let authority = Authority::start(port_80.unwrap_or(http), &root).await;
    let app = TestApp::start_with(&[
        ("NIGHTJAR_HTTPS", "acme"),
        ("NIGHTJAR_ACME_DOMAINS", "cams.example"),
        ("NIGHTJAR_ACME_EMAIL", "me@cams.example"),
        ("NIGHTJAR_ACME_DIRECTORY", &authority.directory),
        ("NIGHTJAR_ACME_ROOT", &root.to_string_lossy()),
    ])
    .await;
    let https = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = https.local_addr().expect("bound");
    app.state.addresses.set_listener(http);
    let ports =
        vec![Port { listener: TcpListener::from_std(own).expect("a listener"), https: false }, Port { listener: https, https: true }];
    let tls = app.state.certificates.tls().expect("TLS");
    let server = Server::start(&app.state, app.router.clone(), ports, Some(tls), Limits::default());
    app.state.certificates.start(&app.state).await;
    app.state.certificates.listens(Ok(address));
    (app, authority, http, address, server)
}

async fn until(app: &TestApp, wanted: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
    loop {
        let status = app.get("/api/v1/system/https").await.json();
        if wanted(&status) {
            return status;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_certificate_is_ordered_proved_and_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let (app, authority, http, https, _server) = ordering(None, folder.path()).await;
    let status = until(&app, |status| status["stand_in"] == false || !status["problem"].is_null()).await;
    assert_eq!((&status["problem"], &status["names"]), (&serde_json::Value::Null, &serde_json::json!(["cams.example"])));
    let trust = Trust::in_authority(&authority.der());
    let answer = get(https, "cams.example", &trust, "/health/live").await.expect("trusted").1;
    assert!(answer.headers().contains_key("strict-transport-security"));
    assert!(location(&plain(http, "cams.example", "/").await).is_some());
    let kept = app.data().join("certificates");
    for file in ["acme.pem", "acme.key", "acme-account.json"] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(kept.join(file)).expect("kept").permissions().mode() & 0o777, 0o600, "{file}");
    }
    // It is there after a restart too, without another order.
    app.state.certificates.look_again();
    let other = server::certificates::Certificates::new(app.data());
    other.start(&app.state).await;
    assert!(!other.status(&app.state.settings.get()).stand_in);
    assert_eq!(authority.orders(), 1);
}

/// While the certificate of the old name was good for weeks, none was ordered for the new one.
#[tokio::test]
async fn another_name_is_ordered_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (app, authority, _, https, _server) = ordering(None, folder.path()).await;
    until(&app, |status| status["stand_in"] == false).await;
    let names = vec!["yard.example".to_owned()];
    let settings = server::config::Settings { acme_domains: names.clone(), ..(*app.state.settings.get()).clone() };
    app.state.reconfigure(settings).await.expect("taken");
    let ordered = until(&app, |status| status["names"] == serde_json::json!(names) || !status["problem"].is_null());
    let status = crate::live_support::timely("another certificate", ordered).await;
    assert_eq!(status["problem"], serde_json::Value::Null);
    get(https, "yard.example", &Trust::in_authority(&authority.der()), "/health/live").await.expect("trusted");
    assert_eq!(authority.orders(), 2);
}

#[tokio::test]
async fn an_order_that_fails_is_told_and_tried_again_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let (app, authority, _, https, _server) = ordering(Some(somebody_else().await), folder.path()).await;
    let status = until(&app, |status| !status["problem"].is_null()).await;
    let told = status["problem"].as_str().expect("a sentence");
    assert!(told.contains("port 80") && told.contains("the proof is not the one"), "{told}");
    assert!(status["stand_in"] == true && status["next_order_at"].is_string(), "{status}");
    let trust = Trust::in_authority(&app.state.certificates.authority().expect("a stand-in").1);
    assert_eq!(get(https, "127.0.0.1", &trust, "/health/live").await.expect("trusted").1.status().as_u16(), 200);
    assert_eq!(authority.orders(), 1);
}
