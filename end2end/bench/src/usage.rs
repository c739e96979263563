//! CPU time and memory of processes, from `/proc`. Linux only, as the benchmark is.

use std::collections::HashMap;
use std::process::Command;

use anyhow::{Context, Result};

/// What a process and its descendants have used.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// User and system time since their start, seconds.
    pub cpu_s: f64,
    /// Resident memory, shared pages counted in each process, MB (10^6 bytes).
    pub rss_mb: f64,
    /// Resident memory with shared pages split among their users, MB.
    pub pss_mb: f64,
}

impl std::iter::Sum for Usage {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            cpu_s: sum.cpu_s + one.cpu_s,
            rss_mb: sum.rss_mb + one.rss_mb,
            pss_mb: sum.pss_mb + one.pss_mb,
        })
    }
}

/// Clock ticks per second of `/proc/PID/stat`.
pub(crate) fn ticks_per_second() -> Result<f64> {
    let output = Command::new("getconf").arg("CLK_TCK").output().context("getconf")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
}

/// A process and everything it started, as of now.
pub(crate) fn of_tree(root: u32, ticks: f64) -> Usage {
    let stats: HashMap<u32, (u32, f64)> = std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, stat(pid)?)))
        .collect();
    let in_tree = |mut pid: u32| {
        // A chain is never longer than the table; a loop cannot be, but a changing /proc shall not hang us.
        for _ in 0..64 {
            if pid == root {
                return true;
            }
            let Some((parent, _)) = stats.get(&pid) else { return false };
            pid = *parent;
        }
        false
    };
    stats
        .iter()
        .filter(|(pid, _)| in_tree(**pid))
        .map(|(pid, (_, cpu))| Usage {
            cpu_s: cpu / ticks,
            rss_mb: kilobytes(*pid, "status", "VmRSS:"),
            pss_mb: kilobytes(*pid, "smaps_rollup", "Pss:"),
        })
        .sum()
}

/// The resident memory of one process that is backed by no file: heap and stacks, MB (10^6 bytes).
pub(crate) fn own_mb(pid: u32) -> f64 {
    kilobytes(pid, "status", "RssAnon:")
}

/// Open file descriptors and threads of a process.
pub(crate) fn files_and_threads(pid: u32) -> (usize, usize) {
    let count = |folder: &str| std::fs::read_dir(format!("/proc/{pid}/{folder}")).map_or(0, Iterator::count);
    (count("fd"), count("task"))
}

/// Processes that a process has started and that still are there, zombies included.
pub(crate) fn descendants(pid: u32) -> usize {
    let children = |pid: u32| -> Vec<u32> {
        let folder = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        let lists = folder.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
        lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>()).collect()
    };
    let mut found = 0;
    let mut waiting = children(pid);
    while let Some(pid) = waiting.pop() {
        found += 1;
        waiting.extend(children(pid));
    }
    found
}

/// Parent, and user plus system time in ticks.
fn stat(pid: u32) -> Option<(u32, f64)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything; fields count from behind it.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((fields.get(1)?.parse().ok()?, number(11)? + number(12)?))
}

fn kilobytes(pid: u32, file: &str, name: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    value.unwrap_or(0.0) * 1024.0 / 1e6
}
