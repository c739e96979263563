//! `scripts/bench live`: N cameras of one 4 Mbit/s 1080p stream through a Nightjar process, and through ffmpeg.
//!
//! The cameras (and the viewer that measures) live in this process, so that their CPU is not counted. The browser's
//! part is `glass.mjs`. Prints tables, keeps nothing.

mod browser;
mod faults;
mod follower;
mod peer;
mod server;
mod soak;
mod usage;
mod viewer;
mod watch;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use fakecam::{FakeCamera, Fixture, Loop, Script, control};
use serde_json::Value;

use peer::Peers;
use server::Server;
use usage::Usage;
use viewer::Viewer;

#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Live path: CPU and memory per camera, latency, time to the first frame.
    Live(Live),
    /// How soon each fault of a camera is noticed and got over.
    Faults(Faults),
    /// Random faults for a long time: does anything grow?
    Soak(soak::Soak),
}

#[derive(Debug, clap::Args)]
struct Faults {
    /// The server to measure (a release build).
    #[arg(long)]
    nightjar: PathBuf,
    /// How often each happens.
    #[arg(long, default_value_t = 10)]
    rounds: u32,
}

#[derive(Debug, clap::Args)]
struct Live {
    /// The server to measure (a release build).
    #[arg(long)]
    nightjar: PathBuf,
    /// Camera counts, one row each.
    #[arg(long, value_delimiter = ',', default_value = "1,10,50")]
    cameras: Vec<u32>,
    /// Seconds per CPU measurement.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Seconds per glass-to-glass measurement.
    #[arg(long, default_value_t = 20)]
    glass_seconds: u64,
    /// What is measured glass to glass.
    #[arg(long, value_delimiter = ',', default_value = "mse,hls")]
    transports: Vec<String>,
    /// Leave the browser out.
    #[arg(long)]
    no_browser: bool,
    /// Leave ffmpeg out.
    #[arg(long)]
    no_peer: bool,
}

/// Let streams settle before measuring them.
const SETTLE: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Live(live) => run(live).await,
        Command::Faults(Faults { nightjar, rounds }) => faults::run(&Server::start(&nightjar).await?, rounds).await,
        Command::Soak(soak) => soak::run(soak).await,
    }
}

pub(crate) fn say(line: &str) {
    // Nobody reads: nothing to measure for either.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

async fn run(live: Live) -> Result<()> {
    let most = live.cameras.iter().copied().max().context("--cameras is empty")?;
    // Key frames stay spread over the group as the mounts' phases are: cameras in the field don't start together.
    let script = Script { key_on_play: false, ..Script::default() };
    let camera = Arc::new(FakeCamera::builder().mount("/main", Fixture::main()).cameras(most + 5).behaviour(script).start().await?);
    let content = tokio::task::spawn_blocking(|| Fixture::main().load()).await??;
    let ticks = usage::ticks_per_second()?;

    say("| cameras | program | CPU % of a core | per camera | RSS MB | per camera | PSS per camera | added latency p50 / p99 ms |");
    say("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for count in &live.cameras {
        let ours = nightjar(&live, &camera, &content, *count, ticks).await?;
        let theirs = if live.no_peer { None } else { Some(ffmpeg(&live, &camera, *count, ticks).await?) };
        if let Some(theirs) = theirs {
            say(&format!(
                "| {count} | **ours / ffmpeg** | {:.2} | | {:.2} | | {:.2} | |",
                ours.cpu_s / theirs.cpu_s.max(1e-9),
                ours.rss_mb / theirs.rss_mb,
                ours.pss_mb / theirs.pss_mb
            ));
        }
    }
    first_frames(&live, &camera).await?;
    if !live.no_browser {
        for transport in &live.transports {
            glass(&live, &camera, transport).await?;
        }
    }
    Ok(())
}

/// One server with `count` cameras. Its usage has CPU in percent of a core.
async fn nightjar(live: &Live, camera: &FakeCamera, content: &Loop, count: u32, ticks: f64) -> Result<Usage> {
    let server = Server::start(&live.nightjar).await?;
    let pid = server.pid()?;
    let empty = usage::of_tree(pid, ticks);
    let mut ids = Vec::new();
    for number in 1..=count {
        ids.push(server.add_camera(&format!("Camera {number}"), &camera.url(&mount(number)), true).await?);
    }
    server.wait_live(&ids).await?;
    let used = measure(live, &[pid], ticks).await;
    ensure!(camera.sessions_open() == u64::from(count), "{} sessions for {count} cameras", camera.sessions_open());
    let viewer = Viewer::connect(&server, ids[0]).await?;
    let mut latency = viewer.added_latency_ms(live.seconds.min(15), camera, &mount(1), content).await?;
    let p = percentiles(&mut latency).context("no frame of the loop was recognised in the MSE stream")?;
    row(count, "nightjar", used, &format!("{:.1} / {:.1} (n={})", p.p50, p.p99, latency.len()));
    let added = (used.rss_mb - empty.rss_mb) / f64::from(count);
    say(&format!(
        "| {count} | nightjar, above itself without cameras ({:.1} MB) | | | {:.1} | {added:.2} | | |",
        empty.rss_mb,
        used.rss_mb - empty.rss_mb
    ));
    for id in ids {
        server.delete_camera(id).await?;
    }
    Ok(used)
}

async fn ffmpeg(live: &Live, camera: &FakeCamera, count: u32, ticks: f64) -> Result<Usage> {
    let urls: Vec<String> = (1..=count).map(|number| camera.url(&mount(number))).collect();
    let peers = Peers::start(&urls)?;
    peers.wait_live().await?;
    let used = measure(live, &peers.pids(), ticks).await;
    peers.stop().await?;
    row(count, "ffmpeg -c copy -f hls", used, "");
    Ok(used)
}

async fn measure(live: &Live, pids: &[u32], ticks: f64) -> Usage {
    tokio::time::sleep(SETTLE).await;
    let sample = || pids.iter().map(|pid| usage::of_tree(*pid, ticks)).sum::<Usage>();
    let (before, started) = (sample(), std::time::Instant::now());
    tokio::time::sleep(Duration::from_secs(live.seconds)).await;
    let (after, elapsed) = (sample(), started.elapsed());
    Usage { cpu_s: (after.cpu_s - before.cpu_s) / elapsed.as_secs_f64() * 100.0, ..after }
}

fn row(count: u32, program: &str, used: Usage, latency: &str) {
    let per = f64::from(count);
    say(&format!(
        "| {count} | {program} | {:.2} | {:.3} | {:.1} | {:.2} | {:.2} | {latency} |",
        used.cpu_s,
        used.cpu_s / per,
        used.rss_mb,
        used.rss_mb / per,
        used.pss_mb / per
    ));
}

/// Time to the first media on the MSE socket: of a stream that is up, and of one that has to be opened first.
async fn first_frames(live: &Live, camera: &FakeCamera) -> Result<()> {
    // Cameras send a key frame on PLAY; what is measured is the server, not the luck of the phase.
    camera.update(None, |script| script.key_on_play = true).await;
    let server = Server::start(&live.nightjar).await?;
    let up = server.add_camera("Up", &camera.url(&mount(1)), true).await?;
    server.wait_live(&[up]).await?;
    tokio::time::sleep(SETTLE).await;
    let mut warm = Vec::new();
    for _ in 0..20 {
        warm.push(Viewer::connect(&server, up).await?.first_frame_ms().await?);
    }
    let mut cold = Vec::new();
    for number in 2..=6 {
        let id = server.add_camera(&format!("Idle {number}"), &camera.url(&mount(number)), false).await?;
        ensure!(camera.mount_counters(&mount(number)).sessions_open == 0, "the stream should be idle");
        cold.push(Viewer::connect(&server, id).await?.first_frame_ms().await?);
    }
    camera.update(None, |script| script.key_on_play = false).await;
    say("");
    for (name, samples) in [("stream already up", &mut warm), ("idle stream, opened by the viewer", &mut cold)] {
        let p = percentiles(samples).context("no samples")?;
        say(&format!("First media over MSE, {name}: p50 {:.0} ms, p95 {:.0} ms (n={})", p.p50, p.p95, samples.len()));
    }
    Ok(())
}

/// The real page in Chromium with one camera; `glass.mjs` reads the clock strip of each presented frame.
async fn glass(live: &Live, camera: &Arc<FakeCamera>, transport: &str) -> Result<()> {
    let server = Server::start(&live.nightjar).await?;
    let id = server.add_camera("Glass", &camera.url(&mount(1)), true).await?;
    server.wait_live(&[id]).await?;
    let (listener, address) = control::bind(([127, 0, 0, 1], 0).into()).await?;
    let served = tokio::spawn(control::serve(listener, Arc::clone(camera)));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("glass.mjs");
    let page = format!("http://{}/?transport={transport}", server.address);
    let clock = format!("http://{address}/frame-clock?mount={}", mount(1));
    let output = tokio::process::Command::new("node")
        .arg(script)
        .args([&page, &clock, &live.glass_seconds.to_string()])
        .env("NIGHTJAR_USER", server::USER)
        .env("NIGHTJAR_PASSWORD", server::PASSWORD)
        .kill_on_drop(true)
        .output()
        .await
        .context("node")?;
    served.abort();
    ensure!(output.status.success(), "glass.mjs failed: {}", String::from_utf8_lossy(&output.stderr));
    let result: Value = serde_json::from_slice(&output.stdout).context("glass.mjs printed no JSON")?;
    let mut samples: Vec<f64> = result["samples"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
    let p = percentiles(&mut samples).context("no clock strip was read in the browser")?;
    say(&format!(
        "Glass to glass, {transport}: p50 {:.0} ms, p95 {:.0} ms, p99 {:.0} ms (n={}); page opened to first picture {:.0} ms; frames skipped {}; stalls {}",
        p.p50,
        p.p95,
        p.p99,
        samples.len(),
        result["first_frame_ms"].as_f64().unwrap_or(f64::NAN),
        result["skipped"],
        result["stalls"]
    ));
    Ok(())
}

fn mount(number: u32) -> String {
    format!("/cam/{number}/main")
}

struct Percentiles {
    p50: f64,
    p95: f64,
    p99: f64,
    most: f64,
}

fn percentiles(samples: &mut [f64]) -> Option<Percentiles> {
    samples.sort_by(f64::total_cmp);
    let at = |share: f64| samples.get(((samples.len() as f64 * share).ceil() as usize).saturating_sub(1)).copied();
    Some(Percentiles { p50: at(0.5)?, p95: at(0.95)?, p99: at(0.99)?, most: at(1.0)? })
}
