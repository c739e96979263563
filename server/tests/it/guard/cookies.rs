//! The session's cookie: its name by scheme, its new value whenever rights begin or change, and its end.

use super::house::{House, PASSWORD, cookie, sign_in};
use crate::https::serve;
use crate::support::tls::{Trust, connect};
use crate::support::{Answer, TestApp};
use app::model::{CameraAction, Grant, GrantTarget};
use axum::body::Body;
use axum::http::header::{COOKIE, RETRY_AFTER, SET_COOKIE};
use axum::http::{Request, StatusCode};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use server::entities::session;
use server::people::PersonPatch;
use server::people::audit::Actor;
use server::people::principal::Proof;
use time::{Duration, OffsetDateTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn with(app: &TestApp, method: &str, path: &str, cookie: &str, body: Value) -> Answer {
    let request = Request::builder().method(method).uri(path).header(COOKIE, cookie).header("content-type", "application/json");
    app.send(request.body(Body::from(body.to_string())).expect("a request")).await
}

async fn status(app: &TestApp, cookie: &str) -> StatusCode {
    with(app, "GET", "/api/v1/session", cookie, Value::Null).await.status
}

#[tokio::test]
async fn over_https_the_cookie_is_for_this_host_and_secure_connections_only() {
    let house = House::new().await;
    let (_, https, _server) = serve(&house.app).await;
    let trust = Trust::in_authority(&house.app.state.certificates.authority().expect("an authority").1);
    let ask = async |line: &str, header: &str, body: &str| {
        let mut socket = connect(https, "localhost", &trust, &[b"http/1.1"]).await.expect("trusted");
        let host = format!("Host: localhost:{}\r\nConnection: close\r\n{header}\r\n", https.port());
        let request = format!("{line} HTTP/1.1\r\n{host}Content-Length: {}\r\n\r\n{body}", body.len());
        socket.write_all(request.as_bytes()).await.expect("written");
        let mut text = String::new();
        // Some end without a farewell of TLS.
        let _ = socket.read_to_string(&mut text).await;
        text
    };
    let body = json!({ "username": "viewer", "password": PASSWORD }).to_string();
    let answer = ask("POST /api/v1/session", "Content-Type: application/json", &body).await;
    let set = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
    assert!(set.starts_with("__Host-nightjar="), "{set}");
    for part in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(set.split("; ").any(|one| one == part), "{part}: {set}");
    }
    assert!(!set.contains("Domain"), "{set}");
    let value = set.split(';').next().and_then(|pair| pair.split_once('=')).expect("a value").1;
    let who = async |name: &str| ask("GET /api/v1/session", &format!("Cookie: {name}={value}"), "").await;
    assert!(who("__Host-nightjar").await.starts_with("HTTP/1.1 200"));
    // The other name could have been set by anybody on the network.
    assert!(who("nightjar").await.starts_with("HTTP/1.1 401"));
    assert_eq!(status(&house.app, &format!("__Host-nightjar={value}")).await, StatusCode::UNAUTHORIZED, "not over plain HTTP either");
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_when_it_is_old_however_busy() {
    let house = House::new().await;
    let (idle, old, fresh) = (house.cookie("viewer").await, house.cookie("viewer").await, house.cookie("viewer").await);
    let app = house.app;
    let until = async |app: &TestApp| with(app, "GET", "/api/v1/session", &fresh, Value::Null).await.json()["expires_at"].clone();
    let promised = until(&app).await;
    app.state.shutdown().await;
    let settings = crate::support::settings(app.data(), &[]);
    let db = server::db::Db::open(&settings).await.expect("the database");
    let now = OffsetDateTime::now_utc();
    let hash = |cookie: &str| {
        let id: tower_sessions::session::Id = cookie.trim_start_matches("nightjar=").parse().expect("an id");
        hex(&server::people::sessions::hash(&id))
    };
    let transaction = db.begin().await.expect("a transaction");
    for (cookie, column, at) in [
        (&idle, session::Column::LastSeenAt, now - Duration::days(7) - Duration::seconds(1)),
        (&old, session::Column::ExpiresAt, now - Duration::seconds(1)),
    ] {
        let update = session::Entity::update_many().col_expr(column, Expr::value(at)).filter(session::Column::IdHash.eq(hash(cookie)));
        assert_eq!(update.exec(&transaction).await.expect("written").rows_affected, 1);
    }
    transaction.commit().await.expect("committed");
    drop(db);
    let app = app.restart().await;
    assert_eq!(status(&app, &idle).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&app, &old).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&app, &fresh).await, StatusCode::OK);
    assert_eq!(until(&app).await, promised, "use does not put off the end");
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_gives_this_one_a_new_id() {
    let house = House::new().await;
    let app = &house.app;
    let (here, there) = (house.cookie("viewer").await, house.cookie("viewer").await);
    let change = |cookie: &str, current: &str, new: &str| {
        let (cookie, body) = (cookie.to_owned(), json!({ "current": current, "new": new }));
        async move { with(app, "PUT", "/api/v1/session/password", &cookie, body).await }
    };
    let next = "grandmother sold her boat";
    assert_eq!(change(&here, "wrong", next).await.problem(), (403, "password_wrong".into(), Some("current".into())));
    assert_eq!(change(&here, PASSWORD, "too short").await.problem(), (422, "password_too_short".into(), Some("new".into())));
    assert_eq!((status(app, &here).await, status(app, &there).await), (StatusCode::OK, StatusCode::OK));
    let changed = change(&here, PASSWORD, next).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{}", changed.text);
    let renewed = cookie(&changed);
    assert_ne!(renewed, here);
    assert_eq!((status(app, &here).await, status(app, &there).await), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert_eq!(status(app, &renewed).await, StatusCode::OK);
    assert_eq!(sign_in(app, "viewer", PASSWORD).await.problem().1, "sign_in_failed");
    // Everywhere: this one as well, and its cookie is taken back.
    let other = cookie(&sign_in(app, "viewer", next).await);
    let ended = with(app, "DELETE", "/api/v1/sessions", &renewed, Value::Null).await;
    assert!(ended.status == StatusCode::NO_CONTENT && ended.headers[SET_COOKIE].to_str().expect("text").contains("Max-Age=0"));
    assert_eq!((status(app, &renewed).await, status(app, &other).await), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    // Before a session there is none to take over: what somebody has planted is not taken.
    let planted = format!("nightjar={}", tower_sessions::session::Id::default());
    let request = Request::post("/api/v1/session").header(COOKIE, &planted).header("content-type", "application/json");
    let body = json!({ "username": "viewer", "password": next }).to_string();
    let signed_in = app.send(request.body(Body::from(body)).expect("a request")).await;
    assert_ne!(cookie(&signed_in), planted);
}

#[tokio::test]
async fn guessing_is_slowed_down_for_names_that_exist_and_names_that_do_not() {
    let house = House::new().await;
    for name in ["operator", "nobody at all"] {
        let mut refusals = Vec::new();
        let slowed = loop {
            let answer = sign_in(&house.app, name, "a wrong guess").await;
            if answer.status != StatusCode::UNAUTHORIZED {
                break answer;
            }
            refusals.push(answer.text);
            assert!(refusals.len() < 20, "{name} can be guessed at for ever");
        };
        assert_eq!(slowed.problem(), (429, "too_many_attempts".into(), None));
        assert!(slowed.headers.contains_key(RETRY_AFTER));
        assert!(refusals.iter().all(|text| *text == refusals[0]));
        // Not the right password either, while it lasts.
        assert_eq!(sign_in(&house.app, name, PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    }
}

#[tokio::test]
async fn more_rights_come_with_a_new_session() {
    let house = House::new().await;
    let people = &house.app.state.people;
    let before = house.cookie("viewer").await;
    let viewer = people.person_by_name("viewer").expect("an account").id;
    let promoted = PersonPatch { role: Some(app::model::Role::Operator), ..Default::default() };
    people.change_person(Actor::console(), viewer, promoted).await.expect("promoted");
    let answer = with(&house.app, "GET", "/api/v1/cameras", &before, Value::Null).await;
    assert_eq!(answer.problem().0, 401);
    assert!(answer.headers[SET_COOKIE].to_str().expect("text").contains("Max-Age=0"));
    assert_ne!(house.cookie("viewer").await, before);
}

/// A larger grant to `name`: the gate's pictures, and these.
async fn grant(house: &House, name: &str, actions: &[CameraAction]) {
    let people = &house.app.state.people;
    let person = people.person_by_name(name).expect("an account").id;
    let grants = Some(vec![Grant { target: GrantTarget::Camera(house.gate), actions: actions.to_vec() }]);
    people.change_person(Actor::console(), person, PersonPatch { grants, ..Default::default() }).await.expect("granted");
}

fn id(cookie: &str) -> tower_sessions::session::Id {
    cookie.trim_start_matches("nightjar=").parse().expect("an id")
}

/// What a cookie says beside its value and how long it lasts.
fn manner(answer: &Answer) -> Vec<String> {
    let set = answer.headers[SET_COOKIE].to_str().expect("text");
    let mut parts: Vec<_> = set.split("; ").skip(1).filter(|part| !part.starts_with("Max-Age")).map(str::to_owned).collect();
    parts.sort();
    parts
}

/// Without signing anybody out, also not those whose requests are under way, or who never got the answer with the new id.
#[tokio::test]
async fn a_larger_grant_gives_the_session_another_id() {
    use app::model::CameraAction::{Audio, Live, Playback};
    let house = House::new().await;
    let app = &house.app;
    let signed_in = sign_in(app, "viewer", PASSWORD).await;
    let old = cookie(&signed_in);
    let ask = async |cookie: &str| with(app, "GET", "/api/v1/session", cookie, Value::Null).await;
    grant(&house, "viewer", &[Live]).await;
    assert!(!ask(&old).await.headers.contains_key(SET_COOKIE), "a smaller one");
    grant(&house, "viewer", &[Live, Audio, Playback]).await;
    let media = with(app, "GET", &format!("/live/{}/main/none.mp4", house.gate), &old, Value::Null).await;
    assert!(media.status == StatusCode::NOT_FOUND && !media.headers.contains_key(SET_COOKIE), "media does not wait for the database");

    let all = futures::future::join_all((0..8).map(|_| ask(&old))).await;
    let new = cookie(&all[0]);
    assert_ne!(new, old);
    for answer in &all {
        assert_eq!((answer.status, cookie(answer), manner(answer)), (StatusCode::OK, new.clone(), manner(&signed_in)));
    }
    // The old one is told the new one until the browser has shown that it knows it.
    assert_eq!(cookie(&ask(&old).await), new);
    let known = ask(&new).await;
    assert!(known.status == StatusCode::OK && !known.headers.contains_key(SET_COOKIE));
    assert_eq!(cookie(&ask(&old).await), new, "and for what is under way");
    let sessions = with(app, "GET", "/api/v1/sessions", &new, Value::Null).await.json();
    assert_eq!((sessions.as_array().map(Vec::len), &sessions[0]["current"]), (Some(1), &json!(true)), "{sessions}");
    // What is connected goes on, under the new id.
    let people = &app.state.people;
    let [before, after] = [&old, &new].map(|cookie| server::people::sessions::hash(&id(cookie)));
    assert_eq!(people.by_session(before).map(|principal| principal.proof), Some(Proof::Session(after)));

    // Nothing but the new id is stored: a start forgets what it was called before.
    let app = house.app.restart().await;
    assert_eq!((status(&app, &old).await, status(&app, &new).await), (StatusCode::UNAUTHORIZED, StatusCode::OK));
}

#[tokio::test]
async fn whoever_signs_out_before_the_new_id_arrived_is_signed_out() {
    use app::model::CameraAction::{Audio, Live, Playback};
    let house = House::new().await;
    let app = &house.app;
    let old = house.cookie("viewer").await;
    grant(&house, "viewer", &[Live, Audio, Playback]).await;
    let new = cookie(&with(app, "GET", "/api/v1/session", &old, Value::Null).await);
    let ended = with(app, "DELETE", "/api/v1/session", &old, Value::Null).await;
    assert_eq!(ended.headers.get_all(SET_COOKIE).iter().count(), 1);
    assert!(ended.headers[SET_COOKIE].to_str().expect("text").contains("Max-Age=0"));
    assert_eq!((status(app, &old).await, status(app, &new).await), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
}

/// A grant that a command gave while the server did not run.
#[tokio::test]
async fn a_larger_grant_is_not_forgotten_over_a_restart() {
    use app::model::CameraAction::{Audio, Live, Playback};
    let mut house = House::new().await;
    let old = house.cookie("viewer").await;
    grant(&house, "viewer", &[Live, Audio, Playback]).await;
    house.app = house.app.restart().await;
    let answer = with(&house.app, "GET", "/api/v1/session", &old, Value::Null).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_ne!(cookie(&answer), old);
}
