//! Ten thousand contracts of one pair, and long lists.

use std::collections::HashSet;
use std::time::Instant;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use serde_json::Value;
use uuid::Uuid;
use valtuus::config::Database;
use valtuus::model::Value as AttrValue;
use valtuus::model::kind::contract::{FUNCTIONS, Part, Step, TXID};
use valtuus::model::state::Given;
use valtuus::operation::device::advance::Advance;
use valtuus::operation::device::create::CreateContract;
use valtuus::operation::update::Precondition;
use valtuus::operation::{Caller, perform};

use super::{ONE, OTHER, enrolled, must_hold, opened};
use crate::kit::Bed;
use crate::kit::trace::entities;
use crate::on_both;

/// Ten thousand on SQLite: a minute and a half in a debug build with two cores that others use too. On PostgreSQL, where
/// all of them queue for the ledger's lock and each commits by itself, they take more than twice as long, so that it is a
/// thousand. `VALTUUS_CONTRACTS` asks for another number.
fn wanted(bed: &Bed) -> usize {
    let usual = match bed.server.service().config.store.database() {
        Database::Sqlite(_) => 10_000,
        Database::Postgres(_) => 1_000,
    };
    std::env::var("VALTUUS_CONTRACTS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Makes contracts of one pair straight at the operations, each of three functions that no other has together; every
/// tenth is revoked.
async fn make(bed: &Bed, number: usize) {
    let engine = &bed.server.service().engine;
    let caller = Caller::local("test");
    let reference = |xpub: &str| vec![Given::Reference(xpub.into())];
    let sets =
        (29..=143_i64).flat_map(|a| (a + 1..=143).flat_map(move |b| (b + 1..=143).map(move |c| [a, b, c])));
    let sets: Vec<[i64; 3]> = sets.take(number).collect();
    for (place, batch) in sets.chunks(16).enumerate() {
        let made = join_all(batch.iter().map(|functions| {
            let functions =
                functions.iter().map(|function| Given::Value(AttrValue::Int(*function))).collect();
            let given = vec![
                (Part::Provider.device(), reference(ONE)),
                (Part::User.device(), reference(OTHER)),
                (FUNCTIONS, functions),
            ];
            perform(engine, &caller, CreateContract::new(engine, given))
        }));
        let made: Vec<Uuid> = made.await.into_iter().map(Result::unwrap).collect();
        if place % 10 == 0 {
            let step = (made[0], Step::Revoke);
            perform(engine, &caller, Advance::new(engine, &caller, step, Precondition::None)).await.unwrap();
        }
    }
}

on_both! {
    async fn addresses_and_txids_never_come_twice(bed: Bed) {
        let (door, home) = opened(&bed).await;
        enrolled(&bed.admin(), "one", ONE, &home).await;
        enrolled(&bed.admin(), "other", OTHER, &home).await;
        let (number, begun) = (wanted(&bed), Instant::now());
        make(&bed, number).await;
        println!("{number} contracts in {:.1} s", begun.elapsed().as_secs_f64());
        let mut seen = HashSet::new();
        for contract in entities(&bed.server.service().engine.store, valtuus::model::Kind::Contract).await {
            for attr in Part::ALL.iter().map(|part| part.address()).chain([TXID]) {
                assert!(seen.insert(contract.attributes().text(attr).unwrap().to_owned()));
            }
        }
        assert_eq!(seen.len(), number * 4);
        // The list is sent in parts while it is read, and is whole.
        let request = door.http.get(format!("{}/contracts", door.base)).header("Cookie", format!("JSESSIONID={}", door.session.clone().unwrap()));
        let begun = Instant::now();
        let response = request.send().await.unwrap();
        assert!(response.content_length().is_none(), "it is not gathered before it is sent");
        let first = begun.elapsed();
        let (mut body, mut parts) = (Vec::new(), 0);
        let mut stream = response.bytes_stream();
        while let Some(part) = stream.next().await {
            body.extend_from_slice(&part.unwrap());
            parts += 1;
        }
        assert!(parts > 1, "a long list comes in parts");
        println!("{} bytes in {parts} parts, first after {first:?}, all after {:?}", body.len(), begun.elapsed());
        let listed: Vec<Value> = serde_json::from_slice(&body).unwrap();
        assert_eq!(listed.len(), number);
        let active = listed.iter().filter(|contract| contract["status"] == "ACTIVE").count();
        assert_eq!(door.get(&format!("/devices/{ONE}")).await.json()["contracts"], active);
        must_hold(&bed).await;
    }
}
