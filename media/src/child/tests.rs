use super::*;

fn spec(program: &str, args: &[&str]) -> ChildSpec {
    ChildSpec { program: program.into(), args: args.iter().map(OsString::from).collect(), ..ChildSpec::default() }
}

/// State letter of a process, None if it does not exist.
fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(')').next()?.trim_start().chars().next()
}

async fn until(mut done: impl FnMut() -> bool) {
    let waiting = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("the condition comes true");
}

#[tokio::test]
async fn error_output_is_kept_bounded_and_masked() {
    let script = "for i in $(seq 1 5000); do echo line $i >&2; done; echo rtsp://joe:hunter2@host/x failed with hunter2 >&2; exit 3";
    let mut spec = spec("/bin/sh", &["-c", script]);
    spec.secrets.push("hunter2");
    let mut child = Child::spawn(&spec).expect("sh starts");
    let status = child.wait().await.expect("it ends");
    assert_eq!(status.code(), Some(3));
    let tail = child.error_tail();
    assert_eq!(tail.len(), TAIL_LINES);
    assert_eq!(tail[TAIL_LINES - 2], "line 5000");
    assert_eq!(tail[TAIL_LINES - 1], "rtsp://***@host/x failed with ***");
}

#[tokio::test]
async fn stop_ends_and_reaps_the_whole_group() {
    // The leader ignores SIGTERM and has a child of its own: both must be gone, and no zombie left.
    let mut child = Child::spawn(&spec("/bin/sh", &["-c", "trap '' TERM; sleep 1000 & echo $!; wait; wait"])).expect("sh starts");
    let leader = child.id().expect("it runs");
    let mut stdout = child.take_stdout().expect("stdout is piped");
    let mut line = [0; 32];
    let count = stdout.read(&mut line).await.expect("the pid of the grandchild");
    let grandchild: u32 = String::from_utf8_lossy(&line[..count]).trim().parse().expect("a number");
    child.stop().await;
    assert_eq!(state(leader), None);
    // The grandchild is init's to reap; a zombie of init's is as good as gone.
    until(|| matches!(state(grandchild), None | Some('Z'))).await;
}

#[tokio::test]
async fn dropping_a_child_leaves_no_zombie() {
    let child = Child::spawn(&spec("/bin/sleep", &["1000"])).expect("sleep starts");
    let pid = child.id().expect("it runs");
    assert!(living() >= 1);
    drop(child);
    until(|| state(pid).is_none()).await;
}

#[tokio::test]
async fn a_missing_program_is_an_error() {
    let error = Child::spawn(&spec("/nonexistent/ffmpeg", &[])).expect_err("it can't start");
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

#[test]
fn masking_covers_encoded_and_unknown_credentials() {
    let mut secrets = Secrets::default();
    secrets.push("p)#@ss");
    secrets.push("p%29%23%40ss");
    assert_eq!(secrets.mask("rtmp://a:p%29%23%40ss@h/x: p)#@ss"), "rtmp://***@h/x: ***");
    assert_eq!(Secrets::default().mask("open http://u:p@h/a and rtsp://h/b@c"), "open http://***@h/a and rtsp://h/b@c");
    assert_eq!(format!("{secrets:?}"), "Secrets(2)");
}
