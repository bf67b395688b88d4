//! Throttling of failed logins, so that passwords cannot be guessed and nobody can be locked out from elsewhere.
//!
//! A pair (name, origin) that fails is first made to wait, then locked for a while; a name failing from everywhere
//! together is only held up, and not for origins that have proven themselves. An attempt takes a [`Permit`] before
//! its verification and settles it after, so that parallel attempts cannot outrun the count. It must not verify
//! anything, and keeps digests only, never names.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use zeroize::Zeroizing;

use super::bounded::{Key, Tallies};
use super::origin::Origin;
use super::tally::{Ruling, doubling, micros};
use crate::world::{Micros, World};

pub use super::tally::AttemptLimits;

#[derive(Default)]
struct Books {
    pairs: Tallies,
    names: Tallies,
}

struct Shared {
    books: Mutex<Books>,
    limits: AttemptLimits,
    /// From here on no pair can be barred, unless this is moved: spares remembered credentials the books.
    quiet_from: AtomicI64,
}

impl Shared {
    fn disturb(&self, now: Micros) {
        let calm = now.saturating_add(micros(self.limits.lock.max(self.limits.forget)));
        self.quiet_from.fetch_max(calm, Ordering::SeqCst);
    }
}

/// The failed attempts that are still remembered.
pub struct Attempts {
    shared: Arc<Shared>,
    secret: Zeroizing<[u8; 32]>,
}

/// What an attempt may do.
#[derive(Debug)]
pub enum Decision {
    /// Verify, after [`Permit::hold`], and settle the permit.
    Proceed(Permit),
    /// Refuse without verifying: the pair has failed too often lately, or too many of its attempts are under way.
    Delay(Duration),
    /// Refuse without verifying: the pair is locked.
    Locked {
        /// How long the lock lasts yet.
        retry_after: Duration,
    },
}

/// How a pair stands before an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It may try.
    Free,
    /// It may not try now.
    Barred {
        /// Whether it is a lock, not only a wait.
        locked: bool,
        /// How long it lasts yet.
        retry_after: Duration,
        /// Whether this origin has logged in under the name itself lately.
        proven: bool,
    },
}

impl Attempts {
    /// No failures yet; `world` gives the random key of the digests.
    pub fn new(world: &dyn World, limits: AttemptLimits) -> Self {
        let mut secret = Zeroizing::new([0_u8; 32]);
        world.random(secret.as_mut_slice());
        let shared = Shared { books: Mutex::default(), limits, quiet_from: AtomicI64::new(Micros::MIN) };
        Self { shared: Arc::new(shared), secret }
    }

    /// How the pair of `name` and `address` stands at `now`, without reserving anything. Cheap while nobody fails.
    pub fn standing(&self, name: &str, address: IpAddr, now: Micros) -> Standing {
        if now >= self.shared.quiet_from.load(Ordering::SeqCst) {
            return Standing::Free;
        }
        let limits = &self.shared.limits;
        let pair = self.key(Some(Origin::of(address)), name);
        let mut books = self.shared.books.lock();
        let Some(tally) = books.pairs.get(&pair, now, limits) else { return Standing::Free };
        let proven = tally.proven;
        match tally.rule(now, limits) {
            Ruling::Go => Standing::Free,
            Ruling::Wait(retry_after) => Standing::Barred { locked: false, retry_after, proven },
            Ruling::Locked(retry_after) => Standing::Barred { locked: true, retry_after, proven },
        }
    }

    /// Asks whether a password for `name` from `address` may be verified at `now`. The answer for a name depends
    /// only on earlier attempts, so it does not tell whether anybody has the name.
    pub fn check(&self, name: &str, address: IpAddr, now: Micros) -> Decision {
        let pair = self.key(Some(Origin::of(address)), name);
        let name = self.key(None, name);
        let limits = &self.shared.limits;
        let mut books = self.shared.books.lock();
        let tally = books.pairs.open(pair, now, limits);
        match tally.rule(now, limits) {
            Ruling::Wait(left) => return Decision::Delay(left),
            Ruling::Locked(retry_after) => return Decision::Locked { retry_after },
            Ruling::Go => tally.in_flight = tally.in_flight.saturating_add(1),
        }
        if tally.rule(now, limits) != Ruling::Go {
            self.shared.disturb(now);
        }
        let proven = tally.proven;
        let tally = books.names.open(name, now, limits);
        let load = tally.failures.saturating_add(tally.in_flight);
        tally.in_flight = tally.in_flight.saturating_add(1);
        let hold = if proven {
            Duration::ZERO
        } else {
            doubling(load, limits.name_from, limits.name_delay, limits.name_delay_max)
        };
        drop(books);
        Decision::Proceed(Permit { shared: Arc::clone(&self.shared), pair, name, hold, open: true })
    }

    /// How many pairs are remembered.
    pub fn remembered(&self) -> usize {
        self.shared.books.lock().pairs.len()
    }

    fn key(&self, origin: Option<Origin>, name: &str) -> Key {
        let mut hasher = blake3::Hasher::new_keyed(&self.secret);
        match origin {
            Some(origin) => hasher.update(&[1]).update(&origin.octets()),
            None => hasher.update(&[0]),
        };
        hasher.update(name.as_bytes());
        let mut key = Key::default();
        hasher.finalize_xof().fill(&mut key);
        key
    }
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts").field("limits", &self.shared.limits).finish_non_exhaustive()
    }
}

/// The right to one verification. Dropped unsettled (the service was busy, say) it counts as not used.
pub struct Permit {
    shared: Arc<Shared>,
    pair: Key,
    name: Key,
    hold: Duration,
    open: bool,
}

impl Permit {
    /// How long to wait before verifying, because the name is failing from everywhere; mostly nothing.
    pub fn hold(&self) -> Duration {
        self.hold
    }

    /// The password was right: the failures of this pair are forgiven.
    pub fn succeeded(mut self, now: Micros) {
        self.open = false;
        let mut books = self.shared.books.lock();
        books.pairs.settle(&self.pair, |tally| tally.succeed(now));
        books.names.settle(&self.name, |_| ());
    }

    /// The password was wrong, or nobody has the name. Answers whether this brought the lock of the pair.
    pub fn failed(mut self, now: Micros) -> bool {
        self.open = false;
        let limits = &self.shared.limits;
        let mut books = self.shared.books.lock();
        self.shared.disturb(now);
        books.names.settle(&self.name, |tally| tally.fail_softly(now));
        books.pairs.settle(&self.pair, |tally| tally.fail(now, limits)).unwrap_or_default()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.open {
            let mut books = self.shared.books.lock();
            books.pairs.settle(&self.pair, |_| ());
            books.names.settle(&self.name, |_| ());
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("hold", &self.hold).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Still;

    const HERE: &str = "192.0.2.1";
    const THERE: &str = "198.51.100.7";
    const MILLI: Micros = 1_000;

    fn attempts(limits: AttemptLimits) -> Attempts {
        Attempts::new(&Still::at(0), limits)
    }

    fn standard() -> Attempts {
        attempts(AttemptLimits::default())
    }

    fn check(attempts: &Attempts, from: &str, now: Micros) -> Decision {
        attempts.check("restuser", from.parse().unwrap(), now)
    }

    fn permit(attempts: &Attempts, from: &str, now: Micros) -> Permit {
        match check(attempts, from, now) {
            Decision::Proceed(permit) => permit,
            refused => panic!("{from} at {now}: {refused:?}"),
        }
    }

    /// Fails as often as allowed, waiting whenever told, until locked; answers the number of failures and the time.
    fn fail_until_locked(attempts: &Attempts, from: &str, mut now: Micros) -> (u32, Micros) {
        for failures in 0.. {
            loop {
                match check(attempts, from, now) {
                    Decision::Proceed(permit) => break assert_eq!(permit.failed(now), failures == 9),
                    Decision::Delay(left) => now += micros(left),
                    Decision::Locked { .. } => return (failures, now),
                }
            }
        }
        unreachable!()
    }

    #[test]
    fn the_third_failure_brings_a_wait_that_doubles() {
        let attempts = standard();
        for _ in 0..3 {
            permit(&attempts, HERE, 0).failed(0);
        }
        assert!(matches!(check(&attempts, HERE, 0), Decision::Delay(d) if d == Duration::from_millis(100)));
        assert!(
            matches!(check(&attempts, HERE, 60 * MILLI), Decision::Delay(d) if d == Duration::from_millis(40))
        );
        permit(&attempts, HERE, 100 * MILLI).failed(100 * MILLI);
        assert!(
            matches!(check(&attempts, HERE, 100 * MILLI), Decision::Delay(d) if d == Duration::from_millis(200))
        );
    }

    #[test]
    fn ten_failures_lock_the_pair_and_an_ended_lock_lets_in_again() {
        let attempts = standard();
        let (failures, now) = fail_until_locked(&attempts, HERE, 0);
        assert_eq!(failures, 10);
        let Decision::Locked { retry_after } = check(&attempts, HERE, now) else { panic!("not locked") };
        assert_eq!(retry_after, Duration::from_mins(5));
        let end = now + micros(retry_after);
        assert!(matches!(check(&attempts, HERE, end - 1), Decision::Locked { .. }));
        let permits = [permit(&attempts, HERE, end), permit(&attempts, HERE, end)];
        drop(permits);
        assert_eq!(fail_until_locked(&attempts, HERE, end).0, 10);
    }

    #[test]
    fn a_lock_from_one_address_does_not_touch_another() {
        let attempts = standard();
        let (_, now) = fail_until_locked(&attempts, HERE, 0);
        permit(&attempts, THERE, now).succeeded(now);
        assert!(matches!(check(&attempts, HERE, now), Decision::Locked { .. }));
    }

    #[test]
    fn the_standing_of_a_pair_tells_what_a_check_would_without_taking_a_place() {
        let attempts = standard();
        let standing = |from: &str, now| attempts.standing("restuser", from.parse().unwrap(), now);
        assert_eq!(standing(HERE, 0), Standing::Free);
        let permits: Vec<_> = (0..3).map(|_| permit(&attempts, HERE, 0)).collect();
        assert!(matches!(standing(HERE, 0), Standing::Barred { locked: false, proven: false, .. }));
        drop(permits);
        assert_eq!(standing(HERE, 0), Standing::Free);
        permit(&attempts, HERE, 0).succeeded(0);
        let (_, now) = fail_until_locked(&attempts, HERE, 0);
        let retry_after = Duration::from_mins(5);
        assert_eq!(standing(HERE, now), Standing::Barred { locked: true, retry_after, proven: true });
        assert_eq!(standing(THERE, now), Standing::Free);
        assert_eq!(standing(HERE, now + micros(retry_after)), Standing::Free);
    }

    #[test]
    fn a_success_forgives_the_failures_of_its_pair_only() {
        let attempts = standard();
        for _ in 0..2 {
            permit(&attempts, HERE, 0).failed(0);
            permit(&attempts, THERE, 0).failed(0);
        }
        permit(&attempts, HERE, 0).succeeded(0);
        permit(&attempts, HERE, 0).failed(0);
        permit(&attempts, HERE, 0).failed(0);
        permit(&attempts, HERE, 0).failed(0);
        assert!(matches!(check(&attempts, HERE, 0), Decision::Delay(_)));
        permit(&attempts, THERE, 0).failed(0);
        assert!(matches!(check(&attempts, THERE, 0), Decision::Delay(_)));
    }

    #[test]
    fn attempts_under_way_count_and_a_dropped_permit_gives_its_place_back() {
        let attempts = standard();
        let mut permits: Vec<_> = (0..3).map(|_| permit(&attempts, HERE, 0)).collect();
        assert!(matches!(check(&attempts, HERE, 0), Decision::Delay(_)));
        permits.pop();
        permits.push(permit(&attempts, HERE, 0));
        assert!(matches!(check(&attempts, HERE, 0), Decision::Delay(_)));
        drop(permits);
        assert_eq!(attempts.remembered(), 0);
    }

    #[test]
    fn addresses_of_one_ipv6_64_share_their_failures() {
        let attempts = standard();
        for host in 1..=3 {
            permit(&attempts, &format!("2001:db8::{host}"), 0).failed(0);
        }
        assert!(matches!(check(&attempts, "2001:db8::ffff", 0), Decision::Delay(_)));
        permit(&attempts, "2001:db8:0:1::1", 0).succeeded(0);
    }

    #[test]
    fn a_name_failing_from_everywhere_is_held_up_but_never_locked() {
        let attempts = standard();
        permit(&attempts, THERE, 0).succeeded(0);
        for host in 0..2_000 {
            let from = format!("10.0.{}.{}", host / 250, host % 250);
            permit(&attempts, &from, 0).failed(0);
        }
        let stranger = permit(&attempts, HERE, 0);
        assert_eq!(stranger.hold(), Duration::from_secs(2));
        assert_eq!(permit(&attempts, THERE, 0).hold(), Duration::ZERO, "a proven origin is not held up");
        let other = attempts.check("someone else", HERE.parse().unwrap(), 0);
        assert!(matches!(other, Decision::Proceed(permit) if permit.hold().is_zero()));
        drop(stranger);
        let later = micros(AttemptLimits::default().forget);
        assert_eq!(permit(&attempts, HERE, later).hold(), Duration::ZERO);
    }

    #[test]
    fn memory_stays_bounded_and_noise_does_not_free_a_locked_pair() {
        let attempts = attempts(AttemptLimits { capacity: 100, ..AttemptLimits::default() });
        let (_, now) = fail_until_locked(&attempts, HERE, 0);
        for noise in 0..5_000 {
            match attempts.check(&format!("noise{noise}"), HERE.parse().unwrap(), now) {
                Decision::Proceed(permit) => permit.failed(now),
                refused => panic!("{refused:?}"),
            };
        }
        assert!(attempts.remembered() <= 100);
        assert!(matches!(check(&attempts, HERE, now), Decision::Locked { .. }));
    }
}
