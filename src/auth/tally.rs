//! The arithmetic of throttling: what a count of failures means for the next attempt.
//!
//! Pure: no lock, no clock, no map. It must not know what is being counted.

use std::time::Duration;

use crate::world::Micros;

/// How failed attempts slow and lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptLimits {
    /// Failures of a pair (name, origin) from which the next attempt must wait; so many may also be under way at
    /// once.
    pub delay_from: u32,
    /// The first wait of a pair; each further failure doubles it.
    pub delay: Duration,
    /// The longest wait of a pair before its lock.
    pub delay_max: Duration,
    /// Failures after which a pair is locked.
    pub lock_after: u32,
    /// How long a locked pair stays so; then it starts anew.
    pub lock: Duration,
    /// Failures of a name, from everywhere together, from which attempts on it are held up.
    pub name_from: u32,
    /// The first hold; each further failure doubles it.
    pub name_delay: Duration,
    /// The longest hold. Holds never become a lock.
    pub name_delay_max: Duration,
    /// How long after the last failure the failures are forgotten.
    pub forget: Duration,
    /// Most pairs, and most names, remembered.
    pub capacity: usize,
}

impl Default for AttemptLimits {
    fn default() -> Self {
        Self {
            delay_from: 3,
            delay: Duration::from_millis(100),
            delay_max: Duration::from_secs(30),
            lock_after: 10,
            lock: Duration::from_mins(5),
            name_from: 20,
            name_delay: Duration::from_millis(100),
            name_delay_max: Duration::from_secs(2),
            forget: Duration::from_mins(15),
            capacity: 100_000,
        }
    }
}

/// A duration in microseconds; longer than the clock can count becomes the longest.
pub(super) fn micros(duration: Duration) -> Micros {
    Micros::try_from(duration.as_micros()).unwrap_or(Micros::MAX)
}

/// `first`, doubled for each failure above `from`, at most `most`; nothing below `from`.
pub(super) fn doubling(failures: u32, from: u32, first: Duration, most: Duration) -> Duration {
    let Some(above) = failures.checked_sub(from) else { return Duration::ZERO };
    1_u32.checked_shl(above).map_or(most, |factor| first.saturating_mul(factor).min(most))
}

/// What a tally says of the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ruling {
    /// It may be made.
    Go,
    /// Not before this much time.
    Wait(Duration),
    /// Locked, for this much longer.
    Locked(Duration),
}

/// The failures of one pair or one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) failures: u32,
    pub(super) in_flight: u32,
    /// Whether an attempt succeeded since the tally was begun.
    pub(super) proven: bool,
    /// The last time something was settled.
    last: Micros,
    locked_until: Option<Micros>,
}

impl Tally {
    pub(super) fn new(now: Micros) -> Self {
        Self { failures: 0, in_flight: 0, proven: false, last: now, locked_until: None }
    }

    /// Lets go what time has healed: an ended lock, forgotten failures.
    pub(super) fn age(&mut self, now: Micros, limits: &AttemptLimits) {
        // A clock set back must not make a wait or a lock longer than it was meant to be.
        self.last = self.last.min(now);
        if let Some(until) = self.locked_until.as_mut() {
            *until = (*until).min(now.saturating_add(micros(limits.lock)));
        }
        let lock_ended = self.locked_until.is_some_and(|until| until <= now);
        let old = self.locked_until.is_none() && now.saturating_sub(self.last) >= micros(limits.forget);
        if lock_ended || old {
            self.failures = 0;
            self.locked_until = None;
            self.proven &= !old;
        }
    }

    /// What the pair of this tally may do at `now`. Call [`Self::age`] first.
    pub(super) fn rule(&self, now: Micros, limits: &AttemptLimits) -> Ruling {
        if let Some(until) = self.locked_until {
            return Ruling::Locked(span(now, until));
        }
        if self.failures.saturating_add(self.in_flight) < limits.delay_from.min(limits.lock_after) {
            return Ruling::Go;
        }
        if self.in_flight > 0 {
            // Each of those under way may fail; until they have settled, none is added.
            return Ruling::Wait(limits.delay);
        }
        if self.failures == 0 {
            return Ruling::Go;
        }
        let delay = doubling(self.failures, limits.delay_from, limits.delay, limits.delay_max);
        match span(now, self.last.saturating_add(micros(delay))) {
            Duration::ZERO => Ruling::Go,
            left => Ruling::Wait(left),
        }
    }

    /// Counts a failure; answers whether it brought the lock.
    pub(super) fn fail(&mut self, now: Micros, limits: &AttemptLimits) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.last = now;
        let locks = self.failures >= limits.lock_after && self.locked_until.is_none();
        if locks {
            self.locked_until = Some(now.saturating_add(micros(limits.lock)));
        }
        locks
    }

    /// Counts a failure that can only slow, never lock.
    pub(super) fn fail_softly(&mut self, now: Micros) {
        self.failures = self.failures.saturating_add(1);
        self.last = now;
    }

    /// A success: the failures before it are forgiven.
    pub(super) fn succeed(&mut self, now: Micros) {
        self.failures = 0;
        self.locked_until = None;
        self.proven = true;
        self.last = now;
    }

    /// Whether nothing would be lost by forgetting this tally.
    pub(super) fn is_blank(&self) -> bool {
        self.failures == 0 && self.in_flight == 0 && !self.proven && self.locked_until.is_none()
    }

    /// What is given up last when room is short: attempts under way and locks, then many failures, then late ones.
    pub(super) fn worth(&self) -> (bool, u32, Micros) {
        (self.in_flight > 0 || self.locked_until.is_some(), self.failures, self.last)
    }
}

fn span(now: Micros, until: Micros) -> Duration {
    Duration::from_micros(u64::try_from(until.saturating_sub(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Micros = 1_000_000;

    #[test]
    fn the_wait_doubles_from_the_third_failure_up_to_its_bound() {
        let wait =
            |failures| doubling(failures, 3, Duration::from_millis(100), Duration::from_secs(30)).as_millis();
        assert_eq!([0, 2, 3, 4, 9, 40, 4_000_000].map(wait), [0, 0, 100, 200, 6_400, 30_000, 30_000]);
    }

    #[test]
    fn a_clock_set_back_does_not_lengthen_a_lock_or_a_wait() {
        let limits = AttemptLimits { lock_after: 1, ..AttemptLimits::default() };
        let mut tally = Tally::new(0);
        assert!(tally.fail(86_400 * SECOND, &limits));
        tally.age(0, &limits);
        assert_eq!(tally.rule(0, &limits), Ruling::Locked(limits.lock));

        let limits = AttemptLimits { delay_from: 1, ..AttemptLimits::default() };
        let mut tally = Tally::new(0);
        tally.fail(86_400 * SECOND, &limits);
        tally.age(0, &limits);
        assert_eq!(tally.rule(0, &limits), Ruling::Wait(limits.delay));
    }

    #[test]
    fn failures_are_forgotten_after_their_time_but_not_those_of_a_lock() {
        let limits =
            AttemptLimits { lock: Duration::from_hours(1), lock_after: 2, ..AttemptLimits::default() };
        let mut tally = Tally::new(0);
        tally.fail(0, &limits);
        let mut locked = tally;
        tally.age(micros(limits.forget), &limits);
        assert!(tally.is_blank());
        locked.fail(0, &limits);
        locked.age(micros(limits.forget), &limits);
        assert!(matches!(locked.rule(micros(limits.forget), &limits), Ruling::Locked(_)));
    }

    #[test]
    fn limits_of_nought_still_let_a_first_attempt_through() {
        let limits = AttemptLimits { delay_from: 0, lock_after: 0, ..AttemptLimits::default() };
        let mut tally = Tally::new(0);
        assert_eq!(tally.rule(0, &limits), Ruling::Go);
        assert!(tally.fail(0, &limits));
        assert!(matches!(tally.rule(0, &limits), Ruling::Locked(_)));
    }
}
