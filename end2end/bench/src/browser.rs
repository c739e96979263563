//! The wall in a real browser during a soak (`soak.mjs`): is every picture that should move moving, in the page that was opened once?

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::server::{self, Server};
use crate::usage;

/// For an answer of the page: the first one waits for the browser and the wall.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Browser {
    child: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

/// What the page shows.
#[derive(Debug, Deserialize)]
pub(crate) struct Look {
    pub tiles: Vec<Tile>,
    /// Documents that were loaded after the first.
    pub reloads: u32,
    /// Of the console, and of the page itself.
    pub complaints: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Tile {
    pub camera: i64,
    /// The word on it.
    pub state: String,
    pub in_sight: bool,
    /// Pictures that have reached the screen, over all its video elements.
    pub presented: u64,
}

impl Browser {
    /// Opens the wall, signed in.
    pub(crate) async fn open(server: &Server) -> Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("soak.mjs");
        let mut child = Command::new("node")
            .arg(script)
            .arg(format!("http://{}/", server.address))
            .env("NIGHTJAR_USER", server::USER)
            .env("NIGHTJAR_PASSWORD", server::PASSWORD)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("node")?;
        let stdin = child.stdin.take().context("stdin is piped")?;
        let lines = BufReader::new(child.stdout.take().context("stdout is piped")?).lines();
        Ok(Self { child, stdin, lines })
    }

    pub(crate) async fn look(&mut self) -> Result<Look> {
        self.stdin.write_all(b"look\n").await.context("the browser has ended")?;
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await.context("the page does not answer")??;
        serde_json::from_str(&line.context("the browser has ended")?).context("what the page said")
    }

    /// Memory of the browser and all its processes, shared pages counted once.
    pub(crate) fn pss_mb(&self) -> f64 {
        self.child.id().map_or(0.0, |pid| usage::of_tree(pid, 100.0).pss_mb)
    }

    /// Lets it end by itself; a browser whose driver is killed would stay.
    pub(crate) async fn close(self) -> Result<()> {
        let Self { mut child, stdin, lines } = self;
        drop(stdin);
        let ended = tokio::time::timeout(PATIENCE, child.wait()).await.context("the browser does not end");
        drop(lines);
        ended?.map(drop).context("the browser")
    }
}

/// The tiles without a new picture between two looks, each with the word on it. Cameras are all live then.
pub(crate) fn dead(before: &Look, after: &Look) -> Vec<String> {
    let earlier: HashMap<i64, u64> = before.tiles.iter().map(|tile| (tile.camera, tile.presented)).collect();
    let still = |tile: &&Tile| earlier.get(&tile.camera).is_none_or(|presented| tile.presented <= *presented);
    after.tiles.iter().filter(|tile| tile.in_sight).filter(still).map(|tile| format!("{} ({})", tile.camera, tile.state)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(presented: &[u64]) -> Look {
        let tile = |(camera, presented): (i64, &u64)| Tile { camera, state: "Live".into(), in_sight: camera < 3, presented: *presented };
        Look { tiles: (1..).zip(presented).map(tile).collect(), reloads: 0, complaints: Vec::new() }
    }

    #[test]
    fn a_tile_in_sight_without_a_new_picture_is_dead_whatever_it_says() {
        assert_eq!(dead(&look(&[5, 5, 5]), &look(&[30, 30, 5])), [""; 0]);
        assert_eq!(dead(&look(&[5, 5]), &look(&[30, 5])), ["2 (Live)"]);
        assert_eq!(dead(&look(&[]), &look(&[30])), ["1 (Live)"], "only just put there");
    }
}
