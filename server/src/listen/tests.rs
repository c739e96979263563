use super::*;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Answers what it is told to, then waits for ever.
struct Scripted {
    answers: VecDeque<io::Result<(TcpStream, SocketAddr)>>,
    asked: Arc<AtomicUsize>,
}

impl Accept for Scripted {
    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match self.answers.pop_front() {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }
}

#[tokio::test]
async fn too_many_open_files_slow_accepting_down_and_never_end_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let environment = std::collections::HashMap::from([("NIGHTJAR_DATA".to_owned(), folder.path().to_string_lossy().into_owned())]);
    let settings = crate::config::Settings::load_from(&crate::config::Flags::default(), Some(environment)).expect("loads");
    let outside = crate::state::Outside::real(&settings);
    let state = AppState::start(settings, outside).await.expect("starts");

    let local = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let mut far = TcpStream::connect(local.local_addr().expect("bound")).await.expect("connected");
    let near = Accept::accept(&mut { local }).await.expect("accepted");
    // EMFILE, ENFILE, ENOBUFS, ENOMEM, then a connection that broke while it waited, then a good one.
    let errors = [24, 23, 105, 12, 103].map(|code| Err(io::Error::from_raw_os_error(code)));
    let asked = Arc::new(AtomicUsize::new(0));
    let scripted = Scripted { answers: errors.into_iter().chain([Ok(near)]).collect(), asked: Arc::clone(&asked) };

    let tasks = TaskTracker::new();
    let app = Router::new().route("/", axum::routing::get(|| async { "here" }));
    let limits = Limits::default();
    let connections = Arc::new(Connections::new(app, None, limits, tasks.clone(), state.stopping.clone(), CancellationToken::new()));
    let door = Door { connections, slots: Slots::new(10, 10), state: state.clone(), https: false };
    let running = tokio::spawn(door.run(scripted));
    {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        far.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.expect("written");
        let mut text = String::new();
        far.read_to_string(&mut text).await.expect("an answer");
        assert!(text.ends_with("here"), "{text}");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 7, "one question per answer, and the one that is open");
    state.stopping.cancel();
    running.await.expect("ends with the server");
    state.shutdown().await;
}
