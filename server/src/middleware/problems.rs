//! Failures that arise outside the handlers (wrong method, body too large, panic, no answer in time) become problem documents too.

use crate::error::{AppError, Kind, PROBLEM_JSON};
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::any::Any;
use std::time::Duration;

/// Longest time to the head of an answer. A probe of two streams is the slowest honest request.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// Bounds the time that a request may take.
pub async fn in_time(request: Request, next: Next) -> Response {
    tokio::time::timeout(ANSWER_WITHIN, next.run(request)).await.unwrap_or_else(|_| {
        AppError::unavailable("timeout", "The server took too long to answer. Try again in a moment.", 5).into_response()
    })
}

/// The answer to a panic in a handler. The panic itself is logged by the panic hook.
pub fn panicked(_panic: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    AppError::internal_silent().into_response()
}

/// Gives plain failures of the router and its layers a body that says what is wrong.
pub async fn explain(request: Request, next: Next) -> Response {
    let head = request.method() == Method::HEAD;
    let response = next.run(request).await;
    let status = response.status();
    let explained = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| {
        kind == PROBLEM_JSON || kind.as_bytes().starts_with(b"text/html") || kind.as_bytes().starts_with(b"application/json")
    });
    if head || explained || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (kind, code, detail) = match status {
        StatusCode::NOT_FOUND => (Kind::NotFound, "not_found", "There is nothing at this address."),
        StatusCode::METHOD_NOT_ALLOWED => {
            (Kind::MethodNotAllowed, "method_not_allowed", "This address does not take this method. The Allow header names those it takes.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => (Kind::TooLarge, "body_too_large", "The request's body is larger than this address takes."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            (Kind::UnsupportedMediaType, "unsupported_media_type", "The body is of a kind that this address does not take.")
        }
        StatusCode::SERVICE_UNAVAILABLE => (Kind::Unavailable, "unavailable", "The server can't answer this now. Try again in a moment."),
        status if status.is_client_error() => (Kind::Malformed, "malformed", "The request cannot be read."),
        _ => (Kind::Internal, "internal", "Something went wrong in the server. The log says more."),
    };
    let (mut parts, _) = response.into_parts();
    let (problem, body) = AppError::with_status(kind, status, code, detail).into_response().into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(problem.headers);
    Response::from_parts(parts, body)
}
