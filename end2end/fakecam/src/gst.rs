//! Starts the GStreamer camera (`end2end/cameras/gst-camera.py`): another implementation's RTSP, with live encoders.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdin, Command};

/// Python, GObject bindings and plugins load within this, on a busy machine too.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// A running GStreamer camera with `/main`, `/sub`, `/h265`, `/pcma` and `/pcmu`; it ends when this is dropped.
#[derive(Debug)]
pub struct GstCamera {
    address: String,
    _child: Child,
    /// The script ends when this closes, even if we are killed.
    _stdin: ChildStdin,
}

impl GstCamera {
    /// Starts it on a free port and waits until it accepts connections. With credentials it asks for Digest.
    pub async fn start(credentials: Option<(&str, &str)>) -> Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cameras/gst-camera.py");
        // Debian's own interpreter: the bindings are installed for no other.
        let mut command = Command::new("/usr/bin/python3");
        command.arg(&script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        if let Some((user, password)) = credentials {
            command.args(["--user", user, "--password", password]);
        }
        let mut child = command.spawn().with_context(|| format!("starting {}", script.display()))?;
        let stdin = child.stdin.take().context("stdin is piped")?;
        let mut lines = BufReader::new(child.stdout.take().context("stdout is piped")?).lines();
        let ready = tokio::time::timeout(START_TIMEOUT, lines.next_line()).await.context("the GStreamer camera does not start")??;
        let Some(address) = ready.as_deref().and_then(|line| line.strip_prefix("ready rtsp://")) else {
            bail!("the GStreamer camera ended: are python3-gst-1.0 and gir1.2-gst-rtsp-server-1.0 installed?");
        };
        TcpStream::connect(address).await.context("the GStreamer camera does not listen")?;
        Ok(Self { address: address.to_owned(), _child: child, _stdin: stdin })
    }

    /// URL of a mount, without credentials.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("rtsp://{}/{}", self.address, path.trim_start_matches('/'))
    }
}
