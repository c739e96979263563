//! The incident log of the whole server: one incident per fault, in plain words, stored, told and pruned.

use crate::live_support::mse::open;
use crate::live_support::{Server, timely};
use crate::support::{TestApp, camera};
use app::model::IncidentKind;
use axum::http::StatusCode;
use fakecam::{FakeCamera, Fixture};
use futures::StreamExt;
use media::id::{CameraId, Quality};
use media::stream::StreamState;
use sea_orm::{EntityTrait, IntoActiveModel, QueryOrder};
use serde_json::{Value, json};
use server::entities::incident;
use server::services::incidents::Note;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

/// The next incident that the WebSocket tells of and that is as wanted; all before it are passed over.
async fn pushed(
    socket: &mut (impl futures::Stream<Item = Result<Message, tokio_tungstenite::tungstenite::Error>> + Unpin),
    wanted: impl Fn(&Value) -> bool,
) -> Value {
    let looking = async {
        loop {
            let Some(Ok(Message::Text(text))) = socket.next().await else { panic!("the line ended") };
            let mut message: Value = serde_json::from_str(&text).expect("JSON");
            if message["type"] == "incident" && wanted(&message["incident"]) {
                return message["incident"].take();
            }
        }
    };
    timely("an incident is pushed", looking).await
}

async fn list(server: &Server, path: &str) -> Vec<Value> {
    let answer = server.http().await.get(path).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json().as_array().expect("a list").clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_that_goes_away_and_comes_back_is_one_incident_with_its_story() {
    let camera = FakeCamera::builder().fixture(Fixture::sub()).start().await.expect("a camera");
    let (url, address) = (camera.url("/main"), camera.address());
    let server = Server::start().await;
    let id = server.add_rtsp("Gate", &url, None).await;
    server.live(id, Quality::Main).await;
    let mut feed = open(server.address, "/api/v1/ws").await;

    camera.shutdown().await;
    let opened = pushed(&mut feed, |incident| incident["camera_id"] == id).await;
    assert_eq!((&opened["kind"], &opened["ended_at"], &opened["quality"]), (&json!("outage"), &json!(null), &json!("main")));
    assert!(opened["summary"].as_str().expect("a sentence").ends_with("; not back yet."), "{opened}");
    let open_in_list = list(&server, &format!("/api/v1/cameras/{id}/incidents")).await;
    assert_eq!((open_in_list.len(), &open_in_list[0]["id"]), (1, &opened["id"]));

    // At least one attempt fails before it is back.
    server.until(id, Quality::Main, |status| status.error.as_ref().is_some_and(|error| error.error.code.as_str() == "refused")).await;
    let camera = FakeCamera::builder().fixture(Fixture::sub()).listen(address).start().await.expect("the camera again");
    let closed = pushed(&mut feed, |incident| incident["id"] == opened["id"] && !incident["ended_at"].is_null()).await;
    let summary = closed["summary"].as_str().expect("a sentence");
    assert!(summary.starts_with("The camera closed the connection; "), "{summary}");
    assert!(
        summary.contains("nothing listens on port") && summary.contains("; reconnected at the ") && summary.contains(" try; dark for "),
        "{summary}"
    );
    assert!(closed["dark_ms"].as_u64().is_some_and(|ms| ms > 0) && closed["attempts"].as_u64().is_some_and(|tries| tries >= 2), "{closed}");
    let steps = closed["steps"].as_array().expect("steps");
    assert_eq!(steps.last().map(|step| &step["state"]), Some(&json!("live")));
    assert!(steps.windows(2).all(|pair| pair[0]["after_ms"].as_u64() <= pair[1]["after_ms"].as_u64()), "{closed}");

    assert_eq!(list(&server, &format!("/api/v1/cameras/{id}/incidents")).await, std::slice::from_ref(&closed));
    let server = server.restart().await;
    assert_eq!(list(&server, "/api/v1/incidents").await.last(), Some(&closed), "it is stored");
    server.live(id, Quality::Main).await;
    // So is the time: dark as long as the incident says.
    let timeline = server.http().await.get(&format!("/api/v1/cameras/{id}/timeline")).await.json();
    let slots = timeline["streams"][0]["slots"].as_array().expect("slots");
    let sum = |what: &str| slots.iter().filter_map(|slot| slot[what].as_u64()).sum::<u64>();
    let dark_ms = closed["dark_ms"].as_u64().expect("a length");
    assert!(sum("live_ms") > 0 && sum("dark_ms").abs_diff(dark_ms) <= 100, "{dark_ms}: {timeline}");
    let availability = server.http().await.get(&format!("/api/v1/cameras/{id}/availability")).await.json();
    assert_eq!(availability["days"].as_array().map(Vec::len), Some(7));
    server.stop().await;
    camera.shutdown().await;
}

/// A camera that refuses every connection.
async fn add_refusing(app: &TestApp) -> i64 {
    let mut body = camera("Gate");
    body["sources"]["main"]["url"] = json!("rtsp://refused.test/main");
    let answer = app.post("/api/v1/cameras?force=true", body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    answer.json()["id"].as_i64().expect("an id")
}

async fn rows(app: &TestApp) -> Vec<incident::Model> {
    incident::Entity::find().order_by_asc(incident::Column::Id).all(app.state.db.read()).await.expect("a database")
}

/// Waits until the stored entries are as wanted.
async fn stored(app: &TestApp, wanted: impl Fn(&[incident::Model]) -> bool) -> Vec<incident::Model> {
    let looking = async {
        loop {
            let rows = rows(app).await;
            if wanted(&rows) {
                return rows;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timely("the entries are stored", looking).await
}

/// Stores entries past the keeper, as an earlier run may have left them.
async fn plant(app: &TestApp, entries: impl IntoIterator<Item = incident::Model>) {
    let transaction = app.state.db.begin().await.expect("a transaction");
    for row in entries {
        incident::Entity::insert(row.into_active_model()).exec_without_returning(&transaction).await.expect("inserted");
    }
    transaction.commit().await.expect("committed");
}

fn planted(id: i64, camera: i64, started_ms: i64, ended_ms: Option<i64>) -> incident::Model {
    incident::Model {
        id,
        camera_id: Some(camera),
        quality: Some("main".into()),
        kind: "outage".into(),
        code: Some("stalled".into()),
        started_ms,
        ended_ms,
        dark_ms: Some(75_000),
        attempts: 3,
        summary: "No frames for 7 s; not back yet.".into(),
        steps: Default::default(),
        left_out: 0,
    }
}

#[tokio::test]
async fn what_a_kill_left_open_is_closed_at_the_next_start() {
    let app = TestApp::start().await;
    let id = add_refusing(&app).await;
    // It is stored while it goes on, not only when it ends.
    let open = stored(&app, |rows| rows.iter().any(|row| row.ended_ms.is_none())).await;
    let last = open.last().expect("a row").id;
    plant(&app, [planted(last + 1000, id, 1_795_225_000_000, None)]).await;
    let app = app.restart().await;
    let all = app.get(&format!("/api/v1/cameras/{id}/incidents?limit=200")).await.json();
    let find = |id: i64| all.as_array().and_then(|all| all.iter().find(|incident| incident["id"] == id)).expect("in the list").clone();
    let killed = find(last + 1000);
    assert_eq!(killed["summary"], "No frames for 7 s; ended by a restart of Nightjar; dark for at least 1 min 15 s.");
    assert_eq!((&killed["ended_at"], &killed["attempts"]), (&json!("2026-11-21T01:37:55Z"), &json!(3)));
    let stopped = find(last)["summary"].as_str().expect("a sentence").to_owned();
    assert!(stopped.contains("; not back when Nightjar was stopped; dark for "), "{stopped}");
    // It still refuses: the next incident has the next number.
    stored(&app, |rows| rows.iter().any(|row| row.id == last + 1001)).await;
}

#[tokio::test]
async fn pages_are_stable_and_queries_are_checked() {
    let app = TestApp::start().await;
    let (one, two) = (app.add("One").await, app.add("Two").await);
    let day = |days: i64| 1_795_225_000_000 - days * 86_400_000;
    plant(&app, (1..=9).map(|n| planted(n, if n % 3 == 0 { two } else { one }, day(20 - n), Some(day(20 - n) + 75_000)))).await;
    let ids = async |path: &str| -> Vec<i64> {
        let answer = app.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        answer.json().as_array().expect("a list").iter().map(|incident| incident["id"].as_i64().expect("an id")).collect()
    };
    let path = format!("/api/v1/cameras/{one}/incidents");
    assert_eq!(ids("/api/v1/incidents").await, [9, 8, 7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(ids(&path).await, [8, 7, 5, 4, 2, 1]);
    assert_eq!(ids(&format!("{path}?limit=2")).await, [8, 7]);
    // What comes meanwhile moves nothing on the next page.
    app.state.incidents.note(Note::new(CameraId(one), IncidentKind::RecoveryStep, "Its clock was set."));
    assert_eq!(ids(&format!("{path}?limit=2&before=7")).await, [5, 4]);
    let (from, to) = ("2026-11-05T00:00:00Z", "2026-11-08T00:00:00%2B02:00");
    assert_eq!(ids(&format!("/api/v1/incidents?from={from}&to={to}")).await, [6, 5, 4]);

    for (query, field) in [("limit=0", "limit"), ("limit=201", "limit"), ("from=yesterday", "from"), ("to=2026-11-21", "to")] {
        let problem = app.get(&format!("{path}?{query}")).await.problem();
        assert_eq!((problem.0, problem.2.as_deref()), (422, Some(field)), "{query}");
    }
    for query in ["limit=many", "before=x", "limit=-1"] {
        assert_eq!(app.get(&format!("{path}?{query}")).await.problem().0, 400, "{query}");
    }
    assert_eq!(app.get(&format!("/api/v1/cameras/{one}/timeline?range=year")).await.problem().0, 400);
    for what in ["incidents", "availability", "timeline"] {
        assert_eq!(app.get(&format!("/api/v1/cameras/99/{what}")).await.problem().1, "camera_not_found");
    }
}

#[tokio::test]
async fn notes_are_told_stored_and_go_with_their_camera() {
    let app = TestApp::start().await;
    let id = app.add("Gate").await;
    let incidents = &app.state.incidents;
    incidents.note(Note::new(CameraId(id), IncidentKind::RecoveryStep, "The camera was restarted.\0").code("reboot"));
    incidents
        .note(Note::new(CameraId(id), IncidentKind::PictureFrozen, "The picture has not moved for 60 s.").stream(Quality::Main).begins());
    incidents.note(Note::new(CameraId(id), IncidentKind::PictureFrozen, "It moves again.").stream(Quality::Main).ends());
    incidents.note(Note::server("The disk is nearly full."));
    let rows = stored(&app, |rows| rows.len() == 3 && rows.iter().all(|row| row.ended_ms.is_some())).await;
    let kinds: Vec<_> = rows.iter().map(|row| (row.kind.as_str(), row.camera_id)).collect();
    assert_eq!(kinds, [("recovery_step", Some(id)), ("picture_frozen", Some(id)), ("server", None)]);
    assert_eq!((rows[0].summary.as_str(), rows[0].code.as_deref()), ("The camera was restarted. ", Some("reboot")));
    assert!(rows[1].summary.starts_with("The picture has not moved for 60 s; over after "), "{}", rows[1].summary);
    let told = app.get("/api/v1/incidents").await.json();
    assert_eq!((&told[0]["kind"], &told[0]["camera_id"], &told[0]["dark_ms"]), (&json!("server"), &json!(null), &json!(null)));

    assert_eq!(app.delete(&format!("/api/v1/cameras/{id}")).await.status, StatusCode::NO_CONTENT);
    let told = app.get("/api/v1/incidents").await.json();
    assert_eq!(told.as_array().expect("a list").iter().map(|one| one["kind"].clone()).collect::<Vec<_>>(), ["server"]);
    // Of a camera that is gone nothing is stored, and nothing else is held up by it.
    app.state.incidents.note(Note::new(CameraId(id), IncidentKind::RecoveryStep, "Too late."));
    app.state.incidents.note(Note::server("In time."));
    let rows = stored(&app, |rows| rows.len() == 2).await;
    assert_eq!(rows[1].summary, "In time.");
}

#[tokio::test]
async fn while_the_database_is_locked_pictures_flow_and_entries_wait() {
    let app = TestApp::start().await;
    let id = app.add("Gate").await;
    let mut status = app.state.cameras.stream(CameraId(id), Quality::Main).expect("a stream").watch();
    let lock = app.state.db.begin().await.expect("the only writer");
    app.state.incidents.note(Note::new(CameraId(id), IncidentKind::RecoveryStep, "During the lock."));
    let told = async {
        while app.get("/api/v1/incidents").await.json().as_array().is_none_or(Vec::is_empty) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timely("what waits is told", told).await;
    status.wait_for(|status| status.state == StreamState::Live && status.bytes_received > 0).await.expect("the stream runs");
    let before = status.borrow().bytes_received;
    timely("pictures flow", status.wait_for(|status| status.bytes_received > before)).await.expect("the stream runs");
    assert!(rows(&app).await.is_empty());
    lock.rollback().await.expect("unlocked");
    stored(&app, |rows| rows.len() == 1).await;
}

#[tokio::test]
async fn what_is_old_or_too_much_is_deleted() {
    let app = TestApp::start().await;
    let (one, two) = (app.add("One").await, app.add("Two").await);
    let now_ms = media::time::Stamp::now().utc_ms;
    let ago = |days: i64| now_ms - days * 86_400_000;
    plant(&app, (1..=700).map(|n| planted(n, one, ago(91), Some(ago(91))))).await;
    plant(&app, (701..=720).map(|n| planted(n, one, ago(10), Some(ago(10))))).await;
    plant(&app, (721..=725).map(|n| planted(n, two, ago(10), Some(ago(10))))).await;
    // Part by part: 500 at a time.
    assert!(app.state.incidents.prune_now(90, 6).await.expect("deleted"), "there is more");
    assert!(!app.state.incidents.prune_now(90, 6).await.expect("deleted"));
    let left: Vec<i64> = rows(&app).await.iter().map(|row| row.id).collect();
    assert_eq!(left, (715..=725).collect::<Vec<_>>());
}

#[tokio::test]
async fn entries_are_kept_as_long_as_the_settings_say() {
    let app = TestApp::start_with(&[("NIGHTJAR_INCIDENTS_KEEP_DAYS", "30")]).await;
    let now_ms = media::time::Stamp::now().utc_ms;
    let ago = |days: i64| now_ms - days * 86_400_000;
    let of_server =
        |id, days| incident::Model { camera_id: None, quality: None, kind: "server".into(), ..planted(id, 0, ago(days), Some(ago(days))) };
    plant(&app, [of_server(1, 31), of_server(2, 29)]).await;
    // The keeper looks for what is old a minute after the start.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    let left = stored(&app, |rows| rows.len() < 2).await;
    assert_eq!(left.iter().map(|row| row.id).collect::<Vec<_>>(), [2]);
}
