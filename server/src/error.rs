//! The one error type of handlers and services, and the only place where a kind of failure becomes an HTTP status.
//!
//! Services return [`AppError`] with a stable code and a sentence for people; handlers pass it on with `?`. An inner fault is logged with
//! its cause here, once, and answered without detail.

use crate::typed;
use app::model::Problem;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::fmt;
use std::ops::RangeInclusive;

/// Media type of every failed answer (RFC 9457).
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What sort of failure it is; decides the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be read: bad JSON, bad query.
    Malformed,
    /// Nobody is signed in, or not any more.
    NotSignedIn,
    /// Sent by another site's page, or not granted.
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    TooLarge,
    /// The address is too long.
    UriTooLong,
    UnsupportedMediaType,
    /// Readable, but a value is not acceptable.
    Invalid,
    /// Asked too often; worth asking again later.
    TooMany,
    /// Cannot be answered now; worth asking again.
    Unavailable,
    /// A fault of ours.
    Internal,
}

impl Kind {
    /// The status and the title that goes with it.
    fn status(self) -> (StatusCode, &'static str) {
        match self {
            Self::Malformed => (StatusCode::BAD_REQUEST, "Malformed request"),
            Self::NotSignedIn => (StatusCode::UNAUTHORIZED, "Not signed in"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "Not allowed"),
            Self::NotFound => (StatusCode::NOT_FOUND, "Not found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "Method not allowed"),
            Self::Conflict => (StatusCode::CONFLICT, "Conflict"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Request too large"),
            Self::UriTooLong => (StatusCode::URI_TOO_LONG, "Address too long"),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported media type"),
            Self::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, "Invalid value"),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, "Too many requests"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Not available now"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "Internal error"),
        }
    }
}

/// A failure on its way to the caller.
#[derive(Debug, Clone)]
pub struct AppError {
    kind: Kind,
    code: String,
    detail: String,
    field: Option<String>,
    /// Seconds, for `Retry-After`.
    retry_after: Option<u32>,
    /// A status that some layer decided on, where the kind's own would say less.
    status: Option<StatusCode>,
}

/// Result of handlers and services.
pub type AppResult<T> = Result<T, AppError>;

impl AppError {
    /// `code` is stable; `detail` is a sentence that says what to do and never holds a secret.
    pub fn new(kind: Kind, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind, code: code.into(), detail: detail.into(), field: None, retry_after: None, status: None }
    }

    /// For a status that the router or a layer has already chosen.
    pub fn with_status(kind: Kind, status: StatusCode, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { status: Some(status), ..Self::new(kind, code, detail) }
    }

    /// 422: a value of the body is not acceptable. `field` is its path in the body, `sources.main.url`.
    pub fn invalid(field: impl Into<String>, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(Kind::Invalid, code, detail) }
    }

    /// 422: a number that is not within `allowed`; the unit as people read it.
    pub fn out_of_range(field: impl Into<String>, allowed: &RangeInclusive<u32>, unit: &str) -> Self {
        Self::invalid(field, "out_of_range", format!("This must be {}.", typed::whole_number(allowed.start(), allowed.end(), unit)))
    }

    /// 404.
    pub fn not_found(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, code, detail)
    }

    /// 404 for a camera.
    pub fn camera_not_found() -> Self {
        Self::not_found("camera_not_found", "There is no such camera. It may have been deleted.")
    }

    /// 404 for a stream of a camera.
    pub fn stream_not_found() -> Self {
        Self::not_found("stream_not_found", "A camera has the streams main and sub, no other.")
    }

    /// 503 with `Retry-After`.
    pub fn unavailable(code: impl Into<String>, detail: impl Into<String>, retry_after_s: u32) -> Self {
        Self { retry_after: Some(retry_after_s), ..Self::new(Kind::Unavailable, code, detail) }
    }

    /// 429 with `Retry-After`.
    pub fn too_many(code: impl Into<String>, detail: impl Into<String>, retry_after_s: u32) -> Self {
        Self { retry_after: Some(retry_after_s), ..Self::new(Kind::TooMany, code, detail) }
    }

    /// 500: logs the cause now, tells the caller nothing of it.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(cause = %cause, "a request failed by a fault of the server");
        Self::internal_silent()
    }

    /// 500 whose cause was logged elsewhere.
    pub fn internal_silent() -> Self {
        Self::new(Kind::Internal, "internal", "Something went wrong in the server. The log says more.")
    }

    /// Names the wrong field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The stable name of the failure, for programs.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The status it is answered with.
    pub fn status(&self) -> StatusCode {
        self.status.unwrap_or(self.kind.status().0)
    }

    /// The answer's body.
    pub fn problem(&self) -> Problem {
        let (_, title) = self.kind.status();
        Problem {
            kind: "about:blank".to_owned(),
            title: title.to_owned(),
            status: self.status().as_u16(),
            code: self.code.clone(),
            detail: self.detail.clone(),
            field: self.field.clone(),
        }
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for AppError {}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.problem()).unwrap_or_default();
        let mut response = (self.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.kind == Kind::NotSignedIn {
            // RFC 9110 wants a challenge with every 401. Not Basic: browsers would ask for a password in a box of their own.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(HeaderName::from_static("retry-after"), HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inner_fault_hides_its_cause() {
        let problem = AppError::internal("table cameras: disk I/O error").problem();
        assert_eq!(problem.status, 500);
        assert!(!problem.detail.contains("disk"));
    }

    #[test]
    fn an_answer_to_ask_again_says_when() {
        let response = AppError::unavailable("no_frame_yet", "No picture yet.", 2).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()["retry-after"], "2");
        assert_eq!(response.headers()["content-type"], PROBLEM_JSON);
    }
}
