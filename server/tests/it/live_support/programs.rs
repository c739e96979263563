//! ffmpeg, ffprobe and GStreamer as players.

use super::timely;
use std::process::Stdio;
use tokio::process::Command;

/// What a program said.
#[derive(Debug)]
pub struct Ran {
    pub success: bool,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a program to its end; it is killed if the test gives up before.
pub async fn run(program: &str, arguments: &[&str]) -> Ran {
    let running = Command::new(program).args(arguments).stdin(Stdio::null()).kill_on_drop(true).output();
    let output = timely(program, running).await.unwrap_or_else(|error| panic!("{program} does not start: {error}"));
    Ran {
        success: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// What ffprobe finds: `(codec, frames)` of the file's video, after decoding all of it without a complaint.
pub async fn decoded(path: &std::path::Path) -> (String, usize) {
    let path = path.to_str().expect("a plain path");
    let arguments = ["-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries", "stream=codec_name,nb_read_frames"];
    let ran = run("ffprobe", &[&arguments[..], &["-of", "csv=p=0", path]].concat()).await;
    assert!(ran.success && ran.stderr.is_empty(), "{ran:?}");
    let (codec, frames) = ran.stdout.trim().split_once(',').unwrap_or_else(|| panic!("{ran:?}"));
    (codec.to_owned(), frames.trim_end_matches(',').parse().unwrap_or_else(|_| panic!("{ran:?}")))
}
