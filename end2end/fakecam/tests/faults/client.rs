//! A plain socket client: one request after another, packets as they come.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use fakecam::FakeCamera;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longer than anything here takes: a hang becomes a failure.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct Client {
    pub stream: TcpStream,
    pub url: String,
    cseq: u32,
    pub session: Option<String>,
    pub input: Vec<u8>,
}

#[derive(Debug)]
pub struct Packet {
    pub channel: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub payload: Vec<u8>,
    /// Bytes 8-11: in a sender report the NTP seconds.
    pub ntp: [u8; 4],
}

impl Client {
    pub async fn connect(camera: &FakeCamera, path: &str) -> Result<Self> {
        let stream = TcpStream::connect(camera.address()).await?;
        Ok(Self { stream, url: camera.url(path), cseq: 0, session: None, input: Vec::new() })
    }

    pub async fn playing(camera: &FakeCamera, path: &str) -> Result<Self> {
        let mut client = Self::connect(camera, path).await?;
        ensure!(client.open().await? == 200, "does not play");
        Ok(client)
    }

    /// DESCRIBE, SETUP of track 0, PLAY: the first status that isn't 200, or 200.
    pub async fn open(&mut self) -> Result<u16> {
        for (method, suffix, headers) in
            [("DESCRIBE", "", ""), ("SETUP", "/trackID=0", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"), ("PLAY", "", "")]
        {
            let (status, _) = self.ask(method, suffix, headers).await?;
            if status != 200 {
                return Ok(status);
            }
        }
        Ok(200)
    }

    pub async fn ask(&mut self, method: &str, suffix: &str, headers: &str) -> Result<(u16, String)> {
        self.cseq += 1;
        let session = self.session.as_ref().map_or_else(String::new, |id| format!("Session: {id}\r\n"));
        let request = format!("{method} {}{suffix} RTSP/1.0\r\nCSeq: {}\r\n{session}{headers}\r\n", self.url, self.cseq);
        self.stream.write_all(request.as_bytes()).await?;
        self.answer().await
    }

    /// The next answer; media before it is skipped.
    pub async fn answer(&mut self) -> Result<(u16, String)> {
        loop {
            while self.input.first() == Some(&b'$') {
                self.packet().await?;
            }
            if let Some(end) = self.input.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.input[..end]).into_owned();
                let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned());
                let body: usize = header("Content-Length:").map_or(0, |length| length.parse().unwrap_or(0));
                if self.input.len() >= end + 4 + body {
                    let whole = String::from_utf8_lossy(&self.input[..end + 4 + body]).into_owned();
                    self.input.drain(..end + 4 + body);
                    if let Some(id) = header("Session:") {
                        self.session = id.split(';').next().map(str::to_owned);
                    }
                    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).with_context(|| head.clone())?;
                    return Ok((status, whole));
                }
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<()> {
        match tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.input)).await.context("nothing more came")?? {
            0 => bail!("closed"),
            _ => Ok(()),
        }
    }

    pub async fn packet(&mut self) -> Result<Packet> {
        loop {
            if let Some(header) = self.input.get(..4) {
                ensure!(header[0] == b'$', "not an interleaved frame: {header:?}");
                let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
                if self.input.len() >= 4 + length {
                    let packet: Vec<u8> = self.input.drain(..4 + length).collect();
                    ensure!(packet.len() >= 16, "a short packet");
                    return Ok(Packet {
                        channel: packet[1],
                        sequence: u16::from_be_bytes([packet[6], packet[7]]),
                        timestamp: u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]),
                        payload: packet[16..].to_vec(),
                        ntp: [packet[12], packet[13], packet[14], packet[15]],
                    });
                }
            }
            self.fill().await?;
        }
    }

    pub async fn video_packet(&mut self) -> Result<Packet> {
        loop {
            let packet = self.packet().await?;
            if packet.channel == 0 {
                return Ok(packet);
            }
        }
    }

    /// Timestamps of the next different frames.
    pub async fn timestamps(&mut self, count: usize) -> Result<Vec<u32>> {
        let mut seen = Vec::new();
        while seen.len() < count {
            let timestamp = self.video_packet().await?.timestamp;
            if seen.last() != Some(&timestamp) {
                seen.push(timestamp);
            }
        }
        Ok(seen)
    }

    /// The next whole frames with their timestamps: all packets of one timestamp.
    pub async fn frames(&mut self, count: usize) -> Result<Vec<(u32, Vec<u8>)>> {
        let mut frames: Vec<(u32, Vec<u8>)> = Vec::new();
        // The first one may be cut, the last one is not over.
        while frames.len() < count + 2 {
            let packet = self.video_packet().await?;
            match frames.last_mut() {
                Some((timestamp, frame)) if *timestamp == packet.timestamp => frame.extend(packet.payload),
                _ => frames.push((packet.timestamp, packet.payload)),
            }
        }
        Ok(frames.drain(1..=count).collect())
    }

    /// Reads on until the connection ends or breaks its framing.
    pub async fn until_error(&mut self) -> anyhow::Error {
        loop {
            if let Err(error) = self.packet().await {
                return error;
            }
        }
    }
}
