use super::send::filled;
use super::*;
use crate::config::{Flags, Settings};
use crate::services::address::{AddressPolicy, Resolve};
use async_trait::async_trait;
use proptest::prelude::*;
use serde_json::json;
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn input(url: &str) -> WebhookInput {
    WebhookInput { url: url.to_owned(), ..WebhookInput::default() }
}

fn fault(input: &WebhookInput) -> (&'static str, &'static str) {
    let fault = Webhook::new(input, None).expect_err("refused");
    (fault.field, fault.code)
}

/// Names whose addresses are other ones at every look-up.
#[derive(Default)]
struct Turning {
    answers: Mutex<Vec<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

#[async_trait]
impl Resolve for Turning {
    async fn resolve(&self, _host: &str, _port: u16) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().expect("not poisoned");
        Ok(if answers.len() > 1 { answers.remove(0) } else { answers.first().cloned().unwrap_or_default() })
    }
}

fn sender(allow_loopback: bool, answers: &[&[&str]]) -> (Sender, Arc<Turning>) {
    let environment = HashMap::from([("NIGHTJAR_ALLOW_LOOPBACK_WEBHOOKS".to_owned(), allow_loopback.to_string())]);
    let settings = Settings::load_from(&Flags::default(), Some(environment)).expect("loads");
    let answers = answers.iter().map(|one| one.iter().map(|text| text.parse().expect("an address")).collect()).collect();
    let names = Arc::new(Turning { answers: Mutex::new(answers), asked: AtomicUsize::new(0) });
    (Sender::new(AddressPolicy::new(&settings, names.clone())), names)
}

fn about() -> About {
    About { camera: "Gate \"north\"\\".into(), camera_id: 7, reason: "dark for 5 min".into() }
}

/// Answers every request with `head` and keeps what came.
async fn receiver(head: &'static str) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let received = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut text = String::new();
            let mut buffer = [0; 4096];
            while !whole(&text) {
                match socket.read(&mut buffer).await {
                    Ok(0) | Err(_) => break,
                    Ok(count) => text.push_str(&String::from_utf8_lossy(&buffer[..count])),
                }
            }
            kept.lock().expect("not poisoned").push(text);
            let _ = socket.write_all(head.as_bytes()).await;
        }
    });
    (port, received)
}

fn whole(text: &str) -> bool {
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").and_then(|n| n.trim().parse().ok()));
    body.len() >= length.unwrap_or(0)
}

const OK: &str = "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn it_is_received_once_with_its_body_and_secret() {
    let (port, received) = receiver(OK).await;
    let (sender, _) = sender(true, &[]);
    let hook = WebhookInput {
        body: Some(r##"{"name": "{camera}", "n": "#{camera_id}", "why": ["{reason}"], "keep": {"a": 1}}"##.into()),
        header: Some("X-Relay-Key".into()),
        secret: Some("s3cret".into()),
        ..input(&format!("http://127.0.0.1:{port}/relay?port=3"))
    };
    let report = sender.send(&Webhook::new(&hook, None).expect("good"), &about()).await.expect("received");
    assert_eq!(report.status, 204);
    let requests = received.lock().expect("not poisoned").clone();
    assert_eq!(requests.len(), 1);
    let (head, body) = requests[0].split_once("\r\n\r\n").expect("a request");
    assert!(head.starts_with("POST /relay?port=3 HTTP/1.1\r\n"), "{head}");
    assert!(head.to_ascii_lowercase().contains("x-relay-key: s3cret") && head.to_ascii_lowercase().contains("application/json"), "{head}");
    let body: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(body, json!({"name": "Gate \"north\"\\", "n": "#7", "why": ["dark for 5 min"], "keep": {"a": 1}}));
}

#[tokio::test]
async fn a_redirect_is_told_and_not_followed() {
    let (target, reached) = receiver(OK).await;
    let head = format!("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{target}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let (port, _) = receiver(head.leak()).await;
    let (sender, _) = sender(true, &[]);
    let hook = Webhook::new(&input(&format!("http://127.0.0.1:{port}/")), None).expect("good");
    assert_eq!(sender.send(&hook, &about()).await.expect_err("not followed").code, "webhook_redirect");
    assert!(reached.lock().expect("not poisoned").is_empty());
}

#[tokio::test]
async fn what_goes_wrong_is_told_without_the_address() {
    let (sender, _) = sender(true, &[]);
    let (port, _) = receiver("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("bound").port();
    for (port, code) in [(port, "webhook_answer"), (closed, "webhook_unreachable")] {
        let hook = Webhook::new(&input(&format!("http://127.0.0.1:{port}/token-abc")), None).expect("good");
        let failure = sender.send(&hook, &about()).await.expect_err("not received");
        assert_eq!(failure.code, code);
        assert!(!failure.sentence.contains("abc"), "{}", failure.sentence);
    }
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_the_checked_address_is_the_one_that_is_asked() {
    let (port, received) = receiver(OK).await;
    // Answers a LAN address when it is checked, this machine to whoever asks again.
    let (strict, names) = sender(false, &[&["192.0.2.1"], &["127.0.0.1"]]);
    let hook = Webhook::new(&input(&format!("http://plug.test:{port}/")), None).expect("good");
    // 192.0.2.1 belongs to nobody: no answer, or a refusal by the network. In no case this machine.
    assert!(strict.send(&hook, &about()).await.is_err());
    assert_eq!(names.asked.load(Ordering::SeqCst), 1);
    assert!(received.lock().expect("not poisoned").is_empty());
    assert_eq!(strict.send(&hook, &about()).await.expect_err("refused").code, "address_loopback");

    // The name is unknown to the system: only the checked address can have led here.
    let (lenient, _) = sender(true, &[&["127.0.0.1"]]);
    assert_eq!(lenient.send(&hook, &about()).await.expect("received").status, 204);
}

#[tokio::test]
async fn addresses_of_this_machine_are_refused_in_every_spelling() {
    let (strict, _) = sender(false, &[&["127.0.0.1", "192.168.1.2"]]);
    for (url, code) in [
        ("http://127.0.0.1/", "address_loopback"),
        ("http://127.1/", "address_loopback"),
        ("http://2130706433/", "address_loopback"),
        ("http://0x7f000001/", "address_loopback"),
        ("http://0177.0.0.1/", "address_loopback"),
        ("http://127.255.255.254:9000/", "address_loopback"),
        ("http://[::1]/", "address_loopback"),
        ("http://[0:0:0:0:0:0:0:1]/", "address_loopback"),
        ("http://[::ffff:127.0.0.1]/", "address_loopback"),
        ("http://[::ffff:7f00:1]/", "address_loopback"),
        ("http://[::127.0.0.1]/", "address_loopback"),
        ("http://[64:ff9b::7f00:1]/", "address_loopback"),
        ("http://[2002:7f00:1::]/", "address_loopback"),
        ("https://mixed.test/", "address_loopback"),
        ("http://0.0.0.0/", "address_not_allowed"),
        ("http://0/", "address_not_allowed"),
        ("http://[::]/", "address_not_allowed"),
        ("http://169.254.169.254/latest/meta-data/", "address_not_allowed"),
        ("http://[::ffff:169.254.169.254]/", "address_not_allowed"),
        ("http://[fe80::1]/", "address_not_allowed"),
        ("http://224.0.0.1/", "address_not_allowed"),
        ("http://[ff02::1]/", "address_not_allowed"),
        ("http://255.255.255.255/", "address_not_allowed"),
    ] {
        let hook = Webhook::new(&input(url), None).unwrap_or_else(|fault| panic!("{url}: {fault:?}"));
        assert_eq!(strict.check(&hook).await.expect_err(url).code, code, "{url}");
        assert_eq!(strict.send(&hook, &about()).await.expect_err(url).code, code, "{url}");
    }
    let (lan, _) = sender(false, &[&["192.168.1.2"]]);
    for url in ["http://192.168.1.5/relay", "https://10.0.0.4:8443/", "http://[fd00::5]/", "http://plug.test/"] {
        assert_eq!(lan.check(&Webhook::new(&input(url), None).expect("good")).await, Ok(()), "{url}");
    }
    let (unknown, _) = sender(false, &[]);
    assert_eq!(unknown.check(&Webhook::new(&input("http://nobody.test/"), None).expect("good")).await.expect_err("unknown").code, "dns");
}

#[tokio::test]
async fn our_own_listener_is_refused_even_where_loopback_is_allowed() {
    let environment = HashMap::from([("NIGHTJAR_ALLOW_LOOPBACK_WEBHOOKS".to_owned(), "true".to_owned())]);
    let settings = Settings::load_from(&Flags::default(), Some(environment)).expect("loads");
    let addresses = AddressPolicy::new(&settings, Arc::new(Turning::default()));
    addresses.set_listener("0.0.0.0:8080".parse().expect("an address"));
    let sender = Sender::new(addresses);
    for url in ["http://127.0.0.1:8080/api/v1/cameras", "http://[::1]:8080/", "http://[::ffff:127.0.0.1]:8080/"] {
        let hook = Webhook::new(&input(url), None).expect("good");
        assert_eq!(sender.check(&hook).await.expect_err(url).code, "address_own_listener", "{url}");
    }
    assert_eq!(sender.check(&Webhook::new(&input("http://127.0.0.1:8081/"), None).expect("good")).await, Ok(()));
}

#[test]
fn each_fault_of_the_form_has_its_field_and_code() {
    for (url, code) in [
        ("", "url_missing"),
        ("relay", "url_invalid"),
        ("http://", "url_invalid"),
        ("http://a b/", "url_invalid"),
        ("ftp://host/x", "url_scheme"),
        ("file:///etc/passwd", "url_scheme"),
        ("javascript:alert(1)", "url_scheme"),
        ("http://admin:pw@host/", "url_credentials"),
        ("http://admin@host/", "url_credentials"),
        ("http://host/#x", "url_path"),
        ("http://host:0/", "url_port"),
        ("http://host:99999/", "url_invalid"),
    ] {
        assert_eq!(fault(&input(url)), ("url", code), "{url}");
    }
    let good = input("http://192.168.1.5/");
    let body = |body: &str| WebhookInput { body: Some(body.into()), ..good.clone() };
    assert_eq!(fault(&body("{camera}")), ("body", "body_not_json"));
    assert_eq!(fault(&body(r#"{"a": "{cam}"}"#)), ("body", "body_placeholder"));
    assert_eq!(fault(&WebhookInput { method: WebhookMethod::Get, ..body("{}") }), ("body", "body_not_allowed"));
    let header = |header: &str, secret: Option<&str>| WebhookInput {
        header: Some(header.into()),
        secret: secret.map(str::to_owned),
        ..good.clone()
    };
    assert_eq!(fault(&header("X Key", Some("s"))), ("header", "header_invalid"));
    assert_eq!(fault(&header("Host", Some("s"))), ("header", "header_not_allowed"));
    assert_eq!(fault(&header("", Some("s"))), ("header", "header_missing"));
    assert_eq!(fault(&header("X-Key", None)), ("secret", "secret_missing"));
    assert_eq!(fault(&header("X-Key", Some("a\r\nX: y"))), ("secret", "secret_invalid"));
    assert!(Webhook::new(&body(r#"{"a": "{} {not closed {camera}"}"#), None).is_ok());
}

#[test]
fn a_stored_secret_stays_only_for_the_place_and_header_it_was_meant_for() {
    let with_secret =
        WebhookInput { header: Some("Authorization".into()), secret: Some("Bearer x".into()), ..input("https://192.168.1.5/a") };
    let stored = Webhook::new(&with_secret, None).expect("good");
    assert!(!format!("{stored:?} {with_secret:?}").contains("Bearer x"));
    let again = |url: &str, header: &str| Webhook::new(&WebhookInput { header: Some(header.into()), ..input(url) }, Some(&stored));
    assert!(again("https://192.168.1.5/b?x=1", "authorization").expect("kept").secret.is_some());
    for (url, header) in
        [("https://192.168.1.6/a", "Authorization"), ("http://192.168.1.5/a", "Authorization"), ("https://192.168.1.5/a", "X-Other")]
    {
        assert_eq!(again(url, header).expect_err("not kept").code, "secret_missing", "{url} {header}");
    }
    assert!(Webhook::new(&input("https://192.168.1.5/a"), Some(&stored)).expect("without").secret.is_none());
}

proptest! {
    /// Whatever a camera is called, the body keeps its form.
    #[test]
    fn names_cannot_change_the_body(camera in "\\PC{0,60}", reason in "\\PC{0,60}") {
        let template = json!({"text": "a {camera} b {reason}", "list": ["{camera}", 1, null]});
        let about = About { camera: camera.clone(), camera_id: 3, reason: reason.clone() };
        let sent: Value = serde_json::from_str(&filled(&template, &about).to_string()).expect("JSON");
        prop_assert_eq!(sent, json!({"text": format!("a {camera} b {reason}"), "list": [camera, 1, null]}));
    }
}
