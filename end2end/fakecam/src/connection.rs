//! One client's TCP connection: reads requests, answers them as the script says, sends media when it is due.
//!
//! A single task does both, as small cameras do; what a session sends is in `connection/session.rs`.

mod answers;
mod login;
mod session;
mod track;
mod transport;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{broadcast, watch};

use crate::rtsp::{self, Input, Request, Response};
use crate::script::{Action, ConnectBehaviour, KeepaliveBehaviour, Script};
use crate::shared::{Handshake, Scripts, Shared};
use session::{Ended, Session};

/// A viewer that takes nothing for this long is gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// A slow line takes so many pieces a second.
const PIECES_PER_SECOND: u32 = 20;

/// Why a connection is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// FIN.
    Close,
    /// RST.
    Reset,
    /// The power went: silence until the camera is back, then RST.
    PowerLoss,
}

struct Connection<'a> {
    shared: &'a Arc<Shared>,
    write: OwnedWriteHalf,
    /// What was said and not yet sent: answers and media in their order.
    out: Vec<u8>,
    /// A slow line takes the next piece then.
    line_free: Instant,
    /// When the line last took something, or there was nothing to send.
    progress: Instant,
    /// The connection ends once `out` is sent.
    hang_up: bool,
    /// From the first `SETUP` to the answer to `PLAY`.
    handshake: Option<Handshake>,
    scripts: watch::Receiver<Scripts>,
    nonce: String,
    logged_in: bool,
    session: Option<Session>,
    /// For wrong answers to keepalives.
    previous_cseq: String,
    last_sign_of_life: Instant,
}

pub(crate) async fn serve(shared: &Arc<Shared>, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let (mut read, write) = stream.into_split();
    let mut connection = Connection {
        shared,
        write,
        out: Vec::new(),
        line_free: Instant::now(),
        progress: Instant::now(),
        hang_up: false,
        handshake: None,
        scripts: shared.scripts.subscribe(),
        nonce: format!("{:016x}", rand::random::<u64>()),
        logged_in: false,
        session: None,
        previous_cseq: String::new(),
        last_sign_of_life: Instant::now(),
    };
    let mut off = shared.off.subscribe();
    let end = tokio::select! {
        biased;
        () = shared.cancel.cancelled() => return,
        end = connection.run(&mut read) => end,
    };
    // Counted out before the client can see the end of the connection: tests ask for the counters right after.
    connection.session = None;
    connection.handshake = None;
    if end == End::PowerLoss {
        tokio::select! {
            () = shared.cancel.cancelled() => {}
            _ = off.wait_for(|off| !off) => {}
        }
    }
    if end != End::Close {
        let whole = read.reunite(connection.write);
        if let Ok(stream) = whole {
            let _ = stream.set_zero_linger();
        }
    }
}

impl Connection<'_> {
    async fn run(&mut self, read: &mut OwnedReadHalf) -> End {
        let mut actions = self.shared.actions.subscribe();
        let connect = self.scripts.borrow().get(None).connect;
        match connect {
            ConnectBehaviour::Accept | ConnectBehaviour::Refuse => {}
            ConnectBehaviour::Close => return End::Close,
            ConnectBehaviour::Silent | ConnectBehaviour::Http | ConnectBehaviour::Tls => {
                return self.no_rtsp(read, &mut actions, connect).await;
            }
        }
        let mut input = Vec::new();
        let mut chunk = vec![0; 4096];
        loop {
            let script = self.script();
            let (half_open, due) = (script.half_open, self.session.as_mut().and_then(|session| session.next_due(&script)));
            let timeout = self.session.as_ref().and(script.session_timeout_s).map(|seconds| Duration::from_secs(u64::from(seconds)));
            let pending = !self.out.is_empty();
            let piece =
                script.bytes_per_second.map_or(self.out.len(), |rate| self.out.len().min((rate / PIECES_PER_SECOND).max(1) as usize));
            let line_free = script.bytes_per_second.and(Some(self.line_free));
            let result = tokio::select! {
                biased;
                action = actions.recv() => match action {
                    Ok((mount, action)) => self.act(mount.as_deref(), &action),
                    Err(broadcast::error::RecvError::Lagged(_)) => Ok(()),
                    Err(broadcast::error::RecvError::Closed) => Err(End::Close),
                },
                changed = self.scripts.changed() => match changed {
                    Ok(()) => Ok(()),
                    Err(_) => Err(End::Close),
                },
                count = read.read(&mut chunk), if !half_open => match count {
                    Ok(0) | Err(_) => Err(End::Close),
                    Ok(count) => {
                        input.extend_from_slice(&chunk[..count]);
                        self.requests(&mut input).await
                    }
                },
                taken = send(&mut self.write, &self.out[..piece], line_free), if pending && !half_open => self.sent(taken, script.bytes_per_second),
                // As long as the line is busy the camera's own queue grows.
                () = sleep_until(due), if due.is_some() && !pending && !half_open => self.media(&script),
                () = sleep_until(Some(self.progress + WRITE_TIMEOUT)), if pending && !half_open => Err(End::Close),
                () = sleep_until(timeout.map(|timeout| self.last_sign_of_life + timeout)), if timeout.is_some() => Err(End::Close),
            };
            if let Err(end) = result {
                return end;
            }
        }
    }

    /// The script of the session's mount, or the camera's.
    fn script(&self) -> Script {
        self.scripts.borrow().get(self.session.as_ref().map(|session| session.mount.path.as_str())).clone()
    }

    /// What sits on the port speaks no RTSP.
    async fn no_rtsp(
        &mut self,
        read: &mut OwnedReadHalf,
        actions: &mut broadcast::Receiver<(Option<String>, Action)>,
        connect: ConnectBehaviour,
    ) -> End {
        let mut chunk = vec![0; 4096];
        loop {
            tokio::select! {
                count = read.read(&mut chunk) => {
                    if !matches!(count, Ok(1..)) {
                        return End::Close;
                    }
                    let answer: &[u8] = match connect {
                        ConnectBehaviour::Http => b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nContent-Length: 11\r\nConnection: close\r\n\r\nBad Request",
                        // An alert record: fatal, protocol version.
                        ConnectBehaviour::Tls => &[0x15, 3, 3, 0, 2, 2, 70],
                        _ => continue,
                    };
                    let _ = self.write.write_all(answer).await;
                    return End::Close;
                }
                Ok((_, action)) = actions.recv() => {
                    if let Err(end) = self.act(None, &action) {
                        return end;
                    }
                }
            }
        }
    }

    fn act(&mut self, mount: Option<&str>, action: &Action) -> Result<(), End> {
        let own = self.session.as_ref().map(|session| session.mount.path.as_str());
        if mount.is_some() && mount != own {
            return Ok(());
        }
        match action {
            Action::DropConnections { reset } => Err(if *reset { End::Reset } else { End::Close }),
            Action::Reboot { power_loss, .. } => Err(if *power_loss { End::PowerLoss } else { End::Reset }),
            Action::Garbage { bytes } => {
                // Neither `$` nor the start of an answer.
                self.say((0..*bytes).map(|index| 0x80 | index as u8));
                Ok(())
            }
            _ => {
                if let Some(session) = &mut self.session {
                    session.act(action);
                }
                Ok(())
            }
        }
    }

    fn media(&mut self, script: &Script) -> Result<(), End> {
        let Some(session) = &mut self.session else { return Ok(()) };
        let ended = session.collect(script, Instant::now());
        if self.out.is_empty() {
            self.progress = Instant::now();
        }
        self.out.extend_from_slice(session.collected());
        if ended == Ended::MidFrame {
            self.hang_up = true;
        }
        Ok(())
    }

    fn say(&mut self, bytes: impl IntoIterator<Item = u8>) {
        if self.out.is_empty() {
            self.progress = Instant::now();
        }
        self.out.extend(bytes);
    }

    /// The line has taken so many bytes.
    fn sent(&mut self, taken: std::io::Result<usize>, bytes_per_second: Option<u32>) -> Result<(), End> {
        let count = taken.map_err(|_| End::Close)?;
        self.out.drain(..count);
        self.progress = Instant::now();
        if let Some(rate) = bytes_per_second {
            self.line_free = self.progress + Duration::from_secs_f64(count as f64 / f64::from(rate.max(1)));
        }
        if self.hang_up && self.out.is_empty() { Err(End::Close) } else { Ok(()) }
    }

    async fn requests(&mut self, input: &mut Vec<u8>) -> Result<(), End> {
        loop {
            match rtsp::take(input) {
                Input::Incomplete => return Ok(()),
                Input::Interleaved => self.last_sign_of_life = Instant::now(),
                Input::Invalid => {
                    self.say(Response::new(400).encode("0").into_bytes());
                    self.hang_up = true;
                    return Ok(());
                }
                Input::Request(request) => {
                    self.last_sign_of_life = Instant::now();
                    self.request(&request).await;
                }
            }
        }
    }

    async fn request(&mut self, request: &Request) {
        let script = self.script_for(request);
        if request.method == "SETUP" && self.handshake.is_none() {
            self.handshake = Some(Handshake::begin(self.shared));
        }
        if script.answer_delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(script.answer_delay_ms)).await;
        }
        let cseq = request.header("cseq").unwrap_or("0").to_owned();
        let previous = std::mem::replace(&mut self.previous_cseq, cseq.clone());
        let keepalive = self.session.as_ref().is_some_and(|session| session.playing)
            && matches!(request.method.as_str(), "OPTIONS" | "GET_PARAMETER" | "SET_PARAMETER");
        let (response, cseq) = match script.keepalive {
            KeepaliveBehaviour::Ignore if keepalive => return,
            KeepaliveBehaviour::WrongCseq if keepalive => (Response::new(200), previous),
            KeepaliveBehaviour::BadRequestWrongCseq if keepalive => (Response::new(400), previous),
            KeepaliveBehaviour::RefuseSetParameter if keepalive && request.method == "SET_PARAMETER" => (Response::new(400), previous),
            _ => (self.respond(request, &script).await, cseq),
        };
        tracing::debug!(method = request.method, url = request.url, status = response.status, "request");
        if script.hold_refusals && response.status == 401 && request.header("authorization").is_some() {
            return;
        }
        let played = request.method == "PLAY" && response.status == 200;
        let torn_down = request.method == "TEARDOWN" && response.status == 200;
        if torn_down {
            self.session = None;
        }
        self.say(response.encode(&cseq).into_bytes());
        if let Some(session) = self.session.as_mut().filter(|_| played) {
            session.playing = true;
            self.handshake = None;
        }
    }

    fn script_for(&self, request: &Request) -> Script {
        let path = mount_path(request.path()).0;
        self.scripts.borrow().get(Some(path)).clone()
    }
}

/// Sends what the line takes, once it is free. Cancel-safe.
async fn send(write: &mut OwnedWriteHalf, bytes: &[u8], line_free: Option<Instant>) -> std::io::Result<usize> {
    if let Some(at) = line_free {
        tokio::time::sleep_until(at.into()).await;
    }
    write.write(bytes).await
}

/// `/cam/1/main/trackID=0` is track 0 of `/cam/1/main`.
fn mount_path(path: &str) -> (&str, Option<usize>) {
    match path.rsplit_once("/trackID=") {
        Some((mount, track)) => (mount.trim_end_matches('/'), track.parse().ok()),
        None => (path, None),
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
