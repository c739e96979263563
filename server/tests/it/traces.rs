//! A whole run of the real program at its most talkative, with every sort of secret used rightly and wrongly: none of them is in the log, in an answer
//! that does not exist to tell it, or in a file of the data folder, while it runs and after it has stopped.

use crate::diagnostics::{Program, base64s, forms, unzip};
use crate::live_support::http::{Answer, Http};
use crate::live_support::http2::Http2;
use crate::live_support::{mse, remember};
use crate::program::{ends_cleanly, run};
use axum::http::header::SET_COOKIE;
use fakecam::{Auth, FakeCamera, Fixture};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const BASIC: &str = "b4sic-p)#@ss &word\"ä";
const DIGEST: &str = "d1gest-Qx7%2F+pass";
const FIRST: &str = "violet f3rry & onion crane";
const SECOND: &str = "gr4ndmother sold her boat";
const HOOK: &str = "h00k-Zz8=secret";
/// What somebody mistypes is often a password of theirs elsewhere.
const MISTYPED: [&str; 5] = [
    "nightjar_mist7ped-t0ken-Ab9",
    "MIST-YPED-SETU-PTOK-NX",
    "mist7ped pass w0rd",
    "mist7ped-n3w-passw0rd!",
    "mist7ped in the f1eld of the name",
];
/// In addresses that lead nowhere.
const GUESSED: [&str; 2] = ["gu3ssed-gue5t-l1nk-secret", "gu3ssed-med1a-l1nk-secret"];

fn start(data: &Path, log: &Path, level: &str) -> (Child, SocketAddr, Option<String>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("NIGHTJAR_") || name == "DATABASE_URL") {
        command.env_remove(name);
    }
    let log = std::fs::OpenOptions::new().create(true).append(true).open(log).expect("a log");
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).env("NIGHTJAR_LOG_LEVEL", level);
    command.env("NIGHTJAR_ALLOW_LOOPBACK_CAMERAS", "true").env("NIGHTJAR_ALLOW_LOOPBACK_WEBHOOKS", "true");
    let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().expect("started");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let ready = lines.next().expect("a line").expect("text");
    let address = ready.strip_prefix("nightjar ready on http://").expect("the ready line").parse().expect("an address");
    // The set-up token is told on one of the next lines, where it is needed.
    let told = |line: std::io::Result<String>| Some(line.expect("text").split_once("set-up token: ")?.1.trim().to_owned());
    let token = (level == "trace").then(|| lines.find_map(told).expect("a line with the token"));
    (child, address, token)
}

/// Receives webhooks, and says nothing about them.
async fn receiver() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.read(&mut [0; 4096]).await;
            let _ = socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
        }
    });
    address
}

/// What was said to the program and what it answered.
struct Talk {
    address: SocketAddr,
    secrets: Vec<String>,
    /// Answers in which no secret may be.
    answers: Vec<(String, String)>,
}

impl Talk {
    async fn ask(&mut self, method: &str, path: &str, (name, value): (&str, &str), body: Option<Value>) -> Answer {
        let headers = [(name, value), ("content-type", "application/json")];
        let answer = Http::connect(self.address).await.request(method, path, &headers, body.map(|body| body.to_string())).await;
        let mut text = String::from_utf8_lossy(&answer.body).into_owned();
        if answer.header("content-type") == "application/zip" {
            text = unzip(&answer.body).into_values().collect();
        }
        for (name, value) in answer.headers.iter().filter(|(name, _)| *name != SET_COOKIE) {
            text += &format!("\n{name}: {}", String::from_utf8_lossy(value.as_bytes()));
        }
        if path != "/api/v1/links" {
            self.answers.push((format!("{method} {path}"), text));
        }
        if let Some(set) = answer.headers.get(SET_COOKIE) {
            let id = set.to_str().expect("text").split(['=', ';']).nth(1).expect("an id");
            if !id.is_empty() {
                self.secrets.push(id.to_owned());
            }
        }
        answer
    }

    fn session(&self) -> String {
        format!("nightjar={}", self.secrets.last().expect("signed in"))
    }

    async fn link(&mut self, session: &str, kind: &str, at: &str) -> String {
        let body = json!({"kind": kind, "label": "Hall", "camera_id": 1, "actions": ["live"], "expires_at": at});
        let made = self.ask("POST", "/api/v1/links", ("cookie", session), Some(body)).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let path = made.json()["path"].as_str().expect("told once").to_owned();
        self.secrets.push(path.split('/').nth(2).expect("the secret").to_owned());
        path
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_leaves_a_trace_in_a_whole_run() {
    let basic = FakeCamera::builder().mount("/main", Fixture::sub()).auth(Auth::basic("operator", BASIC)).start().await.expect("a camera");
    let digest = FakeCamera::builder().mount("/main", Fixture::sub()).auth(Auth::digest("admin", DIGEST)).start().await.expect("a camera");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let (made, token) = run(&data, &["token", "create", "Script", "--scope", "admin"], "");
    assert!(made, "{token}");
    let token = token.trim().to_owned();
    let (child, address, setup) = start(&data, &log, "trace");
    let program = Program(child);
    let setup = setup.expect("a set-up token");
    let nobody = ("cookie", "other=1");
    let mut talk = Talk { address, secrets: vec![setup.clone()], answers: Vec::new() };
    let person = |token: &str| json!({"setup_token": token, "username": "Ann", "password": FIRST});
    assert_eq!(talk.ask("POST", "/api/v1/setup", nobody, Some(person(MISTYPED[1]))).await.status, 403);
    assert_eq!(talk.ask("POST", "/api/v1/setup", nobody, Some(person(&setup))).await.status, 201);

    let name = |password: &str| json!({"username": "Ann", "password": password});
    assert_eq!(talk.ask("POST", "/api/v1/session", nobody, Some(name(MISTYPED[2]))).await.status, 401);
    let in_the_name = json!({"username": MISTYPED[4], "password": "x"});
    assert_eq!(talk.ask("POST", "/api/v1/session", nobody, Some(in_the_name)).await.status, 401);
    assert_eq!(talk.ask("POST", "/api/v1/session", nobody, Some(name(FIRST))).await.status, 200);
    let session = talk.session();
    let change = |current: &str, new: &str| json!({"current": current, "new": new});
    let cookie = ("cookie", session.as_str());
    assert_eq!(talk.ask("PUT", "/api/v1/session/password", cookie, Some(change(MISTYPED[3], SECOND))).await.status, 403);
    assert_eq!(talk.ask("PUT", "/api/v1/session/password", cookie, Some(change(FIRST, "short"))).await.status, 422);
    assert_eq!(talk.ask("PUT", "/api/v1/session/password", cookie, Some(change(FIRST, SECOND))).await.status, 204);
    let session = talk.session();
    let cookie = ("cookie", session.as_str());
    remember(address, token.clone());
    talk.secrets.push(token.clone());
    let bearer = format!("Bearer {token}");

    let camera = |name: &str, url: String, user: &str, password: &str| json!({"name": name, "sources": {"main": {"url": url, "transport": "tcp"}}, "credentials": {"username": user, "password": password}, "always_on": true});
    for body in [camera("Basic", basic.url("main"), "operator", BASIC), camera("Digest", digest.url("main"), "admin", DIGEST)] {
        assert_eq!(talk.ask("POST", "/api/v1/cameras/probe", cookie, Some(body.clone())).await.status, 200);
        assert_eq!(talk.ask("POST", "/api/v1/cameras", ("authorization", &bearer), Some(body)).await.status, 201);
    }
    let hook = json!({"url": format!("http://{}/relay", receiver().await), "header": "X-Key", "secret": HOOK});
    assert_eq!(talk.ask("PATCH", "/api/v1/settings", cookie, Some(json!({"webhook": hook}))).await.status, 200);
    let tested = talk.ask("POST", "/api/v1/settings/webhook/test", cookie, Some(hook)).await;
    assert_eq!(tested.status, 200, "{}", tested.text());

    let in_a_day = time::OffsetDateTime::now_utc() + time::Duration::days(1);
    let at = in_a_day.format(&time::format_description::well_known::Rfc3339).expect("a time");
    let (player, guest) = (talk.link(&session, "media", &at).await, talk.link(&session, "guest", &at).await);
    let path = |tail: &str| format!("/{}/{tail}", player.trim_matches('/').split('/').take(2).collect::<Vec<_>>().join("/"));
    assert_eq!(talk.ask("GET", &path("live/1/main/index.m3u8"), nobody, None).await.status, 200);
    assert_eq!(talk.ask("GET", &guest, nobody, None).await.status, 303);
    let as_guest = talk.session();
    let socket = mse::open_as(address, "/live/1/main/mse", ("cookie", as_guest.clone())).await;
    drop(mse::open_as(address, "/api/v1/ws", ("cookie", session.clone())).await);
    drop(mse::open_as(address, &path("live/1/main/mse"), nobody_owned()).await);
    drop(socket);
    for refused in [format!("/guest/{}", GUESSED[0]), format!("/link/{}/live/1/main/index.m3u8", GUESSED[1])] {
        assert!(talk.ask("GET", &refused, nobody, None).await.status >= 400);
    }
    let mistyped = format!("Bearer {}", MISTYPED[0]);
    assert_eq!(talk.ask("GET", "/api/v1/cameras", ("authorization", &mistyped), None).await.status, 401);

    // The same over HTTP/2, whose library logs frames and compressed headers in ways of its own.
    let two = Http2::plain(address, ("cookie", session.clone())).await;
    let wrong = json!({"username": "Ann", "password": MISTYPED[2]}).to_string();
    let json = ("content-type", "application/json");
    assert_eq!(two.by(("cookie", "other=1".to_owned())).send("POST", "/api/v1/session", &[json], &wrong).await.status, 401);
    let signed_in = two.by(("cookie", "other=1".to_owned())).send("POST", "/api/v1/session", &[json], &name(SECOND).to_string()).await;
    assert_eq!(signed_in.status, 200, "{}", signed_in.text());
    talk.secrets.push(signed_in.header("set-cookie").split(['=', ';']).nth(1).expect("an id").to_owned());
    for who in [("cookie", talk.session()), ("authorization", bearer.clone())] {
        // Twice: what was told once is referred to by a number.
        for _ in 0..2 {
            assert_eq!(two.by(who.clone()).get("/api/v1/cameras").await.status, 200);
        }
    }
    assert_eq!(two.by(("authorization", mistyped)).get("/api/v1/cameras").await.status, 401);
    for link in [path("live/1/main/index.m3u8"), guest.clone(), format!("/guest/{}", GUESSED[0])] {
        let opened = two.by(("cookie", "other=1".to_owned())).get(&link).await;
        if let Some(id) = opened.header("set-cookie").split(['=', ';']).nth(1).filter(|id| !id.is_empty()) {
            talk.secrets.push(id.to_owned());
        }
    }

    for path in [
        "/",
        "/camera/1",
        "/settings",
        "/account",
        "/https",
        "/people",
        "/people/1",
        "/tokens",
        "/audit",
        "/health",
        "/health?camera=1",
        "/welcome",
        "/api/v1/cameras",
        "/api/v1/cameras/1",
        "/api/v1/cameras/1/streams",
        "/api/v1/sessions",
        "/api/v1/session",
        "/api/v1/settings",
        "/api/v1/settings/recordings",
        "/api/v1/incidents",
        "/api/v1/cameras/1/settings",
        "/api/v1/cameras/1/incidents",
        "/api/v1/cameras/1/recovery",
        "/api/v1/cameras/1/availability",
        "/api/v1/cameras/1/timeline",
        "/api/v1/system/health",
        "/api/v1/system/history",
        "/api/v1/system/https",
        "/api/v1/users",
        "/api/v1/users/1",
        "/api/v1/users/1/sessions",
        "/api/v1/tokens",
        "/api/v1/audit",
        "/api/v1/audit/export",
        "/api/v1/audit/export?format=json",
        "/api/v1/system/diagnostics.zip",
    ] {
        let answer = talk.ask("GET", path, cookie, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert!(!answer.body.is_empty(), "{path}");
    }
    // Links are listed without what opens them.
    let listed = Http::connect(address).await.get_with("/api/v1/links", &[cookie]).await;
    talk.answers.push(("the list of links".to_owned(), listed.text().to_owned()));
    assert_eq!(talk.ask("DELETE", "/api/v1/session", cookie, None).await.status, 204);

    let mut secrets = talk.secrets.clone();
    secrets.extend([BASIC, DIGEST, FIRST, SECOND, HOOK].map(str::to_owned));
    secrets.extend(MISTYPED.into_iter().chain(GUESSED).map(str::to_owned));
    let mut traces: Vec<String> = secrets.iter().flat_map(|secret| forms(secret)).collect();
    traces.extend(
        [("operator", BASIC), ("admin", DIGEST), ("Ann", FIRST)].iter().flat_map(|(user, password)| base64s(&format!("{user}:{password}"))),
    );
    let mut found: Vec<String> = Vec::new();
    let mut look = |place: &str, bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        for trace in &traces {
            if let Some(at) = text.find(trace.as_str()) {
                let line = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
                found.push(format!("{place}: {trace}: {:.300}", text.get(line..).unwrap_or_default().lines().next().unwrap_or_default()));
            }
        }
    };
    for (what, text) in &talk.answers {
        look(what, text.as_bytes());
    }
    files(&data, &mut look);
    drop(program);
    files(&data, &mut look);
    // And once more, as it starts with all that is stored.
    let (child, ..) = start(&data, &log, "debug");
    let mut program = Program(child);
    ends_cleanly(&mut program.0);
    files(&data, &mut look);
    let told = std::fs::read(&log).expect("the log");
    assert!(told.len() > 100_000, "the program was talkative: {}", told.len());
    look("log", &told);
    assert!(found.is_empty(), "{found:#?}");
}

fn nobody_owned() -> (&'static str, String) {
    ("cookie", "other=1".to_owned())
}

fn files(folder: &Path, look: &mut impl FnMut(&str, &[u8])) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, look);
        } else {
            // The database's side files come and go.
            look(&path.to_string_lossy(), &std::fs::read(&path).unwrap_or_default());
        }
    }
}
