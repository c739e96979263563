//! `scripts/soak`: cameras with random faults, viewers that stay and a browser with the wall, for as long as asked; does anything grow, or
//! stay dark?

mod calm;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use fakecam::{FakeCamera, Fixture, Script};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::task::JoinSet;

use crate::browser::{self, Browser, Look};
use crate::faults::{self, FAULTS};
use crate::follower::Follower;
use crate::say;
use crate::server::Server;
use crate::watch::Watch;
use calm::{CALM, Sample, calm};

/// What resident memory may grow by after the warm-up.
const GROWTH: f64 = 0.05;
/// Between two looks at what moves.
const LOOK: Duration = Duration::from_secs(5);
/// A viewer that got nothing for so long while its camera was able was let down: two seconds until the stream is live, the longest segment, and what a machine
/// that is busy with twenty cameras and a browser takes.
const DRY: Duration = Duration::from_secs(20);
/// What may be open at the quietest of several moments after the faults that was not before them: nothing, but for the browser. A socket or task per
/// WebSocket, per tile and per camera is open at both moments; requests of HLS viewers and of this program are over at the quietest; the pool of database
/// connections is full at both. Chromium keeps connections for later and lets them go when it likes: mostly fewer than just after the page was loaded, but one
/// may come from a request of the page's own and be just then used by a second. Each is a file and a task.
const BROWSER_KEEPS: usize = 2;

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

pub(crate) async fn run(soak: Soak) -> Result<()> {
    let total = Duration::from_secs_f64(soak.minutes * 60.0);
    let warm_up = (total / 4).min(Duration::from_secs(300));
    let mut cameras = Vec::new();
    for number in 0..soak.cameras {
        // Every other one asks for signs of life every few seconds, so that it matters how it answers them.
        let healthy = if number % 2 == 0 { Script::default() } else { faults::short_session() };
        let camera = FakeCamera::builder().fixture(Fixture::sub()).behaviour(healthy.clone()).start().await?;
        cameras.push((Arc::new(camera), healthy));
    }
    let server = Server::start(&soak.nightjar).await?;
    let mut ids = Vec::new();
    for (number, (camera, _)) in cameras.iter().enumerate() {
        ids.push(server.add_camera(&format!("Camera {}", number + 1), &camera.url("/main"), true).await?);
    }
    server.wait_live(&ids).await?;
    let able: Able = Able::new(cameras.len());
    let mut viewers = Vec::new();
    for number in 0..soak.viewers {
        let camera = number % ids.len();
        let line = if number % 2 == 0 {
            Line::Socket(Watch::open(&server, ids[camera]).await?)
        } else {
            Line::Hls(Follower::start(server.access(), ids[camera]))
        };
        viewers.push(Viewer::new(line, camera));
    }
    let mut browser = if soak.no_browser { None } else { Some(Browser::open(&server).await?) };
    let opened = look(&mut browser).await?;
    tokio::time::sleep(CALM).await;
    say("| minute | RSS MB | of it heap MB | files | threads | tasks | children | cameras live | faults so far | browser MB |");
    say("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let baseline = Sample::of_calm(&server, &ids).await?;
    row(0.0, baseline, 0, &browser);
    let gaps_before = gaps(&server, &ids).await?;
    let started = Instant::now();
    let (mut random, mut faults) = (StdRng::seed_from_u64(soak.seed), 0_u32);
    let (mut running, mut warm, mut next_row) = (JoinSet::new(), None, Duration::from_secs(60));
    while started.elapsed() < total {
        tokio::time::sleep(Duration::from_secs_f64(soak.every)).await;
        let (camera, fault) = (random.random_range(0..cameras.len()), FAULTS[random.random_range(0..FAULTS.len())]);
        if able.begin(camera) {
            faults += 1;
            let ((own, healthy), able) = (cameras[camera].clone(), able.clone());
            running.spawn(async move {
                let happened = fault.happen(&own, &healthy).await;
                able.end(camera);
                happened.map(drop)
            });
        }
        while let Some(happened) = running.try_join_next() {
            happened.context("a fault")??;
        }
        for viewer in &mut viewers {
            viewer.look(&able);
        }
        if warm.is_none() && started.elapsed() >= warm_up {
            // As calm as at the end, with all cameras there: a dark camera holds no pictures, so a sample between faults would be too small.
            calm(&mut running).await?;
            let sample = Sample::of_calm(&server, &ids).await?;
            row(started.elapsed().as_secs_f64() / 60.0, sample, faults, &browser);
            warm = Some(sample);
        }
        if started.elapsed() >= next_row {
            next_row += (total / 20).max(Duration::from_secs(60));
            row(started.elapsed().as_secs_f64() / 60.0, Sample::now(&server, &ids).await?, faults, &browser);
        }
    }
    calm(&mut running).await?;
    for viewer in &mut viewers {
        viewer.look(&able);
    }
    let before = look(&mut browser).await?;
    tokio::time::sleep(LOOK).await;
    let after = look(&mut browser).await?;
    let unserved: Vec<usize> =
        viewers.iter_mut().enumerate().filter_map(|(number, viewer)| (viewer.look(&able) == 0).then_some(number + 1)).collect();
    let end = Sample::of_calm(&server, &ids).await?;
    row(started.elapsed().as_secs_f64() / 60.0, end, faults, &browser);
    say("");
    say(&format!("Gaps per camera at the start: {}", gaps_before.join(", ")));
    say(&format!("Gaps per camera at the end: {}", gaps(&server, &ids).await?.join(", ")));
    let sessions = cameras.iter().map(|(camera, _)| camera.sessions_max()).max().unwrap_or(0);
    let warm = warm.unwrap_or(baseline);
    let growth = end.rss_mb / warm.rss_mb - 1.0;
    let least = |hls: bool| viewers.iter().filter(|viewer| viewer.is_hls() == hls).map(|viewer| viewer.total).min().unwrap_or(0);
    let longest = viewers.iter().map(|viewer| viewer.dry).max().unwrap_or_default().as_secs_f64();
    say(&format!(
        "Least that a viewer got: {} pictures by WebSocket, {} segments and parts by HLS; longest without any while the camera was able: {longest:.1} s",
        least(false),
        least(true)
    ));
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
    for (number, viewer) in viewers.iter().enumerate() {
        let name = format!("{} viewer {} of camera {}", if viewer.is_hls() { "HLS" } else { "WebSocket" }, number + 1, viewer.camera + 1);
        verdict.expect(viewer.is_there(), || format!("{name} was disconnected or met a wrong answer"));
        verdict.expect(viewer.dry <= DRY, || format!("{name} got nothing for {:.0} s while its camera was able", viewer.dry.as_secs_f64()));
    }
    verdict.expect(unserved.is_empty(), || format!("viewers that get nothing at the end: {unserved:?}"));
    verdict.expect(growth <= GROWTH, || format!("resident memory grew by {:.1} %", growth * 100.0));
    let slack = if browser.is_some() { BROWSER_KEEPS } else { 0 };
    verdict.expect(end.files <= baseline.files + slack, || format!("{} files, {} at the start", end.files, baseline.files));
    verdict.expect(end.threads <= baseline.threads + 2, || format!("{} threads, {} at the start", end.threads, baseline.threads));
    verdict.expect(end.tasks <= baseline.tasks + slack, || format!("{} tasks, {} at the start", end.tasks, baseline.tasks));
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
    if let Some(browser) = browser {
        browser.close().await?;
    }
    verdict.say()
}

/// Since when each camera has been able; None while a fault lasts.
#[derive(Clone)]
struct Able(Arc<Mutex<Vec<Option<Instant>>>>);

impl Able {
    fn new(cameras: usize) -> Self {
        Self(Arc::new(Mutex::new(vec![Some(Instant::now()); cameras])))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<Instant>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A fault begins, unless there is one already.
    fn begin(&self, camera: usize) -> bool {
        self.lock()[camera].take().is_some()
    }

    fn end(&self, camera: usize) {
        self.lock()[camera] = Some(Instant::now());
    }
}

enum Line {
    Socket(Watch),
    Hls(Follower),
}

/// Somebody who stays, and what they got.
struct Viewer {
    line: Line,
    camera: usize,
    total: u64,
    /// When something came, to within a look.
    last: Instant,
    /// The longest time without anything while the camera was able.
    dry: Duration,
}

impl Viewer {
    fn new(line: Line, camera: usize) -> Self {
        Self { line, camera, total: 0, last: Instant::now(), dry: Duration::ZERO }
    }

    /// How much came since the last look.
    fn look(&mut self, able: &Able) -> u64 {
        let got = match &mut self.line {
            Line::Socket(watch) => watch.catch_up(),
            Line::Hls(follower) => follower.catch_up(),
        };
        self.total += got;
        if got > 0 {
            self.last = Instant::now();
        } else if let Some(since) = able.lock()[self.camera] {
            self.dry = self.dry.max(self.last.max(since).elapsed());
        }
        got
    }

    fn is_hls(&self) -> bool {
        matches!(self.line, Line::Hls(_))
    }

    fn is_there(&self) -> bool {
        match &self.line {
            Line::Socket(watch) => watch.is_connected(),
            Line::Hls(follower) => !follower.gave_up(),
        }
    }
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

fn row(minute: f64, sample: Sample, faults: u32, browser: &Option<Browser>) {
    let Sample { rss_mb, own_mb, files, threads, tasks, children, live } = sample;
    let browser = browser.as_ref().map_or_else(String::new, |browser| format!("{:.0}", browser.pss_mb()));
    say(&format!(
        "| {minute:.1} | {rss_mb:.1} | {own_mb:.1} | {files} | {threads} | {tasks} | {children} | {live} | {faults} | {browser} |"
    ));
}
