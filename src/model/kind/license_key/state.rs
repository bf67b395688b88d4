//! The life of a licence key: whether it is switched on, and by what it was switched off. Nothing else decides what may
//! follow what. That it has expired is not stored: the clock decides at every use.

use crate::model::attribute::AttrId;
use crate::model::{Attributes, Kind, Value};

const STATUS: AttrId = Kind::LicenseKey.own_attr(2);
const VALID_FROM: AttrId = Kind::LicenseKey.own_attr(3);
const VALID_TO: AttrId = Kind::LicenseKey.own_attr(4);
const DISABLED_BY: AttrId = Kind::LicenseKey.own_attr(5);

/// The states of a licence key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Switched on.
    Active,
    /// Switched off itself, on purpose.
    Disabled,
    /// Off because its MISP was de-activated, and on again with it.
    Suspended,
    /// Off because its MISP was rejected; an approval makes another key.
    Withdrawn,
}

/// What can happen to a licence key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is switched on itself.
    Enable,
    /// It is switched off itself.
    Disable,
    /// Its MISP is activated.
    MispActivated,
    /// Its MISP is de-activated.
    MispDeactivated,
    /// Its MISP is rejected.
    MispRejected,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Active, Self::Disabled, Self::Suspended, Self::Withdrawn];

    /// The state of a key with these attributes.
    pub fn of(key: &Attributes) -> Self {
        let words = (key.text(STATUS).unwrap_or_default(), key.text(DISABLED_BY));
        // What cannot be read was switched off on purpose, so that nothing switches it on by itself.
        Self::ALL.into_iter().find(|known| known.words() == words).unwrap_or(Self::Disabled)
    }

    /// `status` and `disabledBy`.
    fn words(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Active => ("active", None),
            Self::Disabled => ("de-active", Some("key")),
            Self::Suspended => ("de-active", Some("misp")),
            Self::Withdrawn => ("de-active", Some("rejection")),
        }
    }

    /// The state after a step. One that has expired is not switched on with its MISP.
    #[must_use]
    pub fn after(self, step: Step, has_expired: bool) -> Self {
        match (self, step) {
            (_, Step::Enable) => Self::Active,
            (_, Step::Disable) => Self::Disabled,
            (Self::Suspended, Step::MispActivated) if !has_expired => Self::Active,
            (Self::Active, Step::MispDeactivated) => Self::Suspended,
            (Self::Active | Self::Suspended, Step::MispRejected) => Self::Withdrawn,
            (
                Self::Active | Self::Disabled | Self::Suspended | Self::Withdrawn,
                Step::MispActivated | Step::MispDeactivated | Step::MispRejected,
            ) => self,
        }
    }

    /// Stores it.
    pub fn put(self, key: &mut Attributes) {
        let (status, by) = self.words();
        key.put(STATUS, Value::text(status));
        key.set(DISABLED_BY, by.map(Value::text).into_iter().collect());
    }
}

fn instant(key: &Attributes, attr: AttrId) -> Option<i64> {
    match key.first(attr) {
        Some(Value::Instant(at)) => Some(*at),
        _ => None,
    }
}

/// Whether the time of a key is over at the instant `now`, or has not come.
pub fn has_expired(key: &Attributes, now: i64) -> bool {
    let begun = instant(key, VALID_FROM).is_some_and(|from| from <= now);
    !begun || instant(key, VALID_TO).is_none_or(|to| to <= now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_leads_where_the_table_says() {
        use State::{Active, Disabled, Suspended, Withdrawn};
        let steps =
            [Step::Enable, Step::Disable, Step::MispActivated, Step::MispDeactivated, Step::MispRejected];
        for (from, wanted) in [
            (Active, [Active, Disabled, Active, Suspended, Withdrawn]),
            (Disabled, [Active, Disabled, Disabled, Disabled, Disabled]),
            (Suspended, [Active, Disabled, Active, Suspended, Withdrawn]),
            (Withdrawn, [Active, Disabled, Withdrawn, Withdrawn, Withdrawn]),
        ] {
            assert_eq!(steps.map(|step| from.after(step, false)), wanted, "{from:?}");
            let mut key = Attributes::default();
            from.put(&mut key);
            assert_eq!(State::of(&key), from);
        }
        assert_eq!(Suspended.after(Step::MispActivated, true), Suspended, "an expired one stays off");
    }

    #[test]
    fn a_key_is_good_from_its_first_instant_to_before_its_last() {
        let mut key = Attributes::default();
        assert!(has_expired(&key, 5), "one without a time is not good");
        key.put(VALID_FROM, Value::Instant(5));
        key.put(VALID_TO, Value::Instant(9));
        assert_eq!([4, 5, 8, 9].map(|now| has_expired(&key, now)), [true, false, false, true]);
    }

    #[test]
    fn a_key_whose_state_cannot_be_read_was_switched_off_on_purpose() {
        let mut key = Attributes::default();
        assert_eq!(State::of(&key), State::Disabled);
        key.put(STATUS, Value::text("active"));
        key.put(DISABLED_BY, Value::text("misp"));
        assert_eq!(State::of(&key), State::Disabled);
    }
}
