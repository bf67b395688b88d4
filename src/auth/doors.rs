//! How often one address may knock at the doors that need no credentials.
//!
//! Counts requests, not failures; logins are the business of `attempts`. It must not know which doors there are.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::origin::Origin;

/// Checks between two sweeps of the origins that are at rest.
const SWEEP_EVERY: usize = 4_096;

/// A limit of requests per origin.
pub struct DoorLimit {
    limiter: DefaultKeyedRateLimiter<Origin>,
    clock: DefaultClock,
    capacity: usize,
    checks: AtomicUsize,
}

impl DoorLimit {
    /// At most `burst` requests of an origin at once, and `per_minute` a minute in the long run; `capacity` origins
    /// are told apart, beyond that whole networks (/16, /32) count as one.
    pub fn new(burst: NonZeroU32, per_minute: NonZeroU32, capacity: usize) -> Self {
        let clock = DefaultClock::default();
        let quota = Quota::per_minute(per_minute).allow_burst(burst);
        let limiter = RateLimiter::keyed(quota);
        Self { limiter, clock, capacity, checks: AtomicUsize::new(0) }
    }

    /// Counts a request from `address`; over the limit, how long until the next may come.
    pub fn check(&self, address: IpAddr) -> Result<(), Duration> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.limiter.retain_recent();
        }
        let origin = Origin::of(address);
        let counted = if self.limiter.len() < self.capacity { origin } else { origin.wider() };
        self.limiter.check_key(&counted).map_err(|over| over.wait_time_from(self.clock.now()))
    }
}

impl fmt::Debug for DoorLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DoorLimit").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(capacity: usize) -> DoorLimit {
        DoorLimit::new(NonZeroU32::new(3).unwrap(), NonZeroU32::new(1).unwrap(), capacity)
    }

    #[test]
    fn one_origin_is_limited_and_another_is_not() {
        let (limit, here) = (limit(100), "192.0.2.1".parse().unwrap());
        for _ in 0..3 {
            assert_eq!(limit.check(here), Ok(()));
        }
        let wait = limit.check(here).unwrap_err();
        assert!(wait > Duration::from_secs(50) && wait <= Duration::from_mins(1), "{wait:?}");
        assert_eq!(limit.check("192.0.2.2".parse().unwrap()), Ok(()));
    }

    #[test]
    fn beyond_the_capacity_memory_grows_no_further_within_a_network() {
        let limit = limit(10);
        let passed = (0..200_u8).filter(|host| limit.check(IpAddr::from([192, 0, 2, *host])).is_ok()).count();
        assert_eq!(passed, 13, "ten single origins and one burst of their network");
        assert_eq!(limit.limiter.len(), 11);
    }
}
