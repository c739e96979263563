//! Texts that would be markup, in every field that takes text: what is taken is escaped on every page, and JSON is never anything else.

use super::{send, sessions};
use crate::support::{Answer, TestApp, camera};
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{ACCEPT, COOKIE};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What each would do is named `zq9x`, so that it is found whatever comes around it.
const TEXTS: [&str; 9] = [
    "\"><img src=zq9x onerror=zq9x()>",
    "<script>zq9x()</script>",
    "</script><script>zq9x()</script>",
    "'\"--></style></title></textarea><svg/onload=zq9x()>",
    "\" onmouseover=\"zq9x()\" x=\"",
    "' onfocus='zq9x()' autofocus='",
    "javascript:zq9x()",
    "${zq9x()}{{zq9x()}}\u{201d}`zq9x()`",
    "&lt;img src=zq9x&gt;&quot; onerror=&quot;zq9x()",
];

/// Where a page would be broken out of: `<` is never left as it is, neither in text nor in a script.
const MARKUP: [&str; 3] = ["<img src=zq9x", "<script>zq9x", "<svg/onload=zq9x"];

const PAGES: [&str; 13] = [
    "/",
    "/camera/1",
    "/health",
    "/health?camera=1",
    "/settings",
    "/https",
    "/account",
    "/people",
    "/people/1",
    "/tokens",
    "/audit",
    "/welcome",
    "/nothing",
];

const DATA: [&str; 16] = [
    "/api/v1/cameras",
    "/api/v1/cameras/1",
    "/api/v1/cameras/1/settings",
    "/api/v1/cameras/1/streams",
    "/api/v1/cameras/1/incidents",
    "/api/v1/incidents",
    "/api/v1/links",
    "/api/v1/session",
    "/api/v1/sessions",
    "/api/v1/settings",
    "/api/v1/settings/recordings",
    "/api/v1/users",
    "/api/v1/users/1",
    "/api/v1/tokens",
    "/api/v1/audit",
    "/api/v1/system/health",
];

/// Sets a text wherever a person can: what is refused is refused in JSON. Notes for every place that
/// takes texts whether it took one.
async fn set_everywhere(app: &TestApp, text: &str, plain: &str, taken: &mut BTreeMap<String, bool>) {
    let until = "2027-01-01T00:00:00Z";
    let with = |change: Value| {
        let mut body = camera(plain);
        body.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        body
    };
    let path = |path: &str| json!({"main": {"url": format!("rtsp://ok.test/{path}")}});
    // Whether a text can be taken there at all.
    let requests = [
        (true, "POST", "/api/v1/cameras", with(json!({"name": text}))),
        (true, "POST", "/api/v1/cameras", with(json!({"name": format!("{plain} a"), "group": text}))),
        (true, "POST", "/api/v1/cameras", with(json!({"name": format!("{plain} b"), "tags": [text]}))),
        (true, "POST", "/api/v1/cameras", with(json!({"name": format!("{plain} c"), "credentials": {"username": text, "password": text}}))),
        (true, "POST", "/api/v1/cameras", with(json!({"name": format!("{plain} d"), "sources": path(text)}))),
        (false, "POST", "/api/v1/cameras", with(json!({"name": format!("{plain} e"), "overrides": {text: text}}))),
        (true, "POST", "/api/v1/links", json!({"kind": "guest", "label": text, "camera_id": 1, "actions": ["live"], "expires_at": until})),
        (true, "POST", "/api/v1/users", json!({"username": text, "role": "viewer", "password": "violet ferry onion crane"})),
        (
            true,
            "POST",
            "/api/v1/users",
            json!({"username": plain, "role": "viewer", "password": "violet ferry onion crane", "grants": [{"target": {"group": text}, "actions": ["live"]}]}),
        ),
        // Whom there is from the start, under another name than the one above.
        (true, "PATCH", "/api/v1/users/1", json!({"username": format!("{text}.")})),
        (true, "PUT", "/api/v1/settings/recordings", json!({"folder": app.data().join(text)})),
        (true, "POST", "/api/v1/tokens", json!({"name": text, "scope": "read"})),
        (false, "POST", "/api/v1/session", json!({"username": text, "password": text})),
        (
            true,
            "PATCH",
            "/api/v1/settings",
            json!({"webhook": {"url": format!("http://ok.test/{text}"), "header": "X-Key", "secret": text, "body": json!({"t": text}).to_string()}}),
        ),
        (false, "PATCH", "/api/v1/settings", json!({"defaults": {text: text}})),
        (false, "PATCH", "/api/v1/settings", json!({text: text})),
        (false, "POST", "/api/v1/setup", json!({"setup_token": text, "username": text, "password": text})),
    ];
    for (n, (takes, method, path, body)) in requests.into_iter().enumerate() {
        let answer = app.json(method, path, body).await;
        assert!(!answer.status.is_server_error(), "{method} {path}: {}", answer.text);
        assert_json(&format!("{method} {path}"), &answer);
        if takes {
            *taken.entry(format!("{n}: {method} {path}")).or_default() |= answer.status.is_success();
        }
    }
}

/// The name and value of every attribute of every element.
fn attributes(html: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some((_, from)) = rest.split_once('<') {
        rest = from;
        if rest.starts_with("!--") {
            rest = rest.split_once("-->").expect("a comment that ends").1;
            continue;
        }
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let script = rest.starts_with("script");
        let end = rest.find(|c: char| c.is_whitespace() || c == '>').expect("a tag that ends");
        rest = rest[end..].trim_start();
        while !rest.starts_with('>') {
            let end = rest.find(|c: char| c.is_whitespace() || c == '=' || c == '>').expect("a tag that ends");
            let name = rest[..end].to_ascii_lowercase();
            rest = &rest[end..];
            let value = match rest.strip_prefix("=\"") {
                Some(quoted) => {
                    let (value, after) = quoted.split_once('"').expect("a value that ends");
                    rest = after;
                    value
                }
                None => {
                    assert!(!rest.starts_with('='), "every value is quoted: {name}{rest:.40}");
                    ""
                }
            };
            found.push((name, value.to_owned()));
            rest = rest.trim_start();
        }
        if script {
            rest = rest.split_once("</script").expect("a script that ends").1;
        }
    }
    found
}

/// Nothing of the texts is an element, an attribute or an address that is followed.
#[track_caller]
fn assert_harmless(path: &str, page: &str) {
    for markup in MARKUP {
        let found = page.find(markup).map(|at| page.get(at.saturating_sub(100)..at + 40));
        assert_eq!(found, None, "{path} holds {markup}");
    }
    if !page.starts_with('<') {
        return;
    }
    for (name, value) in attributes(page) {
        assert!(!name.starts_with("on") && !name.contains("zq9x"), "{path} has the attribute {name}=\"{value}\"");
        let address = value.trim_start().to_ascii_lowercase();
        assert!(
            !address.starts_with("javascript:") || !matches!(&*name, "href" | "src" | "action" | "formaction"),
            "{path} leads to {value}"
        );
    }
}

#[test]
fn what_breaks_out_is_seen() {
    let names = |html: &str| attributes(html).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names("<a title=\"\" onmouseover=\"zq9x()\">x</a><!-- <b c> --><br d>"), ["title", "onmouseover", "d"]);
    assert_eq!(names("<script nonce=\"1\">if (a<b) {}</script><p e=\"&quot; f=&quot;\">"), ["nonce", "e"]);
}

#[track_caller]
fn assert_json(what: &str, answer: &Answer) {
    let kind = answer.headers.get("content-type").map_or("", |kind| kind.to_str().expect("text"));
    assert!(answer.text.is_empty() || kind == "application/json" || kind == "application/problem+json", "{what} answers with {kind}");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{what}");
    let policy = answer.headers["content-security-policy"].to_str().expect("text");
    assert!(policy.starts_with("default-src 'none'"), "{what}: {policy}");
}

#[tokio::test]
async fn no_text_is_ever_markup() {
    let app = TestApp::start().await;
    app.add("Gate").await;
    let cookie = sessions::cookie(&app, "Ann & \u{201c}Co\u{201d}").await;
    let mut taken = BTreeMap::new();
    for (n, text) in TEXTS.into_iter().enumerate() {
        set_everywhere(&app, text, &format!("Plain {n}"), &mut taken).await;
        // A session is told with what its browser says of itself.
        let body = json!({"username": "Ann & \u{201c}Co\u{201d}", "password": sessions::PASSWORD}).to_string();
        let headers =
            [("content-type", "application/json"), ("cookie", "other=1"), ("user-agent", text.trim_matches(|c: char| !c.is_ascii()))];
        let _ = send(&app, "POST", "/api/v1/session", &headers, &body).await;
    }
    assert!(taken.values().all(|taken| *taken), "each place takes one of the texts: {taken:#?}");
    let ask = |path: &str, accept: &'static str| {
        let request = Request::get(path).header(COOKIE, &cookie).header(ACCEPT, accept);
        app.send(request.body(Body::empty()).expect("a request"))
    };
    let mut seen = 0;
    for path in PAGES {
        let page = ask(path, "text/html").await;
        assert!(page.headers["content-type"].to_str().expect("text").starts_with("text/html"), "{path}");
        assert_harmless(path, &page.text);
        let policy = page.headers["content-security-policy"].to_str().expect("text");
        assert!(policy.contains("script-src 'self' 'nonce-") && policy.contains("base-uri 'none'"), "{path}: {policy}");
        seen += page.text.matches("zq9x").count();
    }
    assert!(seen > 20, "the texts are on the pages: {seen}");
    for path in DATA {
        assert_json(path, &ask(path, "text/html").await);
    }
    // What the pages fetch when they are there.
    for path in ["/api/v1/settings/recordings", "/api/v1/users/1"] {
        assert!(ask(path, "*/*").await.text.contains("zq9x"), "{path}");
    }
}

/// What is in the address itself comes back on no page and in no header.
#[tokio::test]
async fn no_address_is_ever_markup() {
    let app = TestApp::start().await;
    app.add("Gate").await;
    let cookie = sessions::cookie(&app, "Ann").await;
    let tails = [
        "%22%3E%3Cimg%20src=zq9x%20onerror=zq9x()%3E",
        "%3Cscript%3Ezq9x()%3C/script%3E",
        "'%20onfocus='zq9x()",
        "%0d%0aSet-Cookie:zq9x=1",
    ];
    for tail in tails {
        for path in [
            format!("/{tail}"),
            format!("/camera/{tail}"),
            format!("/?q={tail}"),
            format!("/camera/1?transport={tail}"),
            format!("/health?camera={tail}&range={tail}"),
            format!("/sign-in?next={tail}"),
            format!("/sign-in?next=/{tail}"),
            format!("/api/v1/{tail}"),
            format!("/live/{tail}/main/index.m3u8"),
            format!("/guest/{tail}"),
            format!("/link/{tail}/live/1/main/index.m3u8"),
        ] {
            for cookie in [cookie.as_str(), "other=1"] {
                let request = Request::get(&path).header(COOKIE, cookie).header(ACCEPT, "text/html");
                let answer = app.send(request.body(Body::empty()).expect("a request")).await;
                assert_harmless(&path, &answer.text);
                let set = answer.headers.get("set-cookie").map(|set| set.to_str().expect("text").to_owned());
                assert!(set.as_deref().is_none_or(|set| !set.contains("zq9x")), "{path} sets {set:?}");
                let away = answer.headers.get("location").map(|place| place.to_str().expect("text").to_owned());
                assert!(away.as_deref().is_none_or(|place| place.starts_with('/') && !place.starts_with("//")), "{path} leads to {away:?}");
            }
        }
    }
}
