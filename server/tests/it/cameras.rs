//! Cameras through the API: what is stored, what is answered, what survives a restart.

use crate::support::{TestApp, camera, left_after};
use axum::http::StatusCode;
use serde_json::json;
use server::people::audit::{self, Filter};

#[tokio::test]
async fn a_camera_is_created_read_changed_and_deleted() {
    let app = TestApp::start().await;
    let body = json!({
        "name": " Gate ", "profile": "generic_rtsp", "enabled": true, "hidden": false, "group": null, "tags": ["street"],
        "sources": { "main": {"url": "rtsp://ok.test:554/main", "transport": "auto"}, "sub": {"url": "rtsp://ok.test:554/sub", "transport": "tcp"} },
        "credentials": {"username": "admin", "password": "p)#@ss"}, "always_on": true, "overrides": {}
    });
    let created = app.post("/api/v1/cameras", body).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    let read = created.json();
    let location = created.headers["location"].to_str().expect("text").to_owned();
    assert_eq!(location, format!("/api/v1/cameras/{}", read["id"]));
    assert_eq!(read["name"], "Gate");
    assert_eq!(read["credentials"], json!({"username": "admin", "has_password": true}));
    assert_eq!(read["sources"]["sub"], json!({"url": "rtsp://ok.test:554/sub", "transport": "tcp"}));
    assert!(read["created_at"].as_str().expect("a time").ends_with('Z'));
    assert_eq!(app.get(&location).await.json(), read);
    assert_eq!(app.get("/api/v1/cameras").await.json(), json!([read]));

    let changed = app.patch(&location, json!({"name": "Gate 2", "group": "Yard", "credentials": {"username": "root"}})).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    assert_eq!(changed.json()["credentials"], json!({"username": "root", "has_password": true}));
    assert_eq!(changed.json()["tags"], json!(["street"]));
    let cleared = app.patch(&location, json!({"group": null, "credentials": null})).await.json();
    assert_eq!((&cleared["group"], &cleared["credentials"]), (&json!(null), &json!(null)));

    assert_eq!(app.delete(&location).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.get(&location).await.problem().0, 404);
    assert_eq!(app.delete(&location).await.problem().0, 404);
    assert_eq!(app.patch(&location, json!({})).await.problem().0, 404);
}

#[tokio::test]
async fn cameras_survive_a_restart_and_numbers_are_not_given_twice() {
    let app = TestApp::start().await;
    let (one, two) = (app.add("One").await, app.add("Two").await);
    assert_eq!(app.patch(&format!("/api/v1/cameras/{one}"), json!({"credentials": {"username": "u", "password": "p"}})).await.status, 200);
    assert_eq!(app.delete(&format!("/api/v1/cameras/{two}")).await.status, StatusCode::NO_CONTENT);
    let before = app.get("/api/v1/cameras").await.json();

    let app = app.restart().await;
    assert_eq!(app.get("/api/v1/cameras").await.json(), before);
    assert!(app.add("Three").await > two);
}

#[tokio::test]
async fn a_name_is_taken_without_regard_to_case() {
    let app = TestApp::start().await;
    app.add("Einfahrt Süd").await;
    let other = app.add("Other").await;
    let taken = (409, "name_taken".to_owned(), Some("name".to_owned()));
    assert_eq!(app.post("/api/v1/cameras", camera("EINFAHRT SÜD")).await.problem(), taken);
    assert_eq!(app.patch(&format!("/api/v1/cameras/{other}"), json!({"name": "einfahrt süd"})).await.problem(), taken);
    let own = app.patch(&format!("/api/v1/cameras/{other}"), json!({"name": "OTHER"})).await;
    assert_eq!(own.status, StatusCode::OK, "{}", own.text);
}

#[tokio::test]
async fn of_simultaneous_creates_with_one_name_exactly_one_is_stored() {
    let app = TestApp::start().await;
    let answers = futures::future::join_all((0..8).map(|_| app.post("/api/v1/cameras", camera("Gate")))).await;
    let count = |status: StatusCode| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(StatusCode::CREATED), count(StatusCode::CONFLICT)), (1, 7));
    assert_eq!(app.get("/api/v1/cameras").await.json().as_array().expect("a list").len(), 1);
}

#[tokio::test]
async fn simultaneous_changes_of_different_fields_all_arrive() {
    let app = TestApp::start().await;
    let path = format!("/api/v1/cameras/{}", app.add("Gate").await);
    let (a, b) = tokio::join!(app.patch(&path, json!({"hidden": true})), app.patch(&path, json!({"group": "Yard"})));
    assert_eq!((a.status, b.status), (StatusCode::OK, StatusCode::OK));
    let camera = app.get(&path).await.json();
    assert_eq!((&camera["hidden"], &camera["group"]), (&json!(true), &json!("Yard")));
}

#[tokio::test]
async fn the_order_is_kept_and_unnamed_cameras_follow() {
    let app = TestApp::start().await;
    let ids = [app.add("A").await, app.add("B").await, app.add("C").await];
    let moved = app.json("PUT", "/api/v1/cameras/order", json!({"camera_ids": [ids[2], ids[0]]})).await;
    assert_eq!(moved.status, StatusCode::NO_CONTENT, "{}", moved.text);
    let app = app.restart().await;
    let names: Vec<_> = app.get("/api/v1/cameras").await.json().as_array().expect("a list").iter().map(|c| c["name"].clone()).collect();
    assert_eq!(names, ["C", "A", "B"]);
    let unknown = app.json("PUT", "/api/v1/cameras/order", json!({"camera_ids": [ids[0], 999]})).await.problem();
    assert_eq!(unknown, (422, "camera_not_found".into(), Some("camera_ids[1]".into())));
    let twice = app.json("PUT", "/api/v1/cameras/order", json!({"camera_ids": [ids[0], ids[0]]})).await.problem();
    assert_eq!(twice.1, "camera_repeated");
}

/// The camera was gone, and nobody had deleted it.
#[tokio::test]
async fn a_change_is_in_the_log_also_if_whoever_asked_for_it_goes_away() {
    let app = TestApp::start().await;
    let mut asked = 0;
    loop {
        let id = app.add(&format!("Gate {asked}")).await;
        asked += 1;
        let path = format!("/api/v1/cameras/{id}");
        if left_after(asked, app.patch(&path, json!({ "group": "Changed" }))).await.is_some() {
            break;
        }
        assert!(asked < 100, "it never ends");
    }
    let app = app.restart().await;
    let changed: Vec<String> = app
        .get("/api/v1/cameras")
        .await
        .json()
        .as_array()
        .expect("a list")
        .iter()
        .filter(|camera| camera["group"] == "Changed")
        .map(|camera| camera["id"].to_string())
        .collect();
    let filter = Filter { action: Some("camera.update".into()), limit: 1000, ..Filter::default() };
    let mut logged: Vec<_> = audit::list(&app.state.db, &filter).await.expect("the log").into_iter().map(|row| row.target_id).collect();
    logged.reverse();
    assert!(changed.len() > 1, "it was dropped once at least, when it had begun");
    assert_eq!(logged, changed);
}

#[tokio::test]
async fn a_deletion_is_in_the_log_also_if_whoever_asked_for_it_goes_away() {
    let app = TestApp::start().await;
    let mut deleted = Vec::new();
    loop {
        let id = app.add("Gate").await;
        let path = format!("/api/v1/cameras/{id}");
        deleted.push(id.to_string());
        let whole = left_after(deleted.len(), app.delete(&path)).await.is_some();
        // Unless it had begun.
        app.delete(&path).await;
        if whole {
            break;
        }
        assert!(deleted.len() < 100, "it never ends");
    }
    assert!(deleted.len() > 1, "it was dropped once at least");
    let app = app.restart().await;
    let filter = Filter { action: Some("camera.delete".into()), limit: 1000, ..Filter::default() };
    let mut logged: Vec<_> = audit::list(&app.state.db, &filter).await.expect("the log").into_iter().map(|row| row.target_id).collect();
    logged.reverse();
    assert_eq!(logged, deleted);
}
