//! The picture's clock strip survives encoding, and the control socket says when each frame was sent.

use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use fakecam::strip::decode_gray;
use fakecam::{FakeCamera, Fixture, GstCamera, control};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Gray pictures of the first frames, as ffmpeg decodes them.
async fn pictures(url: String, width: usize, height: usize, count: usize) -> Result<Vec<Vec<u8>>> {
    let output = tokio::task::spawn_blocking(move || {
        Command::new("timeout")
            .args(["60", "ffmpeg", "-v", "error", "-rtsp_transport", "tcp", "-i", &url, "-frames:v", &count.to_string()])
            // Every decoded frame: ffmpeg's own pacing drops one where it has to guess decode times of B-frames.
            .args(["-vsync", "passthrough", "-vf", &format!("scale={width}:{height}"), "-f", "rawvideo", "-pix_fmt", "gray", "-"])
            .output()
    })
    .await??;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(output.stdout.chunks(width * height).map(<[u8]>::to_vec).collect())
}

#[tokio::test]
async fn every_frame_can_be_read_in_display_order_also_scaled_down_and_with_b_frames() -> Result<()> {
    let camera = FakeCamera::builder()
        .mount("/h264", Fixture::sub())
        .mount("/b", Fixture::h264_b_frames())
        .mount("/h265", Fixture::h265())
        .start()
        .await?;
    for (path, loop_id, width, height) in [("/h264", 2, 640, 360), ("/b", 4, 640, 360), ("/h265", 5, 640, 360), ("/h264", 2, 320, 180)] {
        let frames = pictures(camera.url(path), width, height, 40).await?;
        let strips: Vec<_> = frames.iter().map(|luma| decode_gray(luma, width, height)).collect();
        let expected: Vec<_> = (0..40).map(|frame| Some(fakecam::strip::Strip { loop_id, frame })).collect();
        assert_eq!(strips, expected, "{path} at {width}x{height}");
    }
    Ok(())
}

async fn http(address: std::net::SocketAddr, method: &str, path: &str, body: &str) -> Result<(u16, Value)> {
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let status = answer.get(9..12).and_then(|status| status.parse().ok()).context("a status")?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status, serde_json::from_str(body).unwrap_or(Value::Null)))
}

#[tokio::test]
async fn the_control_socket_shows_and_changes_everything() -> Result<()> {
    let camera = Arc::new(FakeCamera::builder().fixture(Fixture::sub()).start().await?);
    let (listener, address) = control::bind(([127, 0, 0, 1], 0).into()).await?;
    tokio::spawn(control::serve(listener, Arc::clone(&camera)));

    let (_, clock) = http(address, "GET", "/frame-clock?mount=/main", "").await?;
    assert_eq!((clock["fps"].as_u64(), clock["frames_per_loop"].as_u64(), clock["loop_id"].as_u64()), (Some(25), Some(200), Some(2)));
    let offsets = clock["send_offsets_ms"].as_array().context("offsets")?;
    assert_eq!((offsets.len(), offsets[10].as_f64()), (200, Some(400.0)));
    let age = clock["now_epoch_ms"].as_f64().context("now")? - clock["loop_start_epoch_ms"].as_f64().context("start")?;
    assert!((0.0..8000.0).contains(&age), "{age}");

    assert_eq!(http(address, "PATCH", "/script", r#"{"stall": true, "session_limit": 3}"#).await?.0, 200);
    assert!(camera.script(None).stall);
    assert_eq!(http(address, "PATCH", "/script?mount=/main", r#"{"stall": false}"#).await?.0, 200);
    assert!(!camera.script(Some("/main")).stall && camera.script(Some("/main")).session_limit == Some(3));
    assert_eq!(http(address, "PATCH", "/script", r#"{"stal": true}"#).await?.0, 422);
    assert_eq!(http(address, "POST", "/resume", "").await?.0, 200);
    assert!(!camera.script(None).stall);

    assert_eq!(http(address, "POST", "/action", r#"{"action": "reboot", "seconds": 60}"#).await?.0, 200);
    assert!(TcpStream::connect(camera.address()).await.is_err());
    assert_eq!(http(address, "POST", "/action", r#"{"action": "explode"}"#).await?.0, 422);
    assert_eq!(http(address, "POST", "/action", r#"{"action": "switch", "fixture": "none"}"#).await?.0, 422);
    assert_eq!(http(address, "GET", "/counters", "").await?.1["connections_total"], 0);
    assert_eq!(http(address, "GET", "/frame-clock?mount=/nowhere", "").await?.0, 404);
    Ok(())
}

#[tokio::test]
async fn the_gstreamer_camera_asks_for_digest_and_plays() -> Result<()> {
    let camera = GstCamera::start(Some(("admin", "geheim"))).await?;
    let url = camera.url("/main").replace("rtsp://", "rtsp://admin:geheim@");
    assert_eq!(pictures(url, 64, 48, 10).await?.len(), 10);
    let wrong = pictures(camera.url("/main").replace("rtsp://", "rtsp://admin:falsch@"), 64, 48, 1).await;
    assert!(wrong.is_err_and(|error| error.to_string().contains("401")));
    Ok(())
}
