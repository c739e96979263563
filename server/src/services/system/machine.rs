//! Reads the figures of the process and its machine. Blocking: file systems may take their time.

use super::proc::{self, Stat};
use app::model::{ChildProcess, DiskHealth, Level, MemoryHealth};
use std::fs;
use std::path::{Path, PathBuf};

/// Children that are listed.
const MOST_CHILDREN: usize = 256;

/// One reading.
#[derive(Debug, Default)]
pub struct Reading {
    /// Ticks used by the process and its descendants, living and reaped.
    pub cpu_ticks: Option<u64>,
    pub rss_bytes: Option<u64>,
    pub threads: Option<u32>,
    pub open_files: Option<u32>,
    pub children: Vec<ChildProcess>,
    pub memory: Option<MemoryHealth>,
    pub disk: Option<DiskHealth>,
    /// Of the SQLite file and its log.
    pub sqlite_bytes: Option<u64>,
    pub wal_bytes: Option<u64>,
}

/// Where to look.
#[derive(Debug, Clone)]
pub struct Places {
    /// The data folder.
    pub data: PathBuf,
    /// None with another database.
    pub sqlite: Option<PathBuf>,
}

/// Reads everything. What cannot be read is None.
pub fn read(places: &Places) -> Reading {
    let page = u64::try_from(rustix::param::page_size()).unwrap_or(4096);
    let own = fs::read_to_string("/proc/self/stat").ok().and_then(|text| proc::stat(&text));
    let all = processes();
    let children = proc::descendants(std::process::id(), &all);
    let ticks = own.as_ref().map(|own| children.iter().fold(own.cpu_ticks, |sum, child| sum.saturating_add(child.cpu_ticks)));
    let child = |stat: &&Stat| ChildProcess { pid: stat.pid, name: stat.name.clone(), rss_bytes: stat.rss_pages.saturating_mul(page) };
    Reading {
        cpu_ticks: ticks,
        rss_bytes: own.as_ref().map(|own| own.rss_pages.saturating_mul(page)),
        threads: own.as_ref().map(|own| own.threads),
        open_files: open_files(),
        children: children.iter().take(MOST_CHILDREN).map(child).collect(),
        memory: fs::read_to_string("/proc/meminfo")
            .ok()
            .and_then(|text| proc::memory(&text))
            .map(|(total_bytes, available_bytes)| MemoryHealth { total_bytes, available_bytes }),
        disk: disk(&places.data),
        sqlite_bytes: places.sqlite.as_deref().and_then(size),
        wal_bytes: places.sqlite.as_deref().and_then(|file| size(&with_suffix(file, "-wal"))),
    }
}

/// Files that the process may have open; None: as many as it likes.
pub fn open_files_limit() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

/// Ticks of [`Reading::cpu_ticks`] in a second.
pub fn ticks_per_s() -> u64 {
    rustix::param::clock_ticks_per_second()
}

fn processes() -> Vec<Stat> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let numbered = entries.flatten().filter(|entry| entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit));
    // A process that ends meanwhile is not there any more.
    numbered.filter_map(|entry| proc::stat(&fs::read_to_string(entry.path().join("stat")).ok()?)).collect()
}

/// Without the one that counting takes.
fn open_files() -> Option<u32> {
    let count = fs::read_dir("/proc/self/fd").ok()?.flatten().count();
    u32::try_from(count.saturating_sub(1)).ok()
}

fn disk(folder: &Path) -> Option<DiskHealth> {
    let system = rustix::fs::statvfs(folder).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(system.f_frsize);
    let used = system.f_blocks.saturating_sub(system.f_bfree);
    let share = used as f64 / used.saturating_add(system.f_bavail).max(1) as f64;
    Some(DiskHealth {
        total_bytes: bytes(system.f_blocks),
        free_bytes: bytes(system.f_bavail),
        used_percent: (share * 100.0) as f32,
        level: Level::of(share),
    })
}

fn size(file: &Path) -> Option<u64> {
    fs::metadata(file).ok().map(|meta| meta.len())
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_plausible() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("a child");
        let reading = read(&Places { data: folder.path().to_owned(), sqlite: None });
        assert!(reading.children.iter().any(|other| other.pid == child.id() && other.name == "sleep"), "{:?}", reading.children);
        child.kill().and_then(|()| child.wait()).expect("ended");
        assert!(reading.rss_bytes.is_some_and(|bytes| bytes > 1 << 20));
        assert!(reading.threads.is_some_and(|threads| threads >= 1));
        assert!(reading.open_files.is_some_and(|files| files >= 3));
        let memory = reading.memory.expect("told");
        assert!(memory.available_bytes <= memory.total_bytes);
        let disk = reading.disk.expect("told");
        assert!(disk.free_bytes <= disk.total_bytes && (0.0..=100.0).contains(&disk.used_percent));
        assert!(ticks_per_s() > 0);
    }

    #[test]
    fn files_are_measured_and_missing_ones_are_not() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("a.db");
        fs::write(&file, [0; 100]).expect("written");
        let reading = read(&Places { data: folder.path().join("missing"), sqlite: Some(file) });
        assert_eq!((reading.sqlite_bytes, reading.wal_bytes), (Some(100), None));
        assert_eq!(reading.disk, None);
    }
}
