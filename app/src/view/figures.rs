//! The figures of the server as a person reads them: a word, a share where there is one, and a tone where something is wrong.

use crate::model::{DatabaseKind, Level, SystemHealth};
use crate::text::health as text;
use crate::view::face::Tone;
use crate::view::number;
use crate::view::time::age;

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub name: &'static str,
    pub words: String,
    /// A quieter second line.
    pub note: String,
    /// For a meter, 0-1.
    pub share: Option<f64>,
    /// Good, unless something should be done about it.
    pub tone: Tone,
}

impl Figure {
    fn new(name: &'static str, words: String, note: String) -> Self {
        Self { name, words, note, share: None, tone: Tone::Good }
    }

    fn metered(self, share: f64) -> Self {
        self.metered_as(share, Level::of(share))
    }

    fn metered_as(self, share: f64, level: Level) -> Self {
        Self { share: Some(share.clamp(0.0, 1.0)), tone: tone(level), ..self }
    }
}

fn tone(level: Level) -> Tone {
    match level {
        Level::Ok => Tone::Good,
        Level::Warning => Tone::Wait,
        Level::Critical => Tone::Bad,
    }
}

/// All figures, always the same ones in the same order.
pub fn figures(health: &SystemHealth) -> Vec<Figure> {
    vec![
        disk(health),
        memory(health),
        cpu(health),
        database(health),
        files(health),
        tasks(health),
        children(health),
        viewers(health),
        uptime(health),
    ]
}

fn disk(health: &SystemHealth) -> Figure {
    match health.disk {
        Some(disk) => {
            let note = text::free_of(&number::bytes(disk.free_bytes), &number::bytes(disk.total_bytes));
            Figure::new(text::DISK, text::used(f64::from(disk.used_percent)), note)
                .metered_as(f64::from(disk.used_percent) / 100.0, disk.level)
        }
        None => Figure { tone: Tone::Wait, ..Figure::new(text::DISK, text::NOT_TOLD.to_owned(), text::DISK_SILENT.to_owned()) },
    }
}

fn memory(health: &SystemHealth) -> Figure {
    let words = health.process.rss_bytes.map_or_else(|| text::NOT_TOLD.to_owned(), number::bytes);
    match health.memory {
        Some(memory) if memory.total_bytes > 0 => {
            let used = memory.total_bytes.saturating_sub(memory.available_bytes);
            let share = used as f64 / memory.total_bytes as f64;
            Figure::new(text::MEMORY, words, text::machine_uses(share * 100.0, &number::bytes(memory.total_bytes))).metered(share)
        }
        _ => Figure::new(text::MEMORY, words, String::new()),
    }
}

fn cpu(health: &SystemHealth) -> Figure {
    let cores = health.process.cores.max(1);
    match health.process.cpu_percent {
        Some(percent) => {
            let share = f64::from(percent) / 100.0 / f64::from(cores);
            Figure::new(text::CPU, text::percent(share * 100.0), text::of_cores(cores)).metered(share)
        }
        None => Figure::new(text::CPU, text::NOT_TOLD.to_owned(), text::of_cores(cores)),
    }
}

fn database(health: &SystemHealth) -> Figure {
    let database = &health.database;
    let kind = match database.kind {
        DatabaseKind::Sqlite => "SQLite",
        DatabaseKind::Postgres => "PostgreSQL",
    };
    let bytes = database.size_bytes.map(|size| size.saturating_add(database.wal_bytes.unwrap_or(0)));
    if !database.reachable {
        return Figure { tone: Tone::Bad, ..Figure::new(text::DATABASE, text::DATABASE_SILENT.to_owned(), kind.to_owned()) };
    }
    let words = bytes.map_or_else(|| kind.to_owned(), number::bytes);
    match (database.read_ms, database.write_ms) {
        (Some(read), Some(write)) => {
            let note = text::database_speed(kind, &number::duration(f64::from(read)), &number::duration(f64::from(write)));
            Figure::new(text::DATABASE, words, note)
        }
        _ => Figure { tone: Tone::Bad, ..Figure::new(text::DATABASE, words, text::DATABASE_READ_ONLY.to_owned()) },
    }
}

fn files(health: &SystemHealth) -> Figure {
    let Some(open) = health.process.open_files else {
        return Figure::new(text::FILES, text::NOT_TOLD.to_owned(), String::new());
    };
    match health.process.open_files_limit.filter(|limit| *limit > 0) {
        Some(limit) => Figure::new(text::FILES, open.to_string(), text::of_limit(limit)).metered(f64::from(open) / limit as f64),
        None => Figure::new(text::FILES, open.to_string(), text::NO_LIMIT.to_owned()),
    }
}

fn tasks(health: &SystemHealth) -> Figure {
    let note = health.process.threads.map(text::threads).unwrap_or_default();
    Figure::new(text::TASKS, health.process.tasks.to_string(), note)
}

fn children(health: &SystemHealth) -> Figure {
    let children = &health.process.children;
    let note = if children.is_empty() {
        text::NO_CHILDREN.to_owned()
    } else {
        let mut names: Vec<&str> = children.iter().map(|child| child.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let bytes = children.iter().fold(0_u64, |sum, child| sum.saturating_add(child.rss_bytes));
        format!("{}, {}", names.join(", "), number::bytes(bytes))
    };
    Figure::new(text::CHILDREN, children.len().to_string(), note)
}

fn viewers(health: &SystemHealth) -> Figure {
    let counts = health.connections;
    let all = [counts.mse, counts.hls, counts.webrtc, counts.mjpeg].into_iter().fold(0, u32::saturating_add);
    Figure::new(text::VIEWERS, text::watching(all), text::pages_open(counts.pages))
}

fn uptime(health: &SystemHealth) -> Figure {
    let running = i64::try_from(health.process.uptime_s).unwrap_or(i64::MAX).saturating_mul(1_000);
    Figure::new(text::UPTIME, age(running), text::version(&health.process.version))
}

#[cfg(test)]
mod tests;
