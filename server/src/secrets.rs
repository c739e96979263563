//! Sealing of camera passwords at rest: XChaCha20-Poly1305 under a key that lives in a file of its own in the data folder.
//!
//! A sealed value is `version (1) | key id (4) | nonce (24) | ciphertext and tag`. The additional data names the row, so that a value copied to
//! another row does not open. A copy of the database without the key file tells nothing.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::zeroize::Zeroizing;
use sha2::Sha256;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

/// Name of the key file in the data folder.
pub const KEY_FILE: &str = "secret.key";
const FILE_HEAD: &str = "nightjar-key-1";
const VERSION: u8 = 1;
const KEY_ID: usize = 4;
const NONCE: usize = 24;
const HEAD: usize = 1 + KEY_ID + NONCE;

/// Why a secret or the key is not usable. Never holds either.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("the key file {file} cannot be used: {cause}. It must be a file that only the server's user can read.")]
    KeyFile { file: String, cause: io::Error },
    #[error("{0} is not a Nightjar key file. Put the right one back from a backup, or remove it and enter the camera passwords again.")]
    NotAKey(String),
    #[error(
        "the password was sealed with another key than the one in the data folder. Put the key file back that belongs to this database."
    )]
    OtherKey,
    #[error("a sealed password is damaged. Enter it again.")]
    Damaged,
}

/// Seals and opens values. Cheap to clone.
#[derive(Clone)]
pub struct Sealer {
    cipher: Arc<XChaCha20Poly1305>,
    key_id: [u8; KEY_ID],
    /// What keys for other purposes are made from; tells nothing of the cipher's key.
    root: Arc<Zeroizing<[u8; 32]>>,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}

impl Sealer {
    /// Reads the key of a data folder, or makes one. A file that others may read is closed to them, with a warning.
    ///
    /// # Errors
    /// The file cannot be read or written, or is no key.
    pub fn open(data: &Path) -> Result<Self, SecretError> {
        let path = data.join(KEY_FILE);
        let fault = |cause| SecretError::KeyFile { file: path.display().to_string(), cause };
        if !path.try_exists().map_err(fault)? {
            create(data, &path).map_err(fault)?;
        }
        let text = read(&path).map_err(fault)?;
        Self::parse(&text).ok_or_else(|| SecretError::NotAKey(path.display().to_string()))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        if words.next()? != FILE_HEAD {
            return None;
        }
        let key_id = from_hex::<KEY_ID>(words.next()?)?;
        let key = Zeroizing::new(from_hex::<32>(words.next()?)?);
        let root = Arc::new(Zeroizing::new(mac(&key, b"nightjar derived keys 1")));
        Some(Self { cipher: Arc::new(XChaCha20Poly1305::new((&*key).into())), key_id, root })
    }

    /// A key for one other purpose, the same after every start.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(mac(&self.root, purpose.as_bytes()))
    }

    /// Encrypts `plain` for the row that `place` names.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, SecretError> {
        let mut nonce = [0; NONCE];
        OsRng.try_fill_bytes(&mut nonce).map_err(|_| SecretError::Damaged)?;
        let payload = Payload { msg: plain, aad: place.as_bytes() };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| SecretError::Damaged)?;
        Ok([&[VERSION][..], &self.key_id, &nonce, &sealed].concat())
    }

    /// Decrypts what [`Sealer::seal`] made for the same `place`.
    ///
    /// # Errors
    /// Sealed under another key, changed, or for another place.
    pub fn open_sealed(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        let (head, body) = sealed.split_at_checked(HEAD).ok_or(SecretError::Damaged)?;
        if head.first() != Some(&VERSION) {
            return Err(SecretError::Damaged);
        }
        let (key_id, nonce) = head.get(1..).and_then(|rest| rest.split_at_checked(KEY_ID)).ok_or(SecretError::Damaged)?;
        if key_id != self.key_id {
            return Err(SecretError::OtherKey);
        }
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| SecretError::Damaged)?;
        let payload = Payload { msg: body, aad: place.as_bytes() };
        self.cipher.decrypt(&XNonce::from(nonce), payload).map(Zeroizing::new).map_err(|_| SecretError::Damaged)
    }
}

/// HMAC-SHA-256.
pub fn mac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    // HMAC fills up the key with zeros to the block of its hash.
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// Writes a new key under a temporary name and links it into place: nobody ever sees half a key, and a key that another process made in the
/// meantime is never overwritten.
fn create(data: &Path, path: &Path) -> io::Result<()> {
    let mut random = Zeroizing::new([0_u8; KEY_ID + 32]);
    OsRng.try_fill_bytes(&mut random[..]).map_err(io::Error::other)?;
    let (id, key) = random.split_at(KEY_ID);
    let text = Zeroizing::new(format!("{FILE_HEAD} {} {}\n", to_hex(id), to_hex(key)));
    let temporary = data.join(format!(".{KEY_FILE}.{}.{}", std::process::id(), to_hex(id)));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| match fs::hard_link(&temporary, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    fs::remove_file(&temporary)?;
    written?;
    File::open(data)?.sync_all()
}

fn read(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(file = %path.display(), mode = %format!("{:o}", mode & 0o777), "the key file was open to other users; closing it to them");
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    let mut text = Zeroizing::new(String::new());
    Read::by_ref(&mut file).take(1024).read_to_string(&mut text)?;
    Ok(text)
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(crate) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    // Digits only: the parser of numbers would take a sign as well.
    if text.len() != N * 2 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_again_after_a_restart_and_only_in_its_place() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let sealed = Sealer::open(folder.path()).expect("a new key").seal("camera 1", b"p)#@ss").expect("sealed");
        assert!(!sealed.windows(6).any(|bytes| bytes == b"p)#@ss"));
        let again = Sealer::open(folder.path()).expect("the same key");
        assert_eq!(*again.open_sealed("camera 1", &sealed).expect("opens"), b"p)#@ss");
        assert!(matches!(again.open_sealed("camera 2", &sealed), Err(SecretError::Damaged)));
    }

    #[test]
    fn derived_keys_differ_by_purpose_and_stay() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (one, again) = (Sealer::open(folder.path()).expect("a key"), Sealer::open(folder.path()).expect("the same key"));
        assert_eq!(one.derive("links"), again.derive("links"));
        assert_ne!(one.derive("links"), one.derive("other"));
    }

    #[test]
    fn a_changed_or_short_value_does_not_open() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let sealer = Sealer::open(folder.path()).expect("a new key");
        let sealed = sealer.seal("x", b"secret").expect("sealed");
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(sealer.open_sealed("x", &changed).is_err(), "byte {index}");
        }
        for length in 0..sealed.len() {
            assert!(sealer.open_sealed("x", &sealed[..length]).is_err(), "length {length}");
        }
    }

    #[test]
    fn another_key_is_named_as_the_reason() {
        let (one, two) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let sealed = Sealer::open(one.path()).expect("a key").seal("x", b"secret").expect("sealed");
        assert!(matches!(Sealer::open(two.path()).expect("a key").open_sealed("x", &sealed), Err(SecretError::OtherKey)));
    }

    #[test]
    fn the_key_file_is_for_its_owner_only_and_is_closed_if_it_was_not() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Sealer::open(folder.path()).expect("a new key");
        let path = folder.path().join(KEY_FILE);
        let mode = |path: &Path| fs::metadata(path).expect("exists").permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("changed");
        Sealer::open(folder.path()).expect("still usable");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_damaged_key_file_is_refused_and_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join(KEY_FILE), "hello").expect("written");
        assert!(matches!(Sealer::open(folder.path()), Err(SecretError::NotAKey(_))));
        assert_eq!(fs::read_to_string(folder.path().join(KEY_FILE)).expect("kept"), "hello");
    }
}
