//! The upstream session of a stream: opened through the login gate and the connect limit, asked for items, closed in the background.
//!
//! What does not belong here: when to open or close (that is [`super::policy`]).

use crate::error::StreamError;
use crate::ingest::{Connect, Knocked, LoginMark, REQUEST_LIMIT, Source, SourceSpec};
use crate::stream::breaker::LoginGate;
use crate::time::Stamp;
use crate::unit::SourceItem;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A source promises to end within about two seconds; after this it is dropped.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a camera that was silent is asked for a first word before a session is tried: as long as a session waits for the answer to a
/// request, so that none is given up here that would have been opened.
const FIRST_WORD: Duration = REQUEST_LIMIT;

/// Both clocks, the monotonic one as tokio has it (tests pause it).
pub(super) fn now() -> Stamp {
    Stamp::at(Instant::now().into_std())
}

/// At most so many connections are being opened at once, over all streams. Streams that keep failing use part of it only, so that a
/// row of dead cameras, each waiting for its time-out, never keeps a healthy one from reconnecting.
#[derive(Debug)]
pub(super) struct ConnectLimit {
    all: Semaphore,
    failing: Semaphore,
}

impl ConnectLimit {
    pub(super) fn new(limit: usize) -> Self {
        let limit = limit.max(1);
        Self { all: Semaphore::new(limit), failing: Semaphore::new((limit * 3 / 4).max(1)) }
    }

    /// Waits for a place; it is kept until the permits are dropped. None once closed, which never happens.
    async fn enter(&self, failing: bool) -> (Option<SemaphorePermit<'_>>, Option<SemaphorePermit<'_>>) {
        let lane = if failing { self.failing.acquire().await.ok() } else { None };
        (lane, self.all.acquire().await.ok())
    }
}

/// What every session of the installation shares.
pub(super) struct Upstream {
    pub(super) connect: Arc<dyn Connect>,
    pub(super) gate: LoginGate,
    pub(super) limit: ConnectLimit,
    pub(super) connect_timeout: Duration,
    /// Closes that run in the background; awaited at shutdown.
    pub(super) closing: TaskTracker,
    /// Cancelled at shutdown.
    pub(super) stopping: CancellationToken,
}

/// Answer to an opening.
pub(super) enum Opened {
    Source(Box<dyn Source>),
    Failed(StreamError),
    Blocked { until: Stamp },
}

/// A session that is being opened. Whoever gives it up hands it to [`Upstream::abandon`].
pub(super) struct Opening {
    opened: BoxFuture<'static, Opened>,
    login: Arc<LoginMark>,
}

impl Opening {
    /// Cancel-safe.
    pub(super) async fn opened(&mut self) -> Opened {
        (&mut self.opened).await
    }
}

impl Upstream {
    /// Opens one session. `failing`: its last attempts failed. `silence`: with what this one fails if the camera, which was silent, still is:
    /// it is asked for a first word, anew every second, because an attempt that began before the camera was there would wait for nothing.
    pub(super) fn open(self: &Arc<Self>, spec: SourceSpec, failing: bool, silence: Option<StreamError>) -> Opening {
        let (upstream, login) = (Arc::clone(self), Arc::new(LoginMark::default()));
        let mark = Arc::clone(&login);
        Opening { opened: Box::pin(async move { upstream.try_open(&spec, failing, silence, &mark).await }), login }
    }

    async fn try_open(&self, spec: &SourceSpec, failing: bool, silence: Option<StreamError>, login: &LoginMark) -> Opened {
        if let Some(error) = silence
            && self.connect.knock(spec, FIRST_WORD).await == Some(Knocked::Silent)
        {
            return Opened::Failed(error);
        }
        let pass = match self.gate.enter(self.gate.login(spec), login, now).await {
            Ok(pass) => pass,
            Err(until) => return Opened::Blocked { until },
        };
        let permits = self.limit.enter(failing).await;
        let result = match timeout(self.connect_timeout, self.connect.connect(spec, login)).await {
            Ok(result) => result,
            Err(_) => Err(StreamError::no_answer(self.connect_timeout)),
        };
        drop(permits);
        let blocked = pass.finish(&result, now());
        match (result, blocked) {
            (Ok(source), _) => Opened::Source(source),
            (Err(_), Some(until)) => Opened::Blocked { until },
            (Err(error), None) => Opened::Failed(error),
        }
    }

    /// Gives an opening up. Resolves when it has ended: at once, unless the camera still has to answer a login. Were that not waited for, it
    /// would count as refused although it may be right; a session that comes of it is ended. At shutdown nothing is counted any more.
    pub(super) fn abandon(&self, mut opening: Opening) -> BoxFuture<'static, ()> {
        if !opening.login.is_under_way() {
            return std::future::ready(()).boxed();
        }
        let stopping = self.stopping.clone();
        let task = self.closing.spawn(async move {
            let login = Arc::clone(&opening.login);
            tokio::select! {
                biased;
                opened = opening.opened() => if let Opened::Source(source) = opened {
                    let _ = timeout(CLOSE_TIMEOUT, source.close()).await;
                },
                () = login.settled() => {}
                () = stopping.cancelled() => {}
            }
        });
        task.map(|_| ()).boxed()
    }

    /// Ends a session in the background, also when it hangs or breaks. Resolves when it has ended.
    pub(super) fn close(&self, source: Box<dyn Source>) -> BoxFuture<'static, ()> {
        let task = self.closing.spawn(async move {
            let _ = timeout(CLOSE_TIMEOUT, source.close()).await;
        });
        // A panic inside `close` ends the session as well.
        task.map(|_| ()).boxed()
    }
}

/// The session of one stream. There is no second place to keep one.
#[derive(Default)]
pub(super) enum Slot {
    #[default]
    Empty,
    Opening(Opening),
    Open(Box<dyn Source>),
    Closing(BoxFuture<'static, ()>),
}

/// What a session did.
#[expect(clippy::large_enum_variant, reason = "one per frame, moved once: boxing it would be an allocation per frame")]
pub(super) enum Happened {
    Opened(Opened),
    Item(Result<SourceItem, StreamError>),
    Closed,
}

impl Slot {
    /// What the session does next; waits for ever while there is none. Cancel-safe.
    pub(super) async fn next(&mut self) -> Happened {
        match self {
            Slot::Empty => std::future::pending().await,
            Slot::Opening(opening) => Happened::Opened(opening.opened().await),
            Slot::Open(source) => Happened::Item(source.next().await),
            Slot::Closing(closing) => {
                closing.await;
                Happened::Closed
            }
        }
    }

    /// Begins to end whatever is there; an opening is given up.
    pub(super) fn close(&mut self, upstream: &Upstream) {
        *self = match std::mem::take(self) {
            Slot::Open(source) => Slot::Closing(upstream.close(source)),
            Slot::Closing(closing) => Slot::Closing(closing),
            Slot::Opening(opening) => Slot::Closing(upstream.abandon(opening)),
            Slot::Empty => Slot::Closing(std::future::ready(()).boxed()),
        };
    }

    /// Ends whatever is there and waits for it (a few seconds at most).
    pub(super) async fn end(&mut self, upstream: &Upstream) {
        self.close(upstream);
        if let Slot::Closing(closing) = std::mem::take(self) {
            closing.await;
        }
    }
}
