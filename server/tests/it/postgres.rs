//! The same server on PostgreSQL: migrations, cameras, order, restart. The database is a private one, started for this test from the
//! distribution's package on a socket in a temporary folder. Where there is no such package the test says so and does nothing.

use crate::support::{TestApp, camera};
use app::model::IncidentKind;
use axum::http::StatusCode;
use media::id::{CameraId, Quality};
use serde_json::json;
use server::services::incidents::Note;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A running PostgreSQL; stopped when dropped.
struct Postgres {
    programs: PathBuf,
    folder: TempDir,
}

/// Folder of the newest installed server's programs.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let versions = versions.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    versions.max().map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin"))).filter(|path| path.join("initdb").exists())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// PostgreSQL refuses to run as root: then as its own user.
fn command(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

#[track_caller]
fn succeed(output: std::io::Result<Output>) {
    let output = output.expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
}

impl Postgres {
    fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            // Not print!: the lint is right for the program, here a person reads it.
            let _ = writeln!(std::io::stderr(), "skipped: no PostgreSQL in /usr/lib/postgresql (Debian package: postgresql)");
            return None;
        };
        // Short: a socket's path has 108 bytes at most.
        let this = Self { programs, folder: tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").expect("a folder") };
        if is_root() {
            succeed(Command::new("chown").arg("postgres").arg(this.folder.path()).output());
        }
        let data = this.data();
        let mut initdb = command(&this.programs.join("initdb"));
        initdb.args(["--auth=trust", "--username=nightjar", "--encoding=UTF8", "--locale=C", "--no-sync", "--pgdata"]).arg(&data);
        succeed(initdb.current_dir("/").output());
        let socket = this.folder.path().display();
        let options = format!("-c listen_addresses= -c unix_socket_directories={socket} -c fsync=off");
        let mut start = this.ctl();
        // Its log is a file: with a pipe, this would wait for the end of the server.
        start.arg("--log").arg(this.folder.path().join("log")).args(["--wait", "--options", &options, "start"]);
        let status = start.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().expect("pg_ctl starts");
        assert!(status.success(), "{}", std::fs::read_to_string(this.folder.path().join("log")).unwrap_or_default());
        Some(this)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn ctl(&self) -> Command {
        let mut ctl = command(&self.programs.join("pg_ctl"));
        ctl.current_dir("/").arg("--pgdata").arg(self.data());
        ctl
    }

    fn url(&self) -> String {
        format!("postgres://nightjar@localhost/postgres?host={}", self.folder.path().display())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Nothing can be done about a failure here; the folder goes all the same.
        let _ = self.ctl().args(["--mode=immediate", "--wait", "stop"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

#[tokio::test]
async fn accounts_live_in_postgresql_as_they_do_in_sqlite() {
    let Some(postgres) = Postgres::start() else { return };
    let url = postgres.url();
    let app = TestApp::start_bare_with(&[("NIGHTJAR_DATABASE_URL", url.as_str())]).await;
    crate::people::accounts_live(&app).await;
    app.state.shutdown().await;
}

#[tokio::test]
async fn the_audit_log_is_found_in_with_postgresql_as_with_sqlite() {
    let Some(postgres) = Postgres::start() else { return };
    let url = postgres.url();
    let app = TestApp::start_with(&[("NIGHTJAR_DATABASE_URL", url.as_str())]).await;
    crate::admin::the_log_is_searched(&app).await;
    app.state.shutdown().await;
}

#[tokio::test]
async fn cameras_live_in_postgresql_as_they_do_in_sqlite() {
    let Some(postgres) = Postgres::start() else { return };
    let url = postgres.url();
    let environment = [("NIGHTJAR_DATABASE_URL", url.as_str())];
    let app = TestApp::start_with(&environment).await;
    let mut gate = camera("Gate");
    gate["tags"] = json!(["street", "é"]);
    gate["credentials"] = json!({"username": "admin", "password": "p)#@ss"});
    gate["overrides"] = json!({"rtsp.teardown": "always", "stream.stall_timeout_s": 20});
    let created = app.post("/api/v1/cameras", gate).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    let path = created.headers["location"].to_str().expect("text").to_owned();
    let first = created.json()["id"].as_i64().expect("an id");
    assert_eq!(app.post("/api/v1/cameras", camera("GATE")).await.problem().1, "name_taken");
    let (second, third) = (app.add("Yard").await, app.add("Garage").await);

    let changed = app.patch(&path, json!({"name": "Gate 2", "group": "Street", "credentials": {"username": "root"}})).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    assert_eq!(changed.json()["credentials"], json!({"username": "root", "has_password": true}));
    let twice = futures::future::join_all((0..6).map(|_| app.post("/api/v1/cameras", camera("Twin")))).await;
    assert_eq!(twice.iter().filter(|answer| answer.status == StatusCode::CREATED).count(), 1);
    let order = app.json("PUT", "/api/v1/cameras/order", json!({"camera_ids": [third, first]})).await;
    assert_eq!(order.status, StatusCode::NO_CONTENT, "{}", order.text);
    assert_eq!(app.delete(&format!("/api/v1/cameras/{second}")).await.status, StatusCode::NO_CONTENT);
    let before = app.get("/api/v1/cameras").await.json();
    let names: Vec<_> = before.as_array().expect("a list").iter().map(|camera| camera["name"].clone()).collect();
    assert_eq!(names, ["Garage", "Gate 2", "Twin"]);

    // The incident log: written, added to, and read again after the restart.
    let note = |text: &str| Note::new(CameraId(first), IncidentKind::RecoveryStep, text);
    app.state.incidents.note(note("The camera was restarted.\0"));
    app.state.incidents.note(note("The picture stands still.").stream(Quality::Main).begins());

    // Again on the same database: the migrations find nothing left to do, and everything is there.
    let app = app.restart_with(&environment).await;
    assert_eq!(app.get("/api/v1/cameras").await.json(), before);
    assert_eq!(app.get(&path).await.json()["overrides"], json!({"rtsp.teardown": "always", "stream.stall_timeout_s": 20}));
    let incidents = app.get(&format!("{path}/incidents?from=2020-01-01T00:00:00Z&limit=2")).await.json();
    let summaries: Vec<_> = incidents.as_array().expect("a list").iter().map(|one| one["summary"].as_str().expect("text")).collect();
    assert!(summaries[0].starts_with("The picture stands still; not over when Nightjar was stopped; "), "{summaries:?}");
    assert_eq!(summaries[1], "The camera was restarted. ");
    let availability = app.get(&format!("{path}/availability")).await;
    assert_eq!((availability.status, availability.json()["days"].as_array().map(Vec::len)), (StatusCode::OK, Some(7)));
    assert!(!app.state.incidents.prune_now(90, 1).await.expect("deleted"));
    assert_eq!(app.get(&format!("{path}/incidents")).await.json().as_array().map(Vec::len), Some(1));
    assert!(!app.data().join("nightjar.db").exists(), "no second database beside it");
    app.state.shutdown().await;
}
