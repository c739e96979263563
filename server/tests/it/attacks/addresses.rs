//! Addresses of this machine and of what only it reaches, in every spelling, for cameras and webhooks. Names are looked up by the machine's own
//! resolver, which knows more spellings than the URL standard.

use crate::support::TestApp;
use serde_json::{Value, json};

const HERE: &[&str] = &[
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.255.255.254",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "0x7f000001",
    "0x7f.0.0.1",
    "0x7F.1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::]",
    "[::1%25lo]",
    "①②⑦.0.0.1",
    "１２７.0.0.1",
    "127。0。0。1",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "%6c%6f%63%61%6c%68%6f%73%74",
    "127.0.0.1%00.example",
    "0.0.0.0",
    "0",
    "[::]",
    "169.254.169.254",
    "2852039166",
    "0xa9.0xfe.0xa9.0xfe",
    "[::ffff:169.254.169.254]",
    "[fe80::1]",
    "224.0.0.1",
    "255.255.255.255",
    "user@127.0.0.1",
    "192.0.2.1@127.0.0.1",
    "127.0.0.1#@192.0.2.1",
    "127.0.0.1\\@192.0.2.1",
    "127.0.0.1?@192.0.2.1",
    "192.0.2.1:80@127.0.0.1",
    "127.0.0.1 .example",
    "127.0.0.1\t",
];

/// Whatever is wrong with it first: its form, or where it leads.
const CODES: [&str; 10] = [
    "address_loopback",
    "address_not_allowed",
    "address_own_listener",
    "dns",
    "url_host",
    "url_credentials",
    "url_path",
    "url_whitespace",
    "url_invalid",
    "url_port",
];

fn rtsp(host: &str) -> Value {
    json!({"name": "New", "sources": {"main": {"url": format!("rtsp://{host}:8554/main")}}})
}

fn web(host: &str) -> Value {
    json!({"name": "New", "profile": "ffmpeg", "sources": {"main": {"url": format!("http://{host}/live.flv")}}})
}

#[tokio::test]
async fn no_spelling_of_this_machine_is_a_camera() {
    let app = TestApp::start_resolving().await;
    let gate = app.post("/api/v1/cameras", json!({"name": "Gate", "profile": "test_pattern"})).await;
    let gate = format!("/api/v1/cameras/{}?force=true", gate.json()["id"]);
    let connects = app.cameras.connects();
    for host in HERE {
        for body in [rtsp(host), web(host)] {
            let change = json!({"profile": body["profile"].as_str().unwrap_or("generic_rtsp"), "sources": body["sources"]});
            let probed = app.post("/api/v1/cameras/probe", body.clone()).await;
            let mut answers = vec![app.post("/api/v1/cameras", body.clone()).await];
            // A name that is not known today may be stored; it is looked up and judged again whenever it is connected to.
            if probed.problem().1 != "dns" {
                answers.push(app.post("/api/v1/cameras?force=true", body.clone()).await);
                answers.push(app.patch(&gate, change).await);
            }
            answers.push(probed);
            for answer in answers {
                let (status, code, field) = answer.problem();
                assert_eq!((status, field.as_deref()), (422, Some("sources.main.url")), "{body}: {}", answer.text);
                assert!(CODES.contains(&code.as_str()), "{body}: {code}");
            }
        }
    }
    assert_eq!(app.cameras.connects(), connects, "nothing was opened");
}

#[tokio::test]
async fn no_spelling_of_this_machine_receives_a_webhook() {
    let app = TestApp::start_resolving().await;
    for host in HERE {
        let webhook = json!({"url": format!("http://{host}/relay"), "header": "X-Key", "secret": "s3cret"});
        for answer in [
            app.patch("/api/v1/settings", json!({"webhook": webhook})).await,
            app.post("/api/v1/settings/webhook/test", webhook.clone()).await,
        ] {
            let (status, code, field) = answer.problem();
            assert_eq!((status, field.as_deref()), (422, Some("webhook.url")), "{webhook}: {}", answer.text);
            assert!(CODES.contains(&code.as_str()), "{webhook}: {code}");
        }
    }
    assert_eq!(app.get("/api/v1/settings").await.json()["webhook"], Value::Null);
}

/// Where loopback is allowed on purpose, what listens on our own ports still is no camera, in no spelling.
#[tokio::test]
async fn our_own_ports_are_never_a_camera() {
    let app =
        TestApp::start_resolving_with(&[("NIGHTJAR_ALLOW_LOOPBACK_CAMERAS", "true"), ("NIGHTJAR_ALLOW_LOOPBACK_WEBHOOKS", "true")]).await;
    let port = app.listen().await.port();
    for host in ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127.0.0.2"] {
        let camera = json!({"name": "New", "sources": {"main": {"url": format!("rtsp://{host}:{port}/main")}}});
        assert_eq!(app.post("/api/v1/cameras?force=true", camera).await.problem().1, "address_own_listener", "{host}");
        let webhook = json!({"url": format!("http://{host}:{port}/api/v1/cameras")});
        assert_eq!(app.patch("/api/v1/settings", json!({"webhook": webhook})).await.problem().1, "address_own_listener", "{host}");
    }
}

/// What becomes a word of ffmpeg's command line begins with a scheme that is ours, so it can be neither an option nor another protocol.
#[tokio::test]
async fn no_text_becomes_an_option_or_a_protocol_of_ffmpeg() {
    let app = TestApp::start().await;
    for url in [
        "-i",
        "-protocol_whitelist=ALL",
        "--help",
        "concat:rtsp://ok.test/a|/etc/passwd",
        "concatf:/etc/passwd",
        "subfile,,start,0,end,0,,:/etc/passwd",
        "pipe:0",
        "fd:3",
        "data:text/plain,x",
        "crypto+file:///etc/passwd",
        "async:file:///etc/passwd",
        "cache:http://ok.test/",
        "tee:http://ok.test/",
        "lavfi:color",
        "hls+http://ok.test/",
        "file:/etc/passwd",
        "file:///etc/passwd",
        "file:///proc/self/environ",
        "file:////etc/passwd",
        "file://localhost/etc/passwd",
        "file:///%2e%2e/etc/passwd",
        "unix:/run/x.sock",
        "tcp://ok.test:1",
        "udp://@239.0.0.1:1",
        "rtp://ok.test",
        "gopher://ok.test/",
        "sftp://ok.test/",
        "smb://ok.test/",
        "http://ok.test/a\n-f",
        " -i http://ok.test/",
        "HTTP+FILE://ok.test/",
    ] {
        for profile in ["ffmpeg", "generic_rtsp"] {
            let body = json!({"name": "New", "profile": profile, "sources": {"main": {"url": url}}});
            for path in ["/api/v1/cameras?force=true", "/api/v1/cameras/probe"] {
                let answer = app.post(path, body.clone()).await;
                assert_eq!(answer.problem().0, 422, "{profile} {url}: {}", answer.text);
            }
        }
    }
    // A name may begin with anything: it is never a word of a command.
    let named = json!({"name": "-i /etc/passwd", "sources": {"main": {"url": "rtsp://ok.test/main"}}});
    assert_eq!(app.post("/api/v1/cameras", named).await.status, 201);
    assert_eq!(app.cameras.connects(), 2, "probed and started, by the address alone");
}
