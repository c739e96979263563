//! Real players read every fixture without an error, over TCP and UDP, with and without credentials.

use std::process::{Command, Output};

use anyhow::{Result, ensure};
use fakecam::{AudioCodec, Auth, FakeCamera, Fixture, Scheme};

/// Decodes `seconds` of a URL with ffmpeg; its error output, which has to be empty.
fn ffmpeg(url: &str, transport: &str, seconds: &str) -> Result<Output> {
    let arguments = ["-hide_banner", "-loglevel", "warning", "-rtsp_transport", transport, "-i", url, "-t", seconds, "-f", "null", "-"];
    Ok(Command::new("timeout").args(["60", "ffmpeg"]).args(arguments).output()?)
}

async fn decodes(camera: &FakeCamera, path: &str, transport: &'static str) -> Result<()> {
    let url = camera.url_with_credentials(path);
    let output = tokio::task::spawn_blocking(move || ffmpeg(&url, transport, "3")).await??;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{path} over {transport}: {errors}");
    // ffmpeg guesses the frame rate from few frames; that is no fault of the stream.
    let told: Vec<&str> = errors.lines().filter(|line| !line.contains("not enough frames to estimate rate")).collect();
    ensure!(told.is_empty(), "{path} over {transport}: {errors}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ffmpeg_decodes_every_codec_over_tcp_and_udp() -> Result<()> {
    let camera = FakeCamera::builder()
        .mount("/h264", Fixture::sub())
        .mount("/b", Fixture::h264_b_frames())
        .mount("/h265", Fixture::h265())
        .mount("/aac", Fixture::sub().with_audio(AudioCodec::Aac))
        .mount("/pcma", Fixture::sub().with_audio(AudioCodec::Pcma))
        .mount("/pcmu", Fixture::sub().with_audio(AudioCodec::Pcmu))
        .mount("/sound", Fixture::audio_only(AudioCodec::Aac))
        .start()
        .await?;
    for transport in ["tcp", "udp"] {
        let paths = ["/h264", "/b", "/h265", "/aac", "/pcma", "/pcmu", "/sound"];
        futures::future::try_join_all(paths.map(|path| decodes(&camera, path, transport))).await?;
    }
    let counters = camera.mount_counters("/h264");
    assert_eq!((counters.sessions_total, counters.sessions_max), (2, 1));
    assert_eq!(counters.teardowns, 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_login_scheme_lets_the_right_password_in() -> Result<()> {
    for scheme in [Scheme::Basic, Scheme::Digest, Scheme::DigestWithoutQop, Scheme::Both] {
        let auth = Auth { scheme, username: "admin".into(), password: "geheim".into() };
        let camera = FakeCamera::builder().fixture(Fixture::sub()).auth(auth).start().await?;
        decodes(&camera, "/main", "tcp").await?;
        assert!(camera.logins_ok() > 0, "{scheme:?}");
        assert_eq!(camera.logins_failed(), 0, "{scheme:?}");
        let wrong = camera.url_with_credentials("/main").replace("geheim", "falsch");
        let output = tokio::task::spawn_blocking(move || ffmpeg(&wrong, "tcp", "1")).await??;
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains("401"));
        assert!(camera.logins_failed() > 0, "{scheme:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gstreamer_plays_h264_with_sound() -> Result<()> {
    let camera =
        FakeCamera::builder().fixture(Fixture::sub().with_audio(AudioCodec::Aac)).auth(Auth::digest("admin", "geheim")).start().await?;
    let url = camera.url("/main");
    let output = tokio::task::spawn_blocking(move || {
        let pipeline = format!(
            "rtspsrc location={url} user-id=admin user-pw=geheim protocols=tcp name=src \
             src. ! rtph264depay ! h264parse ! avdec_h264 ! fakesink num-buffers=50 sync=false \
             src. ! rtpmp4gdepay ! aacparse ! avdec_aac ! fakesink sync=false"
        );
        Command::new("timeout").args(["30", "gst-launch-1.0", "-q"]).args(pipeline.split_whitespace()).output()
    })
    .await??;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert!(!errors.contains("ERROR"), "{errors}");
    Ok(())
}
