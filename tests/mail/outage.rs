//! What happens when the mail server refuses, is busy, falls silent, or repeats what it was given.

use valtuus::store::outbox::MailState;

use super::{put, settled, until};
use crate::kit::smtp::{Sink, Turn};
use crate::kit::{Bed, On};

async fn bed(sink: &Sink) -> Bed {
    Bed::start_with(On::Sqlite, |config| sink.configure(config)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_is_tried_again_after_each_temporary_refusal() {
    let sink = Sink::start().await;
    sink.next([
        Turn::Greeting("421 4.3.2 too busy"),
        Turn::Recipient("451 4.2.0 greylisted"),
        Turn::Text("452 4.3.1 full"),
    ]);
    let bed = bed(&sink).await;
    let store = &bed.server.service().engine.store;
    let id = put(store, "a@example.fi", "hello").await;
    let held = settled(store, id).await;
    assert_eq!((held.state, held.attempts, held.last_error.as_str()), (MailState::Sent, 4, ""));
    assert_eq!(sink.taken().len(), 1);
    bed.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_is_given_up_after_the_configured_attempts_and_stays_listed_with_the_reason() {
    let sink = Sink::start().await;
    sink.next(std::iter::repeat_n(Turn::Recipient("451 4.2.0 greylisted for ever"), 10));
    let bed = bed(&sink).await;
    let store = &bed.server.service().engine.store;
    let id = put(store, "a@example.fi", "hello").await;
    let held = settled(store, id).await;
    assert_eq!((held.state, held.attempts), (MailState::Failed, 4));
    assert_eq!(sink.connections(), 4);
    let shown = bed.admin().get(&format!("outbox/{id}")).await.ok();
    assert_eq!((shown.value("state").as_str(), shown.value("attempts").as_str()), ("failed", "4"));
    assert!(shown.value("lastError").contains("451") && shown.value("lastError").contains("greylisted"));
    assert_eq!(shown.value("body"), "hello");
    bed.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permanent_refusal_ends_a_mail_at_once_and_holds_up_no_other() {
    let sink = Sink::start().await;
    sink.next([Turn::Recipient("550 5.1.1 no such user")]);
    let bed = bed(&sink).await;
    let store = &bed.server.service().engine.store;
    let lost = put(store, "nobody@example.fi", "hello").await;
    let found = put(store, "somebody@example.fi", "hello").await;
    let (lost, found) = (settled(store, lost).await, settled(store, found).await);
    assert_eq!((lost.state, lost.attempts), (MailState::Failed, 1));
    assert!(
        lost.last_error.contains("550") && lost.last_error.contains("no such user"),
        "{}",
        lost.last_error
    );
    assert_eq!((found.state, found.attempts), (MailState::Sent, 1));
    assert_eq!(sink.taken().len(), 1);
    bed.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_mail_can_carry_is_given_up_without_asking_the_server() {
    let sink = Sink::start().await;
    let bed = bed(&sink).await;
    let store = &bed.server.service().engine.store;
    let id = put(store, "a@example.fi>\r\nRCPT TO:<victim@example.fi", "hello").await;
    let held = settled(store, id).await;
    assert_eq!((held.state, held.attempts), (MailState::Failed, 1));
    assert_eq!(sink.connections(), 0);
    bed.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_whose_answer_is_lost_comes_twice_and_can_be_told_by_its_message_id() {
    let sink = Sink::start().await;
    sink.next([Turn::Silence]);
    let bed = bed(&sink).await;
    let store = &bed.server.service().engine.store;
    let id = put(store, "a@example.fi", "hello").await;
    let held = settled(store, id).await;
    assert_eq!((held.state, held.attempts), (MailState::Sent, 2));
    let ids: Vec<String> = sink.taken().iter().map(|taken| taken.header("Message-ID")).collect();
    let expected = format!("<{id}@valtuus.example>");
    assert_eq!(ids, [expected.clone(), expected]);
    bed.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_never_answers_is_left_and_does_not_keep_ours_from_stopping() {
    let sink = Sink::start().await;
    sink.next([Turn::Hang]);
    let adapt = |config: &mut valtuus::config::Config| {
        sink.configure(config);
        config.mail.timeout_seconds = 1;
    };
    let bed = Bed::start_with(On::Sqlite, adapt).await.unwrap();
    let store = bed.server.service().engine.store.clone();
    let id = put(&store, "a@example.fi", "hello").await;
    let held = until(&store, id, |held| held.attempts == 2 && held.state == MailState::Sent).await;
    assert_eq!(held.last_error, "");
    sink.next([Turn::Hang]);
    put(&store, "a@example.fi", "hello").await;
    sink.wait(3).await;
    bed.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_repeats_of_a_mail_is_not_kept_beside_it() {
    let sink = Sink::start().await;
    sink.next([Turn::Repeat]);
    let bed = bed(&sink).await;
    let store = &bed.server.service().engine.store;
    let id = put(store, "a@example.fi", "open https://x.example/?token=CANARY-token-1 or type 483920").await;
    let held = settled(store, id).await;
    assert_eq!(held.state, MailState::Failed);
    assert!(held.last_error.contains("554"), "{}", held.last_error);
    assert!(
        !held.last_error.contains("CANARY") && !held.last_error.contains("483920"),
        "{}",
        held.last_error
    );
    bed.server.stop().await;
}
