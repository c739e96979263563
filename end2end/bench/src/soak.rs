//! `scripts/soak`: cameras with random faults and viewers that stay, for as long as asked; does anything grow, or stay dark?

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fakecam::{FakeCamera, Fixture};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

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
}

/// One look at the server's process.
#[derive(Debug, Clone, Copy)]
struct Sample {
    rss_mb: f64,
    files: usize,
    threads: usize,
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
    tokio::time::sleep(CALM).await;
    say("| minute | RSS MB | files | threads | children | cameras live | faults so far |");
    say("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let baseline = sample(&server, &ids).await?;
    row(0.0, baseline, 0);
    let started = Instant::now();
    let (mut random, mut faults) = (StdRng::seed_from_u64(soak.seed), 0_u32);
    let busy: Arc<Mutex<HashSet<usize>>> = Arc::default();
    let (mut running, mut warm, mut next_row) = (Vec::new(), None, Duration::from_secs(60));
    while started.elapsed() < total {
        tokio::time::sleep(Duration::from_secs_f64(soak.every)).await;
        let (camera, fault) = (random.random_range(0..cameras.len()), FAULTS[random.random_range(0..FAULTS.len())]);
        if busy.lock().unwrap_or_else(PoisonError::into_inner).insert(camera) {
            faults += 1;
            let (own, busy) = (Arc::clone(&cameras[camera]), Arc::clone(&busy));
            running.push(tokio::spawn(async move {
                let happened = fault.happen(&own).await;
                busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&camera);
                happened.map(drop)
            }));
        }
        for watch in &mut watches {
            watch.catch_up();
        }
        if warm.is_none() && started.elapsed() >= warm_up {
            warm = Some(sample(&server, &ids).await?);
        }
        if started.elapsed() >= next_row {
            next_row += (total / 20).max(Duration::from_secs(60));
            row(started.elapsed().as_secs_f64() / 60.0, sample(&server, &ids).await?, faults);
        }
    }
    for fault in running {
        fault.await.context("a fault")??;
    }
    tokio::time::sleep(CALM).await;
    let frames: Vec<u64> = {
        for watch in &mut watches {
            watch.catch_up();
        }
        tokio::time::sleep(Duration::from_secs(4)).await;
        watches.iter_mut().map(Watch::catch_up).collect()
    };
    let end = sample(&server, &ids).await?;
    row(started.elapsed().as_secs_f64() / 60.0, end, faults);
    say("");
    let mut gaps = Vec::new();
    for id in &ids {
        let log = server.get(&format!("/api/v1/cameras/{id}/incidents?limit=200")).await?;
        let log = log.as_array().cloned().unwrap_or_default();
        let dark = log.iter().filter_map(|one| one["dark_ms"].as_f64()).fold(0.0, |sum, one| sum + one);
        gaps.push(format!("{} ({:.0} s)", log.len(), dark / 1000.0));
    }
    say(&format!("Gaps per camera: {}", gaps.join(", ")));
    let sessions = cameras.iter().map(|camera| camera.sessions_max()).max().unwrap_or(0);
    let warm = warm.unwrap_or(baseline);
    let growth = end.rss_mb / warm.rss_mb - 1.0;
    say(&format!(
        "RSS after warm-up {:.1} MB, at the end {:.1} MB ({:+.1} %); most sessions at once on a camera: {sessions}",
        warm.rss_mb,
        end.rss_mb,
        growth * 100.0
    ));
    let unread: Vec<usize> = frames.iter().enumerate().filter(|(_, frames)| **frames == 0).map(|(index, _)| index).collect();
    ensure!(server.complaints().is_empty(), "the server complained: {:?}", server.complaints());
    ensure!(end.live == ids.len(), "{} of {} cameras are live at the end", end.live, ids.len());
    ensure!(watches.iter().all(Watch::is_connected) && unread.is_empty(), "WebSocket viewers without pictures: {unread:?}");
    ensure!(followers.iter().all(|follower| !follower.is_finished()), "an HLS viewer gave up");
    ensure!(growth <= GROWTH, "resident memory grew by {:.1} %", growth * 100.0);
    // One HLS viewer's connection may be open or not.
    ensure!(end.files <= baseline.files + followers.len(), "{} files, {} at the start", end.files, baseline.files);
    ensure!(end.threads <= baseline.threads + 2, "{} threads, {} at the start", end.threads, baseline.threads);
    ensure!(end.children <= baseline.children, "{} children, {} at the start", end.children, baseline.children);
    ensure!(sessions <= 1, "{sessions} sessions at once");
    followers.iter().for_each(tokio::task::JoinHandle::abort);
    say("Soak passed.");
    Ok(())
}

async fn sample(server: &Server, ids: &[i64]) -> Result<Sample> {
    let pid = server.pid()?;
    let (files, threads) = usage::files_and_threads(pid);
    Ok(Sample {
        rss_mb: usage::of_tree(pid, 100.0).rss_mb,
        files,
        threads,
        children: usage::descendants(pid),
        live: server.count_live(ids).await?,
    })
}

fn row(minute: f64, sample: Sample, faults: u32) {
    let Sample { rss_mb, files, threads, children, live } = sample;
    say(&format!("| {minute:.1} | {rss_mb:.1} | {files} | {threads} | {children} | {live} | {faults} |"));
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
