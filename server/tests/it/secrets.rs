//! A camera's password is never in an answer, a log line or a file of the data folder. One test, because it takes the process's whole log.

use crate::support::TestApp;
use serde_json::json;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

const PASSWORD: &str = "hunter2-Zq9)#@";
const CHANGED: &str = "tr0ub4dor-Xw7";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn holds_secret(bytes: &[u8]) -> bool {
    [PASSWORD, CHANGED].iter().any(|secret| bytes.windows(secret.len()).any(|window| window == secret.as_bytes()))
}

fn files_without_secret(folder: &Path) -> usize {
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    files.map(|path| assert!(!holds_secret(&std::fs::read(&path).expect("readable")), "{} holds the password", path.display())).count()
}

#[tokio::test]
async fn a_password_leaves_no_trace() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).init();
    let app = TestApp::start().await;
    let body = json!({
        "name": "Gate", "sources": {"main": {"url": "rtsp://ok.test/main"}}, "credentials": {"username": "admin", "password": PASSWORD}
    });
    let mut answers = vec![app.post("/api/v1/cameras/probe", body.clone()).await, app.post("/api/v1/cameras", body.clone()).await];
    answers.push(app.post("/api/v1/cameras", body).await);
    answers.push(app.patch("/api/v1/cameras/1", json!({"credentials": {"username": "admin", "password": CHANGED}})).await);
    let locked = json!({"sources": {"main": {"url": "rtsp://locked.test/main"}}});
    answers.push(app.patch("/api/v1/cameras/1", locked).await);
    for path in ["/", "/api/v1/cameras", "/api/v1/cameras/1", "/api/v1/cameras/1/streams", "/api/v1/openapi.json"] {
        answers.push(app.get(path).await);
    }
    // Values of the wrong sort must not be quoted back either.
    for wrong in [json!({"username": "a", "password": [PASSWORD]}), json!(PASSWORD)] {
        let answer = app.post("/api/v1/cameras", json!({"name": "B", "credentials": wrong})).await;
        assert_eq!(answer.status, 422);
        answers.push(answer);
    }
    for answer in &answers {
        assert!(!holds_secret(answer.text.as_bytes()), "{}", answer.text);
        assert!(answer.headers.values().all(|value| !holds_secret(value.as_bytes())));
    }
    assert!(files_without_secret(app.data()) >= 2, "database and key");
    let app = app.restart().await;
    assert_eq!(app.get("/api/v1/cameras/1").await.json()["credentials"], json!({"username": "admin", "has_password": true}));
    assert!(files_without_secret(app.data()) >= 2);
    app.state.shutdown().await;
    assert!(files_without_secret(app.data()) >= 2);
    let log = log.text();
    assert!(log.contains("request"), "the log was taken");
    assert!(!holds_secret(log.as_bytes()));
}
