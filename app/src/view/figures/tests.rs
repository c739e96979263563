use super::*;
use crate::model::{
    ChildProcess, ConnectionCounts, DatabaseHealth, DiskHealth, MemoryHealth, ProcessHealth, StreamsSummary, SystemCounters,
};

fn health() -> SystemHealth {
    SystemHealth {
        at: "2026-11-21T06:00:00Z".into(),
        process: ProcessHealth {
            version: "0.1.0".into(),
            pid: 1,
            started_at: "2026-11-21T03:00:00Z".into(),
            uptime_s: 3 * 3600,
            cpu_percent: Some(24.0),
            cores: 2,
            rss_bytes: Some(180_000_000),
            open_files: Some(84),
            open_files_limit: Some(1024),
            threads: Some(12),
            tasks: 63,
            children: vec![
                ChildProcess { pid: 2, name: "ffmpeg".into(), rss_bytes: 60_000_000 },
                ChildProcess { pid: 3, name: "ffmpeg".into(), rss_bytes: 62_000_000 },
            ],
        },
        memory: Some(MemoryHealth { total_bytes: 8_000_000_000, available_bytes: 5_000_000_000 }),
        disk: Some(DiskHealth { total_bytes: 94_000_000_000, free_bytes: 54_000_000_000, used_percent: 42.3, level: Level::Ok }),
        database: DatabaseHealth {
            kind: DatabaseKind::Sqlite,
            reachable: true,
            size_bytes: Some(1_000_000),
            wal_bytes: Some(200_000),
            read_ms: Some(0.4),
            write_ms: Some(3.2),
            written_at: None,
        },
        streams: StreamsSummary::default(),
        connections: ConnectionCounts { pages: 4, mse: 3, hls: 1, webrtc: 0, mjpeg: 0 },
        counters: SystemCounters::default(),
    }
}

fn figure(health: &SystemHealth, name: &str) -> Figure {
    figures(health).into_iter().find(|figure| figure.name == name).expect("there")
}

#[test]
fn figures_are_sentences() {
    let all: Vec<String> = figures(&health()).iter().map(|figure| format!("{}: {} ({})", figure.name, figure.words, figure.note)).collect();
    assert_eq!(
        all,
        [
            "Disk: 42 % used (54 GB free of 94 GB)",
            "Memory: 180 MB (machine: 38 % of 8.0 GB in use)",
            "Processor: 12 % (of 2 cores)",
            "Database: 1.2 MB (SQLite, reads in 0.4 ms, writes in 3.2 ms)",
            "Open files: 84 (of at most 1\u{202f}024)",
            "Tasks: 63 (on 12 threads)",
            "Child processes: 2 (ffmpeg, 122 MB)",
            "Viewers: 4 watching (4 pages open)",
            "Running for: 3 h (version 0.1.0)",
        ]
    );
    assert!(figures(&health()).iter().all(|figure| figure.tone == Tone::Good));
}

#[test]
fn what_runs_out_is_coloured() {
    let mut health = health();
    health.disk = Some(DiskHealth { total_bytes: 100, free_bytes: 4, used_percent: 96.0, level: Level::Critical });
    health.process.open_files = Some(900);
    health.process.cpu_percent = Some(500.0);
    assert_eq!(figure(&health, "Disk").tone, Tone::Bad);
    assert_eq!(figure(&health, "Open files").tone, Tone::Wait);
    assert_eq!(figure(&health, "Processor").share, Some(1.0));
}

#[test]
fn a_database_that_fails_says_how() {
    let mut health = health();
    health.database.write_ms = None;
    assert_eq!((figure(&health, "Database").tone, figure(&health, "Database").note.as_str()), (Tone::Bad, "does not take changes"));
    health.database.reachable = false;
    assert_eq!(figure(&health, "Database").words, "no answer");
}

#[test]
fn what_the_system_does_not_tell_is_said() {
    let mut health = health();
    health.disk = None;
    health.memory = None;
    health.process.rss_bytes = None;
    health.process.cpu_percent = None;
    health.process.open_files = None;
    health.process.children.clear();
    for name in ["Disk", "Memory", "Processor", "Open files"] {
        assert_eq!(figure(&health, name).words, "–", "{name}");
    }
    assert_eq!(figure(&health, "Child processes").note, "none needed now");
}
