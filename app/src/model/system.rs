//! How the server's process and its machine are, and what was measured over the last hour.

use super::{Quality, StreamState};
use serde::{Deserialize, Serialize};

/// Answer of `GET /api/v1/system/health`: one sample, at most a few seconds old.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SystemHealth {
    /// When it was measured.
    pub at: String,
    pub process: ProcessHealth,
    /// None where the system does not tell.
    pub memory: Option<MemoryHealth>,
    /// The file system of the data folder; None where the system does not tell.
    pub disk: Option<DiskHealth>,
    pub database: DatabaseHealth,
    pub streams: StreamsSummary,
    pub connections: ConnectionCounts,
    pub counters: SystemCounters,
}

/// The server's own process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ProcessHealth {
    pub version: String,
    pub pid: u32,
    pub started_at: String,
    pub uptime_s: u64,
    /// Of this process and its children since the sample before; 100 is one core fully used. None in the first sample.
    pub cpu_percent: Option<f32>,
    /// Cores that this process may use.
    pub cores: u32,
    /// Resident memory of this process, without its children. This and the figures below are null where the system does not tell.
    pub rss_bytes: Option<u64>,
    pub open_files: Option<u32>,
    /// None: no limit.
    pub open_files_limit: Option<u64>,
    pub threads: Option<u32>,
    /// Asynchronous tasks that are alive.
    pub tasks: u32,
    /// Child processes (ffmpeg) and theirs; at most 256 are listed.
    pub children: Vec<ChildProcess>,
}

/// A program that the server runs (ffmpeg).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ChildProcess {
    pub pid: u32,
    pub name: String,
    pub rss_bytes: u64,
}

/// Of the whole machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct MemoryHealth {
    pub total_bytes: u64,
    /// What programs could still get without swapping.
    pub available_bytes: u64,
}

/// How full something is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    #[default]
    Ok,
    /// From 85 % on.
    Warning,
    /// From 95 % on.
    Critical,
}

impl Level {
    /// The level of a share of 0-1.
    pub fn of(share: f64) -> Self {
        if share >= 0.95 {
            Self::Critical
        } else if share >= 0.85 {
            Self::Warning
        } else {
            Self::Ok
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DiskHealth {
    pub total_bytes: u64,
    /// What this process may still fill.
    pub free_bytes: u64,
    /// As `df` counts it: what is reserved for root is neither used nor free.
    pub used_percent: f32,
    pub level: Level,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DatabaseKind {
    Sqlite,
    Postgres,
}

/// The database, and how quickly it answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DatabaseHealth {
    pub kind: DatabaseKind,
    /// Whether a query was answered just now.
    pub reachable: bool,
    /// None where it could not be found out.
    pub size_bytes: Option<u64>,
    /// SQLite's write-ahead log.
    pub wal_bytes: Option<u64>,
    pub read_ms: Option<f32>,
    /// How long the last test write took, its commit included. One is made every minute.
    pub write_ms: Option<f32>,
    /// When the last test write succeeded.
    pub written_at: Option<String>,
}

/// Streams by what they are doing. A camera without a sub stream counts once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StreamsSummary {
    pub total: u32,
    pub live: u32,
    /// Being connected, without a failure before.
    pub connecting: u32,
    /// Wanted and without pictures.
    pub trouble: u32,
    /// Nobody wants it, or the camera sleeps to save its battery.
    pub idle: u32,
    pub disabled: u32,
}

/// Who is connected now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ConnectionCounts {
    /// Pages that follow `/api/v1/ws`.
    pub pages: u32,
    pub mse: u32,
    pub hls: u32,
    pub webrtc: u32,
    pub mjpeg: u32,
}

/// Counted since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SystemCounters {
    /// Frames that were lost on the network or skipped for slow viewers, over all streams there are now.
    pub frames_dropped: u64,
    /// Sessions opened anew, over all streams there are now.
    pub reconnects: u64,
    /// Pages that could not keep up with the changes and got the full state again.
    pub pages_lagged: u64,
    /// Messages of pages that are not known and were left alone.
    pub messages_ignored: u64,
    /// Pages that were cut off for sending too many messages.
    pub pages_flooding: u64,
    /// Measured delays that pages told.
    pub latencies_told: u64,
}

/// Query of `GET /api/v1/system/history`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "ssr", into_params(parameter_in = Query))]
#[serde(default)]
pub struct HistoryQuery {
    /// Seconds per point, 10-600; rounded down to a multiple of 10, which is also the default.
    // Larger ones than 600 are read as 600, up to what the number holds.
    #[cfg_attr(feature = "ssr", param(maximum = 4_294_967_295_i64))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_s: Option<u32>,
}

/// The last hour of every stream. All lists are equally long, oldest first, and end at `end`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct History {
    pub end: String,
    pub step_s: u32,
    pub streams: Vec<StreamHistory>,
}

/// One stream; `null` stands where nothing was measured: before it existed, or before the server started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StreamHistory {
    pub camera_id: i64,
    pub quality: Quality,
    /// Mean over the step.
    pub fps: Vec<Option<f32>>,
    /// Mean over the step.
    pub bitrate_kbps: Vec<Option<u32>>,
    /// From the server's receiving a frame to its being on a viewer's screen: the mean of what the watching pages told. `null` while
    /// nobody watches.
    pub latency_ms: Vec<Option<u32>>,
    /// Sessions opened anew within the step.
    pub reconnects: Vec<Option<u32>>,
    /// The worst state within the step, a letter each: `l` live, `c` connecting, `s` stalled, `b` backoff, `a` auth_blocked,
    /// `o` circuit_open, `i` idle, `d` disabled, `-` nothing measured.
    pub states: String,
}

impl StreamState {
    /// Every state, the best first: what a stream of a camera that is turned off does is of no weight beside what it did before.
    pub const BY_WEIGHT: [Self; 8] =
        [Self::Disabled, Self::Idle, Self::Live, Self::Connecting, Self::Stalled, Self::Backoff, Self::AuthBlocked, Self::CircuitOpen];

    /// In [`StreamHistory::states`].
    pub fn letter(self) -> char {
        match self {
            Self::Live => 'l',
            Self::Connecting => 'c',
            Self::Stalled => 's',
            Self::Backoff => 'b',
            Self::AuthBlocked => 'a',
            Self::CircuitOpen => 'o',
            Self::Idle => 'i',
            Self::Disabled => 'd',
        }
    }

    /// The state of a letter; None for `-`.
    pub fn from_letter(letter: char) -> Option<Self> {
        Self::BY_WEIGHT.into_iter().find(|state| state.letter() == letter)
    }
}
