//! An MSE viewer without a browser: when does which frame come out of the server?

use crate::server::Server;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use fakecam::{FakeCamera, Loop};
use futures::StreamExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const PATIENCE: Duration = Duration::from_secs(30);
/// The frames of the cached group come first, all at once and old: not what this measures.
const SETTLE: Duration = Duration::from_secs(3);

pub(crate) struct Viewer {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    connecting_since: Instant,
}

impl Viewer {
    pub(crate) async fn connect(server: &Server, camera: i64) -> Result<Self> {
        let connecting_since = Instant::now();
        let url = format!("/live/{camera}/main/mse");
        let request = server.access().socket(&url)?;
        let (socket, _) = tokio::time::timeout(PATIENCE, connect_async(request)).await.with_context(|| url.clone())?.context(url)?;
        Ok(Self { socket, connecting_since })
    }

    /// The next chunk with media in it.
    async fn chunk(&mut self) -> Result<(Instant, Vec<u8>)> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next()).await.context("no media")?.context("the server closed")??;
            match message {
                Message::Binary(bytes) if media_data(&bytes).is_some() => return Ok((Instant::now(), bytes.to_vec())),
                Message::Close(frame) => bail!("the server closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// From connecting to the first media, milliseconds.
    pub(crate) async fn first_frame_ms(mut self) -> Result<f64> {
        let (at, _) = self.chunk().await?;
        Ok((at - self.connecting_since).as_secs_f64() * 1000.0)
    }

    /// For each frame that arrives in this time: milliseconds since the camera began to write it.
    pub(crate) async fn added_latency_ms(mut self, seconds: u64, camera: &FakeCamera, mount: &str, content: &Loop) -> Result<Vec<f64>> {
        let started = Instant::now();
        let mut samples = Vec::new();
        while started.elapsed() < SETTLE + Duration::from_secs(seconds) {
            let (at, bytes) = self.chunk().await?;
            if started.elapsed() < SETTLE {
                continue;
            }
            let tail: Option<[u8; 16]> = media_data(&bytes).and_then(|data| data.last_chunk::<16>().copied());
            let sent = tail.and_then(|tail| content.find_video_unit(&tail)).and_then(|unit| camera.last_sent(mount, unit));
            if let Some(sent) = sent {
                samples.push((at - sent).as_secs_f64() * 1000.0);
            }
        }
        Ok(samples)
    }
}

/// The content of the chunk's `mdat` box.
fn media_data(mut bytes: &[u8]) -> Option<&[u8]> {
    while let Some((header, _)) = bytes.split_at_checked(8) {
        let size = u32::from_be_bytes([header[0], header[1], header[2], header[3]]) as usize;
        let (one, rest) = bytes.split_at_checked(size.max(8))?;
        if &header[4..8] == b"mdat" {
            return Some(&one[8..]);
        }
        bytes = rest;
    }
    None
}
