//! Who asked: the address, the scheme and the host name of a request, as far as a proxy in between can be believed.
//!
//! A header such as X-Forwarded-For is only believed from an address in `trusted_proxies`; anybody else could write one.

use crate::config::{ProxyHeaders, Settings};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use ipnet::IpNet;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Proxies that one request may have come through; what stands further left in a header is not read.
const MAX_HOPS: usize = 16;

/// How a connection reached the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// The other end of the TCP connection.
    pub peer: SocketAddr,
    /// Encrypted by us.
    pub secure: bool,
    /// It came to the port that is for HTTPS.
    pub https_port: bool,
}

/// The client of a request. Every request has one as an extension; as an extractor it never fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// For limits and the audit log. Unspecified (`0.0.0.0`) where there is no connection, as in some tests.
    pub address: IpAddr,
    /// The client's own connection is encrypted, by us or by a trusted proxy.
    pub secure: bool,
    /// `host` or `host:port` as the client asked for it.
    pub host: Option<String>,
    /// A trusted proxy stands in between.
    pub proxied: bool,
}

impl Default for Client {
    fn default() -> Self {
        Self { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), secure: false, host: None, proxied: false }
    }
}

impl Client {
    /// Reads a request's head.
    pub fn of(arrival: Option<Arrival>, headers: &HeaderMap, uri: &Uri, settings: &Settings) -> Self {
        let own_host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let host = own_host.or_else(|| uri.authority().map(|authority| authority.as_str().to_owned()));
        let Some(arrival) = arrival else { return Self { host, ..Self::default() } };
        let peer = arrival.peer.ip().to_canonical();
        let trusted = networks(&settings.trusted_proxies);
        let direct = Self { address: peer, secure: arrival.secure, host, proxied: false };
        if !is_trusted(peer, &trusted) {
            return direct;
        }
        let hops = match settings.proxy_headers {
            ProxyHeaders::XForwarded => x_forwarded(headers),
            ProxyHeaders::Forwarded => forwarded(headers),
        };
        let mut client = Self { proxied: true, ..direct };
        // From the right: each trusted proxy vouches for what stands left of its own entry.
        for hop in hops.into_iter().rev().take(MAX_HOPS) {
            let Some(address) = hop.address else { break };
            client.address = address;
            if let Some(secure) = hop.secure {
                client.secure = secure;
            }
            if hop.host.is_some() {
                client.host = hop.host;
            }
            if !is_trusted(address, &trusted) {
                break;
            }
        }
        client
    }
}

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// Whether `address` is one of `trusted`.
pub fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    let address = address.to_canonical();
    trusted.iter().any(|network| network.contains(&address))
}

/// The address itself, or all of one IPv6 customer: one household has a whole /64 and can take another address of it for each request.
pub fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

/// The networks of a setting. What cannot be read was complained about when the settings were.
pub fn networks(texts: &[String]) -> Vec<IpNet> {
    texts.iter().filter_map(|text| network(text)).collect()
}

/// `10.0.0.0/8`, or one address.
pub fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// What one proxy says of who asked it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Hop {
    address: Option<IpAddr>,
    secure: Option<bool>,
    host: Option<String>,
}

/// X-Forwarded-For is a list; of -Proto and -Host the last value counts, which the nearest proxy wrote.
fn x_forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let mut hops: Vec<Hop> =
        list(headers, "x-forwarded-for").into_iter().map(|text| Hop { address: node(&text), ..Hop::default() }).collect();
    let last = |name| list(headers, name).pop();
    if let Some(nearest) = hops.last_mut() {
        nearest.secure = last("x-forwarded-proto").map(|scheme| is_secure(&scheme));
        nearest.host = last("x-forwarded-host").filter(|host| is_host(host));
    }
    hops
}

/// RFC 7239.
fn forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let read = |element: String| {
        let mut hop = Hop::default();
        for pair in element.split(';') {
            let Some((name, value)) = pair.split_once('=') else { continue };
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "for" => hop.address = node(value),
                "proto" => hop.secure = Some(is_secure(value)),
                "host" => hop.host = Some(value.to_owned()).filter(|host| is_host(host)),
                _ => {}
            }
        }
        hop
    };
    list(headers, "forwarded").into_iter().map(read).collect()
}

/// All values of a header that is a list, in order.
fn list(headers: &HeaderMap, name: &str) -> Vec<String> {
    let values = headers.get_all(name).into_iter().map(|value| value.to_str().unwrap_or(""));
    values.flat_map(|value| value.split(',')).map(|item| item.trim().to_owned()).collect()
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(text, |(inside, _)| inside);
    let address = bare.parse::<IpAddr>().ok().or_else(|| bare.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address| address.to_canonical())
}

fn is_secure(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("wss")
}

fn is_host(text: &str) -> bool {
    !text.is_empty() && text.len() <= 255 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte))
}

#[cfg(test)]
#[path = "client/tests.rs"]
mod tests;
