//! What admins do by the API: people and what they may do, tokens, links, and the log of it.

use crate::support::{Answer, TestApp};
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, COOKIE, SET_COOKIE};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use server::people::audit::{self, Actor};
use time::{Duration, OffsetDateTime};

const PASSWORD: &str = "violet ferry onion crane";
const NEXT: &str = "grandmother sold her boat";

async fn add(app: &TestApp, name: &str, role: &str) -> i64 {
    let answer = app.post("/api/v1/users", json!({ "username": name, "password": PASSWORD, "role": role })).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let id = answer.json()["id"].as_i64().expect("an id");
    assert_eq!(answer.headers["location"], format!("/api/v1/users/{id}"));
    id
}

async fn sign_in(app: &TestApp, name: &str, password: &str) -> Answer {
    let request = Request::post("/api/v1/session").header("content-type", "application/json").header(COOKIE, "other=1");
    app.send(request.body(Body::from(json!({ "username": name, "password": password }).to_string())).expect("a request")).await
}

async fn cookie(app: &TestApp, name: &str, password: &str) -> String {
    let answer = sign_in(app, name, password).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.headers[SET_COOKIE].to_str().expect("text").split(';').next().expect("a cookie").to_owned()
}

/// A request as somebody else than the admin's token.
async fn ask(app: &TestApp, method: &str, path: &str, header: (&str, &str), body: Value) -> Answer {
    let request = Request::builder().method(method).uri(path).header(header.0, header.1).header("content-type", "application/json");
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    app.send(request.body(body).expect("a request")).await
}

async fn log(app: &TestApp, query: &str) -> Vec<Value> {
    let answer = app.get(&format!("/api/v1/audit{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json().as_array().expect("a list").clone()
}

/// As [`log`], once everything that was noted is written.
async fn written(app: &TestApp, query: &str, count: usize) -> Vec<Value> {
    let found = async {
        loop {
            let found = log(app, query).await;
            if found.len() >= count {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    crate::live_support::timely("the log", found).await
}

#[tokio::test]
async fn a_viewer_gets_one_camera_and_loses_it_again() {
    let app = TestApp::start().await;
    let (gate, _yard) = (app.add("Gate").await, app.add("Yard").await);
    let weak = app.post("/api/v1/users", json!({ "username": "Vera", "password": "short", "role": "viewer" })).await;
    assert_eq!(weak.problem(), (422, "password_too_short".into(), Some("password".into())));
    let wrong = app.post("/api/v1/users", json!({ "username": "Vera", "password": PASSWORD, "role": "root" })).await;
    assert_eq!((wrong.problem().0, wrong.problem().2), (422, Some("role".into())));
    let vera = add(&app, "Vera", "viewer").await;
    let taken = app.post("/api/v1/users", json!({ "username": " VERA", "password": PASSWORD, "role": "viewer" })).await;
    assert_eq!(taken.problem(), (409, "username_taken".into(), Some("username".into())));

    let session = cookie(&app, "vera", PASSWORD).await;
    let cameras = async || ask(&app, "GET", "/api/v1/cameras", ("cookie", &session), Value::Null).await.json();
    assert_eq!(cameras().await, json!([]), "nothing was granted yet");
    let path = format!("/api/v1/users/{vera}");
    let granted = app.patch(&path, json!({ "grants": [{ "target": { "camera": gate }, "actions": ["audio", "live", "live"] }] })).await;
    assert_eq!(granted.status, StatusCode::OK, "{}", granted.text);
    assert_eq!(granted.json()["grants"], json!([{ "target": { "camera": gate }, "actions": ["live", "audio"] }]));
    let seen = cameras().await;
    assert_eq!((seen.as_array().map(Vec::len), &seen[0]["name"]), (Some(1), &json!("Gate")));
    let nowhere = app.patch(&path, json!({ "grants": [{ "target": { "camera": 999 }, "actions": ["live"] }] })).await;
    assert_eq!(nowhere.problem(), (422, "camera_not_found".into(), Some("grants[0].target".into())));
    let nothing = app.patch(&path, json!({ "grants": [{ "target": "all", "actions": [] }] })).await;
    assert_eq!(nothing.problem(), (422, "actions_empty".into(), Some("grants[0].actions".into())));
    let many: Vec<_> = (0..501).map(|_| json!({ "target": "all", "actions": ["live"] })).collect();
    assert_eq!(app.patch(&path, json!({ "grants": many })).await.problem(), (422, "too_many_grants".into(), Some("grants".into())));
    assert_eq!(app.patch(&path, json!({ "rights": [] })).await.problem().1, "unknown_field");
    assert_eq!(cameras().await.as_array().map(Vec::len), Some(1), "what was refused changed nothing");
    assert_eq!(app.patch(&path, json!({ "grants": [] })).await.status, StatusCode::OK);
    assert_eq!(cameras().await, json!([]), "withdrawn, and it counts at once");

    // Viewers do not get into any of this themselves.
    for (method, path) in [("GET", "/api/v1/users"), ("PATCH", path.as_str()), ("GET", "/api/v1/tokens"), ("GET", "/api/v1/audit")] {
        assert_eq!(ask(&app, method, path, ("cookie", &session), json!({ "role": "admin" })).await.problem().1, "not_allowed", "{path}");
    }
    assert_eq!(app.get("/api/v1/users/999").await.problem().1, "user_not_found");

    // The log tells what changed, from what to what.
    let changes = log(&app, "?action=user.update").await;
    assert_eq!(changes[1]["details"]["changes"]["grants"]["after"][0]["actions"], json!(["live", "audio"]));
    assert_eq!(changes[0]["details"]["changes"]["grants"]["after"], json!([]));
    assert_eq!((&changes[0]["target_name"], &changes[0]["actor_kind"]), (&json!("Vera"), &json!("token")));
    app.state.shutdown().await;
}

/// The copy in memory went on to tell of it, and whoever saved what it told was refused.
#[tokio::test]
async fn a_removed_camera_goes_from_what_people_may_do_and_from_the_links() {
    let app = TestApp::start().await;
    let (gate, yard) = (app.add("Gate").await, app.add("Yard").await);
    let path = format!("/api/v1/users/{}", add(&app, "Vera", "viewer").await);
    let live = |camera: i64| json!({ "target": { "camera": camera }, "actions": ["live"] });
    assert_eq!(app.patch(&path, json!({ "grants": [live(gate), live(yard)] })).await.status, StatusCode::OK);
    let soon = (OffsetDateTime::now_utc() + Duration::days(1)).format(&time::format_description::well_known::Rfc3339).expect("a moment");
    let link = json!({ "kind": "guest", "label": "Neighbours", "camera_id": gate, "actions": ["live"], "expires_at": soon });
    assert_eq!(app.post("/api/v1/links", link).await.status, StatusCode::CREATED);

    assert_eq!(app.delete(&format!("/api/v1/cameras/{gate}")).await.status, StatusCode::NO_CONTENT);
    let told = app.get(&path).await.json();
    assert_eq!(told["grants"], json!([live(yard)]));
    let saved = app.patch(&path, json!({ "grants": told["grants"] })).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
    assert_eq!(app.get("/api/v1/links").await.json(), json!([]));
    app.state.shutdown().await;
}

#[tokio::test]
async fn the_last_admin_stays() {
    let app = TestApp::start().await;
    let me = app.get("/api/v1/users").await.json()[0]["id"].as_i64().expect("the first account");
    let path = format!("/api/v1/users/{me}");
    for refused in
        [app.patch(&path, json!({ "role": "viewer" })).await, app.patch(&path, json!({ "disabled": true })).await, app.delete(&path).await]
    {
        assert_eq!(refused.problem(), (409, "last_admin".into(), None));
    }
    let other = add(&app, "Ben", "admin").await;
    let disabled = app.patch(&format!("/api/v1/users/{other}"), json!({ "disabled": true })).await;
    assert_eq!(disabled.json()["disabled"], true);
    assert_eq!(app.delete(&path).await.problem().1, "last_admin", "one who may not sign in is none");
    assert_eq!(app.patch(&format!("/api/v1/users/{other}"), json!({ "disabled": false })).await.status, StatusCode::OK);
    assert_eq!(app.delete(&path).await.status, StatusCode::NO_CONTENT);
    app.state.shutdown().await;
}

#[tokio::test]
async fn passwords_and_sessions_of_others() {
    let app = TestApp::start().await;
    let ann = add(&app, "Ann", "admin").await;
    let bob = add(&app, "Bob", "operator").await;
    let (one, other) = (cookie(&app, "Bob", PASSWORD).await, cookie(&app, "Bob", PASSWORD).await);
    let alive = async |session: &str| ask(&app, "GET", "/api/v1/session", ("cookie", session), Value::Null).await.status == StatusCode::OK;
    let path = format!("/api/v1/users/{bob}");
    let told = app.get(&path).await.json();
    assert_eq!((&told["sessions"], told["last_sign_in_at"].is_string(), &told["own"]), (&json!(2), true, &json!(false)));
    let list = app.get(&format!("{path}/sessions")).await.json();
    let first = list[1]["id"].as_str().expect("an id");
    assert_eq!(list[0]["current"], false);
    assert_eq!(app.delete(&format!("/api/v1/users/{ann}/sessions/{first}")).await.problem().1, "session_not_found", "not Ann's");
    assert_eq!(app.delete(&format!("{path}/sessions/{first}")).await.status, StatusCode::NO_CONTENT);
    assert_eq!((alive(&one).await, alive(&other).await), (false, true));
    assert_eq!(app.delete(&format!("{path}/sessions")).await.status, StatusCode::NO_CONTENT);
    assert!(!alive(&other).await);

    let session = cookie(&app, "Bob", PASSWORD).await;
    let weak = app.json("PUT", &format!("{path}/password"), json!({ "password": "Bob Bob Bob Bob" })).await;
    assert_eq!((weak.problem().0, weak.problem().2), (422, Some("password".into())));
    assert_eq!(app.json("PUT", &format!("{path}/password"), json!({ "password": NEXT })).await.status, StatusCode::NO_CONTENT);
    assert!(!alive(&session).await);
    assert_eq!(sign_in(&app, "Bob", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    cookie(&app, "Bob", NEXT).await;

    // The own password takes the current one.
    let own = cookie(&app, "Ann", PASSWORD).await;
    let refused = ask(&app, "PUT", &format!("/api/v1/users/{ann}/password"), ("cookie", &own), json!({ "password": NEXT })).await;
    assert_eq!(refused.problem(), (409, "own_password".into(), None));
    let me = ask(&app, "GET", &format!("/api/v1/users/{ann}"), ("cookie", &own), Value::Null).await.json();
    assert_eq!(me["own"], true);

    assert_eq!(app.patch(&path, json!({ "disabled": true })).await.json()["sessions"], 0);
    assert_eq!(sign_in(&app, "Bob", NEXT).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.delete(&path).await.problem().1, "user_not_found");
    let text = app.get("/api/v1/audit?limit=500").await.text;
    assert!(!text.contains(NEXT) && !text.contains(PASSWORD) && !text.contains("argon2"), "{text}");
    app.state.shutdown().await;
}

#[tokio::test]
async fn a_token_is_told_once_works_as_far_as_it_says_and_is_revoked() {
    let app = TestApp::start().await;
    let (gate, yard) = (app.add("Gate").await, app.add("Yard").await);
    let ann = add(&app, "Ann", "admin").await;
    let session = cookie(&app, "Ann", PASSWORD).await;
    let make = async |body: Value| ask(&app, "POST", "/api/v1/tokens", ("cookie", &session), body).await;
    let soon = (OffsetDateTime::now_utc() + Duration::days(30)).format(&time::format_description::well_known::Rfc3339).expect("a time");
    for (body, code, field) in [
        (json!({ "name": " ", "scope": "read" }), "name_empty", "name"),
        (json!({ "name": "x".repeat(101), "scope": "read" }), "name_too_long", "name"),
        (json!({ "name": "Door\u{202e}", "scope": "read" }), "name_characters", "name"),
        (json!({ "name": "Door", "scope": "everything" }), "invalid_value", "scope"),
        (json!({ "name": "Door", "scope": "read", "camera_ids": [gate, 999] }), "camera_not_found", "camera_ids[1]"),
        (json!({ "name": "Door", "scope": "admin", "camera_ids": [gate] }), "not_used", "camera_ids"),
        (json!({ "name": "Door", "scope": "read", "camera_ids": [] }), "camera_ids", "camera_ids"),
        (json!({ "name": "Door", "scope": "read", "expires_at": "tomorrow" }), "invalid_value", "expires_at"),
        (json!({ "name": "Door", "scope": "read", "expires_at": "2020-01-01T00:00:00Z" }), "expired", "expires_at"),
    ] {
        assert_eq!(make(body).await.problem(), (422, code.into(), Some(field.into())));
    }
    let made = make(json!({ "name": "Door", "scope": "read", "camera_ids": [gate], "expires_at": soon })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let made = made.json();
    let (id, secret) = (made["id"].as_i64().expect("an id"), made["secret"].as_str().expect("told once").to_owned());
    assert!(secret.starts_with(made["prefix"].as_str().expect("a prefix")));
    let bearer = format!("Bearer {secret}");
    let with = async |method: &str, path: String| ask(&app, method, &path, (AUTHORIZATION.as_str(), &bearer), Value::Null).await;
    let own = async || {
        let list = app.get("/api/v1/tokens").await;
        assert!(!list.text.contains(&secret));
        let found = list.json().as_array().expect("a list").iter().find(|token| token["id"] == id).cloned();
        found.unwrap_or_default()
    };
    assert_eq!((&own().await["last_used_at"], &own().await["owner"]), (&Value::Null, &json!("Ann")));
    assert_eq!(with("GET", format!("/api/v1/cameras/{gate}")).await.status, StatusCode::OK);
    assert_eq!(with("GET", format!("/api/v1/cameras/{yard}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(with("DELETE", format!("/api/v1/cameras/{gate}")).await.status, StatusCode::FORBIDDEN);
    assert!(own().await["last_used_at"].is_string());

    // It rests with its owner, stays in the list, and comes back with them.
    assert_eq!(app.patch(&format!("/api/v1/users/{ann}"), json!({ "disabled": true })).await.status, StatusCode::OK);
    assert_eq!((&own().await["active"], with("GET", "/api/v1/cameras".into()).await.status), (&json!(false), StatusCode::UNAUTHORIZED));
    assert_eq!(app.patch(&format!("/api/v1/users/{ann}"), json!({ "disabled": false })).await.status, StatusCode::OK);
    assert_eq!((&own().await["active"], with("GET", "/api/v1/cameras".into()).await.status), (&json!(true), StatusCode::OK));

    // What a token makes belongs to whom it belongs to itself.
    let session = cookie(&app, "Ann", PASSWORD).await;
    let admin = ask(&app, "POST", "/api/v1/tokens", ("cookie", &session), json!({ "name": "Script", "scope": "admin" })).await.json();
    let admin = format!("Bearer {}", admin["secret"].as_str().expect("told once"));
    let child = ask(&app, "POST", "/api/v1/tokens", ("authorization", &admin), json!({ "name": "Child", "scope": "read" })).await;
    assert_eq!(child.json()["owner"], "Ann");
    let link = json!({ "kind": "guest", "label": "Neighbours", "camera_id": gate, "actions": ["live"], "expires_at": soon });
    let link = ask(&app, "POST", "/api/v1/links", ("authorization", &admin), link).await;
    assert_eq!((link.status, &link.json()["created_by"]), (StatusCode::CREATED, &json!("Ann")));

    assert_eq!(app.delete(&format!("/api/v1/tokens/{id}")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(with("GET", "/api/v1/cameras".into()).await.problem().1, "token_invalid");
    assert_eq!(app.delete(&format!("/api/v1/tokens/{id}")).await.problem().1, "token_not_found");
    let uses = written(&app, "?action=api_token.use&text=door", 1).await;
    assert_eq!((uses.len(), &uses[0]["actor_kind"]), (1, &json!("token")), "told once, not at every request");
    let made = log(&app, "?action=api_token.create&text=DOOR").await;
    assert_eq!((&made[0]["details"]["scope"], &made[0]["actor_name"]), (&json!("read"), &json!("Ann")));
    assert!(!app.get("/api/v1/audit?limit=500").await.text.contains(&secret));
    app.state.shutdown().await;
}

/// The log is found in and exported, on either database.
pub async fn the_log_is_searched(app: &TestApp) {
    let ann = add(app, "Änne 100%", "viewer").await;
    add(app, "Bob_b", "viewer").await;
    add(app, "=cmd(1,2)", "viewer").await;
    for (name, password) in [("a stranger", "wrong"), ("änne 100%", "wrong"), ("Änne 100%", PASSWORD), ("=cmd(1,2)", "wrong")] {
        sign_in(app, name, password).await;
    }
    written(app, "?action=session.", 4).await;
    let count = async |query: &str| log(app, query).await.len();
    assert_eq!(count("?action=session.&outcome=refused").await, 3);
    assert_eq!(count(&format!("?person={ann}")).await, 2, "what she did, and what was tried under her name");
    assert_eq!(count("?person=999").await, 0, "not what strangers tried: they have no name either");
    assert_eq!(count("?text=BOB_B").await, 1);
    assert_eq!(count("?text=%C3%84nne%20100%25").await, 3, "made, tried as, and signed in");
    assert_eq!(count("?text=bob%25").await, 0, "no pattern");
    assert_eq!(count("?action=session_").await, 0, "no pattern");
    assert_eq!(count("?from=2100-01-01T00:00:00Z").await, 0);
    assert_eq!(count("?to=2020-01-01T00:00:00Z").await, 0);
    assert_eq!(count("?from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&action=user.create&limit=1").await, 1);

    // Page after page, each entry once.
    let all = log(app, "?limit=500").await;
    let mut paged = log(app, "?limit=2").await;
    while let Some(last) = paged.last().map(|entry| entry["id"].clone()) {
        let next = log(app, &format!("?limit=2&before={last}")).await;
        if next.is_empty() {
            break;
        }
        paged.extend(next);
    }
    assert_eq!(paged, all);

    for (query, field) in [
        ("?limit=0", "limit"),
        ("?limit=501", "limit"),
        ("?from=yesterday", "from"),
        ("?outcome=maybe", "outcome"),
        ("?text=a%00b", "text"),
        (&*format!("?text={}", "x".repeat(101)), "text"),
    ] {
        for path in ["/api/v1/audit", "/api/v1/audit/export"] {
            let refused = app.get(&format!("{path}{query}")).await.problem();
            assert_eq!((refused.0, refused.2.as_deref()), (422, Some(field)), "{path}{query}");
        }
    }
    assert_eq!(app.get("/api/v1/audit?before=x").await.status, StatusCode::BAD_REQUEST);

    let csv = app.get("/api/v1/audit/export?action=session.").await;
    assert!(csv.headers["content-disposition"].to_str().expect("text").starts_with("attachment; filename=\"nightjar-audit-"));
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    let lines: Vec<_> = csv.text.lines().collect();
    assert!(lines[0].starts_with("\u{feff}at,actor_kind,") && lines.len() == 5, "{}", csv.text);
    assert!(lines[1].contains(",\"'=cmd(1,2)\","), "a formula is told as text: {}", lines[1]);
    let exported = app.get("/api/v1/audit/export?format=json&action=session.").await;
    assert_eq!(exported.json(), Value::from(log(app, "?action=session.").await));
    assert_eq!(app.get("/api/v1/audit/export?format=json&text=nowhere-at-all").await.json(), json!([]));
    assert_eq!(app.get("/api/v1/audit/export?format=xml").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(written(app, "?action=audit.export", 3).await.len(), 3);

    // Kept as long as the installation says.
    assert_eq!(app.get("/api/v1/audit/retention").await.json(), json!({ "days": 365 }));
    for days in [json!(6), json!(3651)] {
        let refused = app.json("PUT", "/api/v1/audit/retention", json!({ "days": days })).await;
        assert_eq!(refused.problem(), (422, "out_of_range".into(), Some("days".into())));
    }
    assert_eq!(app.json("PUT", "/api/v1/audit/retention", json!({ "days": 30 })).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.get("/api/v1/audit/retention").await.json(), json!({ "days": 30 }));
    assert_eq!(log(app, "?action=audit.retention").await[0]["details"]["changes"], json!({ "days": { "before": 365, "after": 30 } }));
    let before = log(app, "?limit=500").await;
    assert!(audit::shorten(&app.state.db, 3).await.expect("shortened") > 0);
    assert_eq!(log(app, "?limit=500").await, before[..3]);
    audit::keep(&app.state.db).await.expect("kept");
    assert_eq!(count("").await, 3);
}

#[tokio::test]
async fn the_log_is_found_in_exported_and_kept_within_bounds() {
    let app = TestApp::start().await;
    the_log_is_searched(&app).await;
    app.state.shutdown().await;
}

#[tokio::test]
async fn a_long_log_is_exported_whole() {
    let app = TestApp::start().await;
    let entries = (0..2500).map(|_| audit::Entry::new(Actor::server(), "test.entry")).collect::<Vec<_>>();
    for some in entries.chunks(500) {
        let transaction = app.state.db.begin().await.expect("a transaction");
        audit::insert(&transaction, some.to_vec()).await.expect("written");
        transaction.commit().await.expect("written");
    }
    let exported = app.get("/api/v1/audit/export?format=json&action=test.").await.json();
    let ids: Vec<_> = exported.as_array().expect("a list").iter().map(|entry| entry["id"].as_i64().expect("an id")).collect();
    assert!(ids.len() == 2500 && ids.is_sorted_by(|one, next| one > next));
    assert_eq!(app.get("/api/v1/audit/export?action=test.").await.text.lines().count(), 2501);
    app.state.shutdown().await;
}
