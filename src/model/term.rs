//! The terms of a search: one attribute and what its value must be.

use std::collections::HashSet;
use std::sync::Arc;

use uuid::Uuid;

use crate::model::lapse::Lapse;
use crate::model::registry::Attribute;
use crate::model::{Attributes, Value, key};

/// How a value must compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Starts with this text (already folded when the attribute ignores letter case, else NFC).
    Prefix(String),
    /// Equals this text as given, after NFC.
    Exact(String),
    /// Equals this typed value.
    Equal(Value),
    /// Refers to one of these entities.
    RefersTo(HashSet<Uuid>),
    /// Is one of these entities: a condition on a derived attribute, looked up beforehand.
    OneOf(HashSet<Uuid>),
    /// Equals this stored state, which has not lapsed at that instant.
    InState(&'static Lapse, Value, i64),
    /// Is in this state at that instant, stored or lapsed into.
    Counts(&'static Lapse, Value, i64),
    /// Was last changed at or after the first instant and before the second: a condition on the entity itself.
    Changed(i64, i64),
    /// Has lapsed at that instant; the attribute searched is the one that says when.
    Lapsed(&'static Lapse, i64),
}

/// One condition of a search; all must hold.
#[derive(Debug, Clone)]
pub struct Term {
    /// The attribute searched.
    pub attribute: Arc<Attribute>,
    /// What its value must be; with several values one match is enough.
    pub test: Test,
}

impl Term {
    /// The term for text on an attribute that is searched by its own key.
    pub fn text(attribute: &Arc<Attribute>, text: &str, exact: bool) -> Self {
        let wanted = if exact {
            Test::Exact(key::nfc(text).into_owned())
        } else if attribute.syntax.ignores_case() {
            Test::Prefix(key::fold(text))
        } else {
            Test::Prefix(key::nfc(text).into_owned())
        };
        Self { attribute: Arc::clone(attribute), test: wanted }
    }

    /// Whether an entity with these attributes satisfies the term.
    pub fn holds(&self, attributes: &Attributes) -> bool {
        match &self.test {
            Test::InState(lapse, _, now) if lapse.has_lapsed(attributes, *now) => return false,
            Test::Counts(lapse, wanted, now) => return lapse.state(attributes, *now) == wanted.as_text(),
            Test::Lapsed(lapse, now) if !lapse.has_lapsed(attributes, *now) => return false,
            _ => {}
        }
        attributes.values(self.attribute.id).iter().any(|value| self.matches(value))
    }

    /// Whether one value satisfies the term.
    pub fn matches(&self, value: &Value) -> bool {
        match (&self.test, value) {
            (Test::Prefix(prefix), Value::Text(text)) if self.attribute.syntax.ignores_case() => {
                key::fold(text).starts_with(prefix.as_str())
            }
            (Test::Prefix(prefix), Value::Text(text)) => key::nfc(text).starts_with(prefix.as_str()),
            (Test::Exact(wanted), Value::Text(text)) => key::nfc(text) == wanted.as_str(),
            (Test::Equal(wanted) | Test::InState(_, wanted, _) | Test::Counts(_, wanted, _), held) => {
                wanted == held
            }
            (Test::Lapsed(_, now), Value::Instant(until)) => until <= now,
            (Test::RefersTo(ids), Value::Ref(to)) => ids.contains(&to.id),
            _ => false,
        }
    }

    /// The range of index keys within which every match lies: from, and the first key beyond.
    pub fn range(&self) -> (Vec<u8>, Option<Vec<u8>>) {
        match &self.test {
            Test::Prefix(prefix) => {
                let low = key::text_key(prefix);
                let high = key::successor(&low);
                (low, high)
            }
            Test::Exact(text) => only(key::text_key(text)),
            Test::Equal(value) | Test::InState(_, value, _) | Test::Counts(_, value, _) => {
                only(value.key().unwrap_or_default())
            }
            Test::Lapsed(_, now) => (Vec::new(), Some(key::integer_key(now.saturating_add(1)).to_vec())),
            Test::Changed(from, to) => {
                (key::integer_key(*from).to_vec(), Some(key::integer_key(*to).to_vec()))
            }
            Test::RefersTo(_) | Test::OneOf(_) => (Vec::new(), Some(Vec::new())),
        }
    }

    /// Whether every index key in [`Term::range`] is a match, so that documents need not be read again.
    pub fn range_is_exact(&self) -> bool {
        match &self.test {
            Test::Prefix(prefix) => {
                self.attribute.syntax.ignores_case() && key::text_key(prefix).len() < key::KEY_LIMIT
            }
            Test::Equal(value) => value.as_text().is_none(),
            Test::Changed(..) => true,
            Test::Exact(_)
            | Test::RefersTo(_)
            | Test::OneOf(_)
            | Test::InState(..)
            | Test::Counts(..)
            | Test::Lapsed(..) => false,
        }
    }

    /// Whether the term matches whole values only.
    pub fn is_exact(&self) -> bool {
        !matches!(self.test, Test::Prefix(_) | Test::Changed(..))
    }
}

fn only(key: Vec<u8>) -> (Vec<u8>, Option<Vec<u8>>) {
    let mut beyond = key.clone();
    beyond.push(0);
    (key, Some(beyond))
}
