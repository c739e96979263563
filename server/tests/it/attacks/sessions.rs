//! Sessions, tokens and guesses: nothing that a client chooses becomes a session, and no header escapes the limit of guesses.

use super::send;
use crate::live_support::http::Http;
use crate::support::{Answer, TestApp};
use app::model::{CameraAction, Password, Role, TokenScope};
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{COOKIE, SET_COOKIE};
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use sea_orm::sea_query::OnConflict;
use serde_json::json;
use server::entities::setting;
use server::people::audit::Actor;
use server::people::directory::LinkKind;
use server::people::{NewLink, NewPerson, NewToken};

pub const PASSWORD: &str = "violet ferry onion crane";

/// The cookie of a new admin who has just signed in.
pub async fn cookie(app: &TestApp, name: &str) -> String {
    let new = NewPerson { name: name.into(), role: Role::Admin, grants: None, password: Password(PASSWORD.into()) };
    app.state.people.add_person(Actor::console(), new).await.expect("an account");
    cookie_of(&sign_in(app, name, "other=1").await)
}

async fn sign_in(app: &TestApp, name: &str, cookie: &str) -> Answer {
    let headers = [("content-type", "application/json"), ("cookie", cookie)];
    send(app, "POST", "/api/v1/session", &headers, &json!({"username": name, "password": PASSWORD}).to_string()).await
}

#[track_caller]
fn cookie_of(answer: &Answer) -> String {
    let set = answer.headers[SET_COOKIE].to_str().expect("text");
    set.split(';').next().expect("a cookie").to_owned()
}

async fn who(app: &TestApp, cookie: &str) -> u16 {
    app.send(Request::get("/api/v1/session").header(COOKIE, cookie).body(Body::empty()).expect("a request")).await.status.as_u16()
}

#[tokio::test]
async fn a_session_that_somebody_else_chose_is_never_signed_in() {
    let app = TestApp::start().await;
    let ann = cookie(&app, "Ann").await;
    let own = ann.split_once('=').expect("a cookie").1;
    // One in the right form that nobody has, and one that was somebody's and has ended.
    let invented = format!("nightjar={}", own.chars().rev().collect::<String>());
    assert_eq!(app.send(Request::delete("/api/v1/session").header(COOKIE, &ann).body(Body::empty()).expect("a request")).await.status, 204);
    for planted in [invented.as_str(), &ann, "nightjar=AAAAAAAAAAAAAAAAAAAAAA", "nightjar=0", "__Host-nightjar=AAAAAAAAAAAAAAAAAAAAAA"] {
        let given = cookie_of(&sign_in(&app, "Ann", planted).await);
        assert_ne!(given, planted);
        assert_eq!((who(&app, planted).await, who(&app, &given).await), (401, 200), "{planted}");
    }
    // Nor is the name that only a secure page can set believed on a plain one.
    let given = cookie_of(&sign_in(&app, "Ann", "other=1").await);
    assert_eq!(who(&app, &given.replace("nightjar=", "__Host-nightjar=")).await, 401);
    // The new password's session has another id, too.
    let change = json!({"current": PASSWORD, "new": "grandmother sold her boat"}).to_string();
    let changed = send(&app, "PUT", "/api/v1/session/password", &[("content-type", "application/json"), ("cookie", &given)], &change).await;
    let renewed = cookie_of(&changed);
    assert_eq!((who(&app, &given).await, who(&app, &renewed).await), (401, 200));
}

#[tokio::test]
async fn a_secret_in_the_address_signs_nobody_in() {
    let app = TestApp::start().await;
    let ann = cookie(&app, "Ann").await;
    let (token, session) = (app.token.clone(), ann.split_once('=').expect("a cookie").1.to_owned());
    for query in ["token", "access_token", "api_key", "authorization", "nightjar", "session", "password"] {
        for secret in [&token, &session] {
            let answer = send(&app, "GET", &format!("/api/v1/cameras?{query}={secret}"), &[("cookie", "other=1")], "").await;
            assert_eq!(answer.problem().0, 401, "{query}");
        }
    }
    for scheme in ["Basic", "Token", "Digest", "bearer\u{a0}", "Bearer,"] {
        let answer = send(&app, "GET", "/api/v1/cameras", &[("authorization", &format!("{scheme} {token}"))], "").await;
        assert_eq!(answer.status, 401, "{scheme}");
    }
}

#[tokio::test]
async fn cookies_without_end_are_no_fault() {
    let app = TestApp::start().await;
    let ann = cookie(&app, "Ann").await;
    let many: String = (0..2000).map(|n| format!("nightjar{n}=x; ")).collect();
    let same = "nightjar=x; ".repeat(500);
    let large = format!("nightjar={}", "A".repeat(20_000));
    for odd in [&many, &same, &large, "nightjar=%00%0d%0a", "nightjar", ";;;=;", "nightjar=\u{fc}", "=", "nightjar=\"\"", "nightjar=a=b=c"]
    {
        assert_eq!(who(&app, odd).await, 401, "{odd:.40}");
    }
    assert_eq!(who(&app, &format!("{many}{ann}")).await, 200, "others' cookies are passed over");
}

/// On a real socket, from an address that is no proxy: whatever it says of itself, it is the one that guesses.
#[tokio::test]
async fn no_header_escapes_the_limit_of_guesses() {
    let app = TestApp::start().await;
    let _ = cookie(&app, "Ann").await;
    let address = app.listen().await;
    let attempt = async |n: usize, name: &str, password: &str| {
        let body = json!({"username": name, "password": password}).to_string();
        let claims: Vec<(String, String)> = [
            ("x-forwarded-for", format!("10.9.{n}.1")),
            ("forwarded", format!("for=10.9.{n}.2")),
            ("x-real-ip", format!("10.9.{n}.3")),
            ("true-client-ip", format!("10.9.{n}.4")),
            ("cf-connecting-ip", format!("10.9.{n}.5")),
            ("content-type", "application/json".to_owned()),
            ("cookie", "other=1".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec();
        let headers: Vec<(&str, &str)> = claims.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Http::connect(address).await.request("POST", "/api/v1/session", &headers, Some(body)).await
    };
    let mut guesses = 0;
    let refused = loop {
        let answer = attempt(guesses, &format!("guess{guesses}"), "wrong").await;
        if answer.status != 401 {
            break answer;
        }
        guesses += 1;
        assert!(guesses <= 10, "guesses at many accounts from one address");
    };
    assert_eq!(refused.problem(429), "too_many_attempts");
    assert!(refused.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{:?}", refused.headers);
    // The right password helps as little, from where guesses came.
    assert_eq!(attempt(guesses, "Ann", PASSWORD).await.status, 429);
    let log = server::people::audit::list(&app.state.db, &server::people::audit::Filter { limit: 100, ..Default::default() })
        .await
        .expect("the log");
    assert!(log.iter().all(|row| !row.address.starts_with("10.9.")), "{log:?}");
}

/// Behind a proxy that is trusted, guesses are counted for whom it names: not for the proxy, not for what the guesser wrote before it, and one
/// household of IPv6 is one guesser.
#[tokio::test]
async fn behind_a_trusted_proxy_the_one_that_it_names_is_slowed_down() {
    let app = TestApp::start_with(&[("NIGHTJAR_TRUSTED_PROXIES", "127.0.0.1")]).await;
    let _ = cookie(&app, "Ann").await;
    let address = app.listen().await;
    let attempt = async |n: usize, forwarded: String| {
        let body = json!({"username": format!("guess{n}"), "password": "wrong"}).to_string();
        let headers = [("x-forwarded-for", forwarded.as_str()), ("content-type", "application/json"), ("cookie", "other=1")];
        Http::connect(address).await.request("POST", "/api/v1/session", &headers, Some(body)).await.status
    };
    let mut guesses = 0;
    while attempt(guesses, format!("10.9.{guesses}.1, 2001:db8:1:2::{guesses}")).await == 401 {
        guesses += 1;
        assert!(guesses <= 10, "guesses from one household");
    }
    assert_eq!(attempt(100, "2001:db8:1:2:ffff::1".to_owned()).await, 429);
    assert_eq!(attempt(101, "2001:db8:1:3::1".to_owned()).await, 401, "the neighbours are not held up");
    assert_eq!(attempt(102, "10.9.0.1".to_owned()).await, 401, "nor who was only named by the guesser");
}

/// The machine ran some weeks on, and then somebody set its clock back: what had ended by then has ended.
#[tokio::test]
async fn a_clock_that_is_set_back_brings_nothing_back() {
    let app = TestApp::start().await;
    let gate = app.add("Gate").await;
    let ann = cookie(&app, "Ann").await;
    let people = &app.state.people;
    let tomorrow = people.now() + time::Duration::days(1);
    let new = NewToken { name: "Script".into(), scope: TokenScope::Admin, owner: None, camera_ids: None, expires_at: Some(tomorrow) };
    let (_, token) = people.add_token(Actor::console(), new).await.expect("a token");
    let new = NewLink {
        kind: LinkKind::Media,
        label: "Hall".into(),
        camera: gate,
        stream: None,
        recording: None,
        actions: vec![CameraAction::Live],
        created_by: None,
        expires_at: tomorrow,
    };
    let (_, link) = people.add_link(Actor::console(), new).await.expect("a link");
    let (bearer, media) = (format!("Bearer {}", &*token), format!("/link/{}/live/{gate}/main/none.mp4", &*link));
    let all = async |app: &TestApp| {
        let by_token = send(app, "GET", "/api/v1/session", &[("authorization", &bearer)], "").await.status.as_u16();
        let by_link = send(app, "GET", &media, &[("cookie", "other=1")], "").await.status.as_u16();
        (who(app, &ann).await, by_token, by_link)
    };
    assert_eq!(all(&app).await, (200, 200, 404), "signed in, known, and let in as far as a piece that is not there");

    let later = (people.now() + time::Duration::days(40)).unix_timestamp();
    app.state.shutdown().await;
    let db = server::db::Db::open(&crate::support::settings(app.data(), &[])).await.expect("the database");
    let row = setting::ActiveModel { key: Set("people.clock".to_owned()), value: Set(later.into()) };
    let replace = OnConflict::column(setting::Column::Key).update_column(setting::Column::Value).to_owned();
    let transaction = db.begin().await.expect("begun");
    setting::Entity::insert(row).on_conflict(replace).exec_without_returning(&transaction).await.expect("written");
    transaction.commit().await.expect("written");
    db.close().await;
    let app = app.restart().await;
    assert_eq!(all(&app).await, (401, 401, 401));
}
