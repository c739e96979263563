//! Extractors whose rejections are problem documents: JSON bodies, path and query parameters.

mod objects;

use crate::error::{AppError, Kind};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::request::Parts;
use objects::Objects;
use serde::de::DeserializeOwned;

/// A JSON body. Unreadable JSON is 400; a value of the wrong sort or an unknown field is 422 with `field`.
#[derive(Debug, Clone)]
pub struct ApiJson<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for ApiJson<T> {
    type Rejection = AppError;

    async fn from_request(request: Request, state: &S) -> Result<Self, AppError> {
        let json = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
            let kind = value.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
            kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
        });
        if !json {
            return Err(AppError::new(
                Kind::UnsupportedMediaType,
                "unsupported_media_type",
                "Send the body as JSON, with Content-Type: application/json.",
            ));
        }
        if request.headers().get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            return Err(AppError::new(
                Kind::UnsupportedMediaType,
                "unsupported_encoding",
                "Send the body as it is, without Content-Encoding: compressed bodies are not read.",
            ));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(body_rejection)?;
        from_json(&bytes).map(ApiJson)
    }
}

fn body_rejection(rejection: BytesRejection) -> AppError {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        AppError::new(Kind::TooLarge, "body_too_large", "The request's body is larger than this address takes.")
    } else {
        AppError::new(Kind::Malformed, "body_unreadable", "The request's body could not be read to its end.")
    }
}

fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, AppError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(Objects(&mut deserializer)).map_err(|error| json_error(&error))?;
    deserializer.end().map_err(|_| malformed("There is more after the end of the JSON value."))?;
    Ok(value)
}

fn malformed(detail: impl Into<String>) -> AppError {
    AppError::new(Kind::Malformed, "malformed_json", detail)
}

fn json_error(error: &serde_path_to_error::Error<serde_json::Error>) -> AppError {
    let inner = error.inner();
    if !inner.is_data() {
        return malformed(format!("The body is not valid JSON (line {}, column {}).", inner.line(), inner.column()));
    }
    let text = inner.to_string();
    let path = error.path().to_string();
    let path = if path == "." { String::new() } else { path };
    // serde names the missing or unknown field in its message only: `missing field `name` at line 1 column 2`.
    let quoted = text.split('`').nth(1).map(str::to_owned);
    let under = |name: Option<String>| match (path.as_str(), name) {
        ("", Some(name)) => name,
        (path, Some(name)) if path != name && !path.ends_with(&format!(".{name}")) => format!("{path}.{name}"),
        (path, _) => path.to_owned(),
    };
    if text.starts_with("missing field") {
        return AppError::invalid(under(quoted), "missing_field", "This field is required.");
    }
    if text.starts_with("unknown field") {
        return AppError::invalid(under(quoted), "unknown_field", "There is no such field. Check its spelling.");
    }
    // The rest of serde's sentence may quote the value, which may be a password: only the part about what was expected is passed on.
    let expected = text
        .rsplit_once(", expected ")
        .map(|(_, rest)| rest.split(" at line ").next().unwrap_or(rest))
        .map_or_else(|| "This value is of the wrong kind.".to_owned(), |wanted| format!("Expected {wanted}."));
    AppError::invalid(path, "invalid_value", expected)
}

/// Path parameters. What cannot be parsed cannot exist: 404.
#[derive(Debug, Clone, Copy)]
pub struct ApiPath<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for ApiPath<T> {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
        let Path(value) = Path::<T>::from_request_parts(parts, state)
            .await
            .map_err(|_| AppError::not_found("not_found", "There is nothing at this address."))?;
        Ok(Self(value))
    }
}

/// Query parameters; 400 if they cannot be read.
#[derive(Debug, Clone, Copy)]
pub struct ApiQuery<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
        let Query(value) = Query::<T>::from_request_parts(parts, state)
            .await
            .map_err(|_| AppError::new(Kind::Malformed, "malformed_query", "A parameter after the ? has a value that cannot be read."))?;
        Ok(Self(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::model::CameraInput;

    fn refused(text: &str) -> (u16, String, Option<String>) {
        let problem = from_json::<CameraInput>(text.as_bytes()).expect_err("must be refused").problem();
        (problem.status, problem.code, problem.field)
    }

    #[test]
    fn unreadable_json_is_400() {
        assert_eq!(refused("{").0, 400);
        assert_eq!(refused("").0, 400);
        assert_eq!(refused(r#"{"name":"a"} x"#), (400, "malformed_json".into(), None));
    }

    /// `[null, null]` was taken as a change of an account that changes nothing.
    #[test]
    fn a_list_is_no_object() {
        for list in ["[]", " [null, null]", "[\"Gate\"]"] {
            assert_eq!(refused(list), (422, "invalid_value".into(), Some(String::new())));
        }
        for (text, field) in [
            (r#"{"name":"a","credentials":["u","p"]}"#, "credentials"),
            (r#"{"name":"a","sources":{"main":["rtsp://h/"]}}"#, "sources.main"),
        ] {
            assert_eq!(refused(text), (422, "invalid_value".into(), Some(field.into())));
        }
    }

    #[test]
    fn a_wrong_value_names_its_field() {
        assert_eq!(refused("{}"), (422, "missing_field".into(), Some("name".into())));
        assert_eq!(refused(r#"{"name":1}"#), (422, "invalid_value".into(), Some("name".into())));
        assert_eq!(refused(r#"{"name":"a","nmae":"b"}"#), (422, "unknown_field".into(), Some("nmae".into())));
        assert_eq!(refused(r#"{"name":"a","profile":"axis"}"#), (422, "invalid_value".into(), Some("profile".into())));
        let transport = r#"{"name":"a","sources":{"main":{"url":"rtsp://h/","transport":"quic"}}}"#;
        assert_eq!(refused(transport), (422, "invalid_value".into(), Some("sources.main.transport".into())));
        assert_eq!(refused(r#"{"name":"a","sources":{"main":{}}}"#), (422, "missing_field".into(), Some("sources.main.url".into())));
    }

    #[test]
    fn a_password_of_the_wrong_kind_is_not_repeated() {
        let error = from_json::<CameraInput>(br#"{"name":"a","credentials":{"username":"u","password":123454321}}"#).expect_err("a number");
        assert!(!error.problem().detail.contains("12345"), "{}", error.problem().detail);
        assert_eq!(error.problem().field.as_deref(), Some("credentials.password"));
        // Whatever stands in it: serde quotes it before it says what it expected.
        let error = from_json::<CameraInput>(br#"{"name":"a","credentials":"as, expected s3cret"}"#).expect_err("a text");
        assert_eq!(error.problem().detail, "Expected an object.");
    }
}
