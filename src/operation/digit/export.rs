//! The masters of a tenant out of the database, as of one moment: its roles, its actions and its mappings. What an
//! organization above it holds belongs to the files of that one.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use uuid::Uuid;

use crate::model::kind::{action, role, role_action};
use crate::model::{AttrId, Error, Row, Stored, Value};
use crate::operation::access::CODE_MAX;
use crate::operation::digit::form::{Content, write};
use crate::operation::digit::{Files, Tenant};
use crate::operation::read::organization_by_name;
use crate::store::look::{Look, View};
use crate::store::{Position, SharedStore, Source};

/// Entities read at a time.
const PAGE: usize = 1_000;

/// What an export made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The three files.
    pub files: Files,
    /// Roles, actions and mappings in them.
    pub counts: [usize; 3],
    /// Roles whose code is longer than the files may hold, and mappings that the files cannot say: their role is such a
    /// one, or their role or action is neither of the tenant nor of one above it, or another action has its number
    /// nearer by.
    pub left_out: usize,
}

/// Exports the masters of `tenant`. Error 7 when there is no such organization.
pub async fn export(store: &SharedStore, tenant: &Tenant) -> Result<Exported, Error> {
    let own = organization_by_name(store, &tenant.entity_name()).await?;
    let own = own.ok_or(Error::NotFound { kind: "tenant" })?;
    // The nearest first.
    let mut path: Vec<Row> = store.ancestry(own).await?.iter().map(Stored::row).collect();
    path.reverse();
    let mut exporting = Exporting { path, content: Content::default(), left_out: 0 };
    store.view(&mut exporting).await?;
    let Exporting { content, left_out, .. } = exporting;
    let counts = [content.roles.len(), content.actions.len(), content.mappings.len()];
    Ok(Exported { files: write(tenant, &content)?, counts, left_out })
}

struct Exporting {
    /// The tenant's organization and those above it, the nearest first.
    path: Vec<Row>,
    content: Content,
    left_out: usize,
}

#[async_trait]
impl View for Exporting {
    async fn view(&mut self, look: &mut dyn Look) -> Result<(), Error> {
        let mut codes: HashMap<Uuid, String> = HashMap::new();
        let mut numbers: HashMap<Uuid, i64> = HashMap::new();
        // Which action a number means to the tenant.
        let mut meant: BTreeMap<i64, Uuid> = BTreeMap::new();
        for (place, row) in self.path.iter().enumerate() {
            for role in all(look, role::ORGANIZATION, *row).await? {
                let code = role.attributes().text(role::NAME).unwrap_or_default().to_owned();
                if code.chars().count() > CODE_MAX {
                    self.left_out += usize::from(place == 0);
                    continue;
                }
                codes.insert(role.id(), code.clone());
                if place == 0 {
                    self.content.roles.insert(code, role.attributes().clone());
                }
            }
            for action in all(look, action::TENANT, *row).await? {
                let Some(Value::Int(number)) = action.attributes().first(action::ID) else { continue };
                numbers.insert(action.id(), *number);
                meant.entry(*number).or_insert_with(|| action.id());
                if place == 0 {
                    self.content.actions.insert(*number, action.attributes().clone());
                }
            }
        }
        let Some(own) = self.path.first() else { return Ok(()) };
        for mapping in all(look, role_action::TENANT, *own).await? {
            let attributes = mapping.attributes();
            let refers = |attr| attributes.reference(attr).map(|to| to.id);
            let code = refers(role_action::ROLE).and_then(|id| codes.get(&id));
            let number = refers(role_action::ACTION)
                .and_then(|id| numbers.get(&id).filter(|number| meant.get(number) == Some(&id)));
            match (code, number) {
                (Some(code), Some(number)) => {
                    self.content.mappings.insert((code.clone(), *number), attributes.clone());
                }
                _ => self.left_out += 1,
            }
        }
        Ok(())
    }
}

/// Everything that refers to `to` by `attr`.
async fn all(look: &mut dyn Look, attr: AttrId, to: Row) -> Result<Vec<Stored>, Error> {
    let source = Source::RefersTo { attr, to: vec![to] };
    let (mut found, mut at) = (Vec::new(), None::<Position>);
    loop {
        let hits = look.scan(&source, at.as_ref(), PAGE).await?;
        let Some(last) = hits.last() else { return Ok(found) };
        at = Some(last.at.clone());
        found.extend(look.entities(hits.iter().map(|hit| hit.row).collect()).await?);
    }
}
