//! The log of what people did: what is in it, and what must not fill it.

use super::{HOME, PASSWORD, add};
use crate::support::TestApp;
use app::model::Role;
use serde_json::Value;
use server::people::audit::{self, Filter};
use time::{Duration, OffsetDateTime};

/// The log keeps a million entries: what a stranger can do without end must not push out what was written before.
#[tokio::test]
async fn a_stranger_does_not_fill_the_log() {
    let app = TestApp::start().await;
    let ask = |path: String, bearer: Option<&str>| {
        let request = axum::http::Request::get(path).header("cookie", "other=1");
        let request = bearer.into_iter().fold(request, |request, token| request.header("authorization", format!("Bearer {token}")));
        app.send(request.body(axum::body::Body::empty()).expect("a request"))
    };
    for n in 0..30 {
        assert_eq!(ask(format!("/guest/guess{n}"), None).await.status, 404);
        assert_eq!(ask("/api/v1/cameras".into(), Some(&format!("nightjar_guess{n}"))).await.status, 401);
    }
    let app = app.restart().await;
    let count = async |action: &str| {
        let filter = Filter { action: Some(action.into()), outcome: Some("refused".into()), limit: 100, ..Filter::default() };
        audit::list(&app.state.db, &filter).await.expect("the log").len()
    };
    assert_eq!((count("link.open").await, count("api_token.use").await), (1, 1), "told, and told once");
}

#[tokio::test]
async fn what_is_noted_is_written_by_the_end_and_can_be_found() {
    let app = TestApp::start_bare().await;
    let people = &app.state.people;
    add(people, "Ann", Role::Admin).await;
    people.sign_in(HOME, "Ann", PASSWORD).await.expect("right");
    people.sign_in(HOME, "grandmother sold her boat", "").await.expect_err("a password in the wrong field");
    people.sign_in(HOME, " ANN", "guess").await.expect_err("wrong");
    let app = app.restart().await;
    let find = |action: &str, outcome: Option<&str>| {
        let filter = Filter { action: Some(action.to_owned()), outcome: outcome.map(str::to_owned), limit: 10, ..Filter::default() };
        let db = app.state.db.clone();
        async move { audit::list(&db, &filter).await.expect("the log") }
    };
    let refused = find("session.", Some("refused")).await;
    let told: Vec<_> = refused.iter().map(|row| (row.actor_name.as_str(), row.address.as_str())).collect();
    assert_eq!(told, [("Ann", "192.168.1.5"), ("", "192.168.1.5")], "only names of accounts are kept");
    assert_eq!(find("session.sign_in", Some("ok")).await[0].actor_name, "Ann");
    assert_eq!(find("user.create", None).await[0].actor_kind, "console");
    assert_eq!(find("user.create", None).await[0].details["role"], Value::from("admin"));
    assert_eq!(audit::prune(&app.state.db, OffsetDateTime::now_utc() + Duration::hours(1)).await.expect("pruned"), 6);
    assert!(find("", None).await.is_empty());
}
