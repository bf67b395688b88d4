//! Failed sign-ins, so that a flood cannot fill the disk: the first ten per name and address in a minute are
//! recorded singly, and at most a hundred per address whatever the names; the rest as one record with a count.

use std::collections::HashMap;

use parking_lot::Mutex;

/// Microseconds since 1970.
type Micros = i64;

/// How many failures of one name and address are recorded singly in a window.
const SINGLY: u32 = 10;
/// How many of one address, whatever the names.
const SINGLY_PER_SOURCE: u32 = 100;
/// The window.
const WINDOW: Micros = 60_000_000;
/// How many names and addresses are told apart; beyond, one shared entry counts.
const ENTRIES: usize = 10_000;

/// One finished count of failures that were not recorded singly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// The name that was tried; empty for all names of an address, and for the shared entry.
    pub name: String,
    /// From where.
    pub source: String,
    /// How many failures.
    pub count: u32,
}

#[derive(Debug)]
struct Window {
    since: Micros,
    seen: u32,
}

/// Counts failed sign-ins per name and address.
#[derive(Debug, Default)]
pub struct SignInFlood {
    windows: Mutex<Windows>,
}

type Windows = HashMap<(String, String), Window>;

fn bound(name: &str, source: &str) -> u32 {
    if name.is_empty() && !source.is_empty() { SINGLY_PER_SOURCE } else { SINGLY }
}

/// Counts one failure; true while it is within the bound.
fn note(windows: &mut Windows, name: &str, source: &str, now: Micros) -> bool {
    let mut key = (name.to_owned(), source.to_owned());
    if windows.len() >= ENTRIES && !windows.contains_key(&key) {
        key = (String::new(), String::new());
    }
    let bound = bound(&key.0, &key.1);
    let window = windows.entry(key).or_insert(Window { since: now, seen: 0 });
    window.seen = window.seen.saturating_add(1);
    window.seen <= bound
}

impl SignInFlood {
    /// Notes a failure; true when it is to be recorded singly.
    pub fn failed(&self, name: &str, source: &str, now: Micros) -> bool {
        let mut windows = self.windows.lock();
        note(&mut windows, "", source, now) && note(&mut windows, name, source, now)
    }

    /// Takes out the windows that are over, and returns the counts of those that had more than ten failures.
    pub fn finished(&self, now: Micros) -> Vec<Tally> {
        let mut tallies = Vec::new();
        self.windows.lock().retain(|(name, source), window| {
            let open = now - window.since < WINDOW;
            if !open && window.seen > bound(name, source) {
                let count = window.seen - bound(name, source);
                tallies.push(Tally { name: name.clone(), source: source.clone(), count });
            }
            open
        });
        tallies
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_are_recorded_singly_and_the_rest_as_a_count() {
        let flood = SignInFlood::default();
        let singly = (0..25).filter(|_| flood.failed("anna", "10.0.0.1", 0)).count();
        assert_eq!(singly, 10);
        assert!(flood.failed("anna", "10.0.0.2", 0), "another address has a count of its own");
        assert_eq!(flood.finished(WINDOW - 1), []);
        let tally = Tally { name: "anna".into(), source: "10.0.0.1".into(), count: 15 };
        assert_eq!(flood.finished(WINDOW), [tally]);
        assert!(flood.failed("anna", "10.0.0.1", WINDOW), "a new window begins");
    }

    #[test]
    fn names_beyond_the_bound_of_an_address_are_counted_together() {
        let flood = SignInFlood::default();
        let singly = (0..250).filter(|number| flood.failed(&format!("n{number}"), "10.0.0.1", 0)).count();
        assert_eq!(singly, 100);
        let tally = Tally { name: String::new(), source: "10.0.0.1".into(), count: 150 };
        assert_eq!(flood.finished(WINDOW), [tally]);
    }

    #[test]
    fn addresses_beyond_the_bound_share_one_entry() {
        let flood = SignInFlood::default();
        for number in 0..ENTRIES + 50 {
            flood.failed("anna", &format!("10.0.{}.{}", number / 256, number % 256), 0);
        }
        assert!(flood.windows.lock().len() <= ENTRIES + 1);
        assert!(flood.finished(WINDOW).iter().any(|tally| tally.source.is_empty() && tally.count > 0));
    }
}
