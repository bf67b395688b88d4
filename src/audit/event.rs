//! The events of one operation: what was asked, what came of it, and who asked.
//!
//! Every kind has the generic events `VLT_<KIND>_<WORD>` in three categories. A change emits its request on
//! entry; on success the events it gathered, on failure one failure with the reason.

use uuid::Uuid;

use crate::audit::record::Record;
use crate::model::{Attributes, Error, Kind, Registry, Value, Verb};

/// The category of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// An operation was asked for.
    Request,
    /// It was done.
    Success,
    /// It was refused or failed.
    Failure,
}

impl Category {
    /// The word in the record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }
}

/// What an operation does, for grants and records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// The verb that must be granted.
    pub verb: Verb,
    /// The kind it must be granted for.
    pub kind: Kind,
    /// The word of the event: `CREATE`, `MOVE`, `REVOKE` …
    pub word: &'static str,
    /// The entity concerned, when it is known beforehand.
    pub target: Option<Uuid>,
}

impl Action {
    /// The action whose word is the verb's own.
    pub fn of(verb: Verb, kind: Kind, target: Option<Uuid>) -> Self {
        let word = match verb {
            Verb::Read => "READ",
            Verb::Create => "CREATE",
            Verb::Update => "UPDATE",
            Verb::Delete => "DELETE",
            Verb::Approve => "APPROVE",
            Verb::Invite => "INVITE",
            Verb::Authenticate => "AUTHENTICATE",
            Verb::Decide => "DECIDE",
            Verb::Disclose => "DISCLOSE",
        };
        Self { verb, kind, word, target }
    }
}

/// Who acts, and from where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scene {
    /// The client's name; empty when it is not known.
    pub client: String,
    /// Its address; `local` for the command line.
    pub source: String,
    /// The request's id.
    pub request_id: String,
}

/// One event, before it becomes a record.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Event {
    action: Action,
    category: Category,
    description: String,
    changes: Vec<String>,
}

/// The events of one operation, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Events {
    list: Vec<Event>,
}

impl Events {
    /// An operation was entered.
    pub fn requested(&mut self, action: Action) {
        let description = format!("{} {} was asked for", action.kind.name(), action.word.to_lowercase());
        self.push(action, Category::Request, description, Vec::new());
    }

    /// An entity was changed; `changes` as [`changes`] makes them.
    pub fn succeeded(&mut self, action: Action, changes: Vec<String>) {
        let description = format!("{} {} was done", action.kind.name(), action.word.to_lowercase());
        self.push(action, Category::Success, description, changes);
    }

    /// The operation was refused or failed because of `error`.
    pub fn failed(&mut self, action: Action, error: &Error) {
        // Parameter values never stand in an error's text, so none reaches the trail.
        let description = format!("{} {} failed: {error}", action.kind.name(), action.word.to_lowercase());
        self.push(action, Category::Failure, description, Vec::new());
    }

    fn push(&mut self, action: Action, category: Category, description: String, changes: Vec<String>) {
        self.list.push(Event { action, category, description, changes });
    }

    /// The records of these events, made at the instant `at`, with ids from `id`.
    pub fn records(&self, scene: &Scene, at: i64, mut id: impl FnMut() -> Uuid) -> Vec<Record> {
        self.list.iter().map(|event| event.record(scene, id(), at)).collect()
    }
}

impl Event {
    fn record(&self, scene: &Scene, id: Uuid, at: i64) -> Record {
        let Action { verb, kind, word, target } = self.action;
        let title = format!("{} {}", kind.def().root, word.to_lowercase());
        let (reference, reference_type) = match target {
            Some(id) => (id.to_string(), kind.def().root.to_owned()),
            None => ("No ID".to_owned(), "No ID Type".to_owned()),
        };
        let fields = [
            format!("VLT_{}_{word}", kind.name().to_uppercase()),
            title,
            "User".to_owned(),
            self.category.name().to_owned(),
            "VLT".to_owned(),
            "Valtuus".to_owned(),
            reference,
            reference_type,
            self.description.clone(),
            scene.client.clone(),
            scene.source.clone(),
            scene.request_id.clone(),
            verb.name().to_owned(),
            kind.name().to_owned(),
            target.map(|id| id.to_string()).unwrap_or_default(),
            self.category.name().to_owned(),
        ];
        Record { id, at, fields, changes: self.changes.clone() }
    }
}

/// What differs between two states of an entity: `attribute: old → new`; sensitive values are masked.
pub fn changes(old: &Attributes, new: &Attributes, registry: &Registry) -> Vec<String> {
    let describe = |id| {
        let attribute = registry.numbered(id)?;
        if attribute.sensitive {
            return Some(format!("{}: *** → ***", attribute.name));
        }
        Some(format!("{}: {} → {}", attribute.name, joined(old.values(id)), joined(new.values(id))))
    };
    old.changed(new).into_iter().filter_map(describe).collect()
}

fn joined(values: &[Value]) -> String {
    values.iter().map(Value::shown).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::kind::user;

    #[test]
    fn a_sensitive_value_is_masked_on_both_sides() {
        let registry = Registry::new([]);
        let ssn = registry.named(Kind::User, "ssn").unwrap().id;
        let (old, mut new) = (Attributes::default(), Attributes::default());
        new.put(ssn, Value::text("010199-1234"));
        new.put(user::LOGIN, Value::text("anna"));
        let text = changes(&old, &new, &registry).join("; ");
        assert_eq!(text, "ssn: *** → ***; login:  → anna");
    }

    #[test]
    fn events_keep_their_order_and_carry_the_scene() {
        let mut events = Events::default();
        let action = Action::of(Verb::Create, Kind::User, None);
        events.requested(action);
        events.failed(action, &Error::AlreadyExists { parameter: "login".into() });
        let scene = Scene { client: "restuser".into(), source: "127.0.0.1".into(), request_id: "r".into() };
        let records = events.records(&scene, 5, || Uuid::from_u128(1));
        let categories: Vec<_> = records.iter().map(|r| r.field("category").to_owned()).collect();
        assert_eq!(categories, ["request", "failure"]);
        assert_eq!(records[1].field("eventId"), "VLT_USER_CREATE");
        assert_eq!(records[1].field("client"), "restuser");
        assert_eq!(records[1].field("referenceId"), "No ID");
    }
}
