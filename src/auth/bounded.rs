//! A map of tallies that cannot outgrow its bound.
//!
//! When it is full it gives up what is worth least: expired tallies first, locked ones and attempts under way
//! never before all others, so that nobody gets rid of a lock by making noise elsewhere. It must not rule on
//! attempts.

use std::collections::HashMap;

use super::tally::{AttemptLimits, Tally};
use crate::world::Micros;

/// A keyed digest of what is counted; no name is kept.
pub(super) type Key = [u8; 16];

/// Tallies by key.
#[derive(Default)]
pub(super) struct Tallies {
    entries: HashMap<Key, Tally>,
}

impl Tallies {
    /// The aged tally of `key`, if there is one.
    pub(super) fn get(&mut self, key: &Key, now: Micros, limits: &AttemptLimits) -> Option<&Tally> {
        let tally = self.entries.get_mut(key)?;
        tally.age(now, limits);
        Some(tally)
    }

    /// The aged tally of `key`, begun if there was none; room is made first.
    pub(super) fn open(&mut self, key: Key, now: Micros, limits: &AttemptLimits) -> &mut Tally {
        if self.entries.len() >= limits.capacity && !self.entries.contains_key(&key) {
            self.make_room(now, limits);
        }
        let tally = self.entries.entry(key).or_insert_with(|| Tally::new(now));
        tally.age(now, limits);
        tally
    }

    /// Ends one attempt under way on `key` by `settle`; a tally with nothing left to tell is dropped.
    pub(super) fn settle<R>(&mut self, key: &Key, settle: impl FnOnce(&mut Tally) -> R) -> Option<R> {
        let tally = self.entries.get_mut(key)?;
        tally.in_flight = tally.in_flight.saturating_sub(1);
        let settled = settle(tally);
        if tally.is_blank() {
            self.entries.remove(key);
        }
        Some(settled)
    }

    /// How many are held.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Drops what has expired and, if that is not enough, the eighth that is worth least: a whole eighth, so that
    /// the search is paid once for many newcomers.
    fn make_room(&mut self, now: Micros, limits: &AttemptLimits) {
        self.entries.retain(|_, tally| {
            tally.age(now, limits);
            !tally.is_blank()
        });
        let spare = (limits.capacity / 8).max(1);
        let excess = (self.entries.len() + spare).saturating_sub(limits.capacity);
        if excess == 0 {
            return;
        }
        let mut ranked: Vec<_> = self.entries.iter().map(|(key, tally)| (tally.worth(), *key)).collect();
        if excess < ranked.len() {
            ranked.select_nth_unstable(excess);
        }
        for (_, key) in ranked.iter().take(excess) {
            self.entries.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32) -> Key {
        let mut key = Key::default();
        key[..4].copy_from_slice(&number.to_le_bytes());
        key
    }

    fn limits() -> AttemptLimits {
        AttemptLimits { capacity: 64, lock_after: 5, ..AttemptLimits::default() }
    }

    #[test]
    fn noise_does_not_push_out_a_lock_nor_an_attempt_under_way_and_the_bound_holds() {
        let (mut tallies, limits) = (Tallies::default(), limits());
        for _ in 0..5 {
            tallies.open(key(0), 0, &limits).fail(0, &limits);
        }
        tallies.open(key(1), 0, &limits).in_flight = 1;
        for noise in 2..10_000 {
            tallies.open(key(noise), 1, &limits).fail(1, &limits);
            assert!(tallies.len() <= 64);
        }
        assert_eq!(tallies.entries[&key(0)].failures, 5);
        assert_eq!(tallies.entries[&key(1)].in_flight, 1);
    }

    #[test]
    fn expired_tallies_go_before_all_others() {
        let (mut tallies, limits) = (Tallies::default(), limits());
        let later = super::super::tally::micros(limits.forget);
        for old in 0..60 {
            let tally = tallies.open(key(old), 0, &limits);
            tally.fail(0, &limits);
            tally.fail(0, &limits);
        }
        for fresh in 60..100 {
            tallies.open(key(fresh), later, &limits).fail(later, &limits);
        }
        assert!((60..100).all(|fresh| tallies.entries.contains_key(&key(fresh))));
        assert_eq!(tallies.len(), 40);
    }

    #[test]
    fn full_of_locks_it_still_keeps_its_bound() {
        let (mut tallies, limits) = (Tallies::default(), AttemptLimits { lock_after: 1, ..limits() });
        for number in 0..1_000 {
            tallies.open(key(number), 0, &limits).fail(0, &limits);
        }
        assert!(tallies.len() <= 64);
    }
}
