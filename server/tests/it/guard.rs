//! Who may do what, as the routes decide it: the table of all of them (`table`), and what happens over time.

mod cookies;
mod house;
mod reach;
mod routes;
mod table;

use crate::live_support::{CUT_OFF, mse, timely, within};
use crate::support::TestApp;
use app::model::{CameraAction, Grant, GrantTarget};
use axum::body::Body;
use axum::http::header::{ACCEPT, AUTHORIZATION, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{Request, StatusCode};
use futures::StreamExt;
use house::{House, PASSWORD, cookie, sign_in};
use serde_json::{Value, json};
use server::people::audit::Actor;
use server::people::directory::LinkKind;
use server::people::{NewLink, PersonPatch};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn without_an_account_everything_leads_to_the_set_up() {
    let app = TestApp::start_bare().await;
    let ask = |method: &str, path: &str, accept: &str| {
        let request = Request::builder().method(method).uri(path).header(COOKIE, "other=1").header(ACCEPT, accept);
        app.send(request.body(Body::empty()).expect("a request"))
    };
    for page in ["/", "/camera/1", "/sign-in", "/nothing"] {
        let answer = ask("GET", page, "text/html").await;
        assert_eq!((answer.status, answer.headers[LOCATION].to_str().expect("text")), (StatusCode::SEE_OTHER, "/setup"), "{page}");
    }
    assert_eq!(ask("GET", "/setup", "text/html").await.status, StatusCode::OK);
    assert_eq!(ask("GET", "/health/live", "*/*").await.status, StatusCode::OK);

    let token = app.state.people.setup_token().expect("a token");
    let body = |token: &str| json!({ "setup_token": token, "username": "Ann", "password": PASSWORD });
    let post = |body: Value| {
        let request = Request::post("/api/v1/setup").header("content-type", "application/json").header(COOKIE, "other=1");
        app.send(request.body(Body::from(body.to_string())).expect("a request"))
    };
    assert_eq!(post(body("wrong")).await.problem(), (403, "setup_token_wrong".into(), Some("setup_token".into())));
    let done = post(body(&token)).await;
    assert_eq!(done.status, StatusCode::CREATED, "{}", done.text);
    let who = app.send(Request::get("/api/v1/session").header(COOKIE, cookie(&done)).body(Body::empty()).expect("a request")).await;
    assert_eq!((who.json()["username"].as_str(), who.json()["role"].as_str()), (Some("Ann"), Some("admin")));
    let people = Request::get("/api/v1/users").header(COOKIE, cookie(&done)).body(Body::empty()).expect("a request");
    let people = app.send(people).await.json();
    assert!(people[0]["last_sign_in_at"].is_string(), "whoever set up is signed in: {people}");
    assert_eq!(post(body(&token)).await.problem().1, "already_set_up");
    let setup = ask("GET", "/setup", "text/html").await;
    assert_eq!((setup.status, setup.headers[LOCATION].to_str().expect("text")), (StatusCode::SEE_OTHER, "/"));
}

#[tokio::test]
async fn signing_in_and_out_by_cookie() {
    let house = House::new().await;
    let app = &house.app;
    let refused = sign_in(app, "viewer", "wrong").await;
    assert_eq!(refused.problem(), (401, "sign_in_failed".into(), None));
    assert_eq!(refused.text, sign_in(app, "nobody at all", "wrong").await.text);
    assert!(!refused.headers.contains_key(SET_COOKIE));
    let signed_in = sign_in(app, "viewer", PASSWORD).await;
    let set = signed_in.headers[SET_COOKIE].to_str().expect("text").to_owned();
    assert!(set.starts_with("nightjar=") && set.contains("HttpOnly") && set.contains("SameSite=Lax") && !set.contains("Secure"), "{set}");
    assert_eq!(signed_in.json()["encrypted"], false);
    let first = cookie(&signed_in);
    let with = |method: &str, path: &str, cookie: &str| {
        app.send(Request::builder().method(method).uri(path).header(COOKIE, cookie).body(Body::empty()).expect("a request"))
    };
    // A display stays.
    assert!(set.contains("Max-Age=2592000"), "{set}");
    let display = Request::post("/api/v1/session").header("content-type", "application/json");
    let display = display.body(Body::from(json!({ "username": "viewer", "password": PASSWORD, "stay": true }).to_string()));
    let display = app.send(display.expect("a request")).await;
    let days = display.headers[SET_COOKIE].to_str().expect("text").split("Max-Age=").nth(1).and_then(|age| age.split(';').next());
    let days = days.and_then(|age| age.parse::<u64>().ok()).expect("seconds") / 86_400;
    assert!((399..=400).contains(&days), "{days}");
    assert_eq!(with("DELETE", "/api/v1/session", &cookie(&display)).await.status, StatusCode::NO_CONTENT);
    // Signing in again gives another id, and the old one is dead.
    let again = Request::post("/api/v1/session").header("content-type", "application/json").header(COOKIE, &first);
    let again = again.body(Body::from(json!({ "username": "viewer", "password": PASSWORD }).to_string())).expect("a request");
    let second = cookie(&app.send(again).await);
    assert_ne!(first, second);
    let stale = with("GET", "/api/v1/session", &first).await;
    assert_eq!(stale.status, StatusCode::UNAUTHORIZED);
    assert!(stale.headers[SET_COOKIE].to_str().expect("text").contains("Max-Age=0"), "a dead cookie is taken back");
    for foreign in ["nightjar=", "nightjar=AAAAAAAAAAAAAAAAAAAAAA", "nightjar=../../etc", &format!("{}x", second), "__Host-nightjar=x"] {
        assert_eq!(with("GET", "/api/v1/cameras", foreign).await.status, StatusCode::UNAUTHORIZED, "{foreign}");
    }
    // A page leads to the sign-in page, and from there back.
    let page = Request::get(format!("/camera/{}?x=1", house.gate)).header(COOKIE, &first).header(ACCEPT, "text/html");
    let page = app.send(page.body(Body::empty()).expect("a request")).await;
    assert_eq!(page.headers[LOCATION].to_str().expect("text"), format!("/sign-in?next=%2Fcamera%2F{}%3Fx%3D1", house.gate));

    let third = house.cookie("viewer").await;
    let list = with("GET", "/api/v1/sessions", &third).await.json();
    let list = list.as_array().expect("a list");
    assert_eq!((list.len(), list.iter().filter(|session| session["current"] == true).count()), (2, 1));
    let other = list.iter().find(|session| session["current"] == false).expect("the other")["id"].as_str().expect("an id");
    let foreign = house.cookie("operator").await;
    assert_eq!(with("DELETE", &format!("/api/v1/sessions/{other}"), &foreign).await.status, StatusCode::NOT_FOUND);
    assert_eq!(with("DELETE", &format!("/api/v1/sessions/{other}"), &third).await.status, StatusCode::NO_CONTENT);
    assert_eq!(with("GET", "/api/v1/session", &second).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(with("DELETE", "/api/v1/session", &third).await.status, StatusCode::NO_CONTENT);
    assert_eq!(with("GET", "/api/v1/session", &third).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn viewers_read_neither_addresses_nor_other_cameras() {
    let house = House::new().await;
    let viewer = house.header("viewer").await;
    let cameras = house.ask("GET", "/api/v1/cameras", &viewer).await;
    assert!(cameras.text.contains("Gate") && !cameras.text.contains("Vault") && !cameras.text.contains("rtsp://"), "{}", cameras.text);
    let page = house.app.send(Request::get("/").header(viewer.0, &viewer.1).body(Body::empty()).expect("a request")).await;
    assert!(page.text.contains("Gate") && !page.text.contains("Vault") && !page.text.contains("rtsp://"));
    let stranger = house.header("stranger").await;
    assert_eq!(house.ask("GET", "/api/v1/cameras", &stranger).await.json(), json!([]));
    assert!(house.ask("GET", "/api/v1/cameras", &house.header("admin").await).await.text.contains("rtsp://"));
}

#[tokio::test]
async fn the_state_feed_tells_each_what_they_may_see_and_ends_with_the_session() {
    let house = House::new().await;
    let (app, people) = (&house.app, &house.app.state.people);
    let address = app.listen().await;
    let connect = async |header: (&'static str, String)| mse::open_as(address, "/api/v1/ws", header).await;
    let mut nobody = connect(("cookie", "nightjar=x".into())).await;
    assert_eq!(mse::close_code(&mut nobody).await, 4401);

    let viewer = people.person_by_name("viewer").expect("an account").id;
    let mut socket = connect(house.header("viewer").await).await;
    let first = timely("the list", socket.next()).await.expect("a message").expect("a text").to_string();
    assert!(first.contains("Gate") && !first.contains("Vault"), "{first}");
    // More is granted: the page is told.
    let grant = |id| Grant { target: GrantTarget::Camera(id), actions: vec![CameraAction::Live] };
    let grants = PersonPatch { grants: Some(vec![grant(house.gate), grant(house.vault)]), ..PersonPatch::default() };
    people.change_person(Actor::console(), viewer, grants).await.expect("granted");
    let told = async {
        loop {
            let message = socket.next().await.expect("a message").expect("a text");
            if message.to_string().contains("Vault") {
                return;
            }
        }
    };
    timely("the new list", told).await;
    people.sign_out_everywhere(Actor::console(), viewer).await.expect("ended");
    assert_eq!(within(CUT_OFF, "the feed ends", mse::close_code(&mut socket)).await, 4401);
}

#[tokio::test]
async fn live_pictures_end_when_the_right_is_withdrawn() {
    let house = House::new().await;
    let (app, people) = (&house.app, &house.app.state.people);
    let address = app.listen().await;
    let path = format!("/live/{}/main/mse", house.gate);
    let mut nobody = mse::open_as(address, &path, ("cookie", "nightjar=x".into())).await;
    assert_eq!(mse::close_code(&mut nobody).await, 4401);
    let mut stranger = mse::open_as(address, &path, house.header("stranger").await).await;
    assert_eq!(mse::close_code(&mut stranger).await, 4404);

    let watching = async |mut socket: mse::Socket| {
        // A first message shows that it is being served.
        let first = timely("a message", socket.next()).await.expect("a message").expect("a message");
        assert!(!matches!(first, Message::Close(_)), "{first:?}");
        socket
    };
    let viewer = people.person_by_name("viewer").expect("an account").id;
    let mut withdrawn = watching(mse::open_as(address, &path, house.header("viewer").await).await).await;
    let mut player = {
        let new = NewLink {
            kind: LinkKind::Media,
            label: "Panel".into(),
            camera: house.gate,
            stream: None,
            recording: None,
            actions: vec![CameraAction::Live],
            created_by: Some(viewer),
            expires_at: people.now() + time::Duration::hours(1),
        };
        let (_, link) = people.add_link(Actor::console(), new).await.expect("a link");
        watching(mse::open_as(address, &format!("/link/{}{path}", &*link), ("cookie", "other=1".into())).await).await
    };
    let nothing = PersonPatch { grants: Some(Vec::new()), ..PersonPatch::default() };
    people.change_person(Actor::console(), viewer, nothing).await.expect("withdrawn");
    let both = futures::future::join(mse::close_code(&mut withdrawn), mse::close_code(&mut player));
    assert_eq!(within(CUT_OFF, "both end with the right", both).await, (4404, 4404));

    let cookie = house.cookie("operator").await;
    let mut signed_out = watching(mse::open_as(address, &path, ("cookie", cookie.clone())).await).await;
    let ended = app.send(Request::delete("/api/v1/session").header(COOKIE, cookie).body(Body::empty()).expect("a request")).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert_eq!(within(CUT_OFF, "it ends with the session", mse::close_code(&mut signed_out)).await, 4401);
}

#[tokio::test]
async fn a_guest_sees_one_camera_until_the_link_is_revoked() {
    let house = House::new().await;
    let (app, people) = (&house.app, &house.app.state.people);
    let until = (people.now() + time::Duration::hours(2)).format(&time::format_description::well_known::Rfc3339).expect("a time");
    let body = |camera: i64, actions: &[&str]| json!({ "kind": "guest", "label": "Neighbours", "camera_id": camera, "actions": actions, "expires_at": until });
    let viewer = house.cookie("viewer").await;
    let make = async |body: Value| {
        let request = Request::post("/api/v1/links").header(COOKIE, &viewer).header("content-type", "application/json");
        app.send(request.body(Body::from(body.to_string())).expect("a request")).await
    };
    assert_eq!(make(body(house.vault, &["live"])).await.problem().0, 404, "nobody gives away what does not exist for them");
    assert_eq!(make(body(house.gate, &["live", "ptz"])).await.problem().0, 403, "nor what they may not do themselves");
    let link = make(body(house.gate, &["live"])).await;
    assert_eq!(link.status, StatusCode::CREATED, "{}", link.text);
    let (link, path) = (link.json()["id"].as_i64().expect("an id"), link.json()["path"].as_str().expect("told once").to_owned());
    let listed = house.ask("GET", "/api/v1/links", &("cookie", viewer.clone())).await;
    assert!(listed.text.contains("Neighbours") && !listed.text.contains("path"), "{}", listed.text);
    assert_eq!(house.ask("GET", "/api/v1/links", &house.header("operator").await).await.json(), json!([]));
    let opened = Request::get(&path).header(COOKIE, "other=1").body(Body::empty()).expect("a request");
    let opened = app.send(opened).await;
    assert_eq!(
        (opened.status, opened.headers[LOCATION].to_str().expect("text")),
        (StatusCode::SEE_OTHER, &*format!("/camera/{}", house.gate))
    );
    let guest = ("cookie", cookie(&opened));
    let cameras = house.ask("GET", "/api/v1/cameras", &guest).await;
    assert!(cameras.text.contains("Gate") && !cameras.text.contains("Vault"));
    assert_eq!(house.ask("GET", "/api/v1/cameras/{secret}", &guest).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.ask("GET", "/api/v1/sessions", &guest).await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.ask("DELETE", &format!("/api/v1/links/{link}"), &("cookie", viewer.clone())).await.status, StatusCode::NO_CONTENT);
    assert_eq!(house.ask("GET", "/api/v1/cameras", &guest).await.status, StatusCode::UNAUTHORIZED);
    let header = (AUTHORIZATION.as_str(), String::from("Basic abc"));
    assert_eq!(house.ask("GET", "/api/v1/cameras", &("authorization", header.1)).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_health_page_offers_the_diagnostics_to_whoever_may_have_them() {
    let house = House::new().await;
    for (who, offered) in [("admin", true), ("operator", false), ("viewer", false)] {
        let asker = house.header(who).await;
        let page = house.ask("GET", "/health", &asker).await;
        let file = house.ask("GET", "/api/v1/system/diagnostics.zip", &asker).await;
        assert_eq!(page.text.contains("diagnostics.zip"), offered, "{who}: {}", page.text);
        assert_eq!(file.status == StatusCode::OK, offered, "{who}: {}", file.status);
    }
}
