//! Refuses requests that another site's page makes a browser send: changes and WebSockets from a foreign origin, and any request under a
//! foreign host name while the server listens on loopback (DNS rebinding).

use crate::error::{AppError, Kind};
use crate::listen::client::Client;
use crate::state::AppState;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::{Host, Url};

/// Lets the request through or answers 403.
pub async fn check(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let settings = state.settings.get();
    let allowed = &settings.allowed_origins;
    let host = request.extensions().get::<Client>().and_then(|client| client.host.clone());
    if state.addresses.listener().is_some_and(|own| own.ip().is_loopback())
        && !host.as_deref().is_none_or(|host| is_own_host(host, allowed))
    {
        return AppError::new(
            Kind::Forbidden,
            "host_not_allowed",
            "The server does not answer under this name. Use its IP address or localhost, or add the origin to allowed_origins.",
        )
        .into_response();
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let socket = headers.contains_key(header::UPGRADE);
    if (!reads || socket) && is_cross_site(headers, host.as_deref(), allowed) {
        return AppError::new(Kind::Forbidden, "cross_site", "This request comes from a page of another site and was not carried out.")
            .into_response();
    }
    next.run(request).await
}

/// A rebound name is some registered domain; a literal address or localhost cannot be.
fn is_own_host(host: &str, allowed: &[String]) -> bool {
    let Ok(url) = Url::parse(&format!("http://{host}/")) else { return false };
    match url.host() {
        Some(Host::Domain(name)) => {
            name == "localhost"
                || name.ends_with(".localhost")
                || allowed.iter().any(|origin| Url::parse(origin).is_ok_and(|origin| origin.host_str() == Some(name)))
        }
        Some(_) => true,
        None => false,
    }
}

/// As Go's CrossOriginProtection decides: by Sec-Fetch-Site where the browser sends it, else by Origin against Host. Programs that are not
/// browsers send neither.
fn is_cross_site(headers: &HeaderMap, host: Option<&str>, allowed: &[String]) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("invalid"));
    let origin = text("origin");
    if origin.is_some_and(|origin| allowed.iter().any(|one| one == origin)) {
        return false;
    }
    match (text("sec-fetch-site"), origin) {
        (Some("same-origin" | "none"), _) => false,
        (Some(_), _) => true,
        (None, None) => false,
        (None, Some(origin)) => origin.split_once("://").map(|(_, origin_host)| origin_host) != host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cross_site(pairs: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().expect("a header value"));
        }
        is_cross_site(&headers, Some("nvr.lan:8080"), &["https://cams.example".to_owned()])
    }

    #[test]
    fn browsers_on_other_sites_are_refused_and_programs_are_not() {
        assert!(!cross_site(&[]));
        assert!(!cross_site(&[("sec-fetch-site", "same-origin"), ("origin", "http://nvr.lan:8080")]));
        assert!(!cross_site(&[("sec-fetch-site", "none")]));
        assert!(cross_site(&[("sec-fetch-site", "cross-site")]));
        assert!(cross_site(&[("sec-fetch-site", "same-site")]));
        assert!(!cross_site(&[("origin", "http://nvr.lan:8080")]));
        assert!(cross_site(&[("origin", "http://evil.example")]));
        for foreign in ["http://nvr.lan:8081", "http://nvr.lan", "http://nvr.lan:8080.evil.example", "http://user@nvr.lan:8080"] {
            assert!(cross_site(&[("origin", foreign)]), "{foreign}");
        }
        assert!(cross_site(&[("origin", "null")]));
        assert!(!cross_site(&[("origin", "https://cams.example"), ("sec-fetch-site", "cross-site")]));
    }

    #[test]
    fn a_rebound_name_is_not_our_host() {
        let allowed = ["https://cams.example".to_owned()];
        for host in ["127.0.0.1:8080", "localhost", "[::1]:8080", "192.168.1.5", "cams.example"] {
            assert!(is_own_host(host, &allowed), "{host}");
        }
        for host in ["evil.example:8080", "127.0.0.1.evil.example", "", "a b"] {
            assert!(!is_own_host(host, &allowed), "{host}");
        }
    }
}
