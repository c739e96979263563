//! The Nightjar under test: a process with an empty data folder, driven through its REST API.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;

const START_TIMEOUT: Duration = Duration::from_secs(30);
const LIVE_TIMEOUT: Duration = Duration::from_secs(90);

/// The account that the page is signed in as.
pub(crate) const USER: &str = "Bench";
pub(crate) const PASSWORD: &str = "violet ferry onion crane";

/// Runs a `nightjar` command on a data folder; what it printed.
async fn command(binary: &Path, data: &Path, args: &[&str], input: &str) -> Result<String> {
    let mut child = Command::new(binary)
        .args(args)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .with_context(|| format!("starting {}", binary.display()))?;
    child.stdin.take().context("stdin is piped")?.write_all(input.as_bytes()).await?;
    let output = child.wait_with_output().await?;
    ensure!(output.status.success(), "nightjar {} failed", args.join(" "));
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

pub(crate) struct Server {
    child: Child,
    /// `127.0.0.1:PORT`.
    pub address: String,
    /// An admin's API token.
    token: String,
    /// Lines of its log that tell of a mistake of its own.
    complaints: Arc<Mutex<Vec<String>>>,
    _data: TempDir,
}

/// An HTTP answer.
pub(crate) struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

/// Where a server is, and what makes a client an admin there.
#[derive(Clone)]
pub(crate) struct Access {
    pub address: String,
    token: String,
}

impl Access {
    /// The request for a WebSocket.
    pub(crate) fn socket(&self, path: &str) -> Result<Request> {
        let mut request = format!("ws://{}{path}", self.address).into_client_request()?;
        request.headers_mut().insert("authorization", format!("Bearer {}", self.token).parse()?);
        Ok(request)
    }
}

/// One GET on a connection of its own.
pub(crate) async fn fetch(access: &Access, path: &str) -> Result<Answer> {
    let Access { address, token } = access;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n");
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let head = answer.windows(4).position(|window| window == b"\r\n\r\n").context("no HTTP answer")?;
    let text = String::from_utf8_lossy(&answer[..head]).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).with_context(|| text.clone())?;
    Ok(Answer { status, body: answer.split_off(head + 4) })
}

/// Keeps what tells of a mistake; the rest is read all the same, or the server would block on a full pipe.
fn listen(output: impl tokio::io::AsyncRead + Unpin + Send + 'static, complaints: &Arc<Mutex<Vec<String>>>) {
    let complaints = Arc::clone(complaints);
    let mut lines = BufReader::new(output).lines();
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            if line.contains("panicked") || line.contains("task broke") {
                complaints.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        }
    });
}

impl Server {
    pub(crate) async fn start(binary: &Path) -> Result<Self> {
        let data = tempfile::tempdir()?;
        command(binary, data.path(), &["user", "add", USER, "--role", "admin", "--password-stdin"], PASSWORD).await?;
        let token = command(binary, data.path(), &["token", "create", "Bench", "--scope", "admin"], "").await?;
        let mut child = Command::new(binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .env("NIGHTJAR_ALLOW_LOOPBACK_CAMERAS", "true")
            .env("NIGHTJAR_LOG_LEVEL", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}", binary.display()))?;
        let complaints = Arc::default();
        listen(child.stderr.take().context("stderr is piped")?, &complaints);
        let mut lines = BufReader::new(child.stdout.take().context("stdout is piped")?).lines();
        let address = tokio::time::timeout(START_TIMEOUT, async {
            loop {
                let line = lines.next_line().await?.context("the server ended at its start")?;
                if let Some((_, address)) = line.split_once("ready on http://") {
                    return Ok::<_, anyhow::Error>(address.trim().to_owned());
                }
            }
        })
        .await
        .context("the server does not start")??;
        listen(lines.into_inner(), &complaints);
        Ok(Self { child, address, token, complaints, _data: data })
    }

    /// What a client needs to be let in.
    pub(crate) fn access(&self) -> Access {
        Access { address: self.address.clone(), token: self.token.clone() }
    }

    /// Lines of its log that tell of a mistake of its own.
    pub(crate) fn complaints(&self) -> Vec<String> {
        self.complaints.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The JSON at a path.
    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        self.request("GET", path, None).await
    }

    /// How many of these cameras' main streams are live.
    pub(crate) async fn count_live(&self, ids: &[i64]) -> Result<usize> {
        let mut live = 0;
        for id in ids {
            let streams = self.get(&format!("/api/v1/cameras/{id}/streams")).await?;
            live += usize::from(streams[0]["state"] == "live");
        }
        Ok(live)
    }

    pub(crate) fn pid(&self) -> Result<u32> {
        self.child.id().context("the server has ended")
    }

    /// Adds a camera without asking it first; its id.
    pub(crate) async fn add_camera(&self, name: &str, url: &str, always_on: bool) -> Result<i64> {
        self.add_camera_over("tcp", name, url, always_on).await
    }

    /// The same over `tcp` or `udp`.
    pub(crate) async fn add_camera_over(&self, transport: &str, name: &str, url: &str, always_on: bool) -> Result<i64> {
        let body = json!({"name": name, "sources": {"main": {"url": url, "transport": transport}}, "always_on": always_on});
        let answer = self.request("POST", "/api/v1/cameras?force=true", Some(&body)).await?;
        answer["id"].as_i64().with_context(|| format!("no id in {answer}"))
    }

    pub(crate) async fn delete_camera(&self, id: i64) -> Result<()> {
        self.request("DELETE", &format!("/api/v1/cameras/{id}"), None).await.map(drop)
    }

    /// Waits until the main streams of all these cameras are live.
    pub(crate) async fn wait_live(&self, ids: &[i64]) -> Result<()> {
        let deadline = Instant::now() + LIVE_TIMEOUT;
        for id in ids {
            loop {
                let streams = self.request("GET", &format!("/api/v1/cameras/{id}/streams"), None).await?;
                let list = streams.as_array().or_else(|| streams["streams"].as_array()).cloned().unwrap_or_default();
                if list.iter().any(|stream| stream["state"] == "live") {
                    break;
                }
                ensure!(Instant::now() < deadline, "camera {id} does not become live: {streams}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        Ok(())
    }

    /// One request on a connection of its own; the JSON of a 2xx answer.
    async fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let body = body.map_or_else(String::new, Value::to_string);
        let address = &self.address;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP answer")?;
        let status = head.split(' ').nth(1).unwrap_or("");
        if !status.starts_with('2') {
            bail!("{method} {path}: {status} {body}");
        }
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(body).with_context(|| format!("{method} {path}: {body}"))
    }
}
