//! The outbox within the store: what is taken when, by whom, and what settling changes.

use uuid::Uuid;
use valtuus::model::Error;
use valtuus::store::outbox::{Delivery, HeldMail, Mail, MailState, OutboxQuery};
use valtuus::world::{Real, World};

use super::kit::{Bench, change};

super::on_both!(
    a_mail_is_taken_once_in_the_order_of_due,
    a_mail_that_was_taken_and_never_settled_is_due_again,
    settling_counts_for_the_attempt_that_was_taken_only,
    a_sent_mail_keeps_no_text_and_goes_after_a_time,
    mails_are_listed_by_id_and_filtered,
    a_mail_wakes_the_listeners_of_its_commit,
);

async fn put(bench: &Bench, recipient: &str, created: i64) -> Uuid {
    let mail = Mail {
        id: Real.id(),
        created,
        recipient: recipient.to_owned(),
        subject: "s".to_owned(),
        body: "b".to_owned(),
    };
    let id = mail.id;
    change(&bench.store, move |tx| {
        let mail = mail.clone();
        Box::pin(async move { tx.put_mail(&mail).await })
    })
    .await
    .unwrap();
    id
}

async fn take(bench: &Bench, now: i64, until: i64) -> Option<HeldMail> {
    change(&bench.store, move |tx| Box::pin(async move { tx.take_mail(now, until).await })).await.unwrap()
}

async fn settle(bench: &Bench, id: Uuid, attempt: i64, delivery: Delivery) -> bool {
    change(&bench.store, move |tx| {
        let delivery = delivery.clone();
        Box::pin(async move { tx.settle_mail(id, attempt, &delivery).await })
    })
    .await
    .unwrap()
}

async fn a_mail_is_taken_once_in_the_order_of_due(bench: &Bench) {
    assert_eq!(bench.store.mail_due().await.unwrap(), None);
    let late = put(bench, "late@example.fi", 20).await;
    let early = put(bench, "early@example.fi", 10).await;
    assert_eq!(bench.store.mail_due().await.unwrap(), Some(10));
    assert!(take(bench, 9, 100).await.is_none());
    let first = take(bench, 30, 100).await.unwrap();
    assert_eq!((first.mail.id, first.attempts, first.due, first.state), (early, 1, 100, MailState::Queued));
    assert_eq!(first.mail.body, "b");
    assert_eq!(take(bench, 30, 100).await.unwrap().mail.id, late);
    assert!(take(bench, 30, 100).await.is_none());
    // Many who take at once get each mail once.
    for number in 0..8 {
        put(bench, &format!("n{number}@example.fi"), 30).await;
    }
    let taking = (0..16).map(|_| take(bench, 40, 100));
    let taken: Vec<HeldMail> = futures_util::future::join_all(taking).await.into_iter().flatten().collect();
    let mut ids: Vec<Uuid> = taken.iter().map(|held| held.mail.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), taken.len(), "a mail was taken twice");
    assert!(taken.iter().all(|held| held.attempts == 1));
}

async fn a_mail_that_was_taken_and_never_settled_is_due_again(bench: &Bench) {
    let id = put(bench, "a@example.fi", 10).await;
    take(bench, 10, 50).await.unwrap();
    assert!(take(bench, 49, 99).await.is_none());
    let again = take(bench, 50, 99).await.unwrap();
    assert_eq!((again.mail.id, again.attempts, again.mail.body.as_str()), (id, 2, "b"));
}

async fn settling_counts_for_the_attempt_that_was_taken_only(bench: &Bench) {
    let id = put(bench, "a@example.fi", 10).await;
    take(bench, 10, 50).await.unwrap();
    take(bench, 50, 90).await.unwrap();
    assert!(!settle(bench, id, 1, Delivery::Failed(60, "late".to_owned())).await);
    assert!(settle(bench, id, 2, Delivery::Again(70, "451".to_owned())).await);
    let held = bench.store.mail(id).await.unwrap().unwrap();
    assert_eq!((held.state, held.due, held.last_error.as_str()), (MailState::Queued, 70, "451"));
    assert_eq!(take(bench, 70, 110).await.unwrap().attempts, 3);
    assert!(settle(bench, id, 3, Delivery::Failed(80, "550".to_owned())).await);
    assert!(!settle(bench, id, 3, Delivery::Sent(81)).await, "what was given up is settled");
    let held = bench.store.mail(id).await.unwrap().unwrap();
    assert_eq!(
        (held.state, held.last_error.as_str(), held.mail.body.as_str()),
        (MailState::Failed, "550", "b")
    );
    assert_eq!(bench.store.mail_due().await.unwrap(), None);
}

async fn a_sent_mail_keeps_no_text_and_goes_after_a_time(bench: &Bench) {
    let (sent, queued) = (put(bench, "a@example.fi", 10).await, put(bench, "b@example.fi", 1_000).await);
    take(bench, 10, 50).await.unwrap();
    assert!(settle(bench, sent, 1, Delivery::Sent(60)).await);
    let held = bench.store.mail(sent).await.unwrap().unwrap();
    assert_eq!((held.state, held.due, held.mail.body.as_str()), (MailState::Sent, 60, ""));
    let forget =
        |before| change(&bench.store, move |tx| Box::pin(async move { tx.drop_settled_mail(before).await }));
    assert_eq!(forget(60).await, Ok(0));
    assert_eq!(forget(5_000).await, Ok(1));
    assert!(bench.store.mail(sent).await.unwrap().is_none());
    assert!(bench.store.mail(queued).await.unwrap().is_some(), "what waits is never forgotten");
}

async fn mails_are_listed_by_id_and_filtered(bench: &Bench) {
    let mut ids = Vec::new();
    for recipient in ["Anna@Example.fi", "anna@example.com", "bert@example.fi"] {
        ids.push(put(bench, recipient, 10).await);
    }
    let list = |query: OutboxQuery, after, limit| async move {
        let found = bench.store.outbox(&query, after, limit).await.unwrap();
        found.into_iter().map(|held| held.mail.id).collect::<Vec<_>>()
    };
    let all = OutboxQuery::default;
    assert_eq!(list(all(), Uuid::nil(), 10).await, ids);
    assert_eq!(list(all(), ids[0], 1).await, [ids[1]]);
    let begins = OutboxQuery { recipient_begins: Some("anna@".to_owned()), ..all() };
    assert_eq!(list(begins, Uuid::nil(), 10).await, ids[..2]);
    let exactly = OutboxQuery { recipient: Some("anna@example.com".to_owned()), ..all() };
    assert_eq!(list(exactly, Uuid::nil(), 10).await, [ids[1]]);
    let wild = OutboxQuery { recipient_begins: Some("%".to_owned()), ..all() };
    assert!(list(wild, Uuid::nil(), 10).await.is_empty());
    take(bench, 10, 50).await.unwrap();
    let first = bench
        .store
        .outbox(&all(), Uuid::nil(), 10)
        .await
        .unwrap()
        .into_iter()
        .find(|held| held.attempts == 1);
    let first = first.unwrap().mail.id;
    assert!(settle(bench, first, 1, Delivery::Sent(20)).await);
    let sent = OutboxQuery { state: Some("sent"), ..all() };
    assert_eq!(list(sent, Uuid::nil(), 10).await, [first]);
    assert!(bench.store.mail(Uuid::nil()).await.unwrap().is_none());
}

async fn a_mail_wakes_the_listeners_of_its_commit(bench: &Bench) {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use valtuus::model::Kind;
    use valtuus::store::{Touched, Unit, Write};

    struct Put(bool);
    #[async_trait::async_trait]
    impl Unit for Put {
        async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
            let id = Real.id();
            let (recipient, subject, body) = ("a@b.fi".to_owned(), String::new(), String::new());
            tx.put_mail(&Mail { id, created: 1, recipient, subject, body }).await?;
            if self.0 { Ok(Touched::default()) } else { Err(Error::conflict("undone")) }
        }

        async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
            Ok(())
        }
    }

    let heard = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&heard);
    bench.store.on_commit(Arc::new(move |touched: Touched| {
        counting.fetch_add(usize::from(touched.has(Kind::Message)), Ordering::SeqCst);
    }));
    bench.store.transact(Arc::new(Put(false))).await.unwrap_err();
    assert_eq!(heard.load(Ordering::SeqCst), 0, "an undone mail wakes nobody");
    bench.store.transact(Arc::new(Put(true))).await.unwrap();
    assert_eq!(heard.load(Ordering::SeqCst), 1);
}
