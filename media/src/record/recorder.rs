//! The task that writes what it reads from a hub.

use super::assemble::{Assembler, Batch};
use super::writer::{WriteError, Writer};
use super::{Ended, Finished, Job, Progress, RecordedFile};
use crate::stream::hub::{Item, Reader};
use std::io;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// While so much waits for a write to end, the hub is not read: past its own bounds it moves on to the next key frame.
const MAX_WAITING: usize = 8 << 20;

/// Records until stopped. Reads the hub from where the reader is, for a new one its newest key frame, so what was in memory before the
/// button was pressed is kept, too.
///
/// Ends only when what was read is on the disk, or can't be. Never makes the producer wait. If the future is dropped, a write that has
/// begun still ends; [`recover`](super::recover()) tells what there is.
pub async fn record(mut reader: Reader, job: Job, stop: CancellationToken, progress: watch::Sender<Progress>) -> Finished {
    let mut recorder =
        Recorder { assembler: Assembler::default(), pen: Pen::Idle(Writer::new(job)), files: Vec::new(), ended: None, progress };
    let mut end = None;
    loop {
        recorder.begin_write();
        if let Some(ended) = recorder.ended.take() {
            return recorder.finish(ended).await;
        }
        if end.is_some() && recorder.is_idle() {
            break;
        }
        let (has_room, due) = (recorder.has_room(), recorder.assembler.due());
        tokio::select! {
            biased;
            result = recorder.pen.written() => recorder.note(result),
            () = stop.cancelled(), if end.is_none() => {
                // What was there before the button was pressed.
                while let Some(item) = reader.try_next().filter(|_| recorder.has_room()) {
                    recorder.push(item);
                }
                recorder.assembler.close();
                end = Some(Ended::Stopped);
            }
            () = sleep_until(due) => recorder.assembler.close(),
            item = reader.next(), if end.is_none() && has_room => match item {
                Some(item) => recorder.push(item),
                None => {
                    recorder.assembler.close();
                    end = Some(Ended::StreamGone);
                }
            },
        }
    }
    recorder.finish(end.unwrap_or(Ended::Stopped)).await
}

struct Recorder {
    assembler: Assembler,
    pen: Pen,
    /// What was written.
    files: Vec<RecordedFile>,
    /// A write has failed.
    ended: Option<Ended>,
    progress: watch::Sender<Progress>,
}

/// Who has the writer.
enum Pen {
    Idle(Writer),
    Writing(JoinHandle<(Writer, Result<RecordedFile, WriteError>)>),
    /// The task that had it is gone.
    Lost,
}

impl Pen {
    /// Waits for the write that was begun; for ever if there is none. Cancel-safe.
    async fn written(&mut self) -> Result<RecordedFile, WriteError> {
        let Self::Writing(task) = self else { return std::future::pending().await };
        match task.await {
            Ok((writer, result)) => {
                *self = Self::Idle(writer);
                result
            }
            Err(error) => {
                *self = Self::Lost;
                Err(WriteError::Failed(io::Error::other(error)))
            }
        }
    }

    fn begin(&mut self, batch: Batch) {
        if let Self::Idle(mut writer) = std::mem::replace(self, Self::Lost) {
            *self = Self::Writing(tokio::task::spawn_blocking(move || {
                let result = writer.write(&batch);
                (writer, result)
            }));
        }
    }
}

impl Recorder {
    fn push(&mut self, item: Item) {
        let had_none = self.assembler.first_key().is_none();
        self.assembler.push(item, Instant::now());
        if had_none && let Some(first) = self.assembler.first_key() {
            self.progress.send_modify(|progress| {
                progress.started_utc_ms = Some(first.1.received.utc_ms);
                progress.first_key = Some(first.clone());
            });
        }
    }

    fn has_room(&self) -> bool {
        self.assembler.bytes() < MAX_WAITING
    }

    fn is_idle(&self) -> bool {
        !matches!(self.pen, Pen::Writing(_))
    }

    /// Begins to write what waits, unless something is being written.
    fn begin_write(&mut self) {
        if self.is_idle()
            && let Some(batch) = self.assembler.take()
        {
            self.pen.begin(batch);
        }
    }

    fn note(&mut self, result: Result<RecordedFile, WriteError>) {
        match result {
            Ok(file) => {
                match self.files.last_mut() {
                    Some(last) if last.name == file.name => *last = file,
                    _ => self.files.push(file),
                }
                self.progress.send_modify(|progress| {
                    progress.bytes = self.files.iter().map(|file| file.bytes).sum();
                    progress.duration = self.files.iter().map(|file| file.duration).sum();
                });
            }
            Err(WriteError::Full) => self.ended = Some(Ended::DiskFull),
            Err(WriteError::Failed(error)) => self.ended = Some(Ended::Failed(error)),
        }
    }

    /// Closes the last file.
    async fn finish(self, mut ended: Ended) -> Finished {
        if let Pen::Idle(mut writer) = self.pen {
            let closed = tokio::task::spawn_blocking(move || writer.finish()).await.unwrap_or_else(|error| Err(io::Error::other(error)));
            match (closed, &ended) {
                (Err(error), Ended::Stopped | Ended::StreamGone) => ended = Ended::Failed(error),
                (Err(error), _) => tracing::debug!(%error, "a recorded file could not be closed properly"),
                (Ok(()), _) => {}
            }
        }
        Finished { files: self.files, ended, dropped: self.assembler.dropped() }
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
#[path = "recorder/tests.rs"]
mod tests;
