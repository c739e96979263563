//! What stands between a TCP connection and HTTP: bytes that were looked at and put back, a place in the table of connections, and an end
//! for peers that take nothing.

use super::slots::Slot;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// A byte stream that HTTP or TLS can run over.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection whose first bytes can be looked at before they are read.
#[derive(Debug)]
pub struct Peekable<T> {
    inner: T,
    /// Looked at, and not read yet.
    seen: Vec<u8>,
    /// How much of `seen` has been read since.
    given: usize,
}

impl<T: AsyncRead + Unpin> Peekable<T> {
    pub fn new(inner: T) -> Self {
        Self { inner, seen: Vec::new(), given: 0 }
    }

    /// At least the first byte and at most the first `count`, as long as they agree with `expected`; fewer only at the end of the stream.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn look(&mut self, expected: &[u8]) -> io::Result<&[u8]> {
        let mut byte = [0];
        while self.seen.len() < expected.len() && expected.starts_with(&self.seen) {
            if self.inner.read(&mut byte).await? == 0 {
                break;
            }
            self.seen.extend_from_slice(&byte);
        }
        Ok(&self.seen)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Peekable<T> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Some(rest) = this.seen.get(this.given..).filter(|rest| !rest.is_empty()) {
            let count = rest.len().min(buffer.remaining());
            buffer.put_slice(&rest[..count]);
            this.given += count;
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut this.inner).poll_read(context, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Peekable<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, parts: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

/// A connection that holds its place until its very end (a WebSocket outlives the request that opened it), and that breaks off when the peer
/// has taken nothing for a while although there is something to send.
#[derive(Debug)]
pub struct Held<T> {
    inner: T,
    patience: Duration,
    /// Runs while a write waits.
    waiting: Option<Pin<Box<Sleep>>>,
    _slot: Slot,
}

impl<T: AsyncWrite + Unpin> Held<T> {
    pub fn new(inner: T, slot: Slot, patience: Duration) -> Self {
        Self { inner, patience, waiting: None, _slot: slot }
    }

    /// Watches how long a write waits.
    fn judge<R>(&mut self, context: &mut Context<'_>, outcome: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        if outcome.is_ready() {
            self.waiting = None;
            return outcome;
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        match waiting.as_mut().poll(context) {
            Poll::Ready(()) => {
                waiting.as_mut().reset(Instant::now() + patience);
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer takes nothing")))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Held<T> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Held<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.judge(context, outcome)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A TCP stream has nothing to flush: whatever waits, waits in a write.
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, parts: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write_vectored(context, parts);
        self.judge(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::super::slots::Slots;
    use super::*;
    use tokio::io::AsyncWriteExt;

    #[tokio::test]
    async fn what_was_looked_at_is_read_again() {
        let (mut far, near) = tokio::io::duplex(64);
        far.write_all(b"GET / HTTP/1.1\r\n").await.expect("written");
        let mut near = Peekable::new(near);
        assert_eq!(near.look(b"PRI * HTTP/2.0").await.expect("open"), b"G", "one byte says that it is something else");
        drop(far);
        let mut text = String::new();
        near.read_to_string(&mut text).await.expect("read");
        assert_eq!(text, "GET / HTTP/1.1\r\n");
    }

    #[tokio::test]
    async fn an_end_within_the_first_bytes_is_seen() {
        let (mut far, near) = tokio::io::duplex(64);
        far.write_all(b"PR").await.expect("written");
        drop(far);
        assert_eq!(Peekable::new(near).look(b"PRI * HTTP/2.0").await.expect("open"), b"PR");
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_given_up() {
        let slots = Slots::new(1, 1);
        let slot = slots.take([127, 0, 0, 1].into(), false).expect("a place");
        let (_far, near) = tokio::io::duplex(16);
        let mut near = Held::new(near, slot, Duration::from_secs(60));
        let error = near.write_all(&[0; 64]).await.expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(near);
        assert_eq!(slots.open(), 0);
    }
}
