//! What Nightjar is compared with: one ffmpeg per camera that copies RTSP into HLS segments.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use tokio::process::{Child, Command};

const START_TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) struct Peers {
    children: Vec<Child>,
    folder: TempDir,
}

impl Peers {
    pub(crate) fn start(urls: &[String]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut children = Vec::new();
        for (index, url) in urls.iter().enumerate() {
            let own = folder.path().join(index.to_string());
            std::fs::create_dir(&own)?;
            let mut command = Command::new("ffmpeg");
            command.args(["-nostdin", "-hide_banner", "-loglevel", "error", "-rtsp_transport", "tcp", "-i", url, "-c", "copy"]);
            command.args(["-f", "hls", "-hls_time", "2", "-hls_list_size", "5", "-hls_flags", "delete_segments", "index.m3u8"]);
            command.current_dir(own).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
            children.push(command.spawn().context("starting ffmpeg")?);
        }
        Ok(Self { children, folder })
    }

    /// Waits until each has written its first playlist.
    pub(crate) async fn wait_live(&self) -> Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        for index in 0..self.children.len() {
            while !self.folder.path().join(index.to_string()).join("index.m3u8").exists() {
                ensure!(Instant::now() < deadline, "ffmpeg {index} writes nothing");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        Ok(())
    }

    pub(crate) fn pids(&self) -> Vec<u32> {
        self.children.iter().filter_map(Child::id).collect()
    }

    pub(crate) async fn stop(mut self) -> Result<()> {
        for child in &mut self.children {
            child.kill().await?;
        }
        Ok(())
    }
}
