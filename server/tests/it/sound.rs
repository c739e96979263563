//! The right to hear a camera: who has only the right to see it gets pictures without sound, by every way, and sound comes and goes with
//! the right while they watch.

use crate::live_support::http::Http;
use crate::live_support::mse::{Reader, Said, close_code, open_as};
use crate::live_support::{CUT_OFF, Server, programs, timely, within};
use app::model::{CameraAction, Grant, GrantTarget, Password, Role};
use fakecam::{AudioCodec, FakeCamera, Fixture};
use media::id::Quality;
use serde_json::json;
use server::people::audit::Actor;
use server::people::{NewPerson, PersonPatch};

const PASSWORD: &str = "violet ferry onion crane";

/// A viewer's cookie.
async fn cookie(http: &mut Http, name: &str) -> String {
    let body = json!({ "username": name, "password": PASSWORD }).to_string();
    let headers = [("content-type", "application/json"), ("cookie", "other=1")];
    let answer = http.request("POST", "/api/v1/session", &headers, Some(body)).await;
    answer.header("set-cookie").split(';').next().expect("a cookie").to_owned()
}

fn is_sound(said: &Said) -> bool {
    matches!(said, Said::Chunk(chunk) if !chunk.video)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_without_sound_for_those_who_may_only_see() {
    let camera = FakeCamera::builder().fixture(Fixture::sub().with_audio(AudioCodec::Aac)).start().await.expect("a camera");
    let server = Server::start().await;
    let id = server.add_rtsp("Gate", &camera.url("/main"), None).await;
    server.live(id, Quality::Main).await;
    let people = &server.state.people;
    let grants = |actions: &[CameraAction]| Some(vec![Grant { target: GrantTarget::Camera(id), actions: actions.to_vec() }]);
    let see = || grants(&[CameraAction::Live]);
    let hear = || grants(&[CameraAction::Live, CameraAction::Audio]);
    let new = NewPerson { name: "Kim".into(), role: Role::Viewer, grants: see(), password: Password(PASSWORD.into()) };
    let kim = people.add_person(Actor::console(), new).await.expect("an account").id;
    let may = async |grants| {
        let patch = PersonPatch { grants, ..PersonPatch::default() };
        people.change_person(Actor::console(), kim, patch).await.expect("changed");
    };
    let mut http = server.http().await;
    let cookie = cookie(&mut http, "Kim").await;

    let mut reader = Reader::on(open_as(server.address, &format!("/live/{id}/main/mse"), ("cookie", cookie.clone())).await);
    let (mime, _, _) = reader.init().await;
    assert!(!mime.contains("mp4a"), "{mime}");
    assert!(!reader.frames(30).await.iter().any(is_sound));

    let mut as_kim = async |file: &str| http.get_with(&format!("/live/{id}/{file}"), &[("cookie", &cookie)]).await;
    let told = async || {
        let streams = server.http().await.get_with(&format!("/api/v1/cameras/{id}/streams"), &[("cookie", &cookie)]).await.json();
        (streams[0]["audio"].is_object(), streams[0]["sound"] == true)
    };
    assert_eq!(told().await, (false, false), "nor is it told that there is any");
    let codecs = as_kim("master.m3u8").await.text().to_owned();
    assert!(codecs.contains("CODECS=\"avc1.") && !codecs.contains("mp4a"), "{codecs}");
    let playlist = as_kim("main/plain.m3u8").await.text().to_owned();
    let init = playlist.lines().find_map(|line| line.strip_prefix("#EXT-X-MAP:URI=\"")?.strip_suffix('"')).expect("a map").to_owned();
    let segment = playlist.lines().find(|line| line.contains("seg-")).expect("a segment").to_owned();
    let mut file = Vec::new();
    for name in [&init, &segment] {
        let answer = as_kim(&format!("main/{name}")).await;
        assert_eq!(answer.status, 200, "{name}");
        file.extend_from_slice(&answer.body);
        let heard = name.strip_prefix("silent-").expect("a name of its own");
        assert_eq!(as_kim(&format!("main/{heard}")).await.status, 404, "{heard}");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("segment.mp4");
    std::fs::write(&path, file).expect("a written file");
    assert!(programs::decoded(&path).await.1 > 10);
    let shown =
        programs::run("ffprobe", &["-v", "error", "-show_entries", "stream=codec_type", "-of", "csv=p=0", path.to_str().expect("a path")])
            .await;
    assert_eq!((shown.stdout.trim(), shown.stderr.as_str()), ("video", ""));

    // The right comes and goes while they watch; the connection stays.
    reader.expect_jump();
    may(hear()).await;
    let (mime, _, _) = reader.init().await;
    assert!(mime.contains("mp4a"), "{mime}");
    assert!(reader.frames(30).await.iter().any(is_sound));
    assert!(as_kim("master.m3u8").await.text().contains("mp4a"));
    assert_eq!(told().await, (true, true));
    assert!(!as_kim("main/index.m3u8").await.text().contains("silent-"));
    reader.expect_jump();
    may(see()).await;
    let (mime, _, _) = reader.init().await;
    assert!(!mime.contains("mp4a"), "{mime}");
    assert!(!reader.frames(30).await.iter().any(is_sound));
    server.stop().await;
}

/// Withdrawn while they watch: what streams ends within five seconds, what is asked for again is no longer there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_of_watching_ends_with_the_right() {
    let camera = FakeCamera::builder().fixture(Fixture::sub()).start().await.expect("a camera");
    let server = Server::start().await;
    let id = server.add_rtsp("Gate", &camera.url("/main"), None).await;
    server.live(id, Quality::Main).await;
    let people = &server.state.people;
    let grants = Some(vec![Grant { target: GrantTarget::Camera(id), actions: vec![CameraAction::Live] }]);
    let new = NewPerson { name: "Kim".into(), role: Role::Viewer, grants, password: Password(PASSWORD.into()) };
    let kim = people.add_person(Actor::console(), new).await.expect("an account").id;
    let mut http = server.http().await;
    let cookie = cookie(&mut http, "Kim").await;
    let header = [("cookie", cookie.as_str())];

    let mut reader = Reader::on(open_as(server.address, &format!("/live/{id}/main/mse"), ("cookie", cookie.clone())).await);
    reader.frame().await;
    let mut stills = server.http().await;
    assert_eq!(stills.open("GET", &format!("/live/{id}/main/mjpeg"), &header, None).await.0, 200);
    assert!(timely("a picture", stills.chunk()).await.is_some());
    let asked = ["master.m3u8", "main/index.m3u8", "main/plain.m3u8", "snapshot.jpg"].map(|file| format!("/live/{id}/{file}"));
    for path in &asked {
        assert_eq!(http.get_with(path, &header).await.status, 200, "{path}");
    }
    let playlist = http.get_with(&asked[2], &header).await.text().to_owned();
    let segment = playlist.lines().find(|line| line.contains("seg-")).map(|file| format!("/live/{id}/main/{file}")).expect("a segment");
    assert_eq!(http.get_with(&segment, &header).await.status, 200);

    people
        .change_person(Actor::console(), kim, PersonPatch { grants: Some(Vec::new()), ..PersonPatch::default() })
        .await
        .expect("withdrawn");
    let cut_off = async {
        let stills_end = async { while stills.chunk().await.is_some() {} };
        assert_eq!(tokio::join!(close_code(&mut reader.socket), stills_end).0, 4404);
        for path in asked.iter().chain([&segment]) {
            assert_eq!(http.get_with(path, &header).await.status, 404, "{path}");
        }
    };
    within(CUT_OFF, "every way of watching ends", cut_off).await;

    // Who may set a camera up, and not watch it, learns that it works and sees nothing.
    for (actions, sees) in [(vec![CameraAction::Configure], false), (vec![CameraAction::Configure, CameraAction::Live], true)] {
        let grants = Some(vec![Grant { target: GrantTarget::Camera(id), actions }]);
        people
            .change_person(Actor::console(), kim, PersonPatch { role: Some(Role::Operator), grants, ..PersonPatch::default() })
            .await
            .expect("changed");
        let cookie = crate::sound::cookie(&mut http, "Kim").await;
        let body = json!({ "name": "Gate", "sources": { "main": { "url": camera.url("/main") } } }).to_string();
        let headers = [("cookie", cookie.as_str()), ("content-type", "application/json")];
        let tried = http.request("POST", &format!("/api/v1/cameras/probe?camera_id={id}"), &headers, Some(body)).await;
        assert_eq!(tried.status, 200, "{}", tried.text());
        let stream = tried.json()["streams"][0].clone();
        assert!(stream["video"].is_object() && stream["picture"].is_string() == sees, "{stream}");
    }
    server.stop().await;
}
