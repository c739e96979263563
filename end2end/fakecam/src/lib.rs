//! A scripted RTSP camera for tests and benchmarks: serves pre-encoded loops, and misbehaves on command.
//!
//! [`FakeCamera`] is the whole of it. Its loops come from ffmpeg ([`Fixture`]), carry a machine-readable clock
//! ([`strip`]), and cost next to nothing to serve: packets are made once per loop. [`Script`] is how it behaves,
//! [`Action`] what happens to it once; [`control`] offers both to scripts in other languages.
//! It is a test tool for loopback: it trusts its users and is no part of the server.

pub mod control;
pub mod strip;

mod auth;
mod bend;
mod camera;
mod connection;
mod discovery;
mod fixture;
mod gst;
mod loops;
mod mount;
mod packetize;
mod rtsp;
mod script;
mod sdp;
mod shared;

pub use auth::{Auth, Scheme};
pub use camera::{Builder, Counters, FakeCamera};
pub use discovery::{Announcement, Manner, Responder};
pub use fixture::{AudioCodec, Fixture, LOOP_SECONDS, Scene, VideoCodec, VideoSpec, fixtures_dir};
pub use gst::GstCamera;
pub use loops::Loop;
pub use mount::{FrameClock, MountCounters};
pub use script::{
    Action, Answer, ConnectBehaviour, KeepaliveBehaviour, LoginBehaviour, PacketBehaviour, RtpInfoBehaviour, Script, Step,
    TransportBehaviour,
};
