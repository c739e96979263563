//! How many connections may be open, in all and from one address: a program that opens connections and forgets them must not lock people out.

use super::client::household;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The places for connections. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Slots {
    taken: Arc<Mutex<Taken>>,
    all: usize,
    per_address: usize,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    /// Holds only addresses that have a connection.
    by_address: HashMap<IpAddr, usize>,
}

/// One open connection; dropping it gives the place back.
#[derive(Debug)]
pub struct Slot {
    taken: Arc<Mutex<Taken>>,
    address: Option<IpAddr>,
}

impl Slots {
    /// `per_address` holds for one IPv4 address or one IPv6 network of 64 bits, which is what one household has.
    pub fn new(all: usize, per_address: usize) -> Self {
        Self { taken: Arc::default(), all, per_address }
    }

    /// A place for a connection from `address`, or None if there is none left. Where many people come from one address (a proxy that is
    /// trusted), `shared` leaves the limit per address out.
    pub fn take(&self, address: IpAddr, shared: bool) -> Option<Slot> {
        let address = (!shared).then(|| household(address));
        let mut taken = lock(&self.taken);
        if taken.all >= self.all {
            return None;
        }
        if let Some(address) = address {
            let count = taken.by_address.get(&address).copied().unwrap_or(0);
            if count >= self.per_address {
                return None;
            }
            taken.by_address.insert(address, count + 1);
        }
        taken.all += 1;
        Some(Slot { taken: Arc::clone(&self.taken), address })
    }

    /// Connections that are open now.
    pub fn open(&self) -> usize {
        lock(&self.taken).all
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.all = taken.all.saturating_sub(1);
        if let Some(address) = self.address
            && let Some(count) = taken.by_address.get_mut(&address)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.by_address.remove(&address);
            }
        }
    }
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    // Two numbers that are changed together, without anything between that could panic.
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn one_address_cannot_take_all_places() {
        let slots = Slots::new(4, 2);
        let first = slots.take(ip("192.0.2.1"), false).expect("a place");
        let _second = slots.take(ip("::ffff:192.0.2.1"), false).expect("a place");
        assert!(slots.take(ip("192.0.2.1"), false).is_none(), "both spellings are one address");
        let _other = slots.take(ip("192.0.2.2"), false).expect("another address has its own");
        drop(first);
        let _again = slots.take(ip("192.0.2.1"), false).expect("given back");
        assert!(slots.take(ip("192.0.2.3"), false).is_some());
        let _last = slots.take(ip("192.0.2.3"), false).expect("a place");
        assert!(slots.take(ip("192.0.2.4"), false).is_none(), "all are taken");
        assert_eq!(slots.open(), 4);
    }

    #[test]
    fn an_ipv6_network_counts_as_one_and_a_shared_address_is_not_counted() {
        let slots = Slots::new(10, 1);
        let _one = slots.take(ip("2001:db8:1:2::1"), false).expect("a place");
        assert!(slots.take(ip("2001:db8:1:2:ffff::9"), false).is_none());
        let _other = slots.take(ip("2001:db8:1:3::1"), false).expect("another network");
        let proxy: Vec<_> = (0..5).filter_map(|_| slots.take(ip("192.0.2.1"), true)).collect();
        assert_eq!((proxy.len(), slots.open()), (5, 7));
        drop(proxy);
        assert_eq!(slots.open(), 2);
        assert_eq!(lock(&slots.taken).by_address.len(), 2, "addresses without a connection are forgotten");
    }
}
