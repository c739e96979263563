//! Signed media links: what stands in the address, and its signature. Pure; whether a link was revoked is known to the directory.

use crate::secrets::mac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::zeroize::Zeroizing;
use subtle::ConstantTimeEq;
use time::OffsetDateTime;

const VERSION: u8 = 1;
const CLAIMS: usize = 1 + 8 + 8 + 8;
/// Half of HMAC-SHA-256, as RFC 2104 permits: addresses are typed into televisions.
const TAG: usize = 16;

/// What a link says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    /// Its row, by which it can be revoked.
    pub link: i64,
    pub camera: i64,
    /// Unix time, seconds.
    pub expires: i64,
}

/// Signs and reads links.
#[derive(Clone)]
pub struct Signer {
    key: Zeroizing<[u8; 32]>,
}

impl Signer {
    pub fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self { key }
    }

    /// The part of the address that is the link.
    pub fn sign(&self, claims: Claims) -> String {
        let body = encode(claims);
        let tag = mac(&self.key, &body);
        let mut bytes = body.to_vec();
        bytes.extend_from_slice(tag.get(..TAG).unwrap_or_default());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What the link says, if we signed it and its time is not over.
    pub fn read(&self, text: &str, now: OffsetDateTime) -> Option<Claims> {
        // The one way to write it: otherwise a link had many names.
        let bytes: [u8; CLAIMS + TAG] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (body, tag) = bytes.split_at_checked(CLAIMS)?;
        let right = mac(&self.key, body);
        if !bool::from(tag.ct_eq(right.get(..TAG)?)) {
            return None;
        }
        let claims = decode(body)?;
        (claims.expires > now.unix_timestamp()).then_some(claims)
    }
}

fn encode(claims: Claims) -> [u8; CLAIMS] {
    let mut body = [VERSION; CLAIMS];
    for (slot, number) in body[1..].chunks_exact_mut(8).zip([claims.link, claims.camera, claims.expires]) {
        slot.copy_from_slice(&number.to_be_bytes());
    }
    body
}

fn decode(body: &[u8]) -> Option<Claims> {
    let (version, numbers) = body.split_first()?;
    let mut numbers = numbers.chunks_exact(8).filter_map(|bytes| bytes.try_into().ok().map(i64::from_be_bytes));
    let claims = Claims { link: numbers.next()?, camera: numbers.next()?, expires: numbers.next()? };
    (*version == VERSION).then_some(claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer() -> Signer {
        Signer::new(Zeroizing::new([7; 32]))
    }

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).expect("a time")
    }

    proptest::proptest! {
        #[test]
        fn only_what_was_signed_is_read(link: i64, camera: i64, expires in 1..4_000_000_000_i64, place in 0_usize..55, letter in "[A-Za-z0-9_-]") {
            let claims = Claims { link, camera, expires };
            let text = signer().sign(claims);
            proptest::prop_assert_eq!(signer().read(&text, at(expires - 1)), Some(claims));
            proptest::prop_assert_eq!(signer().read(&text, at(expires)), None);
            proptest::prop_assert_eq!(Signer::new(Zeroizing::new([8; 32])).read(&text, at(0)), None);
            let mut changed = text.clone();
            changed.replace_range(place..=place, &letter);
            if changed != text {
                proptest::prop_assert_eq!(signer().read(&changed, at(0)), None);
            }
            proptest::prop_assert_eq!(signer().read(text.get(..place).unwrap_or_default(), at(0)), None);
        }

        #[test]
        fn garbage_is_no_link(text in "\\PC{0,80}") {
            proptest::prop_assert_eq!(signer().read(&text, at(0)), None);
        }
    }
}
