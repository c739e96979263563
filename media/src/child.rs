//! Supervised child processes: own process group, output drained, always reaped.
//!
//! No shell, ever: a program and a typed argument list. What the arguments mean is the business of the caller
//! ([`crate::ingest::ffmpeg`], [`crate::snapshot`]); restarting is the business of [`crate::stream`].

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

/// How long a child may take to end by itself after SIGTERM.
pub const STOP_GRACE: Duration = Duration::from_secs(2);
/// Lines of the error output that are kept.
const TAIL_LINES: usize = 40;
/// Longest kept part of a line, in bytes.
const TAIL_LINE_BYTES: usize = 400;
/// All that a child gets of our environment, which may hold keys and database addresses.
const ENVIRONMENT: [&str; 6] = ["PATH", "HOME", "TZ", "LANG", "LC_ALL", "LD_LIBRARY_PATH"];
/// Shorter secrets are not masked in output: they would eat ordinary words and say nothing about the password.
const SHORTEST_MASKED: usize = 3;

static LIVING: AtomicUsize = AtomicUsize::new(0);

/// Children of this process that were started here and not yet reaped.
pub fn living() -> usize {
    LIVING.load(Ordering::Acquire)
}

/// What to start. `secrets` are strings that must not be seen in its error output (they are masked in [`Child::error_tail`]).
#[derive(Debug, Clone, Default)]
pub struct ChildSpec {
    pub program: OsString,
    pub args: Vec<OsString>,
    /// Besides what every child gets.
    pub environment: Vec<(&'static str, OsString)>,
    pub secrets: Secrets,
}

/// Strings to mask; their `Debug` shows only how many there are.
#[derive(Clone, Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Masks this text from now on. Very short ones are not masked: they would hit ordinary words.
    pub fn push(&mut self, secret: impl Into<String>) {
        let secret = secret.into();
        if secret.len() >= SHORTEST_MASKED {
            self.0.push(secret);
            // Longest first: the percent-encoded form may contain the plain one.
            self.0.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        }
    }

    /// `text` with every secret, and every `user:password@` of a URL, replaced.
    pub fn mask(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        for secret in &self.0 {
            masked = masked.replace(secret.as_str(), "***");
        }
        mask_userinfo(&masked)
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

/// Replaces what stands between `://` and `@` within one word.
fn mask_userinfo(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + 3);
        out.push_str(before);
        let authority_len = after.find(|c: char| c == '/' || c.is_whitespace()).unwrap_or(after.len());
        rest = match after[..authority_len].rfind('@') {
            Some(at) => {
                out.push_str("***");
                &after[at..]
            }
            None => after,
        };
    }
    out.push_str(rest);
    out
}

/// A running (or ended, not yet dropped) child. Dropping it ends its whole group in the background.
#[derive(Debug)]
pub struct Child {
    /// None once it was handed to the reaper.
    running: Option<Running>,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    tail: Arc<Mutex<Tail>>,
    drain: JoinHandle<()>,
    secrets: Secrets,
}

impl Child {
    /// Starts the program in its own process group with all three streams piped; its error output is drained from now on.
    ///
    /// # Errors
    /// The program can't be started.
    pub fn spawn(spec: &ChildSpec) -> io::Result<Self> {
        let mut child = Command::new(&spec.program)
            .args(&spec.args)
            .env_clear()
            .envs(ENVIRONMENT.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))))
            .envs(spec.environment.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let tail = Arc::new(Mutex::new(Tail::default()));
        let drain = match child.stderr.take() {
            Some(stderr) => tokio::spawn(drain(stderr, Arc::clone(&tail))),
            None => tokio::spawn(std::future::ready(())),
        };
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let running = Some(Running { child, group, counted: Counted::new(), status: None });
        Ok(Self { running, stdin, stdout, tail, drain, secrets: spec.secrets.clone() })
    }

    /// The child's process id, which is also its group's; None once it was reaped.
    pub fn id(&self) -> Option<u32> {
        self.running.as_ref().and_then(|running| running.child.id())
    }

    /// Its standard input; once.
    pub fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.stdin.take()
    }

    /// Its standard output; once. Whoever takes it must read it: a full pipe stops the child.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.stdout.take()
    }

    /// Waits until it has ended by itself and its error output was read to the end. Cancel-safe.
    ///
    /// # Errors
    /// The operating system refuses to wait.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        let Some(running) = self.running.as_mut() else { return Err(io::Error::other("the child was already stopped")) };
        let status = running.wait().await?;
        // A grandchild may hold the error pipe open for ever: what it has to say is not waited for.
        let _ = tokio::time::timeout(Duration::from_millis(500), &mut self.drain).await;
        Ok(status)
    }

    /// Ends the whole group: SIGTERM, up to [`STOP_GRACE`], SIGKILL; reaped on return.
    pub async fn stop(mut self) {
        self.stdin = None;
        self.stdout = None;
        if let Some(running) = self.running.take() {
            // In a task of its own, so that a caller who is cancelled doesn't leave it half stopped.
            let _ = tokio::spawn(running.stop()).await;
        }
    }

    /// The last lines of its error output, oldest first, credentials masked.
    pub fn error_tail(&self) -> Vec<String> {
        lock(&self.tail).lines.iter().map(|line| self.secrets.mask(line)).collect()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let Some(running) = self.running.take() else { return };
        if running.status.is_some() {
            return;
        }
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(running.stop())),
            // No runtime to wait in: SIGKILL now; tokio's own orphan queue reaps the leader, or init does after us.
            Err(_) => running.signal(Signal::KILL),
        }
    }
}

#[derive(Debug)]
struct Running {
    child: tokio::process::Child,
    group: Option<Pid>,
    counted: Counted,
    status: Option<ExitStatus>,
}

impl Running {
    async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        self.status = Some(status);
        self.counted.reaped();
        Ok(status)
    }

    async fn stop(mut self) {
        if self.status.is_some() {
            return;
        }
        self.signal(Signal::TERM);
        if tokio::time::timeout(STOP_GRACE, self.wait()).await.is_err() {
            self.signal(Signal::KILL);
            if let Err(error) = self.wait().await {
                tracing::warn!(%error, "a child process could not be waited for");
            }
        } else {
            // Members of the group that ignored SIGTERM. The group's number can't be reused while one of them lives.
            self.signal(Signal::KILL);
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // ESRCH: the whole group has ended, which is what was wanted.
            let _ = kill_process_group(group, signal);
        }
    }
}

/// Keeps [`living`] right whichever way a child ends.
#[derive(Debug)]
struct Counted(bool);

impl Counted {
    fn new() -> Self {
        LIVING.fetch_add(1, Ordering::AcqRel);
        Self(true)
    }

    fn reaped(&mut self) {
        if std::mem::take(&mut self.0) {
            LIVING.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.reaped();
    }
}

/// The newest lines of an output, bounded in lines and line length.
#[derive(Debug, Default)]
struct Tail {
    lines: VecDeque<String>,
    partial: Vec<u8>,
}

impl Tail {
    fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' | b'\r' => self.end_line(),
                _ if self.partial.len() < TAIL_LINE_BYTES => self.partial.push(*byte),
                _ => {}
            }
        }
    }

    fn end_line(&mut self) {
        if self.partial.is_empty() {
            return;
        }
        if self.lines.len() == TAIL_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(String::from_utf8_lossy(&self.partial).into_owned());
        self.partial.clear();
    }
}

fn lock(tail: &Mutex<Tail>) -> MutexGuard<'_, Tail> {
    // Every step leaves the tail whole, so a panic elsewhere while it was locked does no harm.
    tail.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn drain(mut output: impl AsyncRead + Unpin, tail: Arc<Mutex<Tail>>) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = output.read(&mut buffer).await {
        lock(&tail).push(&buffer[..count]);
    }
    lock(&tail).end_line();
}

#[cfg(test)]
#[path = "child/tests.rs"]
mod tests;
