//! Whether a contract is what its records of the ledger say. Pure. What the records do not hold is not compared: the
//! names of its devices, and whose it is.

use crate::audit::chain::hex;
use crate::audit::ledger::{LedgerEvent, LedgerRecord, LedgerRow};
use crate::model::kind::contract::{self, Part, State, Step};
use crate::model::{AttrId, Attributes, Stored, Value};
use crate::operation::device::create::standing;

/// A contract as its records tell it, as far as they were read.
struct Told {
    state: Option<State>,
    /// When and by whom it was revoked.
    revoked: Option<(i64, String)>,
}

/// Why a contract does not fit its records; they are in their order.
pub(super) fn misfit(contract: &Stored, rows: &[LedgerRow]) -> Option<String> {
    check(contract.attributes(), rows).err()
}

fn check(attributes: &Attributes, rows: &[LedgerRow]) -> Result<(), String> {
    let (first, later) = rows.split_first().ok_or("the ledger does not know it")?;
    let made = LedgerRecord::from_canonical(&first.canonical);
    let made = made.ok_or("the record of its creation cannot be read")?;
    let txid = hex(&first.hash);
    if made.event != LedgerEvent::Created || text(attributes, contract::TXID) != txid {
        return Err("its txid is not that of its creation".to_owned());
    }
    let told = follow(&made, &txid, later)?;
    check_terms(attributes, &made)?;
    let state = State::of(attributes);
    if told.state != Some(state) {
        return Err(format!("it is {}, which its records do not say", state.name()));
    }
    check_end(attributes, &told)
}

fn text(attributes: &Attributes, attr: AttrId) -> String {
    attributes.text(attr).unwrap_or_default().to_owned()
}

/// Where its records take it from its creation on.
fn follow(made: &LedgerRecord, txid: &str, later: &[LedgerRow]) -> Result<Told, String> {
    let first = made.texts.first();
    let state = State::ALL.into_iter().find(|state| first.is_some_and(|text| text == state.name()));
    let mut told = Told { state, revoked: None };
    for row in later {
        let record = LedgerRecord::from_canonical(&row.canonical);
        let record = record.ok_or_else(|| format!("its record {} cannot be read", row.seq))?;
        let step = match record.event {
            LedgerEvent::Approved => Step::Approve,
            LedgerEvent::Revoked => Step::Revoke,
            LedgerEvent::Created => return Err("it was made twice".to_owned()),
        };
        let [of, by] = record.texts.as_slice() else {
            return Err(format!("its record {} cannot be read", row.seq));
        };
        if of != txid {
            return Err(format!("its record {} names another txid", row.seq));
        }
        if step == Step::Revoke {
            told.revoked = Some((record.at, by.clone()));
        }
        told.state = told.state.and_then(|state| state.after(step).ok());
    }
    Ok(told)
}

/// What was agreed when it was made.
fn check_terms(attributes: &Attributes, made: &LedgerRecord) -> Result<(), String> {
    let mask = contract::mask(attributes).hex();
    let mut terms: Vec<String> = Part::ALL
        .iter()
        .flat_map(|part| [text(attributes, part.xpub()), text(attributes, part.address())])
        .collect();
    terms.push(mask.clone());
    if made.texts.get(1..) != Some(terms.as_slice()) || text(attributes, contract::MASK) != mask {
        return Err("its keys, addresses or functions are not those of its creation".to_owned());
    }
    if attributes.first(contract::TIMESTAMP) != Some(&Value::Int(made.at / 1_000)) {
        return Err("its timestamp is not that of its creation".to_owned());
    }
    Ok(())
}

/// How it ended, if it did; while it stands, what keeps another one like it from standing too.
fn check_end(attributes: &Attributes, told: &Told) -> Result<(), String> {
    let revoked = told.revoked.as_ref();
    let at = revoked.map(|(at, _)| Value::Instant(*at));
    if attributes.first(contract::REVOKED_AT) != at.as_ref()
        || text(attributes, contract::REVOKED_BY) != revoked.map_or("", |(_, by)| by)
    {
        return Err("when or by whom it was revoked is not what its records say".to_owned());
    }
    let device = |part: Part| attributes.reference(part.device()).map(|to| to.id);
    let expected = match (revoked, device(Part::Provider), device(Part::User)) {
        (None, Some(provider), Some(user)) => standing(provider, user, &contract::mask(attributes)),
        _ => String::new(),
    };
    if text(attributes, contract::STANDING) != expected {
        return Err("what it stands for is not what its devices and functions are".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::audit::ledger::LedgerHash;
    use crate::model::Kind;
    use crate::model::value::Ref;

    fn record(seq: i64, event: LedgerEvent, texts: Vec<String>) -> LedgerRow {
        let before = LedgerHash::default();
        LedgerRecord { before, seq, at: 1_000_000 * seq, contract: Uuid::nil(), event, texts }.row()
    }

    /// A contract of functions 40 between two devices, and the record of its creation in that state.
    fn made(state: State) -> (Attributes, LedgerRow) {
        let mut attributes = Attributes::default();
        attributes.put(contract::FUNCTIONS, Value::Int(40));
        let mask = contract::mask(&attributes);
        attributes.put(contract::MASK, Value::text(mask.hex()));
        let mut texts = vec![state.name().to_owned()];
        for (part, n) in Part::ALL.into_iter().zip(1_u128..) {
            let (xpub, address) = (format!("xpub {n}"), format!("address {n}"));
            attributes.put(part.xpub(), Value::text(xpub.as_str()));
            attributes.put(part.address(), Value::text(address.as_str()));
            let to = Ref { kind: Kind::Device, id: Uuid::from_u128(n) };
            attributes.put(part.device(), Value::Ref(to));
            texts.extend([xpub, address]);
        }
        texts.push(mask.hex());
        let row = record(1, LedgerEvent::Created, texts);
        attributes.put(contract::TXID, Value::text(hex(&row.hash)));
        attributes.put(contract::TIMESTAMP, Value::Int(1_000));
        let both = standing(Uuid::from_u128(1), Uuid::from_u128(2), &mask);
        attributes.put(contract::STANDING, Value::text(both));
        state.put(&mut attributes);
        (attributes, row)
    }

    fn step(seq: i64, event: LedgerEvent, txid: &str) -> LedgerRow {
        record(seq, event, vec![txid.to_owned(), "somebody".to_owned()])
    }

    #[test]
    fn a_contract_fits_its_records_from_beginning_to_end() {
        let (mut attributes, first) = made(State::Pending);
        let txid = hex(&first.hash);
        assert_eq!(check(&attributes, std::slice::from_ref(&first)), Ok(()));
        let approved = step(2, LedgerEvent::Approved, &txid);
        let rows = [first, approved, step(3, LedgerEvent::Revoked, &txid)];
        assert!(check(&attributes, &rows[..2]).unwrap_err().contains("PENDING"));
        State::Active.put(&mut attributes);
        assert_eq!(check(&attributes, &rows[..2]), Ok(()));
        State::Revoked.put(&mut attributes);
        assert!(check(&attributes, &rows).unwrap_err().contains("by whom"));
        attributes.put(contract::REVOKED_AT, Value::Instant(3_000_000));
        attributes.put(contract::REVOKED_BY, Value::text("somebody"));
        assert!(check(&attributes, &rows).unwrap_err().contains("stands for"));
        attributes.set(contract::STANDING, Vec::new());
        assert_eq!(check(&attributes, &rows), Ok(()));
    }

    #[test]
    fn later_records_name_the_txid_and_are_steps() {
        let (attributes, first) = made(State::Pending);
        let (txid, texts) = (hex(&first.hash), LedgerRecord::from_canonical(&first.canonical).unwrap().texts);
        let other = [first.clone(), step(2, LedgerEvent::Approved, &"0".repeat(64))];
        assert!(check(&attributes, &other).unwrap_err().contains("another txid"));
        let twice = [first.clone(), record(2, LedgerEvent::Created, texts)];
        assert!(check(&attributes, &twice).unwrap_err().contains("made twice"));
        let mut broken = step(2, LedgerEvent::Approved, &txid);
        broken.canonical.pop();
        assert!(check(&attributes, &[first, broken]).unwrap_err().contains("cannot be read"));
        assert!(check(&attributes, &[]).unwrap_err().contains("does not know"));
    }
}
