//! The API's description, whole: a change of the outside contract shows up in review. And that it says how one signs in, as the guard has it.

use crate::support::TestApp;
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::Value;

#[test]
fn the_document_is_as_agreed() {
    let document = server::router::openapi().to_pretty_json().expect("JSON");
    insta::assert_snapshot!(document);
}

/// Method, path and description of every operation.
pub fn operations() -> Vec<(String, String, Value)> {
    let document = serde_json::to_value(server::router::openapi()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths").clone();
    let of_path = |(path, item): (String, Value)| {
        let methods = item.as_object().expect("an item").clone();
        methods.into_iter().map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation))
    };
    paths.into_iter().flat_map(of_path).collect()
}

#[tokio::test]
async fn what_it_says_of_signing_in_is_what_the_guard_does() {
    let app = TestApp::start().await;
    for (method, path, operation) in operations() {
        let takes = operation["security"].as_array().unwrap_or_else(|| panic!("{method} {path} says nothing of security"));
        let schemes: Vec<&str> = takes.iter().flat_map(|scheme| scheme.as_object().expect("a scheme").keys()).map(String::as_str).collect();
        let target = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect::<Vec<_>>().join("/");
        let request = Request::builder().method(&*method).uri(target).header(AUTHORIZATION, "").header(CONTENT_TYPE, "application/json");
        let refused = app.send(request.body(Body::from("!")).expect("a request")).await.status == 401;
        assert_eq!(schemes, if refused { vec!["session", "token"] } else { vec![] }, "{method} {path}");
        let told = |status: &str| operation["responses"].get(status).is_some();
        assert!(told("401") && (told("403") || method == "GET" && !refused), "{method} {path}");
        assert!(operation.get("requestBody").is_none() || ["400", "413", "415", "422"].into_iter().all(told), "{method} {path}");
    }
}
