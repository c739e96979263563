//! What a page of another site can make a browser send: requests that change something, and WebSockets.

use super::{filled, operations, send};
use crate::live_support::mse;
use crate::support::TestApp;
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{COOKIE, SET_COOKIE};

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
async fn another_sites_page_opens_no_socket_not_even_with_the_cookie_of_an_admin() {
    let app = TestApp::start().await;
    let id = app.add("Gate").await;
    let address = app.listen().await;
    for path in ["/api/v1/ws".to_owned(), format!("/live/{id}/main/mse")] {
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "null"),
            ("origin", "https://evil.example"),
            // Another port, and another scheme's default port, are another origin.
            ("origin", "http://127.0.0.1:1"),
            ("origin", "http://127.0.0.1"),
            ("origin", &format!("http://{address}.evil.example")),
            ("origin", &format!("http://{address}@evil.example")),
        ] {
            assert_eq!(mse::refused(address, &path, &[(name, value)]).await, 403, "{path} {name}: {value}");
        }
        assert_eq!(mse::refused(address, &path, &[("origin", &format!("http://{address}"))]).await, 101, "{path} from its own page");
    }
}

/// A proxy may come to the server under another name than the browser came to the proxy. Then the page's own sockets, not only its requests,
/// must go by what the settings or the trusted proxy say of that name.
#[tokio::test]
async fn behind_a_proxy_that_rewrites_the_host_the_own_page_opens_its_sockets() {
    let own = "https://cams.example";
    let settings = [("NIGHTJAR_ALLOWED_ORIGINS", own)];
    let trusting = [("NIGHTJAR_ALLOWED_ORIGINS", "https://other.example"), ("NIGHTJAR_TRUSTED_PROXIES", "127.0.0.1")];
    for (environment, forwarded) in [(&settings[..], None), (&trusting[..], Some("127.0.0.2"))] {
        let app = TestApp::start_with(environment).await;
        let id = app.add("Gate").await;
        let address = app.listen().await;
        for path in ["/api/v1/ws".to_owned(), format!("/live/{id}/main/mse")] {
            let page = forwarded.map_or(own.to_owned(), |host| format!("https://{host}"));
            for (origin, status) in [(page.as_str(), 101), ("https://evil.example", 403), ("null", 403)] {
                let mut headers = vec![("origin", origin)];
                if let Some(host) = forwarded {
                    headers.extend([("x-forwarded-for", "192.0.2.7"), ("x-forwarded-proto", "https"), ("x-forwarded-host", host)]);
                }
                assert_eq!(mse::refused(address, &path, &headers).await, status, "{path} from {origin}");
            }
        }
    }
}

/// No address that a link or picture can name changes anything: whatever a GET does, everything that is stored stays as it was.
#[tokio::test]
async fn reading_changes_nothing() {
    let app = TestApp::start().await;
    let id = app.add("Gate").await.to_string();
    let stored = async || {
        let mut all = String::new();
        for path in ["/api/v1/cameras", "/api/v1/settings", "/api/v1/links", "/api/v1/sessions"] {
            all += &app.get(path).await.text;
        }
        all
    };
    let before = stored().await;
    for (_, path) in operations() {
        for tail in ["", "?_method=DELETE", "?method=POST&name=x", "?force=true"] {
            let target = format!("{}{tail}", filled(&path, &id));
            for (name, value) in [("x-http-method-override", "DELETE"), ("x-method-override", "PATCH"), ("x-http-method", "PUT")] {
                let answer = send(&app, "GET", &target, &[(name, value)], "").await;
                assert!(!answer.status.is_server_error() || answer.status == 503, "{target}: {}", answer.text);
            }
        }
    }
    assert_eq!(stored().await, before);
}

/// Another origin may not read either: no answer names one, whatever is asked.
#[tokio::test]
async fn no_answer_is_shared_with_another_origin() {
    let app = TestApp::start().await;
    app.add("Gate").await;
    for path in ["/", "/api/v1/cameras", "/api/v1/openapi.json", "/live/1/master.m3u8", "/health/live", "/nothing"] {
        for method in ["GET", "OPTIONS", "HEAD"] {
            let headers = [("origin", "https://evil.example"), ("access-control-request-method", "DELETE")];
            let answer = send(&app, method, path, &headers, "").await;
            let cors = answer.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
            assert_eq!(cors, None, "{method} {path}");
            assert!(method != "OPTIONS" || !answer.status.is_success(), "{path} answers a preflight with {}", answer.status);
        }
    }
}

#[tokio::test]
async fn a_cookie_is_not_taken_from_another_sites_form() {
    let app = TestApp::start().await;
    let cookie = super::sessions::cookie(&app, "Ann").await;
    let request = |origin: &str| {
        let request = Request::delete("/api/v1/sessions").header("host", "127.0.0.1:8080").header(COOKIE, &cookie).header("origin", origin);
        app.send(request.body(Body::empty()).expect("a request"))
    };
    let refused = request("https://evil.example").await;
    assert_eq!(refused.problem().1, "cross_site");
    assert!(!refused.headers.contains_key(SET_COOKIE));
    assert_eq!(request("http://127.0.0.1:8080").await.status, 204);
}
