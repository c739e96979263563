//! The diagnostics: what helps to understand a fault from afar, as one zip that anybody may be given.
//!
//! Nothing secret goes in, and that is made sure of twice: each part is made of what may be told, and the whole is then searched for every
//! secret the server knows ([`scrub`]).

mod parts;
mod readme;
pub mod scrub;

use crate::error::{AppError, AppResult};
use crate::state::AppState;
use media::time::Stamp;
use std::io::{Cursor, Write};
use std::sync::Arc;
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Bytes of one file before compression; a larger one is left out with a word about it. Nine files stay below 20 MB even if none of it can
/// be compressed.
const FILE_BYTES: usize = 2 << 20;
/// The log is text, which compresses well, and its end is worth most.
const LOG_BYTES: usize = 4 << 20;

/// Makes one bundle at a time.
#[derive(Debug, Clone)]
pub struct Bundler(Arc<Semaphore>);

impl Default for Bundler {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

/// A bundle.
#[derive(Debug)]
pub struct Bundle {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// One file of it.
struct File {
    name: &'static str,
    text: String,
}

/// Gathers and packs.
///
/// # Errors
/// 503 while another one is being made.
pub async fn bundle(state: &AppState) -> AppResult<Bundle> {
    let Ok(permit) = Arc::clone(&state.bundler.0).try_acquire_owned() else {
        return Err(AppError::unavailable("diagnostics_busy", "Diagnostics are being made already. Try again in a moment.", 5));
    };
    let now = Stamp::now();
    let gathered = parts::gather(state).await;
    let packing = tokio::task::spawn_blocking(move || {
        // Held until the work is done, whether or not anybody still waits for it.
        let _permit = permit;
        pack(&gathered.files(), now)
    });
    let bytes = packing.await.map_err(AppError::internal)?.map_err(AppError::internal)?;
    Ok(Bundle { name: file_name(now), bytes })
}

fn file_name(now: Stamp) -> String {
    let moment = utc(now);
    format!(
        "nightjar-diagnostics-{}{:02}{:02}-{:02}{:02}.zip",
        moment.year(),
        u8::from(moment.month()),
        moment.day(),
        moment.hour(),
        moment.minute()
    )
}

fn pack(files: &[File], now: Stamp) -> zip::result::ZipResult<Vec<u8>> {
    let moment = utc(now);
    let (month, day) = (u8::from(moment.month()), moment.day());
    let year = u16::try_from(moment.year()).unwrap_or(0);
    // Only a year that zip cannot write has no date; its own beginning stands for it.
    let modified = zip::DateTime::from_date_and_time(year, month, day, moment.hour(), moment.minute(), moment.second()).unwrap_or_default();
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).last_modified_time(modified);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for file in files {
        zip.start_file(file.name, options)?;
        zip.write_all(file.text.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

fn utc(now: Stamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(now.utc_ms.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
