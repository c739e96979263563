//! What can happen to a camera, and `scripts/bench faults`: how soon each is noticed and got over, as a viewer sees it.
//!
//! Here is what ends a session. What does not (a session id that changes, timestamps that jump, other parameter sets, some datagrams lost, packets against
//! the rules of RTP) is in the server's own tests of faults: nothing could be timed. Nor is a wrong password here: after two refusals nothing is tried until
//! somebody enters another one, so there is no "live again"; a camera at its limit of sessions is the rows 403, 453 and 503.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use fakecam::{Action, Answer, ConnectBehaviour, FakeCamera, Fixture, KeepaliveBehaviour, Script, Step, TransportBehaviour};
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};

use crate::server::Server;
use crate::watch::{Seen, Watch};
use crate::{percentiles, say};

type Act = for<'a> fn(&'a FakeCamera) -> BoxFuture<'a, Result<()>>;

/// Aims, each for every single time.
const NOTICED_MS: f64 = 5000.0;
const LIVE_AGAIN_MS: f64 = 2000.0;

#[derive(Clone, Copy)]
pub(crate) struct Fault {
    pub name: &'static str,
    pub begin: Act,
    /// How long it lasts; over at once if zero.
    pub lasts: Duration,
    /// How the camera is without it.
    healthy: fn() -> Script,
    /// `tcp` or `udp`.
    transport: &'static str,
}

impl Fault {
    const fn new(name: &'static str, begin: Act, lasts: Duration) -> Self {
        Self { name, begin, lasts, healthy: Script::default, transport: "tcp" }
    }

    const fn of(self, healthy: fn() -> Script) -> Self {
        Self { healthy, ..self }
    }

    const fn over(self, transport: &'static str) -> Self {
        Self { transport, ..self }
    }
}

/// A session of four seconds: a keepalive every two.
pub(crate) fn short_session() -> Script {
    Script { session_timeout_s: Some(4), ..Script::default() }
}

macro_rules! acts {
    ($name:literal, $seconds:literal, $action:expr) => {
        Fault::new($name, |camera| camera.act(None, $action).boxed(), Duration::from_secs($seconds))
    };
}

/// How keepalives are answered for as long as it takes to send one, and no longer: the next session shall be good.
macro_rules! keepalives {
    ($name:literal, $behaviour:ident) => {
        Fault::new(
            $name,
            |camera| camera.update(None, |script| script.keepalive = KeepaliveBehaviour::$behaviour).map(Ok).boxed(),
            Duration::from_millis(2100),
        )
        .of(short_session)
    };
}

/// A lasting behaviour; `drop` has it met by a new connection.
macro_rules! scripts {
    ($name:literal, $seconds:literal, drop: $drop:literal, |$script:ident| $change:expr) => {
        Fault::new(
            $name,
            |camera| {
                async move {
                    camera.update(None, |$script| $change).await;
                    if $drop { camera.drop_connections().await } else { Ok(()) }
                }
                .boxed()
            },
            Duration::from_secs($seconds),
        )
    };
}

fn answer(script: &mut Script, step: Step, status: u16) {
    script.answers.push(Answer { step, status, times: None });
}

/// Every fault that ends a session.
pub(crate) const FAULTS: [Fault; 23] = [
    acts!("connection ended", 0, Action::DropConnections { reset: false }),
    acts!("connection reset", 0, Action::DropConnections { reset: true }),
    acts!("ended inside a frame", 0, Action::DropMidNal),
    acts!("garbage between frames", 0, Action::Garbage { bytes: 32 }),
    acts!("a packet cut short", 0, Action::CutPacket),
    acts!("reboot", 5, Action::Reboot { seconds: 5.0, power_loss: false }),
    acts!("power loss", 12, Action::Reboot { seconds: 12.0, power_loss: true }),
    scripts!("refused", 5, drop: true, |script| script.connect = ConnectBehaviour::Refuse),
    scripts!("silent port", 8, drop: true, |script| script.connect = ConnectBehaviour::Silent),
    scripts!("closes at once", 5, drop: true, |script| script.connect = ConnectBehaviour::Close),
    scripts!("web server on the port", 5, drop: true, |script| script.connect = ConnectBehaviour::Http),
    scripts!("404", 5, drop: true, |script| answer(script, Step::Describe, 404)),
    scripts!("403", 5, drop: true, |script| answer(script, Step::Describe, 403)),
    scripts!("453", 5, drop: true, |script| answer(script, Step::Setup, 453)),
    scripts!("503", 5, drop: true, |script| answer(script, Step::Describe, 503)),
    scripts!("461", 5, drop: true, |script| script.transport = TransportBehaviour::UdpOnly),
    scripts!("stall", 8, drop: false, |script| script.stall = true),
    scripts!("stall of the picture only", 8, drop: false, |script| script.stall_video = true),
    scripts!("slow trickle", 15, drop: false, |script| script.bytes_per_second = Some(600)),
    keepalives!("keepalive under a wrong number", WrongCseq),
    keepalives!("keepalive refused", BadRequestWrongCseq),
    keepalives!("keepalive unanswered", Ignore),
    scripts!("all datagrams lost", 8, drop: false, |script| script.loss = 1.0).over("udp"),
];

impl Fault {
    /// Lets it happen and be over: the camera does as `healthy` says again. The moment when it began, and when the camera was able again.
    pub(crate) async fn happen(&self, camera: &FakeCamera, healthy: &Script) -> Result<(Instant, Instant)> {
        let begun = Instant::now();
        (self.begin)(camera).await?;
        tokio::time::sleep(self.lasts).await;
        camera.update(None, |script| script.clone_from(healthy)).await;
        if self.name == "reboot" || self.name == "power loss" {
            while tokio::net::TcpStream::connect(camera.address()).await.is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        let able = if self.lasts.is_zero() { begun } else { Instant::now() };
        Ok((begun, able))
    }
}

/// Every fault `rounds` times, one camera each, all at the same time.
///
/// # Errors
/// After the table: an aim was missed.
pub(crate) async fn run(server: &Server, rounds: u32) -> Result<()> {
    let measured =
        join_all(FAULTS.iter().map(|fault| async move { measure(server, fault, rounds).await.with_context(|| fault.name) })).await;
    say("| fault | noticed p50 / p99 ms | live again p50 / p99 ms | sessions at once |");
    say("| --- | ---: | ---: | ---: |");
    let mut missed = Vec::new();
    for (fault, measured) in FAULTS.iter().zip(measured) {
        let (mut noticed, mut again, sessions) = measured?;
        let (noticed, again) = (percentiles(&mut noticed).context("not noticed")?, percentiles(&mut again).context("not live again")?);
        let name = fault.name;
        if noticed.most > NOTICED_MS {
            missed.push(format!("{name}: noticed after {:.0} ms", noticed.most));
        }
        if again.most > LIVE_AGAIN_MS {
            missed.push(format!("{name}: live again after {:.0} ms", again.most));
        }
        if sessions > 1 {
            missed.push(format!("{name}: {sessions} sessions at once"));
        }
        say(&format!("| {name} | {:.0} / {:.0} | {:.0} / {:.0} | {sessions} |", noticed.p50, noticed.p99, again.p50, again.p99));
    }
    if !missed.is_empty() {
        say(&format!("FAIL: {}", missed.join("; ")));
        bail!("an aim was missed");
    }
    say("PASS");
    Ok(())
}

async fn measure(server: &Server, fault: &Fault, rounds: u32) -> Result<(Vec<f64>, Vec<f64>, u64)> {
    let healthy = (fault.healthy)();
    let camera = FakeCamera::builder().fixture(Fixture::sub()).behaviour(healthy.clone()).start().await?;
    let id = server.add_camera_over(fault.transport, fault.name, &camera.url("/main"), true).await?;
    server.wait_live(&[id]).await?;
    let mut watch = Watch::open(server, id).await?;
    let (mut noticed, mut again) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        // Healthy for a while, not always in step with the key frames.
        let pause = Duration::from_millis(4000 + u64::from(rand::random::<u16>() % 2000));
        tokio::time::sleep(pause).await;
        watch.catch_up();
        let happening = fault.happen(&camera, &healthy);
        let watching = async {
            let dark = watch.until(|seen| matches!(seen, Seen::State(state) if state != "live")).await?;
            let live = watch.until(|seen| matches!(seen, Seen::State(state) if state == "live")).await?;
            let frame = watch.until(|seen| matches!(seen, Seen::Frame)).await?;
            Ok::<_, anyhow::Error>((dark, live.max(frame)))
        };
        let (happened, watched) = tokio::join!(happening, watching);
        let ((begun, able), (dark, live)) = (happened?, watched?);
        noticed.push(dark.saturating_duration_since(begun).as_secs_f64() * 1000.0);
        // An unanswered keepalive is missed only when the next one is due, and the camera answers again by then.
        let able = if fault.lasts.is_zero() { able } else { able.max(dark) };
        again.push(live.saturating_duration_since(able).as_secs_f64() * 1000.0);
    }
    Ok((noticed, again, camera.sessions_max()))
}
