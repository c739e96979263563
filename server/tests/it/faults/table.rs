//! The table of faults.

use super::bystanders::Bystander;
use super::harness::{Expected, Fault, Measured, nothing, resume, run, say};
use crate::live_support::{Server, timely};
use fakecam::{
    Action, AudioCodec, ConnectBehaviour, FakeCamera, Fixture, KeepaliveBehaviour, PacketBehaviour, Script, Step, TransportBehaviour,
};
use futures::FutureExt;
use media::ErrorCode::{NotFound, Protocol, Refused, SessionLimit, Stalled, Timeout, Unreachable, UnsupportedTransport};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

const CLOSED: &str = "closed the connection";
const BROKEN: &str = "breaks the stream";
const SILENT: &str = "No frames for";
/// Depends on which picture was on its way: a key frame takes longer than five seconds.
const SLOW: &str = "Pictures come too slowly|No frames for";

/// A lasting behaviour, met by a new connection: the old one is dropped.
async fn and_drop(camera: &FakeCamera, change: impl FnOnce(&mut Script)) {
    camera.update(None, change).await;
    camera.drop_connections().await.expect("a camera that listens");
}

async fn act(camera: &FakeCamera, action: Action) {
    camera.act(None, action).await.expect("a camera that listens");
}

/// Opening fails at this step with this status.
macro_rules! answers {
    ($step:ident $status:literal) => {
        |camera| {
            async move {
                camera.answer(Step::$step, $status).await;
                camera.drop_connections().await.expect("a camera that listens");
            }
            .boxed()
        }
    };
}

macro_rules! acts {
    ($action:expr) => {
        |camera| act(camera, $action).boxed()
    };
}

macro_rules! scripts {
    (|$script:ident| $change:expr) => {
        |camera| camera.update(None, |$script| $change).boxed()
    };
}

macro_rules! drops {
    (|$script:ident| $change:expr) => {
        |camera| and_drop(camera, |$script| $change).boxed()
    };
}

/// The camera cannot be reached, or does not serve.
fn away() -> Vec<Fault> {
    vec![
        Fault::outage("refused", drops!(|script| script.connect = ConnectBehaviour::Refuse), Unreachable, CLOSED, Refused),
        Fault::outage("silent port", drops!(|script| script.connect = ConnectBehaviour::Silent), Unreachable, CLOSED, Timeout),
        Fault::outage("closes at once", drops!(|script| script.connect = ConnectBehaviour::Close), Unreachable, CLOSED, Protocol),
        Fault::outage("web server on the port", drops!(|script| script.connect = ConnectBehaviour::Http), Unreachable, CLOSED, Protocol),
        Fault::outage("404", answers!(Describe 404), Unreachable, CLOSED, NotFound),
        Fault::outage("403", answers!(Describe 403), Unreachable, CLOSED, SessionLimit),
        Fault::outage("453", answers!(Setup 453), Unreachable, CLOSED, SessionLimit),
        Fault::outage("503", answers!(Describe 503), Unreachable, CLOSED, SessionLimit),
        Fault::outage("500", answers!(Play 500), Unreachable, CLOSED, Protocol),
        Fault::outage(
            "461, TCP wanted",
            drops!(|script| script.transport = TransportBehaviour::UdpOnly),
            Unreachable,
            CLOSED,
            UnsupportedTransport,
        ),
        Fault::outage("reboot", acts!(Action::Reboot { seconds: 4.0, power_loss: false }), Unreachable, CLOSED, Refused).ends_with(powered),
        Fault::outage("reboot of a minute", acts!(Action::Reboot { seconds: 60.0, power_loss: false }), Unreachable, CLOSED, Refused)
            .ends_with(powered),
        Fault::outage("power loss", acts!(Action::Reboot { seconds: 12.0, power_loss: true }), Stalled, SILENT, Refused).ends_with(powered),
        Fault::outage("stall", scripts!(|script| script.stall = true), Stalled, SILENT, Stalled),
        Fault::outage("stall of the picture only", scripts!(|script| script.stall_video = true), Stalled, SILENT, Stalled)
            .on(|builder| builder.fixture(Fixture::sub().with_audio(AudioCodec::Aac))),
        Fault::outage("slow trickle", scripts!(|script| script.bytes_per_second = Some(600)), Stalled, SLOW, Stalled).after(100),
        Fault::outage("less slow trickle", scripts!(|script| script.bytes_per_second = Some(6000)), Stalled, SLOW, Stalled).after(100),
        Fault::outage("all datagrams lost", scripts!(|script| script.loss = 1.0), Stalled, SILENT, Stalled).over("udp"),
    ]
}

/// Waits until the camera has power again.
fn powered(camera: &FakeCamera) -> futures::future::BoxFuture<'_, ()> {
    async {
        while tokio::net::TcpStream::connect(camera.address()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    .boxed()
}

/// The session breaks, and the next one is good.
fn breaks() -> Vec<Fault> {
    vec![
        Fault::blink("connection ended", acts!(Action::DropConnections { reset: false }), Unreachable, CLOSED),
        Fault::blink("connection reset", acts!(Action::DropConnections { reset: true }), Unreachable, CLOSED),
        Fault::blink("ended inside a frame", acts!(Action::DropMidNal), Unreachable, CLOSED),
        Fault::blink("garbage between frames", acts!(Action::Garbage { bytes: 32 }), Protocol, BROKEN),
        Fault::blink("a packet cut short", acts!(Action::CutPacket), Protocol, BROKEN),
        Fault::blink("461, any transport", drops!(|script| script.transport = TransportBehaviour::UdpOnly), Unreachable, CLOSED)
            .over("auto"),
        Fault::blink(
            "keepalive under a wrong number",
            scripts!(|script| script.keepalive = KeepaliveBehaviour::WrongCseq),
            Protocol,
            BROKEN,
        )
        .on(short_session)
        .ends_with(resume),
        Fault::blink(
            "keepalive refused under a wrong number",
            scripts!(|script| script.keepalive = KeepaliveBehaviour::BadRequestWrongCseq),
            Protocol,
            BROKEN,
        )
        .on(short_session)
        .ends_with(resume),
        Fault::blink("keepalive unanswered", scripts!(|script| script.keepalive = KeepaliveBehaviour::Ignore), Protocol, BROKEN)
            .on(short_session)
            .ends_with(resume),
    ]
}

/// A session of four seconds: a keepalive every two.
fn short_session(builder: fakecam::Builder) -> fakecam::Builder {
    builder.behaviour(Script { session_timeout_s: Some(4), ..Script::default() })
}

fn tapo(builder: fakecam::Builder) -> fakecam::Builder {
    let script = Script { session_timeout_s: Some(4), keepalive: KeepaliveBehaviour::RefuseSetParameter, ..Script::default() };
    builder.behaviour(script)
}

/// What a stream does not mind.
fn harmless() -> Vec<Fault> {
    vec![
        // Two sorts of keepalive are sent: OPTIONS, then GET_PARAMETER. Tapo cameras know both, and announce a third that they refuse.
        Fault::harmless("keepalives of one sort refused", nothing).on(tapo).lasting(250),
        Fault::harmless("session id forgotten", acts!(Action::ChangeSessionId)).on(short_session).lasting(150),
        Fault::harmless("another session id in every answer", nothing).on(|builder| {
            let script = Script { new_session_id_per_setup: true, ..Script::default() };
            builder.fixture(Fixture::sub().with_audio(AudioCodec::Aac)).behaviour(script)
        }),
        Fault::harmless("other parameter sets of the same size", acts!(Action::Switch { fixture: "same_size".to_owned() })),
        Fault::harmless("another size", |camera| async { camera.change_sps().await.expect("a camera that listens") }.boxed()),
        Fault::harmless("timestamps a minute on", acts!(Action::JumpTimestamps { seconds: 60.0 })),
        Fault::harmless("timestamps a minute back", acts!(Action::JumpTimestamps { seconds: -60.0 })),
        Fault::harmless("timestamps three seconds on", acts!(Action::JumpTimestamps { seconds: 3.0 })),
        Fault::harmless("timestamps three seconds on, with sound", acts!(Action::JumpTimestamps { seconds: 3.0 }))
            .on(|builder| builder.fixture(Fixture::sub().with_audio(AudioCodec::Aac)))
            .after(100),
        Fault::harmless("timestamps three seconds back", acts!(Action::JumpTimestamps { seconds: -3.0 })),
        Fault::harmless("one timestamp far ahead", acts!(Action::OutlierTimestamp { seconds: 37_600.0 })),
        Fault::harmless("one timestamp far back", acts!(Action::OutlierTimestamp { seconds: -9800.0 })),
        Fault::harmless("equal timestamps", acts!(Action::EqualTimestamps { frames: 5 })),
        Fault::harmless("timestamps running backwards", acts!(Action::BackwardsTimestamps { frames: 5 })),
        Fault::harmless("the camera's clock steps", scripts!(|script| script.wall_clock_offset_s = 7200.0)).lasting(150),
        Fault::harmless("the camera's clock runs fast", |camera| camera.update(None, |script| script.clock_ppm = 500.0).boxed()),
        Fault::harmless("the middle of a frame lost", acts!(Action::LoseMidNal)),
        Fault::harmless("some datagrams lost", scripts!(|script| script.loss = 0.01)).over("udp"),
        Fault::harmless("datagrams in another order", scripts!(|script| script.reorder = 0.01)).over("udp"),
        Fault::harmless("datagrams twice", scripts!(|script| script.duplicate = 0.2)).over("udp"),
    ]
}

/// Packets against the rules of their payload format, for as long as it takes or once.
fn bad_packets() -> Vec<Fault> {
    let bends = |name, begin| Fault::harmless(name, begin).lasting(100);
    vec![
        bends("mark on supplemental information", scripts!(|script| script.packets = PacketBehaviour::MarkSei)),
        bends("start codes inside packets", scripts!(|script| script.packets = PacketBehaviour::StartCodes)),
        bends("NAL units of a reserved type", scripts!(|script| script.packets = PacketBehaviour::ReservedType)),
        bends("NAL units of a reserved type from the start", nothing).on(|builder| bent(builder, PacketBehaviour::ReservedType)),
        bends("NAL units of a reserved type in H.265", nothing)
            .on(|builder| bent(builder.fixture(Fixture::h265()), PacketBehaviour::ReservedType)),
        bends("NAL units with the forbidden bit", scripts!(|script| script.packets = PacketBehaviour::ForbiddenBit)),
        bends("packets without payload", scripts!(|script| script.packets = PacketBehaviour::NoPayload)),
        bends("fragments without payload", scripts!(|script| script.packets = PacketBehaviour::EmptyFragments)),
        bends("fragments without payload in H.265", nothing)
            .on(|builder| bent(builder.fixture(Fixture::h265()), PacketBehaviour::EmptyFragments)),
        bends("fragments begun and never ended", acts!(Action::StartWithoutEnd)),
        // Where the next frame begins inside the last one nothing is known to be whole.
        Fault::blink("a frame without its end", acts!(Action::LoseEnd), Protocol, BROKEN),
        Fault::blink("packets of a dead session", drops!(|script| script.stale_packets = 60), Unreachable, CLOSED),
        Fault::outage("mark on every packet", scripts!(|script| script.packets = PacketBehaviour::MarkEvery), Protocol, BROKEN, Protocol),
    ]
}

fn bent(builder: fakecam::Builder, packets: PacketBehaviour) -> fakecam::Builder {
    builder.behaviour(Script { packets, ..Script::default() })
}

/// All of a table at the same time in one server, next to a camera that nothing happens to.
async fn run_all(faults: Vec<Fault>) {
    let alive = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = alive();
    let server = Server::start().await;
    let bystander = Bystander::new(&server).await;
    // One that fails does not hide the others.
    let ran = futures::future::join_all(faults.iter().map(|fault| AssertUnwindSafe(run(&server, fault)).catch_unwind())).await;
    for (fault, ran) in faults.iter().zip(&ran) {
        let shown = |time: Option<Duration>| time.map_or_else(|| "-".to_owned(), |time| format!("{} ms", time.as_millis()));
        match ran {
            Ok(Measured { detected, live_again }) => say(&format!("| {} | {} | {} |", fault.name, shown(*detected), shown(*live_again))),
            Err(_) => say(&format!("| {} | FAILED | |", fault.name)),
        }
    }
    assert!(ran.iter().all(Result::is_ok), "see above");
    bystander.unmoved(&server).await;
    server.stop().await;
    let ended = async {
        while alive() > before {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timely("every task has ended", ended).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cameras_that_are_away_are_told_apart_and_met_when_they_are_back() {
    run_all(away()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_break_are_replaced_by_one() {
    run_all(breaks()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_be_played_over_is_no_outage() {
    let faults = harmless();
    assert!(faults.iter().all(|fault| matches!(fault.expected, Expected::Nothing)));
    run_all(faults).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packets_against_the_rules_cost_a_picture_or_a_session_and_no_more() {
    run_all(bad_packets()).await;
}
