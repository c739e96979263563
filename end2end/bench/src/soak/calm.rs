//! Looks at the server's process: at any moment, and at the quietest of several when nothing happens.

use std::time::Duration;

use anyhow::{Context, Result};
use futures::future::try_join_all;
use tokio::task::JoinSet;

use crate::server::Server;
use crate::usage;

/// After the last fault: waits, knocks and teardowns are over by then.
pub(super) const CALM: Duration = Duration::from_secs(30);
/// Looks that the quietest is taken of, and the time between two: a moment without a request of an HLS viewer is among them, also of the tasks, which the
/// server counts every five seconds.
const LOOKS: usize = 12;
const BETWEEN: Duration = Duration::from_millis(1700);
/// Requests at once that fill the server's pool of database connections, which is opened as needed and kept.
const FILLING: usize = 16;

/// One look at the server's process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub rss_mb: f64,
    /// The part of it that is the process's own: heap and stacks. The rest are pages of its file, which come in as code is run for the first time.
    pub own_mb: f64,
    pub files: usize,
    pub threads: usize,
    /// Asynchronous tasks, as the server counts them.
    pub tasks: usize,
    pub children: usize,
    pub live: usize,
}

impl Sample {
    pub(super) async fn now(server: &Server, ids: &[i64]) -> Result<Self> {
        let pid = server.pid()?;
        let (files, threads) = usage::files_and_threads(pid);
        let health = server.get("/api/v1/system/health").await?;
        let tasks = health["process"]["tasks"].as_u64().context("no count of tasks")?;
        Ok(Self {
            rss_mb: usage::of_tree(pid, 100.0).rss_mb,
            own_mb: usage::own_mb(pid),
            files,
            threads,
            tasks: usize::try_from(tasks)?,
            children: usage::descendants(pid),
            live: server.count_live(ids).await?,
        })
    }

    /// The least of each figure over some seconds: what comes and goes is left out, what has leaked is in every look. No fault may be running.
    pub(super) async fn of_calm(server: &Server, ids: &[i64]) -> Result<Self> {
        // Each of these asks the database (the list of cameras would come from memory) and is answered with a line: what the question itself costs must be
        // the same at the beginning and at the end, and the list of incidents is empty at the one and long at the other.
        try_join_all((0..FILLING).map(|_| server.get("/api/v1/audit?limit=1"))).await?;
        let mut least = Self::now(server, ids).await?;
        for _ in 1..LOOKS {
            tokio::time::sleep(BETWEEN).await;
            least = least.least(Self::now(server, ids).await?);
        }
        Ok(least)
    }

    fn least(self, other: Self) -> Self {
        Self {
            rss_mb: self.rss_mb.min(other.rss_mb),
            own_mb: self.own_mb.min(other.own_mb),
            files: self.files.min(other.files),
            threads: self.threads.min(other.threads),
            tasks: self.tasks.min(other.tasks),
            children: self.children.min(other.children),
            live: self.live.min(other.live),
        }
    }
}

/// Waits until the faults that were begun are over and everybody has come back.
pub(super) async fn calm(running: &mut JoinSet<Result<()>>) -> Result<()> {
    while let Some(happened) = running.join_next().await {
        happened.context("a fault")??;
    }
    tokio::time::sleep(CALM).await;
    Ok(())
}
