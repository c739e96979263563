//! What surrounds every request: problem documents, limits, origin checks, security headers, pages.

use crate::support::{TestApp, camera};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let builder = headers.iter().fold(Request::builder().method(method).uri(path), |builder, (name, value)| builder.header(*name, *value));
    builder.body(Body::empty()).expect("a request")
}

#[tokio::test]
async fn failures_of_the_router_are_problem_documents() {
    let app = TestApp::start().await;
    for path in ["/api/v1/nothing", "/api/nothing", "/api/v1/cameras/abc", "/api/v1/cameras/99", "/live/x/y/z/w", "/nothing"] {
        assert_eq!(app.get(path).await.problem().0, 404, "{path}");
    }
    let method = app.delete("/api/v1/cameras").await;
    assert_eq!(method.problem(), (405, "method_not_allowed".into(), None));
    assert!(method.headers["allow"].to_str().expect("text").contains("POST"));
    let text =
        app.send(Request::post("/api/v1/cameras").header("content-type", "text/plain").body(Body::from("{}")).expect("a request")).await;
    assert_eq!(text.problem().0, 415);
    let garbage =
        Request::post("/api/v1/cameras").header("content-type", "application/json").body(Body::from("{\"name\":")).expect("a request");
    assert_eq!(app.send(garbage).await.problem(), (400, "malformed_json".into(), None));
    assert_eq!(app.post("/api/v1/cameras?force=perhaps", camera("a")).await.problem().0, 400);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_413_with_and_without_a_length() {
    let app = TestApp::start().await;
    let large = json!({"name": "x".repeat(100_000)}).to_string();
    let send = |request: axum::http::request::Builder, body| {
        app.send(request.header("content-type", "application/json").body(body).expect("a request"))
    };
    let known = send(Request::post("/api/v1/cameras").header("content-length", large.len()), Body::from(large.clone())).await;
    assert_eq!(known.problem().0, 413);
    let chunks =
        futures::stream::iter(large.into_bytes().chunks(1000).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect::<Vec<_>>());
    let streamed = send(Request::post("/api/v1/cameras"), Body::from_stream(chunks)).await;
    assert_eq!(streamed.problem().0, 413);
}

#[tokio::test]
async fn another_sites_page_changes_nothing_and_opens_no_socket() {
    let app = TestApp::start().await;
    let id = app.add("Gate").await;
    let path = format!("/api/v1/cameras/{id}");
    for headers in [
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("origin", "http://evil.example"), ("host", "127.0.0.1:8080")],
        vec![("origin", "null"), ("host", "127.0.0.1:8080")],
    ] {
        assert_eq!(app.send(request("DELETE", &path, &headers)).await.problem().1, "cross_site", "{headers:?}");
        let socket: Vec<_> = headers.into_iter().chain([("upgrade", "websocket"), ("connection", "upgrade")]).collect();
        assert_eq!(app.send(request("GET", "/api/v1/ws", &socket)).await.problem().1, "cross_site");
    }
    assert_eq!(app.get(&path).await.status, StatusCode::OK);
    let own = [("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080"), ("sec-fetch-site", "same-origin")];
    assert_eq!(app.send(request("DELETE", &path, &own)).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_foreign_host_name_is_refused_while_listening_on_loopback() {
    let app = TestApp::start().await;
    app.state.addresses.set_listener("127.0.0.1:8080".parse().expect("an address"));
    let answer = |host: &'static str| app.send(request("GET", "/api/v1/cameras", &[("host", host)]));
    assert_eq!(answer("evil.example:8080").await.problem().1, "host_not_allowed");
    assert_eq!(answer("localhost:8080").await.status, StatusCode::OK);
    assert_eq!(answer("127.0.0.1:8080").await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_answer_has_security_headers_and_a_number() {
    let app = TestApp::start().await;
    for path in ["/", "/api/v1/cameras", "/api/v1/nothing", "/health/live", "/api/docs/"] {
        let answer = app.get(path).await;
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        assert!(answer.headers["content-security-policy"].to_str().expect("text").contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(answer.headers["referrer-policy"], "same-origin");
        let permissions = answer.headers["permissions-policy"].to_str().expect("text");
        assert!(permissions.contains("camera=()") && permissions.contains("microphone=()") && !permissions.contains('*'), "{permissions}");
        assert_eq!(answer.headers["x-request-id"].len(), 16);
    }
}

#[tokio::test]
async fn a_page_runs_its_scripts_by_the_nonce_of_its_policy() {
    let app = TestApp::start().await;
    app.add("Gate & Co").await;
    let page = app.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    let policy = page.headers["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("'wasm-unsafe-eval'") && !policy.contains("'unsafe-eval'"), "{policy}");
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce");
    for script in
        page.text.match_indices("<script").map(|(start, _)| &page.text[start..start + page.text[start..].find('>').expect("closed")])
    {
        assert!(script.contains(&format!("nonce=\"{nonce}\"")), "{script}");
    }
    assert!(page.text.contains("Gate &amp; Co"));
    let other = app.get("/").await;
    assert!(!other.headers["content-security-policy"].to_str().expect("text").contains(nonce), "each page has a nonce of its own");
}

#[tokio::test]
async fn an_unknown_page_is_404_for_people_too() {
    let app = TestApp::start().await;
    let page = app.send(request("GET", "/no/such/page", &[("accept", "text/html")])).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.headers["content-type"].to_str().expect("text").starts_with("text/html"));
}

#[tokio::test]
async fn health_tells_when_the_server_stops() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/health/live").await.status, StatusCode::OK);
    assert_eq!(app.get("/health/ready").await.status, StatusCode::OK);
    app.state.stopping.cancel();
    let ready = app.get("/health/ready").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!ready.json()["reasons"].as_array().expect("a list").is_empty());
    assert_eq!(app.get("/health/live").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_api_describes_itself() {
    let app = TestApp::start().await;
    let document = app.get("/api/v1/openapi.json").await.json();
    assert!(document["openapi"].as_str().expect("a version").starts_with("3.1"));
    assert!(document["paths"]["/api/v1/cameras/{id}"]["patch"].is_object());
    assert_eq!(app.get("/api/docs/").await.status, StatusCode::OK);
}
