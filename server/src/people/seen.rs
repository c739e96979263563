//! When something was last used, also what is not written yet: lists must not say that a token was never used a moment after its use.

use super::People;
use super::directory::{Link, Person};
use time::OffsetDateTime;

impl People {
    /// When somebody last signed in.
    pub fn signed_in_at(&self, person: &Person) -> Option<OffsetDateTime> {
        self.lock_used().sign_ins.get(&person.id).copied().or(person.last_sign_in_at)
    }

    /// When a token was last used; `stored`: as its row says.
    pub fn token_used_at(&self, id: i64, stored: Option<OffsetDateTime>) -> Option<OffsetDateTime> {
        self.lock_used().tokens.get(&id).copied().or(stored)
    }

    /// When a link was last used.
    pub fn link_used_at(&self, link: &Link) -> Option<OffsetDateTime> {
        self.lock_used().links.get(&link.id).copied().or(link.last_used_at)
    }
}
