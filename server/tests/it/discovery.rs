//! Finding cameras on the network: who is found, and what those who answer with malice get for it. All of it on loopback.

use crate::support::TestApp;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use fakecam::{Announcement, Manner, Responder};
use serde_json::{Value, json};
use std::net::SocketAddr;

fn named(name: &str) -> Announcement {
    Announcement { name: name.into(), ..Announcement::default() }
}

/// A device at an address of its own on this machine.
async fn responder(host: [u8; 4], devices: Vec<Announcement>) -> Responder {
    Responder::start(SocketAddr::from((host, 0)), devices).await.expect("a free port")
}

async fn app_that_asks(responders: &[&Responder]) -> TestApp {
    let hosts = responders.iter().map(|responder| responder.address().to_string()).collect::<Vec<_>>().join(",");
    TestApp::start_with(&[("NIGHTJAR_DISCOVERY_HOSTS", &hosts), ("NIGHTJAR_ALLOW_LOOPBACK_CAMERAS", "true")]).await
}

async fn search(app: &TestApp) -> Value {
    let answer = app.send(Request::post("/api/v1/discovery").body(Body::empty()).expect("a request")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

fn names(report: &Value) -> Vec<String> {
    let devices = report["devices"].as_array().expect("a list");
    devices
        .iter()
        .map(|device| format!("{} {}", device["address"].as_str().expect("text"), device["name"].as_str().unwrap_or("–")))
        .collect()
}

#[tokio::test]
async fn cameras_are_found_with_what_they_say_of_themselves() {
    let reolink = Announcement {
        manufacturer: "Reolink".into(),
        model: "RLC-810A".into(),
        location: "Front yard".into(),
        xaddrs: "http://10.99.99.99:8000/onvif/device_service".into(),
        ..named("Gate & yard")
    };
    let camera = responder([127, 0, 0, 2], vec![reolink]).await;
    let recorder = responder([127, 0, 0, 3], vec![Announcement { manner: Manner::OnlyToAnything, ..named("Recorder") }]).await;
    let app = app_that_asks(&[&camera, &recorder]).await;
    let body = json!({ "name": "Hall", "sources": { "main": { "url": "rtsp://127.0.0.3:554/main" } } });
    let added = app.post("/api/v1/cameras?force=true", body).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);

    let report = search(&app).await;
    assert_eq!(
        report["devices"],
        json!([
            // It answered from there, whatever address it announces.
            { "address": "127.0.0.2", "name": "Gate & yard", "manufacturer": "Reolink", "model": "RLC-810A", "location": "Front yard", "camera_id": null },
            { "address": "127.0.0.3", "name": "Recorder", "manufacturer": null, "model": null, "location": null, "camera_id": added.json()["id"] },
        ])
    );
    assert_eq!(report["searched_from"], json!(["127.0.0.1"]));
}

#[tokio::test]
async fn what_is_no_answer_to_our_question_is_no_camera_and_keeps_no_camera_away() {
    let with = |name: &str, manner| Announcement { manner, ..named(name) };
    let liars = responder(
        [127, 0, 0, 2],
        vec![
            with("Garbage", Manner::Garbage),
            with("Other", Manner::ToAnother),
            with("Bomb", Manner::EntityBomb),
            with("Printer", Manner::Printer),
        ],
    )
    .await;
    let honest = responder([127, 0, 0, 3], vec![named("Gate")]).await;
    let app = app_that_asks(&[&liars, &honest]).await;
    assert_eq!(names(&search(&app).await), ["127.0.0.3 Gate"]);
    assert!(liars.questions() >= 2, "they were asked");
}

#[tokio::test]
async fn one_device_cannot_fill_the_list() {
    let flood = responder([127, 0, 0, 2], vec![Announcement { manner: Manner::Flood, ..named("Liar") }]).await;
    let honest = responder([127, 0, 0, 3], vec![named("Gate")]).await;
    let app = app_that_asks(&[&flood, &honest]).await;
    let found = names(&search(&app).await);
    assert!((2..=9).contains(&found.len()), "{found:?}");
    assert_eq!(found.last().map(String::as_str), Some("127.0.0.3 Gate"));
}

#[tokio::test]
async fn hostile_names_come_out_harmless() {
    let camera = responder([127, 0, 0, 2], vec![named("<script>\u{202e}alert(1)</script>\r\n\0Gate")]).await;
    let app = app_that_asks(&[&camera]).await;
    assert_eq!(names(&search(&app).await), ["127.0.0.2 scriptalert(1)/script Gate"]);
}

#[tokio::test]
async fn who_asks_while_a_search_runs_gets_its_result() {
    let camera = responder([127, 0, 0, 2], vec![named("Gate")]).await;
    let app = app_that_asks(&[&camera]).await;
    let (one, two, three) = tokio::join!(search(&app), search(&app), search(&app));
    assert_eq!((names(&one), &one, &two), (vec!["127.0.0.2 Gate".to_owned()], &two, &three));
    // One for cameras and one for anything.
    assert_eq!(camera.questions(), 2);
    search(&app).await;
    assert_eq!(camera.questions(), 4, "and a later one asks anew");
}

#[tokio::test]
async fn who_leaves_ends_no_search() {
    let camera = responder([127, 0, 0, 2], vec![named("Gate")]).await;
    let app = app_that_asks(&[&camera]).await;
    let asked = async {
        while camera.questions() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        _ = search(&app) => panic!("an answer before the question"),
        () = asked => {}
    }
    assert_eq!(names(&search(&app).await), ["127.0.0.2 Gate"]);
    assert_eq!(camera.questions(), 2, "it was the first one's search");
}

#[tokio::test]
async fn a_stop_ends_a_search() {
    let app = TestApp::start().await;
    let request = Request::post("/api/v1/discovery").body(Body::empty()).expect("a request");
    let (answer, ()) = tokio::join!(app.send(request), app.state.shutdown());
    assert_eq!(answer.problem(), (503, "stopping".into(), None));
}
