//! What somebody without an account may try, on every address of the OpenAPI document: paths that lead elsewhere, other sites' pages, bodies that
//! are too large, too deep or not what they say. Nothing is answered by a fault of the server, and nothing changes.

use crate::support::{Answer, TestApp};
use axum::body::Body;
use axum::http::Request;

/// Method and path of every operation, with its parameters in braces.
fn operations() -> Vec<(String, String)> {
    let document = serde_json::to_value(server::router::openapi()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let methods = |item: &serde_json::Value| -> Vec<String> {
        item.as_object().expect("an item").keys().map(|method| method.to_uppercase()).collect()
    };
    paths
        .iter()
        .flat_map(|(path, item)| methods(item).into_iter().map(move |method| (method, path.clone())))
        .filter(|(method, _)| ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()))
        .collect()
}

/// The path with `value` for every parameter.
fn filled(path: &str, value: &str) -> String {
    path.split('/').map(|segment| if segment.starts_with('{') { value } else { segment }).collect::<Vec<_>>().join("/")
}

async fn send(app: &TestApp, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let builder = headers.iter().fold(Request::builder().method(method).uri(path), |builder, (name, value)| builder.header(*name, *value));
    app.send(builder.body(Body::from(body.to_owned())).expect("a request")).await
}

#[tokio::test]
async fn no_parameter_of_a_path_leads_elsewhere() {
    let app = TestApp::start().await;
    app.add("Gate").await;
    let values = [
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e%2f%2e%2e%2fnightjar.db",
        "..%5c..%5csecret.key",
        "%00",
        "1%00.jpg",
        "-1",
        "0",
        "1e3",
        "0x1",
        "1;ls",
        "%F0%9F",
        "999999999999999999999999",
        "1%20OR%201=1",
        "'%22%3E%3Cscript%3E",
        "*",
        "$(id)",
        "%0d%0aSet-Cookie:a=b",
    ];
    let live = [
        "/live/{a}/{b}/{c}",
        "/live/{a}/main/{b}",
        "/live/1/main/{c}",
        "/live/{a}/master.m3u8",
        "/api/v1/cameras/{a}/snapshot.jpg",
        "/pkg/{a}",
        "/https/{a}",
    ];
    let paths: Vec<(String, String)> = operations().into_iter().chain(live.map(|path| ("GET".to_owned(), path.to_owned()))).collect();
    for (method, path) in paths.iter().filter(|(_, path)| path.contains('{')) {
        for value in values {
            let target = filled(path, value);
            let answer = send(&app, method, &target, &[("content-type", "application/json")], "{}").await;
            assert!(answer.status.is_client_error(), "{method} {target}: {} {}", answer.status, answer.text);
            assert!(!answer.text.contains("root:") && !answer.headers.contains_key("set-cookie"), "{method} {target}");
        }
    }
    assert_eq!(app.get("/api/v1/cameras").await.json().as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn another_sites_page_carries_out_no_operation() {
    let app = TestApp::start().await;
    let id = app.add("Gate").await.to_string();
    for (method, path) in operations().into_iter().filter(|(method, _)| method != "GET") {
        let target = filled(&path, &id);
        for (name, value) in
            [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "null"), ("origin", "https://evil.example")]
        {
            // As a form can send it, without a preflight.
            let headers = [("host", "127.0.0.1:8080"), ("content-type", "text/plain"), (name, value)];
            let answer = send(&app, &method, &target, &headers, "{}").await;
            assert_eq!(answer.problem().1, "cross_site", "{method} {target}");
        }
    }
}

#[tokio::test]
async fn bodies_that_are_not_what_they_say_are_refused() {
    let app = TestApp::start().await;
    let id = app.add("Gate").await.to_string();
    let deep = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
    let bodies = [
        deep.as_str(),
        "{\"name\":",
        "\u{0}",
        "null",
        "[]",
        "7",
        "\"\"",
        "{\"name\":{\"$gt\":\"\"}}",
        "{\"a\":1,\"a\":2}",
        "\u{feff}{}",
        "NaN",
    ];
    for (method, path) in operations().into_iter().filter(|(method, _)| ["POST", "PUT", "PATCH"].contains(&method.as_str())) {
        let target = filled(&path, &id);
        for body in bodies {
            let answer = send(&app, &method, &target, &[("content-type", "application/json")], body).await;
            assert!(!answer.status.is_server_error(), "{method} {target} {body:.40}: {} {}", answer.status, answer.text);
        }
        let large = "x".repeat(200_000);
        let answer = send(&app, &method, &target, &[("content-type", "application/json")], &format!("{{\"name\":\"{large}\"}}")).await;
        assert!(!answer.status.is_success() && !answer.status.is_server_error(), "{method} {target}: {}", answer.status);
    }
}
