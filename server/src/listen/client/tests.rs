use super::*;
use crate::config::Flags;
use std::collections::HashMap;

fn settings(trusted: &str, headers: &str) -> Settings {
    let environment = HashMap::from([
        ("NIGHTJAR_TRUSTED_PROXIES".to_owned(), trusted.to_owned()),
        ("NIGHTJAR_PROXY_HEADERS".to_owned(), headers.to_owned()),
    ]);
    Settings::load_from(&Flags::default(), Some(environment)).expect("loads")
}

fn client(peer: &str, settings: &Settings, pairs: &[(&'static str, &str)]) -> Client {
    let mut headers = HeaderMap::new();
    headers.insert("host", "nvr.lan:8080".parse().expect("a value"));
    for (name, value) in pairs {
        headers.append(*name, value.parse().expect("a value"));
    }
    let arrival = Arrival { peer: SocketAddr::new(peer.parse().expect("an address"), 40_000), secure: false, https_port: false };
    Client::of(Some(arrival), &headers, &Uri::from_static("/"), settings)
}

fn address(client: &Client) -> String {
    client.address.to_string()
}

#[test]
fn nobody_is_believed_who_is_not_a_trusted_proxy() {
    let lies = [
        ("x-forwarded-for", "192.0.2.9"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "for=192.0.2.8;proto=https"),
    ];
    for trusted in ["", "10.0.0.0/8"] {
        let client = client("203.0.113.5", &settings(trusted, "x_forwarded"), &lies);
        assert_eq!((address(&client).as_str(), client.secure, client.proxied), ("203.0.113.5", false, false));
        assert_eq!(client.host.as_deref(), Some("nvr.lan:8080"));
    }
}

#[test]
fn a_trusted_proxy_tells_address_scheme_and_host() {
    let settings = settings("127.0.0.1,10.0.0.0/8", "x_forwarded");
    let told = [("x-forwarded-for", "192.0.2.9"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "cams.example")];
    for peer in ["127.0.0.1", "::ffff:10.2.3.4"] {
        let client = client(peer, &settings, &told);
        assert_eq!((address(&client).as_str(), client.secure, client.proxied), ("192.0.2.9", true, true));
        assert_eq!(client.host.as_deref(), Some("cams.example"));
    }
    let silent = client("127.0.0.1", &settings, &[]);
    assert_eq!((address(&silent).as_str(), silent.secure), ("127.0.0.1", false));
}

#[test]
fn the_client_is_the_first_address_from_the_right_that_is_no_proxy_of_ours() {
    let settings = settings("10.0.0.0/8", "x_forwarded");
    for (header, expected) in [
        ("6.6.6.6, 192.0.2.9", "192.0.2.9"),
        ("6.6.6.6, 192.0.2.9, 10.0.0.2", "192.0.2.9"),
        ("192.0.2.9:4711", "192.0.2.9"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("10.0.0.7, 10.0.0.2", "10.0.0.7"),
        ("unknown", "10.0.0.1"),
        ("192.0.2.9, garbage, 10.0.0.2", "10.0.0.2"),
        ("", "10.0.0.1"),
    ] {
        assert_eq!(address(&client("10.0.0.1", &settings, &[("x-forwarded-for", header)])), expected, "{header}");
    }
    let twice = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "192.0.2.9")];
    assert_eq!(address(&client("10.0.0.1", &settings, &twice)), "192.0.2.9");
}

#[test]
fn only_the_header_that_the_proxy_writes_is_read() {
    let both = [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=6.6.6.6, for=\"[2001:db8::2]:99\";proto=https;host=\"cams.example\"")];
    assert_eq!(address(&client("10.0.0.1", &settings("10.0.0.1", "x_forwarded"), &both)), "192.0.2.1");
    let client = client("10.0.0.1", &settings("10.0.0.1", "forwarded"), &both);
    assert_eq!((address(&client).as_str(), client.secure, client.host.as_deref()), ("2001:db8::2", true, Some("cams.example")));
}

#[test]
fn a_host_that_is_none_is_not_taken_over() {
    let settings = settings("10.0.0.1", "x_forwarded");
    for host in ["evil example", "a/b", "a@b", "<script>", ""] {
        let told = [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-host", host)];
        assert_eq!(client("10.0.0.1", &settings, &told).host.as_deref(), Some("nvr.lan:8080"), "{host}");
    }
}
