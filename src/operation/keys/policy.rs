//! The policies that a partner may use: those of its own policy group, by id or by name.

use uuid::Uuid;

use crate::model::kind::{partner, policy, policy_group};
use crate::model::{Attributes, Error, Kind, Ref, Row, Stored, Value, key};
use crate::store::{SharedStore, Write};

/// Why a policy cannot be used at `now`; `None` when it can.
pub fn unusable(policy: &Attributes, group: &Attributes, now: i64) -> Option<&'static str> {
    let from = matches!(policy.first(policy::VALID_FROM), Some(Value::Instant(from)) if now < *from);
    let until = matches!(policy.first(policy::VALID_UNTIL), Some(Value::Instant(until)) if *until <= now);
    match policy.text(policy::STATE) {
        Some("Published") if from => Some("the policy is not valid yet"),
        Some("Published") if until => Some("the policy has expired"),
        Some("Published") if group.flag(policy_group::ACTIVE) => None,
        Some("Published") => Some("the policy group is not active"),
        _ => Some("the policy is not published"),
    }
}

/// The policy group that a partner has chosen.
fn group_of(partner: &Stored) -> Option<Ref> {
    partner.attributes().reference(partner::POLICY_GROUP)
}

/// Whether `policy` is one of the group `group`.
fn belongs(policy: &Stored, group: &Stored) -> bool {
    policy.kind() == Kind::Policy
        && policy.attributes().reference(policy::POLICY_GROUP).is_some_and(|to| to.id == group.id())
}

/// The key under which a policy's name is unique in its group.
fn name_key(name: &str) -> Vec<u8> {
    key::unique_key(name, true)
}

/// A policy of the partner's group, and that group, both kept as they are; `None` when there is none of that id or
/// name.
pub async fn of_partner(
    tx: &mut dyn Write,
    partner: &Stored,
    text: &str,
) -> Result<Option<(Stored, Stored)>, Error> {
    let Some(group) = group_of(partner) else { return Ok(None) };
    let Some(group) = tx.companions(&[group.id]).await?.pop() else { return Ok(None) };
    let found = if let Ok(id) = Uuid::try_parse(text) {
        tx.companions(&[id]).await?.pop()
    } else {
        match tx.holder(policy::NAME, group.row(), &name_key(text)).await? {
            Some(row) => tx.load_rows(&[row]).await?.pop(),
            None => None,
        }
    };
    Ok(found.filter(|policy| belongs(policy, &group)).map(|policy| (policy, group)))
}

/// As [`of_partner`], of committed data.
pub async fn of_partner_committed(
    store: &SharedStore,
    partner: &Stored,
    text: &str,
) -> Result<Option<Stored>, Error> {
    let Some(group) = group_of(partner) else { return Ok(None) };
    let Some(group) = store.by_id(group.id).await? else { return Ok(None) };
    let found = if let Ok(id) = Uuid::try_parse(text) {
        store.by_id(id).await?
    } else {
        let row: Option<Row> = store.holder(policy::NAME, group.row(), &name_key(text)).await?;
        match row {
            Some(row) => store.by_rows(&[row]).await?.pop(),
            None => None,
        }
    };
    Ok(found.filter(|policy| belongs(policy, &group)))
}

/// The policy of a request to use one, and its group; error 10, which names the parameter, unless it is one that the
/// partner can use now.
pub async fn wanted(
    tx: &mut dyn Write,
    partner: &Stored,
    (name, now): (&str, i64),
) -> Result<(Stored, Stored), Error> {
    let refused = |why: &str| Error::reference("policyName", why);
    let found = of_partner(tx, partner, name).await?;
    let (policy, group) =
        found.ok_or_else(|| refused("expected a published policy of the partner's policy group"))?;
    match unusable(policy.attributes(), group.attributes(), now) {
        None => Ok((policy, group)),
        Some(why) => Err(refused(why)),
    }
}

/// The policy that an address names; error 5 unless it is one of the partner's group.
pub async fn addressed(tx: &mut dyn Write, partner: &Stored, text: &str) -> Result<(Stored, Stored), Error> {
    let found = of_partner(tx, partner, text).await?;
    found.ok_or_else(|| Error::ParentNotFound { parameter: Kind::Policy.name().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_can_be_used_while_it_is_published_within_its_time_in_an_active_group() {
        let (mut policy, mut group) = (Attributes::default(), Attributes::default());
        assert_eq!(unusable(&policy, &group, 5), Some("the policy is not published"));
        policy.put(policy::STATE, Value::text("Published"));
        assert_eq!(unusable(&policy, &group, 5), Some("the policy group is not active"));
        group.put(policy_group::ACTIVE, Value::Bool(true));
        assert_eq!(unusable(&policy, &group, 5), None);
        policy.put(policy::VALID_FROM, Value::Instant(5));
        policy.put(policy::VALID_UNTIL, Value::Instant(8));
        let said: Vec<_> = (4..=8).map(|now| unusable(&policy, &group, now)).collect();
        let (early, late) = (Some("the policy is not valid yet"), Some("the policy has expired"));
        assert_eq!(said, [early, None, None, None, late]);
        for state in ["Draft", "Deactivated"] {
            policy.put(policy::STATE, Value::text(state));
            assert_eq!(unusable(&policy, &group, 6), Some("the policy is not published"));
        }
    }
}
