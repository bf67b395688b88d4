//! kill -9 while sixteen clients make and revoke contracts of one pair: what was acknowledged is there, the ledger and
//! everything derived hold, and no contract or address stands twice. `VALTUUS_ROUNDS` sets how often; three times
//! without it.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;

use super::in_houses;
use crate::kit::process::{Client, House};
use crate::kit::walk::Dice;
use crate::refusals::services::xpub;

const WRITERS: u64 = 16;

/// What one client was answered: contracts it made, and whether it was told that they are revoked.
type Told = Vec<(String, bool)>;

/// Makes and revokes contracts with a function of its own and one that all want, until the server is gone.
async fn write(client: Client, n: u64, count: Arc<AtomicU64>) -> Told {
    let mut told = Told::new();
    for round in 0_u64.. {
        let function = if round % 2 == 0 { 40 } else { 50 + n };
        let path = format!("contracts?provider={}&user={}&functions={function}", xpub("one"), xpub("two"));
        let Ok(made) = client.try_send(Method::POST, &path).await else { break };
        if made.status == 409 {
            tokio::task::yield_now().await;
            continue;
        }
        let id = made.ok().id();
        count.fetch_add(1, Ordering::Relaxed);
        told.push((id.clone(), false));
        let Ok(gone) = client.try_send(Method::DELETE, &format!("contracts/{id}")).await else { break };
        gone.ok();
        count.fetch_add(1, Ordering::Relaxed);
        told.last_mut().unwrap().1 = true;
    }
    told
}

fn ledger_must_verify(house: &House) {
    let output = house.run(&["ledger", "verify"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.starts_with("clean: "), "{text}");
}

/// No address stands in two contracts, nor twice in one, whatever was killed between counter and commit.
async fn addresses_must_differ(house: &House) {
    let server = house.serve();
    let client = server.first();
    let contracts = client.get("contracts").await.ok().ids().len();
    let text = client.get("contracts?entities=true").await.ok().text();
    let is_address = |word: &&str| {
        let p2pkh = word.starts_with(['m', 'n']) && (26..=35).contains(&word.len());
        p2pkh && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let all: Vec<&str> = text.split(['<', '>', '"']).filter(is_address).collect();
    assert_eq!(all.len(), contracts * 3);
    assert_eq!(all.into_iter().collect::<HashSet<_>>().len(), contracts * 3, "an address stands twice");
    server.stop().await;
}

async fn round(house: &House, number: u64) -> usize {
    let server = house.serve();
    let mut dice = Dice::new(number);
    let count = Arc::new(AtomicU64::new(0));
    let client = server.first();
    let writers: Vec<_> = (0..WRITERS).map(|n| write(client.clone(), n, Arc::clone(&count))).collect();
    let writing = tokio::spawn(join_all(writers));
    let enough = 40 + dice.below(150);
    let begun = Instant::now();
    while count.load(Ordering::Relaxed) < enough {
        assert!(begun.elapsed() < Duration::from_secs(30), "only {count:?} writes in half a minute");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_millis(dice.below(20))).await;
    server.kill();
    let told = tokio::time::timeout(Duration::from_secs(30), writing).await.unwrap().unwrap();

    let server = house.serve();
    let client = server.first();
    let mut acknowledged = 0;
    for (id, is_revoked) in told.iter().flatten() {
        let contract = client.get(&format!("contracts/{id}")).await.ok();
        let status = contract.value("status");
        assert!(status == "REVOKED" || (status == "ACTIVE" && !is_revoked), "{id}: {status}");
        acknowledged += 1 + usize::from(*is_revoked);
    }
    let standing = client.get("contracts?status=ACTIVE").await.ok().ids();
    let mut names = Vec::new();
    for id in &standing {
        names.push(client.get(&format!("contracts/{id}")).await.ok().value("standing"));
        client.send(Method::DELETE, &format!("contracts/{id}")).await.ok();
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), standing.len(), "nothing stands twice");
    let device = client.get(&format!("devices/{}", xpub("one"))).await.ok();
    assert_eq!(device.value("contracts"), "0");
    ledger_must_verify(house);
    house.must_be_sound();
    server.stop().await;
    house.must_verify();
    ledger_must_verify(house);
    acknowledged
}

in_houses! {
    async fn contracts_that_were_acknowledged_survive_kill_9(house: House) {
        let rounds: u64 = std::env::var("VALTUUS_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
        let server = house.serve();
        let client = server.first();
        for name in ["one", "two"] {
            client.post(&format!("devices?name={name}&xpub={}&organization=root", xpub(name))).await.ok();
        }
        server.stop().await;
        let (begun, mut all) = (Instant::now(), 0);
        for number in 0..rounds {
            all += round(&house, number).await;
        }
        addresses_must_differ(&house).await;
        println!("{rounds} rounds, {all} acknowledged changes, {:.1} s", begun.elapsed().as_secs_f64());
    }
}
