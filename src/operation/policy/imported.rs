//! What an import must respect beside the rules of the kinds: documents fit their types, only drafts are edited, a group
//! that is not active holds no active policy, and devices have keys that are keys and are never changed.

use crate::model::kind::policy::{self, State, Step};
use crate::model::kind::policy_group;
use crate::model::rules::Companions;
use crate::model::{Attributes, Error, Kind, Stored};
use crate::operation::device::enrol::check_stored_key;
use crate::operation::engine::Engine;
use crate::operation::policy::LOCK;
use crate::operation::policy::change::check_document;
use crate::operation::policy::group::has_active;
use crate::store::Write;

/// Refuses a new record; `companions` hold what it refers to.
pub async fn check_new(
    tx: &mut dyn Write,
    engine: &Engine,
    kind: Kind,
    new: &Attributes,
    companions: &Companions,
) -> Result<(), Error> {
    if kind == Kind::Device {
        return check_stored_key(new);
    }
    if kind != Kind::Policy {
        return Ok(());
    }
    check_document(&engine.policy_types, new)?;
    if !policy::is_active(new, engine.world.now()) {
        return Ok(());
    }
    tx.lock(&[LOCK]).await?;
    let group = companions.of(new, policy::POLICY_GROUP);
    if group.is_some_and(|group| policy_group::is_active(group.attributes())) {
        return Ok(());
    }
    Err(Error::conflict("policyGroup: the group of the policy is not active"))
}

/// Refuses a change of what is there.
pub async fn check_changed(
    tx: &mut dyn Write,
    engine: &Engine,
    old: &Stored,
    new: &Attributes,
) -> Result<(), Error> {
    match old.kind() {
        Kind::Policy => {
            State::of(old.attributes()).after(Step::Edit)?;
            check_document(&engine.policy_types, new)
        }
        Kind::Device if *old.attributes() != *new => {
            Err(Error::conflict("a device is never changed: contracts hold copies of its name and key"))
        }
        Kind::PolicyGroup if policy_group::is_active(old.attributes()) && !policy_group::is_active(new) => {
            tx.lock(&[LOCK]).await?;
            if has_active(tx, old.row(), engine.world.now()).await? {
                return Err(Error::conflict(
                    "active: policies of this group are published and have not ended",
                ));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}
