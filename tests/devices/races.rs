//! Many at once on the same pair: the ledger holds, nothing stands twice, no address comes twice.

use std::collections::HashSet;

use futures_util::future::join_all;
use serde_json::Value;
use valtuus::model::Kind;
use valtuus::model::kind::contract::{Part, State, TXID};

use super::{ONE, OTHER, enrolled, must_hold, opened};
use crate::kit::trace::entities;
use crate::on_both;
use crate::refusals::services::xpub;

const CLIENTS: usize = 16;
const ROUNDS: usize = 8;

on_both! {
    async fn sixteen_clients_on_one_pair(bed: Bed) {
        let (door, home) = opened(&bed).await;
        let admin = bed.admin();
        enrolled(&admin, "one", ONE, &home).await;
        enrolled(&admin, "other", OTHER, &home).await;
        let client = |n: usize| {
            let door = door.clone();
            async move {
                let (mut made, mut ended) = (0_usize, 0_usize);
                for round in 0..ROUNDS {
                    // The same pair, there and back, by turns.
                    let (provider, user) = if (n + round).is_multiple_of(4) { (OTHER, ONE) } else { (ONE, OTHER) };
                    let reply = door.contract(provider, user).await;
                    match reply.status.as_u16() {
                        200 => made += 1,
                        409 => drop(reply.refused(409, "Contract already exists")),
                        other => panic!("{other}: {}", reply.body),
                    }
                    let listed: Vec<Value> = serde_json::from_str(&door.get("/contracts").await.body).unwrap();
                    let active: Vec<&Value> = listed.iter().filter(|contract| contract["status"] == "ACTIVE").collect();
                    assert!(active.len() <= 2, "one for each direction: {active:?}");
                    for contract in active {
                        let reply = door.delete(&format!("/contracts/{}", contract["txid"].as_str().unwrap())).await;
                        match reply.status.as_u16() {
                            200 => ended += 1,
                            404 => drop(reply.refused(404, "Contract not found")),
                            other => panic!("{other}: {}", reply.body),
                        }
                    }
                }
                (made, ended)
            }
        };
        let done: Vec<(usize, usize)> = join_all((0..CLIENTS).map(client)).await;
        let (made, ended) = done.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let store = &bed.server.service().engine.store;
        let contracts = entities(store, Kind::Contract).await;
        assert_eq!(contracts.len(), made, "what was answered 200 was made, and nothing else");
        let standing = contracts.iter().filter(|c| State::of(c.attributes()) != State::Revoked).count();
        assert_eq!(standing, made - ended);
        assert!(made >= ROUNDS && standing <= 2);
        let mut seen = HashSet::new();
        for contract in &contracts {
            let addresses = Part::ALL.iter().map(|part| part.address());
            for attr in addresses.chain([TXID]) {
                let text = contract.attributes().text(attr).unwrap().to_owned();
                assert!(seen.insert(text.clone()), "{text} twice");
            }
        }
        for device in entities(store, Kind::Device).await {
            let count = valtuus::model::kind::device::contracts(device.attributes());
            assert_eq!(usize::try_from(count).unwrap(), standing);
        }
        must_hold(&bed).await;
    }

    async fn a_device_is_deleted_or_gets_its_contract_never_both(bed: Bed) {
        let (door, home) = opened(&bed).await;
        let admin = bed.admin();
        for n in 0..6 {
            let (a, b) = (xpub(&format!("a{n}")), xpub(&format!("b{n}")));
            let one = enrolled(&admin, "a", &a, &home).await;
            enrolled(&admin, "b", &b, &home).await;
            let path = format!("devices/{one}");
            let (made, gone) = futures_util::future::join(door.contract(&a, &b), admin.delete(&path)).await;
            match (made.status.as_u16(), gone.status.as_u16()) {
                (200, 409) | (404, 200) => {}
                other => panic!("{other:?}: {} {}", made.body, gone.text()),
            }
        }
        must_hold(&bed).await;
    }
}
