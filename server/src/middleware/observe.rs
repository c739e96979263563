//! A number for every request, in the log and in the answer, and one log line at its end. Never the query or a header: they may hold secrets.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use std::time::Instant;
use tracing::Instrument;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Links hold their secret in the path.
fn without_secrets(path: &str) -> std::borrow::Cow<'_, str> {
    for head in ["/link/", "/guest/"] {
        if let Some(rest) = path.strip_prefix(head) {
            let rest = rest.split_once('/').map_or("", |(_, rest)| rest);
            return format!("{head}…/{rest}").into();
        }
    }
    path.into()
}

/// Runs the request in a span with its number.
pub async fn request(request: Request, next: Next) -> Response {
    let id = format!("{:016x}", rand::random::<u64>());
    let span = tracing::info_span!("request", id, method = %request.method(), path = %without_secrets(request.uri().path()));
    async move {
        let started = Instant::now();
        let mut response = next.run(request).await;
        let status = response.status().as_u16();
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        if response.status().is_server_error() && status != 503 {
            tracing::warn!(status, duration_ms, "answered with a failure");
        } else {
            tracing::debug!(status, duration_ms, "answered");
        }
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        response
    }
    .instrument(span)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_addresses_are_not_logged() {
        assert_eq!(without_secrets("/link/abc/live/1/main/index.m3u8"), "/link/…/live/1/main/index.m3u8");
        assert_eq!(without_secrets("/guest/abc"), "/guest/…/");
        assert_eq!(without_secrets("/live/1/main/mse"), "/live/1/main/mse");
    }
}
