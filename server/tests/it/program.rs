//! The program as it is started by people: ready line, answers on its socket, clean end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub fn nightjar() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("NIGHTJAR_") || name == "DATABASE_URL") {
        command.env_remove(name);
    }
    command
}

#[test]
fn serve_says_when_it_is_ready_and_ends_cleanly_on_sigterm() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    let mut server = nightjar()
        .args(["serve", "--listen", "127.0.0.1:0", "--log", "json", "--data"])
        .arg(&data)
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    let mut out = BufReader::new(server.stdout.take().expect("a pipe"));
    let mut line = || {
        let mut line = String::new();
        out.read_line(&mut line).expect("a line");
        line
    };
    let address = line().trim().strip_prefix("nightjar ready on http://").expect("the ready line").to_owned();
    // Nobody has an account yet: the next lines say how to make the first one.
    let how = [line(), line(), line()].concat();
    let token = how.trim().rsplit(' ').next().expect("a token");
    assert!(how.contains(&format!("http://{address}/setup")) && token.len() == 23, "{how}");
    assert_eq!(get(&address, "/health/ready"), 200);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.id())).expect("it runs");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a line");
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "what it knows is not left in a file");
    ends_cleanly(&mut server);
    assert!(!data.join("nightjar.db-wal").exists(), "the database was closed");
}

#[test]
fn a_log_that_nobody_reads_does_not_end_the_server() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let mut server = nightjar()
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.path().join("data"))
        .current_dir(folder.path())
        .env("NIGHTJAR_LOG_LEVEL", "trace")
        .stdout(Stdio::piped())
        .stderr(writer)
        .spawn()
        .expect("started");
    // As when the shell or the `tee` behind it was killed. It aborted with "panic in a destructor during cleanup".
    drop(reader);
    let address = ready(&mut server);
    for _ in 0..5 {
        assert_eq!(get(&address, "/health/ready"), 200);
        assert_eq!(get(&address, "/api/v1/cameras"), 401);
        assert_eq!(get(&address, "/live/7/main/index.m3u8"), 401);
    }
    ends_cleanly(&mut server);
}

/// Waits for the ready line; the address in it.
pub fn ready(server: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    line.trim().strip_prefix("nightjar ready on http://").unwrap_or_else(|| panic!("not the ready line: {line}")).to_owned()
}

/// The status of an answer.
fn get(address: &str, path: &str) -> u16 {
    let mut socket = TcpStream::connect(address).expect("connected");
    write!(socket, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("an answer");
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no status: {answer:?}"))
}

pub fn ends_cleanly(server: &mut Child) {
    let asked = Instant::now();
    assert!(Command::new("kill").args(["-TERM", &server.id().to_string()]).status().expect("kill runs").success());
    let status = loop {
        match server.try_wait().expect("a child") {
            Some(status) => break status,
            None if asked.elapsed() > Duration::from_secs(10) => {
                server.kill().expect("killed");
                panic!("the server did not end within 10 s");
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    assert!(status.success(), "{status}");
}

#[test]
fn sighup_reads_the_file_again_and_a_broken_one_changes_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("nightjar.toml");
    std::fs::write(&file, "[defaults]\nrtsp.teardown = \"never\"\n").expect("written");
    let (_, token) = run(&folder.path().join("data"), &["token", "create", "Test", "--scope", "admin"], "");
    let token = token.trim();
    let mut server = nightjar()
        .args(["serve", "--listen", "127.0.0.1:0", "--log", "json", "--data", "data", "--config"])
        .arg(&file)
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let address = line.trim().strip_prefix("nightjar ready on http://").unwrap_or_else(|| panic!("not the ready line: {line}")).to_owned();
    let mut log = BufReader::new(server.stderr.take().expect("a pipe"));
    // The next line about SIGHUP; the end of the log (a server that ended) fails.
    let mut after_sighup = |text: &str| {
        std::fs::write(&file, text).expect("written");
        assert!(Command::new("kill").args(["-HUP", &server.id().to_string()]).status().expect("kill runs").success());
        loop {
            let mut line = String::new();
            assert_ne!(log.read_line(&mut line).expect("text"), 0, "the server ended");
            if line.contains("SIGHUP") {
                return line;
            }
        }
    };
    let teardown = || {
        let mut socket = TcpStream::connect(&address).expect("connected");
        let request = format!(
            "GET /api/v1/cameras/settings HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        socket.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("an answer");
        let at = answer.find("\"rtsp.teardown\"").unwrap_or_else(|| panic!("{answer}"));
        answer[at..].split("\"value\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a name").to_owned()
    };
    assert_eq!(teardown(), "never");
    let line = after_sighup("this is not TOML");
    assert!(line.contains("old settings stay"), "{line}");
    let line = after_sighup("[defaults]\nrtsp.teardown = \"sometimes\"\n");
    assert!(line.contains("old settings stay") && line.contains("rtsp.teardown"), "{line}");
    assert_eq!(teardown(), "never");
    let line = after_sighup("log_level = \"warn\"\ndatabase_url = \"postgres://other/db\"\n[defaults]\nrtsp.teardown = \"always\"\n");
    assert!(line.contains("next start") && line.contains("database_url"), "{line}");
    assert_eq!(teardown(), "always");
    server.kill().expect("killed");
    server.wait().expect("reaped");
}

#[test]
fn check_names_what_is_wrong() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("nightjar.toml");
    let check = |text: &str| {
        std::fs::write(&file, text).expect("written");
        let output = nightjar().args(["check", "--config"]).arg(&file).output().expect("runs");
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    assert_eq!(check("log_level = \"info\"\n").0, Some(0));
    let (code, text) = check("lisen = \"x\"\n");
    assert!(code == Some(1) && text.contains("lisen"), "{code:?} {text}");
    let (code, text) = check("media_folders = [\"/does/not/exist/here\"]\n");
    assert!(code == Some(1) && text.contains("media_folders"), "{code:?} {text}");
}

/// Runs a command with something on its standard input; what it printed.
pub fn run(data: &std::path::Path, args: &[&str], input: &str) -> (bool, String) {
    let mut command = nightjar();
    command.args(args).arg("--data").arg(data).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("started");
    // A command that has failed already reads nothing.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("ended");
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn accounts_and_tokens_are_made_without_a_browser() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // The folder and the database are made on the way.
    let data = folder.path().join("data");
    let add = |name: &str, role: &str, password: &str| run(&data, &["user", "add", name, "--role", role, "--password-stdin"], password);
    assert_eq!(run(&data, &["user", "list"], "").1, "There are no accounts. Add one: nightjar user add NAME --role admin\n");
    let (added, said) = add("Ann", "admin", "violet ferry onion crane\n");
    assert!(added && said.contains("Added Ann as admin."), "{said}");
    for (name, role, password, reason) in [
        ("ann", "admin", "violet ferry onion crane\n", "already"),
        ("Bob", "viewer", "short\n", "At least 12 characters"),
        ("Bob", "viewer", "", "no password was given"),
        ("Bob", "king", "violet ferry onion crane\n", "a role is admin, operator or viewer"),
    ] {
        let (added, said) = add(name, role, password);
        assert!(!added && said.contains(reason) && !said.contains("violet"), "{name} {role}: {said}");
    }
    assert!(add("Bob", "viewer", "violet ferry onion crane\n").1.contains("sees no camera yet"));
    let granted = ["user", "add", "Eve", "--role", "viewer", "--grant", "group:Yard=live,audio", "--password-stdin"];
    assert!(run(&data, &granted, "violet ferry onion crane\r\n").0);
    assert!(run(&data, &["user", "passwd", "BOB", "--password-stdin"], "grandmother sold her boat\n").0);
    assert_eq!(run(&data, &["user", "list"], "").1, "admin     Ann\nviewer    Bob\nviewer    Eve\n");
    let (removed, said) = run(&data, &["user", "remove", "Ann"], "");
    assert!(!removed && said.contains("last admin"), "{said}");
    assert!(run(&data, &["user", "remove", "Bob"], "").0);
    assert!(run(&data, &["user", "remove", "Bob"], "").1.contains("no such account"));

    let (made, secret) = run(&data, &["token", "create", "Script", "--scope", "operate", "--cameras", "1,2", "--days", "30"], "");
    assert!(made && secret.trim().starts_with("nightjar_") && secret.lines().count() == 1, "{secret}");
    let (_, listed) = run(&data, &["token", "list"], "");
    assert!(
        listed.contains("operate") && listed.contains("Script") && listed.contains("[1, 2]") && !listed.contains(secret.trim()),
        "{listed}"
    );
    assert!(run(&data, &["token", "revoke", "1"], "").0 && run(&data, &["token", "list"], "").1.is_empty());
}
