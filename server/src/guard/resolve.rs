//! Finds out who asks, before any route. Whoever is not signed in gets no further than to the few open addresses: programs get 401, people the
//! sign-in page, which leads back to where they were. While there is no account, all lead to the set-up.

use crate::error::{AppError, AppResult, Kind};
use crate::listen::client::Client;
use crate::people::People;
use crate::people::principal::{Principal, Proof, not_signed_in};
use crate::people::sessions::{SIGNED_IN, Sessions, SignedIn, hash};
use crate::site;
use crate::state::AppState;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use time::OffsetDateTime;
use tower::{Layer, ServiceExt};
use tower_sessions::cookie::{Cookie, SameSite};
use tower_sessions::session::Id;
use tower_sessions::{Expiry, Session, SessionManagerLayer};

/// The session's cookie over HTTPS: browsers take this name from a secure page only, for this host only.
const SECURE_NAME: &str = "__Host-nightjar";
/// Over plain HTTP browsers refuse the other one.
pub const PLAIN_NAME: &str = "nightjar";
/// A link from a message must lead to the wall, signed in. Changes from other sites' pages are refused by their origin.
const SAME_SITE: SameSite = SameSite::Lax;
/// Where media begins.
const MEDIA: &str = "/live/";
/// Where links of players begin.
const LINK: &str = "/link/";

/// How the session's cookie is set, over plain HTTP and over HTTPS.
#[derive(Clone)]
pub struct Cookies {
    plain: SessionManagerLayer<Sessions>,
    secure: SessionManagerLayer<Sessions>,
}

impl Cookies {
    pub fn new(people: &People) -> Self {
        let layer = |name: &'static str, secure: bool| {
            SessionManagerLayer::new(people.sessions().clone())
                .with_name(name)
                .with_secure(secure)
                .with_http_only(true)
                .with_same_site(SAME_SITE)
                .with_path("/")
                .with_expiry(Expiry::OnInactivity(people.sessions().lifetimes().absolute))
        };
        Self { plain: layer(PLAIN_NAME, false), secure: layer(SECURE_NAME, true) }
    }
}

/// Gives the request its session, by the cookie that belongs to the scheme.
pub async fn sessions(State(cookies): State<Cookies>, request: Request, next: Next) -> Response {
    let secure = request.extensions().get::<Client>().is_some_and(|client| client.secure);
    let layer = if secure { &cookies.secure } else { &cookies.plain };
    let answer: Result<Response, Infallible> = layer.layer(next).oneshot(request).await;
    answer.unwrap_or_else(|never| match never {})
}

/// Puts the [`Principal`] among the request's extensions, or answers in place of the routes.
pub async fn resolve(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let principal = match who(&state, &parts).await {
        Ok(principal) => principal,
        Err(error) => return error.into_response(),
    };
    if let Some(answer) = turned_away(&state, &principal, &parts) {
        return answer;
    }
    let renewed = renewed(&state, &principal, &parts).await;
    let secure = parts.extensions.get::<Client>().is_some_and(|client| client.secure);
    parts.extensions.insert(principal);
    let mut answer = next.run(Request::from_parts(parts, body)).await;
    // Not if the request has ended the session, or begun another one.
    if let Some((id, ends)) = renewed.filter(|(id, _)| state.people.sessions().find(&hash(id)).is_some())
        && let Ok(value) = HeaderValue::from_str(&cookie(id, ends - state.people.now(), secure).to_string())
    {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
    answer
}

/// The session's new id if rights have risen. Not with media: nothing there waits for the database, and every page asks for more than media. Not
/// with files of the site, which caches on the way may keep.
async fn renewed(state: &AppState, principal: &Principal, request: &Parts) -> Option<(Id, OffsetDateTime)> {
    let path = request.uri.path();
    if path.starts_with(MEDIA) || path.strip_prefix('/').is_some_and(site::has) || !matches!(principal.proof, Proof::Session(_)) {
        return None;
    }
    let presented = hash(&request.extensions.get::<Session>()?.id()?);
    state.people.renewed(&presented, principal).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "a session's id could not be renewed; trying again in some seconds");
        None
    })
}

/// As the layers of [`Cookies`] set it.
fn cookie(id: Id, lasts: time::Duration, secure: bool) -> Cookie<'static> {
    let name = if secure { SECURE_NAME } else { PLAIN_NAME };
    let cookie = Cookie::build((name, id.to_string())).http_only(true).same_site(SAME_SITE).secure(secure).path("/");
    cookie.max_age(lasts).build()
}

async fn who(state: &AppState, request: &Parts) -> AppResult<Principal> {
    if let Some(secret) = bearer(&request.headers) {
        let address = request.extensions.get::<Client>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |client| client.address);
        let Some(principal) = state.people.by_token(secret) else {
            state.people.note_unknown_token(address);
            let detail = "This API token is unknown, has ended or was revoked. Make a new one.";
            return Err(AppError::new(Kind::NotSignedIn, "token_invalid", detail));
        };
        state.people.note_token_use(&principal, address);
        return Ok(principal);
    }
    if let Some(rest) = request.uri.path().strip_prefix(LINK) {
        let (link, asked) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        return Ok(state.people.by_media_link(link, asked).unwrap_or_else(Principal::nobody));
    }
    let Some(session) = request.extensions.get::<Session>() else { return Ok(Principal::nobody()) };
    let stored: Option<SignedIn> = session.get(SIGNED_IN).await.map_err(AppError::internal)?;
    let Some(id) = session.id().filter(|_| stored.is_some()) else { return Ok(Principal::nobody()) };
    if let Some(principal) = state.people.by_session(hash(&id)) {
        return Ok(principal);
    }
    // The account was disabled, its password changed, or the link revoked.
    session.flush().await.map_err(AppError::internal)?;
    Ok(Principal::nobody())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(secret.trim())
}

/// The answer to those who may not go on.
fn turned_away(state: &AppState, principal: &Principal, request: &Parts) -> Option<Response> {
    let path = request.uri.path();
    let set_up = state.people.directory().has_accounts();
    let reads = matches!(request.method, Method::GET | Method::HEAD);
    let page = reads && wants_page(&request.headers);
    match path {
        "/setup" if set_up && reads => return Some(to("/")),
        "/sign-in" if reads && !principal.is_nobody() => return Some(to(&back(request.uri.query()))),
        _ => {}
    }
    if !principal.is_nobody() || is_open(path, reads, set_up) {
        return None;
    }
    if page {
        return Some(if set_up { to(&sign_in(request)) } else { to("/setup") });
    }
    // A browser cannot read the status of a refused WebSocket: the routes close it with a code that it can.
    if set_up && request.headers.contains_key(header::UPGRADE) && (path == "/api/v1/ws" || path.ends_with("/mse")) {
        return None;
    }
    let error = if set_up {
        not_signed_in()
    } else {
        AppError::new(
            Kind::NotSignedIn,
            "set_up_first",
            "This server has no account yet. Open it in a browser to set it up, or run: nightjar user add NAME --role admin",
        )
    };
    Some(error.into_response())
}

/// Addresses that answer whoever asks.
fn is_open(path: &str, reads: bool, set_up: bool) -> bool {
    match path {
        // The last one tells whoever is not signed in only where HTTPS is, so that a password need not travel in clear text.
        "/health/live" | "/health/ready" | "/setup" | "/api/v1/setup" | "/api/ui/https" => true,
        "/sign-in" | "/api/v1/session" => set_up,
        path if set_up && path.starts_with("/guest/") => true,
        // No secret, and to be installed before one types a password.
        "/https/nightjar-ca.crt" | "/https/nightjar-ca.pem" => reads && set_up,
        path => reads && path.strip_prefix('/').is_some_and(site::has),
    }
}

/// Whether a page is asked for, as browsers do for what a person opens.
pub fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

fn sign_in(request: &Parts) -> String {
    let here = request.uri.path_and_query().map_or("/", |here| here.as_str());
    if here == "/" {
        return "/sign-in".to_owned();
    }
    let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", here).finish();
    format!("/sign-in?{query}")
}

/// Where the sign-in page leads: to an address of ours, never to another site.
fn back(query: Option<&str>) -> String {
    let next =
        url::form_urlencoded::parse(query.unwrap_or("").as_bytes()).find(|(name, _)| name == "next").map(|(_, next)| next.into_owned());
    app::view::address::local(next.as_deref().unwrap_or("/")).to_owned()
}

fn to(place: &str) -> Response {
    let location = HeaderValue::from_str(place).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn request(uri: &str) -> Parts {
        Request::get(uri).body(Body::empty()).expect("a request").into_parts().0
    }

    #[test]
    fn the_sign_in_page_leads_back_and_never_away() {
        assert_eq!(sign_in(&request("/")), "/sign-in");
        let page = sign_in(&request("/camera/3?transport=hls"));
        assert_eq!(page, "/sign-in?next=%2Fcamera%2F3%3Ftransport%3Dhls");
        assert_eq!(back(page.split_once('?').map(|(_, query)| query)), "/camera/3?transport=hls");
        for away in [
            "next=https%3A%2F%2Fevil.example",
            "next=%2F%2Fevil.example",
            "next=%2F%5Cevil.example",
            "next=javascript%3Aalert(1)",
            "",
            "next=",
        ] {
            assert_eq!(back(Some(away)), "/", "{away}");
        }
    }

    #[test]
    fn bearer_tokens_are_read() {
        let read =
            |text: &str| bearer(&HeaderMap::from_iter([(header::AUTHORIZATION, text.parse().expect("a header"))])).map(str::to_owned);
        assert_eq!(read("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(read("bearer  abc ").as_deref(), Some("abc"));
        assert_eq!((read("Basic abc"), read("Bearer")), (None, None));
    }
}
