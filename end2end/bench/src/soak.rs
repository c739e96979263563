//! `scripts/soak`: cameras with random faults, viewers that stay and a browser with the wall, for as long as asked; does anything grow, or
//! stay dark?

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use fakecam::{FakeCamera, Fixture};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::task::JoinSet;

use crate::browser::{self, Browser, Look};
use crate::faults::FAULTS;
use crate::say;
use crate::server::Server;
use crate::usage;
use crate::watch::Watch;

/// What resident memory may grow by after the warm-up.
const GROWTH: f64 = 0.05;
/// After the last fault: waits, knocks and teardowns are over by then.
const CALM: Duration = Duration::from_secs(30);
const HLS_PAUSE: Duration = Duration::from_millis(500);
/// Between two looks at what moves.
const LOOK: Duration = Duration::from_secs(5);
/// Connections and tasks that a browser and HLS viewers have open or not at a given moment.
const SLACK: usize = 12;

#[derive(Debug, clap::Args)]
pub(crate) struct Soak {
    /// The server to run (a release build).
    #[arg(long)]
    nightjar: std::path::PathBuf,
    #[arg(long, default_value_t = 30.0)]
    minutes: f64,
    #[arg(long, default_value_t = 20)]
    cameras: usize,
    /// Half of them by WebSocket, half by HLS.
    #[arg(long, default_value_t = 10)]
    viewers: usize,
    /// Of the faults' order.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seconds between two faults.
    #[arg(long, default_value_t = 3.0)]
    every: f64,
    /// Leave the browser with the wall out.
    #[arg(long)]
    no_browser: bool,
}

/// One look at the server's process.
#[derive(Debug, Clone, Copy)]
struct Sample {
    rss_mb: f64,
    /// The part of it that is the process's own: heap and stacks. The rest are pages of its file, which come in as code is run for the first time.
    own_mb: f64,
    files: usize,
    threads: usize,
    /// Asynchronous tasks, as the server counts them.
    tasks: usize,
    children: usize,
    live: usize,
}

pub(crate) async fn run(soak: Soak) -> Result<()> {
    let total = Duration::from_secs_f64(soak.minutes * 60.0);
    let warm_up = (total / 4).min(Duration::from_secs(300));
    let mut cameras = Vec::new();
    for _ in 0..soak.cameras {
        cameras.push(Arc::new(FakeCamera::builder().fixture(Fixture::sub()).start().await?));
    }
    let server = Server::start(&soak.nightjar).await?;
    let mut ids = Vec::new();
    for (number, camera) in cameras.iter().enumerate() {
        ids.push(server.add_camera(&format!("Camera {}", number + 1), &camera.url("/main"), true).await?);
    }
    server.wait_live(&ids).await?;
    let mut watches = Vec::new();
    let mut followers = Vec::new();
    for viewer in 0..soak.viewers {
        let id = ids[viewer % ids.len()];
        if viewer % 2 == 0 {
            watches.push(Watch::open(&server, id).await?);
        } else {
            followers.push(tokio::spawn(follow(server.access(), id)));
        }
    }
    let mut browser = if soak.no_browser { None } else { Some(Browser::open(&server).await?) };
    let opened = look(&mut browser).await?;
    tokio::time::sleep(CALM).await;
    say("| minute | RSS MB | of it heap MB | files | threads | tasks | children | cameras live | faults so far | browser MB |");
    say("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let baseline = sample(&server, &ids).await?;
    row(0.0, baseline, 0, &browser);
    let gaps_before = gaps(&server, &ids).await?;
    let started = Instant::now();
    let (mut random, mut faults) = (StdRng::seed_from_u64(soak.seed), 0_u32);
    let busy: Arc<Mutex<HashSet<usize>>> = Arc::default();
    let (mut running, mut warm, mut next_row) = (JoinSet::new(), None, Duration::from_secs(60));
    while started.elapsed() < total {
        tokio::time::sleep(Duration::from_secs_f64(soak.every)).await;
        let (camera, fault) = (random.random_range(0..cameras.len()), FAULTS[random.random_range(0..FAULTS.len())]);
        if busy.lock().unwrap_or_else(PoisonError::into_inner).insert(camera) {
            faults += 1;
            let (own, busy) = (Arc::clone(&cameras[camera]), Arc::clone(&busy));
            running.spawn(async move {
                let happened = fault.happen(&own).await;
                busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&camera);
                happened.map(drop)
            });
        }
        while let Some(happened) = running.try_join_next() {
            happened.context("a fault")??;
        }
        for watch in &mut watches {
            watch.catch_up();
        }
        if warm.is_none() && started.elapsed() >= warm_up {
            // As calm as at the end, with all cameras there: a dark camera holds no pictures, so a sample between faults would be too small.
            calm(&mut running).await?;
            let sample = sample(&server, &ids).await?;
            row(started.elapsed().as_secs_f64() / 60.0, sample, faults, &browser);
            warm = Some(sample);
        }
        if started.elapsed() >= next_row {
            next_row += (total / 20).max(Duration::from_secs(60));
            row(started.elapsed().as_secs_f64() / 60.0, sample(&server, &ids).await?, faults, &browser);
        }
    }
    calm(&mut running).await?;
    for watch in &mut watches {
        watch.catch_up();
    }
    let before = look(&mut browser).await?;
    tokio::time::sleep(LOOK).await;
    let after = look(&mut browser).await?;
    let unread: Vec<usize> = watches.iter_mut().enumerate().filter_map(|(index, watch)| (watch.catch_up() == 0).then_some(index)).collect();
    let end = sample(&server, &ids).await?;
    row(started.elapsed().as_secs_f64() / 60.0, end, faults, &browser);
    say("");
    say(&format!("Gaps per camera at the start: {}", gaps_before.join(", ")));
    say(&format!("Gaps per camera at the end: {}", gaps(&server, &ids).await?.join(", ")));
    let sessions = cameras.iter().map(|camera| camera.sessions_max()).max().unwrap_or(0);
    let warm = warm.unwrap_or(baseline);
    let growth = end.rss_mb / warm.rss_mb - 1.0;
    say(&format!(
        "RSS after warm-up {:.1} MB, at the end {:.1} MB ({:+.1} %); most sessions at once on a camera: {sessions}",
        warm.rss_mb,
        end.rss_mb,
        growth * 100.0
    ));

    let mut verdict = Verdict::default();
    let complaints = server.complaints();
    verdict.expect(complaints.is_empty(), || format!("the server complained: {complaints:?}"));
    verdict.expect(end.live == ids.len(), || format!("{} of {} cameras are live at the end", end.live, ids.len()));
    verdict.expect(watches.iter().all(Watch::is_connected), || "a WebSocket viewer was disconnected".to_owned());
    verdict.expect(unread.is_empty(), || format!("WebSocket viewers without pictures: {unread:?}"));
    verdict.expect(followers.iter().all(|follower| !follower.is_finished()), || "an HLS viewer gave up".to_owned());
    verdict.expect(growth <= GROWTH, || format!("resident memory grew by {:.1} %", growth * 100.0));
    verdict.expect(end.files <= baseline.files + SLACK, || format!("{} files, {} at the start", end.files, baseline.files));
    verdict.expect(end.threads <= baseline.threads + 2, || format!("{} threads, {} at the start", end.threads, baseline.threads));
    verdict.expect(end.tasks <= baseline.tasks + SLACK, || format!("{} tasks, {} at the start", end.tasks, baseline.tasks));
    verdict.expect(end.children <= baseline.children, || format!("{} children, {} at the start", end.children, baseline.children));
    verdict.expect(sessions <= 1, || format!("{sessions} sessions at once"));
    if let (Some(opened), Some(before), Some(after)) = (&opened, &before, &after) {
        let (dead, shown) = (browser::dead(before, after), after.tiles.iter().filter(|tile| tile.in_sight).count());
        let presented: u64 = after.tiles.iter().map(|tile| tile.presented).sum();
        say(&format!(
            "Browser: {shown} tiles in sight, {presented} pictures presented, {} reloads, {} dead tiles",
            after.reloads,
            dead.len()
        ));
        verdict.expect(shown > 0 && after.tiles.len() == opened.tiles.len(), || format!("{} tiles at the end", after.tiles.len()));
        verdict.expect(dead.is_empty(), || format!("tiles without pictures: {}", dead.join(", ")));
        verdict.expect(after.reloads == 0, || format!("the page was loaded again {} times", after.reloads));
        verdict.expect(after.complaints.is_empty(), || format!("the page complained: {:#?}", after.complaints));
    }
    followers.iter().for_each(tokio::task::JoinHandle::abort);
    if let Some(browser) = browser {
        browser.close().await?;
    }
    verdict.say()
}

/// Waits until the faults that were begun are over and everybody has come back.
async fn calm(running: &mut JoinSet<Result<()>>) -> Result<()> {
    while let Some(happened) = running.join_next().await {
        happened.context("a fault")??;
    }
    tokio::time::sleep(CALM).await;
    Ok(())
}

/// What is not as it should be.
#[derive(Debug, Default)]
struct Verdict(Vec<String>);

impl Verdict {
    fn expect(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.0.push(otherwise());
        }
    }

    /// One line, and the exit code by way of the error.
    fn say(self) -> Result<()> {
        if self.0.is_empty() {
            say("PASS");
            return Ok(());
        }
        say(&format!("FAIL: {}", self.0.join("; ")));
        bail!("the soak failed")
    }
}

async fn look(browser: &mut Option<Browser>) -> Result<Option<Look>> {
    match browser {
        Some(browser) => browser.look().await.map(Some),
        None => Ok(None),
    }
}

/// Outages of each camera and how long it was dark, from the incident log.
async fn gaps(server: &Server, ids: &[i64]) -> Result<Vec<String>> {
    let mut gaps = Vec::new();
    for id in ids {
        let log = server.get(&format!("/api/v1/cameras/{id}/incidents?limit=200")).await?;
        let log = log.as_array().cloned().unwrap_or_default();
        let dark = log.iter().filter_map(|one| one["dark_ms"].as_f64()).fold(0.0, |sum, one| sum + one);
        gaps.push(format!("{} ({:.0} s)", log.len(), dark / 1000.0));
    }
    Ok(gaps)
}

async fn sample(server: &Server, ids: &[i64]) -> Result<Sample> {
    let pid = server.pid()?;
    let (files, threads) = usage::files_and_threads(pid);
    let health = server.get("/api/v1/system/health").await?;
    let tasks = health["process"]["tasks"].as_u64().context("no count of tasks")?;
    Ok(Sample {
        rss_mb: usage::of_tree(pid, 100.0).rss_mb,
        own_mb: usage::own_mb(pid),
        files,
        threads,
        tasks: usize::try_from(tasks)?,
        children: usage::descendants(pid),
        live: server.count_live(ids).await?,
    })
}

fn row(minute: f64, sample: Sample, faults: u32, browser: &Option<Browser>) {
    let Sample { rss_mb, own_mb, files, threads, tasks, children, live } = sample;
    let browser = browser.as_ref().map_or_else(String::new, |browser| format!("{:.0}", browser.pss_mb()));
    say(&format!(
        "| {minute:.1} | {rss_mb:.1} | {own_mb:.1} | {files} | {threads} | {tasks} | {children} | {live} | {faults} | {browser} |"
    ));
}

/// An HLS viewer in its simplest form: the playlist, then the newest segment.
async fn follow(server: crate::server::Access, camera: i64) -> Result<()> {
    loop {
        let playlist = crate::server::fetch(&server, &format!("/live/{camera}/main/index.m3u8")).await?;
        let text = String::from_utf8_lossy(&playlist.body);
        let newest = text.lines().rfind(|line| !line.starts_with('#') && !line.is_empty());
        if let (200, Some(uri)) = (playlist.status, newest) {
            let segment = crate::server::fetch(&server, &format!("/live/{camera}/main/{uri}")).await?;
            ensure!(matches!(segment.status, 200 | 404 | 410 | 503), "{uri}: {}", segment.status);
        }
        ensure!(matches!(playlist.status, 200 | 503), "the playlist: {}", playlist.status);
        tokio::time::sleep(HLS_PAUSE).await;
    }
}
