//! kill -9 between a change and its answer: whoever sends the request again under its key gets the first answer, and
//! nothing is made twice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;

use super::in_houses;
use crate::kit::process::Client;

const WRITERS: u64 = 16;

/// Makes users until the server is gone; what each request was answered, nothing for the last one.
async fn write(
    client: Client,
    round: u64,
    writer: u64,
    count: Arc<AtomicU64>,
) -> BTreeMap<String, Option<String>> {
    let mut answers = BTreeMap::new();
    for n in 0.. {
        let login = format!("r{round}w{writer}n{n}");
        let answer = client.keyed(&login).try_send(Method::POST, &format!("users/?login={login}")).await;
        let Ok(answer) = answer else {
            answers.insert(login, None);
            break;
        };
        answers.insert(login, Some(answer.ok().text()));
        count.fetch_add(1, Ordering::Relaxed);
    }
    answers
}

in_houses! {
    async fn a_request_repeated_after_kill_9_gets_its_first_answer(house: House) {
        for round in 0..3 {
            let server = house.serve();
            let count = Arc::new(AtomicU64::new(0));
            let client = server.first();
            let writers = (0..WRITERS).map(|n| write(client.clone(), round, n, Arc::clone(&count)));
            let writing = tokio::spawn(join_all(writers.collect::<Vec<_>>()));
            let begun = Instant::now();
            while count.load(Ordering::Relaxed) < 60 {
                assert!(begun.elapsed() < Duration::from_secs(30), "only {count:?} writes in half a minute");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            server.kill();
            let written = tokio::time::timeout(Duration::from_secs(30), writing).await.unwrap().unwrap();

            let server = house.serve();
            let client = server.first();
            let (mut open, mut open_and_made) = (0, 0);
            for (login, answer) in written.into_iter().flatten() {
                let again = client.keyed(&login).post(&format!("users/?login={login}")).await.ok();
                if let Some(first) = answer {
                    assert_eq!(again.text(), first, "{login}");
                } else {
                    open += 1;
                    open_and_made += u64::from(again.header("idempotency-replayed") == "true");
                }
                let found = client.get(&format!("users/?login={login}&exactMatch=true")).await.ok().ids();
                assert_eq!(found, again.ids(), "{login}");
            }
            println!("round {round}: {count:?} answered; of {open} without an answer {open_and_made} had been performed");
            server.stop().await;
        }
        house.must_be_sound();
    }
}
