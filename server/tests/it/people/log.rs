//! The log of what people did: what is in it, and what must not fill it.

use super::{HOME, PASSWORD, add};
use crate::live_support::timely;
use crate::support::TestApp;
use app::model::Role;
use axum::http::StatusCode;
use sea_orm::ActiveValue::NotSet;
use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::{Value, json};
use server::entities;
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

/// An entry of so long ago.
async fn plant(app: &TestApp, action: &str, days: i64) {
    let row = entities::audit::Model {
        id: 0,
        at: OffsetDateTime::now_utc() - Duration::days(days),
        actor_kind: "server".into(),
        actor_id: None,
        actor_name: String::new(),
        address: String::new(),
        action: action.into(),
        outcome: "ok".into(),
        target_kind: String::new(),
        target_id: String::new(),
        target_name: String::new(),
        details: json!({}),
    };
    let row = entities::audit::ActiveModel { id: NotSet, ..row.into_active_model() };
    let transaction = app.state.db.begin().await.expect("a transaction");
    entities::audit::Entity::insert(row).exec_without_returning(&transaction).await.expect("inserted");
    transaction.commit().await.expect("committed");
}

#[tokio::test]
async fn what_is_older_than_the_log_reaches_goes_by_itself() {
    let app = TestApp::start().await;
    assert_eq!(app.json("PUT", "/api/v1/audit/retention", json!({ "days": 30 })).await.status, StatusCode::NO_CONTENT);
    plant(&app, "test.old", 31).await;
    plant(&app, "test.young", 29).await;
    let left = async || {
        let filter = Filter { action: Some("test.".into()), limit: 10, ..Filter::default() };
        let rows = audit::list(&app.state.db, &filter).await.expect("the log");
        rows.into_iter().map(|row| row.action).collect::<Vec<_>>()
    };
    assert_eq!(left().await, ["test.young", "test.old"]);
    // The next time that what has ended is removed.
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(600)).await;
    tokio::time::resume();
    let gone = async {
        while left().await.len() == 2 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    timely("what is old is removed", gone).await;
    assert_eq!(left().await, ["test.young"]);
}
