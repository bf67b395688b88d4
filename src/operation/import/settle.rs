//! Records about what is there already: changing an entity, declaring a custom attribute, and the references that
//! waited for the end of the file.

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::attribute::Access;
use crate::model::rules::{Context, revalidate};
use crate::model::state::Given;
use crate::model::{AttrId, Attributes, Error, Kind, Stored, Value, Verb};
use crate::operation::assign::link;
use crate::operation::create::home_of;
use crate::operation::device::orchestrator::session;
use crate::operation::import::cursor::{Deferred, Outcome};
use crate::operation::import::entry::Content;
use crate::operation::import::writer::{Fault, Writer};
use crate::operation::import::{OnDuplicate, Plan};
use crate::operation::inclusion::refuse_cycle;
use crate::operation::policy::imported::check_changed;
use crate::operation::resolve::{load_companions, referred};
use crate::operation::setup::Declaration;
use crate::operation::update::{forgive, target};
use crate::store::{Replace, Write};

impl Content {
    /// The same record, to be read without the references that wait.
    pub(super) fn partly(&self) -> Self {
        Self {
            id: self.id,
            fresh: self.fresh,
            other: self.other,
            given: self.given.clone(),
            roles: self.roles.clone(),
            class_roles: None,
            declaration: None,
            password: None,
            credential: self.credential.clone(),
        }
    }
}

impl Writer<'_> {
    /// Puts what a record gives over what is there.
    pub(super) async fn update(&mut self, content: &Content, id: Uuid, is_root: bool) -> Result<(), Fault> {
        let given = self.draft(content).map_err(|(_, error)| Fault::Record(error))?;
        let old = target(self.tx, self.kind, id).await.map_err(|error| match error {
            Error::NotFound { .. } => Fault::Record(error),
            other => Fault::Chunk(other),
        })?;
        let mut attributes = old.attributes().clone();
        for (attr, _) in &content.given {
            let values = given.attributes.values(*attr);
            if let Some(why) = self.is_fixed(*attr) {
                if values != old.attributes().values(*attr) && !is_root {
                    let name = self.registry.numbered(*attr).map(|attribute| attribute.name.to_string());
                    return Err(Fault::Record(Error::invalid(name.unwrap_or_default(), why)));
                }
                continue;
            }
            attributes.set(*attr, values.to_vec());
        }
        let mut differs = self.replace(&old, attributes).await?;
        if let Some(credential) = &content.credential {
            self.tx.set_credentials(&[(old.row(), credential.clone())]).await?;
            session::close_all(self.tx, old.row()).await?;
            let action = Action::of(Verb::Update, self.kind, Some(id));
            self.events.imported(action, vec!["pwd: *** → ***".to_owned()]);
            forgive(self.tx, &old, old.attributes(), true).await?;
            differs = true;
        }
        for role in given.role_ids() {
            let Some(role) = self.references.companions.get(*role).cloned() else { continue };
            link(self.tx, &old, &role, self.now, self.events).await?;
        }
        if differs {
            self.outcome.updated += 1;
        } else {
            self.outcome.skipped += 1;
        }
        Ok(())
    }

    /// Why an import does not change an attribute of what is there; states are changed by steps only.
    fn is_fixed(&self, attr: AttrId) -> Option<&'static str> {
        match self.registry.numbered(attr)?.access {
            Access::CreateOnly => Some("fixed at creation; an import cannot change it"),
            Access::ServerSet => Some("the server sets this; an import cannot change it"),
            Access::ReadWrite | Access::Derived => None,
        }
    }

    /// Writes changed attributes; false when nothing differs.
    async fn replace(&mut self, old: &Stored, attributes: Attributes) -> Result<bool, Fault> {
        if attributes == *old.attributes() {
            return Ok(false);
        }
        load_companions(self.tx, &attributes, &mut self.references.companions).await?;
        let context = Context {
            now: self.now,
            id: old.id(),
            other_id: old.id(),
            client: &self.plan.client,
            settings: &self.plan.engine.settings,
            with: &self.references.companions,
        };
        let valid = revalidate(old, attributes, &context).map_err(Fault::Record)?;
        let engine = &self.plan.engine;
        check_changed(self.tx, engine, old, valid.attributes()).await.map_err(Fault::of)?;
        if self.kind == Kind::Role {
            self.tx.lock(&["inclusion"]).await?;
            refuse_cycle(self.tx, old.id(), valid.attributes()).await.map_err(|error| match error {
                Error::Cycle { .. } => Fault::Record(error),
                other => Fault::Chunk(other),
            })?;
        }
        let probes = self.probes(valid.attributes());
        let held = self.tx.holders(&probes).await?;
        let taken = probes.iter().zip(held).find(|(_, held)| held.is_some_and(|row| row != old.row()));
        if let Some((probe, _)) = taken {
            let name = self.registry.numbered(probe.attr).map(|attribute| attribute.name.to_string());
            return Err(Fault::Record(Error::AlreadyExists { parameter: name.unwrap_or_default() }));
        }
        let companions = &self.references.companions;
        let home = home_of(self.kind, valid.attributes(), companions);
        let change = Replace { old, now: self.now, home, valid: &valid, rows: companions };
        let new = self.tx.replace(&change).await?;
        forgive(self.tx, old, new.attributes(), false).await?;
        let action = Action::of(Verb::Update, self.kind, Some(old.id()));
        self.events.imported(action, changes(old.attributes(), new.attributes(), &self.registry));
        self.references.companions.add(new);
        Ok(true)
    }

    /// Declares a custom attribute.
    pub(super) async fn declare(&mut self, declaration: &Declaration) -> Result<(), Fault> {
        let Declaration { kind, name, indexed, many } = declaration;
        if let Some(known) = self.registry.named(*kind, name) {
            let same = known.many == *many && known.index.has_keys() == *indexed;
            match self.plan.on_duplicate {
                _ if same => {}
                OnDuplicate::Skip => {}
                OnDuplicate::Error => {
                    return Err(Fault::Record(Error::AlreadyExists { parameter: "name".to_owned() }));
                }
                OnDuplicate::Update => {
                    self.declared(declaration, Verb::Update).await?;
                    self.outcome.updated += 1;
                    return Ok(());
                }
            }
            self.outcome.skipped += 1;
            return Ok(());
        }
        self.declared(declaration, Verb::Create).await?;
        self.outcome.made += 1;
        Ok(())
    }

    async fn declared(&mut self, declaration: &Declaration, verb: Verb) -> Result<(), Error> {
        let Declaration { kind, name, indexed, many } = declaration;
        self.tx.lock(&["registry"]).await?;
        self.tx.declare(*kind, name, *indexed, *many).await?;
        self.registry = self.tx.registry();
        let action = Action { word: "DECLARE", ..Action::of(verb, *kind, None) };
        self.events.imported(action, vec![format!("{name}: indexed={indexed}, many={many}")]);
        Ok(())
    }

    /// Sets a reference that waited.
    async fn set(&mut self, late: &Deferred) -> Result<(), Fault> {
        let attr = AttrId(late.attr);
        let named: Vec<_> = late.to.iter().map(|text| (attr, text.as_str())).collect();
        self.references.load(self.plan, self.tx, &named, &[]).await?;
        let mut values = Vec::with_capacity(named.len());
        for name in named {
            let entity = self.references.find(self.plan, name);
            let to = referred(&self.registry, attr, entity).map_err(Fault::Record)?;
            values.push(Value::Ref(to));
        }
        let old = target(self.tx, self.kind, late.id).await.map_err(Fault::Record)?;
        let mut attributes = old.attributes().clone();
        attributes.set(attr, values);
        self.replace(&old, attributes).await.map(|_| ())
    }
}

/// Sets references that waited, all of one kind.
pub(super) async fn settle(
    tx: &mut (dyn Write + '_),
    plan: &Plan,
    events: &mut Events,
    kind_and_now: (Kind, i64),
    late: &[Deferred],
) -> Result<Outcome, Error> {
    let mut writer = Writer::new(tx, plan, events, kind_and_now, 0);
    for late in late {
        match writer.set(late).await {
            Ok(()) => {}
            Err(Fault::Record(error)) => {
                let told = Error::invalid("the entity was made without it", error.to_string());
                writer.refuse(late.record, late.line, &told);
            }
            Err(Fault::Chunk(error)) => return Err(error),
        }
    }
    Ok(writer.outcome)
}

/// A reference as text, for those that wait.
pub(super) fn text_of(given: &Given) -> String {
    match given {
        Given::Reference(text) => text.to_string(),
        Given::Value(value) => value.shown().into_owned(),
    }
}
