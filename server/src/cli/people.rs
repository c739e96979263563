//! The installation's people for commands that work before and beside a running server.

use crate::config::{Flags, Settings};
use crate::db::Db;
use crate::error::AppError;
use crate::people::People;
use crate::people::sessions::Lifetimes;
use crate::secrets::Sealer;
use crate::state::make_data_folder;
use tokio_util::task::TaskTracker;

/// Opens the database (makes and migrates it if needed), runs the job and closes it.
///
/// # Errors
/// In a sentence that says what to do.
pub fn with_people<F: Future<Output = Result<(), String>>>(flags: &Flags, job: impl FnOnce(People) -> F) -> Result<(), String> {
    let settings = Settings::load(flags).map_err(|error| error.to_string())?;
    if let Some(complaint) = settings.complaints().first() {
        return Err(complaint.clone());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| format!("the runtime could not be started: {error}"))?;
    runtime.block_on(async {
        make_data_folder(&settings.data).map_err(|error| format!("the data folder {} cannot be made: {error}", settings.data.display()))?;
        let sealer = Sealer::open(&settings.data).map_err(|error| error.to_string())?;
        let db = Db::open(&settings).await.map_err(|error| format!("the database cannot be opened: {error}"))?;
        let people = People::start(db.clone(), &sealer, Lifetimes::default(), TaskTracker::new()).await.map_err(said)?;
        let done = job(people).await;
        db.close().await;
        done
    })
}

/// A failure as the command line tells it.
pub fn said(error: AppError) -> String {
    error.to_string()
}
