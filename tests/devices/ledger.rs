//! Hands behind the ledger's back: whatever is done to it, or to a contract, is found at the first record concerned.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};
use uuid::Uuid;
use valtuus::model::kind::contract::REVOKED_AT;
use valtuus::model::{Error, Value};
use valtuus::operation::device::verify::{Misfit, verify};
use valtuus::store::{Touched, Unit, Write};

use super::{LOGIN, ONE, OTHER, enrolled, opened, organization};
use crate::kit::Bed;
use crate::on_both;

/// Runs a statement that both databases understand.
async fn behind(bed: &Bed, statement: &str) {
    let url = valtuus::server::compose::database_url(&bed.server.service().config);
    if url.starts_with("sqlite") {
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        connection.execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        connection.execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// What verifying finds; the number of records that fit otherwise.
async fn found(bed: &Bed) -> Result<i64, Misfit> {
    let verdict = verify(&bed.server.service().engine.store).await.unwrap();
    verdict.misfit.map_or(Ok(verdict.records), Err)
}

/// Takes a contract away as no operation does.
struct Vanish(Uuid);

#[async_trait::async_trait]
impl Unit for Vanish {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        let found = tx.load(&[self.0]).await?;
        tx.remove(&found).await?;
        Ok(Touched::default())
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }
}

/// Two devices and six records: three contracts, two of them revoked, one approved never.
async fn filled(bed: &Bed) -> Vec<String> {
    let home = organization(bed, "makers").await;
    let admin = bed.admin();
    enrolled(&admin, "one", ONE, &home).await;
    enrolled(&admin, "other", OTHER, &home).await;
    let mut contracts = Vec::new();
    for function in 40..43 {
        contracts.push(
            admin
                .post(&format!("contracts?provider={ONE}&user={OTHER}&functions={function}"))
                .await
                .ok()
                .id(),
        );
    }
    for contract in &contracts[..2] {
        admin.delete(&format!("contracts/{contract}")).await.ok();
    }
    // What is refused leaves nothing in the ledger, and no gap.
    admin.post(&format!("contracts?provider={ONE}&user={OTHER}&functions=42")).await.refused(409, 4, "");
    admin.delete(&format!("contracts/{}", contracts[0])).await.refused(404, 7, "");
    contracts
}

on_both! {
    async fn an_empty_and_a_sound_ledger_hold(bed: Bed) {
        assert_eq!(found(&bed).await, Ok(0));
        filled(&bed).await;
        assert_eq!(found(&bed).await, Ok(5));
    }

    async fn what_is_done_to_a_record_is_found_at_it(bed: Bed) {
        filled(&bed).await;
        behind(&bed, "CREATE TABLE kept AS SELECT * FROM ledger").await;
        for (hand, seq, words) in [
            ("UPDATE ledger SET hash = (SELECT canonical FROM kept WHERE seq = 5) WHERE seq = 2", 2, "hash"),
            ("UPDATE ledger SET canonical = (SELECT canonical FROM kept WHERE seq = 1) WHERE seq = 3", 3, "follow"),
            ("UPDATE ledger SET canonical = hash WHERE seq = 4", 4, "form"),
            ("UPDATE ledger SET contract = (SELECT contract FROM kept WHERE seq = 1) WHERE seq = 2", 2, "columns"),
            ("DELETE FROM ledger WHERE seq = 2", 3, "missing"),
            ("DELETE FROM ledger WHERE seq = 1", 2, "missing"),
            ("DELETE FROM ledger WHERE seq >= 4", 4, "had 5 once"),
            ("DELETE FROM ledger", 1, "had 5 once"),
            ("UPDATE ledger SET seq = 9 WHERE seq = 5", 9, "missing"),
            ("UPDATE ledger SET seq = -1 WHERE seq = 1", -1, "missing"),
        ] {
            behind(&bed, hand).await;
            let misfit = found(&bed).await.unwrap_err();
            assert!(misfit.seq == Some(seq) && misfit.why.contains(words), "{hand}: {misfit}");
            behind(&bed, "DELETE FROM ledger").await;
            behind(&bed, "INSERT INTO ledger SELECT * FROM kept").await;
            assert_eq!(found(&bed).await, Ok(5));
        }
    }

    async fn a_contract_that_does_not_fit_its_records_is_found(bed: Bed) {
        let contracts = filled(&bed).await;
        behind(&bed, "CREATE TABLE kept AS SELECT id, doc FROM entity").await;
        let text = |seq: usize, old: &str, new: &str| (seq, format!(
            "UPDATE entity SET doc = replace(doc, '{old}', '{new}') WHERE id = (SELECT contract FROM ledger WHERE seq = {seq})"
        ));
        let standing = bed.admin().get(&format!("contracts/{}", contracts[2])).await.ok();
        let (txid, address) = (standing.value("txid"), standing.value("userAddress"));
        let id = contracts[0].parse().unwrap();
        let revoked = bed.server.service().engine.store.by_id(id).await.unwrap().unwrap();
        let Some(Value::Instant(at)) = revoked.attributes().first(REVOKED_AT) else { panic!("it was revoked") };
        for ((seq, hand), words) in [
            (text(3, "\"ACTIVE\"", "\"REVOKED\""), "REVOKED"),
            (text(3, &txid, &"0".repeat(64)), "txid"),
            (text(3, &address, "n1wedhTSdHSKk8k584kbPvgdmJ8zfif72x"), "addresses"),
            (text(3, "[42]", "[42,43]"), "functions"),
            (text(3, ONE, OTHER), "keys"),
            (text(3, &standing.value("timestamp"), "1700000000000"), "timestamp"),
            (text(3, &standing.value("standing"), "nothing"), "stands for"),
            (text(1, "\"admin\"", "\"somebody\""), "by whom"),
            (text(1, &at.to_string(), &(at + 1).to_string()), "when"),
        ] {
            behind(&bed, &hand).await;
            let misfit = found(&bed).await.unwrap_err();
            let contract = misfit.contract.map(|id| id.to_string());
            assert!(contract.as_ref() == Some(&contracts[seq - 1]) && misfit.why.contains(words), "{hand}: {misfit}");
            behind(&bed, "UPDATE entity SET doc = (SELECT kept.doc FROM kept WHERE kept.id = entity.id)").await;
            assert_eq!(found(&bed).await, Ok(5));
        }
    }

    async fn a_contract_that_vanished_is_found_unless_it_was_revoked(bed: Bed) {
        let contracts = filled(&bed).await;
        let vanish = async |id: &str| {
            let unit = Arc::new(Vanish(id.parse().unwrap()));
            bed.server.service().engine.store.transact(unit).await.unwrap();
        };
        vanish(&contracts[0]).await;
        assert_eq!(found(&bed).await, Ok(5), "what was revoked may go, with its organization");
        vanish(&contracts[2]).await;
        let misfit = found(&bed).await.unwrap_err();
        assert_eq!((misfit.seq, misfit.contract), (Some(3), Some(contracts[2].parse().unwrap())));
        assert!(misfit.why.contains("gone"), "{misfit}");
    }

    async fn revoked_contracts_go_with_their_organization_and_the_ledger_holds(bed: Bed) {
        let contracts = filled(&bed).await;
        let admin = bed.admin();
        let home = admin.get("organizations/?technicalName=makers&exactMatch=true").await.ok().id();
        admin.delete(&format!("organizations/{home}?recursive=true")).await.refused(409, 10, "");
        admin.delete(&format!("contracts/{}", contracts[2])).await.ok();
        admin.delete(&format!("organizations/{home}?recursive=true")).await.ok();
        assert_eq!(found(&bed).await, Ok(6));
    }

    async fn users_of_the_interface_are_told_from_api_clients(bed: Bed) {
        let (door, home) = opened(&bed).await;
        let admin = bed.admin();
        enrolled(&admin, "one", ONE, &home).await;
        enrolled(&admin, "other", OTHER, &home).await;
        door.contract(ONE, OTHER).await.is(200, "");
        let txid = door.get("/contracts").await.json()[0]["txid"].as_str().unwrap().to_owned();
        door.delete(&format!("/contracts/{txid}")).await.is(200, "");
        let user = admin.get(&format!("users?login={LOGIN}&exactMatch=true")).await.ok().id();
        let contract = admin.get("contracts").await.ok().id();
        let contract = admin.get(&format!("contracts/{contract}")).await.ok();
        let named = format!("user {LOGIN} ({user})");
        assert_eq!(contract.value("revokedBy"), named);
        let trail = admin.get("auditevents?entities=true&kind=contract").await.ok();
        assert!(trail.text().contains(&named));
        assert_eq!(found(&bed).await, Ok(2));
    }
}
