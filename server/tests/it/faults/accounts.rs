//! A wrong password: however many ask, the camera hears it twice.

use crate::live_support::{Server, rtsp};
use fakecam::{Auth, FakeCamera, Fixture};
use futures::future::join_all;
use media::id::Quality;
use media::stream::StreamState;
use media::stream::status::ViewerKind;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_becomes_wrong_reaches_the_camera_twice_whoever_asks() {
    let camera = FakeCamera::builder()
        .mount("/main", Fixture::sub())
        .mount("/sub", Fixture::sub())
        .auth(Auth::digest("admin", "right"))
        .start()
        .await
        .expect("a camera");
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

    // The camera's password is given: both streams are back, and nothing else was sent.
    camera.resume().await;
    drop(viewers);
    let path = format!("/api/v1/cameras/{id}");
    let same = server.http().await.json("PATCH", &format!("{path}?force=true"), &json!({"name": "Gate 2"})).await;
    assert_eq!(same.status, 200, "{}", same.text());
    assert_eq!(server.stream(id, Quality::Main).status().state, StreamState::AuthBlocked, "a new name lifts no block");
    assert_eq!(camera.logins_failed(), 2);
    assert_eq!(camera.sessions_max(), 1);
    server.stop().await;
}
