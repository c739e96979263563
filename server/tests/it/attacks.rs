//! What an attacker may try, on every address of the OpenAPI document: paths that lead elsewhere, pages of other sites, bodies that are too large,
//! too deep or not what they say, texts that would be markup, addresses that would be this machine, sessions that are not theirs. Nothing is answered by a
//! fault of the server, and nothing changes.

mod addresses;
mod bodies;
mod cross_site;
mod paths;
mod sessions;
mod texts;

use crate::support::{Answer, TestApp};
use axum::body::Body;
use axum::http::Request;

/// Method and path of every operation, with its parameters in braces.
fn operations() -> Vec<(String, String)> {
    crate::openapi::operations().into_iter().map(|(method, path, _)| (method, path)).collect()
}

/// The path with `value` for every parameter.
fn filled(path: &str, value: &str) -> String {
    path.split('/').map(|segment| if segment.starts_with('{') { value } else { segment }).collect::<Vec<_>>().join("/")
}

async fn send(app: &TestApp, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let builder = headers.iter().fold(Request::builder().method(method).uri(path), |builder, (name, value)| builder.header(*name, *value));
    app.send(builder.body(Body::from(body.to_owned())).expect("a request")).await
}
