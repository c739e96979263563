//! The sessions in memory: which hold, and what those were called whose id was renewed. Pure; [`super::Sessions`] keeps the database in step.

use super::{Entry, Lifetimes, Subject, hash};
use std::collections::HashMap;
use time::{Duration, OffsetDateTime};
use tower_sessions::session::Id;

/// SHA-256 of a session's id.
pub type Hash = [u8; 32];

/// How long a session's former id is still taken once the browser has shown that it knows the new one: for what it had sent by then.
pub const GRACE: Duration = Duration::seconds(60);

/// What a session was called before its id was renewed.
struct Former {
    /// What it is called now. In clear, so that every answer can tell it until the browser knows it; never written.
    now: Id,
    /// It is taken until then. None: the browser may never have got the answer that told it the new id.
    until: Option<OffsetDateTime>,
}

/// All sessions. At most one former id of each has no end: only an id that the browser knows is renewed.
pub struct Table {
    lifetimes: Lifetimes,
    entries: HashMap<Hash, Entry>,
    former: HashMap<Hash, Former>,
}

impl Table {
    pub fn new(lifetimes: Lifetimes, entries: HashMap<Hash, Entry>) -> Self {
        Self { lifetimes, entries, former: HashMap::new() }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Hash, &Entry)> {
        self.entries.iter()
    }

    pub fn insert(&mut self, hash: Hash, entry: Entry) {
        self.entries.insert(hash, entry);
    }

    /// By the present id only.
    pub fn entry(&mut self, hash: &Hash) -> Option<&mut Entry> {
        self.entries.get_mut(hash)
    }

    /// Ends a session, by its present id or a former one; the hash of its present id.
    pub fn remove(&mut self, hash: &Hash) -> Hash {
        let present = self.former.get(hash).map_or(*hash, |former| super::hash(&former.now));
        self.entries.remove(&present);
        self.former.retain(|_, former| super::hash(&former.now) != present);
        present
    }

    pub fn holds(&self, entry: &Entry, now: OffsetDateTime) -> bool {
        let idle = now >= entry.last_seen_at.saturating_add(self.lifetimes.idle);
        now < entry.expires_at && (!idle || self.is_display(entry))
    }

    /// Longer than any other session was given to it.
    pub fn is_display(&self, entry: &Entry) -> bool {
        entry.expires_at > entry.created_at.saturating_add(self.lifetimes.absolute)
    }

    /// The session that has this id, or had it until lately, and the hash of its present id.
    pub fn find(&self, hash: &Hash, now: OffsetDateTime) -> Option<(Hash, &Entry)> {
        let present = match self.former.get(hash) {
            Some(former) if former.until.is_some_and(|until| now >= until) => return None,
            Some(former) => super::hash(&former.now),
            None => *hash,
        };
        let entry = self.entries.get(&present).filter(|entry| self.holds(entry, now))?;
        Some((present, entry))
    }

    /// The session was used now.
    pub fn touch(&mut self, hash: &Hash, now: OffsetDateTime) -> Option<(Hash, &Entry)> {
        let (present, _) = self.find(hash, now)?;
        let entry = self.entries.get_mut(&present)?;
        entry.last_seen_at = now;
        entry.unwritten = true;
        Some((present, entry))
    }

    /// A browser has sent this id. If it is the present one, former ones have done their duty.
    pub fn present(&mut self, hash: &Hash, now: OffsetDateTime) -> Option<(Hash, &Entry)> {
        for former in self.former.values_mut().filter(|former| former.until.is_none() && super::hash(&former.now) == *hash) {
            former.until = Some(now.saturating_add(GRACE));
        }
        self.touch(hash, now)
    }

    /// Whether this is the present id of a session that has fewer rises than `rises` behind it.
    pub fn is_behind(&self, hash: &Hash, rises: i64, now: OffsetDateTime) -> bool {
        self.find(hash, now).is_some_and(|(present, entry)| present == *hash && entry.rises < rises)
    }

    /// What a browser that sends a former id has to be told.
    pub fn successor(&self, hash: &Hash, now: OffsetDateTime) -> Option<(Id, OffsetDateTime)> {
        let (_, entry) = self.find(hash, now)?;
        Some((self.former.get(hash)?.now, entry.expires_at))
    }

    /// From now on the session `old` is called `new`. False if it has ended meanwhile.
    pub fn rename(&mut self, old: &Hash, new: Id, rises: i64, now: OffsetDateTime) -> bool {
        let Some(mut entry) = self.entries.remove(old) else { return false };
        entry.rises = rises;
        self.entries.insert(hash(&new), entry);
        for former in self.former.values_mut().filter(|former| super::hash(&former.now) == *old) {
            former.now = new;
            // The browser has shown that it knows `old`, or that would not be renewed.
            former.until.get_or_insert(now.saturating_add(GRACE));
        }
        self.former.insert(*old, Former { now: new, until: None });
        self.forget(now);
        true
    }

    /// Lets go of former ids that are no longer taken.
    pub fn forget(&mut self, now: OffsetDateTime) {
        let entries = &self.entries;
        self.former.retain(|_, former| former.until.is_none_or(|until| now < until) && entries.contains_key(&hash(&former.now)));
    }

    /// The sessions that must go so that this person, or this link, can have one more of `most`; the longest unused first.
    pub fn surplus(&self, subject: Subject, most: usize) -> Vec<Hash> {
        let is_theirs = |other: Subject| match (subject, other) {
            (Subject::Person { id: wanted, .. }, Subject::Person { id, .. }) => id == wanted,
            (Subject::Guest { link: wanted }, Subject::Guest { link }) => link == wanted,
            _ => false,
        };
        let theirs = self.iter().filter(|(_, entry)| is_theirs(entry.subject));
        let mut own: Vec<_> = theirs.map(|(hash, entry)| (entry.last_seen_at, *hash)).collect();
        own.sort_unstable();
        let surplus = (own.len() + 1).saturating_sub(most);
        own.into_iter().take(surplus).map(|(_, hash)| hash).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn at(seconds: i64) -> OffsetDateTime {
        START + Duration::seconds(seconds)
    }

    fn entry() -> Entry {
        Entry {
            subject: Subject::Person { id: 1, generation: 1 },
            rises: 0,
            address: String::new(),
            user_agent: String::new(),
            created_at: START,
            last_seen_at: START,
            expires_at: at(100_000),
            unwritten: false,
        }
    }

    /// A table with one session, and its id.
    fn one() -> (Table, Id) {
        let id = Id::default();
        (Table::new(Lifetimes::default(), HashMap::from([(hash(&id), entry())])), id)
    }

    #[test]
    fn the_former_id_is_told_the_new_one_until_the_browser_knows_it_and_a_minute_longer() {
        let (mut table, old) = one();
        let new = Id::default();
        assert!(table.is_behind(&hash(&old), 1, at(10)) && !table.is_behind(&hash(&old), 0, at(10)));
        assert!(table.rename(&hash(&old), new, 1, at(10)));
        // The answer may have been lost: the old one is good for as long as it takes.
        assert_eq!(table.successor(&hash(&old), at(9000)), Some((new, at(100_000))));
        assert_eq!(table.present(&hash(&old), at(9000)).map(|(hash, _)| hash), Some(hash(&new)));
        // It is renewed once, not with each request that was under way.
        assert!(!table.is_behind(&hash(&old), 2, at(9000)));
        assert!(table.present(&hash(&new), at(9001)).is_some());
        assert_eq!(table.successor(&hash(&new), at(9001)), None);
        assert!(table.find(&hash(&old), at(9060)).is_some());
        assert!(table.find(&hash(&old), at(9061)).is_none() && table.successor(&hash(&old), at(9061)).is_none());
        table.forget(at(9061));
        assert!(table.former.is_empty());
        assert!(table.find(&hash(&new), at(9061)).is_some());
    }

    #[test]
    fn a_connection_that_lasts_does_not_count_as_the_browser_knowing_the_new_id() {
        let (mut table, old) = one();
        let new = Id::default();
        table.rename(&hash(&old), new, 1, at(0));
        assert!(table.touch(&hash(&new), at(1)).is_some());
        assert!(table.find(&hash(&old), at(1000)).is_some());
    }

    #[test]
    fn several_rises_lead_to_the_last_id() {
        let (mut table, first) = one();
        let (second, third) = (Id::default(), Id::default());
        table.rename(&hash(&first), second, 1, at(0));
        table.present(&hash(&second), at(1));
        table.rename(&hash(&second), third, 2, at(2));
        for id in [first, second] {
            assert_eq!(table.successor(&hash(&id), at(3)).map(|(id, _)| id), Some(third));
        }
        assert!(table.find(&hash(&first), at(61)).is_none() && table.find(&hash(&second), at(61)).is_some());
    }

    #[test]
    fn whoever_signs_out_under_a_former_id_is_signed_out_under_all() {
        let (mut table, old) = one();
        let new = Id::default();
        table.rename(&hash(&old), new, 1, at(0));
        assert_eq!(table.remove(&hash(&old)), hash(&new));
        assert!(table.find(&hash(&old), at(0)).is_none() && table.find(&hash(&new), at(0)).is_none());
        assert!(table.former.is_empty());
        // What has ended is not renewed.
        assert!(!table.rename(&hash(&new), Id::default(), 2, at(0)));
    }
}
