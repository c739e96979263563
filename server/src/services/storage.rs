//! Where recordings go: the folder that was chosen, whether it can be written, and how much room there is.

use crate::db::Db;
use crate::error::{AppError, AppResult, Kind};
use crate::services::installation::stored;
use app::model::RecordingPlace;
use sea_orm::DbErr;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

const FIELD: &str = "folder";
/// Below the data folder, unless another one is chosen.
const DEFAULT: &str = "recordings";
/// A path's length, in bytes.
const MAX_PATH: usize = 1024;
/// Less room than this is none, in bytes.
pub const MIN_FREE: u64 = 256 << 20;
/// A disk that takes longer to answer (a share on the network that is gone) is not used.
const PATIENCE: Duration = Duration::from_secs(10);

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Storage {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    default: PathBuf,
    /// The database's copy in memory.
    chosen: RwLock<Option<PathBuf>>,
    /// One change at a time. An async lock, because it is held across the transaction.
    writing: tokio::sync::Mutex<()>,
}

impl Storage {
    /// Reads what was chosen.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn open(db: Db, data: &Path) -> Result<Self, DbErr> {
        let chosen = stored::recordings(&db).await?.map(PathBuf::from);
        let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
        let inner = Inner { db, default: data.join(DEFAULT), chosen: RwLock::new(chosen), writing: tokio::sync::Mutex::new(()) };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The folder that recordings go to.
    pub fn folder(&self) -> PathBuf {
        let chosen = self.inner.chosen.read().unwrap_or_else(PoisonError::into_inner).clone();
        chosen.unwrap_or_else(|| self.inner.default.clone())
    }

    /// The folder and how it is now.
    ///
    /// # Errors
    /// The folder's disk does not answer.
    pub async fn place(&self) -> AppResult<RecordingPlace> {
        let folder = self.folder();
        let is_default = folder == self.inner.default;
        blocking(move || Ok(look(&folder, is_default))).await
    }

    /// A folder of this name in it, made for this user only if it is missing, if something can be written there now.
    ///
    /// # Errors
    /// 503 with what is wrong.
    pub async fn folder_for(&self, name: &str) -> AppResult<PathBuf> {
        let folder = self.folder();
        let (is_default, wanted) = (folder == self.inner.default, folder.join(name));
        let made = wanted.clone();
        let make = move || {
            if let Some(problem) = look(&folder, is_default).problem {
                return Err(nothing_recorded(&problem));
            }
            let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(made);
            made.map_err(|error| nothing_recorded(&format!("A folder cannot be made: {}.", reason(&error))))
        };
        match blocking(make).await {
            Ok(()) => Ok(wanted),
            Err(error) if error.kind() == Kind::Invalid => Err(nothing_recorded(&error.problem().detail)),
            Err(error) => Err(error),
        }
    }

    /// Chooses a folder, or the one below the data folder. It is made if it is missing, and written to once, before it is taken.
    ///
    /// # Errors
    /// 422 with what is wrong with it; nothing is changed then.
    pub async fn choose(&self, folder: Option<&str>) -> AppResult<RecordingPlace> {
        let chosen = folder.map(checked).transpose()?;
        let wanted = chosen.clone().unwrap_or_else(|| self.inner.default.clone());
        blocking(move || proved(&wanted)).await?;
        let _one = self.inner.writing.lock().await;
        let transaction = self.inner.db.begin().await.map_err(AppError::internal)?;
        let text = chosen.as_deref().and_then(Path::to_str);
        stored::put_recordings(&transaction, text).await.map_err(AppError::internal)?;
        transaction.commit().await.map_err(AppError::internal)?;
        *self.inner.chosen.write().unwrap_or_else(PoisonError::into_inner) = chosen;
        self.place().await
    }
}

fn nothing_recorded(problem: &str) -> AppError {
    AppError::unavailable("storage_unavailable", format!("Nothing can be recorded now. {problem}"), 60)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> AppResult<T> + Send + 'static) -> AppResult<T> {
    let done = tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(work)).await;
    let silent = |_| AppError::invalid(FIELD, "folder_silent", "The disk of this folder does not answer. Is a network share gone?");
    done.map_err(silent)?.map_err(AppError::internal)?
}

/// A path that means the same wherever the server was started.
fn checked(text: &str) -> AppResult<PathBuf> {
    let path = Path::new(text.trim());
    if !path.is_absolute() || path.components().any(|part| part == Component::ParentDir) {
        return Err(AppError::invalid(FIELD, "folder_not_absolute", "Write the whole path, from / on and without “..”: /srv/recordings"));
    }
    if text.len() > MAX_PATH || text.chars().any(char::is_control) {
        return Err(AppError::invalid(FIELD, "folder_not_a_path", "This cannot be the path of a folder."));
    }
    Ok(path.components().collect())
}

/// Makes the folder if need be and writes to it.
fn proved(folder: &Path) -> AppResult<()> {
    let invalid = |code: &str, detail: String| Err(AppError::invalid(FIELD, code, detail));
    if let Err(error) = std::fs::create_dir_all(folder) {
        return invalid("folder_not_made", format!("The folder cannot be made: {}.", reason(&error)));
    }
    let Some((total, free)) = room(folder) else {
        return invalid("folder_no_disk", "Nothing can be kept in this folder: it is not on a disk.".to_owned());
    };
    if total == 0 {
        return invalid("folder_no_disk", "Nothing can be kept in this folder: it is not on a disk.".to_owned());
    }
    if free < MIN_FREE {
        return invalid("folder_full", "There is hardly any room left on the disk of this folder. Choose another one.".to_owned());
    }
    if let Err(error) = write_once(folder) {
        return invalid("folder_not_writable", format!("Nothing can be written to this folder: {}.", reason(&error)));
    }
    Ok(())
}

fn write_once(folder: &Path) -> io::Result<()> {
    let file = folder.join(format!(".nightjar-{:016x}", rand::random::<u64>()));
    let written = std::fs::File::create_new(&file).and_then(|mut opened| opened.write_all(b"nightjar").and_then(|()| opened.sync_all()));
    let removed = std::fs::remove_file(&file);
    written.and(removed)
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "Nightjar’s user may not do that here".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only".to_owned(),
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "there is a file of this name".to_owned(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full".to_owned(),
        _ => media::error::plainly(error),
    }
}

/// Total and free bytes of a folder's disk.
fn room(folder: &Path) -> Option<(u64, u64)> {
    let system = rustix::fs::statvfs(folder).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(system.f_frsize);
    Some((bytes(system.f_blocks), bytes(system.f_bavail)))
}

/// Without changing anything: a folder that is not there yet is judged by where it would be made.
fn look(folder: &Path, is_default: bool) -> RecordingPlace {
    let there = folder.ancestors().find(|path| path.is_dir()).unwrap_or(folder);
    let (total_bytes, free_bytes) = room(there).unzip();
    let writable = rustix::fs::access(there, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK);
    let problem = match writable {
        Err(error) => Some(format!("Nothing can be written to this folder: {}.", reason(&error.into()))),
        // A disk that is not mounted leaves its place empty: what is written there would fill the wrong disk.
        Ok(()) if !is_default && there != folder => Some("The folder is not there. Is its disk mounted?".to_owned()),
        Ok(()) if free_bytes.is_some_and(|free| free < MIN_FREE) => Some("There is hardly any room left.".to_owned()),
        Ok(()) => None,
    };
    RecordingPlace { folder: folder.to_string_lossy().into_owned(), is_default, total_bytes, free_bytes, problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_paths_are_folders() {
        assert_eq!(checked(" /srv//recordings/ ").expect("a path"), Path::new("/srv/recordings"));
        for text in ["", "recordings", "./x", "/srv/../etc", "../x"] {
            assert_eq!(checked(text).expect_err("refused").code(), "folder_not_absolute", "{text}");
        }
        for text in ["/a\0b".to_owned(), "/a\nb".to_owned(), format!("/{}", "a".repeat(MAX_PATH))] {
            assert_eq!(checked(&text).expect_err("refused").code(), "folder_not_a_path", "{text}");
        }
    }

    #[test]
    fn a_folder_is_made_and_left_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let wanted = folder.path().join("a/b");
        assert!(look(&wanted, true).problem.is_none() && look(&wanted, false).problem.is_some());
        proved(&wanted).expect("writable");
        assert_eq!(std::fs::read_dir(&wanted).expect("made").count(), 0);
        assert!(look(&wanted, false).problem.is_none());
        std::fs::write(folder.path().join("file"), "").expect("written");
        for (path, code) in [
            (folder.path().join("file/x"), "folder_not_made"),
            ("/proc/nightjar".into(), "folder_not_made"),
            ("/proc".into(), "folder_no_disk"),
        ] {
            assert_eq!(proved(&path).expect_err("refused").code(), code, "{}", path.display());
        }
    }
}
