//! Secrets that the server makes itself: 256 random bits as text. At rest only their SHA-256 is kept; guessing them is hopeless, so nothing
//! slower is needed.

use crate::error::AppError;
use crate::secrets::to_hex;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::zeroize::Zeroizing;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// 43 letters, digits, `-` and `_`.
///
/// # Errors
/// The system gives no random bytes.
pub fn random() -> Result<Zeroizing<String>, AppError> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    OsRng.try_fill_bytes(&mut bytes[..]).map_err(AppError::internal)?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(&bytes[..])))
}

/// What is kept of it.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// What is kept of it, as it stands in the database.
pub fn hash_hex(secret: &str) -> String {
    to_hex(&hash(secret))
}

/// Whether two texts are the same, in a time that does not depend on where they differ.
pub fn same(one: &str, other: &str) -> bool {
    // Hashed first: lengths may not be told either.
    hash(one).ct_eq(&hash(other)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_are_compared_whole() {
        let (one, other) = (random().expect("random"), random().expect("random"));
        assert_eq!(one.len(), 43);
        assert_ne!(one, other);
        assert!(same(&one, &one) && !same(&one, &other) && !same(&one, &one[..42]) && !same("", &one) && same("", ""));
        assert_eq!(hash_hex(&one).len(), 64);
    }
}
