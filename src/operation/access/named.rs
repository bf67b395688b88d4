//! What names mean within a tenant: the tenant itself in its three forms, a role by its code, an action by its number
//! and a feature by its code, each in the tenant or in the nearest organization above that has one.

use std::borrow::Cow;

use uuid::Uuid;

use crate::model::kind::{action, feature, feature_role, organization, role, role_action};
use crate::model::state::Given;
use crate::model::{AttrId, Error, Kind, Row, Stored, Value, key};
use crate::operation::access::tenant_of;
use crate::operation::resolve::{Lookup, Transaction, organization_row};
use crate::store::Write;

type Fields = Vec<(AttrId, Vec<Given>)>;

/// A tenant's name as an entity name: `uk.dehradun` is `uk/dehradun`.
pub fn path_of(name: &str) -> Cow<'_, str> {
    let dotted = name.contains('.') && !name.contains('/') && Uuid::try_parse(name).is_err();
    if dotted { Cow::Owned(name.replace('.', "/")) } else { Cow::Borrowed(name) }
}

/// What `text` means as a value of `attr`: the name of a tenant as an entity name, everything else as it is.
pub fn as_meant(attr: AttrId, text: &str) -> Cow<'_, str> {
    let tenants = [action::TENANT, role_action::TENANT, feature::TENANT, feature_role::TENANT];
    if tenants.contains(&attr) { path_of(text) } else { Cow::Borrowed(text) }
}

/// The row of the action or feature that `key`, `TENANT:NUMBER` or `TENANT:CODE`, names.
pub async fn by_key(lookup: &mut (impl Lookup + Send), kind: Kind, key: &str) -> Result<Option<Row>, Error> {
    let Some((tenant, own)) = key.rsplit_once(':') else { return Ok(None) };
    let Some((attr, own)) = own_key(kind, own) else { return Ok(None) };
    let Some(tenant) = organization_row(lookup, &path_of(tenant)).await? else { return Ok(None) };
    lookup.holder(attr, tenant, &own).await
}

/// The attribute by which an entity of `kind` is named within a tenant, and the key of `text`.
fn own_key(kind: Kind, text: &str) -> Option<(AttrId, Vec<u8>)> {
    let text_key = || key::unique_key(text, false);
    match kind {
        Kind::Action => {
            let number = crate::model::value::integer(text).ok()?;
            Some((action::ID, key::integer_key(number).to_vec()))
        }
        Kind::Feature => Some((feature::CODE, text_key())),
        Kind::Role => Some((role::NAME, text_key())),
        _ => None,
    }
}

/// The organization and all above it, itself first; kept from changing until the end of the transaction.
pub async fn line(tx: &mut dyn Write, organization: Stored) -> Result<Vec<Stored>, Error> {
    let mut line = vec![organization];
    while let Some(above) = line.last().and_then(|last| last.attributes().reference(organization::PARENT)) {
        let Some(above) = tx.companions(&[above.id]).await?.pop() else { break };
        line.push(above);
    }
    Ok(line)
}

async fn tenant(tx: &mut dyn Write, text: &str) -> Result<Option<Stored>, Error> {
    let id = match Uuid::try_parse(text) {
        Ok(id) => id,
        Err(_) => match organization_row(&mut Transaction(tx), text).await? {
            Some(row) => match tx.load_rows(&[row]).await?.pop() {
                Some(found) => found.id(),
                None => return Ok(None),
            },
            None => return Ok(None),
        },
    };
    let found = tx.companions(&[id]).await?.pop();
    Ok(found.filter(|found| found.kind() == Kind::Organization))
}

/// What was given for an entity with a tenant, with ids in the place of names that only mean something within it. What
/// names nothing is left for the general road to refuse.
pub async fn resolved(tx: &mut dyn Write, kind: Kind, given: &Fields) -> Result<Option<Fields>, Error> {
    let Some(tenant_attr) = tenant_of(kind) else { return Ok(None) };
    let mut given = given.clone();
    for (attr, values) in &mut given {
        for value in values {
            if let Given::Reference(text) = value {
                *text = as_meant(*attr, text).into();
            }
        }
    }
    let named = given.iter().find(|(attr, _)| *attr == tenant_attr).and_then(|(_, values)| values.first());
    let Some(Given::Reference(name)) = named else { return Ok(Some(given)) };
    let unknown = || Error::reference("tenant", "expected an existing organization");
    let tenant = tenant(tx, name).await?.ok_or_else(unknown)?;
    let line: Vec<Row> = line(tx, tenant).await?.iter().map(Stored::row).collect();
    for (attr, values) in &mut given {
        let Some(kind) = named_within(*attr) else { continue };
        for value in values {
            let Given::Reference(text) = value else { continue };
            if let Some(id) = within(tx, kind, text, &line).await? {
                *text = id.to_string().into();
            }
        }
    }
    number(tx, kind, &line, &mut given).await?;
    Ok(Some(given))
}

/// The kind that a reference names by its code or number within a tenant.
fn named_within(attr: AttrId) -> Option<Kind> {
    match attr {
        role_action::ROLE | feature_role::ROLE => Some(Kind::Role),
        role_action::ACTION => Some(Kind::Action),
        feature_role::FEATURE => Some(Kind::Feature),
        _ => None,
    }
}

/// The entity that `text` names in the nearest of these organizations.
async fn within(tx: &mut dyn Write, kind: Kind, text: &str, line: &[Row]) -> Result<Option<Uuid>, Error> {
    if Uuid::try_parse(text).is_ok() {
        return Ok(None);
    }
    let found = match own_key(kind, text) {
        Some((attr, key)) => first_holder(tx, attr, &key, line).await?,
        None => None,
    };
    let found = match found {
        None if kind != Kind::Role => by_key(&mut Transaction(tx), kind, text).await?,
        found => found,
    };
    let Some(row) = found else { return Ok(None) };
    Ok(tx.load_rows(&[row]).await?.first().map(Stored::id))
}

async fn first_holder(
    tx: &mut dyn Write,
    attr: AttrId,
    key: &[u8],
    line: &[Row],
) -> Result<Option<Row>, Error> {
    for organization in line {
        if let Some(found) = tx.holder(attr, *organization, key).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Numbers beyond this do not move the counter of a tenant: it could not go on behind them.
const MOST_COUNTED: i64 = 1 << 52;

/// Gives a new action that was given no number the one behind every number that its tenant has ever seen: numbers that
/// were left out, or are free again, may stand in the mappings of somebody's files.
async fn number(tx: &mut dyn Write, kind: Kind, line: &[Row], given: &mut Fields) -> Result<(), Error> {
    let (Kind::Action, Some(tenant)) = (kind, line.first()) else { return Ok(()) };
    let said = given.iter().find(|(attr, values)| *attr == action::ID && !values.is_empty());
    if let Some((_, values)) = said {
        return match values.first() {
            Some(Given::Value(Value::Int(number))) => seen(tx, *tenant, *number).await,
            _ => Ok(()),
        };
    }
    loop {
        let next = tx.count_up(&counter(*tenant)).await?;
        if tx.holder(action::ID, *tenant, &key::integer_key(next)).await?.is_none() {
            given.retain(|(attr, _)| *attr != action::ID);
            given.push((action::ID, vec![Given::Value(Value::Int(next))]));
            return Ok(());
        }
    }
}

fn counter(tenant: Row) -> String {
    format!("action {tenant}")
}

/// Notes that an action of the tenant was given this number, or that a mapping names it.
pub async fn seen(tx: &mut dyn Write, tenant: Row, number: i64) -> Result<(), Error> {
    if number <= 0 || number > MOST_COUNTED {
        return Ok(());
    }
    tx.count_past(&counter(tenant), number).await
}

#[cfg(test)]
mod tests {
    use super::path_of;

    #[test]
    fn dots_separate_unless_the_name_has_slashes() {
        for (name, path) in [
            ("uk", "uk"),
            ("uk.dehradun", "uk/dehradun"),
            ("uk/dehradun", "uk/dehradun"),
            ("uk/a.b", "uk/a.b"),
            ("", ""),
        ] {
            assert_eq!(path_of(name), path);
        }
    }
}
