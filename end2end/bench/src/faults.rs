//! What can happen to a camera, and `scripts/bench faults`: how soon each is noticed and got over, as a viewer sees it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use fakecam::{Action, Answer, ConnectBehaviour, FakeCamera, Fixture, Script, Step, TransportBehaviour};
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};

use crate::server::Server;
use crate::watch::{Seen, Watch};
use crate::{percentiles, say};

type Act = for<'a> fn(&'a FakeCamera) -> BoxFuture<'a, Result<()>>;

#[derive(Clone, Copy)]
pub(crate) struct Fault {
    pub name: &'static str,
    pub begin: Act,
    /// How long it lasts; over at once if zero.
    pub lasts: Duration,
}

macro_rules! acts {
    ($name:literal, $seconds:literal, $action:expr) => {
        Fault { name: $name, begin: |camera| camera.act(None, $action).boxed(), lasts: Duration::from_secs($seconds) }
    };
}

/// A lasting behaviour; `drop` has it met by a new connection.
macro_rules! scripts {
    ($name:literal, $seconds:literal, drop: $drop:literal, |$script:ident| $change:expr) => {
        Fault {
            name: $name,
            begin: |camera| {
                async move {
                    camera.update(None, |$script| $change).await;
                    if $drop { camera.drop_connections().await } else { Ok(()) }
                }
                .boxed()
            },
            lasts: Duration::from_secs($seconds),
        }
    };
}

fn answer(script: &mut Script, step: Step, status: u16) {
    script.answers.push(Answer { step, status, times: None });
}

/// Every fault that ends a session.
pub(crate) const FAULTS: [Fault; 19] = [
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
];

impl Fault {
    /// Lets it happen and be over. The moment when it began, and when the camera was able again.
    pub(crate) async fn happen(&self, camera: &FakeCamera) -> Result<(Instant, Instant)> {
        let begun = Instant::now();
        (self.begin)(camera).await?;
        tokio::time::sleep(self.lasts).await;
        camera.resume().await;
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
pub(crate) async fn run(server: &Server, rounds: u32) -> Result<()> {
    let measured =
        join_all(FAULTS.iter().map(|fault| async move { measure(server, fault, rounds).await.with_context(|| fault.name) })).await;
    say("| fault | noticed p50 / p99 ms | live again p50 / p99 ms | sessions at once |");
    say("| --- | ---: | ---: | ---: |");
    for (fault, measured) in FAULTS.iter().zip(measured) {
        let (mut noticed, mut again, sessions) = measured?;
        let (noticed, again) = (percentiles(&mut noticed).context("not noticed")?, percentiles(&mut again).context("not live again")?);
        let name = fault.name;
        say(&format!("| {name} | {:.0} / {:.0} | {:.0} / {:.0} | {sessions} |", noticed.p50, noticed.p99, again.p50, again.p99));
    }
    Ok(())
}

async fn measure(server: &Server, fault: &Fault, rounds: u32) -> Result<(Vec<f64>, Vec<f64>, u64)> {
    let camera = FakeCamera::builder().fixture(Fixture::sub()).start().await?;
    let id = server.add_camera(fault.name, &camera.url("/main"), true).await?;
    server.wait_live(&[id]).await?;
    let mut watch = Watch::open(server, id).await?;
    let (mut noticed, mut again) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        // Healthy for a while, not always in step with the key frames.
        let pause = Duration::from_millis(4000 + u64::from(rand::random::<u16>() % 2000));
        tokio::time::sleep(pause).await;
        watch.catch_up();
        let happening = fault.happen(&camera);
        let watching = async {
            let dark = watch.until(|seen| matches!(seen, Seen::State(state) if state != "live")).await?;
            let live = watch.until(|seen| matches!(seen, Seen::State(state) if state == "live")).await?;
            let frame = watch.until(|seen| matches!(seen, Seen::Frame)).await?;
            Ok::<_, anyhow::Error>((dark, live.max(frame)))
        };
        let (happened, watched) = tokio::join!(happening, watching);
        let ((begun, able), (dark, live)) = (happened?, watched?);
        noticed.push(dark.saturating_duration_since(begun).as_secs_f64() * 1000.0);
        again.push(live.saturating_duration_since(able).as_secs_f64() * 1000.0);
    }
    Ok((noticed, again, camera.sessions_max()))
}
