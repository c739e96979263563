//! Sends HTTP on to HTTPS: where it is set, where the certificate is one that browsers accept for the name, and on the port of HTTPS itself.

use crate::listen::client::{Arrival, Client};
use crate::state::AppState;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::{Host, Url};

/// How long browsers remember to come by HTTPS only. Short enough to be outlived if a home goes back to plain HTTP.
const STRICT_TRANSPORT: (HeaderName, HeaderValue) = (header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=2592000"));
/// Answered in clear text always: health checks, the proofs for ACME, and the page that explains certificates.
const CLEAR: [&str; 4] = ["/health/live", "/health/ready", "/.well-known/acme-challenge", "/https"];

/// Answers with the address of HTTPS, or lets the request through.
pub async fn to_https(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let client = request.extensions().get::<Client>().cloned().unwrap_or_default();
    let name = client.host.as_deref().and_then(host_name);
    let trusted = name.as_deref().is_some_and(|name| state.certificates.is_trusted_for(name));
    if client.secure {
        let mut response = next.run(request).await;
        if trusted {
            response.headers_mut().insert(STRICT_TRANSPORT.0, STRICT_TRANSPORT.1);
        }
        return response;
    }
    let wrong_port = request.extensions().get::<Arrival>().is_some_and(|arrival| arrival.https_port);
    let wanted = state.settings.get().http_redirect.unwrap_or(trusted);
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let clear = CLEAR.iter().any(|path| target.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?'])));
    let own = name.as_deref().is_some_and(is_loopback) && !client.proxied;
    if (wrong_port || (wanted && !clear && !own))
        && let Some(location) = location(&state, &client, target)
    {
        // Not for ever: a browser that remembered would be locked out if HTTPS were switched off again.
        return (
            StatusCode::TEMPORARY_REDIRECT,
            [(header::LOCATION, location), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))],
        )
            .into_response();
    }
    next.run(request).await
}

/// Whoever came without a port came to port 80, through a proxy or a forwarded port: HTTPS is then expected at 443.
fn location(state: &AppState, client: &Client, target: &str) -> Option<HeaderValue> {
    let https = state.certificates.address()?;
    let host = client.host.as_deref()?;
    let name = host_name(host)?;
    let explicit = host.strip_prefix(&name).is_some_and(|rest| rest.starts_with(':'));
    let port = if explicit && !client.proxied { format!(":{}", https.port()) } else { String::new() };
    HeaderValue::from_str(&format!("https://{name}{port}{target}")).ok()
}

/// The name of `host:port`, in the brackets of an IPv6 address.
fn host_name(host: &str) -> Option<String> {
    let url = Url::parse(&format!("http://{host}/")).ok()?;
    let plain = url.username().is_empty() && url.password().is_none() && url.path() == "/";
    plain.then(|| url.host_str().map(str::to_owned)).flatten()
}

fn is_loopback(name: &str) -> bool {
    match Url::parse(&format!("http://{name}/")).as_ref().ok().and_then(Url::host) {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
