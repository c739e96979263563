//! Bodies that are too deep, too large, compressed, or not what they say.

use super::{filled, operations, send};
use crate::support::{TestApp, camera};
use axum::body::Body;
use axum::http::Request;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

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
        let large = format!("{{\"name\":\"{}\"}}", "x".repeat(200_000));
        let length = large.len().to_string();
        let stated = [("content-type", "application/json"), ("content-length", &length)];
        let answer = send(&app, &method, &target, &stated, &large).await;
        assert!(!answer.status.is_success() && !answer.status.is_server_error(), "{method} {target}: {}", answer.status);
        // A body of unknown length is found to be too long by reading it, which a search does not.
        if path != "/api/v1/discovery" {
            let answer = send(&app, &method, &target, &stated[..1], &large).await;
            assert!(!answer.status.is_success() && !answer.status.is_server_error(), "{method} {target}: {}", answer.status);
        }
    }
}

#[tokio::test]
async fn numbers_that_no_field_holds_are_refused_and_not_rounded() {
    let app = TestApp::start().await;
    let id = app.add("Gate").await;
    for number in ["1e400", "-1e400", "99999999999999999999999999", "-9223372036854775809", "1.5", "0.1e1", "1e2", "-0", "-1", "0"] {
        let body = format!(
            "{{\"kind\":\"media\",\"label\":\"x\",\"camera_id\":{number},\"actions\":[\"live\"],\"expires_at\":\"2030-01-01T00:00:00Z\"}}"
        );
        let answer = send(&app, "POST", "/api/v1/links", &[("content-type", "application/json")], &body).await;
        assert!(answer.status.is_client_error(), "{number}: {} {}", answer.status, answer.text);
        let body = format!("{{\"overrides\":{{\"stream.stall_timeout_s\":{number}}}}}");
        let answer = send(&app, "PATCH", &format!("/api/v1/cameras/{id}"), &[("content-type", "application/json")], &body).await;
        assert!(answer.status.is_client_error(), "{number}: {} {}", answer.status, answer.text);
        for path in ["/api/v1/incidents?before=", "/api/v1/incidents?limit=", "/api/v1/system/history?step_s="] {
            let answer = app.get(&format!("{path}{number}")).await;
            assert!(!answer.status.is_server_error(), "{path}{number}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn a_field_that_is_there_twice_is_refused() {
    let app = TestApp::start().await;
    let source = "{\"main\":{\"url\":\"rtsp://ok.test/main\"}}";
    for body in [
        format!("{{\"name\":\"Gate\",\"name\":\"Other\",\"sources\":{source}}}"),
        format!("{{\"name\":\"Gate\",\"sources\":{source},\"sources\":{{\"main\":{{\"url\":\"rtsp://127.0.0.1/\"}}}}}}"),
        format!("{{\"name\":\"Gate\",\"na\\u006de\":\"Other\",\"sources\":{source}}}"),
        "{\"name\":\"Gate\",\"sources\":{\"main\":{\"url\":\"rtsp://ok.test/\",\"url\":\"rtsp://127.0.0.1/\"}}}".to_owned(),
    ] {
        let answer = send(&app, "POST", "/api/v1/cameras", &[("content-type", "application/json")], &body).await;
        assert_eq!(answer.problem().0, 422, "{body}");
    }
    assert_eq!(app.get("/api/v1/cameras").await.json().as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn a_compressed_body_is_refused_before_it_grows() {
    let app = TestApp::start().await;
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..1024 {
        bomb.write_all(&[b' '; 16 << 10]).expect("compressed");
    }
    let bomb = bomb.finish().expect("compressed");
    assert!(bomb.len() < 32 << 10, "16 MiB fit under the limit of bodies: {}", bomb.len());
    let plain = camera("Gate").to_string().into_bytes();
    for (encoding, body) in
        [("gzip", bomb.clone()), ("br", bomb.clone()), ("deflate", bomb), ("gzip", plain.clone()), ("gzip, identity", plain.clone())]
    {
        let request = Request::post("/api/v1/cameras").header("content-type", "application/json").header("content-encoding", encoding);
        let answer = app.send(request.body(Body::from(body)).expect("a request")).await;
        assert_eq!(answer.problem(), (415, "unsupported_encoding".into(), None), "{encoding}");
    }
    let request = Request::post("/api/v1/cameras").header("content-type", "application/json").header("content-encoding", "identity");
    assert_eq!(app.send(request.body(Body::from(plain)).expect("a request")).await.status, 201);
}
