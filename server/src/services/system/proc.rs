//! The texts that Linux tells its figures in, read into types. Pure functions; reading the files is the business of [`super::machine`].

/// Of `/proc/PID/stat`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    pub pid: u32,
    /// The program, cut after 15 bytes by the kernel.
    pub name: String,
    pub parent: u32,
    /// Ticks that the process and its reaped children have used.
    pub cpu_ticks: u64,
    pub threads: u32,
    pub rss_pages: u64,
}

/// Reads `/proc/PID/stat`. The name may hold anything, also blanks and brackets: fields are counted from the last `)`.
pub fn stat(text: &str) -> Option<Stat> {
    let (head, tail) = text.rsplit_once(')')?;
    let (pid, name) = head.split_once('(')?;
    // Field 3 of proc_pid_stat(5) is the first of these.
    let fields: Vec<&str> = tail.split_ascii_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    Some(Stat {
        pid: pid.trim().parse().ok()?,
        name: name.to_owned(),
        parent: u32::try_from(number(4)?).ok()?,
        cpu_ticks: [14, 15, 16, 17].into_iter().try_fold(0_u64, |sum, field| Some(sum.saturating_add(number(field)?)))?,
        threads: u32::try_from(number(20)?).ok()?,
        rss_pages: number(24)?,
    })
}

/// Of `/proc/meminfo`: (total, available), bytes.
pub fn memory(text: &str) -> Option<(u64, u64)> {
    let bytes = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        kib.checked_mul(1024)
    };
    Some((bytes("MemTotal")?, bytes("MemAvailable")?))
}

/// Those of `all` that descend from `root`, without it.
pub fn descendants(root: u32, all: &[Stat]) -> Vec<&Stat> {
    let mut found: Vec<&Stat> = Vec::new();
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        // A process that is its own ancestor can only come from a torn reading.
        let children = all.iter().filter(|stat| stat.parent == parent && stat.pid != root);
        for child in children {
            if !found.iter().any(|known| known.pid == child.pid) {
                found.push(child);
                parents.push(child.pid);
            }
        }
    }
    found.sort_by_key(|stat| stat.pid);
    found
}

/// Turns ticks into a share of a core.
#[derive(Debug, Default)]
pub struct CpuMeter {
    /// Monotonic seconds and ticks of the reading before.
    last: Option<(f64, u64)>,
}

impl CpuMeter {
    /// Percent of one core since the reading before; None for the first.
    pub fn push(&mut self, at_s: f64, ticks: u64, ticks_per_s: u64) -> Option<f32> {
        let (before_s, before) = self.last.replace((at_s, ticks))?;
        let span = at_s - before_s;
        if span <= 0.0 {
            return None;
        }
        // Ticks go back when a child's child was taken over by init: what it used is not ours any more.
        let used = ticks.saturating_sub(before) as f64 / ticks_per_s.max(1) as f64;
        Some((used / span * 100.0) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "4711 (ffmpeg) S 4242 4711 4711 0 -1 4194560 5391 12 3 0 250 50 7 3 20 0 9 0 8471360 612352000 15234 18446744073709551615 1 1 0 0 0 0 0 4096 81922 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
    const MEMINFO: &str = "MemTotal:        8049328 kB\nMemFree:          412340 kB\nMemAvailable:    5190112 kB\nBuffers:          201224 kB\nHugePages_Total:       0\n";

    #[test]
    fn a_process_is_read() {
        let expected = Stat { pid: 4711, name: "ffmpeg".into(), parent: 4242, cpu_ticks: 310, threads: 9, rss_pages: 15234 };
        assert_eq!(stat(STAT), Some(expected));
    }

    #[test]
    fn names_may_look_like_fields() {
        let odd = STAT.replace("(ffmpeg)", "(a) R 1 (b c)");
        let read = stat(&odd).expect("readable");
        assert_eq!((read.name.as_str(), read.parent), ("a) R 1 (b c", 4242));
        // Not the line of a process.
        for text in ["", "4711", "4711 (ffmpeg", "x (ffmpeg) S 1", "4711 (ffmpeg) S 4242 4711", ")("] {
            assert_eq!(stat(text), None, "{text}");
        }
    }

    #[test]
    fn memory_is_in_bytes() {
        assert_eq!(memory(MEMINFO), Some((8_049_328 * 1024, 5_190_112 * 1024)));
        assert_eq!(memory("MemTotal: 12 kB\n"), None);
        assert_eq!(memory("MemTotal: 12 kB\nMemAvailable: much\n"), None);
    }

    #[test]
    fn descendants_are_found_through_their_parents() {
        let process = |pid, parent| Stat { pid, name: String::new(), parent, cpu_ticks: 0, threads: 1, rss_pages: 0 };
        let all = [process(1, 0), process(10, 1), process(30, 20), process(20, 10), process(11, 1), process(40, 10)];
        assert_eq!(descendants(10, &all).iter().map(|stat| stat.pid).collect::<Vec<_>>(), [20, 30, 40]);
        // Torn readings may hold circles.
        let circle = [process(2, 3), process(3, 2), process(4, 2)];
        assert_eq!(descendants(2, &circle).iter().map(|stat| stat.pid).collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn cpu_is_the_share_of_a_core_between_two_readings() {
        let mut meter = CpuMeter::default();
        assert_eq!(meter.push(10.0, 1000, 100), None);
        assert_eq!(meter.push(15.0, 1250, 100), Some(50.0));
        assert_eq!(meter.push(20.0, 2250, 100), Some(200.0), "two cores");
        assert_eq!(meter.push(25.0, 2000, 100), Some(0.0));
        assert_eq!(meter.push(25.0, 2000, 100), None);
    }
}
