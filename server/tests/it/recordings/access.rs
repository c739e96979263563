//! Who may see which recording: grants, sound, guests of one recording, and cameras that are gone.

use super::{Site, codecs, listed, logged, probed};
use crate::live_support::http::Http;
use crate::live_support::{CUT_OFF, Server, within};
use app::model::{CameraAction, Grant, GrantTarget, Password, Role, TokenScope};
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use server::people::audit::Actor;
use server::people::{NewPerson, NewToken, PersonPatch};
use tower::ServiceExt;

const PASSWORD: &str = "violet ferry onion crane";

fn grants(target: GrantTarget, actions: &[CameraAction]) -> Option<Vec<Grant>> {
    Some(vec![Grant { target, actions: actions.to_vec() }])
}

/// A new person who has signed in: their number and their cookie.
async fn person(server: &Server, name: &str, role: Role, grants: Option<Vec<Grant>>) -> (i64, String) {
    let new = NewPerson { name: name.into(), role, grants, password: Password(PASSWORD.into()) };
    let id = server.state.people.add_person(Actor::console(), new).await.expect("an account").id;
    let body = json!({ "username": name, "password": PASSWORD }).to_string();
    let headers = [("content-type", "application/json"), ("cookie", "other=1")];
    let answer = server.http().await.request("POST", "/api/v1/session", &headers, Some(body)).await;
    (id, answer.header("set-cookie").split(';').next().expect("a cookie").to_owned())
}

async fn as_whom(http: &mut Http, method: &str, path: &str, cookie: &str, body: Option<Value>) -> crate::live_support::http::Answer {
    let headers = [("cookie", cookie), ("content-type", "application/json")];
    http.request(method, path, &headers, body.map(|body| body.to_string())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_gets_what_was_granted_and_no_sound_without_the_right_to_hear() {
    let site = Site::new().await;
    let id = site.recording(1500).await["id"].clone();
    let own = format!("/api/v1/recordings/{id}");
    let gate = || GrantTarget::Camera(site.id);
    let mut http = site.server.http().await;
    let (kim, cookie) =
        person(&site.server, "Kim", Role::Viewer, grants(gate(), &[CameraAction::Live, CameraAction::Audio, CameraAction::Export])).await;
    // Live and even export without playback: there is no recording to look at, but a file of it may be taken if one knows its number.
    assert_eq!(as_whom(&mut http, "GET", "/api/v1/recordings", &cookie, None).await.json()["spans"], json!([]));
    assert_eq!(as_whom(&mut http, "GET", &own, &cookie, None).await.problem(403), "not_allowed");
    let may = async |actions: &[CameraAction]| {
        let patch = PersonPatch { grants: grants(gate(), actions), ..PersonPatch::default() };
        site.server.state.people.change_person(Actor::console(), kim, patch).await.expect("changed");
    };
    may(&[CameraAction::Live, CameraAction::Audio]).await;
    for tail in ["", "/video.mp4", "/export.mp4", "/poster.jpg"] {
        assert_eq!(as_whom(&mut http, "GET", &format!("{own}{tail}"), &cookie, None).await.problem(404), "recording_not_found", "{tail}");
    }
    may(&[CameraAction::Playback]).await;
    let told = as_whom(&mut http, "GET", &own, &cookie, None).await.json();
    assert_eq!(told["actions"], json!(["playback"]));
    let silent = as_whom(&mut http, "GET", &format!("{own}/video.mp4"), &cookie, None).await;
    assert_eq!(codecs(&probed(&silent.body)), ["h264"], "nobody hears later what they may not hear live");
    assert_eq!(as_whom(&mut http, "GET", &format!("{own}/export.mp4"), &cookie, None).await.problem(403), "not_allowed");
    for (method, body) in [("PATCH", Some(json!({ "title": "Mine" }))), ("DELETE", None)] {
        assert_eq!(as_whom(&mut http, method, &own, &cookie, body).await.problem(403), "not_allowed");
    }
    may(&[CameraAction::Playback, CameraAction::Audio, CameraAction::Export]).await;
    let loud = as_whom(&mut http, "GET", &format!("{own}/export.mp4"), &cookie, None).await;
    assert_eq!(codecs(&probed(&loud.body)), ["h264", "aac"]);

    // What was recorded outlives its camera, for those who see all cameras, whatever else names it.
    let scope = TokenScope::Operate;
    let new = NewToken { name: "Gate only".into(), scope, owner: None, camera_ids: Some(vec![site.id]), expires_at: None };
    let named = format!("Bearer {}", &*site.server.state.people.add_token(Actor::console(), new).await.expect("a token").1);
    assert_eq!(http.get_with(&own, &[("authorization", &named)]).await.status, 200);
    let (_, operator) = person(&site.server, "Otto", Role::Operator, None).await;
    assert_eq!(http.request("DELETE", &format!("/api/v1/cameras/{}", site.id), &[], None).await.status, 204);
    let gone = listed(&mut http, "").await["spans"][0].clone();
    assert_eq!((&gone["id"], &gone["camera_name"], &gone["camera_gone"]), (&id, &json!("Gate"), &json!(true)), "{gone}");
    assert_eq!(as_whom(&mut http, "GET", &format!("{own}/video.mp4"), &operator, None).await.status, 200);
    assert_eq!(as_whom(&mut http, "GET", &own, &cookie, None).await.problem(404), "recording_not_found");
    assert_eq!(http.get_with(&own, &[("authorization", &named)]).await.problem(404), "recording_not_found");
    assert_eq!(as_whom(&mut http, "GET", "/api/v1/recordings", &cookie, None).await.json()["spans"], json!([]));
    assert_eq!(http.request("DELETE", &own, &[], None).await.status, 204);
    site.camera.shutdown().await;
    site.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_of_one_recording_sees_that_one_and_nothing_else() {
    let site = Site::new().await;
    let shown = site.recording(1500).await["id"].clone();
    let other = site.recording(500).await["id"].clone();
    let mut http = site.server.http().await;
    let link = |actions: Value, recording: &Value| {
        let at = time::OffsetDateTime::now_utc() + time::Duration::hours(1);
        let at = at.format(&time::format_description::well_known::Rfc3339).expect("a moment");
        json!({ "kind": "guest", "label": "Insurance", "camera_id": site.id, "recording_id": recording, "actions": actions, "expires_at": at })
    };
    // What a recording has no use for is not theirs to be given, and without watching there is nothing.
    for (actions, status, code) in
        [(json!(["live"]), 403, "not_allowed"), (json!(["playback", "live"]), 403, "not_allowed"), (json!([]), 422, "playback_only")]
    {
        assert_eq!(http.json("POST", "/api/v1/links", &link(actions, &shown)).await.problem(status), code);
    }
    let mut media = link(json!(["playback"]), &shown);
    media["kind"] = json!("media");
    assert_eq!(http.json("POST", "/api/v1/links", &media).await.problem(422), "guests_only");
    assert_eq!(http.json("POST", "/api/v1/links", &link(json!(["playback"]), &json!(999))).await.problem(404), "recording_not_found");
    let mut elsewhere = link(json!(["playback"]), &shown);
    elsewhere["camera_id"] = json!(site.id + 1);
    assert_eq!(http.json("POST", "/api/v1/links", &elsewhere).await.problem(404), "recording_not_found");
    // Nobody gives away what they do not have.
    let gate = GrantTarget::Camera(site.id);
    let (_, kim) = person(&site.server, "Kim", Role::Viewer, grants(gate.clone(), &[CameraAction::Live])).await;
    assert_eq!(
        as_whom(&mut http, "POST", "/api/v1/links", &kim, Some(link(json!(["playback"]), &shown))).await.problem(404),
        "recording_not_found"
    );
    let (_, pat) = person(&site.server, "Pat", Role::Viewer, grants(gate, &[CameraAction::Playback])).await;
    assert_eq!(
        as_whom(&mut http, "POST", "/api/v1/links", &pat, Some(link(json!(["playback", "export"]), &shown))).await.problem(403),
        "not_allowed"
    );

    let made = http.json("POST", "/api/v1/links", &link(json!(["playback", "audio"]), &shown)).await;
    assert_eq!((made.status, &made.json()["recording_id"]), (201, &shown), "{}", made.text());
    let path = made.json()["path"].as_str().expect("a path").to_owned();
    let opened = http.get_with(&path, &[("cookie", "other=1")]).await;
    assert_eq!((opened.status, opened.header("location")), (303, &*format!("/recordings/{shown}")));
    let guest = opened.header("set-cookie").split(';').next().expect("a cookie").to_owned();
    let mut ask = async |path: &str| as_whom(&mut http, "GET", path, &guest, None).await;
    let told = ask(&format!("/api/v1/recordings/{shown}")).await.json();
    assert_eq!((&told["id"], &told["actions"], &told["recorded_by"]), (&shown, &json!(["audio", "playback"]), &json!("")));
    let film = ask(&format!("/api/v1/recordings/{shown}/video.mp4")).await;
    assert_eq!(codecs(&probed(&film.body)), ["h264", "aac"]);
    assert_eq!(ask(&format!("/api/v1/recordings/{shown}/export.mp4")).await.problem(403), "not_allowed");
    assert_eq!(ask("/api/v1/recordings").await.json()["spans"], json!([told]));
    assert_eq!(ask("/api/v1/cameras").await.json(), json!([]));
    for hidden in [
        format!("/api/v1/recordings/{other}"),
        format!("/api/v1/recordings/{other}/video.mp4"),
        format!("/api/v1/cameras/{}", site.id),
        format!("/api/v1/cameras/{}/snapshot.jpg", site.id),
        format!("/live/{}/main/index.m3u8", site.id),
    ] {
        assert_eq!(ask(&hidden).await.status, 404, "{hidden}");
    }
    let log = logged(&site.server, "recording.view", 1).await;
    assert_eq!(
        (&log[0]["actor_kind"], &log[0]["actor_name"], &log[0]["target_id"]),
        (&json!("guest"), &json!("Insurance"), &json!(shown.to_string()))
    );

    // Revoked: whoever is reading it is cut off, before its end.
    let request = Request::get(format!("/api/v1/recordings/{shown}/video.mp4")).header("cookie", &guest);
    let reading = server::router::app(site.server.state.clone()).oneshot(request.body(Body::empty()).expect("a request")).await;
    let mut reading = reading.expect("infallible").into_body();
    reading.frame().await.expect("a first piece").expect("read");
    let link_id = made.json()["id"].clone();
    assert_eq!(http.request("DELETE", &format!("/api/v1/links/{link_id}"), &[], None).await.status, 204);
    let ended = async {
        while as_whom(&mut http, "GET", &format!("/api/v1/recordings/{shown}"), &guest, None).await.status != 401 {
            tokio::task::yield_now().await;
        }
    };
    within(CUT_OFF, "the guest is out", ended).await;
    assert!(within(CUT_OFF, "the film is cut off", reading.frame()).await.expect("not its end").is_err());

    // A recording that is deleted takes its links with it.
    let again = http.json("POST", "/api/v1/links", &link(json!(["playback"]), &other)).await;
    let path = again.json()["path"].as_str().expect("a path").to_owned();
    assert_eq!(http.request("DELETE", &format!("/api/v1/recordings/{other}"), &[], None).await.status, 204);
    assert_eq!(http.get("/api/v1/links").await.json(), json!([]));
    assert_eq!(http.get_with(&path, &[("cookie", "other=1")]).await.status, 404);
    site.camera.shutdown().await;
    site.server.stop().await;
}
