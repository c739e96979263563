//! Parameters of paths that would lead elsewhere.

use super::{filled, operations, send};
use crate::support::TestApp;

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
