//! `fakecam`: the scripted camera as a program, with its control socket.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Parser;
use fakecam::{Announcement, Auth, FakeCamera, Fixture, Responder, Scheme, Script, control};

/// A scripted RTSP camera: /main, /sub, /cam/N/main, /cam/N/sub and /fixture/NAME.
#[derive(Debug, Parser)]
struct Arguments {
    /// RTSP address; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Control socket; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    control: SocketAddr,
    /// PATH=FIXTURE, for example /main=hd_aac. Fixtures: main sub hd h264_b h265 other_sps black, each also _aac _pcma _pcmu; audio_only.
    #[arg(long)]
    mount: Vec<String>,
    /// How many cameras under /cam/N/.
    #[arg(long, default_value_t = 100)]
    cameras: u32,
    /// USER:PASSWORD
    #[arg(long)]
    auth: Option<String>,
    /// Ask for Basic instead of Digest.
    #[arg(long)]
    basic: bool,
    /// Behaviour from the start, as JSON: {"transport": "tcp_only"}
    #[arg(long)]
    script: Option<String>,
    /// Answers searches (WS-Discovery) at this address; port 0 takes a free one.
    #[arg(long)]
    discovery: Option<SocketAddr>,
    /// A device that answers them, as JSON: {"name": "Gate", "manufacturer": "Reolink", "manner": "well"}
    #[arg(long)]
    announce: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    let mut builder = FakeCamera::builder().listen(arguments.listen).cameras(arguments.cameras);
    builder = builder.mount("/main", Fixture::main()).mount("/sub", Fixture::sub());
    for mount in &arguments.mount {
        let (path, name) = mount.split_once('=').with_context(|| format!("--mount {mount}: want PATH=FIXTURE"))?;
        builder = builder.mount(path, Fixture::named(name).with_context(|| format!("there is no fixture {name:?}"))?);
    }
    if let Some(auth) = &arguments.auth {
        let (username, password) = auth.split_once(':').context("--auth: want USER:PASSWORD")?;
        let scheme = if arguments.basic { Scheme::Basic } else { Scheme::Digest };
        builder = builder.auth(Auth { scheme, username: username.into(), password: password.into() });
    }
    if let Some(script) = &arguments.script {
        builder = builder.behaviour(serde_json::from_str::<Script>(script).context("--script")?);
    }
    let camera = Arc::new(builder.start().await?);
    let (listener, address) = control::bind(arguments.control).await?;
    let responder = match arguments.discovery {
        Some(listen) => {
            let devices = arguments.announce.iter().map(|text| serde_json::from_str::<Announcement>(text).context("--announce"));
            Some(Responder::start(listen, devices.collect::<Result<_>>()?).await?)
        }
        None => None,
    };
    let mut out = std::io::stdout().lock();
    let discovery = responder.as_ref().map(|responder| format!(" discovery {}", responder.address())).unwrap_or_default();
    writeln!(out, "fakecam ready rtsp://{} control http://{address}{discovery}", camera.address())?;
    out.flush()?;
    drop(out);
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        result = control::serve(listener, camera) => result,
        _ = tokio::signal::ctrl_c() => Ok(()),
        _ = terminate.recv() => Ok(()),
    }
}
