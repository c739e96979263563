//! Slows down guessing: growing delays after failed attempts, per address and per account. Sans-IO: time goes in, a wait comes out.
//!
//! An attempt is charged when it begins, so that many at once are no way around, and given back when it succeeds. An address from which an
//! account was signed in to before is not held up by failures from elsewhere: nobody can lock the owner out.

use crate::listen::client::household;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Failures that cost nothing: people mistype.
const FREE_PER_ACCOUNT: u32 = 5;
/// A household or an office behind one address.
const FREE_PER_ADDRESS: u32 = 10;
const FIRST_DELAY: Duration = Duration::from_secs(1);
/// Short, because a stranger can cause it.
const LONGEST_PER_ACCOUNT: Duration = Duration::from_secs(60);
const LONGEST_PER_ADDRESS: Duration = Duration::from_secs(15 * 60);
/// So long after the last failure all is forgotten.
const FORGET: Duration = Duration::from_secs(30 * 60);
/// Entries of each table; the one that was touched longest ago makes room.
const MAX_ENTRIES: usize = 4096;

/// Failures by address and by account.
#[derive(Debug, Default)]
pub struct Limiter {
    addresses: Table<IpAddr>,
    accounts: Table<String>,
    /// Where accounts were signed in to.
    trusted: Table<(IpAddr, String)>,
}

/// An attempt that may go on.
#[derive(Debug, Clone)]
pub struct Attempt {
    address: IpAddr,
    account: String,
    trusted: bool,
}

#[derive(Debug)]
struct Table<K> {
    entries: HashMap<K, Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    failures: u32,
    last: Instant,
}

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self { entries: HashMap::new() }
    }
}

impl Limiter {
    /// Begins an attempt of `account` (a name as it is compared, known or not) from `address`.
    ///
    /// # Errors
    /// How long to wait first. Such an attempt costs nothing and must not be carried out.
    pub fn begin(&mut self, now: Instant, address: IpAddr, account: &str) -> Result<Attempt, Duration> {
        let address = household(address);
        let trusted = self.trusted.entries.contains_key(&(address, account.to_owned()));
        let by_address = self.addresses.wait(now, &address, FREE_PER_ADDRESS, LONGEST_PER_ADDRESS);
        let by_account =
            if trusted { Duration::ZERO } else { self.accounts.wait(now, &account.to_owned(), FREE_PER_ACCOUNT, LONGEST_PER_ACCOUNT) };
        let wait = by_address.max(by_account);
        if !wait.is_zero() {
            return Err(wait);
        }
        self.addresses.charge(now, address);
        if !trusted {
            self.accounts.charge(now, account.to_owned());
        }
        Ok(Attempt { address, account: account.to_owned(), trusted })
    }

    /// The attempt was right.
    pub fn succeeded(&mut self, now: Instant, attempt: &Attempt) {
        // Only what this attempt was charged: with an account of one's own one could otherwise wipe out one's guesses at others.
        self.addresses.refund(&attempt.address);
        if !attempt.trusted {
            self.accounts.entries.remove(&attempt.account);
        }
        self.trusted.charge(now, (attempt.address, attempt.account.clone()));
    }

    /// The attempt was not judged: the server was busy, or its database away.
    pub fn abandoned(&mut self, attempt: &Attempt) {
        self.addresses.refund(&attempt.address);
        if !attempt.trusted {
            self.accounts.refund(&attempt.account);
        }
    }

    /// Lets go of what is forgotten.
    pub fn sweep(&mut self, now: Instant) {
        self.addresses.sweep(now, FORGET);
        self.accounts.sweep(now, FORGET);
    }
}

impl<K: Eq + Hash + Clone> Table<K> {
    fn wait(&self, now: Instant, key: &K, free: u32, longest: Duration) -> Duration {
        let Some(entry) = self.entries.get(key) else { return Duration::ZERO };
        let since = now.saturating_duration_since(entry.last);
        if entry.failures < free || since >= FORGET {
            return Duration::ZERO;
        }
        let doublings = (entry.failures - free).min(20);
        let delay = FIRST_DELAY.saturating_mul(1 << doublings).min(longest);
        delay.saturating_sub(since)
    }

    fn charge(&mut self, now: Instant, key: K) {
        if self.entries.len() >= MAX_ENTRIES
            && !self.entries.contains_key(&key)
            && let Some(oldest) = self.entries.iter().min_by_key(|(_, entry)| entry.last).map(|(key, _)| key.clone())
        {
            self.entries.remove(&oldest);
        }
        let entry = self.entries.entry(key).or_insert(Entry { failures: 0, last: now });
        if now.saturating_duration_since(entry.last) >= FORGET {
            entry.failures = 0;
        }
        entry.failures = entry.failures.saturating_add(1);
        entry.last = now;
    }

    fn refund(&mut self, key: &K) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.failures = entry.failures.saturating_sub(1);
            if entry.failures == 0 {
                self.entries.remove(key);
            }
        }
    }

    fn sweep(&mut self, now: Instant, after: Duration) {
        self.entries.retain(|_, entry| now.saturating_duration_since(entry.last) < after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv6Addr;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 1, 5));
    const AWAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9));

    #[test]
    fn delays_grow_and_end_with_a_success() {
        let (mut limiter, mut now) = (Limiter::default(), Instant::now());
        for _ in 0..FREE_PER_ACCOUNT {
            limiter.begin(now, HOME, "ann").expect("free");
        }
        let mut waits = Vec::new();
        for _ in 0..8 {
            let wait = limiter.begin(now, HOME, "ann").expect_err("a delay");
            waits.push(wait.as_secs());
            now += wait;
            limiter.begin(now, HOME, "ann").expect("waited");
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        now += Duration::from_secs(3600);
        let attempt = limiter.begin(now, HOME, "ann").expect("forgotten");
        limiter.succeeded(now, &attempt);
        assert!(limiter.begin(now, HOME, "ann").is_ok());
    }

    #[test]
    fn strangers_cannot_lock_out_who_was_here_before() {
        let (mut limiter, now) = (Limiter::default(), Instant::now());
        let attempt = limiter.begin(now, HOME, "ann").expect("free");
        limiter.succeeded(now, &attempt);
        while limiter.begin(now, AWAY, "ann").is_ok() {}
        assert!(limiter.begin(now, HOME, "ann").is_ok());
    }

    #[test]
    fn signing_in_to_ones_own_account_does_not_pay_for_guesses_at_others() {
        let (mut limiter, now) = (Limiter::default(), Instant::now());
        let mut guesses = 0;
        for name in 0..1000 {
            let own = limiter.begin(now, AWAY, "mallory").map(|attempt| limiter.succeeded(now, &attempt));
            if own.is_err() || limiter.begin(now, AWAY, &format!("user{name}")).is_err() {
                break;
            }
            guesses += 1;
        }
        assert!(guesses <= FREE_PER_ADDRESS, "{guesses}");
    }

    #[test]
    fn a_network_of_ipv6_is_one_guesser() {
        let (mut limiter, now) = (Limiter::default(), Instant::now());
        let address = |host: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, host));
        let tries = (0..100).take_while(|host| limiter.begin(now, address(*host), &format!("user{host}")).is_ok()).count();
        assert_eq!(tries, 10);
        let mapped: IpAddr = "::ffff:192.168.1.5".parse().expect("an address");
        assert_eq!(household(mapped), HOME);
    }

    proptest! {
        /// However attempts are spread over time, addresses and names, an account sees few guesses an hour and the tables stay small.
        #[test]
        fn guesses_are_bounded(steps in proptest::collection::vec((0..4_u8, 0..3_u8, 0..40_u64), 1..400)) {
            let (mut limiter, start) = (Limiter::default(), Instant::now());
            let mut now = start;
            let mut carried_out: HashMap<u8, Vec<Instant>> = HashMap::new();
            for (host, account, pause) in steps {
                now += Duration::from_secs(pause);
                let address = IpAddr::from([203, 0, 113, host]);
                match limiter.begin(now, address, &account.to_string()) {
                    Ok(_) => carried_out.entry(account).or_default().push(now),
                    Err(wait) => prop_assert!(!wait.is_zero() && wait <= LONGEST_PER_ADDRESS),
                }
            }
            for times in carried_out.values() {
                for (index, at) in times.iter().enumerate() {
                    let in_ten_minutes = times.iter().skip(index).take_while(|other| other.duration_since(*at) < Duration::from_secs(600)).count();
                    // Five free ones, six growing delays, then one a minute.
                    prop_assert!(in_ten_minutes <= 5 + 7 + 10, "{in_ten_minutes}");
                }
            }
            prop_assert!(limiter.accounts.entries.len() <= MAX_ENTRIES);
        }
    }

    #[test]
    fn tables_are_bounded_and_the_oldest_makes_room() {
        let (mut limiter, now) = (Limiter::default(), Instant::now());
        for index in 0..5000_u32 {
            let _ = limiter.begin(now + Duration::from_millis(u64::from(index)), IpAddr::from(index.to_be_bytes()), &index.to_string());
        }
        assert_eq!((limiter.addresses.entries.len(), limiter.accounts.entries.len()), (MAX_ENTRIES, MAX_ENTRIES));
        assert!(limiter.accounts.entries.contains_key("4999") && !limiter.accounts.entries.contains_key("0"));
    }
}
