//! PostgreSQL only: changes that wait for a lock somebody else holds must neither wait for ever nor keep reads
//! from being answered. (On SQLite there is one writer, and readers wait for nobody.)

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sqlx::Connection;
use valtuus::model::Error;
use valtuus::model::kind::user;

use super::kit::{Bench, person, rewrite, user_pairs};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_that_wait_for_a_lock_leave_the_reads_alone_and_end() {
    let Some(bench) = Bench::postgres().await else { return };
    let store = bench.store.clone();
    let anna = person(&store, "anna", None).await;
    let mut other = sqlx::PgConnection::connect(&bench.url).await.unwrap();
    let mut held = other.begin().await.unwrap();
    sqlx::query("SELECT row FROM entity FOR UPDATE").execute(&mut *held).await.unwrap();
    let changes: Vec<_> = (0..8)
        .map(|_| {
            let (store, anna) = (store.clone(), anna.clone());
            tokio::spawn(async move { rewrite(&store, &anna, user_pairs("berta", None)).await })
        })
        .collect();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(2) {
        let read = async {
            store.ready().await.unwrap();
            store.by_id(anna.id()).await.unwrap().unwrap()
        };
        let read =
            tokio::time::timeout(Duration::from_secs(1), read).await.expect("a read waits for changes");
        assert_eq!(read.attributes().text(user::LOGIN), Some("anna"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for refused in join_all(changes).await {
        assert!(matches!(refused.unwrap(), Err(Error::Unavailable { .. })));
    }
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    held.rollback().await.unwrap();
    rewrite(&store, &anna, user_pairs("berta", None)).await.unwrap();
    store.close().await;
}
