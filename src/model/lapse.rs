//! States that end by themselves at an instant. What is stored stays; the state that counts follows from the clock
//! each time it is asked for, so that no sweep can be late.

use crate::model::attribute::AttrId;
use crate::model::{Attributes, Value};

/// How the state of a kind lapses.
#[derive(Debug, PartialEq, Eq)]
pub struct Lapse {
    /// The attribute that holds the state.
    pub state: AttrId,
    /// The attribute that holds the instant from which on an open state has lapsed.
    pub until: AttrId,
    /// The states that lapse; every other one is final.
    pub open: &'static [&'static str],
    /// The state that is answered and searched instead; it may be one that is stored as well.
    pub lapsed: &'static str,
    /// Whether it is.
    pub stored: bool,
}

impl Lapse {
    /// Whether an entity with these attributes has lapsed at the instant `now`.
    pub fn has_lapsed(&self, attributes: &Attributes, now: i64) -> bool {
        let open = attributes.text(self.state).is_some_and(|state| self.open.contains(&state));
        open && matches!(attributes.first(self.until), Some(Value::Instant(until)) if *until <= now)
    }

    /// The state that counts at the instant `now`.
    pub fn state<'a>(&self, attributes: &'a Attributes, now: i64) -> Option<&'a str> {
        if self.has_lapsed(attributes, now) { Some(self.lapsed) } else { attributes.text(self.state) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static LAPSE: Lapse =
        Lapse { state: AttrId(1), until: AttrId(2), open: &["Open"], lapsed: "Over", stored: false };

    fn entity(state: &str, until: Option<i64>) -> Attributes {
        let mut attributes = Attributes::default();
        attributes.put(AttrId(1), Value::text(state));
        attributes.set(AttrId(2), until.map(Value::Instant).into_iter().collect());
        attributes
    }

    #[test]
    fn an_open_state_lapses_at_its_instant_and_a_final_one_never() {
        let open = entity("Open", Some(10));
        assert_eq!(LAPSE.state(&open, 9), Some("Open"));
        assert_eq!(LAPSE.state(&open, 10), Some("Over"));
        assert_eq!(LAPSE.state(&entity("Open", None), i64::MAX), Some("Open"));
        assert_eq!(LAPSE.state(&entity("Closed", Some(10)), 11), Some("Closed"));
    }
}
