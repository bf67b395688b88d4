//! The events of one operation: what was asked, what came of it, and who asked.
//!
//! Every kind has the generic events `VLT_<KIND>_<WORD>` in three categories. A change emits its request on
//! entry; on success the events it gathered, on failure what it had asked for on its way and one failure with the
//! reason. Operations that stand in the table of coded events ([`Trail`]) emit those instead.

use uuid::Uuid;

use crate::audit::coded::{Coded, Trail};
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
    /// What the address names the entity by, for coded events about something that may not exist.
    pub subject: Option<String>,
}

/// One event, before it becomes a record.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Event {
    action: Action,
    category: Category,
    description: String,
    changes: Vec<String>,
    coded: Option<&'static Coded>,
}

/// The events of one operation, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Events {
    list: Vec<Event>,
    subject: Option<String>,
    fault: Option<&'static Coded>,
}

impl Events {
    /// An operation was entered.
    pub fn requested(&mut self, action: Action) {
        match Trail::of(action.kind, action.word).and_then(|trail| trail.entry) {
            Some(event) => self.coded(action, event),
            None => self.generic(action, Category::Request, "was asked for", Vec::new()),
        }
    }

    /// A coded event on the way of `action`.
    pub fn coded(&mut self, action: Action, event: &'static Coded) {
        self.push_coded(action, event, None, Vec::new());
    }

    /// What the coded events refer to: the entity's own id in the words of its service. Without it they carry what the
    /// address named.
    pub fn about(&mut self, subject: impl Into<String>) {
        self.subject = Some(subject.into());
    }

    /// Should the operation fail now, this is the event of its failure.
    pub fn fails_as(&mut self, event: &'static Coded) {
        self.fault = Some(event);
    }

    /// An entity was changed; `changes` as [`changes`] makes them.
    pub fn succeeded(&mut self, action: Action, changes: Vec<String>) {
        let coded = Trail::of(action.kind, action.word).map_or(&[][..], |trail| trail.success);
        let Some((last, before)) = coded.split_last() else {
            return self.generic(action, Category::Success, "was done", changes);
        };
        for event in before {
            self.coded(action, event);
        }
        self.push_coded(action, last, None, changes);
    }

    /// An entity came by an import: the generic success, as no operation of a service was asked for.
    pub fn imported(&mut self, action: Action, changes: Vec<String>) {
        self.generic(action, Category::Success, "was done", changes);
    }

    /// A record of an import was refused because of `error`.
    pub fn not_imported(&mut self, action: Action, error: &Error) {
        self.generic(action, Category::Failure, &format!("failed: {error}"), Vec::new());
    }

    /// The operation was refused or failed because of `error`.
    pub fn failed(&mut self, action: Action, error: &Error) {
        let coded = || Trail::of(action.kind, action.word).and_then(|trail| trail.failure(error));
        // Parameter values never stand in an error's text, so none reaches the trail.
        match self.fault.take().or_else(coded) {
            Some(event) => self.push_coded(action, event, Some(error), Vec::new()),
            None => self.generic(action, Category::Failure, &format!("failed: {error}"), Vec::new()),
        }
    }

    /// Adds what another part of the same operation passed.
    pub fn append(&mut self, other: Self) {
        self.list.extend(other.list);
        self.subject = other.subject.or(self.subject.take());
        self.fault = other.fault.or(self.fault);
    }

    /// What is left of them when the operation was undone: what was asked for on the way.
    #[must_use]
    pub fn undone(mut self) -> Self {
        self.list.retain(|event| event.category == Category::Request);
        self
    }

    fn generic(&mut self, action: Action, category: Category, became: &str, changes: Vec<String>) {
        let description = format!("{} {} {became}", action.kind.name(), action.word.to_lowercase());
        self.list.push(Event { action, category, description, changes, coded: None });
    }

    fn push_coded(
        &mut self,
        action: Action,
        event: &'static Coded,
        error: Option<&Error>,
        changes: Vec<String>,
    ) {
        let description = error.map_or(String::new(), |error| format!(": {error}"));
        let category = event.category;
        self.list.push(Event { action, category, description, changes, coded: Some(event) });
    }

    /// The records of these events, made at the instant `at`, with ids from `id`.
    pub fn records(&self, scene: &Scene, at: i64, mut id: impl FnMut() -> Uuid) -> Vec<Record> {
        let subject = self.subject.as_deref().or(scene.subject.as_deref());
        self.list.iter().map(|event| event.record(scene, subject, (id(), at))).collect()
    }
}

impl Event {
    /// Id, name, type, module and module's name, reference and its type, description.
    fn named(&self, subject: Option<&str>) -> [String; 8] {
        let Action { kind, word, target, .. } = self.action;
        let no_reference = || ("No ID".to_owned(), "No ID Type".to_owned());
        let Some(coded) = self.coded else {
            let (reference, reference_type) =
                target.map_or_else(no_reference, |id| (id.to_string(), kind.def().root.to_owned()));
            return [
                format!("VLT_{}_{word}", kind.name().to_uppercase()),
                format!("{} {}", kind.def().root, word.to_lowercase()),
                "User".to_owned(),
                "VLT".to_owned(),
                "Valtuus".to_owned(),
                reference,
                reference_type,
                self.description.clone(),
            ];
        };
        let (reference, reference_type) = coded
            .reference
            .zip(subject)
            .map_or_else(no_reference, |(kind, id)| (id.to_owned(), kind.to_owned()));
        [
            coded.id.to_owned(),
            coded.name.to_owned(),
            coded.origin.to_owned(),
            coded.service.module_id().to_owned(),
            coded.service.module_name().to_owned(),
            reference,
            reference_type,
            format!("{}{}", coded.description(subject), self.description),
        ]
    }

    fn record(&self, scene: &Scene, subject: Option<&str>, (id, at): (Uuid, i64)) -> Record {
        let Action { verb, kind, target, .. } = self.action;
        let [event_id, title, origin, module, module_name, reference, reference_type, description] =
            self.named(subject);
        let fields = [
            event_id,
            title,
            origin,
            self.category.name().to_owned(),
            module,
            module_name,
            reference,
            reference_type,
            description,
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
    use crate::audit::coded::misp;
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
        let scene = Scene {
            client: "restuser".into(),
            source: "127.0.0.1".into(),
            request_id: "r".into(),
            subject: None,
        };
        let records = events.records(&scene, 5, || Uuid::from_u128(1));
        let categories: Vec<_> = records.iter().map(|r| r.field("category").to_owned()).collect();
        assert_eq!(categories, ["request", "failure"]);
        assert_eq!(records[1].field("eventId"), "VLT_USER_CREATE");
        assert_eq!(records[1].field("client"), "restuser");
        assert_eq!(records[1].field("referenceId"), "No ID");
    }

    #[test]
    fn an_operation_of_the_table_leaves_its_coded_events_and_what_it_asked_for_before_it_failed() {
        let action = Action { word: "DECIDE", ..Action::of(Verb::Approve, Kind::Misp, None) };
        let mut events = Events::default();
        events.requested(action);
        events.coded(action, &misp::STATUS_ID_VALID);
        events.about("101");
        events.coded(action, &misp::STATUS_CHANGED);
        events.fails_as(&misp::STATUS_REPEATED);
        let mut events = events.undone();
        events.failed(action, &Error::conflict("status: it is approved already"));
        let scene = Scene { subject: Some("no-id".into()), ..Scene::default() };
        let records = events.records(&scene, 5, || Uuid::from_u128(1));
        let seen: Vec<_> = records.iter().map(|r| (r.field("eventId"), r.field("referenceId"))).collect();
        let wanted = [("PMS_MSP_104", "101"), ("PMS_MSP_104", "101"), ("PMS_MSP_404", "No ID")];
        assert_eq!(seen, wanted);
        assert!(records[2].field("description").ends_with("it is approved already"));
        assert_eq!(records[0].field("description"), "the status of MISP 101 is to be decided");
        assert_eq!(records[0].field("moduleName"), "MISP Management Service");
    }
}
