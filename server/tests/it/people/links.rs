//! Links for players and guests: what they show, how they end, and how many there may be.

use super::{HOME, add, camera, execute, session};
use crate::support::TestApp;
use app::model::{CameraAction, Quality, Role};
use axum::body::Body;
use axum::http::Request;
use sea_orm::EntityTrait;
use serde_json::json;
use server::entities::{link, session};
use server::people::audit::Actor;
use server::people::directory::LinkKind;
use server::people::{NewLink, sessions};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

#[tokio::test]
async fn links_are_for_one_camera_expire_and_are_revoked() {
    let app = TestApp::start_bare().await;
    let people = &app.state.people;
    let (gate, yard) = (app.add("Gate").await, app.add("Yard").await);
    let path = format!("/live/{gate}/sub/index.m3u8");
    let in_an_hour = OffsetDateTime::now_utc() + Duration::hours(1);
    let link = |kind, expires_at| NewLink {
        kind,
        label: "Hall screen".into(),
        camera: gate,
        stream: None,
        recording: None,
        actions: vec![CameraAction::Live, CameraAction::Audio],
        created_by: None,
        expires_at,
    };
    let (stored, text) = people.add_link(Actor::console(), link(LinkKind::Media, in_an_hour)).await.expect("a link");
    let player = people.by_media_link(&text, &path).expect("signed");
    assert!(player.sees(camera(gate)) && !player.sees(camera(yard)) && player.role() == Role::Viewer);
    assert!(people.by_media_link(&text[1..], &path).is_none());
    people.revoke_link(Actor::console(), stored.id).await.expect("revoked");
    assert!(people.by_media_link(&text, &path).is_none() && people.again(&player).is_none());
    assert_eq!(people.revoke_link(Actor::console(), stored.id).await.expect_err("twice").status().as_u16(), 404);

    let too_long = link(LinkKind::Media, OffsetDateTime::now_utc() + Duration::days(8));
    assert_eq!(people.add_link(Actor::console(), too_long).await.expect_err("too long").problem().field.as_deref(), Some("expires_at"));
    let nowhere = NewLink { camera: 999, ..link(LinkKind::Guest, in_an_hour) };
    assert_eq!(people.add_link(Actor::console(), nowhere).await.expect_err("no camera").status().as_u16(), 404);

    let (guest, secret) = people.add_link(Actor::console(), link(LinkKind::Guest, in_an_hour)).await.expect("a link");
    assert!(people.by_media_link(&secret, &path).is_none());
    let (subject, _) = people.open_guest_link(HOME, &secret).expect("opens");
    // However often it is opened, there are only so many sessions of it, and the newest holds.
    for _ in 0..55 {
        session(people, subject).await;
    }
    let stored = session::Entity::find().all(app.state.db.read()).await.expect("the sessions").len();
    assert_eq!(stored, 50);
    let id = session(people, subject).await;
    let principal = people.by_session(sessions::hash(&id)).expect("a guest");
    assert!(principal.sees(camera(gate)) && !principal.sees(camera(yard)));
    people.revoke_link(Actor::console(), guest.id).await.expect("revoked");
    assert!(people.by_session(sessions::hash(&id)).is_none());
    assert_eq!(people.open_guest_link(HOME, &secret).expect_err("revoked").status().as_u16(), 404);
}

#[tokio::test]
async fn a_players_link_may_be_for_one_stream() {
    let app = TestApp::start_bare().await;
    let people = &app.state.people;
    let gate = app.add("Gate").await;
    let link = |kind, stream| NewLink {
        kind,
        label: "Panel".into(),
        camera: gate,
        stream,
        recording: None,
        actions: vec![CameraAction::Live],
        created_by: None,
        expires_at: OffsetDateTime::now_utc() + Duration::hours(1),
    };
    let (stored, text) = people.add_link(Actor::console(), link(LinkKind::Media, Some(Quality::Sub))).await.expect("a link");
    assert_eq!(stored.stream, Some(Quality::Sub));
    for (file, opens) in [
        ("sub/index.m3u8", true),
        ("sub/mse", true),
        ("sub/mjpeg", true),
        ("main/index.m3u8", false),
        ("master.m3u8", false),
        ("snapshot.jpg", false),
        ("Sub/index.m3u8", false),
        ("%73ub/index.m3u8", false),
        ("subway/index.m3u8", false),
        ("", false),
    ] {
        assert_eq!(people.by_media_link(&text, &format!("/live/{gate}/{file}")).is_some(), opens, "{file}");
    }
    assert!(people.by_media_link(&text, "").is_none() && people.by_media_link(&text, &format!("/live/1{gate}/sub/mse")).is_none());
    let guest = people.add_link(Actor::console(), link(LinkKind::Guest, Some(Quality::Main))).await.expect_err("not for guests");
    assert_eq!(guest.problem().field.as_deref(), Some("stream"));
}

#[tokio::test]
async fn a_link_for_one_stream_is_made_told_and_kept_to() {
    let app = TestApp::start().await;
    let gate = app.add("Gate").await;
    let ends = OffsetDateTime::now_utc() + Duration::hours(1);
    let body = json!({ "kind": "media", "label": "Panel", "camera_id": gate, "stream": "sub", "actions": ["live"],
        "expires_at": ends.format(&Rfc3339).expect("a time") });
    let made = app.post("/api/v1/links", body).await;
    assert_eq!(made.status.as_u16(), 201);
    let path = made.json()["path"].as_str().expect("told this once").to_owned();
    let link = path.strip_suffix(&format!("/live/{gate}/sub/index.m3u8")).expect("leads to its stream").to_owned();
    assert_eq!(app.get("/api/v1/links").await.json()[0]["stream"], "sub");
    let asked = async |file: &str| {
        let request = Request::get(format!("{link}/live/{gate}/{file}")).header("cookie", "other=1").body(Body::empty());
        app.send(request.expect("a request")).await.status.as_u16()
    };
    assert_eq!(asked("sub/none.mp4").await, 404, "let in as far as a piece that is not there");
    for file in ["main/none.mp4", "main/index.m3u8", "master.m3u8", "snapshot.jpg"] {
        assert_eq!(asked(file).await, 401, "{file}");
    }
}

/// They counted, and stayed for up to a year.
#[tokio::test]
async fn revoked_links_make_room_for_new_ones() {
    let app = TestApp::start_bare().await;
    let (people, gate) = (&app.state.people, app.add("Gate").await);
    let link = || NewLink {
        kind: LinkKind::Guest,
        label: "Neighbours".into(),
        camera: gate,
        stream: None,
        recording: None,
        actions: vec![CameraAction::Live],
        created_by: None,
        expires_at: OffsetDateTime::now_utc() + Duration::days(300),
    };
    let (first, _) = people.add_link(Actor::console(), link()).await.expect("a link");
    let copies = format!(
        "INSERT INTO links (kind, label, camera_id, actions, created_at, expires_at) \
         WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < 4999) \
         SELECT kind, label, camera_id, actions, created_at, expires_at FROM links, copy WHERE id = {}",
        first.id
    );
    execute(&app, &copies).await;
    assert_eq!(people.add_link(Actor::console(), link()).await.expect_err("too many").code(), "too_many_links");
    people.revoke_link(Actor::console(), first.id).await.expect("revoked");
    people.add_link(Actor::console(), link()).await.expect("room");
    let stored = async || link::Entity::find().all(app.state.db.read()).await.expect("the links").len();
    assert_eq!(stored().await, 5001);
    people.sweep().await.expect("swept");
    assert_eq!(stored().await, 5000);
}

#[tokio::test]
async fn one_person_does_not_use_up_everybodys_links() {
    let app = TestApp::start_bare().await;
    let (people, gate) = (&app.state.people, app.add("Gate").await);
    let (ann, ben) = (add(people, "Ann", Role::Operator).await, add(people, "Ben", Role::Operator).await);
    let link = |by| NewLink {
        kind: LinkKind::Guest,
        label: "Neighbours".into(),
        camera: gate,
        stream: None,
        recording: None,
        actions: vec![CameraAction::Live],
        created_by: Some(by),
        expires_at: OffsetDateTime::now_utc() + Duration::days(300),
    };
    let (first, _) = people.add_link(Actor::console(), link(ann)).await.expect("a link");
    let copies = format!(
        "INSERT INTO links (kind, label, camera_id, actions, created_by_id, created_at, expires_at) \
         WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < 499) \
         SELECT kind, label, camera_id, actions, created_by_id, created_at, expires_at FROM links, copy WHERE id = {}",
        first.id
    );
    execute(&app, &copies).await;
    assert_eq!(people.add_link(Actor::console(), link(ann)).await.expect_err("too many").code(), "too_many_links");
    people.add_link(Actor::console(), link(ben)).await.expect("Ben's own");
}
