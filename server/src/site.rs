//! The files that the browser loads, embedded in the binary (read from `target/site` in debug builds): negotiation of the
//! pre-compressed copies, cache headers, and the map from logical to hashed names.

use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::collections::BTreeMap;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../target/site"]
#[allow_missing = true]
struct Site;

/// Files under these folders carry a hash of their content in their path.
const HASHED: [&str; 2] = ["pkg/", "vendor/"];

/// Logical name (`nightjar.js`) to URL path (`/pkg/<hash>/nightjar.js`). Empty if the site was not built.
pub fn asset_map() -> BTreeMap<String, String> {
    Site::get("assets.json").and_then(|file| serde_json::from_slice(&file.data).ok()).unwrap_or_default()
}

/// Whether there is a file at `path` (without the leading slash).
pub fn has(path: &str) -> bool {
    is_served(path) && Site::get(path).is_some()
}

/// Neither the map of names nor the compressed copies have addresses of their own.
fn is_served(path: &str) -> bool {
    !(path.is_empty() || path == "assets.json" || path.starts_with('.') || path.ends_with(".br") || path.ends_with(".gz"))
}

/// Answers a GET or HEAD of `path` (without the leading slash), or None if there is no such file.
pub fn serve(path: &str, headers: &HeaderMap) -> Option<Response> {
    if !is_served(path) {
        return None;
    }
    let (file, encoding) = choose(path, headers)?;
    let tag = etag(&file, encoding);
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or("");
    let mut response = if is_known(known, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let body = match file.data {
            std::borrow::Cow::Borrowed(bytes) => bytes::Bytes::from_static(bytes),
            std::borrow::Cow::Owned(bytes) => bytes::Bytes::from(bytes),
        };
        axum::body::Body::from(body).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    let immutable = HASHED.iter().any(|folder| path.starts_with(folder));
    let cache = if immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    Some(response)
}

/// The smallest stored copy that the client accepts.
fn choose(path: &str, headers: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
    for (name, ending) in [("br", "br"), ("gzip", "gz")] {
        if accepts(accepted, name)
            && let Some(file) = Site::get(&format!("{path}.{ending}"))
        {
            return Some((file, Some(name)));
        }
    }
    Site::get(path).map(|file| (file, None))
}

/// Whether an Accept-Encoding header allows `coding` (RFC 9110 section 12.5.3): `q=0` forbids it, and `*` is for what is not named.
pub fn accepts(header: &str, coding: &str) -> bool {
    let said_of = |wanted: &str| {
        header.split(',').find_map(|item| {
            let mut fields = item.split(';').map(str::trim);
            let zero = |(name, q): (&str, &str)| name.eq_ignore_ascii_case("q") && q.parse() == Ok(0.0_f32);
            fields.next()?.eq_ignore_ascii_case(wanted).then(|| !fields.filter_map(|field| field.split_once('=')).any(zero))
        })
    };
    said_of(coding).or_else(|| said_of("*")).unwrap_or(false)
}

/// Whether an If-None-Match header names the tag. Proxies that compress make a tag weak: for this question that is the same one (RFC 9110
/// section 13.1.2).
pub fn is_known(header: &str, tag: &str) -> bool {
    header.split(',').map(str::trim).any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

fn etag(file: &EmbeddedFile, encoding: Option<&str>) -> String {
    let hash = file.metadata.sha256_hash();
    let short: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{short}-{}\"", encoding.unwrap_or("identity"))
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or("") {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webmanifest" => "application/manifest+json",
        "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_negotiated() {
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("br;q=0.5", "br"));
        assert!(accepts("*", "gzip"));
        assert!(!accepts("br;q=0, gzip", "br"));
        assert!(!accepts("gzip;q=0, *", "gzip") && !accepts("*, GZIP;Q=0.000", "gzip") && accepts("*;q=0, gzip", "gzip"));
        assert!(!accepts("brotli", "br"));
        assert!(!accepts("", "gzip"));
    }

    #[test]
    fn a_tag_that_a_proxy_made_weak_is_known() {
        for known in ["\"a-br\"", "\"b\", \"a-br\"", "W/\"a-br\"", "*"] {
            assert!(is_known(known, "\"a-br\""), "{known}");
        }
        for other in ["", "\"a\"", "a-br", "W/a-br"] {
            assert!(!is_known(other, "\"a-br\""), "{other}");
        }
    }

    #[test]
    fn nothing_outside_the_site_is_served() {
        let headers = HeaderMap::new();
        for path in ["../Cargo.toml", "pkg/../../Cargo.toml", "/etc/passwd", "assets.json", ".gitkeep", ""] {
            assert!(serve(path, &headers).is_none(), "{path}");
        }
    }
}
