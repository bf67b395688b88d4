//! Kept answers: claimed with the change, held by one, gone after their time.

use futures_util::future::join_all;
use valtuus::model::{Error, Kind};
use valtuus::store::SharedStore;
use valtuus::store::answers::{Answer, Claim, Kept};

use super::kit::{Bench, change, new, rows, user_pairs};
use valtuus::store::Source;

super::on_both!(
    an_answer_is_kept_with_its_change_or_not_at_all,
    one_of_sixteen_claims_a_key_and_the_rest_see_its_answer,
    a_key_is_free_again_after_its_time,
);

fn answer(text: &str) -> Answer {
    Answer { status: 200, content_type: "text/plain".to_owned(), body: text.into() }
}

/// Claims a key and, when it is had, keeps an answer under it; fails then when `fails`.
async fn perform(
    store: &SharedStore,
    key: &'static str,
    (now, forgotten): (i64, i64),
    text: &'static str,
    fails: bool,
) -> Result<Option<Kept>, Error> {
    let unit = change(store, move |tx| {
        Box::pin(async move {
            let claim = Claim { client: "c", key, fingerprint: &[7; 32], now, forgotten };
            let kept = tx.claim_key(&claim).await?;
            if kept.is_none() {
                tx.keep_answer("c", key, &answer(text)).await?;
            }
            if fails { Err(Error::conflict("no")) } else { Ok(kept) }
        })
    });
    unit.await
}

async fn an_answer_is_kept_with_its_change_or_not_at_all(bench: &Bench) {
    let store = &bench.store;
    perform(store, "k", (10, 0), "lost", true).await.unwrap_err();
    assert_eq!(store.kept_answer("c", "k").await.unwrap(), None);
    assert_eq!(perform(store, "k", (11, 0), "first", false).await.unwrap(), None);
    let kept = Kept { fingerprint: vec![7; 32], created: 11, answer: answer("first") };
    assert_eq!(perform(store, "k", (12, 0), "second", false).await.unwrap(), Some(kept.clone()));
    assert_eq!(bench.other().await.kept_answer("c", "k").await.unwrap(), Some(kept));
    assert_eq!(store.kept_answer("d", "k").await.unwrap(), None);
    assert_eq!(perform(store, "l", (12, 0), "other", false).await.unwrap(), None);
}

async fn one_of_sixteen_claims_a_key_and_the_rest_see_its_answer(bench: &Bench) {
    let other = bench.other().await;
    for key in ["a", "b", "c", "d"] {
        let claim = |n: usize| {
            let store = if n.is_multiple_of(2) { &bench.store } else { &other };
            change(store, move |tx| {
                Box::pin(async move {
                    let claim = Claim { client: "c", key, fingerprint: &[1; 32], now: 1, forgotten: 0 };
                    let kept = tx.claim_key(&claim).await?;
                    if kept.is_none() {
                        tx.keep_answer("c", key, &answer("won")).await?;
                    }
                    Ok(kept)
                })
            })
        };
        let outcomes = join_all((0..16).map(claim)).await;
        let seen: Vec<Option<Kept>> = outcomes.into_iter().map(Result::unwrap).collect();
        assert_eq!(seen.iter().filter(|kept| kept.is_none()).count(), 1);
        assert!(seen.iter().flatten().all(|kept| kept.answer == answer("won")));
    }
    new(&bench.store, Kind::User, user_pairs("anna", None)).await.unwrap();
    assert_eq!(rows(&bench.store, &Source::Kind(Kind::User), 10).await.len(), 1);
}

async fn a_key_is_free_again_after_its_time(bench: &Bench) {
    let store = &bench.store;
    perform(store, "k", (100, 0), "first", false).await.unwrap();
    assert!(perform(store, "k", (200, 99), "second", false).await.unwrap().is_some());
    assert_eq!(perform(store, "k", (200, 100), "second", false).await.unwrap(), None);
    let kept = store.kept_answer("c", "k").await.unwrap().unwrap();
    assert_eq!((kept.created, kept.answer), (200, answer("second")));
    perform(store, "l", (300, 0), "third", false).await.unwrap();
    let drop = |until: i64| change(store, move |tx| Box::pin(async move { tx.drop_answers(until).await }));
    assert_eq!(drop(199).await.unwrap(), 0);
    assert_eq!(drop(200).await.unwrap(), 1);
    assert_eq!(store.kept_answer("c", "k").await.unwrap(), None);
    assert!(store.kept_answer("c", "l").await.unwrap().is_some());
}
