//! The task that looks: every 5 s at everything, every minute with a test write, and at the end of every step into the history.

use super::database;
use super::history::{Gather, Point, STEP_S};
use super::machine::{self, Places, Reading};
use super::proc::CpuMeter;
use super::{Latencies, System};
use crate::db::Db;
use crate::services::status;
use app::model::{
    ConnectionCounts, DatabaseHealth, DatabaseKind, DiskHealth, Level, ProcessHealth, StreamsSummary, SystemCounters, SystemHealth,
};
use media::StreamKey;
use media::stream::status::StreamStatus;
use media::stream::{StreamState, Streams};
use media::time::Stamp;
use sea_orm::DbBackend;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

/// How often figures are taken.
const SAMPLE: Duration = Duration::from_secs(5);
/// How many samples there are to one test write and one look at the size of a database elsewhere.
const SAMPLES_PER_WRITE: u64 = 12;
/// A file system that takes longer is waited for in the background, without its figures.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is looked at.
#[derive(Debug, Clone)]
pub struct Sources {
    pub db: Db,
    pub streams: Streams,
    /// The data folder.
    pub data: PathBuf,
    /// The SQLite file, unless the database is elsewhere.
    pub sqlite: Option<PathBuf>,
}

impl System {
    /// Samples until cancelled.
    pub async fn run(&self, sources: Sources, stopping: CancellationToken) {
        let mut sampler = Sampler::new(sources);
        let mut tick = interval(SAMPLE);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stopping.cancelled() => return,
                _ = tick.tick() => {}
            }
            // Not cut off: a test write that was begun is finished, within its patience.
            let health = sampler.sample(self).await;
            self.health.send_replace(Some(Arc::new(health)));
        }
    }
}

struct Sampler {
    sources: Sources,
    places: Places,
    cpu: CpuMeter,
    /// A look at the machine that has not come back yet. Never two at once: a file system that hangs must not eat threads.
    looking: Option<JoinHandle<Reading>>,
    samples: u64,
    disk_level: Level,
    database: Written,
    /// The step that is being gathered, and what of it there is.
    step: u64,
    gathering: BTreeMap<StreamKey, Gather>,
    /// Reconnects that each stream had counted before.
    reconnects: HashMap<StreamKey, u32>,
}

/// What is found out about the database only once a minute.
#[derive(Default)]
struct Written {
    write_ms: Option<f32>,
    at: Option<String>,
    postgres_bytes: Option<u64>,
}

impl Sampler {
    fn new(sources: Sources) -> Self {
        let places = Places { data: sources.data.clone(), sqlite: sources.sqlite.clone() };
        Self {
            sources,
            places,
            cpu: CpuMeter::default(),
            looking: None,
            samples: 0,
            disk_level: Level::Ok,
            database: Written::default(),
            step: 0,
            gathering: BTreeMap::new(),
            reconnects: HashMap::new(),
        }
    }

    async fn sample(&mut self, system: &System) -> SystemHealth {
        let now = Stamp::now();
        let statuses = self.sources.streams.statuses();
        self.note(system, now, &statuses);
        let reading = self.look().await;
        self.judge_disk(reading.disk);
        let database = self.database(now, &reading).await;
        self.samples += 1;
        let elapsed_us = now.mono_us.saturating_sub(system.started.mono_us);
        let cpu_percent = reading.cpu_ticks.and_then(|ticks| self.cpu.push(elapsed_us as f64 / 1e6, ticks, machine::ticks_per_s()));
        let frames_dropped = statuses.iter().fold(0_u64, |sum, (_, status)| sum.saturating_add(status.frames_dropped));
        let reconnects = statuses.iter().fold(0_u64, |sum, (_, status)| sum.saturating_add(u64::from(status.reconnects)));
        SystemHealth {
            at: status::rfc3339(now.utc_ms),
            process: ProcessHealth {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                pid: std::process::id(),
                started_at: status::rfc3339(system.started.utc_ms),
                uptime_s: elapsed_us / 1_000_000,
                cpu_percent,
                cores: std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX)),
                rss_bytes: reading.rss_bytes,
                open_files: reading.open_files,
                open_files_limit: machine::open_files_limit(),
                threads: reading.threads,
                tasks: u32::try_from(tokio::runtime::Handle::current().metrics().num_alive_tasks()).unwrap_or(u32::MAX),
                children: reading.children,
            },
            memory: reading.memory,
            disk: reading.disk,
            database,
            streams: summary(&statuses),
            connections: connections(system, &statuses),
            counters: SystemCounters { frames_dropped, reconnects, ..system.counters.read() },
        }
    }

    /// A look at the machine, away from the asynchronous threads. Without figures if it takes too long.
    async fn look(&mut self) -> Reading {
        let places = &self.places;
        let mut looking = self.looking.take().unwrap_or_else(|| {
            let places = places.clone();
            tokio::task::spawn_blocking(move || machine::read(&places))
        });
        match timeout(PATIENCE, &mut looking).await {
            Ok(read) => read.unwrap_or_default(),
            Err(_) => {
                self.looking = Some(looking);
                Reading::default()
            }
        }
    }

    async fn database(&mut self, now: Stamp, reading: &Reading) -> DatabaseHealth {
        let db = &self.sources.db;
        let postgres = db.read().get_database_backend() == DbBackend::Postgres;
        if self.samples.is_multiple_of(SAMPLES_PER_WRITE) {
            let at = status::rfc3339(now.utc_ms);
            let before = self.database.write_ms.is_some() || self.samples == 0;
            self.database.write_ms = database::write_ms(db, &at).await;
            if self.database.write_ms.is_some() {
                self.database.at = Some(at);
            } else if before {
                tracing::warn!("the database did not take a test write");
            }
            if postgres {
                self.database.postgres_bytes = database::postgres_bytes(db).await;
            }
        }
        let read_ms = database::read_ms(db).await;
        DatabaseHealth {
            kind: if postgres { DatabaseKind::Postgres } else { DatabaseKind::Sqlite },
            reachable: read_ms.is_some(),
            size_bytes: if postgres { self.database.postgres_bytes } else { reading.sqlite_bytes },
            wal_bytes: reading.wal_bytes,
            read_ms,
            write_ms: self.database.write_ms,
            written_at: self.database.at.clone(),
        }
    }

    /// Says in the log when the disk gets fuller than it should.
    fn judge_disk(&mut self, disk: Option<DiskHealth>) {
        let Some(disk) = disk else { return };
        if disk.level > self.disk_level {
            tracing::warn!(used_percent = disk.used_percent, free_bytes = disk.free_bytes, "the disk of the data folder is nearly full");
        }
        self.disk_level = disk.level;
    }

    /// Adds to the step that is being gathered; at its end it goes into the history.
    fn note(&mut self, system: &System, now: Stamp, statuses: &[(StreamKey, StreamStatus)]) {
        let step = now.mono_us.saturating_sub(system.started.mono_us) / 1_000_000 / u64::from(STEP_S);
        if step != self.step {
            let points = std::mem::take(&mut self.gathering).into_iter().map(|(key, gather)| (key, gather.finish()));
            system.rings().push(self.step, now.utc_ms, points);
            self.step = step;
        }
        let told = Latencies::take(&system.latencies);
        let mut counted = HashMap::with_capacity(statuses.len());
        for (key, status) in statuses {
            let before = self.reconnects.get(key).copied().unwrap_or(status.reconnects);
            counted.insert(*key, status.reconnects);
            let fresh = status.reconnects.saturating_sub(before);
            // Asleep by nature: nothing is wrong.
            let state = if status.asleep { StreamState::Idle } else { status.state };
            let point = Point::new(state, status.fps, status.bitrate_kbps, told.get(key).copied(), fresh);
            self.gathering.entry(*key).or_default().add(&point);
        }
        self.reconnects = counted;
    }
}

fn summary(statuses: &[(StreamKey, StreamStatus)]) -> StreamsSummary {
    let mut summary = StreamsSummary::default();
    for (_, status) in statuses {
        summary.total += 1;
        *match status.state {
            StreamState::Live => &mut summary.live,
            StreamState::Connecting if status.error.is_none() => &mut summary.connecting,
            StreamState::Idle => &mut summary.idle,
            _ if status.asleep => &mut summary.idle,
            StreamState::Disabled => &mut summary.disabled,
            _ => &mut summary.trouble,
        } += 1;
    }
    summary
}

fn connections(system: &System, statuses: &[(StreamKey, StreamStatus)]) -> ConnectionCounts {
    let pages = system.counters.pages.load(Ordering::Relaxed);
    statuses.iter().fold(ConnectionCounts { pages, ..ConnectionCounts::default() }, |sum, (_, status)| ConnectionCounts {
        mse: sum.mse.saturating_add(status.viewers.mse),
        hls: sum.hls.saturating_add(status.viewers.hls),
        webrtc: sum.webrtc.saturating_add(status.viewers.webrtc),
        mjpeg: sum.mjpeg.saturating_add(status.viewers.mjpeg),
        ..sum
    })
}
