//! A viewer that stays on one WebSocket and notes when what came.

use crate::server::Server;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::StreamExt;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

const PATIENCE: Duration = Duration::from_secs(120);

/// What came and was not looked at yet: some minutes of pictures.
const BACKLOG: usize = 8192;

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    State(String),
    Frame,
}

pub(crate) struct Watch {
    seen: mpsc::Receiver<(Instant, Seen)>,
    task: JoinHandle<()>,
}

impl Watch {
    pub(crate) async fn open(server: &Server, camera: i64) -> Result<Self> {
        let (mut socket, _) = connect_async(server.access().socket(&format!("/live/{camera}/main/mse"))?).await.context("a WebSocket")?;
        let (sender, seen) = mpsc::channel(BACKLOG);
        let task = tokio::spawn(async move {
            while let Some(Ok(message)) = socket.next().await {
                let seen = match &message {
                    Message::Binary(bytes) if bytes.get(4..8) == Some(b"moof") => Seen::Frame,
                    Message::Text(text) => match serde_json::from_str::<Value>(text) {
                        Ok(json) if json["type"] == "status" => Seen::State(json["state"].as_str().unwrap_or_default().to_owned()),
                        _ => continue,
                    },
                    _ => continue,
                };
                if sender.send((Instant::now(), seen)).await.is_err() {
                    break;
                }
            }
        });
        Ok(Self { seen, task })
    }

    /// Forgets what has come so far; how many pictures that were.
    pub(crate) fn catch_up(&mut self) -> u64 {
        let mut frames = 0;
        while let Ok((_, seen)) = self.seen.try_recv() {
            frames += u64::from(seen == Seen::Frame);
        }
        frames
    }

    /// Whether the server still talks to it.
    pub(crate) fn is_connected(&self) -> bool {
        !self.task.is_finished()
    }

    pub(crate) async fn until(&mut self, wanted: impl Fn(&Seen) -> bool) -> Result<Instant> {
        let waiting = async {
            while let Some((at, seen)) = self.seen.recv().await {
                if wanted(&seen) {
                    return Ok(at);
                }
            }
            anyhow::bail!("the server closed the connection")
        };
        tokio::time::timeout(PATIENCE, waiting).await.context("it does not happen")?
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}
