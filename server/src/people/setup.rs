//! The token that the first account is made with: printed on the console while there is none, in memory only, of no use afterwards.

use super::secret;
use crate::error::AppError;
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::zeroize::Zeroizing;

/// No letters that are taken for others: this one is read from a screen and typed.
const LETTERS: &[u8; 32] = b"23456789abcdefghijkmnpqrstuvwxyz";
const GROUPS: usize = 4;
const GROUP: usize = 5;

/// 100 random bits as `xxxxx-xxxxx-xxxxx-xxxxx`.
pub struct SetupToken(Zeroizing<String>);

impl SetupToken {
    /// A new one.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn new() -> Result<Self, AppError> {
        let mut bytes = Zeroizing::new([0_u8; GROUPS * GROUP]);
        OsRng.try_fill_bytes(&mut bytes[..]).map_err(AppError::internal)?;
        let letters: Vec<u8> = bytes.iter().map(|byte| LETTERS[usize::from(byte % 32)]).collect();
        let groups: Vec<_> = letters.chunks(GROUP).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
        Ok(Self(Zeroizing::new(groups.join("-"))))
    }

    /// For the console.
    pub fn show(&self) -> &str {
        &self.0
    }

    /// Whether this was typed, without regard to case, spaces and dashes.
    pub fn is(&self, typed: &str) -> bool {
        secret::same(&bare(&self.0), &bare(typed))
    }
}

impl std::fmt::Debug for SetupToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SetupToken")
    }
}

fn bare(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).take(64).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_known_as_people_type_it() {
        let token = SetupToken::new().expect("random");
        assert_eq!(token.show().len(), 23);
        assert!(
            token.is(token.show()) && token.is(&token.show().to_uppercase()) && token.is(&format!(" {} ", token.show().replace('-', " ")))
        );
        assert!(!token.is("") && !token.is(&token.show()[1..]) && !token.is(SetupToken::new().expect("random").show()));
        assert!(!format!("{token:?}").contains(token.show()));
    }
}
