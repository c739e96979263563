//! How far a right reaches: what somebody is told of a camera, what they may change, and what ends when it is withdrawn while they watch.

use super::house::{House, PASSWORD};
use crate::live_support::{CUT_OFF, mse, timely, within};
use crate::support::Answer;
use app::model::{CameraAction, Grant, GrantTarget, IncidentKind, Password, Role, TokenScope};
use axum::body::Body;
use axum::http::Request;
use futures::StreamExt;
use media::CameraId;
use serde_json::{Value, json};
use server::people::audit::Actor;
use server::people::directory::LinkKind;
use server::people::sessions::{self, Subject};
use server::people::{NewLink, NewPerson, NewToken};
use server::services::incidents::Note;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

type Who = (&'static str, String);

/// A new person with one grant; the header that makes a request theirs.
async fn person(house: &House, name: &str, role: Role, target: GrantTarget, actions: &[CameraAction]) -> Who {
    let grants = Some(vec![Grant { target, actions: actions.to_vec() }]);
    let new = NewPerson { name: name.into(), role, grants, password: Password(PASSWORD.into()) };
    house.app.state.people.add_person(Actor::console(), new).await.expect("an account");
    house.header(name).await
}

async fn send(house: &House, method: &str, path: &str, who: &Who, body: Value) -> Answer {
    let request = Request::builder().method(method).uri(path).header(who.0, &who.1).header("content-type", "application/json");
    house.app.send(request.body(Body::from(body.to_string())).expect("a request")).await
}

/// The next text of the state feed.
async fn told(socket: &mut mse::Socket) -> Value {
    let next = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).expect("JSON"),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("the line ended: {other:?}"),
            }
        }
    };
    timely("a message", next).await
}

#[tokio::test]
async fn each_is_told_what_they_may_do_with_a_camera() {
    let house = House::new().await;
    let address = house.app.listen().await;
    let all = json!(["live", "audio", "ptz", "playback", "export", "record", "configure"]);
    for (who, actions) in [
        ("admin", all.clone()),
        ("t-admin", all),
        ("operator", json!(["live", "audio", "ptz", "playback", "export", "record"])),
        ("viewer", json!(["live", "audio"])),
        ("guest", json!(["live"])),
        ("t-read", json!(["live", "audio", "playback", "export"])),
    ] {
        let header = house.header(who).await;
        let camera = house.ask("GET", "/api/v1/cameras/{gate}", &header).await.json();
        assert_eq!(camera["actions"], actions, "{who}");
        assert_eq!(house.ask("GET", "/api/v1/cameras", &header).await.json()[0], camera, "{who}");
        let mut socket = mse::open_as(address, "/api/v1/ws", header).await;
        assert_eq!(told(&mut socket).await["cameras"][0], camera, "{who}");
        // A change is told as everybody may read it.
        let named = house.app.patch(&format!("/api/v1/cameras/{}", house.gate), json!({ "tags": [who] })).await.json();
        assert_eq!(named["tags"], json!([who]));
        let again = async {
            loop {
                let message = told(&mut socket).await;
                if message["type"] == "cameras" && message["cameras"][0]["tags"] == json!([who]) {
                    return message["cameras"][0]["actions"].clone();
                }
            }
        };
        assert_eq!(timely("the new list", again).await, actions, "{who}");
    }
}

#[tokio::test]
async fn whoever_may_change_one_camera_changes_that_one_and_nothing_around_it() {
    let house = House::new().await;
    let (gate, vault) = (format!("/api/v1/cameras/{}", house.gate), format!("/api/v1/cameras/{}", house.vault));
    let login = json!({ "credentials": { "username": "admin", "password": "right" } });
    for path in [&gate, &vault] {
        assert_eq!(house.app.patch(path, login.clone()).await.status, 200);
    }
    let otto =
        person(&house, "Otto", Role::Operator, GrantTarget::Camera(house.gate), &[CameraAction::Live, CameraAction::Configure]).await;
    let patch = async |path: &str, body: Value| send(&house, "PATCH", path, &otto, body).await;
    let renamed = patch(&gate, json!({ "name": "Entrance", "enabled": true, "hidden": false })).await;
    assert_eq!((renamed.status.as_u16(), &renamed.json()["name"]), (200, &json!("Entrance")), "{}", renamed.text);
    assert_eq!(renamed.json()["actions"], json!(["live", "configure"]));
    assert_eq!(house.ask("GET", &format!("{gate}/settings"), &otto).await.status, 200);
    assert_eq!(patch(&vault, json!({ "name": "Mine" })).await.status, 404);
    assert_eq!(patch(&gate, json!({ "group": "Yard" })).await.problem(), (403, "not_allowed".into(), Some("group".into())));
    assert_eq!(send(&house, "DELETE", &gate, &otto, Value::Null).await.status, 403);
    assert_eq!(send(&house, "PUT", "/api/v1/cameras/order", &otto, json!({ "camera_ids": [house.gate] })).await.status, 403);

    // The password that they do not know stays where it is used; another path is no other place.
    let needed = (422, "password_needed".to_owned(), Some("credentials.password".to_owned()));
    let at = |url: &str| json!({ "sources": { "main": { "url": url } } });
    for elsewhere in ["rtsp://evil.test/main", "rtsp://ok.test:8554/main"] {
        assert_eq!(patch(&gate, at(elsewhere)).await.problem(), needed, "{elsewhere}");
        assert_eq!(patch(&format!("{gate}?force=true"), at(elsewhere)).await.problem(), needed, "{elsewhere}");
    }
    assert_eq!(
        patch(&gate, json!({ "credentials": { "username": "other" }, "sources": { "main": { "url": "rtsp://evil.test/" } } }))
            .await
            .problem(),
        needed
    );
    assert_eq!(patch(&gate, at("rtsp://ok.test:554/other")).await.status, 200);
    let mut typed = at("rtsp://ok.test:8554/main");
    typed["credentials"] = json!({ "username": "admin", "password": "typed" });
    assert_eq!(patch(&gate, typed).await.status, 200);
    assert!(!house.app.cameras.opened().iter().any(|path| path.contains("evil")));
    // Admins have typed it, or could have: theirs follows the camera to its new address.
    assert_eq!(house.app.patch(&gate, at("rtsp://ok.test:554/main")).await.status, 200);

    // Trying what they may change, and only that.
    let body = |url: &str| json!({ "name": "x", "sources": { "main": { "url": url } }, "credentials": { "username": "admin" } });
    let probe = async |query: &str, url: &str| send(&house, "POST", &format!("/api/v1/cameras/probe{query}"), &otto, body(url)).await;
    let own = format!("?camera_id={}", house.gate);
    let tried = probe(&own, "rtsp://ok.test:554/main").await;
    assert_eq!(tried.status, 200, "{}", tried.text);
    assert_eq!(probe(&own, "rtsp://evil.test:554/main").await.problem(), needed);
    assert_eq!(probe("", "rtsp://ok.test:554/main").await.problem().0, 403);
    assert_eq!(probe(&format!("?camera_id={}", house.vault), "rtsp://ok.test:554/main").await.problem().0, 404);

    // The log tells who, and that there was another password, not which.
    let app = &house.app;
    let logged = async {
        loop {
            let log = app.get("/api/v1/audit?action=camera.update&text=otto").await.json();
            if log.as_array().is_some_and(|log| log.len() >= 3) {
                return log;
            }
            tokio::task::yield_now().await;
        }
    };
    let log = timely("the log", logged).await;
    assert_eq!(log[0]["details"]["changes"]["password"], json!({ "before": null, "after": "…" }), "{log}");
    assert!(log[1]["details"]["changes"].get("password").is_none() && !log.to_string().contains("typed"), "{log}");
}

#[tokio::test]
async fn without_the_right_to_watch_a_camera_has_neither_state_nor_incidents() {
    let house = House::new().await;
    let (app, address) = (&house.app, house.app.listen().await);
    let gate = GrantTarget::Camera(house.gate);
    let replays = person(&house, "Rita", Role::Operator, gate.clone(), &[CameraAction::Playback]).await;
    let watches = person(&house, "Wim", Role::Operator, gate, &[CameraAction::Live]).await;
    let path = |tail: &str| format!("/api/v1/cameras/{}/{tail}", house.gate);
    app.state.incidents.note(Note::new(CameraId(house.gate), IncidentKind::RecoveryStep, "Its clock was set."));
    let listed = async |who: &Who| house.ask("GET", "/api/v1/incidents", who).await.json().as_array().map(Vec::len);
    let noted = async {
        while listed(&watches).await == Some(0) {
            tokio::task::yield_now().await;
        }
    };
    timely("the incident is stored", noted).await;
    assert_eq!(listed(&replays).await, Some(0));
    for (who, expected) in [(&replays, 403), (&watches, 200)] {
        for tail in ["streams", "incidents", "recovery", "availability", "timeline"] {
            assert_eq!(house.ask("GET", &path(tail), who).await.status, expected, "{tail}");
        }
        let page = app.send(Request::get("/").header(who.0, &who.1).body(Body::empty()).expect("a request")).await;
        assert_eq!(page.text.contains("quality"), expected == 200, "the page brings states");
        let history = house.ask("GET", "/api/v1/system/history", who).await.json();
        assert!(history["streams"].as_array().expect("a list").iter().all(|_| expected == 200), "{history}");
    }
    let kinds = async |who: Who| {
        let mut socket = mse::open_as(address, "/api/v1/ws", who).await;
        [told(&mut socket).await["type"].clone(), told(&mut socket).await["type"].clone()]
    };
    assert_eq!(kinds(watches).await, ["cameras", "stream_status"]);
    assert_eq!(kinds(replays).await, ["cameras", "alerts"]);
}

#[tokio::test]
async fn a_camera_that_leaves_a_group_is_gone_for_those_who_had_the_group() {
    let house = House::new().await;
    let address = house.app.listen().await;
    let gate = format!("/api/v1/cameras/{}", house.gate);
    let group = async |group: &str| house.app.patch(&gate, json!({ "group": group })).await.status.as_u16();
    assert_eq!(group("Yard").await, 200);
    let kim = person(&house, "Kim", Role::Viewer, GrantTarget::Group("Yard".into()), &[CameraAction::Live]).await;
    let seen = house.ask("GET", "/api/v1/cameras", &kim).await.json();
    assert_eq!((seen.as_array().map(Vec::len), &seen[0]["name"]), (Some(1), &json!("Gate")));
    let mut live = mse::open_as(address, &format!("/live/{}/main/mse", house.gate), kim.clone()).await;
    assert!(matches!(timely("a message", live.next()).await, Some(Ok(Message::Text(_)))));
    let mut feed = mse::open_as(address, "/api/v1/ws", kim.clone()).await;
    assert_eq!(told(&mut feed).await["cameras"].as_array().map(Vec::len), Some(1));

    assert_eq!(group("Street").await, 200);
    let gone = async {
        assert_eq!(mse::close_code(&mut live).await, 4404);
        loop {
            let message = told(&mut feed).await;
            if message["type"] == "cameras" && message["cameras"] == json!([]) {
                return;
            }
        }
    };
    within(CUT_OFF, "the pictures end, and the list is empty", gone).await;
    for path in [gate.clone(), format!("/live/{}/main/index.m3u8", house.gate), format!("/live/{}/snapshot.jpg", house.gate)] {
        assert_eq!(house.ask("GET", &path, &kim).await.status, 404, "{path}");
    }
    assert_eq!(house.ask("GET", "/api/v1/incidents", &kim).await.json(), json!([]));
    // And back.
    assert_eq!(group("Yard").await, 200);
    assert_eq!(house.ask("GET", &gate, &kim).await.status, 200);
}

/// However it was proved who is there: once that ends, so does what is open.
#[tokio::test]
async fn what_is_open_ends_with_the_session_the_token_and_the_link() {
    let house = House::new().await;
    let (people, address) = (&house.app.state.people, house.app.listen().await);
    let watched = format!("/live/{}/main/mse", house.gate);
    let open = async |path: &str, who: Who| {
        let mut socket = mse::open_as(address, path, who).await;
        assert!(matches!(timely("a message", socket.next()).await, Some(Ok(Message::Text(_)))), "{path}");
        socket
    };
    let both = async |who: &Who| [open(&watched, who.clone()).await, open("/api/v1/ws", who.clone()).await];
    let ended = async |sockets: [mse::Socket; 2], limit: Duration, what: &str| {
        let [mut live, mut feed] = sockets;
        let both = futures::future::join(mse::close_code(&mut live), mse::close_code(&mut feed));
        assert_eq!(within(limit, what, both).await, (4401, 4401), "{what}");
    };
    // How long what has an end lasts.
    let lasts = Duration::from_secs(3);
    // Its time is over, although it is used.
    let viewer = people.person_by_name("viewer").expect("an account");
    let subject = Subject::Person { id: viewer.id, generation: viewer.generation };
    let soon = house.session(subject, Some(people.now() + lasts)).await;
    ended(both(&("cookie", soon)).await, lasts + CUT_OFF, "a session that is over").await;
    // A new password ends the other sessions.
    let (here, there) = (house.header("viewer").await, both(&house.header("viewer").await).await);
    let principal = people.by_session(sessions::hash(&here.1.trim_start_matches("nightjar=").parse().expect("an id"))).expect("signed in");
    people.change_password(&principal, [192, 0, 2, 1].into(), PASSWORD, "grandmother sold her boat").await.expect("changed");
    ended(there, CUT_OFF, "another session").await;
    // A token that is revoked, and one that is over.
    let token = async |expires_at| {
        let new = NewToken { name: "Panel".into(), scope: TokenScope::Read, owner: None, camera_ids: None, expires_at };
        let (token, secret) = people.add_token(Actor::console(), new).await.expect("a token");
        (token.id, ("authorization", format!("Bearer {}", &*secret)))
    };
    let (id, who) = token(None).await;
    let sockets = both(&who).await;
    people.remove_token(Actor::console(), id).await.expect("revoked");
    ended(sockets, CUT_OFF, "a revoked token").await;
    let (_, who) = token(Some(people.now() + lasts)).await;
    ended(both(&who).await, lasts + CUT_OFF, "a token that is over").await;
    // A link that is revoked.
    let new = NewLink {
        kind: LinkKind::Media,
        label: "Panel".into(),
        camera: house.gate,
        stream: None,
        recording: None,
        actions: vec![CameraAction::Live],
        created_by: None,
        expires_at: people.now() + time::Duration::hours(1),
    };
    let (link, text) = people.add_link(Actor::console(), new).await.expect("a link");
    let mut player = open(&format!("/link/{}{watched}", &*text), ("cookie", "other=1".into())).await;
    people.revoke_link(Actor::console(), link.id).await.expect("revoked");
    assert_eq!(within(CUT_OFF, "a revoked link", mse::close_code(&mut player)).await, 4401);
}

#[tokio::test]
async fn links_of_somebody_who_is_disabled_rest_are_listed_and_can_be_revoked() {
    let house = House::new().await;
    let people = &house.app.state.people;
    let viewer = people.person_by_name("viewer").expect("an account").id;
    let until = (people.now() + time::Duration::hours(2)).format(&time::format_description::well_known::Rfc3339).expect("a time");
    let body = json!({ "kind": "guest", "label": "Neighbours", "camera_id": house.gate, "actions": ["live"], "expires_at": until });
    let theirs = house.header("viewer").await;
    let made = send(&house, "POST", "/api/v1/links", &theirs, body).await.json();
    assert_eq!(made["active"], true);
    let (id, path) = (made["id"].clone(), made["path"].as_str().expect("told once").to_owned());
    let listed = async || {
        let list = house.app.get("/api/v1/links").await.json();
        list.as_array().expect("a list").iter().find(|link| link["id"] == id).map(|link| link["active"].clone())
    };
    let opens = async || house.ask("GET", &path, &("cookie", "other=1".into())).await.status.as_u16();
    assert_eq!((listed().await, opens().await), (Some(json!(true)), 303));
    let disabled =
        async |disabled: bool| house.app.patch(&format!("/api/v1/users/{viewer}"), json!({ "disabled": disabled })).await.status.as_u16();
    assert_eq!(disabled(true).await, 200);
    assert_eq!((listed().await, opens().await), (Some(json!(false)), 404));
    assert_eq!(disabled(false).await, 200);
    assert_eq!((listed().await, opens().await), (Some(json!(true)), 303));
    assert_eq!(disabled(true).await, 200);
    assert_eq!(house.app.delete(&format!("/api/v1/links/{id}")).await.status, 204);
    assert_eq!(listed().await, None);
    assert_eq!(disabled(false).await, 200);
    assert_eq!((listed().await, opens().await), (None, 404), "what was revoked meanwhile does not come back");
}

/// Whatever will show recordings asks for these rights: the log is told by the guard, not by each route.
#[tokio::test]
async fn looking_at_what_a_camera_has_seen_is_written_down_once_an_hour() {
    use server::guard::{Gate, On, Permit};
    use server::people::principal::{Principal, deed};
    let house = House::new().await;
    let state = &house.app.state;
    let look = async |_: Permit<On<deed::Playback>>| "a recording";
    let take = async |_: Permit<On<deed::Export>>| "a file";
    let routes = axum::Router::new()
        .route("/cameras/{id}/look", axum::routing::get(look))
        .route("/cameras/{id}/take", axum::routing::get(take))
        .with_state(Gate::new(state.clone()));
    let operator = state.people.person_by_name("operator").expect("an account");
    let who = server::people::principal::Who::Person { id: operator.id, name: operator.name.clone() };
    let principal = Principal::new(who, server::people::principal::Proof::None, operator.rights.clone(), None);
    let ask = async |principal: &Principal, camera: i64, what: &str| {
        let request = Request::get(format!("/cameras/{camera}/{what}")).extension(principal.clone()).body(Body::empty());
        tower::ServiceExt::oneshot(routes.clone(), request.expect("a request")).await.expect("infallible").status().as_u16()
    };
    for (camera, what) in [(house.gate, "look"), (house.gate, "look"), (house.vault, "look"), (house.gate, "take")] {
        assert_eq!(ask(&principal, camera, what).await, 200);
    }
    assert_eq!(ask(&Principal::nobody(), house.gate, "look").await, 401);
    let app = house.app.restart().await;
    let log = app.get("/api/v1/audit?action=recording.").await;
    let told: Vec<_> =
        log.json().as_array().expect("entries").iter().map(|one| (one["action"].clone(), one["target_name"].clone())).collect();
    assert_eq!(told.len(), 3, "{}", log.text);
    for (action, name) in [("recording.view", "Gate"), ("recording.view", "Vault"), ("recording.export", "Gate")] {
        assert!(told.contains(&(json!(action), json!(name))), "{}", log.text);
    }
}
