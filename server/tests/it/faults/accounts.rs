//! A wrong password: however many ask, the camera hears it twice, and it is back with the right one.

use super::harness::{check_outage, written};
use crate::live_support::{Server, rtsp};
use fakecam::{Auth, FakeCamera, Fixture};
use futures::future::join_all;
use media::ErrorCode;
use media::id::Quality;
use media::stream::StreamState;
use media::stream::status::ViewerKind;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_becomes_wrong_reaches_the_camera_twice_whoever_asks() {
    let builder = |password: &str| {
        FakeCamera::builder().mount("/main", Fixture::sub()).mount("/sub", Fixture::sub()).auth(Auth::digest("admin", password))
    };
    let camera = builder("right").start().await.expect("a camera");
    let server = Server::start().await;
    let mut body = rtsp("Gate", &camera.url("/main"), Some(&camera.url("/sub")));
    body["credentials"] = json!({"username": "admin", "password": "right"});
    let id = server.add(&body).await;
    for quality in Quality::ALL {
        server.live(id, quality).await;
    }
    // Somebody changes the password in the camera.
    camera.refuse_logins().await;
    camera.drop_connections().await.expect("a camera that listens");
    for quality in Quality::ALL {
        server.until(id, quality, |status| status.state == StreamState::AuthBlocked).await;
    }
    // Viewers, restarts and trials all ask at once.
    let viewers: Vec<_> = (0..10).map(|_| server.stream(id, Quality::Main).join(ViewerKind::Mse)).collect();
    let asking = (0..10).map(|number| {
        let (server, body) = (&server, &body);
        async move {
            let mut http = server.http().await;
            match number % 3 {
                0 => http.json("POST", &format!("/api/v1/cameras/{id}/streams/main/restart"), &json!(null)).await.status,
                1 => http.json("POST", &format!("/api/v1/cameras/{id}/streams/sub/recover"), &json!(null)).await.status,
                _ => http.json("POST", &format!("/api/v1/cameras/probe?camera_id={id}"), body).await.status,
            }
        }
    });
    join_all(asking).await;
    assert_eq!(camera.logins_failed(), 2);
    let status = server.stream(id, Quality::Main).status();
    let error = status.error.expect("a reason").error;
    assert!(error.message.contains("twice") && error.message.contains("credentials"), "{}", error.message);

    drop(viewers);

    // The camera means its new password from now on. Neither that nor a new name lifts the block.
    let address = camera.address();
    let (wrong, most) = (camera.logins_failed(), camera.sessions_max());
    camera.shutdown().await;
    let camera = builder("new").listen(address).start().await.expect("the same camera");
    let path = format!("/api/v1/cameras/{id}?force=true");
    let change = async |body: Value| {
        let changed = server.http().await.json("PATCH", &path, &body).await;
        assert_eq!(changed.status, 200, "{}", changed.text());
    };
    change(json!({"name": "Gate 2"})).await;
    for quality in Quality::ALL {
        assert_eq!(server.stream(id, quality).status().state, StreamState::AuthBlocked, "a new name lifts no block");
    }
    assert_eq!((camera.logins_failed(), camera.logins_ok()), (0, 0), "nothing was sent");

    // The camera's password is given: both streams are back.
    change(json!({"credentials": {"username": "admin", "password": "new"}})).await;
    for quality in Quality::ALL {
        server.live(id, quality).await;
    }
    assert_eq!((wrong + camera.logins_failed(), most, camera.sessions_max()), (2, 1, 1), "wrong logins; sessions at once");
    // One incident of each stream, and whoever reads it knows what to do.
    let log = written(&server, id, 2).await;
    let mut of: Vec<_> = log.iter().filter_map(|one| one["quality"].as_str()).collect();
    of.sort_unstable();
    assert_eq!((log.len(), of), (2, vec!["main", "sub"]), "{log:#?}");
    for one in &log {
        let summary = check_outage("password", one, ErrorCode::Unreachable, "closed the connection");
        assert!(summary.contains("; the camera refused the user name or password twice"), "{summary}");
    }
    server.stop().await;
    assert_eq!(camera.sessions_open(), 0);
}
