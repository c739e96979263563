//! The diagnostics of the real program, at its most talkative, with secrets wherever a person can put one: none of them is inside.

use crate::live_support::http::Http;
use crate::live_support::mse::open;
use crate::live_support::{remember, timely};
use crate::program::run;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use fakecam::{Auth, FakeCamera, Fixture};
use futures::StreamExt;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::process::{Child, Command, Stdio};
use tokio_tungstenite::tungstenite::Message;

const BASIC: &str = "b4sic-p)#@ss &word\"ä";
const DIGEST: &str = "d1gest-Qx7%2F+pass";
const WRONG: &str = "wr0ng-Uu5-pass";
const TLS: &str = "tl5-Kk3;pass";
/// In addresses that are refused, and never stored.
const REFUSED: [&str; 3] = ["ref1-Zz8-pass", "ref2-Yy9-pass", "ref3-Xx6-pass"];
/// As UniFi Protect makes addresses: whoever knows it sees the camera.
const PATH: &str = "rqLwdBxG2h5Nq8uW";
/// Of a webhook: its header's value, words of its address, and of its body.
const HOOK: [&str; 4] = ["h00k-Secret-Pp1", "T0Wq8BxG2h5Nq8uWz4", "qu3ry-token-Rr2", "b0dy-key-Ss3"];

/// The program, ended with the test.
pub struct Program(pub Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_in_the_diagnostics() {
    let basic = FakeCamera::builder().mount("/main", Fixture::sub()).auth(Auth::basic("operator", BASIC)).start().await.expect("a camera");
    let digest = FakeCamera::builder().mount("/main", Fixture::sub()).auth(Auth::digest("admin", DIGEST)).start().await.expect("a camera");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    let (made, token) = run(&data, &["token", "create", "Test", "--scope", "admin"], "");
    assert!(made, "{token}");
    let mut program = Program(start(&data));
    let address = ready(&mut program.0).parse().expect("an address");
    remember(address, token.trim().to_owned());
    let mut http = Http::connect(address).await;

    let add = |name: &str, url: String, user: &str, password: &str| json!({"name": name, "sources": {"main": {"url": url, "transport": "tcp"}}, "credentials": {"username": user, "password": password}});
    let port = digest.address().port();
    let cameras = [
        add("Basic", basic.url("main"), "operator", BASIC),
        add("Digest", digest.url("main"), "admin", DIGEST),
        add("Wrong", digest.url("main"), "admin", WRONG),
        json!({"name": "Protect", "sources": {"main": {"url": format!("rtsp://127.0.0.1:{port}/{PATH}")}}}),
        json!({
            "name": "TLS", "profile": "ffmpeg", "sources": {"main": {"url": format!("rtsps://127.0.0.1:{port}/main")}},
            "credentials": {"username": "admin", "password": TLS}
        }),
    ];
    for camera in &cameras {
        let answer = http.json("POST", "/api/v1/cameras?force=true", camera).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    let [first, second, third] = REFUSED;
    for url in [
        format!("rtsp://admin:{first}@127.0.0.1:{port}/main"),
        format!("rtsp://127.0.0.1:{port}/main?user=admin&password={second}"),
        format!("http://admin:{third}@127.0.0.1:{port}/x\ny"),
    ] {
        for path in ["/api/v1/cameras", "/api/v1/cameras/probe"] {
            let answer = http.json("POST", path, &json!({"name": "Refused", "sources": {"main": {"url": url}}})).await;
            assert_eq!(answer.status, 422, "{}", answer.text());
        }
    }
    // Tried and refused by the camera.
    assert_eq!(http.json("POST", "/api/v1/cameras/probe", &add("Probe", digest.url("main"), "admin", WRONG)).await.status, 422);
    settled(address).await;
    // Nobody answers there: what goes wrong is in the log as well.
    let [secret, word, query, key] = HOOK;
    let webhook = json!({
        "url": format!("http://127.0.0.1:9/relay/{word}?token={query}"), "header": "X-Key", "secret": secret,
        "body": format!("{{\"key\": \"{key}\", \"camera\": \"{{camera}}\"}}")
    });
    let answer = http.json("PATCH", "/api/v1/settings", &json!({"webhook": webhook})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(http.json("POST", "/api/v1/settings/webhook/test", &webhook).await.status, 422);

    let answer = http.get("/api/v1/system/diagnostics.zip").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/zip"));
    assert!(answer.header("content-disposition").starts_with("attachment; filename=\"nightjar-diagnostics-20"));
    assert!(answer.body.len() < 20 << 20);
    let files = unzip(&answer.body);

    let key = std::fs::read_to_string(data.join("secret.key")).expect("a key");
    let key_words = key.split_ascii_whitespace().skip(1).map(str::to_owned);
    let pairs = [("operator", BASIC), ("admin", DIGEST), ("admin", WRONG), ("admin", TLS)];
    let plain = pairs.iter().map(|(_, password)| *password).chain(REFUSED).chain(HOOK).chain([PATH]).map(str::to_owned);
    let mut forms: Vec<String> = plain.chain(key_words).flat_map(|secret| forms(&secret)).collect();
    forms.extend(pairs.iter().flat_map(|(user, password)| base64s(&format!("{user}:{password}"))));
    for (name, text) in &files {
        for form in &forms {
            assert!(!text.contains(form.as_str()), "{name} holds {form}");
        }
    }

    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "README.txt",
            "cameras.json",
            "history.json",
            "incidents.json",
            "log.txt",
            "settings.json",
            "status.json",
            "system.json",
            "versions.json"
        ]
    );
    for name in &names {
        assert!(*name == "README.txt" || files["README.txt"].contains(name), "{name} is explained");
    }
    let parsed = |name: &str| serde_json::from_str::<Value>(&files[name]).unwrap_or_else(|error| panic!("{name}: {error}"));
    let cameras = parsed("cameras.json");
    assert_eq!(cameras.as_array().map(Vec::len), Some(5));
    assert_eq!(cameras[0]["credentials"], json!({"username": "o***", "has_password": true}));
    assert_eq!(cameras[0]["sources"]["main"]["url"], basic.url("main"));
    assert_eq!(cameras[3]["sources"]["main"]["url"], format!("rtsp://127.0.0.1:{port}/***"));
    assert_eq!(parsed("status.json")[0]["state"], "live");
    assert_eq!(parsed("versions.json")["nightjar"], env!("CARGO_PKG_VERSION"));
    assert!(parsed("versions.json")["database"].as_str().expect("told").starts_with("SQLite 3"));
    assert_eq!(parsed("settings.json")["allow_loopback_cameras"], true);
    assert_eq!(parsed("settings.json")["stored"]["recovery.webhook"]["url"], "http://127.0.0.1:9/relay/***?…");
    assert_eq!(parsed("system.json")["process"]["pid"], program.0.id());
    assert!(files["log.txt"].lines().count() > 100, "a talkative log");
    assert!(files["log.txt"].contains("/*** "), "the log named the address that is a secret");
    assert!(!files["log.txt"].contains('\u{1b}'), "no colours");
}

fn start(data: &std::path::Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("NIGHTJAR_") || name == "DATABASE_URL") {
        command.env_remove(name);
    }
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .env("NIGHTJAR_LOG_LEVEL", "trace")
        .env("NIGHTJAR_ALLOW_LOOPBACK_CAMERAS", "true")
        .env("NIGHTJAR_ALLOW_LOOPBACK_WEBHOOKS", "true")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("started")
}

/// Waits for the ready line; the address in it.
fn ready(program: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(program.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    line.trim().strip_prefix("nightjar ready on http://").unwrap_or_else(|| panic!("not the ready line: {line}")).to_owned()
}

/// Waits until the first two cameras are live and the others have failed.
async fn settled(address: std::net::SocketAddr) {
    let mut page = open(address, "/api/v1/ws").await;
    let mut states = BTreeMap::new();
    timely("every camera is live or has failed", async {
        loop {
            let Message::Text(text) = page.next().await.expect("open").expect("a message") else { continue };
            let message: Value = serde_json::from_str(&text).expect("JSON");
            if message["type"] == "stream_status" && message["quality"] == "main" {
                let id = message["camera_id"].as_i64().expect("a number");
                states.insert(id, (message["state"] == "live", message["error"].is_object()));
            }
            let [live, failed] = [&[1, 2][..], &[3, 4, 5][..]];
            if live.iter().all(|id| states.get(id).is_some_and(|(live, _)| *live))
                && failed.iter().all(|id| states.get(id).is_some_and(|(_, failed)| *failed))
            {
                return;
            }
        }
    })
    .await;
}

pub fn unzip(bytes: &[u8]) -> BTreeMap<String, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("a zip");
    (0..archive.len())
        .map(|place| {
            let mut file = archive.by_index(place).expect("a file");
            let mut text = String::new();
            file.read_to_string(&mut text).expect("text");
            (file.name().expect("a name").into_owned(), text)
        })
        .collect()
}

/// A secret in clear and in every form in which programs write it.
pub fn forms(secret: &str) -> Vec<String> {
    let percent = |keep: &str| -> String {
        let one = |byte: u8| {
            let plain = byte.is_ascii_alphanumeric() || keep.as_bytes().contains(&byte);
            if plain { char::from(byte).to_string() } else { format!("%{byte:02X}") }
        };
        secret.bytes().map(one).collect()
    };
    let mut forms = vec![secret.to_owned(), percent(""), percent("-._~"), percent("-._~!$&'()*+,;="), percent("").to_lowercase()];
    forms.push(url::form_urlencoded::byte_serialize(secret.as_bytes()).collect());
    forms.push(serde_json::to_string(secret).expect("JSON").trim_matches('"').to_owned());
    forms.push(format!("{secret:?}").trim_matches('"').to_owned());
    forms.extend(base64s(secret));
    forms
}

pub fn base64s(text: &str) -> [String; 3] {
    [STANDARD.encode(text), STANDARD_NO_PAD.encode(text), URL_SAFE_NO_PAD.encode(text)]
}
